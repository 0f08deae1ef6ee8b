//! The committer: one thread that takes all jobs that wait, runs each in a savepoint, commits once, then answers.
//!
//! No timers: while one fsync runs, the next batch gathers. Answers and events of a batch leave when COMMIT has
//! returned, never before; if it fails, every job of the batch gets 503 and no event leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use indexing::Indexing;
use rusqlite::Connection;
use trouble::{REFILL_DELAY, exit_if_lost};

use super::queue::{Ends, Job, Queue};
use super::read_states::Position;
use super::reserve::Reserve;
use super::tail::{Spot, Tail};
use super::{Bell, Clock, ReadStates, instance, search, sweep};
use crate::model::{ChannelId, Event, Ids, Line, MessageId, Outlet, Timestamp, UserId};

/// A checkpoint is due when the log holds this many pages (4 MB): SQLite's own default.
const CHECKPOINT_PAGES: usize = 1_000;
/// After a batch of several the next one is waited for, for at most this share of the time the last one took. On a disk
/// with a 10 ms fsync, 64 senders then get 3,500 messages/s instead of 2,600; a lone sender never waits.
const GATHER_SHARE: u32 = 16;

/// What a job works with.
pub struct Tx<'a> {
    /// The transaction.
    pub db: &'a Connection,
    /// The wall clock when the batch began.
    pub now: Timestamp,
    /// See `instance.lived_s`.
    pub lived_s: i64,
    ids: &'a mut Ids,
    events: Vec<Event>,
    read: Vec<Position>,
    changed: Vec<Spot>,
    after: Vec<AfterCommit>,
    sweep: bool,
}

/// What is done in memory when a job is on disk.
type AfterCommit = Box<dyn FnOnce() + Send>;

impl Tx<'_> {
    /// A new identifier, above all others.
    pub fn next_id(&mut self) -> i64 {
        self.ids.next(self.now)
    }

    /// Lets `event` leave once this job is on disk.
    pub fn publish(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Sets how far `user` has read; on disk within [`crate::model::limits::READ_STATE_DELAY`].
    pub fn mark_read(&mut self, user: UserId, channel: ChannelId, message: MessageId) {
        self.read.push((user, channel, message));
    }

    /// Notes that a message was written, changed or deleted, for the search index, which follows later.
    ///
    /// # Errors
    /// Database errors.
    pub fn reindex(&mut self, channel: ChannelId, message: MessageId) -> rusqlite::Result<()> {
        self.changed.push((message, channel));
        search::changed(self.db, (message, channel))
    }

    /// Does this once the job is on disk, before its answer leaves: what is kept in memory of what it wrote follows so.
    pub fn after_commit(&mut self, follow: impl FnOnce() + Send + 'static) {
        self.after.push(Box::new(follow));
    }

    /// There are rows that nobody sees any more: sweep them when nobody waits.
    pub fn sweep_later(&mut self) {
        self.sweep = true;
    }
}

/// Whether there is something to sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sweep {
    Nothing,
    /// When nobody waits.
    Due,
    /// The last step failed: when the next commit has shown that writing works.
    AfterCommit,
}

/// What the jobs of a batch leave behind for its commit.
#[derive(Default)]
struct Gathered {
    events: Vec<Event>,
    read: Vec<Position>,
    changed: Vec<Spot>,
    after: Vec<AfterCommit>,
    sweep: bool,
    /// The ID reserve that the transaction holds.
    reserve: Option<i64>,
}

pub(super) struct Committer {
    db: Connection,
    ids: Ids,
    /// The ID reserve on disk.
    reserve: i64,
    queue: Arc<Queue>,
    outlet: Arc<dyn Outlet>,
    read_states: Arc<ReadStates>,
    tail: Arc<Tail>,
    /// What is to come into the search index, beside the tail.
    indexing: Indexing,
    writable: Arc<AtomicBool>,
    clock: Arc<Clock>,
    bell: Arc<Bell>,
    /// Pages in the log, as of the last commit.
    log_pages: Arc<AtomicUsize>,
    /// A checkpoint is due when the log holds this many pages.
    checkpoint_pages: usize,
    sweep: Sweep,
    swept_day: i64,
    /// While writing fails: when to try whether it works again.
    probe_at: Option<Instant>,
    reserve_file: Reserve,
    /// While the disk has no room, and once after the start: when to see whether it has.
    refill_at: Option<Instant>,
    /// Jobs in the last batch.
    last_jobs: usize,
}

/// What the committer shares with the store.
pub(super) struct Parts {
    pub(super) queue: Arc<Queue>,
    pub(super) outlet: Arc<dyn Outlet>,
    pub(super) read_states: Arc<ReadStates>,
    pub(super) tail: Arc<Tail>,
    pub(super) writable: Arc<AtomicBool>,
    pub(super) clock: Arc<Clock>,
    pub(super) bell: Arc<Bell>,
    pub(super) reserve_file: Reserve,
}

impl Committer {
    pub(super) fn new(mut db: Connection, id_reserve: i64, parts: Parts) -> rusqlite::Result<Self> {
        let Parts { queue, outlet, read_states, tail, writable, clock, bell, reserve_file } = parts;
        let indexing = Indexing::begin(&db, &tail)?;
        let log_pages = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&log_pages);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            seen.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            db,
            ids: Ids::above(id_reserve),
            reserve: id_reserve,
            queue,
            outlet,
            read_states,
            tail,
            indexing,
            writable,
            clock,
            bell,
            log_pages,
            checkpoint_pages: CHECKPOINT_PAGES,
            // A sweep that the last process did not finish goes on.
            sweep: Sweep::Due,
            swept_day: i64::MIN,
            probe_at: None,
            reserve_file,
            refill_at: Some(Instant::now() + REFILL_DELAY),
            last_jobs: 0,
        })
    }

    pub(super) fn run(mut self) {
        let _ends = Ends::new(&self.queue);
        while self.turn() {}
        self.batch(Vec::new());
        self.checkpoint("TRUNCATE");
    }

    /// Waits for something to do, and does it; `false` when closed and done.
    fn turn(&mut self) -> bool {
        let wake_at = self.read_states.due().into_iter().chain(self.probe_at).chain(self.refill_at).min();
        let look_at =
            self.indexing_waits_until().into_iter().chain(self.queue.pressure().look_at(Instant::now())).min();
        let deadline = wake_at.into_iter().chain(look_at).min();
        let Some(jobs) = self.queue.take(deadline, self.has_idle_work()) else { return false };
        self.refill();
        let is_late = wake_at.is_some_and(|at| at <= Instant::now());
        let has_jobs = !jobs.is_empty();
        let expected = jobs.len() + std::mem::replace(&mut self.last_jobs, jobs.len());
        let begun = Instant::now();
        self.queue.pressure().look(begun);
        if has_jobs || is_late {
            let sweep = self.batch(jobs);
            let works = has_jobs && self.probe_at.is_none();
            if sweep || works && self.sweep == Sweep::AfterCommit {
                self.sweep = Sweep::Due;
            }
            self.indexing.rests &= !works;
            if works && self.is_indexing_forced() {
                self.index_step();
            }
        } else if self.sweep == Sweep::Due {
            self.sweep = self.sweep_step();
        } else if self.has_idle_work() {
            self.index_step();
        }
        // Those who were just answered will write again, and soon: together with those who came meanwhile they make
        // one batch, where taking the first at once would split them into two that take turns for ever.
        if self.last_jobs > 1 {
            self.queue.gather(expected, Instant::now() + begun.elapsed() / GATHER_SHARE);
        }
        // Behind the answers, so that nobody waits for the second fsync.
        if self.log_pages.load(Ordering::Relaxed) >= self.checkpoint_pages {
            self.log_pages.store(0, Ordering::Relaxed);
            self.checkpoint("PASSIVE");
        }
        true
    }

    /// Runs and commits `jobs`, with late read states and the ID reserve where they are due. Whether to sweep.
    fn batch(&mut self, mut jobs: Vec<Box<dyn Job>>) -> bool {
        let mut gathered = Gathered::default();
        let late = self.read_states.take_due(self.queue.is_closed());
        let filled = self.fill(&mut jobs, &late, &mut gathered);
        let sweep = gathered.sweep;
        let committed = match filled {
            Ok(true) => self.commit(gathered),
            // The only job refused: nothing to commit, its own error is the answer.
            Ok(false) => true,
            Err(error) => {
                self.failed(&error);
                false
            }
        };
        if !committed && !late.is_empty() {
            self.read_states.put_back();
        }
        self.queue.pressure().done(Line::Commits, Instant::now());
        for mut job in jobs {
            job.answer(committed);
        }
        let day = instance::day(Timestamp::now());
        let is_new_day = std::mem::replace(&mut self.swept_day, day) != day;
        sweep || is_new_day
    }

    /// Opens the transaction and does the batch's work in it; `false` if there is nothing to commit.
    fn fill(
        &mut self,
        jobs: &mut [Box<dyn Job>],
        late: &[Position],
        gathered: &mut Gathered,
    ) -> rusqlite::Result<bool> {
        let now = Timestamp::now();
        if let Some(days) = self.clock.jumped(now) {
            log::warn!("the clock has moved by {days} days; sessions do not age by it");
        }
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        for (user, channel, message) in late {
            super::read_states::set(&self.db, *user, *channel, *message)?;
        }
        // A batch of one needs no savepoint: its rollback is the transaction's.
        let single = jobs.len() == 1 && late.is_empty();
        for job in jobs {
            if !single {
                self.db.prepare_cached("SAVEPOINT job")?.execute([])?;
            }
            let mut tx = Tx {
                db: &self.db,
                now,
                lived_s: self.clock.lived_s(),
                ids: &mut self.ids,
                events: Vec::new(),
                read: Vec::new(),
                changed: Vec::new(),
                after: Vec::new(),
                sweep: false,
            };
            if job.run(&mut tx) {
                gathered.events.append(&mut tx.events);
                gathered.read.append(&mut tx.read);
                gathered.changed.append(&mut tx.changed);
                gathered.after.append(&mut tx.after);
                gathered.sweep |= tx.sweep;
            } else if single {
                return self.db.execute_batch("ROLLBACK").map(|()| false);
            } else {
                self.db.prepare_cached("ROLLBACK TO job")?.execute([])?;
            }
            if !single {
                self.db.prepare_cached("RELEASE job")?.execute([])?;
            }
        }
        // At the end it is written for its clocks, and while writing fails so that there is something to write.
        let is_due = self.probe_at.is_some() || self.queue.is_closed();
        gathered.reserve = self.ids.reserve_needed().or(is_due.then_some(self.reserve));
        if let Some(reserve) = gathered.reserve {
            instance::reserve(&self.db, reserve, now, self.clock.lived_s())?;
        }
        Ok(true)
    }

    /// COMMIT, numbering and publishing, under the outlet's lock.
    fn commit(&mut self, gathered: Gathered) -> bool {
        let (db, read_states, tail) = (&self.db, &self.read_states, &self.tail);
        let Gathered { events, read, changed, after, reserve, .. } = gathered;
        let mut events = Some(events);
        let mut read = Some(read);
        let mut changed = Some(changed);
        let mut result = Ok(());
        self.outlet.publish(&mut || {
            result = db.execute_batch("COMMIT");
            if result.is_err() {
                return None;
            }
            read_states.apply(read.take().unwrap_or_default());
            tail.add(changed.take().unwrap_or_default());
            events.take()
        });
        match result {
            Ok(()) => {
                after.into_iter().for_each(|follow| follow());
                if let Some(reserve) = reserve {
                    self.reserve = reserve;
                    self.ids.reserved(reserve);
                }
                self.probe_at = None;
                if !self.writable.swap(true, Ordering::Relaxed) {
                    log::warn!("writing works again");
                }
                true
            }
            Err(error) => {
                self.failed(&error);
                false
            }
        }
    }

    /// One step of sweeping.
    fn sweep_step(&mut self) -> Sweep {
        // By the clock of the identifiers, which the days of nonces were made from: the wall clock may have gone back.
        let now = Timestamp(Ids::milliseconds(self.ids.next(Timestamp::now())));
        let step = self.db.execute_batch("BEGIN IMMEDIATE").and_then(|()| sweep::step(&self.db, now));
        let step = step.and_then(|mut step| {
            step.read.retain(|position| !self.read_states.is_beyond(*position));
            // Mostly there is nothing to tell, and then nobody's numbers wait for the sync.
            let silent = step.events.is_empty() && step.read.is_empty();
            let committed = if silent {
                self.db.execute_batch("COMMIT").map(|()| true)
            } else {
                Ok(self.commit(Gathered { events: step.events, read: step.read, ..Gathered::default() }))
            };
            committed.map(|committed| (step.done, committed))
        });
        match step {
            Ok((true, true)) => {
                self.bell.ring();
                Sweep::Nothing
            }
            Ok((false, true)) => Sweep::Due,
            // It was said already.
            Ok((_, false)) => Sweep::AfterCommit,
            Err(error) => {
                self.undo();
                log::error!("sweeping failed, and goes on after the next commit: {error}");
                exit_if_lost(&error);
                Sweep::AfterCommit
            }
        }
    }

    fn checkpoint(&self, mode: &str) {
        let done = self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        if let Err(error) = done {
            log::warn!("checkpoint: {error}");
            exit_if_lost(&error);
        }
    }
}

mod indexing;
#[cfg(test)]
mod tests;
mod trouble;
