//! Counts deliveries: whether everybody got every message, once, in one order.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;

use crate::Outcome;
use crate::client::Id;
use crate::wire;

const MESSAGE_CREATE: u64 = 11;

/// What a group of gateway connections has got. The order in which messages first appear is the order that everybody
/// must see them in, and their IDs must rise with it.
pub struct Deliveries {
    receivers: Vec<Receiver>,
    first: Id,
    messages: Vec<Message>,
    pub delivered: u64,
    doubled: u64,
    disordered: u64,
}

struct Message {
    number: u64,
    id: u64,
    /// The whole frame's text: it is the same for everybody, so that comparing is enough.
    text: Vec<u8>,
    receivers: usize,
}

#[derive(Clone, Default)]
struct Receiver {
    /// The place of the message that should come next.
    next: usize,
    /// The places of those that were left out until now.
    skipped: BTreeSet<usize>,
}

/// A delivery of a message.
pub struct Delivered {
    /// The number in the message's content, see [`content`].
    pub number: u64,
    /// Whether everybody has it now.
    pub to_all: bool,
}

/// What went wrong; all zero is what must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub missing: u64,
    pub doubled: u64,
    pub disordered: u64,
}

/// A message of `length` characters that begins with its number.
pub fn content(number: u64, length: usize) -> String {
    format!("{number:<length$}").replace(' ', ".")
}

impl Deliveries {
    pub fn new(receivers: &Range<Id>) -> Self {
        Self {
            receivers: vec![Receiver::default(); receivers.len()],
            first: receivers.start,
            messages: Vec::new(),
            delivered: 0,
            doubled: 0,
            disordered: 0,
        }
    }

    /// Takes a frame that came on connection `id`; `None` if it is no message, or no new one.
    pub fn received(&mut self, id: Id, text: &[u8]) -> Outcome<Option<Delivered>> {
        let next = self.receivers[id - self.first].next;
        let place = if self.messages.get(next).is_some_and(|message| message.text == text) {
            next
        } else {
            match self.find(text)? {
                Some(place) => place,
                None => return Ok(None),
            }
        };
        let receiver = &mut self.receivers[id - self.first];
        if place >= receiver.next {
            receiver.skipped.extend(receiver.next..place);
            receiver.next = place + 1;
        } else if receiver.skipped.remove(&place) {
            self.disordered += 1;
        } else {
            self.doubled += 1;
            return Ok(None);
        }
        self.delivered += 1;
        let message = &mut self.messages[place];
        message.receivers += 1;
        Ok(Some(Delivered { number: message.number, to_all: message.receivers == self.receivers.len() }))
    }

    /// The place of the message in this frame, a new one if nobody has got it yet; `None` if it is another event.
    fn find(&mut self, text: &[u8]) -> Outcome<Option<usize>> {
        #[derive(Deserialize)]
        struct Frame<'a> {
            #[serde(borrow)]
            d: Created<'a>,
        }
        #[derive(Deserialize)]
        struct Created<'a> {
            message_id: &'a str,
            content: &'a str,
        }
        if wire::op_and_s(text)?.0 != MESSAGE_CREATE {
            return Ok(None);
        }
        let frame: Frame<'_> = serde_json::from_slice(text).map_err(|error| format!("MESSAGE_CREATE: {error}"))?;
        let id = frame.d.message_id.parse().map_err(|_| format!("message_id is {}", frame.d.message_id))?;
        if self.messages.last().is_some_and(|last| last.id >= id) {
            if let Some(place) = self.messages.iter().rposition(|message| message.id == id) {
                return Ok(Some(place));
            }
            self.disordered += 1;
        }
        let digits = frame.d.content.split('.').next().unwrap_or_default();
        let number = digits.parse().map_err(|_| format!("a message of somebody else: {}", frame.d.content))?;
        self.messages.push(Message { number, id, text: text.to_owned(), receivers: 0 });
        Ok(Some(self.messages.len() - 1))
    }

    /// What went wrong, if `posted` messages were sent to all.
    pub fn faults(&self, posted: u64) -> Faults {
        let expected = posted * self.receivers.len() as u64;
        Faults { missing: expected.saturating_sub(self.delivered), doubled: self.doubled, disordered: self.disordered }
    }
}

impl Faults {
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.doubled += other.doubled;
        self.disordered += other.disordered;
    }

    pub fn text(self) -> String {
        let Self { missing, doubled, disordered } = self;
        format!("deliveries: {missing} missing, {doubled} doubled, {disordered} disordered")
    }

    /// The text if there is a fault.
    pub fn wrong(self) -> Option<String> {
        (self != Self::default()).then(|| self.text())
    }
}
