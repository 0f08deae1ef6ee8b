//! What people notice of what goes wrong, or goes on beside them. That it works is what the stories prove; here stands
//! what it costs: 99 of 100 deliveries, while all is calm and while it is not, in turn.

mod backup;
mod readers;
mod sign_ins;

pub use backup::measure as backup;
pub use readers::measure as readers;
pub use sign_ins::measure as sign_ins;

use std::fs;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chatd::bench::client::{Client, Id};
use chatd::bench::deliveries::Faults;
use chatd::bench::effort::{self, Share};
use chatd::bench::figures::quantile_ms;
use chatd::bench::pace::Pace;
use chatd::bench::people::{self, Place};
use chatd::bench::{Outcome, process};

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
/// A server that has just been loaded comes to rest.
const REST: Duration = Duration::from_millis(300);

/// Those who write and listen, whatever else goes on.
struct People<'a> {
    server: &'a Server,
    client: Client,
    place: &'a Place,
    senders: Range<Id>,
    listeners: Range<Id>,
    per_second: f64,
    length: usize,
    faults: Faults,
    efforts: Vec<Share>,
}

impl<'a> People<'a> {
    /// Everybody connected with so many gateways each.
    fn gather(server: &'a Server, place: &'a Place, each: usize, per_second: f64, length: usize) -> Outcome<Self> {
        let mut client = Client::new(server.address)?;
        let listeners = people::connect(&mut client, place, each)?;
        let senders = client.open(place.tokens.len())?;
        let (faults, efforts) = (Faults::default(), Vec::new());
        let mut people = Self { server, client, place, senders, listeners, per_second, length, faults, efforts };
        people.p99_ms()?;
        people.efforts.clear();
        Ok(people)
    }

    /// A round: from when a message was due to 99 of 100 of its deliveries, in milliseconds.
    fn p99_ms(&mut self) -> Outcome<f64> {
        self.client.heartbeat(self.listeners.clone())?;
        self.client.drain(REST)?;
        let pace = Pace {
            place: self.place,
            senders: self.senders.clone(),
            receivers: self.listeners.clone(),
            per_second: self.per_second,
            length: self.length,
        };
        let mut times = Vec::new();
        let paced = pace.run(&mut self.client, ROUND, &mut |time| times.push(time));
        let paced = paced.map_err(|error| self.server.explain(&error))?;
        self.faults.add(paced.faults);
        self.efforts.push(paced.effort);
        Ok(quantile_ms(&mut times, 0.99))
    }

    /// Rounds while all is calm and rounds while `trouble` goes on in a thread of its own, in turn. It is told when to
    /// end, and says what came of it.
    fn compare<T: Send>(&mut self, trouble: impl Fn(&AtomicBool) -> Outcome<T> + Sync) -> Outcome<(Compared, Vec<T>)> {
        let (mut compared, mut came) = (Compared::default(), Vec::new());
        for _ in 0..ROUNDS {
            compared.calm_ms.push(self.p99_ms()?);
            let is_over = AtomicBool::new(false);
            let (ms, what) = std::thread::scope(|scope| {
                let trouble = scope.spawn(|| trouble(&is_over));
                let ms = self.p99_ms();
                is_over.store(true, Ordering::Relaxed);
                (ms, trouble.join())
            });
            came.push(what.map_err(|_| "the trouble was in trouble itself")??);
            compared.troubled_ms.push(ms?);
        }
        Ok((compared, came))
    }

    /// A row with what happened to those who wrote and listened.
    fn row(&self, row: Row) -> Row {
        let mut row = row.note(self.faults.text()).note(effort::note(&self.efforts));
        row.wrong = self.faults.wrong();
        row
    }
}

/// 99 of 100 deliveries, by round.
#[derive(Default)]
struct Compared {
    calm_ms: Vec<f64>,
    troubled_ms: Vec<f64>,
}

impl Compared {
    /// How many times as long it takes.
    fn row(&self, scene: &Scene, when: &str) -> Row {
        let ratios = self.troubled_ms.iter().zip(&self.calm_ms).map(|(troubled, calm)| troubled / calm);
        scene
            .row(format!("p99 of sends {when}, against calm"), ratios.collect(), "times", Budget::AtMost(2.0))
            .note(format!("{} ms, calm {} ms", number(of(&self.troubled_ms)), number(of(&self.calm_ms))))
    }
}

fn of(rounds: &[f64]) -> f64 {
    median(rounds).unwrap_or(0.0)
}

/// Forgets how much memory the server has had at most (proc(5), `clear_refs`); what it has now, in MB.
fn memory_mb(server: &Server) -> Outcome<f64> {
    let path = format!("/proc/{}/clear_refs", server.id());
    fs::write(&path, "5").map_err(|error| format!("{path}: {error}"))?;
    Ok(process::memory(server.id())?.resident / 1e6)
}

/// What it has had at most since then, in MB.
fn most_memory_mb(server: &Server) -> Outcome<f64> {
    let path = format!("/proc/{}/status", server.id());
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| format!("{path} has no VmHWM"))
}
