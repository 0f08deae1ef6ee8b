//! What a gateway session starts with: whom it hears of, and the first screen.

use std::collections::{BTreeMap, HashSet};

use super::access::{self, Caller};
use super::{Chat, Reading, dms, servers, users};
use crate::auth::Claims;
use crate::model::object::{Connected, Presence, ReadState, Status};
use crate::model::{Badges, ChannelId, Error, MessageId, Result, Rules, ServerId, UserId};
use crate::store;

/// Whom a user hears of, as the registry keeps it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The user's servers: what they are there, and what decides what they see.
    pub servers: Vec<(ServerId, Badges, Rules)>,
    /// Who shares a DM with the user.
    pub dm_peers: Vec<UserId>,
    /// The presence that the user chose.
    pub status: Status,
}

/// The first screen, but for what only the gateway knows.
pub type FirstScreen = Connected;

impl Chat {
    /// Registers a gateway session and takes its snapshot.
    ///
    /// `register` gets the caller and the scope while `lock` is held, so that all events before it are in the
    /// snapshot and all events after it reach the session.
    ///
    /// # Errors
    /// 401 if the session has ended; database errors.
    pub fn connect<G, R>(
        &self,
        claims: &Claims,
        lock: impl FnOnce() -> G,
        register: impl FnOnce(&mut G, Caller, Scope) -> Result<R>,
    ) -> Result<(R, FirstScreen)> {
        self.store().snapshot(
            lock,
            |guard, db| {
                let cx = self.reading(db);
                let caller = access::caller(&cx, claims)?;
                let scope = scope(&cx, &caller)?;
                // Later they may have gone to disk, behind this snapshot.
                let late = cx.late.of(caller.user_id);
                register(guard, caller, scope).map(|registered| (caller, late, registered))
            },
            |db, (caller, late, registered)| Ok((registered, first_screen(&self.reading(db), &caller, late)?)),
        )
    }
}

fn first_screen(cx: &Reading<'_>, caller: &Caller, late: Vec<(ChannelId, MessageId)>) -> Result<FirstScreen> {
    let account = store::accounts::get(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    let servers = store::servers::of(cx.db, caller.user_id)?;
    let servers: Vec<_> =
        servers.into_iter().map(|server| servers::full(cx, server, caller.user_id)).collect::<Result<_>>()?;
    let dm_channels = dms::list(cx, caller, caller.user_id)?;
    let visible = servers.iter().flat_map(|s| &s.channels).chain(&dm_channels).map(|c| c.channel_id);
    let visible: HashSet<_> = visible.collect();
    let mut read: BTreeMap<_, MessageId> = store::read_states::of(cx.db, caller.user_id)?.into_iter().collect();
    read.extend(late);
    for (channel, last) in store::reveals::of(cx.db, caller.user_id)? {
        let at = read.entry(channel).or_insert(last);
        *at = last.max(*at);
    }
    let read_states = read.into_iter().filter(|(channel, _)| visible.contains(channel));
    let read_states =
        read_states.map(|(channel_id, message_id)| ReadState { channel_id, message_id, mentions: 0 }).collect();
    Ok(Connected {
        session_id: String::new(),
        user: users::own(account),
        servers,
        dm_channels,
        read_states,
        presences: Vec::<Presence>::new(),
        settings: serde_json::Map::new(),
    })
}

fn scope(cx: &Reading<'_>, caller: &Caller) -> Result<Scope> {
    let account = store::accounts::get(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    let servers = store::roles::badges(cx.db, caller.user_id)?.into_iter();
    let servers = servers.map(|(server, badges)| Ok((server, badges, store::roles::rules(cx.db, server)?)));
    let servers = servers.collect::<Result<_>>()?;
    Ok(Scope { servers, dm_peers: store::dms::peers(cx.db, caller.user_id)?, status: account.status })
}
