//! Server CPU for the latest 50 messages of a long channel, asked for over one keep-alive connection.

use std::time::Instant;

use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::effort::{self, Effort};

use super::Scene;
use crate::crowd::{Crowd, Plan};
use crate::server::Server;
use crate::table::{Budget, Row, median, number};
use crate::{messages, requests};

const MESSAGES: u64 = 100_000;
const LENGTH: usize = 160;
const ROUNDS: usize = 5;
const REQUESTS: u64 = 2_000;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: 64, channels: 2, roles: 0 })?;
    messages::write(&data, 0..MESSAGES, LENGTH, |number| (crowd.channels[1], crowd.members[number as usize % 64]))?;
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let place = crowd.place()?;
    let reader = client.open(1)?;
    let path = format!("{}?limit=50", place.messages);
    let (mut cpu_ms, mut rates, mut efforts) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // The first one warms up.
        let count = if round == 0 { REQUESTS / 10 } else { REQUESTS };
        let (effort, begin) = (Effort::begin(), Instant::now());
        let us = requests::cpu_us(&server, &mut client, &reader, count, &place.tokens[1], |_| path.clone())?;
        if round > 0 {
            cpu_ms.push(us / 1e3);
            rates.push(count as f64 / begin.elapsed().as_secs_f64());
            efforts.push(effort.share());
        }
    }
    server.stop()?;
    let what = format!("CPU for the latest 50 of {} messages", number(MESSAGES as f64));
    let rate = number(median(&rates).unwrap_or(0.0));
    Ok(vec![
        scene
            .row(what, cpu_ms, "ms", Budget::AtMost(0.25))
            .note(format!("{rate} requests/s over one connection; messages of {LENGTH} characters"))
            .note(effort::note(&efforts)),
    ])
}
