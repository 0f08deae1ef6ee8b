//! Makes a backup every day: a thread that sleeps until one is due, and works behind those who are served.
//!
//! What is due is told by the seconds that the instance has lived: a clock that jumps makes neither a hundred backups
//! nor none.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Options;
use super::pace::Pace;
use crate::backup::{self, Failure, Made, Making, Manifest};
use crate::chat::Chat;
use crate::model::limits;
use crate::rest::{Metric, Value};

/// No backup is known.
const NEVER: i64 = i64::MIN;

/// When the last proven backup was made, in `lived_s`, and what else is known of the last ones.
#[derive(Debug)]
pub(super) struct Proven(AtomicI64, Mutex<Last>);

/// What is known of the last backups.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    /// When the last proven one was begun, by the clock of then.
    pub(super) made_at: Option<String>,
    /// Messages in it.
    pub(super) messages: Option<u64>,
    /// Why the last try failed, if it did.
    pub(super) error: Option<String>,
}

impl Proven {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(NEVER), Mutex::default()))
    }

    /// What is known of the last ones.
    pub(super) fn last(&self) -> Last {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is(&self, manifest: &Manifest) {
        self.0.store(manifest.lived_s, Ordering::Relaxed);
        let (made_at, messages) = (Some(manifest.made_at.clone()), Some(manifest.rows_of("messages")));
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = Last { made_at, messages, error: None };
    }

    fn failed(&self, failure: &Failure) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).error = Some(failure.to_string());
    }

    /// How old the last one is; none if there is none, or it is from another life than this instance's.
    pub(super) fn age(&self, lived_s: i64) -> Option<Duration> {
        let at = Some(self.0.load(Ordering::Relaxed)).filter(|at| *at != NEVER)?;
        u64::try_from(lived_s.saturating_sub(at)).ok().map(Duration::from_secs)
    }

    /// Its age for `/metrics`.
    pub(super) fn metric(&self, lived_s: i64) -> Option<Metric> {
        self.age(lived_s).map(|age| Metric {
            name: "chatd_backup_age_seconds",
            help: "Time since the last proven backup was begun.",
            value: Value::Gauge(age.as_secs()),
        })
    }
}

/// The thread; it ends when this is stopped, in the midst of a backup if need be.
pub(super) struct Backups {
    pace: Arc<Pace>,
    thread: Option<JoinHandle<()>>,
}

impl Backups {
    /// Starts it, unless backups are off.
    pub(super) fn start(options: &Options, chat: Arc<Chat>, proven: Arc<Proven>) -> io::Result<Self> {
        let pace = Arc::new(Pace::new());
        let Some(folder) = options.backup_folder() else {
            log::info!("backups are off");
            return Ok(Self { pace, thread: None });
        };
        let work = Work { options: options.clone(), folder, chat, proven, pace: Arc::clone(&pace) };
        let thread = std::thread::Builder::new().name("backups".into()).spawn(move || work.run())?;
        Ok(Self { pace, thread: Some(thread) })
    }

    /// Ends it.
    pub(super) fn stop(&mut self) {
        self.pace.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("who makes the backups had ended by a panic");
        }
    }
}

struct Work {
    options: Options,
    folder: PathBuf,
    chat: Arc<Chat>,
    proven: Arc<Proven>,
    pace: Arc<Pace>,
}

impl Work {
    fn run(&self) {
        match backup::last(&self.options.data, &self.folder) {
            Ok(Some(last)) => self.proven.is(&last.manifest),
            Ok(None) => {}
            Err(failure) => log::warn!("the backups that are there cannot be read: {failure}"),
        }
        let age = self.age();
        log::info!("backups are put into {}; the last one is {}", self.folder.display(), said(age));
        let mut wait = due_in(age, self.options.backup_every).max(self.options.backup_after);
        while self.pace.wait(wait) {
            let begun = Instant::now();
            match self.make() {
                Ok(made) => {
                    self.tell(&made, begun.elapsed());
                    wait = self.options.backup_every;
                }
                Err(Failure::Stopped) => return,
                Err(failure) => {
                    self.proven.failed(&failure);
                    let age = said(self.age());
                    log::error!("the backup failed, and is tried again in an hour; the last one is {age}: {failure}");
                    wait = limits::BACKUP_AGAIN;
                }
            }
        }
    }

    fn age(&self) -> Option<Duration> {
        self.proven.age(self.chat.store().lived_s())
    }

    fn make(&self) -> Result<Made, Failure> {
        let made = backup::make(&Making {
            data: &self.options.data,
            into: &self.folder,
            reserve: self.options.disk_reserve,
            lived_s: Some(self.chat.store().lived_s()),
            watch: Arc::clone(&self.pace) as _,
        });
        // Files may go again.
        self.chat.store().bell().ring();
        let made = made?;
        self.proven.is(&made.backup.manifest);
        if let Err(failure) = backup::prune(&self.folder, made.backup.manifest.instance, self.options.backup_keep) {
            log::warn!("old backups are left: {failure}");
        }
        Ok(made)
    }

    fn tell(&self, made: &Made, took: Duration) {
        let manifest = &made.backup.manifest;
        log::info!(
            "backup {} is proven, in {} s: {} messages, {} users, {} files",
            made.backup.path.file_name().unwrap_or_default().display(),
            took.as_secs(),
            manifest.rows_of("messages"),
            manifest.rows_of("users"),
            manifest.files
        );
        if manifest.missing_files > 0 {
            log::warn!("{} files are missing, and not in the backup: 'chatd check' names them", manifest.missing_files);
        }
    }
}

/// When the next one is due. A last one from the future is from another life, as after a restore: it counts nothing.
fn due_in(age: Option<Duration>, every: Duration) -> Duration {
    age.map_or(Duration::ZERO, |age| every.saturating_sub(age))
}

/// An age for people.
fn said(age: Option<Duration>) -> String {
    const HOUR_S: u64 = 3600;
    match age.map(|age| age.as_secs()) {
        None => "still to be made".to_owned(),
        Some(s) if s < 2 * HOUR_S => format!("{} minutes old", s / 60),
        Some(s) if s < 48 * HOUR_S => format!("{} hours old", s / HOUR_S),
        Some(s) => format!("{} days old", s / (24 * HOUR_S)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, NEVER, Ordering, Proven, due_in, said};

    #[test]
    fn a_backup_is_due_a_day_after_the_last_one_of_this_life() {
        let day = Duration::from_secs(86_400);
        let proven = Proven::new();
        for (at, lived_s, due_s) in
            [(NEVER, 100, 0), (100, 100, 86_400), (100, 50_100, 36_400), (100, 200_000, 0), (5_000, 100, 0)]
        {
            proven.0.store(at, Ordering::Relaxed);
            assert_eq!(due_in(proven.age(lived_s), day), Duration::from_secs(due_s), "{at} {lived_s}");
            assert_eq!(proven.metric(lived_s).is_some(), proven.age(lived_s).is_some());
        }
    }

    #[test]
    fn ages_are_said_for_people() {
        let said = |seconds| said(Some(Duration::from_secs(seconds)));
        assert_eq!(said(119 * 60), "119 minutes old");
        assert_eq!(said(47 * 3600), "47 hours old");
        assert_eq!(said(50 * 3600), "2 days old");
        assert_eq!(super::said(None), "still to be made");
    }
}
