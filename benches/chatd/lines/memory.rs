//! Memory of the idle server and of idle gateway connections: the proportional set size (PSS), in which pages that are
//! shared with other processes count in part. KB and MB are powers of ten. What the kernel keeps for sockets and
//! threads is not in it.

use std::time::Duration;

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row};
use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};
use chatd::bench::process::Memory;

/// A user may hold this many gateways.
const GATEWAYS_EACH: usize = 20;
const ROUNDS: usize = 3;
/// A server that has just started or connected somebody comes to rest.
const REST: Duration = Duration::from_millis(500);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let (mut idle, mut last) = (Vec::new(), None);
    for round in 0..ROUNDS {
        let server = Server::start(&scene.folder().join(format!("empty{round}")))?;
        Client::new(server.address)?.drain(REST)?;
        let memory = server.memory()?;
        idle.push(memory.proportional / 1e6);
        last = Some(memory);
        server.stop()?;
    }
    let idle = scene.row("idle, empty database", idle, "MB", Budget::AtMost(12.0)).note("PSS, soon after the start");
    let idle = last.into_iter().fold(idle, |row, memory| row.note(in_full(memory)));

    let (registered, connected) = connected(scene, 100)?;
    let (memory, base, count) = (connected.after, connected.before, connected.count as f64);
    let each = (memory.proportional - base.proportional) / count / 1e3;
    let each = scene
        .row("for each of 2,000 idle gateways", vec![each], "KB", Budget::AtMost(24.0))
        .note("100 users with 20 gateways each in one server, after a heartbeat on each; growth of PSS")
        .note(format!("before: {}", in_full(base)))
        .note(format!("after: {}", in_full(memory)))
        .note(format!("right after the registrations, two by two with 19 MiB of argon2 each: {}", in_full(registered)));
    Ok(vec![idle, each])
}

pub fn ten_thousand(scene: &Scene) -> Outcome<Vec<Row>> {
    let (_, connected) = connected(scene, 500)?;
    let each = (connected.after.proportional - connected.before.proportional) / connected.count as f64 / 1e3;
    let total = connected.after.proportional / 1e6;
    let row = scene
        .row("10,000 gateways held", vec![total], "MB", Budget::AtMost(260.0))
        .note("PSS of the server; all 10,000 answered a heartbeat before and after")
        .note(format!("{each:.1} KB each; {}", in_full(connected.after)));
    Ok(vec![row])
}

struct Connected {
    before: Memory,
    after: Memory,
    count: usize,
}

/// Memory after `users` have registered; and before and after they have connected all their gateways, which takes
/// place on a server that was started anew, as what argon2 has left behind would hide it.
fn connected(scene: &Scene, users: usize) -> Outcome<(Memory, Connected)> {
    let data = scene.folder().join("data");
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let place = people::gather(&mut client, users)?;
    client.drain(REST)?;
    let registered = server.memory()?;
    server.stop()?;

    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let connected = hold(&server, &mut client, &place).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok((registered, connected))
}

fn hold(server: &Server, client: &mut Client, place: &Place) -> Outcome<Connected> {
    client.drain(REST)?;
    let before = server.memory()?;
    let gateways = people::connect(client, place, GATEWAYS_EACH)?;
    client.drain(REST)?;
    client.heartbeat(gateways.clone())?;
    client.drain(REST)?;
    let after = server.memory()?;
    let count = gateways.len();
    client.heartbeat(gateways)?;
    Ok(Connected { before, after, count })
}

fn in_full(memory: Memory) -> String {
    let Memory { resident, proportional, private } = memory;
    format!("RSS {:.1} MB, PSS {:.1} MB, private {:.1} MB", resident / 1e6, proportional / 1e6, private / 1e6)
}
