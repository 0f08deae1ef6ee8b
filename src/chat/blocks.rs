//! Whom one wants no direct messages from.

use super::access::Caller;
use super::{Reading, Writing, unread, users};
use crate::model::object::{ReadState, User};
use crate::model::{Audience, Code, Error, Event, Payload, Result, UserId, limits};
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
    let before = unread::states(cx, caller.user_id)?;
    store::blocks::add(cx.db, caller.user_id, other, id)?;
    tell(cx, caller.user_id, (other, true), &before)
}

/// Lifts a block, if there is one.
///
/// # Errors
/// Database errors.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, other: UserId) -> Result<()> {
    let before = unread::states(cx, caller.user_id)?;
    if store::blocks::remove(cx.db, caller.user_id, other)? {
        tell(cx, caller.user_id, (other, false), &before)?;
    }
    Ok(())
}

/// Tells the user's devices, and what of the messages that wait for them counts otherwise now.
fn tell(cx: &mut Writing<'_, '_>, user: UserId, (other, blocked): (UserId, bool), before: &[ReadState]) -> Result<()> {
    let own = || Audience::Users(vec![user]);
    cx.publish(Event::new(own(), Payload::BlockUpdate { user_id: other, blocked }));
    for state in unread::states(cx, user)?.into_iter().filter(|state| !before.contains(state)) {
        cx.publish(Event::new(own(), Payload::ReadUpdate(state)));
    }
    Ok(())
}
