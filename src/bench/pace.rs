//! An open loop: each message has a due time, whatever became of those before it, and its deliveries are counted from
//! then: a server that stalls is charged for all that waited (no coordinated omission).

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::Outcome;
use super::client::{Client, Id};
use super::deliveries::{Deliveries, Faults, content};
use super::effort::{Effort, Share};
use super::flight::PATIENCE;
use super::people::Place;
use super::posting;
use super::wire::{Piece, expect_success};

/// What is sent, to whom, how often.
pub struct Pace<'a> {
    /// Where.
    pub place: &'a Place,
    /// Connections of the place's people, each for one message at a time.
    pub senders: Range<Id>,
    /// Those who listen.
    pub receivers: Range<Id>,
    /// Messages a second.
    pub per_second: f64,
    /// Characters of a message.
    pub length: usize,
}

/// What came of it.
pub struct Paced {
    /// What went wrong. Messages that were due and could not go out in twice the time are missing.
    pub faults: Faults,
    /// How late a message went out at the most, for want of a free sender or because the generator was busy.
    pub late: Duration,
    /// How busy the generator was.
    pub effort: Share,
}

impl Pace<'_> {
    /// Sends for this time and waits for what is on its way; `latency` gets the time from each message's due time to
    /// each of its deliveries.
    ///
    /// # Errors
    /// If a connection breaks or a message is refused.
    pub fn run(&self, client: &mut Client, time: Duration, latency: &mut impl FnMut(Duration)) -> Outcome<Paced> {
        let effort = Effort::begin();
        let mut run = Run {
            pace: self,
            total: (time.as_secs_f64() * self.per_second) as u64,
            free: self.senders.clone().collect(),
            deliveries: Deliveries::new(&self.receivers),
            begin: Instant::now(),
            sent: 0,
            late: Duration::ZERO,
        };
        let end = run.begin + time * 2;
        let mut given_up = 0;
        while !run.is_done() {
            if Instant::now() >= end {
                given_up += std::mem::replace(&mut run.total, run.sent) - run.sent;
            }
            let may_send = run.send_what_is_due(client)?;
            let until = if may_send { run.due(run.sent) } else { Instant::now() + PATIENCE };
            let any = client.turn(until, |id, piece| run.come(id, &piece, latency))?;
            if !any && !may_send {
                break;
            }
        }
        let mut faults = run.deliveries.faults();
        // What could not go out is missing for everybody.
        faults.missing += given_up * self.receivers.len() as u64;
        Ok(Paced { faults, late: run.late, effort: effort.share() })
    }
}

struct Run<'a> {
    pace: &'a Pace<'a>,
    total: u64,
    /// Senders whose last message is answered. If there is none, messages wait, and their latency grows.
    free: VecDeque<Id>,
    deliveries: Deliveries,
    begin: Instant,
    sent: u64,
    late: Duration,
}

impl Run<'_> {
    /// When a message is to be sent.
    fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_secs_f64(number as f64 / self.pace.per_second)
    }

    fn is_done(&self) -> bool {
        let all_answered = self.free.len() == self.pace.senders.len();
        self.sent == self.total && all_answered && self.deliveries.faults().missing == 0
    }

    /// Whether the next one waits for nothing but its time.
    fn send_what_is_due(&mut self, client: &mut Client) -> Outcome<bool> {
        while self.sent < self.total {
            let late = Instant::now().checked_duration_since(self.due(self.sent));
            let (Some(late), Some(sender)) = (late, self.free.front().copied()) else {
                return Ok(late.is_none());
            };
            let (pace, number) = (self.pace, self.sent);
            let person = sender - pace.senders.start;
            let content = content(number, pace.length);
            client.send(sender, |out| posting::post(out, pace.place, person, &content))?;
            self.free.pop_front();
            self.deliveries.sent(number, None);
            self.late = self.late.max(late);
            self.sent += 1;
        }
        Ok(false)
    }

    fn come(&mut self, id: Id, piece: &Piece<'_>, latency: &mut impl FnMut(Duration)) -> Outcome<()> {
        match *piece {
            Piece::Answer { status, body } => {
                expect_success(status, body)?;
                self.free.push_back(id);
            }
            Piece::Text(text) => {
                if let Some(delivered) = self.deliveries.received(id, text, posting::read)? {
                    latency(self.due(delivered.number).elapsed());
                }
            }
        }
        Ok(())
    }
}
