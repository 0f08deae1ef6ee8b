//! Backups: made while the server serves, proven before they count, restored, and checked. Knows no HTTP.
//!
//! A backup is a folder, `chatd-20261123T053755Z`, laid out like a data folder: `chatd.db`, `key` and `files/`; and
//! with `SHA256SUMS`, which `sha256sum -c` reads, and `manifest.json`, which says what must be in it. It has its name
//! only when it is whole, on disk, opened and counted. Files never change, so those on the same disk are links and cost
//! nothing: seven daily backups take the room of seven databases.

mod check;
mod earlier;
mod failure;
mod folder;
mod make;
mod manifest;
mod prove;
mod restore;
mod sums;

use std::sync::Arc;
use std::time::Duration;

pub use check::{Line, check, check_backup};
pub use failure::Failure;
pub use folder::{Backup, last, list, prune};
pub use make::{Made, Making, make};
pub use manifest::Manifest;
pub use restore::{Restored, Restoring, finish, restore};

use crate::model::limits;

/// The database in a data folder and in a backup.
pub const DATABASE: &str = "chatd.db";
/// The instance's key.
pub const KEY: &str = "key";
/// The folder of files.
pub const FILES: &str = "files";

/// What is being done, of the things that take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The database is copied; counted in pages.
    Database,
    /// Files are linked, or copied, or read; counted in bytes.
    Files,
    /// The database is checked, nobody knows for how long.
    Proof,
}

/// Whoever waits for a backup, or sees to it that nobody else has to.
pub trait Watch: Send + Sync {
    /// Told how far it is, every millisecond or so of work: may take its time. `false` stops it.
    fn goes_on(&self, step: Step, done: u64, all: u64) -> bool;
}

/// A watch that is shared with SQLite.
pub type SharedWatch = Arc<dyn Watch>;

/// How long whoever makes a backup behind those who are served rests after so much work; none if it goes on.
pub fn rest_after(worked: Duration) -> Option<Duration> {
    let rest = (worked * limits::BACKUP_REST).min(limits::BACKUP_REST_MAX);
    (worked >= limits::BACKUP_WORK).then_some(rest)
}
