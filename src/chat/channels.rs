//! Channels of servers, and what is the same for DMs.

use std::collections::HashMap;

use super::access::{self, Caller};
use super::{Reading, Writing, audit, dms, overrides, unread};
use crate::model::name::Topic;
use crate::model::object::{Action, Change, Channel, ChannelKind, Override};
use crate::model::request::{ChannelPatch, MarkRead, NewChannel, NewChannelKind};
use crate::model::{
    Audience, ChannelId, Code, Effect, Error, Event, MessageId, Payload, Permission, Result, ServerId, Standing,
    UserId, limits,
};
use crate::store;

/// The channels of a server that the caller sees, by position.
///
/// # Errors
/// 404.
pub fn list(cx: &Reading<'_>, caller: &Caller, server: ServerId) -> Result<Vec<Channel>> {
    let seen = access::server(cx, caller, server)?;
    visible(cx, server, &seen.standing)
}

fn visible(cx: &Reading<'_>, server: ServerId, standing: &Standing) -> Result<Vec<Channel>> {
    let mut channels = store::channels::of(cx.db, server)?;
    channels.retain(|channel| sees(standing, channel));
    Ok(channels)
}

fn sees(standing: &Standing, channel: &Channel) -> bool {
    standing.in_channel(&channel.overrides).has(Permission::ViewChannel)
}

/// What a new channel shall be.
pub(super) struct New<'a> {
    pub(super) name: &'a str,
    pub(super) kind: ChannelKind,
    pub(super) topic: &'a str,
    pub(super) parent_id: Option<ChannelId>,
    pub(super) position: u32,
    pub(super) overrides: Vec<Override>,
}

impl Default for New<'_> {
    fn default() -> Self {
        Self { name: "", kind: ChannelKind::Text, topic: "", parent_id: None, position: 0, overrides: Vec::new() }
    }
}

/// Adds a channel at the end of a server's list; with overrides it is private from its first moment.
///
/// # Errors
/// 404, 403, 400, 409 `too_many_channels`.
pub fn create(cx: &mut Writing<'_, '_>, caller: &Caller, server: ServerId, new: Result<NewChannel>) -> Result<Channel> {
    let seen = access::server(cx, caller, server)?;
    seen.need(Permission::ManageChannels)?;
    let new = new?;
    let kind = match new.kind.unwrap_or_default() {
        NewChannelKind::Text => ChannelKind::Text,
        NewChannelKind::Category => ChannelKind::Category,
    };
    let all = store::channels::of(cx.db, server)?;
    check_parent(&all, &seen.standing, kind, new.parent_id)?;
    let overrides = overrides::for_new_channel(cx, server, seen.permissions(), new.overrides)?;
    if all.len() >= limits::CHANNELS_PER_SERVER {
        return Err(Error::new(Code::TooManyChannels));
    }
    let position = all.last().map_or(0, |last| last.position.saturating_add(1));
    let topic = new.topic.as_ref().map_or("", Topic::as_str);
    let name = new.name.as_str();
    let channel = add(cx, server, New { name, kind, topic, parent_id: new.parent_id, position, overrides })?;
    let changes = [
        Change::new("name", &(), &channel.name),
        Change::new("type", &(), &channel.kind),
        Change::new("overrides", &(), &channel.overrides),
    ];
    audit::record(cx, server, caller, (Action::ChannelCreate, Some(channel.channel_id.0)), &changes)?;
    // Channels without overrides need no rules of their own.
    if !channel.overrides.is_empty() {
        let rules = store::roles::rules(cx.db, server)?;
        cx.publish(Event::silent(Effect::Rules(server, Box::new(rules))));
    }
    let audience = Audience::Channel(server, channel.channel_id);
    cx.publish(Event::new(audience, Payload::ChannelCreate(channel.clone())));
    Ok(channel)
}

pub(super) fn add(cx: &mut Writing<'_, '_>, server: ServerId, new: New<'_>) -> Result<Channel> {
    let channel = Channel {
        channel_id: ChannelId(cx.next_id()),
        server_id: Some(server),
        kind: new.kind,
        parent_id: new.parent_id,
        name: new.name.to_owned(),
        topic: new.topic.to_owned(),
        position: new.position,
        last_message_id: None,
        created_at: cx.now,
        overrides: new.overrides,
        recipients: None,
        permissions: None,
    };
    store::channels::add(cx.db, &channel)?;
    Ok(channel)
}

/// A category of the same server that the caller sees; a category stands in none.
fn check_parent(all: &[Channel], standing: &Standing, kind: ChannelKind, parent: Option<ChannelId>) -> Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    if kind == ChannelKind::Category {
        return Err(Error::field("parent_id", "must be null: a category stands in no other"));
    }
    if all.iter().any(|c| c.channel_id == parent && c.kind == ChannelKind::Category && sees(standing, c)) {
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
    if let Some(parent) = parent.filter(|parent| *parent != channel.parent_id) {
        check_parent(&all, &access::standing(cx, server, caller.user_id)?, channel.kind, parent)?;
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
    let mut changes = vec![
        Change::new("name", &channel.name, &result.name),
        Change::new("topic", &channel.topic, &result.topic),
        Change::new("position", &channel.position, &result.position),
        Change::new("parent_id", &channel.parent_id, &result.parent_id),
    ];
    changes.retain(|change| change.before != change.after);
    // A move may leave the channel where it is and number the others anew.
    if changed(&before, &all).next().is_some() {
        audit::record(cx, server, caller, (Action::ChannelUpdate, Some(id.0)), &changes)?;
    }
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
    for channel in changed(before, after) {
        store::channels::set(cx.db, channel)?;
        let audience = Audience::Channel(server, channel.channel_id);
        cx.publish(Event::new(audience, Payload::ChannelUpdate(channel.clone())));
    }
    Ok(())
}

/// The channels that are not as they were.
fn changed<'a>(before: &'a [Channel], after: &'a [Channel]) -> impl Iterator<Item = &'a Channel> {
    let key = |c: &Channel| (c.name.clone(), c.topic.clone(), c.position, c.parent_id);
    after.iter().filter(move |channel| {
        let old = before.iter().find(|c| c.channel_id == channel.channel_id);
        old.is_some_and(|old| key(old) != key(channel))
    })
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
    let gone = before.iter().find(|channel| channel.channel_id == id).ok_or_else(Error::not_found)?;
    let changes = [Change::new("name", &gone.name, &()), Change::new("type", &gone.kind, &())];
    audit::record(cx, server, caller, (Action::ChannelDelete, Some(id.0)), &changes)?;
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
    let (channel, place) = access::channel(cx, caller, id)?;
    place.with_messages()?;
    set_read(cx, caller.user_id, &[(&channel, mark?.message_id)])
}

/// Sets how far somebody has read in some channels, and tells their devices where that is news.
pub(super) fn set_read(cx: &mut Writing<'_, '_>, user: UserId, marks: &[(&Channel, MessageId)]) -> Result<()> {
    let mut before: HashMap<_, _> = store::read_states::of(cx.db, user)?.into_iter().collect();
    before.extend(cx.late.of(user));
    for &(channel, message_id) in marks {
        let channel_id = channel.channel_id;
        if before.get(&channel_id) != Some(&message_id) {
            cx.tx.mark_read(user, channel_id, message_id);
            let place = (channel.server_id, channel_id);
            let state = unread::state(cx, user, place, channel.last_message_id, message_id)?;
            cx.publish(Event::new(Audience::Users(vec![user]), Payload::ReadUpdate(state)));
        }
    }
    Ok(())
}
