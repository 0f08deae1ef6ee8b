//! Server CPU for one delivery: 500 members are connected by gateway and get messages of 128 characters. A message is
//! in flight from its POST until it is answered and all 500 have it; only then its sender posts the next one. The
//! figure is all CPU time of the server, storing and answering included, divided by the deliveries.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::{Scene, bare_send, posting};
use crate::Outcome;
use crate::client::{Client, Effort, Id, effort_note, expect_success};
use crate::deliveries::{Deliveries, Faults};
use crate::people::{self, Place};
use crate::server::Server;
use crate::table::{Budget, Row, median, number};
use crate::wire::Piece;

const MEMBERS: usize = 500;
const LENGTH: usize = 128;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// A delivery that has not come within this time will not come.
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages in flight, and the budget in µs.
const CASES: [(usize, f64); 2] = [(1, 2.9), (32, 0.3)];

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address);
    let rows = cases(scene, &server, &mut client).map_err(|error| server.explain(&error))?;
    server.stop()?;
    Ok(rows)
}

fn cases(scene: &Scene, server: &Server, client: &mut Client) -> Outcome<Vec<Row>> {
    let place = people::gather(client, MEMBERS)?;
    let gateways = people::connect(client, &place, 1)?;
    let most = CASES.iter().map(|(in_flight, _)| *in_flight).max().unwrap_or(1);
    let senders = client.open(most)?;
    let mut rows = Vec::new();
    for (in_flight, budget) in CASES {
        let senders = senders.start..senders.start + in_flight;
        let (mut rounds, mut bare) = (Vec::new(), Vec::new());
        for number in 0..=ROUNDS {
            client.heartbeat(gateways.clone())?;
            client.drain(Duration::from_millis(50))?;
            // The first one warms up.
            let time = if number == 0 { ROUND / 4 } else { ROUND };
            let round = Flight::new(&place, &gateways, &senders).round(client, server, time)?;
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

fn row(scene: &Scene, in_flight: usize, budget: f64, rounds: &[Round]) -> Row {
    let mut faults = Faults::default();
    rounds.iter().for_each(|round| faults.add(round.faults));
    let per_delivery = rounds.iter().map(Round::cpu_us_per_delivery).collect();
    let of = |value: fn(&Round) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>()).unwrap_or(0.0);
    let efforts: Vec<_> = rounds.iter().map(|round| round.effort).collect();
    let what = format!("CPU per delivery, {MEMBERS} members, {in_flight} in flight");
    let mut row = scene
        .row(what, per_delivery, "µs", Budget::AtMost(budget))
        .note(faults.text())
        .note(format!(
            "{} messages/s, {} deliveries/s; the server took {:.2} cores",
            number(of(|round| round.messages as f64 / round.took.as_secs_f64())),
            number(of(|round| round.delivered as f64 / round.took.as_secs_f64())),
            of(|round| round.cpu.as_secs_f64() / round.took.as_secs_f64()),
        ))
        .note(effort_note(&efforts));
    row.wrong = faults.wrong();
    row
}

/// A round's measurements.
struct Round {
    cpu: Duration,
    took: Duration,
    messages: u64,
    delivered: u64,
    faults: Faults,
    effort: f64,
}

impl Round {
    fn cpu_us_per_delivery(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.delivered as f64
    }
}

/// The messages in flight of a round.
struct Flight<'a> {
    place: &'a Place,
    senders: Range<Id>,
    deliveries: Deliveries,
    /// What each sender still waits for.
    waits: Vec<Waits>,
    posted: u64,
}

#[derive(Clone, Copy, Default)]
struct Waits {
    for_answer: bool,
    for_deliveries: bool,
}

impl Waits {
    fn is_over(self) -> bool {
        !self.for_answer && !self.for_deliveries
    }
}

impl<'a> Flight<'a> {
    fn new(place: &'a Place, gateways: &Range<Id>, senders: &Range<Id>) -> Self {
        Self {
            place,
            senders: senders.clone(),
            deliveries: Deliveries::new(gateways),
            waits: vec![Waits::default(); senders.len()],
            posted: 0,
        }
    }

    fn round(mut self, client: &mut Client, server: &Server, time: Duration) -> Outcome<Round> {
        let (effort, cpu, begin) = (Effort::begin(), server.cpu()?, Instant::now());
        loop {
            if begin.elapsed() < time {
                self.post_what_may(client)?;
            } else if self.waits.iter().all(|waits| waits.is_over()) {
                break;
            }
            if !client.turn(Instant::now() + PATIENCE, |id, piece| self.come(id, &piece))? {
                break;
            }
        }
        Ok(Round {
            took: begin.elapsed(),
            cpu: server.cpu()? - cpu,
            messages: self.posted,
            delivered: self.deliveries.delivered,
            faults: self.deliveries.faults(self.posted),
            effort: effort.share(),
        })
    }

    fn post_what_may(&mut self, client: &mut Client) -> Outcome<()> {
        for (sender, waits) in self.waits.iter_mut().enumerate().filter(|(_, waits)| waits.is_over()) {
            // The remainder tells whose it is.
            let number = self.posted * self.senders.len() as u64 + sender as u64;
            let place = self.place;
            client.send(self.senders.start + sender, |out| posting::post(out, place, sender, number, LENGTH))?;
            *waits = Waits { for_answer: true, for_deliveries: true };
            self.posted += 1;
        }
        Ok(())
    }

    fn come(&mut self, id: Id, piece: &Piece<'_>) -> Outcome<()> {
        match *piece {
            Piece::Answer { status, body } => {
                expect_success(status, body)?;
                self.waits[id - self.senders.start].for_answer = false;
            }
            Piece::Text(text) => {
                if let Some(delivered) = self.deliveries.received(id, text)?
                    && delivered.to_all
                {
                    let sender = delivered.number % self.senders.len() as u64;
                    self.waits[sender as usize].for_deliveries = false;
                }
            }
        }
        Ok(())
    }
}
