//! The gateway: live connections, and the way of events to them.
//!
//! The path of an event: `feed` (numbered at commit) → `fanout` (encoded once, one thread) → `registry` (who may see
//! it) → `outbox` (pointers, one per recipient) → socket. A client's `session` outlives its `connection`, whose ops are
//! in `receive`. Locks are numbered: outbox 1, registry 2; whoever holds N takes only lower ones. Nothing does I/O, SQL
//! or JSON under the registry's lock, and nothing ever waits for a socket: what it does not take stays in its outbox.

mod asked;
mod community;
mod connection;
mod deadlines;
mod fanout;
mod feed;
mod frame;
mod handshake;
mod ops;
mod outbox;
mod receive;
mod reference;
mod registry;
mod screens;
mod session;
#[cfg(test)]
mod testing;
mod typing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use asked::Asked;
use deadlines::Deadlines;
use feed::Entry;
pub use feed::Feed;
pub use reference::page as reference_page;
use registry::Registry;
use screens::Screens;
use session::{Key, Session};
use typing::TypingTimes;

use crate::chat::{Chat, Shared};
use crate::model::measure::Deliveries;
use crate::model::{ChannelId, UserId};

/// The registry behind its lock (tier 2).
#[derive(Default)]
struct SharedRegistry(Mutex<Registry>);

impl SharedRegistry {
    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all gateway connections share.
pub struct Gateway {
    chat: Arc<Chat>,
    feed: Arc<Feed>,
    registry: Arc<SharedRegistry>,
    typing: TypingTimes,
    greeting: Greeting,
    screens: Screens,
    fanout: Mutex<Option<JoinHandle<()>>>,
    deadlines: Arc<Deadlines>,
}

impl Gateway {
    /// Starts the fan-out over `feed`.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn start(chat: Arc<Chat>, feed: Arc<Feed>) -> std::io::Result<Arc<Self>> {
        let registry = Arc::new(SharedRegistry::default());
        let deadlines = Deadlines::start(Arc::clone(&feed))?;
        let shared: Arc<Shared> = Arc::clone(chat.shared());
        let fanout = fanout::start(Arc::clone(&feed), Arc::clone(&registry), shared, Arc::clone(&deadlines))?;
        let fanout = Mutex::new(Some(fanout));
        Ok(Arc::new(Self {
            chat,
            feed,
            registry,
            typing: TypingTimes::default(),
            greeting: Greeting::default(),
            screens: Screens::start()?,
            fanout,
            deadlines,
        }))
    }

    /// How many sessions there are, parked ones included, and how many people.
    pub fn counts(&self) -> (usize, usize) {
        self.registry.lock().counts()
    }

    /// What its deliveries have taken.
    pub fn measured(&self) -> &Deliveries {
        self.feed.measured()
    }

    /// Whether somebody has a channel before their eyes, as their devices say (FOCUS).
    pub fn looks(&self, user: UserId, channel: ChannelId) -> bool {
        self.registry.lock().looks(user, channel)
    }

    /// Whether the fan-out does what it is given, and the registry can be looked at. Does not return while one of them
    /// hangs.
    pub fn answers(&self) -> bool {
        let settled = self.feed.settle();
        drop(self.registry.lock());
        settled
    }

    /// Calls `then` when the fan-out has ended, however that comes.
    pub fn on_end(&self, then: impl FnOnce() + Send + 'static) {
        self.feed.on_close(Box::new(then));
    }

    /// Sends what waits, closes every connection with 1001 and ends the fan-out.
    pub fn stop(&self) {
        self.feed.enqueue(Entry::Shutdown);
        let fanout = self.fanout.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = fanout
            && thread.join().is_err()
        {
            log::error!("the fan-out ended in a panic");
        }
        self.greeting.stop();
        self.deadlines.stop();
    }
}

/// Connections that are no session yet, which the registry does not know.
#[derive(Default)]
struct Greeting(Mutex<Greeted>);

#[derive(Default)]
struct Greeted {
    sessions: HashMap<Key, Arc<Session>>,
    stopped: bool,
}

impl Greeting {
    fn lock(&self) -> MutexGuard<'_, Greeted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in; `false` if it is too late.
    fn begin(&self, session: &Arc<Session>) -> bool {
        let mut greeted = self.lock();
        if !greeted.stopped {
            greeted.sessions.insert(session.key, Arc::clone(session));
        }
        !greeted.stopped
    }

    /// It is in the registry now, or gone.
    fn end(&self, session: &Session) {
        self.lock().sessions.remove(&session.key);
    }

    /// Closes them all with 1001, and those that come later.
    fn stop(&self) {
        let sessions = {
            let mut greeted = self.lock();
            greeted.stopped = true;
            std::mem::take(&mut greeted.sessions)
        };
        sessions.values().for_each(|session| session.outbox.cut(ops::GOING_AWAY));
    }
}
