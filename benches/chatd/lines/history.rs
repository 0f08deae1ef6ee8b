//! Server CPU for the latest 50 messages of a long channel, asked for over one keep-alive connection.

use std::time::Instant;

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};
use chatd::bench::Outcome;
use chatd::bench::client::{Asker, Client, Id};
use chatd::bench::effort::{self, Effort};
use chatd::bench::people;
use chatd::bench::posting::{self, Until};
use chatd::bench::wire;
use chatd::bench::wire::expect_success;

const MESSAGES: u64 = 100_000;
const SENDERS: usize = 64;
const ROUNDS: usize = 5;
const REQUESTS: usize = 2_000;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let place = people::gather(&mut client, SENDERS)?;
    eprintln!("  posting {MESSAGES} messages");
    let senders = client.open(SENDERS)?;
    let (posted, took) = posting::run(&mut client, senders.clone(), &place, Until::Count(MESSAGES))
        .map_err(|error| server.explain(&error))?;
    client.close(senders);

    let reader = client.open(1)?;
    let mut reading =
        Reading { path: format!("{}?limit=50", place.messages), token: &place.tokens[1], left: 0, bytes: 0 };
    let (mut cpu_ms, mut rates, mut efforts) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // The first one warms up.
        let requests = if round == 0 { REQUESTS / 10 } else { REQUESTS };
        reading.left = requests;
        let (effort, before, begin) = (Effort::begin(), server.cpu()?, Instant::now());
        client.closed_loop(reader.clone(), &mut reading).map_err(|error| server.explain(&error))?;
        if round > 0 {
            cpu_ms.push((server.cpu()? - before).as_secs_f64() * 1e3 / requests as f64);
            rates.push(requests as f64 / begin.elapsed().as_secs_f64());
            efforts.push(effort.share());
        }
    }
    server.stop()?;
    let what = format!("CPU for the latest 50 of {} messages", number(posted as f64));
    let rate = number(median(&rates).unwrap_or(0.0));
    Ok(vec![
        scene
            .row(what, cpu_ms, "ms", Budget::AtMost(0.25))
            .note(format!("{rate} requests/s over one connection, {} bytes each", number(reading.bytes as f64)))
            .note(format!("the messages were posted at {} a second", number(posted as f64 / took.as_secs_f64())))
            .note(effort::note(&efforts)),
    ])
}

struct Reading<'a> {
    path: String,
    token: &'a str,
    left: usize,
    /// Of the last answer.
    bytes: usize,
}

impl Asker for Reading<'_> {
    fn next(&mut self, _: Id, request: &mut Vec<u8>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        wire::request(request, "GET", &self.path, Some(self.token), None);
        true
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        self.bytes = body.len();
        expect_success(status, body)
    }
}
