//! Servers.

use super::access::{self, Caller};
use super::{Reading, Writing, audit, channels, files, members, sight};
use crate::model::object::{Action, Change, ChannelKind, FullServer, Server};
use crate::model::request::{NewServer, ServerPatch};
use crate::model::{Audience, Code, Effect, Error, Event, Payload, Permission, Result, ServerId, UserId};
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
    if cx.shared.settings.get().admins_create_servers && !caller.is_admin {
        return Err(Error::with_detail(Code::Forbidden, "only administrators create servers here"));
    }
    let new = new?;
    members::may_join_another(cx, caller.user_id)?;
    let id = ServerId(cx.next_id());
    let description = store::servers::description(new.description.as_ref());
    store::servers::add(cx.db, id, &new.name, description, caller.user_id, cx.now)?;
    let general = channels::New { name: "general", kind: ChannelKind::Text, ..channels::New::default() };
    channels::add(cx, id, general)?;
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
    if let Some(owner) = patch.owner_id.into_set() {
        if !seen.standing.owner {
            return Err(Error::with_detail(Code::Forbidden, "only the owner hands a server over"));
        }
        if store::servers::member(cx.db, id, owner)?.is_none() {
            return Err(Error::field("owner_id", "must be a member"));
        }
        after.owner_id = owner;
    }
    if let Some(icon) = patch.icon.into_set()
        && (icon.is_some() || after.icon_url.is_some())
    {
        let place = files::use_picture(cx, caller, "icon", icon)?;
        after.icon_url = store::files::url(cx.db, place.as_deref())?;
        let replaced = store::servers::set_icon(cx.db, id, place.as_deref())?;
        files::remove_picture(cx, replaced.as_deref())?;
    }
    let before = &seen.server;
    let mut changes = vec![
        Change::new("name", &before.name, &after.name),
        Change::new("description", &before.description, &after.description),
        Change::new("icon_url", &before.icon_url, &after.icon_url),
    ];
    changes.retain(|change| change.before != change.after);
    let owner_changed = after.owner_id != before.owner_id;
    if changes.is_empty() && !owner_changed {
        return Ok(after);
    }
    if !changes.is_empty() {
        audit::record(cx, id, caller, (Action::ServerUpdate, Some(id.0)), &changes)?;
    }
    let told = Event::new(Audience::Server(id), Payload::ServerUpdate(after.clone()));
    if owner_changed {
        hand_over(cx, caller, &after, told)?;
    } else {
        store::servers::set(cx.db, &after)?;
        cx.publish(told);
    }
    Ok(after)
}

/// Makes the change of ownership, and what it makes of who sees what: the new owner sees all, the old one no more than
/// their roles let them.
fn hand_over(cx: &mut Writing<'_, '_>, caller: &Caller, after: &Server, told: Event) -> Result<()> {
    let id = after.server_id;
    let people = [caller.user_id, after.owner_id];
    let before = [access::standing(cx, id, people[0])?, access::standing(cx, id, people[1])?];
    store::servers::set(cx.db, after)?;
    let changes = [Change::new("owner_id", &people[0], &people[1])];
    audit::record(cx, id, caller, (Action::OwnerChange, Some(after.owner_id.0)), &changes)?;
    let effect = sight::badges(cx, id, people[0], false)?;
    cx.publish(told.with_effect(effect));
    let effect = sight::badges(cx, id, people[1], true)?;
    cx.publish(Event::silent(effect));
    for (user, before) in people.into_iter().zip(&before) {
        let now = access::standing(cx, id, user)?;
        sight::member_turned(cx, id, user, before, &now)?;
    }
    Ok(())
}

/// Deletes a server; its rows are swept later.
///
/// # Errors
/// 404, 403 for all but the owner.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId) -> Result<()> {
    let seen = access::server(cx, caller, id)?;
    if !seen.standing.owner {
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
    let seen = channels::list(cx, caller, id)?;
    let last: Vec<_> = seen.iter().filter_map(|channel| Some((channel, channel.last_message_id?))).collect();
    channels::set_read(cx, caller.user_id, &last)
}

/// A server as `user`, a member, first sees it.
pub(super) fn full(cx: &Reading<'_>, server: Server, user: UserId) -> Result<FullServer> {
    let id = server.server_id;
    let standing = access::standing(cx, id, user)?;
    let mut channels = store::channels::of(cx.db, id)?;
    channels.retain_mut(|channel| {
        let permissions = standing.in_channel(&channel.overrides);
        channel.permissions = Some(permissions);
        permissions.has(Permission::ViewChannel)
    });
    let member = store::servers::member(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    Ok(FullServer {
        roles: store::roles::of(cx.db, id)?,
        member: members::object(cx, id, member)?,
        server,
        channels,
        permissions: standing.permissions(),
    })
}
