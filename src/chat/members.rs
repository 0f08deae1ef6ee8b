//! Who is in a server.

use super::access::{self, Caller};
use super::{Reading, Slice, Writing, servers, users};
use crate::model::event::{MemberAdd, Removal};
use crate::model::object::{Member, Status};
use crate::model::request::{Cursor, MemberQuery};
use crate::model::{Audience, Code, Effect, Error, Event, Payload, Permission, Result, ServerId, UserId, limits};
use crate::store::{self, servers::Membership};

pub(super) fn object(cx: &Reading<'_>, server_id: ServerId, row: Membership) -> Member {
    Member {
        user: users::public(cx, row.account),
        server_id,
        nickname: row.nickname,
        roles: Vec::new(),
        joined_at: row.joined_at,
    }
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
    let one_more = page.limit + 1;
    let wanted = user_ids.or_else(|| online.then(|| cx.shared.presences.online()));
    let is_there = |row: &Membership| !online || cx.shared.presences.of(row.account.user_id) != Status::Offline;
    let rows = match (wanted, &prefix) {
        (Some(users), None) => some(cx, id, users, after, one_more, is_there)?,
        (Some(users), Some(prefix)) => {
            let matches = |row: &Membership| is_there(row) && begins(row, prefix);
            let mut rows = some(cx, id, users, after, usize::MAX, matches)?;
            rows.sort_by_key(|row| !starts(shown_name(row), prefix));
            rows
        }
        (None, Some(prefix)) => store::servers::members_like(cx.db, id, prefix, after, one_more)?,
        (None, None) => store::servers::members(cx.db, id, after, one_more)?,
    };
    let slice = Slice::cut(rows, page.limit);
    let items = slice.items.into_iter().map(|row| object(cx, id, row)).collect();
    Ok(Slice { items, more: slice.more && prefix.is_none() })
}

/// Those of `users` who are members above `after` and whom `keep` keeps, ascending.
fn some(
    cx: &Reading<'_>,
    id: ServerId,
    mut users: Vec<UserId>,
    after: i64,
    limit: usize,
    keep: impl Fn(&Membership) -> bool,
) -> Result<Vec<Membership>> {
    users.sort_unstable();
    users.dedup();
    let mut found = Vec::new();
    for user in users.into_iter().filter(|user| user.0 > after) {
        if let Some(row) = store::servers::member(cx.db, id, user)?
            && keep(&row)
        {
            found.push(row);
            if found.len() == limit {
                break;
            }
        }
    }
    Ok(found)
}

fn begins(row: &Membership, prefix: &str) -> bool {
    let names = [row.nickname.as_deref(), row.account.display_name.as_deref(), Some(row.account.username.as_str())];
    names.into_iter().flatten().any(|name| starts(name, prefix))
}

fn starts(name: &str, prefix: &str) -> bool {
    name.to_lowercase().starts_with(&prefix.to_lowercase())
}

/// The name that others see.
fn shown_name(row: &Membership) -> &str {
    let name = row.nickname.as_deref().or(row.account.display_name.as_deref());
    name.unwrap_or(&row.account.username)
}

/// A member.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, id: ServerId, user: UserId) -> Result<Member> {
    access::server(cx, caller, id)?;
    let row = store::servers::member(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    Ok(object(cx, id, row))
}

/// Leaves a server, or removes another member from it.
///
/// # Errors
/// 404, 403, 409 `owner_cannot_leave`.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, user: UserId) -> Result<()> {
    let seen = access::server(cx, caller, id)?;
    store::servers::member(cx.db, id, user)?.ok_or_else(Error::not_found)?;
    let reason = if user == caller.user_id {
        if seen.server.owner_id == user {
            return Err(Error::new(Code::OwnerCannotLeave));
        }
        Removal::Left
    } else {
        seen.need(Permission::KickMembers)?;
        if seen.server.owner_id == user {
            return Err(Error::with_detail(Code::Forbidden, "nobody removes the owner"));
        }
        Removal::Kicked
    };
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
    let member = full.member.clone();
    let to_all = Payload::ServerMemberAdd(Box::new(MemberAdd { member: member.clone(), server: None }));
    let to_joiner = Payload::ServerMemberAdd(Box::new(MemberAdd { member, server: Some(full) }));
    cx.publish(Event {
        audience: Audience::Server(id),
        effect: Effect::Join(id, user),
        payload: Some(to_all),
        instead: Some((user, Some(to_joiner))),
    });
    Ok(())
}
