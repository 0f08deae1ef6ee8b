//! Jobs that wait for the committer, and the way of their answers.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Tx;
use crate::model::{Error, Line, Pressure, Result, limits};

/// A job without its types.
pub(super) trait Job: Send {
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
    pressure: Arc<Pressure>,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Box<dyn Job>>,
    /// When the first job of each batch came: a clock is not read for every one.
    since: VecDeque<Instant>,
    /// The committer sleeps until so many are there.
    wanted: usize,
    closed: bool,
}

impl Queue {
    /// An empty queue that tells `pressure` how long its jobs wait.
    pub(super) fn new(pressure: Arc<Pressure>) -> Self {
        Self { pressure, ..Self::default() }
    }

    pub(super) fn pressure(&self) -> &Arc<Pressure> {
        &self.pressure
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job in and waits for its answer.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.put(job)?.recv().unwrap_or_else(|_| Err(Error::unavailable("the committer has ended")))
    }

    /// Puts a job in; its answer will come.
    pub(super) fn put<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Receiver<Result<T>>> {
        let (reply, answer) = sync_channel(1);
        let job = Box::new(Typed { job: Some(job), result: None, reply });
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::unavailable("shutting down"));
        }
        if waiting.jobs.len().is_multiple_of(limits::BATCH_JOBS) {
            let now = Instant::now();
            if waiting.jobs.is_empty() {
                self.pressure.waits(Line::Commits, now);
            }
            waiting.since.push_back(now);
        }
        waiting.jobs.push(job);
        let are_enough = waiting.jobs.len() == waiting.wanted.max(1);
        // Before it is woken: otherwise it would wake only to wait for the lock.
        drop(waiting);
        if are_enough {
            self.arrived.notify_one();
        }
        Ok(answer)
    }

    /// Waits until `wanted` jobs are there, or `deadline`.
    pub(super) fn gather(&self, wanted: usize, deadline: Instant) {
        let mut waiting = self.lock();
        waiting.wanted = wanted;
        while waiting.jobs.len() < wanted && !waiting.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            waiting = self.arrived.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.wanted = 0;
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().jobs.len()
    }

    /// The jobs that wait, at most a batch. Returns with none at `deadline`, at once if `idle_work` is there to do,
    /// and `None` when closed and empty.
    pub(super) fn take(&self, deadline: Option<Instant>, idle_work: bool) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.lock();
        loop {
            if !waiting.jobs.is_empty() {
                let count = waiting.jobs.len().min(limits::BATCH_JOBS);
                let rest = waiting.jobs.split_off(count);
                let since = waiting.since.pop_front();
                self.pressure.taken(Line::Commits, since, waiting.since.front().copied());
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

/// However the committer ends: nobody waits for it any more.
pub(super) struct Ends(Arc<Queue>);

impl Ends {
    pub(super) fn new(queue: &Arc<Queue>) -> Self {
        Self(Arc::clone(queue))
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.close();
        // Dropped without an answer, which their senders read as 503.
        let abandoned = std::mem::take(&mut self.0.lock().jobs);
        drop(abandoned);
    }
}
