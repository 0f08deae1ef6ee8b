//! Direct messages between two people, and groups of up to ten.

use super::access::{self, Caller, Place};
use super::{Reading, Writing, unread, users};
use crate::model::object::{Channel, ChannelKind, User};
use crate::model::request::{ChannelPatch, NewDm};
use crate::model::{Audience, ChannelId, Code, Effect, Error, Event, MessageId, Payload, Result, UserId, limits};
use crate::store;

/// A DM, and whether it was opened now.
#[derive(Debug)]
pub struct Opened {
    /// The DM.
    pub channel: Channel,
    /// `false`: it was there.
    pub created: bool,
}

/// Puts the people into a DM, everybody in public form.
pub(super) fn fill(cx: &Reading<'_>, channel: &mut Channel) -> Result<()> {
    channel.recipients = Some(recipients(cx, channel.channel_id)?);
    Ok(())
}

fn recipients(cx: &Reading<'_>, channel: ChannelId) -> Result<Vec<User>> {
    let accounts = store::dms::accounts(cx.db, channel)?;
    Ok(accounts.into_iter().map(|account| users::public(cx, account)).collect())
}

fn whole(cx: &Reading<'_>, id: ChannelId) -> Result<Channel> {
    let mut channel = store::channels::get(cx.db, id)?.ok_or_else(Error::not_found)?;
    channel.recipients = Some(recipients(cx, id)?);
    Ok(channel)
}

/// The caller's DMs, latest first.
///
/// # Errors
/// 404 for another's.
pub fn list(cx: &Reading<'_>, caller: &Caller, user: UserId) -> Result<Vec<Channel>> {
    own(caller, user)?;
    let mut channels = store::channels::dms_of(cx.db, caller.user_id.0)?;
    for channel in &mut channels {
        fill(cx, channel)?;
    }
    Ok(channels)
}

/// DMs are their owner's alone: of others nobody learns that they exist.
fn own(caller: &Caller, user: UserId) -> Result<()> {
    if caller.user_id == user { Ok(()) } else { Err(Error::not_found()) }
}

/// Opens a DM with one person (or finds it), or a group.
///
/// # Errors
/// 404 for another's list, 400, 404 for somebody whom the caller does not share a server or DM with.
pub fn open(cx: &mut Writing<'_, '_>, caller: &Caller, user: UserId, new: Result<NewDm>) -> Result<Opened> {
    own(caller, user)?;
    let (field, mut others) = match new? {
        NewDm { recipient_id: Some(one), recipient_ids: None } => ("recipient_id", vec![one]),
        NewDm { recipient_id: None, recipient_ids: Some(many) } => ("recipient_ids", many),
        _ => return Err(Error::field("recipient_id", "or recipient_ids must be given, and not both")),
    };
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != caller.user_id);
    if others.is_empty() {
        return Err(Error::field(field, "must name somebody else"));
    }
    if others.len() >= limits::GROUP_DM {
        return Err(Error::field(field, format!("must be at most {} other people", limits::GROUP_DM - 1)));
    }
    for other in &others {
        if !store::accounts::acquainted(cx.db, caller.user_id, *other)? {
            return Err(Error::not_found());
        }
    }
    match others.as_slice() {
        [other] => open_pair(cx, caller.user_id, *other),
        _ => create(cx, caller.user_id, &others, ChannelKind::GroupDm).map(|channel| Opened { channel, created: true }),
    }
}

fn open_pair(cx: &mut Writing<'_, '_>, caller: UserId, other: UserId) -> Result<Opened> {
    if let Some(id) = store::dms::between(cx.db, caller, other)? {
        let channel = whole(cx, id)?;
        if store::dms::set_hidden(cx.db, id, caller, false)? {
            reappears(cx, &channel, &[caller], None)?;
        }
        return Ok(Opened { channel, created: false });
    }
    if store::blocks::between(cx.db, caller, other)? {
        return Err(Error::new(Code::Blocked));
    }
    let channel = create(cx, caller, &[other], ChannelKind::Dm)?;
    store::dms::add_pair(cx.db, caller, other, channel.channel_id)?;
    Ok(Opened { channel, created: true })
}

/// Whether this is a DM between two of whom one has blocked the other.
///
/// # Errors
/// Database errors.
pub(super) fn is_blocked(cx: &Reading<'_>, place: &Place, user: UserId) -> Result<bool> {
    if place.kind != ChannelKind::Dm {
        return Ok(false);
    }
    let members = store::dms::members(cx.db, place.channel_id)?;
    let other = members.into_iter().map(|(member, _)| member).find(|member| *member != user);
    Ok(other.map_or(Ok(false), |other| store::blocks::between(cx.db, user, other))?)
}

/// # Errors
/// 403 `blocked`.
pub(super) fn not_blocked(cx: &Reading<'_>, place: &Place, user: UserId) -> Result<()> {
    if is_blocked(cx, place, user)? { Err(Error::new(Code::Blocked)) } else { Ok(()) }
}

/// The opener's devices hear of it at once, the others' with the first message: until then it is hidden from them.
fn create(cx: &mut Writing<'_, '_>, caller: UserId, others: &[UserId], kind: ChannelKind) -> Result<Channel> {
    let id = ChannelId(cx.next_id());
    let channel = Channel {
        channel_id: id,
        server_id: None,
        kind,
        parent_id: None,
        name: String::new(),
        topic: String::new(),
        position: 0,
        last_message_id: None,
        created_at: cx.now,
        overrides: Vec::new(),
        recipients: None,
        permissions: None,
    };
    store::channels::add(cx.db, &channel)?;
    store::dms::add_member(cx.db, id, caller, false)?;
    for other in others {
        store::dms::add_member(cx.db, id, *other, true)?;
    }
    let channel = whole(cx, id)?;
    let mut everybody = others.to_vec();
    everybody.push(caller);
    let event = Event::new(Audience::Users(vec![caller]), Payload::ChannelCreate(channel.clone()));
    cx.publish(event.with_effect(Effect::Acquaint(everybody)));
    Ok(channel)
}

/// A message of `author` is about to be told: whoever does not see the DM yet hears of it first.
pub(super) fn show(cx: &mut Writing<'_, '_>, id: ChannelId, author: UserId) -> Result<()> {
    let mut shown = Vec::new();
    for (user, hidden) in store::dms::members(cx.db, id)? {
        if hidden && store::dms::set_hidden(cx.db, id, user, false)? {
            shown.push(user);
        }
    }
    if shown.is_empty() { Ok(()) } else { reappears(cx, &whole(cx, id)?, &shown, Some(author)) }
}

/// A DM is shown to some who did not see it, with how far they had read it before they hid it: their devices have forgotten.
/// The author of a message that brings it back has read all.
fn reappears(cx: &mut Writing<'_, '_>, channel: &Channel, to: &[UserId], author: Option<UserId>) -> Result<()> {
    cx.publish(Event::new(Audience::Users(to.to_vec()), Payload::ChannelCreate(channel.clone())));
    let id = channel.channel_id;
    for user in to.iter().filter(|user| author != Some(**user)) {
        let position = unread::position(cx, *user, id)?;
        let from = position.unwrap_or(MessageId(0));
        let state = unread::state(cx, *user, (None, id), channel.last_message_id, from)?;
        // The message for whose sake it is shown comes next, and they count it themselves.
        if position.is_some() || state.direct_ids.len() > 1 {
            cx.publish(Event::new(Audience::Users(vec![*user]), Payload::ReadUpdate(state)));
        }
    }
    Ok(())
}

/// Hides a DM from the caller until the next message, or leaves a group.
pub(super) fn leave(cx: &mut Writing<'_, '_>, caller: &Caller, place: Place) -> Result<()> {
    let id = place.channel_id;
    let gone = Payload::ChannelDelete { channel_id: id, server_id: None };
    let gone = Event::new(Audience::Users(vec![caller.user_id]), gone);
    if place.kind == ChannelKind::Dm {
        if store::dms::set_hidden(cx.db, id, caller.user_id, true)? {
            cx.publish(gone);
        }
        return Ok(());
    }
    let group: Vec<_> = store::dms::members(cx.db, id)?.into_iter().map(|(user, _)| user).collect();
    store::dms::remove_member(cx.db, id, caller.user_id)?;
    let still = store::dms::peers(cx.db, caller.user_id)?;
    let parted = group.into_iter().filter(|user| *user != caller.user_id && !still.contains(user)).collect();
    cx.publish(gone.with_effect(Effect::Estrange(caller.user_id, parted)));
    if store::dms::members(cx.db, id)?.is_empty() {
        store::channels::delete(cx.db, id)?;
        cx.tx.sweep_later();
        return Ok(());
    }
    let channel = whole(cx, id)?;
    let audience = access::dm_audience(cx, id)?;
    cx.publish(Event::new(audience, Payload::ChannelUpdate(channel)));
    Ok(())
}

/// Members may rename a group; a DM between two has no name.
pub(super) fn rename(cx: &mut Writing<'_, '_>, mut channel: Channel, patch: Result<ChannelPatch>) -> Result<Channel> {
    if channel.kind != ChannelKind::GroupDm {
        return Err(Error::with_detail(Code::Forbidden, "a DM between two people cannot be changed"));
    }
    let name = patch?.name.into_set();
    if let Some(name) = name.filter(|name| name.as_str() != channel.name) {
        name.as_str().clone_into(&mut channel.name);
        store::channels::set(cx.db, &channel)?;
        fill(cx, &mut channel)?;
        let audience = access::dm_audience(cx, channel.channel_id)?;
        cx.publish(Event::new(audience, Payload::ChannelUpdate(channel.clone())));
        return Ok(channel);
    }
    fill(cx, &mut channel)?;
    Ok(channel)
}
