//! Searching messages. The index proposes; what the caller may see and what really stands in a message decides.

use std::collections::HashSet;

use super::access::{self, Caller};
use super::{Reading, Slice};
use crate::model::object::{ChannelKind, Found};
use crate::model::search::{Facts, Search, Where};
use crate::model::{ChannelId, MessageId, Permission, Result, ServerId, limits};
use crate::store::search::{self, Area, Candidate};
use crate::store::{self, Spot};

/// A part of what there is to find.
#[derive(Debug)]
pub struct Page {
    /// What was found, newest first.
    pub items: Vec<Found>,
    /// There may be more among the messages below this one.
    pub next: Option<MessageId>,
}

/// Messages that the caller may see, newest first. `tail` was copied before the snapshot began.
///
/// # Errors
/// 404 for a server or channel that the caller does not see, 400.
pub fn find(
    cx: &Reading<'_>,
    caller: &Caller,
    place: Result<Where>,
    search: Result<Search>,
    tail: &[Spot],
) -> Result<Page> {
    let sight = Sight::of(cx, caller, place?)?;
    let search = search?;
    let mut found = Vec::new();
    let (mut looked_at, mut next) = (0, None);
    search::candidates(cx.db, &search, &sight.areas, tail, |Candidate { spot, proposed }| {
        // What is hidden must not count: where a page ends would tell of it.
        if !sight.channels.contains(&spot.1) {
            return Ok::<_, crate::model::Error>(true);
        }
        found.extend(verify(cx, caller, &search, spot)?);
        looked_at += usize::from(proposed);
        if looked_at == limits::SEARCH_CANDIDATES {
            next = Some(spot.0);
        }
        Ok(found.len() <= search.limit && next.is_none())
    })?;
    let Slice { items, more } = Slice::cut(found, search.limit);
    let last = items.last().map(|found| found.message.message_id).filter(|_| more);
    Ok(Page { items, next: last.or(next) })
}

/// The message, if it is what is searched for.
fn verify(cx: &Reading<'_>, caller: &Caller, search: &Search, spot: Spot) -> Result<Option<Found>> {
    let Some(content) = search::content(cx.db, spot)? else { return Ok(None) };
    let Some(highlight) = search.query.find(&content) else { return Ok(None) };
    let message = store::messages::get(cx.db, caller.user_id, spot.1, spot.0)?;
    let message = message.filter(|message| Facts::of(message).fit(search));
    Ok(message.map(|message| Found { message, highlight }))
}

/// What of the places that are searched the caller sees.
#[derive(Default)]
struct Sight {
    areas: Vec<Area>,
    channels: HashSet<ChannelId>,
}

impl Sight {
    fn of(cx: &Reading<'_>, caller: &Caller, place: Where) -> Result<Self> {
        let mut sight = Self::default();
        if let Some(server) = place.server_id {
            access::standing(cx, server, caller.user_id)?;
        }
        if let Some(channel) = place.channel_id {
            let seen = access::place(cx, caller, channel)?.with_messages()?;
            if place.server_id.is_none() || place.server_id == seen.server_id {
                sight.add(channel);
            }
        } else if let Some(server) = place.server_id {
            sight.add_server(cx, caller, server)?;
        } else {
            for server in store::servers::ids_of(cx.db, caller.user_id)? {
                sight.add_server(cx, caller, server)?;
            }
            store::dms::ids_of(cx.db, caller.user_id)?.into_iter().for_each(|dm| sight.add(dm));
        }
        Ok(sight)
    }

    fn add(&mut self, channel: ChannelId) {
        self.areas.push(Area::Channel(channel));
        self.channels.insert(channel);
    }

    /// Adds what the caller sees of a server, in as few words as can be.
    fn add_server(&mut self, cx: &Reading<'_>, caller: &Caller, server: ServerId) -> Result<()> {
        let standing = access::standing(cx, server, caller.user_id)?;
        let channels = store::channels::of(cx.db, server)?.into_iter();
        let (seen, hidden): (Vec<_>, Vec<_>) = channels
            .filter(|channel| channel.kind != ChannelKind::Category)
            .partition(|channel| standing.in_channel(&channel.overrides).has(Permission::ViewChannel));
        let ids =
            |channels: &[crate::model::object::Channel]| channels.iter().map(|channel| channel.channel_id).collect();
        if hidden.is_empty() {
            self.areas.push(Area::Server(server));
            self.channels.extend::<Vec<_>>(ids(&seen));
        } else if hidden.len() < seen.len() {
            self.areas.push(Area::But(server, ids(&hidden)));
            self.channels.extend::<Vec<_>>(ids(&seen));
        } else {
            seen.iter().for_each(|channel| self.add(channel.channel_id));
        }
        Ok(())
    }
}
