//! What an instance can be told: every option, with its default.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::chat::Registration;
use crate::model::limits;

/// Where backups are put while it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backups {
    /// Into a folder of the data folder.
    InData,
    /// Into this folder.
    In(PathBuf),
    /// Nowhere.
    Off,
}

/// All options, with their defaults.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the command line's table describes each")]
pub struct Options {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub name: String,
    pub registration: Registration,
    pub setup_code: Option<String>,
    pub public_url: String,
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    pub rate_limits: bool,
    pub admins_create_servers: bool,
    pub admins_invites_register: bool,
    pub password_min: usize,
    pub heartbeat_interval: Duration,
    pub connections: usize,
    pub connections_per_address: usize,
    /// In bytes.
    pub upload_max: u64,
    /// In bytes.
    pub user_files: u64,
    /// In bytes; none: what suits the disk.
    pub disk_reserve: Option<u64>,
    pub backups: Backups,
    pub backup_keep: usize,
    /// How often; the command line has no word for it.
    pub backup_every: Duration,
    /// How long after the start at the earliest, as above.
    pub backup_after: Duration,
    pub static_dir: Option<PathBuf>,
}

impl Options {
    /// The folder that backups are put into, if they are.
    pub fn backup_folder(&self) -> Option<PathBuf> {
        match &self.backups {
            Backups::InData => Some(self.data.join("backups")),
            Backups::In(folder) => Some(folder.clone()),
            Backups::Off => None,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            name: "chatd".to_owned(),
            registration: Registration::Open,
            setup_code: None,
            public_url: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            rate_limits: true,
            admins_create_servers: false,
            admins_invites_register: false,
            password_min: limits::PASSWORD_MIN,
            heartbeat_interval: limits::HEARTBEAT_INTERVAL,
            connections: limits::CONNECTIONS,
            connections_per_address: limits::CONNECTIONS_PER_ADDRESS,
            upload_max: limits::UPLOAD_BYTES,
            user_files: limits::USER_FILES_BYTES,
            disk_reserve: None,
            backups: Backups::InData,
            backup_keep: limits::BACKUPS_KEPT,
            backup_every: limits::BACKUP_EVERY,
            backup_after: limits::BACKUP_AFTER,
            static_dir: None,
        }
    }
}
