//! What an instance can be told: every option, with its default.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Key, Registration, Settings, limits};
use crate::net::CertificateFiles;
use crate::push;

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

/// What certificate is served, if TLS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// One of the owner's.
    Of(CertificateFiles),
    /// One that chatd makes and signs itself.
    SelfSigned,
}

/// Where an option's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// From the command line.
    Flag,
    /// From the environment.
    Environment,
}

/// The environment's variable of an option.
pub fn variable(flag: &str) -> String {
    format!("CHATD_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

/// An option as it was given, for whoever asks how the instance is set up.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its flag, without hyphens in front.
    pub flag: &'static str,
    /// What was given, and how; none if nothing was. What is secret is not told.
    pub given: Option<(Given, String)>,
    /// What it is otherwise, in words.
    pub default: &'static str,
}

/// All options, with their defaults.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the command line's table describes each")]
pub struct Options {
    pub listen: SocketAddr,
    /// Also PEM files: both or neither.
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_self_signed: bool,
    pub http_listen: Option<SocketAddr>,
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
    pub push: bool,
    /// Empty: what `push_contact()` makes of the public URL.
    pub push_contact: String,
    pub push_local: Vec<push::Local>,
    pub push_content: bool,
    pub push_roots: Option<PathBuf>,
    pub static_dir: Option<PathBuf>,
    /// Each as it was given, in the order of the table.
    pub told: Vec<Told>,
}

impl Options {
    /// What counts as long as no administrator has set anything else.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            name: self.name.clone(),
            registration: self.registration,
            admins_create_servers: self.admins_create_servers,
            admins_invites_register: self.admins_invites_register,
            password_min: self.password_min,
            upload_bytes: self.upload_max,
            user_files_bytes: self.user_files,
        }
    }

    /// Which of these somebody gave.
    pub(super) fn given(&self) -> Vec<Key> {
        let is_given = |key: &Key| self.told.iter().any(|told| told.flag == key.flag() && told.given.is_some());
        Key::ALL.iter().copied().filter(is_given).collect()
    }

    /// The certificate that is asked for.
    ///
    /// # Errors
    /// What does not go together.
    pub fn certificate(&self) -> Result<Option<Certificate>, &'static str> {
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(_), Some(_)) if self.tls_self_signed => {
                return Err("--tls self-signed makes a certificate of its own: leave --tls-cert and --tls-key out");
            }
            (Some(certificate), Some(key)) => {
                let (certificate, key) = (certificate.clone(), key.clone());
                Some(Certificate::Of(CertificateFiles { certificate, key }))
            }
            (None, None) => self.tls_self_signed.then_some(Certificate::SelfSigned),
            (Some(_), None) => return Err("--tls-cert needs the certificate's key: --tls-key"),
            (None, Some(_)) => return Err("--tls-key needs its certificate: --tls-cert"),
        };
        if certificate.is_none() && self.http_listen.is_some() {
            return Err("--http-listen sends people on to https, which needs --tls-cert and --tls-key, or --tls");
        }
        if certificate.is_some() && self.public_url.starts_with("http://") {
            return Err("--public-url begins with http://, but with TLS people come by https://");
        }
        Ok(certificate)
    }

    /// The host of the public URL, without brackets.
    pub(super) fn public_host(&self) -> Option<&str> {
        let authority = self.public_url.split_once("://")?.1.split('/').next()?;
        match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => authority.split(':').next(),
        }
    }

    /// Whom push services may write to (RFC 8292 §2.1): as configured, else the public URL if it is https, else the
    /// administrator of its host.
    pub(super) fn push_contact(&self) -> String {
        match (self.push_contact.as_str(), self.public_url.as_str()) {
            ("", url) if url.starts_with("https://") => url.to_owned(),
            ("", _) => format!("mailto:admin@{}", self.public_host().unwrap_or("chatd.invalid")),
            (contact, _) => contact.to_owned(),
        }
    }

    /// How pushes are sent, if they are.
    pub(super) fn push_settings(&self) -> Option<push::Settings> {
        self.push.then(|| push::Settings {
            local: self.push_local.clone(),
            contact: self.push_contact(),
            content: self.push_content,
            roots: self.push_roots.clone(),
        })
    }

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
            tls_cert: None,
            tls_key: None,
            tls_self_signed: false,
            http_listen: None,
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
            push: true,
            push_contact: String::new(),
            push_local: Vec::new(),
            push_content: true,
            push_roots: None,
            static_dir: None,
            told: Vec::new(),
        }
    }
}
