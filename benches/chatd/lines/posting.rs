//! Posting messages in a closed loop: each connection's next one goes out when its last one is answered, on disk.

use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Outcome;
use crate::client::{Asker, Client, Id, expect_success};
use crate::deliveries::content;
use crate::people::Place;
use crate::wire;

/// Until when to post.
#[derive(Clone, Copy)]
pub enum Until {
    Time(Instant),
    Count(u64),
}

struct Posting<'a> {
    place: &'a Place,
    first: Id,
    until: Until,
    sent: u64,
    answered: u64,
}

impl Asker for Posting<'_> {
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool {
        let more = match self.until {
            Until::Time(end) => Instant::now() < end,
            Until::Count(count) => self.sent < count,
        };
        if more {
            // 128 to 200 characters, all lengths alike.
            let length = 128 + (self.sent * 37 % 73) as usize;
            post(request, self.place, id - self.first, self.sent, length);
            self.sent += 1;
        }
        more
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        self.answered += 1;
        expect_success(status, body)
    }
}

/// Writes the request that posts a message of `length` characters, by the `person`th of the people.
pub fn post(request: &mut Vec<u8>, place: &Place, person: usize, number: u64, length: usize) {
    let body = json!({"content": content(number, length)}).to_string();
    wire::request(request, "POST", &place.messages, Some(&place.tokens[person]), Some(&body));
}

/// Posts from all of `senders`, each a person of their own: how many messages in which time.
pub fn run(client: &mut Client, senders: Range<Id>, place: &Place, until: Until) -> Outcome<(u64, Duration)> {
    let mut posting = Posting { place, first: senders.start, until, sent: 0, answered: 0 };
    let begin = Instant::now();
    client.closed_loop(senders, &mut posting)?;
    Ok((posting.answered, begin.elapsed()))
}
