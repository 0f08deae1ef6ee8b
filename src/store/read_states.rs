//! How far people have read. A position changes with every message one reads or writes, so it goes to memory first
//! and to disk in one write for many, at most [`limits::READ_STATE_DELAY`] later: the one exception to "on disk
//! before the answer".

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ChannelId, MessageId, UserId, limits};

pub(super) type Position = (UserId, ChannelId, MessageId);

/// Positions that may be newer than those on disk.
#[derive(Default)]
pub struct ReadStates {
    late: Mutex<Late>,
}

type Positions = HashMap<(UserId, ChannelId), MessageId>;

#[derive(Default)]
struct Late {
    positions: Positions,
    /// What went to disk last, or is on its way there. It stays until the next write, because a snapshot may be older
    /// than this one's commit: its reader finds here what it does not find there.
    written: Positions,
    since: Option<Instant>,
}

impl ReadStates {
    fn lock(&self) -> MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The positions of `user` that a snapshot may not have, oldest first: of two for a channel the later counts. To be
    /// asked after the snapshot began.
    pub fn of(&self, user: UserId) -> Vec<(ChannelId, MessageId)> {
        let late = self.lock();
        let all = late.written.iter().chain(&late.positions);
        all.filter(|((who, _), _)| *who == user).map(|((_, channel), at)| (*channel, *at)).collect()
    }

    /// Whether a snapshot may not have a later position of `user` there than this one.
    pub(super) fn is_beyond(&self, (user, channel, message): Position) -> bool {
        let late = self.lock();
        let at = late.positions.get(&(user, channel)).or_else(|| late.written.get(&(user, channel)));
        at.is_some_and(|at| *at >= message)
    }

    /// When the next write is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.lock().since.map(|since| since + limits::READ_STATE_DELAY)
    }

    /// The positions to write now, if they are due or `now` says so.
    pub(super) fn take_due(&self, now: bool) -> Vec<Position> {
        let mut late = self.lock();
        let is_due = late.since.is_some_and(|since| now || since.elapsed() >= limits::READ_STATE_DELAY);
        if !is_due {
            return Vec::new();
        }
        late.since = None;
        late.written = std::mem::take(&mut late.positions);
        late.written.iter().map(|((user, channel), message)| (*user, *channel, *message)).collect()
    }

    /// The positions taken last could not be written: they are late again.
    pub(super) fn put_back(&self) {
        let mut late = self.lock();
        late.since = Some(Instant::now());
        let newer = std::mem::take(&mut late.positions);
        late.positions = std::mem::take(&mut late.written);
        late.positions.extend(newer);
    }

    /// Takes on what a committed batch set.
    pub(super) fn apply(&self, positions: Vec<Position>) {
        if positions.is_empty() {
            return;
        }
        let mut late = self.lock();
        late.since.get_or_insert_with(Instant::now);
        late.positions.extend(positions.into_iter().map(|(user, channel, message)| ((user, channel), message)));
    }

    /// As if the oldest position had waited for long enough.
    #[cfg(test)]
    pub(super) fn ripen(&self) {
        let mut late = self.lock();
        late.since = late.since.and_then(|since| since.checked_sub(limits::READ_STATE_DELAY));
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

/// The position of `user` in a channel on disk.
pub fn position(db: &Connection, user: UserId, channel: ChannelId) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached("SELECT message_id FROM read_states WHERE user_id = ?1 AND channel_id = ?2")?
        .query_row([user.0, channel.0], |row| Ok(MessageId(row.get(0)?)))
        .optional()
}

/// The positions of `user` on disk.
pub fn of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<(ChannelId, MessageId)>> {
    db.prepare_cached("SELECT channel_id, message_id FROM read_states WHERE user_id = ?1")?
        .query_map([user.0], |row| Ok((ChannelId(row.get(0)?), MessageId(row.get(1)?))))?
        .collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{ChannelId, MessageId, ReadStates, UserId, of, set};

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const HOME: ChannelId = ChannelId(10);
    const WORK: ChannelId = ChannelId(11);

    fn sorted(mut positions: Vec<(ChannelId, MessageId)>) -> Vec<(ChannelId, MessageId)> {
        positions.sort();
        positions
    }

    #[test]
    fn everybody_has_their_own_and_the_last_one_set_counts() {
        let states = ReadStates::default();
        states.apply(vec![(ALICE, HOME, MessageId(9)), (ALICE, WORK, MessageId(1)), (BOB, HOME, MessageId(5))]);
        // Backwards, too: marked unread.
        states.apply(vec![(ALICE, HOME, MessageId(4))]);
        assert_eq!(sorted(states.of(ALICE)), [(HOME, MessageId(4)), (WORK, MessageId(1))]);
        assert_eq!(states.of(BOB), [(HOME, MessageId(5))]);
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let states = ReadStates::default();
        assert!(states.due().is_none() && states.take_due(true).is_empty());
        states.apply(vec![(ALICE, HOME, MessageId(1))]);
        let due = states.due().unwrap();
        states.apply(vec![(BOB, HOME, MessageId(1))]);
        assert_eq!(states.due(), Some(due), "the first one counts, whatever comes after it");
        assert!(states.take_due(false).is_empty());
        states.ripen();
        assert_eq!(states.take_due(false).len(), 2);
        assert!(states.due().is_none() && states.take_due(true).is_empty());
    }

    #[test]
    fn what_was_written_stays_for_snapshots_that_are_older() {
        let states = ReadStates::default();
        states.apply(vec![(ALICE, HOME, MessageId(1)), (ALICE, WORK, MessageId(1))]);
        assert_eq!(states.take_due(true).len(), 2);
        states.apply(vec![(ALICE, HOME, MessageId(2))]);
        let of_alice = states.of(ALICE);
        assert_eq!(sorted(of_alice.clone()), [(HOME, MessageId(1)), (HOME, MessageId(2)), (WORK, MessageId(1))]);
        assert_eq!(of_alice.last(), Some(&(HOME, MessageId(2))), "of two the later counts");
        assert!(states.is_beyond((ALICE, HOME, MessageId(2))) && !states.is_beyond((ALICE, HOME, MessageId(3))));
        assert!(states.is_beyond((ALICE, WORK, MessageId(1))) && !states.is_beyond((BOB, HOME, MessageId(1))));
        // Gone with the next write: memory stays that of two.
        assert_eq!(states.take_due(true), [(ALICE, HOME, MessageId(2))]);
        assert_eq!(states.of(ALICE), [(HOME, MessageId(2))]);
    }

    #[test]
    fn what_could_not_be_written_is_tried_again_unless_there_is_newer() {
        let states = ReadStates::default();
        states.apply(vec![(ALICE, HOME, MessageId(1)), (ALICE, WORK, MessageId(1))]);
        states.take_due(true);
        states.apply(vec![(ALICE, HOME, MessageId(2))]);
        states.put_back();
        let mut again = states.take_due(true);
        again.sort();
        assert_eq!(again, [(ALICE, HOME, MessageId(2)), (ALICE, WORK, MessageId(1))]);
    }

    #[test]
    fn a_channel_that_was_swept_takes_nothing() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("../../schema.sql")).unwrap();
        db.execute_batch(
            "PRAGMA foreign_keys = on;
             INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'alice', '', 0);
             INSERT INTO channels (channel_id, type, name, topic, position, created_at) VALUES (10, 'dm', '', '', 0, 0);",
        )
        .unwrap();
        set(&db, ALICE, WORK, MessageId(1)).unwrap();
        set(&db, ALICE, HOME, MessageId(1)).unwrap();
        set(&db, ALICE, HOME, MessageId(2)).unwrap();
        assert_eq!(of(&db, ALICE).unwrap(), [(HOME, MessageId(2))]);
    }
}
