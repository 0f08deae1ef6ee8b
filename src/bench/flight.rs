//! Messages in flight: each of some slots has one message on its way, and sends the next one only when everybody has
//! it, and its sender the answer if there is one.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::Outcome;
use super::client::{Client, Id};
use super::deliveries::{Deliveries, Faults, Said};
use super::effort::{Effort, Share};
use super::wire::{Piece, expect_success};

/// A delivery that has not come within this time will not come.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How messages go out and are known again.
pub trait Way {
    /// Sends the message with this number for this slot; `None` if there is nothing left to send.
    ///
    /// # Errors
    /// If it cannot go out.
    fn send(&mut self, client: &mut Client, slot: usize, number: u64) -> Outcome<Option<Sent>>;

    /// What a frame says; `None` if it is no message.
    ///
    /// # Errors
    /// If it should be one and is not.
    fn read(&self, text: &[u8]) -> Outcome<Option<Said>>;

    /// The slot that waits for an answer on this connection.
    fn slot(&self, id: Id) -> Option<usize>;
}

/// What follows from a message that was sent.
pub struct Sent {
    /// Whether its sender gets an answer.
    pub is_answered: bool,
    /// Who does not get it.
    pub except: Option<Id>,
}

/// What came of it.
pub struct Flown {
    /// From the first message to the last delivery.
    pub took: Duration,
    /// Messages sent.
    pub messages: u64,
    /// Deliveries that came as they should.
    pub delivered: u64,
    /// What went wrong.
    pub faults: Faults,
    /// How busy the generator was.
    pub effort: Share,
}

/// Sends in `slots` slots for this time, to all `receivers`, and waits for what is on its way.
///
/// # Errors
/// If a connection breaks or a request is refused.
pub fn fly(
    client: &mut Client,
    receivers: &Range<Id>,
    way: &mut impl Way,
    slots: usize,
    time: Duration,
) -> Outcome<Flown> {
    let (effort, begin) = (Effort::begin(), Instant::now());
    let mut flight =
        Flight { deliveries: Deliveries::new(receivers), waits: vec![Waits::default(); slots], messages: 0 };
    let mut is_over = false;
    loop {
        is_over |= begin.elapsed() >= time || !flight.send_what_may(client, way)?;
        if is_over && flight.waits.iter().all(|waits| waits.is_over()) {
            break;
        }
        if !client.turn(Instant::now() + PATIENCE, |id, piece| flight.come(way, id, &piece))? {
            break;
        }
    }
    Ok(Flown {
        took: begin.elapsed(),
        messages: flight.messages,
        delivered: flight.deliveries.delivered(),
        faults: flight.deliveries.faults(),
        effort: effort.share(),
    })
}

struct Flight {
    deliveries: Deliveries,
    /// What each slot still waits for.
    waits: Vec<Waits>,
    messages: u64,
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

impl Flight {
    /// Whether there was something to send for every slot that waits for nothing.
    fn send_what_may(&mut self, client: &mut Client, way: &mut impl Way) -> Outcome<bool> {
        let slots = self.waits.len() as u64;
        for (slot, waits) in self.waits.iter_mut().enumerate().filter(|(_, waits)| waits.is_over()) {
            // The remainder tells whose it is.
            let number = self.messages * slots + slot as u64;
            let Some(Sent { is_answered, except }) = way.send(client, slot, number)? else { return Ok(false) };
            self.deliveries.sent(number, except);
            *waits = Waits { for_answer: is_answered, for_deliveries: true };
            self.messages += 1;
        }
        Ok(true)
    }

    fn come(&mut self, way: &impl Way, id: Id, piece: &Piece<'_>) -> Outcome<()> {
        match *piece {
            Piece::Answer { status, body } => {
                expect_success(status, body)?;
                let waits = way.slot(id).and_then(|slot| self.waits.get_mut(slot));
                waits.ok_or("an answer that nobody waits for")?.for_answer = false;
            }
            Piece::Text(text) => {
                if let Some(delivered) = self.deliveries.received(id, text, |text| way.read(text))?
                    && delivered.to_all
                {
                    let slot = usize::try_from(delivered.number).unwrap_or_default() % self.waits.len();
                    if let Some(waits) = self.waits.get_mut(slot) {
                        waits.for_deliveries = false;
                    }
                }
            }
        }
        Ok(())
    }
}
