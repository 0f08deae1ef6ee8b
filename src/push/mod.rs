//! Notifications by push: who is told of what while they do not look, by the push services of their browsers, which
//! learn neither what was written nor by whom (RFC 8030, 8291, 8292).
//!
//! The way of one: the fan-out shows each event to [`Push::see`], which keeps those that matter; the thread `push`
//! (`watch`) finds out whom they concern and puts an entry into the `queue`; the thread `push-sender` (`send`) makes
//! each push anew from the database when it is due, so that it says what its reader may see then. Nobody who writes
//! waits for any of this, and where nobody has subscribed it costs a look at a flag.
//!
//! What waits is in memory alone: after a stop or a crash it is not sent any more. Whoever opens the program sees what is
//! unread, whether they were told or not.

mod client;
mod guard;
mod log;
mod queue;
mod roots;
mod seal;
mod send;
mod watch;
mod zones;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::Brake;
pub use guard::{Guard, Local};
use log::Log;
use queue::{Address, Queue, Task};

use crate::auth::Vapid;
use crate::chat::Chat;
use crate::chat::push::Wanted;
use crate::model::push::{Endpoint, NewPushSubscription, PushDelivery, PushKeys, PushSubscription};
use crate::model::{ChannelId, Code, Error, Event, Result, UserId, Witness, limits};

/// How the owner wants it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Places that are not public and may be sent to all the same.
    pub local: Vec<Local>,
    /// Whom push services may write to: a `mailto:` or an address of the web.
    pub contact: String,
    /// Whether pushes say what was written.
    pub content: bool,
    /// Whose certificates are believed; none is those of the system.
    pub roots: Option<PathBuf>,
}

/// Whether somebody has a channel before their eyes.
pub type Looks = Box<dyn Fn(UserId, ChannelId) -> bool + Send + Sync>;

/// Pushes, as other rooms know them.
pub struct Push {
    vapid: Vapid,
    guard: Guard,
    settings: Settings,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    brake: Mutex<Option<Arc<Brake>>>,
}

/// What those who tell of events and the two threads share.
struct Shared {
    /// Whether anybody has subscribed.
    any: AtomicBool,
    inbox: Mutex<watch::Inbox>,
    arrived: Condvar,
    queue: Mutex<Outgoing>,
    changed: Condvar,
    log: Mutex<Log>,
    counts: Counts,
}

/// The queue, and whether it is closed.
#[derive(Default)]
struct Outgoing {
    queue: Queue,
    closed: bool,
}

/// What `/metrics` tells.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    /// Events that were not looked at.
    missed: AtomicU64,
    subscriptions: AtomicU64,
}

/// Numbers for whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Subscriptions.
    pub subscriptions: u64,
    /// Pushes that wait.
    pub queued: u64,
    /// Taken by push services.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Never tried, as there was too much to do.
    pub dropped: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Push {
    /// Pushes that do not yet go anywhere.
    pub fn new(vapid: Vapid, settings: Settings) -> Arc<Self> {
        let shared = Shared {
            any: AtomicBool::new(false),
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            queue: Mutex::default(),
            changed: Condvar::new(),
            log: Mutex::default(),
            counts: Counts::default(),
        };
        Arc::new(Self {
            vapid,
            guard: Guard::new(settings.local.clone()),
            settings,
            shared: Arc::new(shared),
            threads: Mutex::default(),
            brake: Mutex::default(),
        })
    }

    /// Starts the two threads. `looks` says who has what before their eyes.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn start(self: &Arc<Self>, chat: &Arc<Chat>, looks: Looks) -> std::io::Result<()> {
        let roots = roots::Roots::new(self.settings.roots.clone());
        let client = client::Client::new(self.guard.clone(), roots, client::system_lookup());
        *lock(&self.brake) = Some(client.brake());
        let looks: Arc<dyn Fn(UserId, ChannelId) -> bool + Send + Sync> = looks.into();
        let watch = watch::Watch::new(Arc::clone(&self.shared), Arc::clone(chat), Arc::clone(&looks));
        let mut sender = send::Sender::new(Arc::clone(self), Arc::clone(chat), client, looks);
        // Until the thread has looked, there may be somebody.
        self.shared.any.store(true, Ordering::SeqCst);
        let mut threads = lock(&self.threads);
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        threads.push(thread("push").spawn(move || watch.run())?);
        threads.push(thread("push-sender").spawn(move || sender.run())?);
        Ok(())
    }

    /// The instance's public key, for browsers to subscribe with.
    pub fn public_key(&self) -> &str {
        self.vapid.public()
    }

    /// A subscription that is asked for, if its endpoint may be sent to and its keys are some.
    ///
    /// # Errors
    /// 400.
    pub fn check(&self, new: &NewPushSubscription) -> Result<Wanted> {
        let endpoint = Endpoint::parse(&new.endpoint).map_err(|rule| Error::field("endpoint", rule))?;
        self.guard.check(&endpoint).map_err(|rule| Error::field("endpoint", rule))?;
        // Browsers have it without padding; what others add does no harm.
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let p256dh = bytes(&new.keys.p256dh).filter(|point| seal::is_point(point));
        let p256dh = p256dh.and_then(|point| point.try_into().ok());
        let p256dh =
            p256dh.ok_or_else(|| Error::field("p256dh", "must be an uncompressed point of P-256, in base64url"))?;
        let auth = bytes(&new.keys.auth).and_then(|auth| auth.try_into().ok());
        let auth = auth.ok_or_else(|| Error::field("auth", "must be 16 bytes in base64url"))?;
        let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.chars().count() > limits::NAME || name.chars().any(char::is_control)) {
            return Err(Error::field("name", "must be at most 100 characters, and no control characters"));
        }
        // As it was given: it is compared with what the browser has.
        Ok(Wanted { endpoint: new.endpoint.clone(), keys: PushKeys { p256dh, auth }, name })
    }

    /// Somebody's subscriptions have changed.
    pub fn changed(&self, user: UserId) {
        self.shared.tell(watch::Note::Changed(user));
    }

    /// Sends a push to one of a user's subscriptions, so that they see whether it comes.
    pub fn test(&self, user: UserId, subscription: &PushSubscription) {
        let origin = subscription.origin.as_str().into();
        let to = Address { subscription: subscription.subscription_id, user, origin };
        lock(&self.shared.queue).queue.put(to, Task::Test, std::time::Instant::now());
        self.shared.changed.notify_all();
    }

    /// What became of a user's latest pushes, the latest first.
    pub fn log(&self, user: UserId) -> Vec<PushDelivery> {
        lock(&self.shared.log).of(user)
    }

    /// How it is doing.
    pub fn numbers(&self) -> Numbers {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = &self.shared.counts;
        let (queued, evicted) = {
            let outgoing = lock(&self.shared.queue);
            (outgoing.queue.len() as u64, outgoing.queue.dropped())
        };
        Numbers {
            subscriptions: count(&counts.subscriptions),
            queued,
            sent: count(&counts.sent),
            failed: count(&counts.failed),
            dropped: evicted + count(&counts.missed),
        }
    }

    /// Begins to end: what is being sent is cut off, and nothing more is begun.
    pub fn close(&self) {
        self.shared.any.store(false, Ordering::SeqCst);
        lock(&self.shared.inbox).close();
        self.shared.arrived.notify_all();
        lock(&self.shared.queue).closed = true;
        self.shared.changed.notify_all();
        if let Some(brake) = &*lock(&self.brake) {
            brake.pull();
        }
    }

    /// Waits for the two threads, which end within [`limits::PUSH_CONNECT_TIME`] of [`Push::close`].
    pub fn stop(&self) {
        self.close();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            if thread.join().is_err() {
                ::log::error!("a thread of push had ended by a panic");
            }
        }
        let waits = lock(&self.shared.queue).queue.len();
        if waits > 0 {
            ::log::debug!("{waits} pushes were still to be sent, and are not");
        }
    }
}

impl Witness for Push {
    fn see(&self, event: Box<Event>) {
        if self.shared.any.load(Ordering::SeqCst) && watch::matters(&event) {
            self.shared.tell(watch::Note::Event(event));
        }
    }
}

impl Shared {
    fn tell(&self, note: watch::Note) {
        let (first, missed) = {
            let mut inbox = lock(&self.inbox);
            // Under the same lock as whoever finds that there is nobody.
            self.any.fetch_or(matches!(note, watch::Note::Changed(_)) && !inbox.is_closed(), Ordering::SeqCst);
            inbox.put(note)
        };
        if missed {
            self.counts.missed.fetch_add(1, Ordering::Relaxed);
        }
        if first {
            self.arrived.notify_one();
        }
    }
}

/// Whether pushes are sent at all.
///
/// # Errors
/// 403 `push_off`.
pub fn on(push: Option<&Arc<Push>>) -> Result<&Arc<Push>> {
    push.ok_or_else(|| Error::new(Code::PushOff))
}
