//! Why a backup, a restore or a check failed. Each says what to do.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::store::OpenError;

/// What is wrong is listed up to here.
const FINDINGS: usize = 5;

/// Why it failed.
#[derive(Debug)]
pub enum Failure {
    /// Whoever watches said so.
    Stopped,
    /// Another process makes a backup there.
    Busy(PathBuf),
    /// The disk has no room: bytes that are wanted, and the folder.
    NoRoom(u64, PathBuf),
    /// The folder is no backup.
    NoBackup(PathBuf),
    /// The data folder has no database.
    NoData(PathBuf),
    /// A newer chatd made the backup in a way that this one does not know.
    Format(PathBuf, u32),
    /// The backup is not what its manifest says: what is wrong.
    Damaged(PathBuf, Vec<String>),
    /// A chat stands where one is to be restored.
    Occupied(PathBuf),
    /// The database cannot be opened; among others, as a newer chatd wrote it.
    Open(OpenError),
    /// The database cannot be read or copied.
    Database(PathBuf, rusqlite::Error),
    /// A file or folder cannot be read or written.
    File(PathBuf, io::Error),
}

impl Failure {
    /// What the file system said about `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File(path, error)
    }

    /// What SQLite said about `path`.
    pub(super) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |error| match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Stopped,
            Some(ErrorCode::DiskFull) => Self::NoRoom(0, path),
            _ => Self::Database(path, error),
        }
    }

    /// Whether data or a backup is damaged.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(..) => true,
            Self::Open(error) => error.is_damage(),
            Self::Database(_, error) => {
                matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
            _ => false,
        }
    }

    /// Whether reading or writing failed, rather than that something else has to be done first.
    pub fn is_io(&self) -> bool {
        match self {
            Self::Open(error) => error.is_io(),
            Self::File(_, error) => !is_forbidden(error),
            Self::Stopped | Self::NoRoom(..) | Self::Database(..) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stopped => f.write_str("it was stopped; nothing is changed"),
            Self::Busy(folder) => {
                write!(f, "another backup into {} is being made: wait until it is done", folder.display())
            }
            Self::NoRoom(0, folder) => {
                write!(f, "the disk of {} is full: make room, or use a folder on another disk", folder.display())
            }
            Self::NoRoom(wanted, folder) => write!(
                f,
                "the disk of {} has no room for {} MiB beside its reserve: make room, use a folder on another disk, or \
                 lower --disk-reserve",
                folder.display(),
                wanted.div_ceil(1024 * 1024)
            ),
            Self::NoBackup(folder) => write!(
                f,
                "{} is no backup: name a folder like chatd-20261123T053755Z that 'chatd backup' made",
                folder.display()
            ),
            Self::NoData(folder) => {
                write!(f, "{} has no chat in it: name the data folder with --data or CHATD_DATA", folder.display())
            }
            Self::Format(folder, format) => write!(
                f,
                "{} was made by a newer chatd (format {format}; this one, {}, knows {}): use the newer one",
                folder.display(),
                env!("CARGO_PKG_VERSION"),
                super::manifest::FORMAT
            ),
            Self::Damaged(folder, findings) => {
                write!(f, "{} is damaged, use an older one: ", folder.display())?;
                f.write_str(&findings.iter().take(FINDINGS).map(String::as_str).collect::<Vec<_>>().join("; "))?;
                match findings.len().checked_sub(FINDINGS) {
                    Some(more @ 1..) => write!(f, "; and {more} more"),
                    _ => Ok(()),
                }
            }
            Self::Occupied(folder) => write!(
                f,
                "{0} has a chat in it: restore into an empty folder, or with --replace, which keeps what is there now \
                 in {0}/replaced-…",
                folder.display()
            ),
            Self::Open(error) => write!(f, "{error}"),
            Self::Database(path, error) => write!(f, "{}: {error}", path.display()),
            Self::File(path, error) if is_forbidden(error) => {
                write!(
                    f,
                    "{}: {error}: run this as the user who owns the data, who may also write there",
                    path.display()
                )
            }
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

/// Whether somebody else could do it.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

impl std::error::Error for Failure {}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}
