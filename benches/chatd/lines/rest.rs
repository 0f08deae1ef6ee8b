//! The server at rest: 100 people are connected and nobody does anything, so that a small machine may sleep.

use std::time::Duration;

use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::people;

use super::Scene;
use crate::crowd::{Crowd, Plan};
use crate::server::Server;
use crate::table::{Budget, Row, number};

const PEOPLE: usize = 100;
/// What follows on connecting, such as read positions that are written later, is over then.
const SETTLE: Duration = Duration::from_secs(6);
const ROUNDS: usize = 3;
/// Together with [`SETTLE`] less than the 30 s after which clients send a heartbeat: those are counted apart.
const ROUND: Duration = Duration::from_secs(5);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: PEOPLE, channels: 10, roles: 0 })?;
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let gateways = people::connect(&mut client, &crowd.place()?, 1).map_err(|error| server.explain(&error))?;
    client.heartbeat(gateways.clone())?;
    std::thread::sleep(SETTLE);
    let (mut wakes, mut cpu_us) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (sleeps, cpu) = (server.sleeps()?, server.cpu()?);
        std::thread::sleep(ROUND);
        wakes.push((server.sleeps()? - sleeps) as f64 / ROUND.as_secs_f64());
        cpu_us.push((server.cpu()? - cpu).as_secs_f64() * 1e6 / ROUND.as_secs_f64());
    }
    let (sleeps, cpu) = (server.sleeps()?, server.cpu()?);
    client.heartbeat(gateways)?;
    let beat_wakes = (server.sleeps()? - sleeps) as f64 / PEOPLE as f64;
    let beat_us = (server.cpu()? - cpu).as_secs_f64() * 1e6 / PEOPLE as f64;
    server.stop()?;
    let most = cpu_us.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        scene
            .row("wake-ups a second, 100 idle clients", wakes, "/s", Budget::AtMost(2.0))
            .note("voluntary context switches of all threads, between the clients' heartbeats")
            .note(format!("CPU meanwhile: up to {} µs a second", number(most)))
            .note(format!(
                "a client's heartbeat, each 30 s: {} wake-ups and {} µs of CPU",
                number(beat_wakes),
                number(beat_us)
            )),
    ])
}
