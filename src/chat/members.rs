//! Who is in a server.

use std::collections::HashSet;

use super::access::{self, Caller};
use super::{Reading, Slice, Writing, audit, roles, servers, sight, users};
use crate::model::event::{MemberAdd, Removal};
use crate::model::name::Nickname;
use crate::model::object::{Action, Change, Member, Status};
use crate::model::request::{Cursor, MemberPatch, MemberQuery, Patch};
use crate::model::{
    Audience, Badges, Code, Effect, Error, Event, Payload, Permission, Result, ServerId, UserId, limits,
};
use crate::store::{self, servers::Membership};

pub(super) fn object(cx: &Reading<'_>, server_id: ServerId, row: Membership) -> Result<Member> {
    let roles = store::roles::of_member(cx.db, server_id, row.account.user_id)?;
    Ok(Member {
        user: users::public(cx, row.account),
        server_id,
        nickname: row.nickname,
        roles,
        joined_at: row.joined_at,
    })
}

/// A member whole.
fn whole(cx: &Reading<'_>, server: ServerId, user: UserId) -> Result<Member> {
    let row = store::servers::member(cx.db, server, user)?.ok_or_else(Error::not_found)?;
    object(cx, server, row)
}

/// Members, ascending by user; with a prefix those that match best come first, and there is no next page: "after"
/// a user says nothing of who matches better.
///
/// # Errors
/// 404, 400.
pub fn list(cx: &Reading<'_>, caller: &Caller, id: ServerId, query: Result<MemberQuery>) -> Result<Slice<Member>> {
    access::server(cx, caller, id)?;
    let MemberQuery { page, prefix, user_ids, online } = query?;
    let after = match page.cursor {
        Cursor::After(position) => position,
        _ => -1,
    };
    let mut wanted = user_ids.or_else(|| online.then(|| cx.shared.presences.online()));
    if online && let Some(users) = &mut wanted {
        users.retain(|user| cx.shared.presences.of(*user) != Status::Offline);
    }
    let rows = match (wanted, &prefix) {
        (wanted, Some(prefix)) => by_prefix(cx, id, prefix, wanted, after, page.limit)?,
        (Some(users), None) => some(cx, id, users, after, page.limit + 1)?,
        (None, None) => store::servers::members(cx.db, id, after, page.limit + 1)?,
    };
    let slice = Slice::cut(rows, page.limit);
    let items = slice.items.into_iter().map(|row| object(cx, id, row)).collect::<Result<_>>()?;
    Ok(Slice { items, more: slice.more })
}

/// Up to `limit` of `users` who are members above `after`, ascending.
fn some(cx: &Reading<'_>, id: ServerId, mut users: Vec<UserId>, after: i64, limit: usize) -> Result<Vec<Membership>> {
    users.sort_unstable();
    users.dedup();
    let members = users.into_iter().filter(|user| user.0 > after);
    let members = members.filter_map(|user| store::servers::member(cx.db, id, user).transpose());
    Ok(members.take(limit).collect::<rusqlite::Result<_>>()?)
}

/// Up to `limit` members above `after` one of whose names begins with `prefix`, of `wanted` if given: those first whose
/// shown name does.
fn by_prefix(
    cx: &Reading<'_>,
    id: ServerId,
    prefix: &str,
    wanted: Option<Vec<UserId>>,
    after: i64,
    limit: usize,
) -> Result<Vec<Membership>> {
    let prefix = prefix.to_lowercase();
    let wanted: Option<HashSet<_>> = wanted.map(|users| users.into_iter().collect());
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    store::servers::each_name(cx.db, id, after, |user, names| {
        if wanted.as_ref().is_none_or(|wanted| wanted.contains(&user)) {
            let mut names = names.into_iter().flatten().map(|name| starts(name, &prefix));
            if names.next() == Some(true) {
                shown.push(user);
            } else if others.len() < limit && names.any(|starts| starts) {
                others.push(user);
            }
        }
        shown.len() < limit
    })?;
    let best = shown.into_iter().chain(others).take(limit);
    let rows = best.filter_map(|user| store::servers::member(cx.db, id, user).transpose());
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a name, folded, begins with a prefix that is folded.
pub(super) fn starts(name: &str, prefix: &str) -> bool {
    let mut folded = name.chars().flat_map(char::to_lowercase);
    prefix.chars().all(|c| folded.next() == Some(c))
}

/// A member.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, id: ServerId, user: UserId) -> Result<Member> {
    access::server(cx, caller, id)?;
    whole(cx, id, user)
}

/// Changes a member's nickname and roles.
///
/// # Errors
/// 404, 403, 400.
pub fn update(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    id: ServerId,
    user: UserId,
    patch: Result<MemberPatch>,
) -> Result<Member> {
    let seen = access::server(cx, caller, id)?;
    let before = whole(cx, id, user)?;
    let is_self = user == caller.user_id;
    let (names_others, gives_roles) =
        (seen.permissions().has(Permission::ManageServer), seen.permissions().has(Permission::ManageRoles));
    if !is_self {
        if !names_others && !gives_roles {
            return Err(Error::forbidden());
        }
        seen.outranked(cx, user)?;
    }
    let MemberPatch { nickname, roles } = patch?;
    let mut changes = Vec::new();
    if let Patch::Set(nickname) = nickname {
        if !is_self {
            seen.need(Permission::ManageServer)?;
        }
        let nickname = nickname.as_ref().map(Nickname::as_str);
        if nickname != before.nickname.as_deref() {
            store::servers::set_nickname(cx.db, id, user, nickname)?;
            changes.push(Change::new("nickname", &before.nickname, &nickname));
        }
    }
    let standing = access::standing(cx, id, user)?;
    if let Patch::Set(wanted) = roles {
        seen.need(Permission::ManageRoles)?;
        let (give, take) = roles::exchange(cx, &seen, &before.roles, wanted)?;
        for role in &give {
            store::roles::give(cx.db, id, user, role.role_id)?;
        }
        for role in &take {
            store::roles::take(cx.db, id, user, role.role_id)?;
        }
        if !give.is_empty() || !take.is_empty() {
            let held = store::roles::of_member(cx.db, id, user)?;
            changes.push(Change::new("roles", &before.roles, &held));
        }
    }
    if changes.is_empty() {
        return Ok(before);
    }
    audit::record(cx, id, caller, (Action::MemberUpdate, Some(user.0)), &changes)?;
    let after = whole(cx, id, user)?;
    let effect = if after.roles == before.roles { Effect::None } else { sight::badges(cx, id, user, standing.owner)? };
    let told = Event::new(Audience::Server(id), Payload::ServerMemberUpdate(after.clone()));
    cx.publish(told.with_effect(effect));
    if after.roles != before.roles {
        let now = access::standing(cx, id, user)?;
        sight::member_turned(cx, id, user, &standing, &now)?;
    }
    Ok(after)
}

/// Leaves a server, or removes another member from it.
///
/// # Errors
/// 404, 403, 409 `owner_cannot_leave`.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, user: UserId) -> Result<()> {
    let seen = access::server(cx, caller, id)?;
    store::servers::member(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    if user == caller.user_id {
        if seen.standing.owner {
            return Err(Error::new(Code::OwnerCannotLeave));
        }
        return take_out(cx, id, user, Removal::Left);
    }
    seen.need(Permission::KickMembers)?;
    seen.outranked(cx, user)?;
    audit::record(cx, id, caller, (Action::MemberKick, Some(user.0)), &[])?;
    take_out(cx, id, user, Removal::Kicked)
}

/// Makes somebody no member any more, and tells everybody, themselves included.
pub(super) fn take_out(cx: &mut Writing<'_, '_>, id: ServerId, user: UserId, reason: Removal) -> Result<()> {
    store::servers::remove_member(cx.db, id, user)?;
    let payload = Payload::ServerMemberRemove { server_id: id, user_id: user, reason };
    cx.publish(Event::new(Audience::Server(id), payload).with_effect(Effect::Leave(id, user)));
    Ok(())
}

/// # Errors
/// 409 `too_many_servers`.
pub(super) fn may_join_another(cx: &Reading<'_>, user: UserId) -> Result<()> {
    if store::servers::ids_of(cx.db, user)?.len() >= limits::SERVERS_PER_USER {
        return Err(Error::new(Code::TooManyServers));
    }
    Ok(())
}

/// Makes somebody a member and tells everybody; to the joiner's devices with the whole server. What was written
/// before they came counts as read.
pub(super) fn add(cx: &mut Writing<'_, '_>, id: ServerId, user: UserId) -> Result<()> {
    store::servers::add_member(cx.db, id, user, cx.now)?;
    let server = store::servers::get(cx.db, id)?.ok_or_else(Error::not_found)?;
    let full = servers::full(cx, server, user)?;
    for channel in &full.channels {
        if let Some(last) = channel.last_message_id {
            cx.tx.mark_read(user, channel.channel_id, last);
        }
    }
    let badges = Badges { owner: full.server.owner_id == user, roles: Vec::new() };
    let rules = store::roles::rules(cx.db, id)?;
    let member = full.member.clone();
    let to_all = Payload::ServerMemberAdd(Box::new(MemberAdd { member: member.clone(), server: None }));
    let to_joiner = Payload::ServerMemberAdd(Box::new(MemberAdd { member, server: Some(full) }));
    cx.publish(Event {
        audience: Audience::Server(id),
        effect: Effect::Join(id, user, Box::new((badges, rules))),
        payload: Some(to_all),
        instead: Some((user, Some(to_joiner))),
    });
    Ok(())
}
