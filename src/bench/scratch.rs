//! A folder beside the data for what is measured, on the same disk, gone when it is no longer needed.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Its name, in the data folder or where that would be.
const NAME: &str = ".chatd-bench";
/// The file whose lock says that it is in use.
const LOCK: &str = "lock";

/// Such a folder. Dropped it is removed; the next one removes what a killed one has left behind.
pub struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes it in the data folder, or in the nearest folder above it that exists.
    ///
    /// # Errors
    /// What the system says; [`ErrorKind::WouldBlock`] if somebody else uses it.
    pub fn make(data: &Path) -> io::Result<Self> {
        let path = root(data)?.join(NAME);
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        match builder.create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                remove_stale(&path)?;
                builder.create(&path)?;
            }
            made => made?,
        }
        let lock = File::create_new(path.join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("chatd: {} could not be removed: {error}", self.path.display());
        }
    }
}

/// The folder to make it in.
///
/// # Errors
/// If there is none.
pub fn root(data: &Path) -> io::Result<PathBuf> {
    let data = std::path::absolute(data)?;
    let found = data.ancestors().find(|folder| folder.is_dir());
    found.map(Path::to_owned).ok_or_else(|| ErrorKind::NotFound.into())
}

/// Removes what somebody left behind who was killed, and nothing else of that name.
fn remove_stale(path: &Path) -> io::Result<()> {
    match File::open(path.join(LOCK)) {
        Ok(lock) => {
            flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
            fs::remove_dir_all(path)
        }
        // Killed before it had a lock: then it is empty.
        Err(error) if error.kind() == ErrorKind::NotFound => fs::remove_dir(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use super::{LOCK, NAME, Scratch};

    #[test]
    fn one_at_a_time_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let scratch = Scratch::make(&data).unwrap();
        assert_eq!(scratch.path(), folder.path().join(NAME), "above a data folder that is not there");
        assert_eq!(Scratch::make(&data).err().unwrap().kind(), ErrorKind::WouldBlock);
        drop(scratch);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_one_left_behind_goes_and_what_is_not_of_ours_stays() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(NAME);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("chatd.db"), "somebody's").unwrap();
        assert!(Scratch::make(data.path()).is_err());
        assert!(path.join("chatd.db").exists());
        fs::write(path.join(LOCK), "").unwrap();
        drop(Scratch::make(data.path()).unwrap());
        assert!(!path.exists());
        fs::create_dir(&path).unwrap();
        drop(Scratch::make(data.path()).unwrap());
    }
}
