//! From send to delivery: 100 members get 500 messages a second, in an open loop ([`chatd::bench::pace`]).

use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::deliveries::Faults;
use chatd::bench::effort;
use chatd::bench::pace::Pace;
use chatd::bench::people;
use hdrhistogram::Histogram;

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const MEMBERS: usize = 100;
const PER_SECOND: f64 = 500.0;
const LENGTH: usize = 128;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
/// The longest latency that is told from longer ones, in µs.
const LONGEST_US: u64 = 60_000_000;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let row = rounds(scene, &server, &mut client).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok(vec![row])
}

/// Latencies from 1 µs to a minute, each known to a thousandth.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order")
}

/// In milliseconds.
pub fn quantile_ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1000.0
}

fn rounds(scene: &Scene, server: &Server, client: &mut Client) -> Outcome<Row> {
    let place = people::gather(client, MEMBERS)?;
    let receivers = people::connect(client, &place, 1)?;
    let senders = client.open(MEMBERS)?;
    let pace = Pace { place: &place, senders, receivers, per_second: PER_SECOND, length: LENGTH };
    let (mut faults, mut late) = (Faults::default(), Duration::ZERO);
    let (mut p99, mut p50, mut max, mut cores, mut efforts) = (vec![], vec![], 0.0_f64, vec![], vec![]);
    for round in 0..=ROUNDS {
        client.heartbeat(pace.receivers.clone())?;
        client.drain(Duration::from_millis(50))?;
        let time = if round == 0 { WARM_UP } else { ROUND };
        let mut histogram = histogram();
        let (cpu, begin) = (server.cpu()?, Instant::now());
        let paced = pace.run(client, time, &mut |latency: Duration| {
            histogram.saturating_record(latency.as_micros() as u64);
        })?;
        faults.add(paced.faults);
        if round == 0 {
            continue;
        }
        cores.push((server.cpu()? - cpu).as_secs_f64() / begin.elapsed().as_secs_f64());
        efforts.push(paced.effort);
        late = late.max(paced.late);
        p99.push(quantile_ms(&histogram, 0.99));
        p50.push(quantile_ms(&histogram, 0.5));
        max = max.max(histogram.max() as f64 / 1000.0);
    }
    let of = |values: &[f64]| median(values).unwrap_or(0.0);
    let what = format!("p99 send to delivery, {MEMBERS} members, {PER_SECOND} messages/s");
    let mut row = scene
        .row(what, p99, "ms", Budget::AtMost(10.0))
        .note(format!("p50 {} ms, the longest of all rounds {} ms", number(of(&p50)), number(max)))
        .note(format!(
            "counted from when each message was due; the latest went out {} ms after that",
            number(late.as_secs_f64() * 1e3)
        ))
        .note(faults.text())
        .note(format!("the server took {:.2} cores; {}", of(&cores), effort::note(&efforts)));
    row.wrong = faults.wrong();
    Ok(row)
}
