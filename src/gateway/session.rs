//! A client's session: what outlives its connection and may be resumed.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::outbox::Outbox;
use crate::model::{ChannelId, SessionId, UserId};

/// Names a session inside this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl Key {
    /// As a number, from 1.
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// Whose a session is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) user_id: UserId,
    pub(super) session_id: SessionId,
}

/// One client's session: outlives its connection for a while.
pub(super) struct Session {
    pub(super) key: Key,
    /// What the client names it by; unguessable.
    pub(super) id: String,
    pub(super) outbox: Outbox,
    identity: OnceLock<Identity>,
    away: AtomicBool,
    /// The channel that its user has before their eyes; 0, which is no channel's, if none.
    focus: AtomicI64,
    /// The last event that reached it by more than one way.
    mark: AtomicU64,
    parked_at: Mutex<Option<Instant>>,
}

impl Session {
    pub(super) fn new(id: String, outbox: Outbox) -> Arc<Self> {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            key: Key(KEYS.fetch_add(1, Ordering::Relaxed)),
            id,
            outbox,
            identity: OnceLock::new(),
            away: AtomicBool::new(false),
            focus: AtomicI64::new(0),
            mark: AtomicU64::new(0),
            parked_at: Mutex::new(None),
        })
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity.get().copied()
    }

    /// Once; a second identity is refused before it comes here.
    pub(super) fn identify(&self, identity: Identity) {
        let _ = self.identity.set(identity);
    }

    pub(super) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    pub(super) fn set_focus(&self, channel: Option<ChannelId>) {
        self.focus.store(channel.map_or(0, |channel| channel.0), Ordering::Relaxed);
    }

    /// Whether its user has this channel before their eyes.
    pub(super) fn looks_at(&self, channel: ChannelId) -> bool {
        self.focus.load(Ordering::Relaxed) == channel.0 && !self.is_away() && self.outbox.is_linked()
    }

    /// Whether event `s` reaches it for the first time.
    pub(super) fn is_first(&self, s: u64) -> bool {
        self.mark.swap(s, Ordering::Relaxed) != s
    }

    pub(super) fn user(&self) -> Option<UserId> {
        self.identity().map(|identity| identity.user_id)
    }

    pub(super) fn set_parked(&self, at: Option<Instant>) {
        *self.parked_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(super) fn parked_at(&self) -> Option<Instant> {
        *self.parked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
