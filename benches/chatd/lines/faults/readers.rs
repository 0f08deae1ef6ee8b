//! Deliveries to 150 readers while 50 more have stopped reading, and the memory that these cost.

use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};
use chatd::model::limits;

use super::{Compared, People, ROUNDS, memory_mb, most_memory_mb};
use crate::lines::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, number};

const READERS: usize = 150;
const STOPPED: usize = 50;
/// Each has this many gateways.
const EACH: usize = 3;
/// Enough to fill a socket's buffers in two rounds.
const PER_SECOND: f64 = 200.0;
const LENGTH: usize = limits::CONTENT;
const QUIET: Duration = Duration::from_secs(2);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("readers");
    let server = Server::start(&data)?;
    let place = people::gather(&mut Client::new(server.address)?, READERS / EACH)?;
    server.stop()?;
    let server = Server::start(&data)?;
    let mut people = People::gather(&server, &place, EACH, PER_SECOND, LENGTH)?;
    let before = memory_mb(&server)?;
    let (mut compared, mut cut) = (Compared::default(), 0);
    for _ in 0..ROUNDS {
        compared.calm_ms.push(worse_of_two(&mut people)?);
        // Each by its own client, so that each can be asked how it ended.
        let stopped = place.tokens.iter().cycle().take(STOPPED).map(|token| stop_reading(&server, &place, token));
        let mut stopped = stopped.collect::<Outcome<Vec<_>>>()?;
        compared.troubled_ms.push(worse_of_two(&mut people)?);
        cut += stopped.iter_mut().filter_map(cut_with).filter(|why| why.contains("4010")).count();
    }
    let most = most_memory_mb(&server)?;
    let row = compared
        .row(scene, &format!("with {STOPPED} of {} readers stopped", READERS + STOPPED))
        .note(format!("{cut} of {} were cut with 4010, new ones in each round", STOPPED * ROUNDS))
        .note(format!("the worse of two each time; messages of {LENGTH} characters, {PER_SECOND} a second"));
    let sends = people.row(row);
    let memory = scene
        .row("more memory at the most then", vec![most - before], "MB", Budget::None)
        .note(format!("resident: {} MB before, {} MB at the most", number(before), number(most)))
        .note(format!("a backlog may have {} MB; its frames are shared", number(limits::BACKLOG_BYTES as f64 / 1e6)));
    drop(people);
    server.stop()?;
    Ok(vec![sends, memory])
}

/// Somebody who is connected and from then on read by nobody.
fn stop_reading(server: &Server, place: &Place, token: &str) -> Outcome<Client> {
    let mut client = Client::new(server.address)?;
    let alone = Place { messages: place.messages.clone(), tokens: vec![token.to_owned()] };
    people::connect(&mut client, &alone, 1)?;
    Ok(client)
}

/// A socket's buffers take more than what comes in one round.
fn worse_of_two(people: &mut People<'_>) -> Outcome<f64> {
    Ok(people.p99_ms()?.max(people.p99_ms()?))
}

/// Why the server has closed it, if it has.
fn cut_with(client: &mut Client) -> Option<String> {
    loop {
        match client.turn(Instant::now() + QUIET, |_, _| Ok(())) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(why) => return Some(why),
        }
    }
}
