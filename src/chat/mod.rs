//! The rules: who may do what, and what follows from it. Works on a transaction, returns an answer and events.
//!
//! Authorisation is decided here and only here: a channel, a server or a message is handed out only as "what this
//! caller may see" ([`access`]), inside the transaction that relies on it. What a body or query asks for comes as a
//! `Result`, so that what is hidden is 404 whatever the body says.

pub mod access;
pub mod accounts;
pub mod administration;
pub mod audit;
pub mod bans;
pub mod blocks;
pub mod channels;
pub mod closing;
pub mod config;
pub mod connect;
pub mod dms;
pub mod files;
pub mod instance;
pub mod invites;
pub mod letters;
pub mod members;
mod mentions;
pub mod messages;
pub mod overrides;
pub mod pins;
pub mod presence;
pub mod push;
pub mod reactions;
pub mod roles;
pub mod search;
pub mod servers;
pub mod settings;
mod sight;
mod unread;
pub mod users;

use std::ops::Deref;
use std::sync::Arc;

pub use access::{Caller, caller};
pub use config::{Config, Current};
pub use presence::Presences;
use rusqlite::Connection;

use crate::auth::Keys;
use crate::model::name::Reason;
pub use crate::model::setting::Registration;
use crate::model::{Event, Pressure, Result, Settings, Timestamp};
use crate::store::{ReadStates, Spot, Store, Tx};

/// A part of a longer list.
#[derive(Debug)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more behind them.
    pub more: bool,
}

impl<T> Slice<T> {
    /// Takes `limit` items of a list that was asked for one more than that.
    fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// The chat of this instance.
pub struct Chat {
    store: Arc<Store>,
    shared: Arc<Shared>,
}

/// What every rule may look at beside the database.
pub struct Shared {
    /// How the owner set the instance up.
    pub config: Config,
    /// What administrators may change while it serves.
    pub settings: Current,
    /// Who is there.
    pub presences: Presences,
    /// For tokens.
    pub keys: Keys,
}

impl Shared {
    /// What every rule may look at, before anybody has come and anything stored was read.
    pub fn new(config: Config, keys: Keys) -> Self {
        let settings = Current::new(config.otherwise.clone());
        Self { config, settings, presences: Presences::default(), keys }
    }
}

/// What a rule that only reads works with.
pub struct Reading<'a> {
    /// The snapshot.
    pub(crate) db: &'a Connection,
    /// The wall clock.
    pub now: Timestamp,
    /// Configuration and presence.
    pub shared: &'a Arc<Shared>,
    /// Read positions that are not in the database yet.
    late: &'a ReadStates,
}

/// What a rule that writes works with.
pub struct Writing<'a, 't> {
    reading: Reading<'a>,
    tx: &'a mut Tx<'t>,
    /// Why the caller does it, for the audit log.
    reason: Option<Reason>,
}

impl<'a> Deref for Writing<'a, '_> {
    type Target = Reading<'a>;
    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl Writing<'_, '_> {
    fn next_id(&mut self) -> i64 {
        self.tx.next_id()
    }

    fn publish(&mut self, event: Event) {
        self.tx.publish(event);
    }

    /// Notes why the caller does what follows, for the audit log.
    pub fn because(&mut self, reason: Option<Reason>) {
        self.reason = reason;
    }
}

impl Chat {
    /// The chat over an open store.
    pub fn new(store: Store, shared: Arc<Shared>) -> Self {
        Self { store: Arc::new(store), shared }
    }

    /// Runs a rule that only reads, on a consistent snapshot.
    ///
    /// # Errors
    /// What the rule returns, or a database error.
    pub fn read<T>(&self, rule: impl FnOnce(&Reading<'_>) -> Result<T>) -> Result<T> {
        self.store.read(|db| rule(&self.reading(db)))
    }

    /// Runs a rule that writes, as a job of the committer; what it did is on disk when this returns.
    ///
    /// # Errors
    /// What the rule returns, 503 if it could not be committed.
    pub fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&mut Writing<'_, '_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (shared, store) = (Arc::clone(&self.shared), Arc::clone(&self.store));
        self.store.write(move |tx| {
            let reading = Reading { db: tx.db, now: tx.now, shared: &shared, late: store.read_states() };
            rule(&mut Writing { reading, tx, reason: None })
        })
    }

    fn reading<'a>(&'a self, db: &'a Connection) -> Reading<'a> {
        Reading { db, now: Timestamp::now(), shared: &self.shared, late: self.store.read_states() }
    }

    /// What every rule may look at beside the database.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// How the owner set the instance up.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.shared.settings.get()
    }

    /// Messages that the search index does not have as they are: see [`Store::tail`].
    pub fn tail(&self) -> Vec<Spot> {
        self.store.tail()
    }

    /// Whether writes work, as far as is known.
    pub fn can_write(&self) -> bool {
        self.store.is_writable() && self.has_room()
    }

    /// Whether the disk has room for more than what frees some.
    pub fn has_room(&self) -> bool {
        self.store.has_room()
    }

    /// How late writes and events are, and what is given up for it.
    pub fn pressure(&self) -> &Arc<Pressure> {
        self.store.pressure()
    }

    /// The store, for starting and stopping it.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
