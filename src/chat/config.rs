//! How the owner set the instance up, as far as the rules care.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::model::{Key, Registration, Settings};

/// Options that rules depend on.
#[derive(Clone, Debug)]
pub struct Config {
    /// What counts as long as no administrator has set anything else.
    pub otherwise: Settings,
    /// Which of these somebody gave, with a flag or in the environment.
    pub given: Vec<Key>,
    /// Whether only this machine reaches the instance.
    pub is_local: bool,
    /// Where people reach the instance, without a trailing slash; empty if not told.
    pub public_url: String,
    /// Origins of other sites whose pages may connect, as in `https://chat.example`.
    pub allowed_origins: Vec<String>,
    /// Told in HELLO.
    pub heartbeat_interval: Duration,
}

impl Config {
    /// Whether the first account needs the set-up code: always but in `open` where only this machine comes in.
    pub fn needs_setup_code(&self, settings: &Settings) -> bool {
        !self.is_local || settings.registration != Registration::Open
    }

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
    /// public URL, that alone says what people see of a request that was `proxied`, and the scheme of its own host.
    pub fn is_own_origin(&self, origin: &str, host: Option<&str>, proxied: bool) -> bool {
        fn authority(origin: &str) -> Option<&str> {
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        }
        let public = self.public_origin();
        let is = |one: Option<&str>, other: Option<&str>| {
            one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        };
        let public_alone = !public.is_empty() && (proxied || is(authority(public), authority(origin)));
        if public_alone { public.eq_ignore_ascii_case(origin) } else { is(authority(origin), host) }
    }
}

/// The settings as they are now. Whoever reads takes a pointer, and never waits for the disk: they change when a change
/// is on it.
#[derive(Debug)]
pub struct Current(RwLock<Arc<Settings>>);

impl Current {
    /// Those that count at first.
    pub fn new(settings: Settings) -> Self {
        Self(RwLock::new(Arc::new(settings)))
    }

    /// As they are.
    pub fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on they are others.
    pub(super) fn set(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}
