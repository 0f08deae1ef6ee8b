//! How far people have read. A position changes with every message one reads or writes, so it goes to memory first
//! and to disk in one write for many, at most [`limits::READ_STATE_DELAY`] later: the one exception to "on disk
//! before the answer".

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, params};

use crate::model::{ChannelId, MessageId, UserId, limits};

type Position = (UserId, ChannelId, MessageId);

/// Positions that are newer than those on disk.
#[derive(Default)]
pub struct ReadStates {
    late: Mutex<Late>,
}

#[derive(Default)]
struct Late {
    positions: HashMap<(UserId, ChannelId), MessageId>,
    since: Option<Instant>,
}

impl ReadStates {
    /// The positions of `user` that are not on disk yet.
    pub fn of(&self, user: UserId) -> Vec<(ChannelId, MessageId)> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.positions.iter().filter(|((who, _), _)| *who == user).map(|((_, channel), at)| (*channel, *at)).collect()
    }

    /// When the next write is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.since.map(|since| since + limits::READ_STATE_DELAY)
    }

    /// Takes all positions if they are due, or if `now` says so.
    pub(super) fn take_due(&self, now: bool) -> Vec<Position> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if !now && late.since.is_none_or(|since| since.elapsed() < limits::READ_STATE_DELAY) {
            return Vec::new();
        }
        late.since = None;
        late.positions.drain().map(|((user, channel), message)| (user, channel, message)).collect()
    }

    /// Keeps positions whose write failed, unless there are newer ones.
    pub(super) fn put_back(&self, positions: Vec<Position>) {
        if positions.is_empty() {
            return;
        }
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.since.get_or_insert_with(Instant::now);
        for (user, channel, message) in positions {
            late.positions.entry((user, channel)).or_insert(message);
        }
    }

    /// Takes on what a committed batch set.
    pub(super) fn apply(&self, positions: Vec<Position>) {
        if positions.is_empty() {
            return;
        }
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.since.get_or_insert_with(Instant::now);
        late.positions.extend(positions.into_iter().map(|(user, channel, message)| ((user, channel), message)));
    }
}

/// Writes one position. A channel may have been swept meanwhile: then there is nothing to write.
pub(super) fn set(db: &Connection, user: UserId, channel: ChannelId, message: MessageId) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO read_states (user_id, channel_id, message_id)
         SELECT ?1, channel_id, ?3 FROM channels WHERE channel_id = ?2
         ON CONFLICT DO UPDATE SET message_id = excluded.message_id",
    )?
    .execute(params![user.0, channel.0, message.0])
    .map(drop)
}

/// The positions of `user` on disk.
pub fn of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<(ChannelId, MessageId)>> {
    db.prepare_cached("SELECT channel_id, message_id FROM read_states WHERE user_id = ?1")?
        .query_map([user.0], |row| Ok((ChannelId(row.get(0)?), MessageId(row.get(1)?))))?
        .collect()
}
