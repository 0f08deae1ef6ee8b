//! What becomes of the committer when the disk is full, broken or read-only.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;

use super::Committer;

/// After a failed commit, a write of our own tries this much later whether writing works again: `/readyz` must not
/// wait for somebody who writes although it says that nobody can.
const PROBE_DELAY: Duration = Duration::from_secs(1);

/// While the disk has no room, it is looked for this often; and once so long after the start.
pub(super) const REFILL_DELAY: Duration = Duration::from_secs(1);

impl Committer {
    /// Undoes a batch that could not be committed.
    pub(super) fn failed(&mut self, error: &rusqlite::Error) {
        self.undo();
        if self.writable.swap(false, Ordering::Relaxed) {
            log::error!("writing failed, answering 503 until it works again: {error}");
        }
        self.probe_at = Some(Instant::now() + PROBE_DELAY);
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            self.ran_out();
        }
        exit_if_lost(error);
    }

    pub(super) fn undo(&mut self) {
        self.nonces.undo(0);
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            log::error!("rolling back failed: {error}");
        }
    }

    /// The disk is full: makes room for what frees some.
    fn ran_out(&mut self) {
        let was_short = self.reserve_file.is_short();
        self.reserve_file.release();
        self.refill_at = Some(Instant::now() + REFILL_DELAY);
        if !was_short {
            log::error!("the disk is full: what needs room gets 503 until there is some; deleting works");
        }
    }

    /// Sees whether the disk has room, if it is time to.
    pub(super) fn refill(&mut self) {
        if self.refill_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        let was_short = self.reserve_file.is_short();
        let filled = self.reserve_file.fill();
        self.refill_at = (!matches!(filled, Ok(true))).then(|| Instant::now() + REFILL_DELAY);
        match (was_short, filled) {
            (true, Ok(true)) => log::warn!("the disk has room again"),
            (false, Ok(false)) => log::error!("the disk is nearly full: what needs room gets 503 until there is some"),
            (_, Err(error)) => log::warn!("no room on the disk can be kept in reserve: {error}"),
            _ => {}
        }
    }
}

/// After a failed fsync the kernel may have dropped the pages: what is on disk is unknown, and a second fsync would
/// lie (LWN "PostgreSQL's fsync() surprise", 2018). A new process reads what is really there.
pub(super) fn exit_if_lost(error: &rusqlite::Error) {
    if is_lost_write(error) {
        log::error!("the disk lost a write (fsync failed): exiting, so that a restart finds the truth");
        std::process::exit(74);
    }
}

fn is_lost_write(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|e| e.extended_code);
    matches!(extended, Some(rusqlite::ffi::SQLITE_IOERR_FSYNC | rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC))
}

#[cfg(test)]
mod tests {
    use super::is_lost_write;

    #[test]
    fn only_a_failed_fsync_is_a_lost_write() {
        let error = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert!(is_lost_write(&error(rusqlite::ffi::SQLITE_IOERR_FSYNC)));
        assert!(is_lost_write(&error(rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)));
        for other in [rusqlite::ffi::SQLITE_FULL, rusqlite::ffi::SQLITE_IOERR_WRITE, rusqlite::ffi::SQLITE_IOERR] {
            assert!(!is_lost_write(&error(other)));
        }
        assert!(!is_lost_write(&rusqlite::Error::QueryReturnedNoRows));
    }
}
