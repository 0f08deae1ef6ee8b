//! What the web client loads for its first screen: the page, and all that it names. What the API answers comes on top;
//! in a browser all of it is counted by `tests/browser/budgets.test.mjs`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::{Client, Id};
use chatd::bench::wire::{Piece, expect_success};

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row};

const PATIENCE: Duration = Duration::from_secs(10);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let connection = client.open(1)?.start;
    let page = get(&mut client, connection, "/", "identity")?;
    let page = String::from_utf8(page).map_err(|error| error.to_string())?;
    let named: BTreeSet<&str> = ["href=\"/", "src=\"/"].into_iter().flat_map(|mark| addresses(&page, mark)).collect();
    let mut bytes = get(&mut client, connection, "/", "gzip")?.len();
    for path in &named {
        bytes += get(&mut client, connection, path, "gzip").map_err(|error| server.explain(&error))?.len();
    }
    server.stop()?;
    let requests = 1.0 + named.len() as f64;
    Ok(vec![
        scene
            .row("the first screen, compressed", vec![bytes as f64 / 1e3], "KB", Budget::AtMost(60.0))
            .note(format!("bodies of: the page, {}", named.into_iter().collect::<Vec<_>>().join(", "))),
        scene.row("the first screen, requests", vec![requests], "requests", Budget::AtMost(30.0)),
    ])
}

/// What stands behind this mark up to the next quote, each time.
fn addresses<'a>(page: &'a str, mark: &'static str) -> impl Iterator<Item = &'a str> {
    page.match_indices(mark).filter_map(move |(at, _)| page[at + mark.len() - 1..].split('"').next())
}

fn get(client: &mut Client, id: Id, path: &str, encoding: &str) -> Outcome<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {encoding}\r\n\r\n");
    client.send(id, |out| out.extend(request.as_bytes()))?;
    let mut answer = None;
    while answer.is_none() {
        let any = client.turn(Instant::now() + PATIENCE, |_, piece| {
            if let Piece::Answer { status, body } = piece {
                expect_success(status, body).map_err(|error| format!("{path}: {error}"))?;
                answer = Some(body.to_vec());
            }
            Ok(())
        })?;
        if !any {
            return Err(format!("{path} was not answered"));
        }
    }
    answer.ok_or_else(|| format!("{path} was not answered"))
}
