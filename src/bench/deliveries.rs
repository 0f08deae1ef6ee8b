//! Counts deliveries: whether everybody got every message, once, in one order.

use std::collections::HashMap;
use std::ops::Range;

use super::Outcome;
use super::client::Id;

/// What a group of connections has got. Everybody must see IDs that rise: that is one order for all.
pub struct Deliveries {
    receivers: Vec<Receiver>,
    first: Id,
    /// Sent, and not yet come to anybody: who must not get it.
    sent: HashMap<u64, Option<Id>>,
    messages: Vec<Message>,
    /// Where they are, by ID.
    places: HashMap<u64, usize>,
    /// Deliveries that must come for what was sent.
    expected: u64,
    delivered: u64,
    doubled: u64,
    disordered: u64,
}

struct Message {
    said: Said,
    /// The whole frame's text, until everybody has it: it is the same for everybody, so that comparing is enough.
    text: Vec<u8>,
    except: Option<Id>,
    /// Who has it, until everybody has.
    got: Vec<bool>,
    /// How many lack it.
    left: usize,
}

#[derive(Clone, Copy, Default)]
struct Receiver {
    /// The place of the message that will probably come next.
    next: usize,
    /// Of the latest message.
    last_id: u64,
}

/// How a message is known again.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// What the sender gave it.
    pub number: u64,
    /// What the server gave it: it rises from each to the next.
    pub id: u64,
}

/// A delivery of a message.
pub struct Delivered {
    /// The number that the sender gave it.
    pub number: u64,
    /// Whether everybody has it now.
    pub to_all: bool,
}

/// What went wrong; all zero is what must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Deliveries that did not come.
    pub missing: u64,
    /// Deliveries that came again, to somebody they were not for, or of what nobody sent.
    pub doubled: u64,
    /// Deliveries behind one with a larger ID.
    pub disordered: u64,
}

/// A message of `length` characters that begins with its number.
pub fn content(number: u64, length: usize) -> String {
    format!("{number:<length$}").replace(' ', ".")
}

/// The number that such a message begins with.
///
/// # Errors
/// If it does not.
pub fn number(content: &str) -> Outcome<u64> {
    let digits = content.split('.').next().unwrap_or_default();
    digits.parse().map_err(|_| format!("a message of somebody else: {content}"))
}

impl Deliveries {
    /// Nothing sent yet, to these connections.
    pub fn new(receivers: &Range<Id>) -> Self {
        Self {
            receivers: vec![Receiver::default(); receivers.len()],
            first: receivers.start,
            sent: HashMap::new(),
            messages: Vec::new(),
            places: HashMap::new(),
            expected: 0,
            delivered: 0,
            doubled: 0,
            disordered: 0,
        }
    }

    /// A message with this number goes out: everybody must get it, except one.
    pub fn sent(&mut self, number: u64, except: Option<Id>) {
        self.sent.insert(number, except);
        self.expected += self.receivers.len() as u64 - u64::from(except.is_some());
    }

    /// Takes a frame that came on connection `id`; `None` if it is no message, or none that should come. A frame that
    /// nobody has got before is understood by `read`.
    ///
    /// # Errors
    /// If `read` cannot understand the frame.
    pub fn received(
        &mut self,
        id: Id,
        text: &[u8],
        read: impl FnOnce(&[u8]) -> Outcome<Option<Said>>,
    ) -> Outcome<Option<Delivered>> {
        let receiver = id.checked_sub(self.first).and_then(|place| self.receivers.get(place));
        let next = receiver.ok_or("a message on a connection that listens to none")?.next;
        let place = if self.messages.get(next).is_some_and(|message| message.text == text) {
            next
        } else {
            let Some(said) = read(text)? else { return Ok(None) };
            let Some(place) = self.find(said, text) else {
                self.doubled += 1;
                return Ok(None);
            };
            place
        };
        let receivers = self.receivers.get_mut(id - self.first).zip(self.messages.get_mut(place));
        let (receiver, message) = receivers.ok_or("a message at no place")?;
        let has_it = message.got.get_mut(id - self.first).is_none_or(|got| std::mem::replace(got, true));
        if has_it || message.except == Some(id) {
            self.doubled += 1;
            return Ok(None);
        }
        self.disordered += u64::from(message.said.id < receiver.last_id);
        *receiver = Receiver { next: place + 1, last_id: message.said.id };
        self.delivered += 1;
        message.left -= 1;
        if message.left == 0 {
            (message.text, message.got) = (Vec::new(), Vec::new());
        }
        Ok(Some(Delivered { number: message.said.number, to_all: message.left == 0 }))
    }

    /// The place of this message, a new one if nobody has got it yet; `None` if nobody has sent it.
    fn find(&mut self, said: Said, text: &[u8]) -> Option<usize> {
        if let Some(place) = self.places.get(&said.id) {
            return Some(*place);
        }
        let except = self.sent.remove(&said.number)?;
        let left = self.receivers.len() - usize::from(except.is_some());
        let place = self.messages.len();
        self.messages.push(Message {
            said,
            text: text.to_owned(),
            except,
            got: vec![false; self.receivers.len()],
            left,
        });
        self.places.insert(said.id, place);
        Some(place)
    }

    /// Deliveries that came as they should.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// What went wrong until now; what is on its way is missing.
    pub fn faults(&self) -> Faults {
        let missing = self.expected.saturating_sub(self.delivered);
        Faults { missing, doubled: self.doubled, disordered: self.disordered }
    }
}

impl Faults {
    /// Takes what went wrong elsewhere to it.
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.doubled += other.doubled;
        self.disordered += other.disordered;
    }

    /// In words.
    pub fn text(self) -> String {
        let Self { missing, doubled, disordered } = self;
        format!("deliveries: {missing} missing, {doubled} doubled, {disordered} disordered")
    }

    /// The text if there is a fault.
    pub fn wrong(self) -> Option<String> {
        (self != Self::default()).then(|| self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::{Deliveries, Faults, Outcome, Said};

    /// A frame is its number and its ID.
    fn read(text: &[u8]) -> Outcome<Option<Said>> {
        Ok(Some(Said { number: u64::from(text[0]), id: u64::from(text[1]) }))
    }

    /// The faults after messages 1 to 3 were sent to connections 10 and 11, of which 11 does not get the third.
    fn faults(frames: &[(usize, [u8; 2])]) -> Faults {
        let mut deliveries = Deliveries::new(&(10..12));
        (1..=2).for_each(|number| deliveries.sent(number, None));
        deliveries.sent(3, Some(11));
        for (id, text) in frames {
            deliveries.received(*id, text, read).unwrap();
        }
        deliveries.faults()
    }

    #[test]
    fn what_goes_wrong_is_counted() {
        let [a, b, c] = [[1, 101], [2, 102], [3, 103]];
        let all = [(10, a), (11, a), (11, b), (10, b), (10, c)];
        assert_eq!(faults(&all), Faults::default());
        assert_eq!(faults(&all[..3]), Faults { missing: 2, ..Faults::default() });
        // Again while it is on its way, when everybody has it, with another ID, and to whom it is not for.
        assert_eq!(faults(&[all.as_slice(), &[(10, b)]].concat()), Faults { doubled: 1, ..Faults::default() });
        assert_eq!(faults(&[&[(10, a)], all.as_slice()].concat()), Faults { doubled: 1, ..Faults::default() });
        assert_eq!(faults(&[all.as_slice(), &[(10, [2, 104])]].concat()), Faults { doubled: 1, ..Faults::default() });
        assert_eq!(faults(&[all.as_slice(), &[(11, c)]].concat()), Faults { doubled: 1, ..Faults::default() });
        // In another order to one of them, and with IDs that fall for both.
        let other = [(10, a), (11, b), (11, a), (10, b), (10, c)];
        assert_eq!(faults(&other), Faults { disordered: 1, ..Faults::default() });
        let falling = [(10, [1, 101]), (11, [1, 101]), (10, [2, 100]), (11, [2, 100]), (10, c)];
        assert_eq!(faults(&falling), Faults { disordered: 2, ..Faults::default() });
        // Who does not get a message may see the next one before others see that one.
        let mut deliveries = Deliveries::new(&(10..12));
        deliveries.sent(1, Some(10));
        deliveries.sent(2, None);
        for (id, text) in [(10, b), (11, a), (11, b)] {
            deliveries.received(id, &text, read).unwrap();
        }
        assert_eq!(deliveries.faults(), Faults::default());
    }
}
