//! Who copies the folder of files holds it: until then nobody removes anything from it.
//!
//! The lock is on the folder itself, so that it holds between processes, and goes with whoever has it.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A folder that is held until this is dropped.
#[derive(Debug)]
pub struct Hold {
    /// Only held: closing it gives the lock back.
    _folder: File,
}

/// Keeps all files where they are, together with others that do. Waits for a removal under way.
///
/// # Errors
/// What the system says.
pub fn keep(folder: &Path) -> io::Result<Hold> {
    let folder = File::open(folder)?;
    flock(&folder, FlockOperation::LockShared)?;
    Ok(Hold { _folder: folder })
}

/// Holds it alone, unless somebody holds it.
///
/// # Errors
/// What the system says.
pub fn alone(folder: &Path) -> io::Result<Option<Hold>> {
    let folder = File::open(folder)?;
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Hold { _folder: folder })),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{alone, keep};

    #[test]
    fn many_keep_it_or_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let kept = (keep(folder.path()).unwrap(), keep(folder.path()).unwrap());
        assert!(alone(folder.path()).unwrap().is_none());
        drop(kept);
        let one = alone(folder.path()).unwrap();
        assert!(one.is_some() && alone(folder.path()).unwrap().is_none());
    }
}
