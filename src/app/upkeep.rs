//! What the command line does with a data folder beside serving it: backup, restore, check.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::folder::{self, Folder};
use super::{Options, StartError};
use crate::backup::{self, Failure, Line, Made, Making, Restored, Restoring, SharedWatch};

/// Why it cannot be done. Each says what to do.
#[derive(Debug)]
pub enum UpkeepError {
    /// The data folder cannot be had.
    Start(StartError),
    /// The data folder belongs to this user: what root made in it, chatd could not use.
    Owner(PathBuf, u32),
    /// No folder is named, and backups are off.
    Off,
    /// The work itself.
    Failure(Failure),
}

impl std::fmt::Display for UpkeepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start(error) => write!(f, "{error}"),
            Self::Owner(folder, user) => write!(
                f,
                "{} belongs to user {user}, who could not use what root makes in it: run this as that user \
                 (sudo -u '#{user}' chatd …)",
                folder.display()
            ),
            Self::Off => f.write_str("backups are off: name the folder to put one into, as in 'chatd backup /mnt/usb'"),
            Self::Failure(failure) => write!(f, "{failure}"),
        }
    }
}

impl std::error::Error for UpkeepError {}

impl From<Failure> for UpkeepError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Whether a chatd serves the data folder: who works beside it then rests now and then.
pub fn is_served(options: &Options) -> bool {
    folder::is_locked(&options.data)
}

/// Locks the data folder, to work on it.
///
/// # Errors
/// [`UpkeepError`].
pub(super) fn lock(options: &Options) -> Result<Folder, UpkeepError> {
    begin(options)?;
    Folder::open(&options.data).map_err(UpkeepError::Start)
}

/// Makes a backup, into the configured folder unless another is named.
///
/// # Errors
/// [`UpkeepError`].
pub fn backup(options: &Options, into: Option<&Path>, watch: SharedWatch) -> Result<Made, UpkeepError> {
    begin(options)?;
    let configured = options.backup_folder();
    let into = into.or(configured.as_deref()).ok_or(UpkeepError::Off)?;
    let making = Making { data: &options.data, into, reserve: options.disk_reserve, lived_s: None, watch };
    Ok(backup::make(&making)?)
}

/// Puts a backup into the data folder; with `replace` in the place of what is there, which is kept aside.
///
/// # Errors
/// [`UpkeepError`].
pub fn restore(options: &Options, from: &Path, replace: bool, watch: SharedWatch) -> Result<Restored, UpkeepError> {
    let _folder = lock(options)?;
    Ok(backup::restore(&Restoring { data: &options.data, from, replace, watch })?)
}

/// Says how the data folder is, or the backup that is named.
///
/// # Errors
/// [`UpkeepError`]; what is wrong with the data is no error but said.
pub fn check(options: &Options, backup: Option<&Path>, watch: &SharedWatch) -> Result<Vec<Line>, UpkeepError> {
    if let Some(backup) = backup {
        return Ok(backup::check_backup(backup, watch)?);
    }
    begin(options)?;
    Ok(backup::check(&options.data, options.backup_folder().as_deref(), watch)?)
}

/// What is made is its owner's alone, and its owner is who owns the data.
fn begin(options: &Options) -> Result<(), UpkeepError> {
    folder::keep_private();
    let owner = std::fs::metadata(&options.data).map(|meta| meta.uid());
    match owner {
        Ok(owner) if owner != 0 && rustix::process::geteuid().is_root() => {
            Err(UpkeepError::Owner(options.data.clone(), owner))
        }
        _ => Ok(()),
    }
}
