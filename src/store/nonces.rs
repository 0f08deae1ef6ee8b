//! Senders' marks on their messages, so that a retry never doubles.
//!
//! A mark is on disk with its message, in its row. The table to look it up in is filled later, many at once: for each
//! message alone it was a second page to write, and often a third. Until then it is looked up in memory.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::instance::day;
use super::tail::Spot;
use crate::model::object::Message;
use crate::model::{ChannelId, Ids, MessageId, Timestamp, UserId, limits};

type Place = (UserId, ChannelId);

/// Marks that are not in the table yet.
pub(super) struct Nonces {
    waiting: HashMap<Place, HashMap<String, MessageId>>,
    /// Those of the transaction under way.
    fresh: Vec<(Place, MessageId)>,
    /// Messages written since the table was filled, with a mark or without.
    passed: usize,
    latest: MessageId,
    /// Filling failed: not again until a commit has shown that writing works.
    pub(super) rests: bool,
}

impl Nonces {
    /// Those that the last process left behind.
    pub(super) fn begin(db: &Connection) -> rusqlite::Result<Self> {
        let mark = mark(db)?;
        let (waiting, fresh) = (HashMap::new(), Vec::new());
        let mut nonces = Self { waiting, fresh, passed: 0, latest: MessageId(mark), rests: false };
        let mut statement = db.prepare(
            "SELECT author_id, messages.channel_id, message_id, nonce FROM channels CROSS JOIN messages
             ON messages.channel_id = channels.channel_id AND message_id > ?1",
        )?;
        let mut rows = statement.query([mark])?;
        while let Some(row) = rows.next()? {
            let (place, message) = ((UserId(row.get(0)?), ChannelId(row.get(1)?)), MessageId(row.get(2)?));
            if let Some(nonce) = row.get::<_, Option<String>>(3)? {
                nonces.keep(place, nonce, message);
            }
            nonces.passed += 1;
            nonces.latest = nonces.latest.max(message);
        }
        nonces.fresh.clear();
        Ok(nonces)
    }

    fn keep(&mut self, place: Place, nonce: String, message: MessageId) {
        let of_place = self.waiting.entry(place).or_default();
        // Channels come one after the other at the start: of two that are a day apart the later counts.
        let kept = of_place.entry(nonce).or_insert(message);
        *kept = message.max(*kept);
        self.fresh.push((place, message));
    }

    /// Takes in the mark of a message that the transaction under way adds.
    pub(super) fn add(&mut self, message: &Message) {
        if let Some(nonce) = &message.nonce {
            self.keep((message.author.user_id, message.channel_id), nonce.clone(), message.message_id);
        }
    }

    /// How many the transaction under way has added.
    pub(super) fn added(&self) -> usize {
        self.fresh.len()
    }

    /// Forgets what the transaction under way has added, but for the first so many.
    pub(super) fn undo(&mut self, but: usize) {
        for (place, message) in self.fresh.drain(but.min(self.fresh.len())..) {
            let Some(of_place) = self.waiting.get_mut(&place) else { continue };
            of_place.retain(|_, kept| *kept != message);
            if of_place.is_empty() {
                self.waiting.remove(&place);
            }
        }
    }

    /// The transaction is on disk, and with it these messages.
    pub(super) fn committed(&mut self, changed: &[Spot]) {
        self.fresh.clear();
        self.passed += changed.len();
        self.latest = changed.iter().map(|(message, _)| *message).fold(self.latest, MessageId::max);
        self.rests = false;
    }

    /// Whether there are enough to fill the table with, when nobody waits.
    pub(super) fn are_due(&self) -> bool {
        !self.rests && self.passed >= limits::NONCE_BATCH
    }

    /// Whether those who write wait for it now, as memory is bounded.
    pub(super) fn are_forced(&self) -> bool {
        self.are_due() && self.passed >= limits::NONCE_TAIL
    }

    /// Fills the table in the transaction under way, with all that wait.
    pub(super) fn fill(&self, db: &Connection) -> rusqlite::Result<()> {
        for ((author, channel), of_place) in &self.waiting {
            for (nonce, message) in of_place {
                put(db, (*author, *channel), nonce, *message)?;
            }
        }
        db.prepare_cached("UPDATE nonce_mark SET mark = ?1 WHERE one = 1")?.execute([self.latest.0]).map(drop)
    }

    /// The table has them.
    pub(super) fn filled(&mut self) {
        self.waiting.clear();
        self.passed = 0;
    }

    /// The message that `author` gave this mark in this channel within the nonce's life. `id` is a new identifier: its
    /// clock never runs backwards.
    pub(super) fn find(
        &self,
        db: &Connection,
        place: Place,
        nonce: &str,
        id: i64,
    ) -> rusqlite::Result<Option<MessageId>> {
        let waiting = self.waiting.get(&place).and_then(|of_place| of_place.get(nonce));
        match waiting {
            Some(found) => Ok(lives(*found, id).then_some(*found)),
            None => look_up(db, place, nonce, id),
        }
    }
}

/// Whether what was made then is within the nonce's life.
fn lives(found: MessageId, id: i64) -> bool {
    Ids::milliseconds(id).saturating_sub(Ids::milliseconds(found.0)) < limits::NONCE_MS
}

/// As [`Nonces::find`], in the table.
pub(super) fn look_up(
    db: &Connection,
    (author, channel): Place,
    nonce: &str,
    id: i64,
) -> rusqlite::Result<Option<MessageId>> {
    let today = day(Timestamp(Ids::milliseconds(id)));
    let mut statement = db.prepare_cached(
        "SELECT message_id FROM nonces WHERE day = ?1 AND author_id = ?2 AND channel_id = ?3 AND nonce = ?4",
    )?;
    for day in [today, today - 1] {
        let found = statement.query_row(params![day, author.0, channel.0, nonce], |row| row.get(0).map(MessageId));
        if let Some(found) = found.optional()?.filter(|found| lives(*found, id)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn put(db: &Connection, (author, channel): Place, nonce: &str, message: MessageId) -> rusqlite::Result<()> {
    let day = day(Timestamp(Ids::milliseconds(message.0)));
    db.prepare_cached(
        "INSERT OR REPLACE INTO nonces (day, author_id, channel_id, nonce, message_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![day, author.0, channel.0, nonce, message.0])
    .map(drop)
}

fn mark(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT mark FROM nonce_mark WHERE one = 1")?.query_row([], |row| row.get(0))
}

/// The row of a message goes, and its mark must stay: it goes into the table now if it is not there yet.
pub(super) fn outlive(
    db: &Connection,
    author: UserId,
    channel: ChannelId,
    nonce: &str,
    message: MessageId,
) -> rusqlite::Result<()> {
    if message.0 <= mark(db)? { Ok(()) } else { put(db, (author, channel), nonce, message) }
}

#[cfg(test)]
mod tests;
