//! All SQL, and the one way to write: jobs that the committer runs in batches, one fsync a batch.
//!
//! Knows no HTTP and no sockets. Whoever wants events published returns them from a write; there is no other way.
//! Never open the database file with `std::fs` in this process: closing it would drop SQLite's locks
//! (sqlite.org/howtocorrupt.html §2.2).

pub mod accounts;
pub mod administration;
pub mod audit;
pub mod bans;
mod bell;
pub mod blocks;
pub mod channels;
mod clock;
mod committer;
pub mod dms;
pub mod extras;
pub mod files;
pub mod inspector;
pub mod instance;
pub mod invites;
pub mod messages;
mod nonces;
pub mod pins;
#[cfg(test)]
mod plans;
pub mod push;
mod queue;
pub mod reactions;
pub mod read_states;
mod readers;
mod reserve;
pub mod resets;
pub mod reveals;
pub mod roles;
mod schema;
pub mod search;
pub mod servers;
pub mod sessions;
pub mod settings;
mod sweep;
mod tail;
#[cfg(test)]
mod tests;
pub mod unread;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use bell::Bell;
use clock::Clock;
pub use committer::Tx;
use committer::{Committer, Parts};
pub use inspector::Inspector;
use queue::Queue;
pub use read_states::ReadStates;
use readers::Readers;
use reserve::Reserve;
use rusqlite::Connection;
pub use schema::{OpenError, VERSION};
pub use tail::Spot;
use tail::Tail;

use crate::model::measure::Commits;
use crate::model::{Error, Outlet, Pressure, Result, Timestamp};

/// An open database.
pub struct Store {
    readers: Readers,
    queue: Arc<Queue>,
    read_states: Arc<ReadStates>,
    tail: Arc<Tail>,
    writable: Arc<AtomicBool>,
    short: Arc<AtomicBool>,
    clock: Arc<Clock>,
    bell: Arc<Bell>,
    measured: Arc<Commits>,
    committer: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Store {
    /// Opens or creates the database at `path`, brings its schema up to date and starts the committer. `base` is the
    /// path of the public URL, which the addresses of files begin with.
    ///
    /// # Errors
    /// Fails if the folder cannot be written, the file is no database, or a newer chatd wrote it.
    pub fn open(path: &Path, base: &str, outlet: Arc<dyn Outlet>) -> Result<Self, OpenError> {
        let short = Arc::new(AtomicBool::new(false));
        let reserve_file = Reserve::of(path, Arc::clone(&short));
        let begin = || {
            let writer = schema::open(path, base)?;
            let opened = instance::opened(&writer, Timestamp::now())?;
            Ok((writer, opened))
        };
        let begun = begin().or_else(
            |error: OpenError| {
                if error.is_full() && reserve_file.release() { begin() } else { Err(error) }
            },
        );
        let (writer, opened) = begun?;
        let clock = Arc::new(Clock::starting(opened.lived_s, Timestamp::now()));
        let readers = Readers::open(path, base)?;
        let queue = Arc::new(Queue::new(outlet.pressure()));
        let read_states = Arc::new(ReadStates::default());
        let tail = Arc::new(Tail::default());
        let writable = Arc::new(AtomicBool::new(true));
        let bell = Arc::new(Bell::default());
        let measured = Arc::new(Commits::default());
        let parts = Parts {
            queue: Arc::clone(&queue),
            outlet,
            read_states: Arc::clone(&read_states),
            tail: Arc::clone(&tail),
            writable: Arc::clone(&writable),
            clock: Arc::clone(&clock),
            bell: Arc::clone(&bell),
            measured: Arc::clone(&measured),
            reserve_file,
        };
        let committer = Committer::new(writer, opened.id_reserve, parts)?;
        let thread = std::thread::Builder::new().name("committer".into()).spawn(move || committer.run());
        let thread = thread.map_err(OpenError::Thread)?;
        let committer = std::sync::Mutex::new(Some(thread));
        Ok(Self { readers, queue, read_states, tail, writable, short, clock, bell, measured, committer })
    }

    /// Runs `f` on a consistent snapshot.
    ///
    /// # Errors
    /// What `f` returns, or a database error as 500.
    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let reader = self.readers.take();
        let transaction = reader.db().unchecked_transaction().map_err(Error::internal)?;
        f(&transaction)
    }

    /// As [`Store::read`], but `under_lock` runs first, on the same snapshot, while `lock` is held: what it returns
    /// is given to `f`.
    ///
    /// # Errors
    /// What the functions return, or a database error as 500.
    pub fn snapshot<G, L, T>(
        &self,
        lock: impl FnOnce() -> G,
        under_lock: impl FnOnce(&mut G, &Connection) -> Result<L>,
        f: impl FnOnce(&Connection, L) -> Result<T>,
    ) -> Result<T> {
        let reader = self.readers.take();
        let mut guard = lock();
        let transaction = reader.db().unchecked_transaction().map_err(Error::internal)?;
        let found = under_lock(&mut guard, &transaction)?;
        drop(guard);
        f(&transaction, found)
    }

    /// Queues `job` and waits until it is on disk. Its events are published then, and only then.
    ///
    /// The job runs on the committer's thread in a savepoint of its own: an error undoes it alone. It must be short.
    ///
    /// # Errors
    /// What the job returns; 503 if the batch could not be committed or the store is closing; 500 if it panicked.
    pub fn write<T: Send + 'static>(&self, job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.queue.submit(job)
    }

    /// Read positions that are not on disk yet.
    pub fn read_states(&self) -> &ReadStates {
        &self.read_states
    }

    /// How many messages the search index is behind.
    pub fn unindexed(&self) -> usize {
        self.tail.len()
    }

    /// Messages that the search index does not have as they are, newest first. To be asked before the snapshot that is
    /// searched begins, which is then not without one that the index has got meanwhile.
    pub fn tail(&self) -> Vec<Spot> {
        self.tail.newest_first()
    }

    /// Whether the last commit succeeded and the store is not closing.
    pub fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed) && !self.queue.is_closed()
    }

    /// Whether the committer takes a job and answers it, be it with an error. Does not return while it hangs.
    pub fn answers(&self) -> bool {
        // What is refused writes nothing, and so nothing is synced.
        let refused = self.queue.put(|_| Err::<(), _>(Error::not_found()));
        refused.is_ok_and(|answer| answer.recv().is_ok())
    }

    /// How late its writes are, and the events of its outlet.
    pub fn pressure(&self) -> &Arc<Pressure> {
        self.queue.pressure()
    }

    /// Whether the disk has room for more than what frees some.
    pub fn has_room(&self) -> bool {
        !self.short.load(Ordering::Relaxed)
    }

    /// Seconds this instance has lived, see `instance.lived_s`.
    pub fn lived_s(&self) -> i64 {
        self.clock.lived_s()
    }

    /// What its commits have taken.
    pub fn measured(&self) -> &Commits {
        &self.measured
    }

    /// Rings when a sweep has ended: files may have gone, or come.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Finishes the jobs that wait, writes what is late, checkpoints and closes. Later writes are 503.
    pub fn close(&self) {
        self.queue.close();
        let thread = self.committer.lock().ok().and_then(|mut committer| committer.take());
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            log::error!("the committer ended in a panic");
        }
    }
}

/// Any database error that no rule foresaw is internal.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let full = matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::SystemIoFailure)
        );
        if full { Self::unavailable(error) } else { Self::internal(error) }
    }
}
