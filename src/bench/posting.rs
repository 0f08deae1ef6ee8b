//! Posting messages in a closed loop: each connection's next one goes out when its last one is answered, on disk.

use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Outcome;
use super::client::{Asker, Client, Id};
use super::deliveries::{self, Said, content};
use super::flight::{Sent, Way};
use super::people::Place;
use super::wire::{self, expect_success};

const MESSAGE_CREATE: u64 = 11;

/// Until when to post.
#[derive(Clone, Copy)]
pub enum Until {
    /// No new ones from then on.
    Time(Instant),
    /// So many.
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
            post(request, self.place, id - self.first, &content(self.sent, length));
            self.sent += 1;
        }
        more
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        self.answered += 1;
        expect_success(status, body)
    }
}

/// Writes the request that posts a message, by the `person`th of the people.
pub fn post(request: &mut Vec<u8>, place: &Place, person: usize, content: &str) {
    post_with(request, place, person, content, None);
}

/// The same with a nonce, if there is one.
pub fn post_with(request: &mut Vec<u8>, place: &Place, person: usize, content: &str, nonce: Option<&str>) {
    let body = match nonce {
        Some(nonce) => json!({"content": content, "nonce": nonce}),
        None => json!({"content": content}),
    }
    .to_string();
    let token = place.tokens.get(person).map(String::as_str);
    wire::request(request, "POST", &place.messages, token, Some(&body));
}

/// Posts from all of `senders`, each a person of their own: how many messages in which time.
///
/// # Errors
/// If a message is refused, or an answer does not come.
pub fn run(client: &mut Client, senders: Range<Id>, place: &Place, until: Until) -> Outcome<(u64, Duration)> {
    let mut posting = Posting { place, first: senders.start, until, sent: 0, answered: 0 };
    let begin = Instant::now();
    client.closed_loop(senders, &mut posting)?;
    Ok((posting.answered, begin.elapsed()))
}

/// What a frame says if it is a MESSAGE_CREATE.
///
/// # Errors
/// If it is one that [`post`] did not make.
pub fn read(text: &[u8]) -> Outcome<Option<Said>> {
    if wire::op_and_s(text)?.0 != MESSAGE_CREATE {
        return Ok(None);
    }
    // Once for each message, not for each delivery: a reader of its own would only make the program larger.
    let frame: Value = serde_json::from_slice(text).map_err(|error| format!("MESSAGE_CREATE: {error}"))?;
    let field = |name: &str| frame.get("d").and_then(|d| d.get(name)).and_then(Value::as_str);
    let id = field("message_id").and_then(|id| id.parse().ok()).ok_or("MESSAGE_CREATE has no message_id")?;
    let content = field("content").ok_or("MESSAGE_CREATE has no content")?;
    Ok(Some(Said { number: deliveries::number(content)?, id }))
}

/// Messages in flight that are posted, each slot by a connection and a person of its own.
pub struct Posts<'a> {
    /// Where.
    pub place: &'a Place,
    /// A connection for each slot.
    pub senders: Range<Id>,
    /// Characters of a message.
    pub length: usize,
}

impl Way for Posts<'_> {
    fn send(&mut self, client: &mut Client, slot: usize, number: u64) -> Outcome<Option<Sent>> {
        client.send(self.senders.start + slot, |out| post(out, self.place, slot, &content(number, self.length)))?;
        Ok(Some(Sent { is_answered: true, except: None }))
    }

    fn read(&self, text: &[u8]) -> Outcome<Option<Said>> {
        read(text)
    }

    fn slot(&self, id: Id) -> Option<usize> {
        id.checked_sub(self.senders.start)
    }
}
