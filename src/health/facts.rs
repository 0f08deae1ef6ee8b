//! What is known of an instance. What is not known is none, and no rule speaks of it.

use std::net::{IpAddr, SocketAddr};

use super::Device;
use crate::model::Timestamp;

/// All that is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The data folder, if there is no database in it.
    pub empty: Option<String>,
    /// Whether a chatd serves the folder.
    pub served: bool,
    /// Why the database cannot be read.
    pub unreadable: Option<String>,
    /// The version of the database's schema, and the latest that this chatd knows.
    pub schema: Option<(i64, i64)>,
    /// Whether writes work, as far as is known.
    pub writable: Option<bool>,
    /// The user whose the folder is, and something in it that is another's.
    pub foreign: Option<(u32, String)>,
    /// The clock.
    pub clock: Clock,
    /// What room there is.
    pub room: Room,
    /// The disk that the data is on.
    pub device: Option<Device>,
    /// Backups.
    pub backups: Backups,
    /// Who reaches it, and how.
    pub exposure: Exposure,
    /// What 99 of 100 commits took at most, in milliseconds, and how many there were.
    pub sync: Option<(f64, u64)>,
    /// What is given up because writes are late.
    pub given_up: Vec<String>,
    /// In how much of the last minute something of the process waited for memory, in percent.
    pub memory_stalled: Option<f64>,
    /// Connections, at most, as configured.
    pub connections: u64,
    /// File descriptors that the process may have.
    pub open_files: Option<u64>,
    /// Threads that the service may have.
    pub tasks: Option<u64>,
}

/// The clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// What it says.
    pub now: Option<Timestamp>,
    /// The latest that it is known to have said.
    pub seen: Option<Timestamp>,
}

/// What room there is, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room {
    /// What may still be written to the disk, and all there is.
    pub disk: Option<(u64, u64)>,
    /// What uploads and backups leave free.
    pub reserve: u64,
    /// Whether the file that is kept for a full disk had to be given up.
    pub short: bool,
    /// The database's write-ahead log.
    pub log: Option<u64>,
}

/// Backups.
#[derive(Clone, Debug, Default)]
pub struct Backups {
    /// Where they are put; none if they are off.
    pub folder: Option<String>,
    /// The disk that this is on.
    pub device: Option<Device>,
    /// How old the last proven one is, in seconds of the instance's life.
    pub age_s: Option<u64>,
    /// How old the instance is.
    pub instance_age_s: Option<u64>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Who reaches it, and how.
#[derive(Clone, Debug, Default)]
pub struct Exposure {
    /// Where it listens.
    pub listen: Option<SocketAddr>,
    /// Where people reach it; empty if not told.
    pub public_url: String,
    /// Whether proxies are trusted.
    pub proxies: bool,
    /// Whether everybody may make an account.
    pub open: bool,
    /// Whether the first account is still to be made.
    pub setup_required: Option<bool>,
    /// Whether rates are limited.
    pub rate_limits: bool,
    /// Whether chatd speaks TLS with a certificate of its own making.
    pub self_signed: bool,
    /// When the certificate ends.
    pub certificate_ends: Option<Timestamp>,
    /// Whether chatd is installed as a service.
    pub is_service: bool,
}

impl Exposure {
    /// Whether nobody but this machine reaches it, as far as its address says.
    pub fn is_loopback(&self) -> bool {
        self.listen.is_some_and(|listen| listen.ip().is_loopback())
    }

    /// The host of the public URL, without brackets and port.
    fn host(&self) -> Option<&str> {
        let authority = self.public_url.split_once("://")?.1.split('/').next()?;
        match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => authority.split(':').next(),
        }
    }

    /// Whether the public URL has a name that the whole internet may know.
    pub fn is_public_name(&self) -> bool {
        let Some(host) = self.host() else { return false };
        if let Ok(address) = host.parse::<IpAddr>() {
            return !is_private(address);
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        // Names of home networks (RFC 6762, RFC 8375, and what routers make up), and what ends at an onion.
        const OWN: &[&str] =
            &[".local", ".localhost", ".lan", ".home", ".home.arpa", ".internal", ".fritz.box", ".onion", ".test"];
        host.contains('.') && !OWN.iter().any(|end| host.ends_with(end))
    }

    /// Whether strangers may come by: by a public name, a proxy, or an address of the internet.
    pub fn is_public(&self) -> bool {
        let direct = self.listen.is_some_and(|listen| !listen.ip().is_unspecified() && !is_private(listen.ip()));
        self.is_public_name() || self.proxies || direct
    }
}

/// Whether an address is this machine's or its network's alone.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::Exposure;

    #[test]
    fn names_of_a_home_network_are_no_public_names() {
        let is_public = |url: &str| Exposure { public_url: url.to_owned(), ..Exposure::default() }.is_public_name();
        for own in [
            "",
            "http://pi",
            "http://pi.local:8080",
            "http://192.168.1.5/chat",
            "http://[fd00::1]:8080",
            "http://PI.FRITZ.BOX.",
            "http://[::ffff:10.0.0.1]",
            "http://127.0.0.1",
        ] {
            assert!(!is_public(own), "{own}");
        }
        for public in ["http://chat.example", "https://203.0.113.1:8443/x", "http://[2001:db8::1]/"] {
            assert!(is_public(public), "{public}");
        }
    }
}
