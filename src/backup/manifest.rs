//! What must be in a backup, in `manifest.json`.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Failure;
use super::sums::{self, Sum};
use crate::store::inspector::Rows;

/// The manifest's file.
pub(super) const MANIFEST: &str = "manifest.json";
/// How backups of this chatd are laid out.
pub(super) const FORMAT: u32 = 1;

/// What must be in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// How the backup is laid out.
    pub format: u32,
    /// Above that of each backup that was in the folder: their order, whatever the clock said.
    pub number: u64,
    /// Whose it is: when the instance was made, in milliseconds. Others may have theirs in the same folder.
    pub instance: i64,
    /// The wall clock, RFC 3339.
    pub made_at: String,
    /// See `instance.lived_s`: the backup's age counts from here.
    pub lived_s: i64,
    /// The version of the chatd that made it.
    pub chatd: String,
    /// The version of the database's schema.
    pub schema: i64,
    /// The database in bytes.
    pub database_bytes: u64,
    /// Rows of the database, by table, counted before it was copied.
    pub rows: Rows,
    /// Files that the database names, thumbnails aside, and are there.
    pub files: u64,
    /// What these and their thumbnails take, in bytes.
    pub file_bytes: u64,
    /// Files that the database names and that were not in the data folder.
    pub missing_files: u64,
    /// SHA-256 of `SHA256SUMS`, in hex.
    pub sums: String,
}

impl Manifest {
    /// The number of rows of a table; 0 if there is none.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }

    pub(super) fn write(&self, backup: &Path) -> Result<(), Failure> {
        let path = backup.join(MANIFEST);
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from).map_err(Failure::file(&path))?;
        std::fs::write(&path, text + "\n").map_err(Failure::file(&path))
    }

    /// Reads the manifest of a backup.
    pub(super) fn read(backup: &Path) -> Result<Self, Failure> {
        let path = backup.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Failure::NoBackup(backup.to_owned()),
            _ => Failure::File(path, error),
        })?;
        let damaged = |error| Failure::Damaged(backup.to_owned(), vec![format!("{MANIFEST}: {error}")]);
        let known: Format = serde_json::from_str(&text).map_err(damaged)?;
        if known.format > FORMAT {
            return Err(Failure::Format(backup.to_owned(), known.format));
        }
        serde_json::from_str(&text).map_err(damaged)
    }

    /// Whether the list of sums is the one that was made with it.
    pub(super) fn has_sums(&self, sum: &Sum) -> bool {
        sums::hex(sum) == self.sums
    }
}

/// What every format's manifest has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}
