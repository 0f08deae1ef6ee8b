//! Channels of servers, and what is the same for DMs.

use std::collections::HashMap;

use super::access::{self, Caller};
use super::{Reading, Writing, dms, servers};
use crate::model::name::Topic;
use crate::model::object::{Channel, ChannelKind, ReadState};
use crate::model::request::{ChannelPatch, MarkRead, NewChannel, NewChannelKind};
use crate::model::{Audience, ChannelId, Code, Error, Event, MessageId, Payload, Permission, Result, ServerId, UserId};
use crate::store;

/// The channels of a server that the caller sees, by position.
///
/// # Errors
/// 404.
pub fn list(cx: &Reading<'_>, caller: &Caller, server: ServerId) -> Result<Vec<Channel>> {
    let seen = access::server(cx, caller, server)?;
    if !seen.permissions.has(Permission::ViewChannel) {
        return Ok(Vec::new());
    }
    Ok(store::channels::of(cx.db, server)?)
}

/// Adds a channel at the end of a server's list.
///
/// # Errors
/// 404, 403, 400, 409 `too_many_channels`.
pub fn create(cx: &mut Writing<'_, '_>, caller: &Caller, server: ServerId, new: Result<NewChannel>) -> Result<Channel> {
    access::server(cx, caller, server)?.need(Permission::ManageChannels)?;
    let new = new?;
    let kind = match new.kind.unwrap_or_default() {
        NewChannelKind::Text => ChannelKind::Text,
        NewChannelKind::Category => ChannelKind::Category,
    };
    let all = store::channels::of(cx.db, server)?;
    check_parent(&all, kind, new.parent_id)?;
    if all.len() >= servers::CHANNELS_MAX {
        return Err(Error::new(Code::TooManyChannels));
    }
    let position = all.last().map_or(0, |last| last.position.saturating_add(1));
    let topic = new.topic.as_ref().map_or("", Topic::as_str);
    let channel = add(cx, server, new.name.as_str(), kind, topic, new.parent_id, position)?;
    let audience = Audience::Channel(server, channel.channel_id);
    cx.publish(Event::new(audience, Payload::ChannelCreate(channel.clone())));
    Ok(channel)
}

pub(super) fn add(
    cx: &mut Writing<'_, '_>,
    server: ServerId,
    name: &str,
    kind: ChannelKind,
    topic: &str,
    parent_id: Option<ChannelId>,
    position: u32,
) -> Result<Channel> {
    let channel = Channel {
        channel_id: ChannelId(cx.next_id()),
        server_id: Some(server),
        kind,
        parent_id,
        name: name.to_owned(),
        topic: topic.to_owned(),
        position,
        last_message_id: None,
        created_at: cx.now,
        overrides: Vec::new(),
        recipients: None,
        permissions: None,
    };
    store::channels::add(cx.db, &channel)?;
    Ok(channel)
}

/// A category of the same server; a category stands in none.
fn check_parent(all: &[Channel], kind: ChannelKind, parent: Option<ChannelId>) -> Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    if kind == ChannelKind::Category {
        return Err(Error::field("parent_id", "must be null: a category stands in no other"));
    }
    if all.iter().any(|c| c.channel_id == parent && c.kind == ChannelKind::Category) {
        Ok(())
    } else {
        Err(Error::field("parent_id", "must be a category of this server"))
    }
}

/// A channel that the caller sees.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, id: ChannelId) -> Result<Channel> {
    let (mut channel, place) = access::channel(cx, caller, id)?;
    if place.server_id.is_none() {
        dms::fill(cx, &mut channel)?;
    }
    Ok(channel)
}

/// Changes a channel. Every channel that moves because of it sends its own CHANNEL_UPDATE.
///
/// # Errors
/// 404, 403, 400.
pub fn update(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    id: ChannelId,
    patch: Result<ChannelPatch>,
) -> Result<Channel> {
    let (channel, place) = access::channel(cx, caller, id)?;
    let Some(server) = place.server_id else {
        return dms::rename(cx, channel, patch);
    };
    place.need(Permission::ManageChannels)?;
    let patch = patch?;
    let mut all = store::channels::of(cx.db, server)?;
    let before = all.clone();
    let parent = patch.parent_id.into_set();
    if let Some(parent) = parent {
        check_parent(&all, channel.kind, parent)?;
    }
    if let Some(position) = patch.position.into_set() {
        move_to(&mut all, id, position);
    }
    let Some(target) = all.iter_mut().find(|c| c.channel_id == id) else { return Err(Error::not_found()) };
    if let Some(name) = patch.name.into_set() {
        name.as_str().clone_into(&mut target.name);
    }
    if let Some(topic) = patch.topic.into_set() {
        topic.as_str().clone_into(&mut target.topic);
    }
    if let Some(parent) = parent {
        target.parent_id = parent;
    }
    let result = target.clone();
    publish_changes(cx, server, &before, &all)?;
    Ok(result)
}

/// Moves a channel to a place in the list and numbers the list densely.
fn move_to(all: &mut Vec<Channel>, id: ChannelId, position: u32) {
    let Some(at) = all.iter().position(|c| c.channel_id == id) else { return };
    let moved = all.remove(at);
    let to = usize::try_from(position).unwrap_or(usize::MAX).min(all.len());
    all.insert(to, moved);
    for (channel, position) in all.iter_mut().zip(0..) {
        channel.position = position;
    }
}

/// Stores and tells each channel that is not as it was.
fn publish_changes(cx: &mut Writing<'_, '_>, server: ServerId, before: &[Channel], after: &[Channel]) -> Result<()> {
    for channel in after {
        let key = |c: &Channel| (c.name.clone(), c.topic.clone(), c.position, c.parent_id);
        let old = before.iter().find(|c| c.channel_id == channel.channel_id);
        if old.is_some_and(|old| key(old) != key(channel)) {
            store::channels::set(cx.db, channel)?;
            let audience = Audience::Channel(server, channel.channel_id);
            cx.publish(Event::new(audience, Payload::ChannelUpdate(channel.clone())));
        }
    }
    Ok(())
}

/// Deletes a channel of a server (what stood in a category stands free then), hides a DM or leaves a group.
///
/// # Errors
/// 404, 403.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, id: ChannelId) -> Result<()> {
    let place = access::place(cx, caller, id)?;
    let Some(server) = place.server_id else {
        return dms::leave(cx, caller, place);
    };
    place.need(Permission::ManageChannels)?;
    let before = store::channels::of(cx.db, server)?;
    store::channels::delete(cx.db, id)?;
    cx.tx.sweep_later();
    let payload = Payload::ChannelDelete { channel_id: id, server_id: Some(server) };
    cx.publish(Event::new(Audience::Channel(server, id), payload));
    let mut after = before.clone();
    after.retain(|c| c.channel_id != id);
    for channel in after.iter_mut().filter(|c| c.parent_id == Some(id)) {
        channel.parent_id = None;
    }
    publish_changes(cx, server, &before, &after)
}

/// Sets how far the caller has read a channel, also backwards.
///
/// # Errors
/// 404, 400.
pub fn mark_read(cx: &mut Writing<'_, '_>, caller: &Caller, id: ChannelId, mark: Result<MarkRead>) -> Result<()> {
    access::place(cx, caller, id)?.with_messages()?;
    set_read(cx, caller.user_id, &[(id, mark?.message_id)])
}

/// Sets how far somebody has read in some channels, and tells their devices where that is news.
pub(super) fn set_read(cx: &mut Writing<'_, '_>, user: UserId, marks: &[(ChannelId, MessageId)]) -> Result<()> {
    let mut before: HashMap<_, _> = store::read_states::of(cx.db, user)?.into_iter().collect();
    before.extend(cx.late.of(user));
    for &(channel_id, message_id) in marks {
        if before.get(&channel_id) != Some(&message_id) {
            cx.tx.mark_read(user, channel_id, message_id);
            let state = ReadState { channel_id, message_id, mentions: 0 };
            cx.publish(Event::new(Audience::Users(vec![user]), Payload::ReadUpdate(state)));
        }
    }
    Ok(())
}
