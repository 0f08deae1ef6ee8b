//! Puts the rooms together: starts them in order, hands requests to whom they belong, stops them in order.

mod backups;
mod certificate;
pub mod control;
mod folder;
mod keeper;
pub mod log;
mod notify;
mod options;
mod pace;
mod service;
pub mod upkeep;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backups::Proven;
use control::Control;
use folder::Folder;
use keeper::Keeper;
use notify::Watchdog;
pub use options::{Backups, Certificate, Given, Options, Told, variable};
use service::App;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::auth::{Keys, Passwords, Rates, Throttles};
use crate::chat::{self, Chat, Config, Shared, Writing};
use crate::gateway::{Feed, Gateway};
use crate::media::Media;
use crate::model::Error;
use crate::net::{self, Server, Tls};
use crate::rest::{Gauge, Rest};
use crate::store::{OpenError, Store};
use crate::web::Web;

/// How long requests that run may take to finish at a shutdown.
const DRAIN: Duration = Duration::from_secs(3);

/// Why chatd cannot start. Each says what to do.
#[derive(Debug)]
pub enum StartError {
    /// The data folder cannot be used.
    Folder(PathBuf, std::io::Error),
    /// Another chatd uses the data folder.
    Locked(PathBuf),
    /// The database cannot be opened.
    Database(OpenError),
    /// The address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The certificate cannot be used.
    Tls(String),
    /// The system has no threads or file descriptors left.
    System(std::io::Error),
    /// A first write failed.
    Store(Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path, error) => write!(
                f,
                "{} cannot be used: {error}; give chatd a folder that it owns, with --data or CHATD_DATA",
                path.display()
            ),
            Self::Locked(path) => {
                write!(f, "another chatd runs on {}: stop it first, or use another --data folder", path.display())
            }
            Self::Database(error) => write!(f, "{error}"),
            Self::Listen(address, error) => {
                write!(f, "cannot listen on {address}: {error}; choose another address with --listen or CHATD_LISTEN")
            }
            Self::Tls(why) => write!(f, "no TLS: {why}; --tls-cert and --tls-key name PEM files that chatd may read"),
            Self::System(error) => write!(f, "the system refuses: {error}"),
            Self::Store(error) => write!(f, "the database cannot be written: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A server that runs. Dropping it stops it.
pub struct Running {
    server: Server,
    tls: Option<Arc<Tls>>,
    gateway: Arc<Gateway>,
    keeper: Keeper,
    watchdog: Watchdog,
    backups: backups::Backups,
    control: Control,
    chat: Arc<Chat>,
    setup_code: Option<String>,
    stopped: bool,
    /// Held until everything else has ended.
    _folder: Folder,
}

/// Why a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A signal said so.
    Asked,
    /// Events could not be delivered any more: only another start mends that.
    Broken,
}

/// Starts everything; returns when the first request can be answered.
///
/// # Errors
/// [`StartError`].
pub fn run(options: Options) -> Result<Running, StartError> {
    let folder = Folder::open(&options.data)?;
    let keys = Keys::from_bytes(&folder.key()?);
    let feed = Feed::new().map_err(StartError::System)?;
    let config = config(&options);
    let store =
        Store::open(&folder.database(), config.base_path(), Arc::clone(&feed) as _).map_err(StartError::Database)?;
    let chat = Arc::new(Chat::new(store, Arc::new(Shared::new(config, keys))));
    chat.take_up_settings().map_err(StartError::Store)?;
    let configured = options.setup_code.clone();
    let setup_code = first(&chat, move |cx| chat::instance::setup_code(cx, configured.as_deref()))?;
    let setup_code = setup_code.filter(|_| chat.config().needs_setup_code(&chat.settings()));
    let files = folder.files();
    let media = Media::open(&files, options.disk_reserve, Arc::clone(chat.pressure()));
    let media = media.map_err(|error| StartError::Folder(files, error))?;
    let media = Arc::new(media);
    let end = first(&chat, chat::files::end_of_earlier)?;
    let gateway = Gateway::start(Arc::clone(&chat), feed).map_err(StartError::System)?;
    let throttles = if options.rate_limits { Throttles::new(&Rates::default()) } else { Throttles::off() };
    let proven = Proven::new();
    let rest = Rest::new(Arc::clone(&chat), Arc::clone(&media), Passwords::new(), throttles);
    let rest = rest.with_gauges({
        let (chat, proven) = (Arc::clone(&chat), Arc::clone(&proven));
        move || {
            let unindexed = Gauge {
                name: "chatd_search_waiting_messages",
                help: "Messages that are still to come into the search index; searches look through them one by one.",
                value: chat.store().unindexed() as u64,
            };
            proven.gauge(chat.store().lived_s()).into_iter().chain([unindexed]).collect()
        }
    });
    let web = Web::new(chat.config().base_path(), chat.config().is_https(), options.static_dir.clone());
    let https = (!options.public_url.is_empty()).then(|| chat.config().is_https());
    let base = chat.config().base_path().to_owned();
    let app = App { rest, gateway: Arc::clone(&gateway), web, https, base };
    let tls = tls(&options, &folder)?.map(Arc::new);
    let net_config = net::Config {
        listen: options.listen,
        trusted_proxies: options.trusted_proxies.clone(),
        connections: options.connections,
        connections_per_address: options.connections_per_address,
        tls: tls.clone(),
        https_origin: chat.config().public_origin().to_owned(),
        http_listen: options.http_listen,
    };
    let server =
        Server::start(net_config, Arc::new(app)).map_err(|(address, error)| StartError::Listen(address, error))?;
    let keeper = Keeper::start(Arc::clone(&chat), media, end).map_err(StartError::System)?;
    let is_well = {
        let (chat, gateway) = (Arc::clone(&chat), Arc::clone(&gateway));
        move || chat.store().answers() && gateway.answers()
    };
    let watchdog = Watchdog::start(is_well).map_err(StartError::System)?;
    let backups = backups::Backups::start(&options, Arc::clone(&chat), proven).map_err(StartError::System)?;
    let control =
        Control::start(&options, Arc::clone(&chat)).map_err(|error| StartError::Folder(options.data.clone(), error))?;
    let running = Running {
        keeper,
        watchdog,
        backups,
        control,
        server,
        tls,
        gateway,
        chat,
        setup_code,
        stopped: false,
        _folder: folder,
    };
    running.greet(&options);
    notify::ready();
    Ok(running)
}

/// A first write. On a full disk a try that fails gives the reserve up, and the next one has room.
fn first<T: Send + 'static>(
    chat: &Chat,
    rule: impl FnOnce(&mut Writing<'_, '_>) -> Result<T, Error> + Clone + Send + 'static,
) -> Result<T, StartError> {
    chat.write(rule.clone()).or_else(|_| chat.write(rule)).map_err(StartError::Store)
}

/// The certificate that people are shown, if TLS is spoken.
fn tls(options: &Options, folder: &Folder) -> Result<Option<Tls>, StartError> {
    let files = match options.certificate().map_err(|rule| StartError::Tls(rule.to_owned()))? {
        None => return Ok(None),
        Some(Certificate::Of(files)) => files,
        Some(Certificate::SelfSigned) => {
            let folder = folder.certificate();
            certificate::own(&folder, &names(options)).map_err(|error| StartError::Folder(folder, error))?
        }
    };
    Tls::load(files).map(Some).map_err(StartError::Tls)
}

/// The names that this machine may be reached by.
fn names(options: &Options) -> Vec<String> {
    let machine = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    // Names found by multicast (RFC 6762), as on most home networks.
    let local = format!("{}.local", machine.split('.').next().unwrap_or_default());
    let own = Some(options.listen.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string());
    let public = options.public_host().map(str::to_owned);
    let names = [public, Some(local), Some(machine), own, Some("localhost".to_owned())];
    let loopback = ["127.0.0.1".to_owned(), "::1".to_owned()];
    let mut names: Vec<_> = names.into_iter().flatten().chain(loopback).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn config(options: &Options) -> Config {
    // Behind a proxy, whoever comes first need not be somebody at this machine.
    let is_local =
        options.listen.ip().is_loopback() && options.public_url.is_empty() && options.trusted_proxies.is_empty();
    Config {
        otherwise: options.settings(),
        given: options.given(),
        is_local,
        public_url: options.public_url.clone(),
        allowed_origins: options.allowed_origins.clone(),
        heartbeat_interval: options.heartbeat_interval,
    }
}

/// SIGTERM, SIGINT and SIGHUP. To be watched from before the start: what comes in its midst stops the server after it, cleanly.
///
/// # Errors
/// If the system refuses.
pub fn signals() -> Result<Signals, StartError> {
    Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(StartError::System)
}

impl Running {
    /// Where it listens: the port is real also if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The code that the first account needs, while there is none and it does.
    pub fn setup_code(&self) -> Option<&str> {
        self.setup_code.as_deref()
    }

    fn greet(&self, options: &Options) {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        ::log::info!("chatd {} listens on {scheme}://{}", env!("CARGO_PKG_VERSION"), self.address());
        if let Some(tls) = &self.tls {
            ::log::info!("the certificate's fingerprint (SHA-256) is {}", tls.fingerprint());
        }
        let folder = std::path::absolute(&options.data).unwrap_or_else(|_| options.data.clone());
        ::log::info!("everything is kept in {}", folder.display());
        if let Some(code) = &self.setup_code {
            ::log::info!("the first account becomes the administrator; its set-up code is {code}");
        }
        if !options.rate_limits {
            ::log::warn!("RATE LIMITS ARE OFF: this is for tests only");
        }
    }

    /// Waits for a signal, or until events cannot be delivered any more, then stops. A server that answers but tells
    /// nobody anything would look healthy to all but the people who use it.
    pub fn wait_for(mut self, mut signals: Signals) -> Ended {
        let wake = signals.handle();
        self.gateway.on_end(move || wake.close());
        let terminal = std::io::stdin().is_terminal();
        let ended = loop {
            match signals.forever().next() {
                Some(SIGHUP) if self.tls.is_some() || !terminal => self.read_anew(),
                // A terminal that is closed takes along what was started from it.
                Some(_) => break Ended::Asked,
                None => break Ended::Broken,
            }
        };
        match ended {
            Ended::Asked => ::log::info!("stopping"),
            Ended::Broken => ::log::error!("events cannot be delivered any more: stopping, as a restart mends it"),
        }
        self.stop();
        ::log::info!("stopped");
        ended
    }

    /// What SIGHUP asks for: connections that are open stay as they are.
    fn read_anew(&self) {
        match self.tls.as_deref().map(|tls| (tls, tls.reload())) {
            None => ::log::info!("there is no certificate to be read anew; options are read at a start"),
            Some((tls, Ok(()))) => {
                ::log::info!("the certificate is read anew; its fingerprint (SHA-256) is {}", tls.fingerprint());
            }
            Some((_, Err(why))) => ::log::error!("the certificate stays as it was: {why}"),
        }
    }

    /// Stops in order: no new connections, no more of the command line, 1001 to every gateway, requests that run finish, a backup is given up,
    /// files that go are removed, the committer drains and checkpoints. The lock on the folder goes last.
    pub fn stop(&mut self) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        notify::stopping();
        self.server.stop_accepting();
        self.control.stop();
        self.gateway.stop();
        self.watchdog.stop();
        self.server.stop(DRAIN);
        self.backups.stop();
        self.keeper.stop();
        self.chat.store().close();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, Options, run, signals};

    #[test]
    fn a_server_whose_fan_out_has_ended_ends_too_and_says_that_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let options =
            Options { listen: ([127, 0, 0, 1], 0).into(), data: folder.path().join("data"), ..Options::default() };
        for before_it_waits in [true, false] {
            let running = run(options.clone()).unwrap();
            assert!(running.chat.store().answers() && running.gateway.answers());
            let gateway = std::sync::Arc::clone(&running.gateway);
            let signals = signals().unwrap();
            let ended = std::thread::scope(|scope| {
                if before_it_waits {
                    gateway.stop();
                    assert!(!gateway.answers() && running.chat.store().answers());
                    return running.wait_for(signals);
                }
                let waiter = scope.spawn(|| running.wait_for(signals));
                gateway.stop();
                waiter.join().unwrap()
            });
            assert_eq!(ended, Ended::Broken);
        }
    }
}
