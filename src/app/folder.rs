//! The data folder: private, locked by one process, with the instance's key.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::umask;

use super::StartError;
use crate::auth::random::random_bytes;
use crate::backup;

/// Bytes of the instance's key.
const KEY_BYTES: usize = 32;

/// The file whose lock says who serves.
const LOCK: &str = "lock";

/// Whatever is made from here on is the owner's alone.
pub(super) fn keep_private() {
    umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Whether a chatd serves the folder.
pub(super) fn is_locked(path: &Path) -> bool {
    let lock = File::open(path.join(LOCK));
    lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
}

/// The folder of the certificate of our own, in a data folder.
pub(super) fn certificate(data: &Path) -> PathBuf {
    data.join("tls")
}

/// The process that serves the folder, if the system tells.
pub(super) fn holder(path: &Path) -> Option<u32> {
    let number = std::fs::metadata(path.join(LOCK)).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF`, the last of the three being the file's number (proc_locks(5)).
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, process, file) = (words.next()?, words.nth(2)?, words.next()?);
        let is_it = kind == "FLOCK" && file.rsplit(':').next()?.parse() == Ok(number);
        process.parse().ok().filter(|_| is_it)
    })
}

/// An open data folder; locked until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Only held: closing it gives the lock back.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, closes it to others, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, StartError> {
        let unusable = |error: io::Error| StartError::Folder(path.to_owned(), error);
        keep_private();
        std::fs::create_dir_all(path).map_err(unusable)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(unusable)?;
        for entry in std::fs::read_dir(path).map_err(unusable)?.flatten() {
            let open = entry.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 != 0);
            if open {
                log::warn!("{} was open to others; it is not any more", entry.path().display());
                std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o600)).map_err(unusable)?;
            }
        }
        let options = &mut OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).mode(0o600).open(path.join(LOCK));
        let lock = lock.map_err(unusable)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            Errno::WOULDBLOCK => StartError::Locked(path.to_owned()),
            error => unusable(error.into()),
        })?;
        if let Some(aside) = backup::finish(path).map_err(unusable)? {
            log::warn!("a restore that was cut off is finished; what it replaced is in {}", aside.display());
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The database's file.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(backup::DATABASE)
    }

    /// The folder of the certificate of our own.
    pub(super) fn certificate(&self) -> PathBuf {
        certificate(&self.path)
    }

    /// The folder of what people upload.
    pub(super) fn files(&self) -> PathBuf {
        self.path.join(backup::FILES)
    }

    /// The key that signs tokens; made at the first start, kept across restarts and in backups.
    pub(super) fn key(&self) -> Result<[u8; KEY_BYTES], StartError> {
        let path = self.path.join(backup::KEY);
        let unusable = |error: io::Error| StartError::Folder(path.clone(), error);
        match File::open(&path) {
            Ok(mut file) => {
                let mut key = [0; KEY_BYTES];
                file.read_exact(&mut key).map_err(unusable)?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key: [u8; KEY_BYTES] = random_bytes().map_err(|error| unusable(io::Error::other(error)))?;
                // Written aside and renamed, so that a power cut leaves a whole key or none.
                let aside = self.path.join("key.new");
                let mut file = OpenOptions::new()
                    .create(true)
                    .truncate(true)
                    .write(true)
                    .mode(0o600)
                    .open(&aside)
                    .map_err(unusable)?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(unusable)?;
                std::fs::rename(&aside, &path).map_err(unusable)?;
                File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(unusable)?;
                Ok(key)
            }
            Err(error) => Err(unusable(error)),
        }
    }
}
