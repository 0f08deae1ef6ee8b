//! What an administrator is told.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Timestamp;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does not work, or data is in danger.
    Error,
    /// It works, but will not for long, or not for everybody.
    Warning,
    /// Good to know.
    Notice,
}

impl Severity {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Something that the owner should know, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Its name, which stays the same.
    pub code: &'static str,
    /// What is the matter.
    pub text: String,
    /// What to do.
    pub advice: String,
}

/// How the instance does.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Report {
    /// The version of chatd.
    pub version: &'static str,
    /// When the process was started, by its clock.
    pub started_at: Timestamp,
    /// Seconds since then, which no clock that jumps changes.
    pub uptime_s: u64,
    /// Accounts.
    pub users: u64,
    /// People who are there.
    pub online: u64,
    /// Gateway sessions; those that may still be resumed among them.
    pub gateways: u64,
    /// Open connections.
    pub connections: u64,
    /// Servers.
    pub servers: u64,
    /// Messages, as of the last backup; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(default))]
    pub messages_approximate: Option<u64>,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// How busy the machine is, if that is known.
    pub load: Option<Load>,
    /// The disk that the data is on.
    pub disk: Disk,
    /// How long this process's commits took until they were on disk.
    pub sync: Sync,
    /// How late writes and events are.
    pub pressure: Late,
    /// Backups.
    pub backup: Backup,
    /// What the owner should know, the worst first.
    pub findings: Vec<Finding>,
}

/// How busy the machine is.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Load {
    /// Its load average over a minute.
    pub one_minute: f64,
    /// Its cores.
    pub cores: u64,
}

/// The disk that the data is on, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Disk {
    /// What may still be written.
    pub free_bytes: u64,
    /// All there is.
    pub total_bytes: u64,
    /// The database's file.
    pub database_bytes: u64,
    /// Its write-ahead log.
    pub log_bytes: u64,
    /// What people uploaded, with thumbnails.
    pub files_bytes: u64,
    /// About what the backups take, wherever they are; null if none are made.
    pub backups_bytes: Option<u64>,
}

/// How long commits took, in milliseconds; null while there is none.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Sync {
    /// How many there were.
    pub count: u64,
    /// Half of them took at most this.
    pub p50_ms: Option<f64>,
    /// 99 of 100 took at most this.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

/// How late writes and events are.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Late {
    /// How long the oldest has waited, in milliseconds.
    pub late_ms: u64,
    /// What is given up meanwhile, as in `/readyz`.
    pub given_up: Vec<&'static str>,
}

/// Backups.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Backup {
    /// Where they are put; null if none are made.
    pub folder: Option<String>,
    /// When the last proven one was begun, by the clock of then.
    pub last_proven_at: Option<String>,
    /// Its age in seconds of the instance's life.
    pub age_s: Option<u64>,
    /// Why the last try failed; null if it did not.
    pub last_error: Option<String>,
}
