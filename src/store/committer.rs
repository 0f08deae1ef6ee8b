//! The committer: one thread that takes all jobs that wait, runs each in a savepoint, commits once, then answers.
//!
//! No timers: while one fsync runs, the next batch gathers. Answers and events of a batch leave when COMMIT has
//! returned, never before; if it fails, every job of the batch gets 503 and no event leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;

use super::{Clock, ReadStates, instance, sweep};
use crate::model::{ChannelId, Code, Error, Event, Ids, MessageId, Outlet, Result, Timestamp, UserId, limits};

/// A checkpoint is due when the log holds this many pages (4 MB): SQLite's own default.
const CHECKPOINT_PAGES: usize = 1_000;

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
    read: Vec<(UserId, ChannelId, MessageId)>,
    sweep: bool,
}

impl Tx<'_> {
    /// A new identifier, above all others.
    pub fn next_id(&mut self) -> i64 {
        self.ids.next(self.now)
    }

    /// Lets `event` leave once this job is on disk.
    pub fn publish(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Sets how far `user` has read; on disk within [`limits::READ_STATE_DELAY`].
    pub fn mark_read(&mut self, user: UserId, channel: ChannelId, message: MessageId) {
        self.read.push((user, channel, message));
    }

    /// There are rows that nobody sees any more: sweep them when nobody waits.
    pub fn sweep_later(&mut self) {
        self.sweep = true;
    }
}

/// A job without its types.
trait Job: Send {
    /// Runs it; whether it may stay.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Gives the answer to whoever waits.
    fn answer(&mut self, committed: bool);
}

struct Typed<F, T> {
    job: Option<F>,
    result: Option<Result<T>>,
    reply: SyncSender<Result<T>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>) -> Result<T> + Send> Job for Typed<F, T> {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(job) = self.job.take() else { return false };
        // The savepoint is rolled back after a panic, so nothing half done can be seen.
        let result = catch_unwind(AssertUnwindSafe(|| job(tx)))
            .unwrap_or_else(|_| Err(Error::internal("a job panicked; its changes are undone")));
        let stays = result.is_ok();
        self.result = Some(result);
        stays
    }

    fn answer(&mut self, committed: bool) {
        let answer = match self.result.take() {
            Some(Ok(_)) | None if !committed => Err(Error::unavailable("the batch could not be committed")),
            Some(result) => result,
            None => return,
        };
        // Nobody waits if the thread that asked has died: then there is nobody to tell.
        let _ = self.reply.send(answer);
    }
}

/// Jobs that wait for the committer.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Box<dyn Job>>,
    closed: bool,
}

impl Queue {
    pub(super) fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = sync_channel(1);
        let job = Box::new(Typed { job: Some(job), result: None, reply });
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.closed {
                return Err(Error::unavailable("shutting down"));
            }
            waiting.jobs.push(job);
            if waiting.jobs.len() == 1 {
                self.arrived.notify_one();
            }
        }
        answer.recv().unwrap_or_else(|_| Err(Error::unavailable("the committer has ended")))
    }

    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrived.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed
    }

    /// The jobs that wait, at most a batch. Returns with none at `deadline`, at once if `idle_work` is there to do,
    /// and `None` when closed and empty.
    fn take(&self, deadline: Option<Instant>, idle_work: bool) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if !waiting.jobs.is_empty() {
                let count = waiting.jobs.len().min(limits::BATCH_JOBS);
                let rest = waiting.jobs.split_off(count);
                return Some(std::mem::replace(&mut waiting.jobs, rest));
            }
            if waiting.closed {
                return None;
            }
            let now = Instant::now();
            if idle_work || deadline.is_some_and(|deadline| deadline <= now) {
                return Some(Vec::new());
            }
            waiting = match deadline {
                Some(deadline) => {
                    let timed = self.arrived.wait_timeout(waiting, deadline - now);
                    timed.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

pub(super) struct Committer {
    pub(super) db: Connection,
    pub(super) ids: Ids,
    pub(super) queue: Arc<Queue>,
    pub(super) outlet: Arc<dyn Outlet>,
    pub(super) read_states: Arc<ReadStates>,
    pub(super) writable: Arc<AtomicBool>,
    pub(super) clock: Arc<Clock>,
}

impl Committer {
    pub(super) fn run(mut self) {
        let log_pages = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&log_pages);
        let hooked = self.db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            seen.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }));
        if let Err(error) = hooked {
            log::error!("the log's size cannot be watched: {error}");
        }
        // A sweep that the last process did not finish goes on.
        let mut sweep_due = true;
        let mut swept_day = i64::MIN;
        while let Some(jobs) = self.queue.take(self.read_states.due(), sweep_due) {
            if jobs.is_empty() && sweep_due {
                sweep_due = self.sweep();
                continue;
            }
            sweep_due |= self.batch(jobs);
            // Behind the answers, so that nobody waits for the second fsync.
            if log_pages.load(Ordering::Relaxed) >= CHECKPOINT_PAGES {
                log_pages.store(0, Ordering::Relaxed);
                self.checkpoint("PASSIVE");
            }
            let day = instance::day(Timestamp::now());
            sweep_due |= swept_day != day;
            swept_day = day;
        }
        self.batch(Vec::new());
        self.checkpoint("TRUNCATE");
    }

    /// Runs and commits `jobs`, with late read states and the ID reserve where they are due. Whether to sweep.
    fn batch(&mut self, mut jobs: Vec<Box<dyn Job>>) -> bool {
        let mut events = Vec::new();
        let mut read = Vec::new();
        let mut sweep = false;
        let now = Timestamp::now();
        let late = self.read_states.take_due(self.queue.is_closed());
        let ready = self.db.execute_batch("BEGIN IMMEDIATE").and_then(|()| self.read_states_to_disk(&late));
        let single = jobs.len() == 1 && late.is_empty();
        let outcome = ready.and_then(|()| {
            for job in &mut jobs {
                // A batch of one needs no savepoint: its rollback is the transaction's.
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
                    sweep: false,
                };
                if job.run(&mut tx) {
                    events.append(&mut tx.events);
                    read.append(&mut tx.read);
                    sweep |= tx.sweep;
                } else if single {
                    return self.db.execute_batch("ROLLBACK").map(|()| false);
                } else {
                    self.db.prepare_cached("ROLLBACK TO job")?.execute([])?;
                }
                if !single {
                    self.db.prepare_cached("RELEASE job")?.execute([])?;
                }
            }
            if let Some(reserve) = self.ids.reserve_needed() {
                instance::reserve(&self.db, reserve, now, self.clock.lived_s())?;
                self.ids.reserved(reserve);
            }
            Ok(true)
        });
        let committed = match outcome {
            Ok(true) => self.commit(events, read),
            // The only job refused: nothing to commit, its own error is the answer.
            Ok(false) => true,
            Err(error) => {
                self.failed(&error);
                false
            }
        };
        if !committed {
            self.read_states.put_back(late);
        }
        for mut job in jobs {
            job.answer(committed);
        }
        sweep
    }

    fn read_states_to_disk(&self, late: &[(UserId, ChannelId, MessageId)]) -> rusqlite::Result<()> {
        late.iter()
            .try_for_each(|(user, channel, message)| super::read_states::set(&self.db, *user, *channel, *message))
    }

    /// COMMIT, numbering and publishing, under the outlet's lock.
    fn commit(&mut self, events: Vec<Event>, read: Vec<(UserId, ChannelId, MessageId)>) -> bool {
        let (db, read_states) = (&self.db, &self.read_states);
        let mut events = Some(events);
        let mut read = Some(read);
        let mut result = Ok(());
        self.outlet.publish(&mut || {
            result = db.execute_batch("COMMIT");
            if result.is_err() {
                return None;
            }
            read_states.apply(read.take().unwrap_or_default());
            events.take()
        });
        match result {
            Ok(()) => {
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

    /// Undoes a batch that could not be committed.
    fn failed(&self, error: &rusqlite::Error) {
        if !self.db.is_autocommit()
            && let Err(rollback) = self.db.execute_batch("ROLLBACK")
        {
            log::error!("rolling back failed: {rollback}");
        }
        if self.writable.swap(false, Ordering::Relaxed) {
            log::error!("writing failed, answering 503 until it works again: {error}");
        }
        let extended = error.sqlite_error().map(|e| e.extended_code);
        if matches!(extended, Some(rusqlite::ffi::SQLITE_IOERR_FSYNC | rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)) {
            // After a failed fsync the kernel may have dropped the pages: what is on disk is unknown, and a second
            // fsync would lie (LWN "PostgreSQL's fsync() surprise", 2018). A new process reads what is really there.
            log::error!("the disk lost a write (fsync failed): exiting, so that a restart finds the truth");
            std::process::exit(74);
        }
    }

    /// One step of sweeping; whether more is left.
    fn sweep(&mut self) -> bool {
        let step = self.db.execute_batch("BEGIN IMMEDIATE").map_err(Error::from).and_then(|()| {
            let more = sweep::step(&self.db, Timestamp::now())?;
            self.db.execute_batch("COMMIT")?;
            Ok(more)
        });
        step.unwrap_or_else(|error| {
            if !self.db.is_autocommit() {
                // The step is undone and tried again with the next commit.
                let _ = self.db.execute_batch("ROLLBACK");
            }
            if error.code != Code::Unavailable {
                log::error!("sweeping failed: {error}");
            }
            false
        })
    }

    fn checkpoint(&self, mode: &str) {
        let done = self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        if let Err(error) = done {
            log::warn!("checkpoint: {error}");
        }
    }
}
