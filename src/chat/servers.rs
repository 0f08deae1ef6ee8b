//! Servers.

use super::access::{self, Caller};
use super::{Reading, Writing, channels, members};
use crate::model::object::{ChannelKind, FullServer, Server};
use crate::model::request::{NewServer, ServerPatch};
use crate::model::{Audience, Code, Effect, Error, Event, Payload, Permission, Result, ServerId, UserId, limits};
use crate::store;

/// The caller's servers, in order of joining.
///
/// # Errors
/// Database errors.
pub fn list(cx: &Reading<'_>, caller: &Caller) -> Result<Vec<Server>> {
    Ok(store::servers::of(cx.db, caller.user_id)?)
}

/// Creates a server with one text channel; the caller owns it.
///
/// # Errors
/// 403 where only administrators create servers, 409 `too_many_servers`.
pub fn create(cx: &mut Writing<'_, '_>, caller: &Caller, new: Result<NewServer>) -> Result<Server> {
    if cx.shared.config.admins_create_servers && !caller.is_admin {
        return Err(Error::with_detail(Code::Forbidden, "only administrators create servers here"));
    }
    let new = new?;
    members::may_join_another(cx, caller.user_id)?;
    let id = ServerId(cx.next_id());
    let description = store::servers::description(new.description.as_ref());
    store::servers::add(cx.db, id, &new.name, description, caller.user_id, cx.now)?;
    channels::add(cx, id, "general", ChannelKind::Text, "", None, 0)?;
    members::add(cx, id, caller.user_id)?;
    access::server(cx, caller, id).map(|seen| seen.server)
}

/// A server of the caller's.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, id: ServerId) -> Result<Server> {
    access::server(cx, caller, id).map(|seen| seen.server)
}

/// Changes a server; handing it over is the owner's alone.
///
/// # Errors
/// 404, 403, 400.
pub fn update(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, patch: Result<ServerPatch>) -> Result<Server> {
    let seen = access::server(cx, caller, id)?;
    seen.need(Permission::ManageServer)?;
    let patch = patch?;
    let mut after = seen.server.clone();
    if let Some(name) = patch.name.into_set() {
        name.as_str().clone_into(&mut after.name);
    }
    if let Some(description) = patch.description.into_set() {
        description.as_str().clone_into(&mut after.description);
    }
    if patch.icon.into_set().flatten().is_some() {
        return Err(Error::field("icon", "must name an unused image of yours, or be null"));
    }
    if let Some(owner) = patch.owner_id.into_set() {
        if seen.server.owner_id != caller.user_id {
            return Err(Error::with_detail(Code::Forbidden, "only the owner hands a server over"));
        }
        if store::servers::member(cx.db, id, owner)?.is_none() {
            return Err(Error::field("owner_id", "must be a member"));
        }
        after.owner_id = owner;
    }
    let unchanged = (&after.name, &after.description, after.owner_id)
        == (&seen.server.name, &seen.server.description, seen.server.owner_id);
    if !unchanged {
        store::servers::set(cx.db, &after)?;
        cx.publish(Event::new(Audience::Server(id), Payload::ServerUpdate(after.clone())));
    }
    Ok(after)
}

/// Deletes a server; its rows are swept later.
///
/// # Errors
/// 404, 403 for all but the owner.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId) -> Result<()> {
    let seen = access::server(cx, caller, id)?;
    if seen.server.owner_id != caller.user_id {
        return Err(Error::with_detail(Code::Forbidden, "only the owner deletes a server"));
    }
    store::servers::delete(cx.db, id)?;
    cx.tx.sweep_later();
    let event = Event::new(Audience::Server(id), Payload::ServerDelete { server_id: id });
    cx.publish(event.with_effect(Effect::ServerGone(id)));
    Ok(())
}

/// Marks everything in a server read.
///
/// # Errors
/// 404.
pub fn mark_read(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId) -> Result<()> {
    let seen = channels::list(cx, caller, id)?.into_iter();
    let last: Vec<_> = seen.filter_map(|channel| Some((channel.channel_id, channel.last_message_id?))).collect();
    channels::set_read(cx, caller.user_id, &last)
}

/// A server as `user`, a member, first sees it.
pub(super) fn full(cx: &Reading<'_>, server: Server, user: UserId) -> Result<FullServer> {
    let id = server.server_id;
    let standing = store::servers::standing(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    let permissions = access::permissions(standing, user);
    let mut channels = store::channels::of(cx.db, id)?;
    if !permissions.has(Permission::ViewChannel) {
        channels.clear();
    }
    for channel in &mut channels {
        channel.permissions = Some(permissions);
    }
    let member = store::servers::member(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    Ok(FullServer {
        roles: store::servers::roles(cx.db, id)?,
        member: members::object(cx, id, member),
        server,
        channels,
        permissions,
    })
}

/// How many channels a server may have.
pub(super) const CHANNELS_MAX: usize = limits::CHANNELS_PER_SERVER;
