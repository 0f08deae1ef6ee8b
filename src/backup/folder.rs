//! The folder that backups are in: which there are, in what order, and which are to go.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{DATABASE, Failure, Manifest};
use crate::model::Timestamp;
use crate::store::Inspector;

/// Every backup's name begins so.
const PREFIX: &str = "chatd-";
/// The folder that a backup is made in, before it has its name; and that goes with an old one.
const PART: &str = ".chatd-part";

/// A backup that was proven when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its folder.
    pub path: PathBuf,
    /// What must be in it.
    pub manifest: Manifest,
}

/// The backups of an instance, or of all, in a folder, oldest first; none if the folder is not there. What cannot be
/// read is none.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path, instance: Option<i64>) -> Result<Vec<Backup>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(Failure::file(folder))?,
    };
    let mut backups = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Failure::file(folder))?;
        let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_one
            && let Ok(manifest) = Manifest::read(&entry.path())
            && instance.is_none_or(|instance| instance == manifest.instance)
        {
            backups.push(Backup { path: entry.path(), manifest });
        }
    }
    backups.sort_by_key(|backup| backup.manifest.number);
    Ok(backups)
}

/// The latest backup of the instance in a data folder.
///
/// # Errors
/// If one of the folders cannot be read.
pub fn last(data: &Path, folder: &Path) -> Result<Option<Backup>, Failure> {
    let path = data.join(DATABASE);
    let instance = Inspector::live(&path)?.created_at().map_err(Failure::database(&path))?;
    Ok(list(folder, Some(instance))?.pop())
}

/// Removes all but the latest `keep` backups of an instance; how many went.
///
/// # Errors
/// If one cannot be removed, or another process makes one there.
pub fn prune(folder: &Path, instance: i64, keep: usize) -> Result<usize, Failure> {
    let workshop = Workshop::open(folder)?;
    let backups = list(folder, Some(instance))?;
    let old = backups.len().saturating_sub(keep.max(1));
    for backup in backups.iter().take(old) {
        // Without its name first: half of one must never look like one.
        std::fs::rename(&backup.path, &workshop.part).map_err(Failure::file(&backup.path))?;
        workshop.clear()?;
    }
    Ok(old)
}

/// A folder of backups that this process alone makes one in.
pub(super) struct Workshop {
    folder: PathBuf,
    /// Where it is made; on the same disk, to be renamed.
    pub(super) part: PathBuf,
    /// Only held: closing it gives the lock back.
    _lock: File,
}

impl Workshop {
    /// Makes the folder if need be, and clears away what one left that was cut off.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        make_folder(folder).map_err(Failure::file(folder))?;
        let lock = File::open(folder).map_err(Failure::file(folder))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            Errno::WOULDBLOCK => Failure::Busy(folder.to_owned()),
            error => Failure::File(folder.to_owned(), error.into()),
        })?;
        let workshop = Self { folder: folder.to_owned(), part: folder.join(PART), _lock: lock };
        workshop.clear()?;
        Ok(workshop)
    }

    /// Removes what is not finished, or is to go.
    pub(super) fn clear(&self) -> Result<(), Failure> {
        remove_all(&self.part).map_err(Failure::file(&self.part))
    }

    /// Gives what is finished and on disk its name.
    pub(super) fn publish(&self, now: Timestamp) -> Result<PathBuf, Failure> {
        let path = unused(&self.folder, PREFIX, now);
        std::fs::rename(&self.part, &path).map_err(Failure::file(&path))?;
        sync(&self.folder)?;
        Ok(path)
    }
}

/// Sees that there is a database in a data folder.
pub(super) fn is_there(data: &Path, database: &Path) -> Result<(), Failure> {
    match std::fs::metadata(database) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::NoData(data.to_owned())),
        Err(error) => Err(Failure::File(database.to_owned(), error)),
    }
}

/// A name that is not taken: the clock may have been put back.
pub(super) fn unused(folder: &Path, prefix: &str, now: Timestamp) -> PathBuf {
    let stamp = stamp(now);
    let names = (1_u32..).map(|n| if n == 1 { format!("{prefix}{stamp}") } else { format!("{prefix}{stamp}-{n}") });
    let mut paths = names.map(|name| folder.join(name));
    paths.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| folder.join(format!("{prefix}{stamp}")))
}

/// A point in time as `20261123T053755Z`.
fn stamp(now: Timestamp) -> String {
    let text = now.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    seconds.chars().filter(|c| c.is_ascii_alphanumeric()).chain(['Z']).collect()
}

/// Makes a folder that is its owner's alone, if it is not there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes a folder, if it is there.
pub(super) fn remove_all(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts a file, or the names in a folder, on disk.
pub(super) fn sync(path: &Path) -> Result<(), Failure> {
    File::open(path).and_then(|file| file.sync_all()).map_err(Failure::file(path))
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, stamp, unused};

    #[test]
    fn a_name_is_the_time_and_never_taken() {
        let now = Timestamp::parse("2026-11-23T05:37:55.562Z").unwrap();
        assert_eq!(stamp(now), "20261123T053755Z");
        let folder = tempfile::tempdir().unwrap();
        for expected in ["chatd-20261123T053755Z", "chatd-20261123T053755Z-2", "chatd-20261123T053755Z-3"] {
            let path = unused(folder.path(), "chatd-", now);
            assert_eq!(path, folder.path().join(expected));
            std::fs::create_dir(path).unwrap();
        }
    }
}
