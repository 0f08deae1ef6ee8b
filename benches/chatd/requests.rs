//! Requests of one kind: one after the other, or each when it is due.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::{Asker, Client, Id};
use chatd::bench::effort::{Effort, Share};
use chatd::bench::wire::{self, Piece, expect_success};

use crate::server::Server;

/// An answer that has not come within this time will not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `count` times over these connections, over each as soon as its last answer is there. `write` is given the place
/// of the connection among them and the request's number.
pub fn in_turn(
    client: &mut Client,
    connections: &Range<Id>,
    count: u64,
    write: impl FnMut(&mut Vec<u8>, usize, u64),
) -> Outcome<()> {
    client.closed_loop(connections.clone(), &mut InTurn { first: connections.start, count, sent: 0, write })
}

/// The server's CPU time for a GET of one of these paths, in µs.
pub fn cpu_us(
    server: &Server,
    client: &mut Client,
    connection: &Range<Id>,
    count: u64,
    token: &str,
    path: impl Fn(u64) -> String,
) -> Outcome<f64> {
    let before = server.cpu()?;
    in_turn(client, connection, count, |out, _, number| wire::request(out, "GET", &path(number), Some(token), None))
        .map_err(|error| server.explain(&error))?;
    Ok((server.cpu()? - before).as_secs_f64() * 1e6 / count as f64)
}

struct InTurn<F> {
    first: Id,
    count: u64,
    sent: u64,
    write: F,
}

impl<F: FnMut(&mut Vec<u8>, usize, u64)> Asker for InTurn<F> {
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool {
        let more = self.sent < self.count;
        if more {
            (self.write)(request, id - self.first, self.sent);
            self.sent += 1;
        }
        more
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        expect_success(status, body)
    }
}

/// Asks `count` times, so often a second, whatever became of those before; `answered` gets the time from when a
/// request was due to its answer, and the answer.
pub fn paced(
    client: &mut Client,
    connections: &Range<Id>,
    (count, per_second): (u64, f64),
    write: impl Fn(&mut Vec<u8>, usize, u64),
    mut answered: impl FnMut(Duration, &[u8]) -> Outcome<()>,
) -> Outcome<Share> {
    let (effort, begin) = (Effort::begin(), Instant::now());
    let due = |number: u64| begin + Duration::from_secs_f64(number as f64 / per_second);
    let mut free: VecDeque<Id> = connections.clone().collect();
    let (mut sent, mut asked) = (0, HashMap::new());
    while sent < count || !asked.is_empty() {
        while sent < count
            && Instant::now() >= due(sent)
            && let Some(id) = free.pop_front()
        {
            client.send(id, |out| write(out, id - connections.start, sent))?;
            asked.insert(id, sent);
            sent += 1;
        }
        let waits_for_time = sent < count && !free.is_empty();
        let until = if waits_for_time { due(sent) } else { Instant::now() + PATIENCE };
        let any = client.turn(until, |id, piece| {
            let Piece::Answer { status, body } = piece else { return Ok(()) };
            expect_success(status, body)?;
            let number = asked.remove(&id).ok_or("an answer that nobody asked for")?;
            free.push_back(id);
            answered(due(number).elapsed(), body)
        })?;
        if !any && !waits_for_time {
            return Err(format!("{} requests were not answered within {PATIENCE:?}", asked.len()));
        }
    }
    Ok(effort.share())
}
