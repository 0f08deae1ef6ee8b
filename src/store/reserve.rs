//! A file that takes room on the disk, to be given up when there is none left: then deleting still works, which needs
//! some itself. What makes the database grow is refused until there is room for the file again.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::limits;

/// Written at once, in bytes.
const BLOCK: &[u8] = &[0; 64 * 1024];

/// The file, beside the database.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    short: Arc<AtomicBool>,
}

impl Reserve {
    /// The reserve of the database at `path`. `short` says whether it was given up.
    pub(super) fn of(path: &Path, short: Arc<AtomicBool>) -> Self {
        Self { path: path.with_file_name("reserve"), short }
    }

    /// Whether it was given up.
    pub(super) fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// Gives it up, for there is no room left; whether there was something to give up.
    pub(super) fn release(&self) -> bool {
        self.short.store(true, Ordering::Relaxed);
        match std::fs::remove_file(&self.path) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => {
                log::warn!("{} cannot be given up: {error}", self.path.display());
                false
            }
        }
    }

    /// Takes the room again, if it is there; whether it was.
    ///
    /// # Errors
    /// What else hindered it, which says nothing of the room: no file descriptor is left, say.
    pub(super) fn fill(&self) -> io::Result<bool> {
        let filled =
            if self.is_short() && !self.has_room() { Err(ErrorKind::StorageFull.into()) } else { self.try_fill() };
        if filled.is_err() {
            // Part of it is of no use, and of some to others.
            let _ = std::fs::remove_file(&self.path);
        }
        let has_room = match filled {
            Ok(()) => true,
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => false,
            Err(error) => return Err(error),
        };
        self.short.store(!has_room, Ordering::Relaxed);
        Ok(has_room)
    }

    /// Whether there is more than the file takes: else it would be given up again at once, and written every second.
    fn has_room(&self) -> bool {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        rustix::fs::statvfs(folder)
            .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= 2 * limits::RESERVE_BYTES)
    }

    fn try_fill(&self) -> io::Result<()> {
        let length = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        if length == limits::RESERVE_BYTES {
            return Ok(());
        }
        let mut file: File = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&self.path)?;
        let mut left = limits::RESERVE_BYTES;
        while left > 0 {
            let some = BLOCK.get(..usize::try_from(left).unwrap_or(BLOCK.len())).unwrap_or(BLOCK);
            file.write_all(some)?;
            left = left.saturating_sub(some.len() as u64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Reserve, limits};

    #[test]
    fn it_is_given_up_once_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(&folder.path().join("chat.db"), Arc::default());
        let length = || std::fs::metadata(folder.path().join("reserve")).map(|meta| meta.len()).ok();
        assert!(reserve.fill().unwrap() && !reserve.is_short());
        assert_eq!(length(), Some(limits::RESERVE_BYTES));
        assert!(reserve.release() && reserve.is_short() && !reserve.release());
        assert_eq!(length(), None);
        // As a power cut leaves it.
        std::fs::write(folder.path().join("reserve"), "").unwrap();
        assert!(reserve.fill().unwrap() && !reserve.is_short());
        assert_eq!(length(), Some(limits::RESERVE_BYTES));
    }

    #[test]
    fn what_cannot_be_made_for_another_reason_says_nothing_of_the_room() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = Reserve::of(&folder.path().join("nowhere/chat.db"), Arc::default());
        assert!(nowhere.fill().is_err() && !nowhere.is_short());
        assert!(!nowhere.release() && nowhere.is_short());
        // Of a folder that is not there no room is known either.
        assert!(!nowhere.fill().unwrap() && nowhere.is_short());
    }
}
