//! How full the disk is, and what is left free on it for what matters more.

use std::io;
use std::path::Path;

use crate::model::limits;

/// A disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// All there is.
    pub all: u64,
    /// What may still be written.
    pub free: u64,
}

impl Disk {
    /// The disk that a folder is on.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Ok(Self { all: bytes(disk.f_blocks), free: bytes(disk.f_bavail) })
    }

    /// Whether it can take so many bytes more and leave free what uploads and backups leave: as configured, or what
    /// suits its size.
    pub fn has_room(&self, wanted: u64, configured: Option<u64>) -> bool {
        self.free >= self.reserve(configured).saturating_add(wanted)
    }

    /// What uploads and backups leave free: as configured, or what suits its size.
    pub fn reserve(&self, configured: Option<u64>) -> u64 {
        let share = self.all / 100 * limits::DISK_RESERVE_PERCENT;
        configured.unwrap_or_else(|| limits::DISK_RESERVE_BYTES.min(share))
    }
}

#[cfg(test)]
mod tests {
    use super::Disk;

    #[test]
    fn a_small_disk_has_a_small_reserve() {
        const MIB: u64 = 1024 * 1024;
        let disk = |all, free| Disk { all: all * MIB, free: free * MIB };
        assert!(disk(100_000, 501).has_room(MIB, None) && !disk(100_000, 501).has_room(2 * MIB, None));
        assert!(disk(1_000, 51).has_room(MIB, None) && !disk(1_000, 51).has_room(2 * MIB, None));
        assert!(disk(1_000, 1).has_room(MIB, Some(0)) && !disk(1_000, 999).has_room(0, Some(u64::MAX)));
        assert!(!disk(1_000, 999).has_room(u64::MAX, None));
    }
}
