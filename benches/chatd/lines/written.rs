//! Bytes that a message makes the server write: log, checkpoints and search index.

use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};
use chatd::bench::{Outcome, posting};

use super::Scene;
use crate::messages::{content, mix};
use crate::requests;
use crate::server::Server;
use crate::table::{Budget, Row, number};

const PEOPLE: usize = 50;
const LENGTH: usize = 200;
/// Some batches of the index, and checkpoints.
const MESSAGES: u64 = 6_000;
/// The same, in 40 s.
const PACED: u64 = 2_000;
const PER_SECOND: f64 = 50.0;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    in_a_server(scene, |server, client, place| {
        let mut rows = Vec::new();
        for (what, senders, nonces, budget) in [
            ("alone", 1, false, 10.0),
            ("alone with a nonce, as clients send it", 1, true, 10.0),
            ("50 people at once", PEOPLE, false, 2.0),
        ] {
            let senders = client.open(senders)?;
            let before = server.written()?;
            requests::in_turn(client, &senders, MESSAGES, |out, person, number| {
                post(out, place, person, number, nonces);
            })?;
            server.index()?;
            let bytes = server.written()? - before;
            client.close(senders);
            rows.push(row(scene, what, bytes, MESSAGES, budget));
        }
        Ok(rows)
    })
}

pub fn paced(scene: &Scene) -> Outcome<Vec<Row>> {
    in_a_server(scene, |server, client, place| {
        let senders = client.open(PEOPLE)?;
        let before = server.written()?;
        let write = |out: &mut Vec<u8>, person, number| post(out, place, person, number, true);
        let _ = requests::paced(client, &senders, (PACED, PER_SECOND), write, |_, _| Ok(()))?;
        server.index()?;
        let bytes = server.written()? - before;
        Ok(vec![
            row(scene, "50 a second", bytes, PACED, 2.0)
                .note("on a disk that syncs in less than 20 ms each of them is a commit of its own"),
        ])
    })
}

fn in_a_server(
    scene: &Scene,
    load: impl FnOnce(&Server, &mut Client, &Place) -> Outcome<Vec<Row>>,
) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let place = people::gather(&mut client, PEOPLE)?;
    let rows = load(&server, &mut client, &place).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok(rows)
}

fn post(out: &mut Vec<u8>, place: &Place, person: usize, number: u64, with_nonce: bool) {
    // As long, and in as much disorder, as UUIDs are.
    let nonce = with_nonce.then(|| format!("{:016x}-{:019x}", mix(number), mix(!number)));
    posting::post_with(out, place, person, &content(number, LENGTH), nonce.as_deref());
}

fn row(scene: &Scene, what: &str, bytes: f64, messages: u64, budget: f64) -> Row {
    let each = bytes / messages as f64 / 1e3;
    scene
        .row(format!("written for a message, {what}"), vec![each], "KB", Budget::AtMost(budget))
        .note(format!("{} messages of {LENGTH} characters: log, checkpoints and search index", number(messages as f64)))
}
