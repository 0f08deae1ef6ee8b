//! Who is kept out of a server.

use super::access::{self, Caller};
use super::{Reading, Slice, Writing, audit, members};
use crate::model::event::Removal;
use crate::model::name::Reason;
use crate::model::object::{Action, Ban, Change};
use crate::model::request::{Cursor, NewBan, Page};
use crate::model::{Code, Error, Permission, Result, ServerId, UserId, limits};
use crate::store;

/// The bans of a server, ascending by user.
///
/// # Errors
/// 404, 403, 400.
pub fn list(cx: &Reading<'_>, caller: &Caller, id: ServerId, page: Result<Page>) -> Result<Slice<Ban>> {
    access::server(cx, caller, id)?.need(Permission::BanMembers)?;
    let Page { cursor, limit } = page?;
    let after = match cursor {
        Cursor::After(position) => position,
        _ => -1,
    };
    Ok(Slice::cut(store::bans::list(cx.db, id, after, limit + 1)?, limit))
}

/// Keeps somebody out, a member or not; a member is removed, and what they wrote lately goes if asked for. Who is
/// banned stays banned as they are.
///
/// # Errors
/// 404, 403, 400.
pub fn add(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, user: UserId, new: Result<NewBan>) -> Result<()> {
    let seen = access::server(cx, caller, id)?;
    // Before the look at the account: only who may ban learns whether an ID is somebody's. They must, as whoever left
    // has to be bannable although nobody here shares a server with them any more.
    seen.need(Permission::BanMembers)?;
    store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    if user == caller.user_id || user == seen.server.owner_id {
        return Err(Error::with_detail(Code::Forbidden, "neither oneself nor the owner can be banned"));
    }
    let is_member = store::servers::member(cx.db, id, user)?.is_some();
    if is_member {
        seen.outranked(cx, user)?;
    }
    let NewBan { reason, delete_message_seconds } = new?;
    let seconds = delete_message_seconds.unwrap_or(0);
    if seconds > limits::BAN_DELETE_SECONDS {
        let rule = format_args!("must be 0 to {}", limits::BAN_DELETE_SECONDS);
        return Err(Error::field("delete_message_seconds", rule));
    }
    if store::bans::is_banned(cx.db, id, user)? {
        return Ok(());
    }
    if reason.is_some() {
        cx.because(reason);
    }
    let reason = cx.reason.as_ref().map(Reason::as_str).filter(|reason| !reason.is_empty());
    store::bans::add(cx.db, id, user, reason, caller.user_id, cx.now)?;
    if is_member {
        members::take_out(cx, id, user, Removal::Banned)?;
    }
    let mut changes = Vec::new();
    if seconds > 0 {
        let purge = cx.next_id();
        store::bans::purge(cx.db, id, user, seconds, purge)?;
        cx.tx.sweep_later();
        changes.push(Change::new("delete_message_seconds", &(), &seconds));
    }
    audit::record(cx, id, caller, (Action::BanAdd, Some(user.0)), &changes)
}

/// Lifts a ban.
///
/// # Errors
/// 404, 403.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, user: UserId) -> Result<()> {
    access::server(cx, caller, id)?.need(Permission::BanMembers)?;
    if !store::bans::remove(cx.db, id, user)? {
        return Err(Error::not_found());
    }
    audit::record(cx, id, caller, (Action::BanRemove, Some(user.0)), &[])
}
