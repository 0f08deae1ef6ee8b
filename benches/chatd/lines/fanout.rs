//! Server CPU for one delivery: 500 members are connected by gateway and get messages of 128 characters. A message is
//! in flight from its POST until it is answered and all 500 have it; only then its sender posts the next one. The
//! figure is all CPU time of the server, storing and answering included, divided by the deliveries.

use std::ops::Range;
use std::time::Duration;

use chatd::bench::Outcome;
use chatd::bench::client::{Client, Id};
use chatd::bench::deliveries::Faults;
use chatd::bench::effort;
use chatd::bench::flight::{self, Flown};
use chatd::bench::people;
use chatd::bench::posting::Posts;

use super::{Scene, bare_send};
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const MEMBERS: usize = 500;
const LENGTH: usize = 128;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Messages in flight, and the budget in µs.
const CASES: [(usize, f64); 2] = [(1, 2.9), (32, 0.3)];

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let rows = cases(scene, &server, &mut client).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok(rows)
}

fn cases(scene: &Scene, server: &Server, client: &mut Client) -> Outcome<Vec<Row>> {
    let place = people::gather(client, MEMBERS)?;
    let gateways = people::connect(client, &place, 1)?;
    let most = CASES.iter().map(|(in_flight, _)| *in_flight).max().unwrap_or(1);
    let mut way = Posts { place: &place, senders: client.open(most)?, length: LENGTH };
    let mut rows = Vec::new();
    for (in_flight, budget) in CASES {
        let (mut rounds, mut bare) = (Vec::new(), Vec::new());
        for number in 0..=ROUNDS {
            // The first one warms up.
            let time = if number == 0 { ROUND / 4 } else { ROUND };
            let round = round(server, client, &gateways, &mut way, in_flight, time)?;
            if number > 0 {
                rounds.push(round);
                // Beside the rounds, so that both meet the same neighbours.
                bare.push(bare_send::cost_us(MEMBERS)?);
            }
        }
        let mut row = row(scene, in_flight, budget, &rounds);
        if in_flight == 1 {
            let bare = number(median(&bare).unwrap_or(0.0));
            row = row.note(format!("a bare loop of one send to each of {MEMBERS} costs {bare} µs here and now"));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// A round and the server's CPU time in it.
fn round(
    server: &Server,
    client: &mut Client,
    gateways: &Range<Id>,
    way: &mut Posts<'_>,
    in_flight: usize,
    time: Duration,
) -> Outcome<(Flown, Duration)> {
    client.heartbeat(gateways.clone())?;
    client.drain(Duration::from_millis(50))?;
    let before = server.cpu()?;
    let flown = flight::fly(client, gateways, way, in_flight, time)?;
    Ok((flown, server.cpu()? - before))
}

fn row(scene: &Scene, in_flight: usize, budget: f64, rounds: &[(Flown, Duration)]) -> Row {
    let mut faults = Faults::default();
    rounds.iter().for_each(|(flown, _)| faults.add(flown.faults));
    let per_delivery = rounds.iter().map(|(flown, cpu)| cpu.as_secs_f64() * 1e6 / flown.delivered as f64).collect();
    let of =
        |value: fn(&(Flown, Duration)) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>()).unwrap_or(0.0);
    let efforts: Vec<_> = rounds.iter().map(|(flown, _)| flown.effort).collect();
    let what = format!("CPU per delivery, {MEMBERS} members, {in_flight} in flight");
    let mut row = scene
        .row(what, per_delivery, "µs", Budget::AtMost(budget))
        .note(faults.text())
        .note(format!(
            "{} messages/s, {} deliveries/s; the server took {:.2} cores",
            number(of(|(flown, _)| flown.messages as f64 / flown.took.as_secs_f64())),
            number(of(|(flown, _)| flown.delivered as f64 / flown.took.as_secs_f64())),
            of(|(flown, cpu)| cpu.as_secs_f64() / flown.took.as_secs_f64()),
        ))
        .note(effort::note(&efforts));
    row.wrong = faults.wrong();
    row
}
