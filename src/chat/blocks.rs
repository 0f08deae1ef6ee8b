//! Whom one wants no direct messages from.

use super::access::Caller;
use super::{Reading, Writing, users};
use crate::model::object::User;
use crate::model::{Code, Error, Result, UserId, limits};
use crate::store;

/// Whom the caller has blocked, latest first.
///
/// # Errors
/// Database errors.
pub fn list(cx: &Reading<'_>, caller: &Caller) -> Result<Vec<User>> {
    let blocked = store::blocks::list(cx.db, caller.user_id)?;
    Ok(blocked.into_iter().map(|account| users::public(cx, account)).collect())
}

/// Blocks somebody whom the caller sees.
///
/// # Errors
/// 404, 400 for oneself, 409 `too_many_blocks`.
pub fn add(cx: &mut Writing<'_, '_>, caller: &Caller, other: UserId) -> Result<()> {
    if other == caller.user_id {
        return Err(Error::field("user_id", "must be somebody else"));
    }
    let (is_blocked, count) = store::blocks::count(cx.db, caller.user_id, other)?;
    if is_blocked {
        return Ok(());
    }
    if !store::accounts::acquainted(cx.db, caller.user_id, other)? {
        return Err(Error::not_found());
    }
    if count >= limits::BLOCKS_PER_USER {
        return Err(Error::new(Code::TooManyBlocks));
    }
    let id = cx.next_id();
    Ok(store::blocks::add(cx.db, caller.user_id, other, id)?)
}

/// Lifts a block, if there is one.
///
/// # Errors
/// Database errors.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, other: UserId) -> Result<()> {
    Ok(store::blocks::remove(cx.db, caller.user_id, other)?)
}
