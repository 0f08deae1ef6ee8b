//! A server of 10,000 members: what one of them costs who connects, is checked, or looks at who is there.

use std::time::Instant;

use chatd::bench::client::Client;
use chatd::bench::effort::thread_cpu;
use chatd::bench::{Outcome, people};
use chatd::chat::access;

use super::Scene;
use crate::crowd::{self, Crowd, Plan};
use crate::requests;
use crate::server::Server;
use crate::table::{Budget, Row};

const MEMBERS: usize = 10_000;
/// Members who are connected while others connect.
const ONLINE: usize = 1_000;
/// Members who connect in a round.
const CONNECT: usize = 200;
const ROUNDS: usize = 5;
/// Permission checks in a round.
const CHECKS: u32 = 20_000;
/// Pages asked for in a round.
const PAGES: u64 = 200;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: MEMBERS, channels: 100, roles: 50 })?;
    let mut rows = vec![checks(scene, &data, &crowd)?];
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    rows.extend(listing(scene, &server, &mut client, &crowd)?);
    rows.extend(connecting(scene, &server, &mut client, &crowd).map_err(|error| server.explain(&error))?);
    server.stop()?;
    Ok(rows)
}

/// In this process, on a snapshot: what each request to a channel asks first.
fn checks(scene: &Scene, data: &std::path::Path, crowd: &Crowd) -> Outcome<Row> {
    let chat = crowd::open(data)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let before = thread_cpu();
        let mut seen = 0;
        for number in 0..CHECKS as usize {
            let caller = crowd.caller(number * 31 % MEMBERS);
            let channel = crowd.channels[number % crowd.channels.len()];
            // Who does not see a channel gets an error, which is the other half of the answer.
            seen += u32::from(chat.read(|cx| access::place(cx, &caller, channel)).is_ok());
        }
        rounds.push((thread_cpu() - before).as_secs_f64() * 1e6 / f64::from(CHECKS));
        if seen == 0 || seen == CHECKS {
            return Err(format!("{seen} of {CHECKS} members see their channel"));
        }
    }
    chat.store().close();
    Ok(scene
        .row("a permission check", rounds, "µs", Budget::AtMost(10.0))
        .note("a snapshot, the channel, the member's roles and its overrides: 100 channels, 33 with 11 overrides each"))
}

fn connecting(scene: &Scene, server: &Server, client: &mut Client, crowd: &Crowd) -> Outcome<Vec<Row>> {
    let mut connect = |from: usize, count: usize| {
        let tokens = (from..from + count).map(|number| crowd.token(number)).collect::<Outcome<_>>()?;
        let before = server.cpu_of_all()?;
        people::connect(client, &people::Place { messages: String::new(), tokens }, 1)?;
        Ok::<_, String>((server.cpu_of_all()? - before).as_secs_f64() * 1e3 / count as f64)
    };
    let first = vec![connect(0, CONNECT)?];
    connect(CONNECT, ONLINE - CONNECT)?;
    let rounds = (0..ROUNDS).map(|round| connect(ONLINE + round * CONNECT, CONNECT)).collect::<Outcome<_>>()?;
    let row = |what: String, rounds| scene.row(what, rounds, "ms", Budget::AtMost(5.0));
    Ok(vec![
        row(format!("CPU to connect to {MEMBERS} members, the first {CONNECT}"), first)
            .note("handshake, snapshot of 100 channels and 50 roles, CONNECTED; each with 3 roles"),
        row(format!("CPU to connect to {MEMBERS} members, {ONLINE} online"), rounds)
            .note("the same with 1,000 presences, and a send to each of those who are told that one is there"),
    ])
}

fn listing(scene: &Scene, server: &Server, client: &mut Client, crowd: &Crowd) -> Outcome<Vec<Row>> {
    let base = format!("/api/rest/servers/{}/members", crowd.server);
    let late = crowd.members[MEMBERS - 150];
    let cases = [
        ("100 members, the first page", format!("{base}?limit=100"), Budget::AtMost(2.0)),
        ("100 members, the last page", format!("{base}?limit=100&after={late}"), Budget::AtMost(2.0)),
        ("members by a prefix", format!("{base}?query=member999"), Budget::AtMost(15.0)),
    ];
    let asker = client.open(1)?;
    let token = crowd.token(0)?;
    let mut rows = Vec::new();
    for (what, path, budget) in cases {
        let (mut rounds, mut rate) = (Vec::new(), 0.0);
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let us = requests::cpu_us(server, client, &asker, PAGES, &token, |_| path.clone())?;
            rounds.push(us / 1e3);
            rate = PAGES as f64 / begin.elapsed().as_secs_f64();
        }
        rows.push(scene.row(what, rounds, "ms", budget).note(format!("CPU; {rate:.0} a second over one connection")));
    }
    client.close(asker);
    Ok(rows)
}
