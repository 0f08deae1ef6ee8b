//! What brings messages into the search index, in steps behind the commits: many at once cost the disk less.

use std::sync::Arc;
use std::time::Instant;

use rusqlite::Connection;

use super::super::search;
use super::super::tail::{Spot, Tail};
use super::trouble::exit_if_lost;
use super::{Committer, Sweep};
use crate::model::{Work, limits};

/// How far the index is behind.
pub(super) struct Indexing {
    /// There are channels from before the index.
    backlog: bool,
    /// The last step failed: none until a commit has shown that writing works.
    pub(super) rests: bool,
}

impl Indexing {
    /// Puts into the tail what the last process left there.
    pub(super) fn begin(db: &Connection, tail: &Tail) -> rusqlite::Result<Self> {
        tail.add(search::behind(db)?);
        let channels = search::backlog(db)?;
        if channels > 0 {
            log::info!(
                "indexing the messages of {channels} channels for the search, behind the work; until then it does not \
                 find them all"
            );
        }
        Ok(Self { backlog: channels > 0, rests: false })
    }

    /// Whether there is a step to do when nobody waits.
    fn is_due(&self, tail: &Tail) -> bool {
        !self.rests && (self.backlog || tail.len() >= limits::SEARCH_BATCH)
    }

    /// Does a step in the transaction under way; what of the tail it has brought in. The backlog comes last.
    fn step(&mut self, db: &Connection, tail: &Tail, go_on: impl Fn() -> bool) -> rusqlite::Result<Vec<Spot>> {
        if tail.len() >= limits::SEARCH_BATCH {
            let mut spots = tail.first(limits::SEARCH_BATCH);
            spots.truncate(search::index(db, &spots, go_on)?);
            return Ok(spots);
        }
        let more = search::work_off(db)?;
        if self.backlog && !more {
            log::info!("the messages from before are indexed for the search");
        }
        self.backlog = more;
        Ok(Vec::new())
    }
}

impl Committer {
    /// Whether there is something to do when nobody waits.
    pub(super) fn has_idle_work(&self) -> bool {
        self.sweep == Sweep::Due
            || self.nonces.are_due()
            || self.indexing.is_due(&self.tail) && self.indexing_waits_until().is_none()
    }

    /// When to see whether indexing, which is due, may go on; none if it may now, or there is none to do.
    pub(super) fn indexing_waits_until(&self) -> Option<Instant> {
        let is_due = self.indexing.is_due(&self.tail);
        is_due.then(|| self.queue.pressure().falls_at(Work::SearchIndexing, Instant::now()))?
    }

    /// Whether those who write wait for a step now, as those who search would wait for ever longer. While all is late
    /// anyway only memory counts.
    pub(super) fn is_indexing_forced(&self) -> bool {
        let is_due = self.indexing.is_due(&self.tail);
        let waits = is_due && self.queue.pressure().gives_up(Work::SearchIndexing, Instant::now());
        self.tail.len() >= if waits { limits::SEARCH_TAIL_MAX } else { limits::SEARCH_TAIL }
    }

    /// One step of bringing messages into the search index; a short one as soon as somebody waits.
    pub(super) fn index_step(&mut self) {
        let queue = Arc::clone(&self.queue);
        // Unless so many wait for the index that searching would take ever longer.
        let is_long = self.tail.len() >= limits::SEARCH_TAIL;
        let step = self.unsynced(|this| this.indexing.step(&this.db, &this.tail, || is_long || queue.waiting() == 0));
        match step {
            Ok(done) => self.tail.remove(&done),
            Err(error) => {
                self.indexing.rests = true;
                log::error!("indexing for the search failed, and goes on after the next commit: {error}");
                exit_if_lost(&error);
            }
        }
    }

    /// Fills the table of nonces with those that wait for it.
    pub(super) fn nonce_step(&mut self) {
        match self.unsynced(|this| this.nonces.fill(&this.db)) {
            Ok(()) => self.nonces.filled(),
            Err(error) => {
                self.nonces.rests = true;
                log::error!("writing nonces down failed, and goes on after the next commit: {error}");
                exit_if_lost(&error);
            }
        }
    }

    /// A transaction that is not synced: a power cut takes what it did and its mark back together, and the next
    /// message's commit syncs both.
    fn unsynced<T>(&mut self, step: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let begun = self.db.execute_batch("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
        let done = begun.and_then(|()| step(self));
        let done = done.and_then(|done| self.db.execute_batch("COMMIT").map(|()| done));
        if done.is_err() {
            self.undo();
        }
        self.db.execute_batch("PRAGMA synchronous = FULL").and(done)
    }
}
