//! From send to delivery: 100 members get 500 messages a second. Each message has a due time, whatever became of those
//! before it, and its deliveries are counted from then: a server that stalls is charged for all that waited.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::{Scene, posting};
use crate::Outcome;
use crate::client::{Client, Effort, Id, effort_note, expect_success};
use crate::deliveries::{Deliveries, Faults};
use crate::people::{self, Place};
use crate::server::Server;
use crate::table::{Budget, Row, median, number};
use crate::wire::Piece;

const MEMBERS: usize = 100;
const PER_SECOND: u64 = 500;
const LENGTH: usize = 128;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
/// A delivery that has not come within this time will not come.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest latency that is told from longer ones, in µs.
const LONGEST_US: u64 = 60_000_000;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address);
    let row = rounds(scene, &server, &mut client).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok(vec![row])
}

fn rounds(scene: &Scene, server: &Server, client: &mut Client) -> Outcome<Row> {
    let place = people::gather(client, MEMBERS)?;
    let gateways = people::connect(client, &place, 1)?;
    let senders = client.open(MEMBERS)?;
    let mut faults = Faults::default();
    let (mut p99, mut p50, mut max, mut cores, mut efforts) = (vec![], vec![], 0.0_f64, vec![], vec![]);
    for round in 0..=ROUNDS {
        client.heartbeat(gateways.clone())?;
        client.drain(Duration::from_millis(50))?;
        let time = if round == 0 { WARM_UP } else { ROUND };
        let (effort, cpu, begin) = (Effort::begin(), server.cpu()?, Instant::now());
        let (histogram, round_faults) = OpenLoop::new(&place, &gateways, &senders).run(client, time)?;
        if round == 0 {
            continue;
        }
        cores.push((server.cpu()? - cpu).as_secs_f64() / begin.elapsed().as_secs_f64());
        efforts.push(effort.share());
        faults.add(round_faults);
        p99.push(histogram.value_at_quantile(0.99) as f64 / 1000.0);
        p50.push(histogram.value_at_quantile(0.5) as f64 / 1000.0);
        max = max.max(histogram.max() as f64 / 1000.0);
    }
    let of = |values: &[f64]| median(values).unwrap_or(0.0);
    let what = format!("p99 send to delivery, {MEMBERS} members, {PER_SECOND} messages/s");
    let mut row = scene
        .row(what, p99, "ms", Budget::AtMost(10.0))
        .note(format!("p50 {} ms, the longest of all rounds {} ms", number(of(&p50)), number(max)))
        .note(faults.text())
        .note(format!("the server took {:.2} cores; {}", of(&cores), effort_note(&efforts)));
    row.wrong = faults.wrong();
    Ok(row)
}

struct OpenLoop<'a> {
    place: &'a Place,
    senders: Range<Id>,
    /// Senders whose last message is answered. If there is none, messages wait, and their latency grows.
    free: VecDeque<Id>,
    deliveries: Deliveries,
    histogram: Histogram<u64>,
    begin: Instant,
    posted: u64,
}

impl<'a> OpenLoop<'a> {
    fn new(place: &'a Place, gateways: &Range<Id>, senders: &Range<Id>) -> Self {
        Self {
            place,
            senders: senders.clone(),
            free: senders.clone().collect(),
            deliveries: Deliveries::new(gateways),
            histogram: Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order"),
            begin: Instant::now(),
            posted: 0,
        }
    }

    /// When a message is to be sent.
    fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_micros(number * 1_000_000 / PER_SECOND)
    }

    fn run(mut self, client: &mut Client, time: Duration) -> Outcome<(Histogram<u64>, Faults)> {
        let total = time.as_millis() as u64 * PER_SECOND / 1000;
        loop {
            while self.posted < total && Instant::now() >= self.due(self.posted) {
                let Some(sender) = self.free.pop_front() else { break };
                let (place, person, number) = (self.place, sender - self.senders.start, self.posted);
                client.send(sender, |out| posting::post(out, place, person, number, LENGTH))?;
                self.posted += 1;
            }
            let is_all_out = self.posted == total;
            if is_all_out && self.deliveries.faults(total).missing == 0 && self.free.len() == self.senders.len() {
                break;
            }
            let until =
                if is_all_out || self.free.is_empty() { Instant::now() + PATIENCE } else { self.due(self.posted) };
            let any = client.turn(until, |id, piece| self.come(id, &piece))?;
            if !any && (is_all_out || self.free.is_empty()) {
                break;
            }
        }
        let faults = self.deliveries.faults(total);
        Ok((self.histogram, faults))
    }

    fn come(&mut self, id: Id, piece: &Piece<'_>) -> Outcome<()> {
        match *piece {
            Piece::Answer { status, body } => {
                expect_success(status, body)?;
                self.free.push_back(id);
            }
            Piece::Text(text) => {
                if let Some(delivered) = self.deliveries.received(id, text)? {
                    let latency = self.due(delivered.number).elapsed().as_micros() as u64;
                    self.histogram.saturating_record(latency);
                }
            }
        }
        Ok(())
    }
}
