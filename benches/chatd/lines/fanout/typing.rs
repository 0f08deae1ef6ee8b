//! Typing in flight: what chatd hands on without storing it, as the peers do with everything.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use chatd::bench::client::{Client, Id};
use chatd::bench::deliveries::Said;
use chatd::bench::flight::{Sent, Way};
use chatd::bench::{Outcome, wire};
use serde::Deserialize;

use crate::crowd::Crowd;

const TYPING_START: u64 = 50;
/// The server passes somebody's typing in a channel on once in 3 s, rate limits or not.
const LAPSE: Duration = Duration::from_millis(3_100);

/// Typings by one connection in all: of 120 frames a minute, which no rate limit's being off changes, the rest are for
/// heartbeats.
const EACH: usize = 90;

/// Everybody types in every channel, in turn.
pub struct Types {
    gateways: Range<Id>,
    channels: Vec<String>,
    /// From the ID of a member and a channel to their pair's place.
    members: HashMap<String, usize>,
    channel_of: HashMap<String, usize>,
    /// By pair.
    last: Vec<Option<Last>>,
    next: usize,
    /// Typings in a round, and how many of them are left.
    a_round: usize,
    left: usize,
}

#[derive(Clone, Copy)]
struct Last {
    number: u64,
    at: Instant,
}

impl Types {
    /// The crowd's members, connected in their order, for so many rounds.
    pub fn new(crowd: &Crowd, gateways: &Range<Id>, rounds: usize) -> Self {
        let channels: Vec<_> = crowd.channels.iter().map(ToString::to_string).collect();
        Self {
            gateways: gateways.clone(),
            members: crowd.members.iter().enumerate().map(|(place, user)| (user.to_string(), place)).collect(),
            channel_of: channels.iter().enumerate().map(|(place, channel)| (channel.clone(), place)).collect(),
            last: vec![None; crowd.members.len() * channels.len()],
            channels,
            next: 0,
            a_round: crowd.members.len() * EACH / rounds,
            left: 0,
        }
    }

    pub fn begin_round(&mut self) {
        self.left = self.a_round;
    }
}

impl Way for Types {
    fn send(&mut self, client: &mut Client, _: usize, number: u64) -> Outcome<Option<Sent>> {
        let pair = self.next % self.last.len();
        if self.left == 0 || self.last[pair].is_some_and(|last| last.at.elapsed() < LAPSE) {
            return Ok(None);
        }
        let sender = self.gateways.start + pair % self.members.len();
        let channel = &self.channels[pair / self.members.len()];
        let text = format!(r#"{{"op":{TYPING_START},"d":{{"channel_id":"{channel}"}}}}"#);
        client.send(sender, |out| wire::text_frame(out, text.as_bytes()))?;
        self.last[pair] = Some(Last { number, at: Instant::now() });
        self.next += 1;
        self.left -= 1;
        // Who types is not told.
        Ok(Some(Sent { is_answered: false, except: Some(sender) }))
    }

    fn read(&self, text: &[u8]) -> Outcome<Option<Said>> {
        #[derive(Deserialize)]
        struct Frame<'a> {
            #[serde(borrow)]
            d: Typing<'a>,
        }
        #[derive(Deserialize)]
        struct Typing<'a> {
            user_id: &'a str,
            channel_id: &'a str,
        }
        let (op, s) = wire::op_and_s(text)?;
        if op != TYPING_START {
            return Ok(None);
        }
        let Frame { d } = serde_json::from_slice(text).map_err(|error| format!("TYPING_START: {error}"))?;
        let pair = self.members.get(d.user_id).zip(self.channel_of.get(d.channel_id));
        let last = pair.and_then(|(member, channel)| self.last[channel * self.members.len() + member]);
        let last = last.ok_or_else(|| format!("{} types, but was not asked to", d.user_id))?;
        Ok(Some(Said { number: last.number, id: s }))
    }

    fn slot(&self, _: Id) -> Option<usize> {
        None
    }
}
