//! What a gateway session starts with: whom it hears of, and the first screen.

use std::collections::HashMap;

use super::access::{self, Caller};
use super::{Chat, Reading, dms, servers, settings, unread, users};
use crate::auth::Claims;
use crate::model::object::{Connected, Presence, Status};
use crate::model::{Badges, ChannelId, Error, MessageId, Result, Rules, ServerId, UserId, limits};
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
    let mut read: HashMap<_, MessageId> = store::read_states::of(cx.db, caller.user_id)?.into_iter().collect();
    read.extend(late);
    for (channel, last) in store::reveals::of(cx.db, caller.user_id)? {
        let at = read.entry(channel).or_insert(last);
        *at = last.max(*at);
    }
    let mut read_states = Vec::new();
    let mut named = 0;
    // DMs first: of those every unread one is named.
    for channel in dm_channels.iter().chain(servers.iter().flat_map(|server| &server.channels)) {
        let position = read.get(&channel.channel_id).copied();
        let place = (channel.server_id, channel.channel_id);
        let from = position.unwrap_or(MessageId(0));
        let mut state = unread::at_first(cx, caller.user_id, place, channel.last_message_id, from)?;
        named += state.mention_ids.len() + state.direct_ids.len();
        if named > limits::UNREAD_NAMED {
            (state.mention_ids, state.direct_ids) = (Vec::new(), Vec::new());
        }
        // Who has read nothing there has no position, but may be waited for.
        let is_news = state.message_id != from || state.mentions > 0 || !state.direct_ids.is_empty();
        if position.is_some() || is_news {
            read_states.push(state);
        }
    }
    Ok(Connected {
        session_id: String::new(),
        user: users::own(account),
        servers,
        dm_channels,
        read_states,
        presences: Vec::<Presence>::new(),
        settings: settings::of(cx, caller.user_id)?,
    })
}

fn scope(cx: &Reading<'_>, caller: &Caller) -> Result<Scope> {
    let account = store::accounts::get(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    let servers = store::roles::badges(cx.db, caller.user_id)?.into_iter();
    let servers = servers.map(|(server, badges)| Ok((server, badges, store::roles::rules(cx.db, server)?)));
    let servers = servers.collect::<Result<_>>()?;
    Ok(Scope { servers, dm_peers: store::dms::peers(cx.db, caller.user_id)?, status: account.status })
}
