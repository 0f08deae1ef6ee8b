//! How the owner set the instance up, as far as the rules care.

use std::time::Duration;

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Who holds a valid invite to a server.
    Invite,
    /// Nobody.
    Closed,
}

impl Registration {
    /// The name in options and in `/instance`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// Options that rules depend on.
#[derive(Clone, Debug)]
pub struct Config {
    /// The instance's name.
    pub name: String,
    /// Who may make an account.
    pub registration: Registration,
    /// Whether the first account needs the set-up code: always but in `open` on loopback.
    pub setup_code_needed: bool,
    /// Where people reach the instance, without a trailing slash; empty if not told.
    pub public_url: String,
    /// Origins of other sites whose pages may connect, as in `https://chat.example`.
    pub allowed_origins: Vec<String>,
    /// Whether only administrators create servers.
    pub admins_create_servers: bool,
    /// Whether only administrators' invites make accounts.
    pub admins_invites_register: bool,
    /// Characters in a password, at least.
    pub password_min: usize,
    /// What a user's files may take on disk, in bytes.
    pub user_files_bytes: u64,
    /// An upload, at most, in bytes.
    pub upload_bytes: u64,
    /// Told in HELLO.
    pub heartbeat_interval: Duration,
}

impl Config {
    /// The path part of the public URL: empty, or like `/chat`.
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("")
    }

    /// Whether people reach the instance by https.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The origin of the public URL; empty if not told.
    pub fn public_origin(&self) -> &str {
        self.public_url.strip_suffix(self.base_path()).unwrap_or(&self.public_url)
    }

    /// Whether a page of `origin` is ours: of the public URL's origin, or of the `host` that it asks. Where there is a
    /// public URL, that alone says what people see of a request that was `proxied`, and the scheme of its own host. Of
    /// what came by https (`secure`) no page is ours that did not: anybody on the way may have made it.
    pub fn is_own_origin(&self, origin: &str, host: Option<&str>, proxied: bool, secure: bool) -> bool {
        fn authority(origin: &str) -> Option<&str> {
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        }
        let public = self.public_origin();
        let is = |one: Option<&str>, other: Option<&str>| {
            one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        };
        let public_alone = !public.is_empty() && (proxied || is(authority(public), authority(origin)));
        if public_alone {
            return public.eq_ignore_ascii_case(origin);
        }
        is(authority(origin), host) && (!secure || origin.starts_with("https://"))
    }
}
