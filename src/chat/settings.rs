//! One JSON object that a user's clients share between devices. What is in it is theirs.

use serde_json::{Map, Value};

use super::access::Caller;
use super::{Reading, Writing};
use crate::model::{Audience, Error, Event, Payload, Result, UserId};
use crate::store;

/// The caller's settings; empty until some are stored.
///
/// # Errors
/// Database errors.
pub fn get(cx: &Reading<'_>, caller: &Caller) -> Result<Map<String, Value>> {
    of(cx, caller.user_id)
}

pub(super) fn of(cx: &Reading<'_>, user: UserId) -> Result<Map<String, Value>> {
    match store::settings::get(cx.db, user)? {
        Some(text) => serde_json::from_str(&text).map_err(Error::internal),
        None => Ok(Map::new()),
    }
}

/// Stores the caller's settings and tells their other devices.
///
/// # Errors
/// 400.
pub fn set(cx: &mut Writing<'_, '_>, caller: &Caller, new: Result<Map<String, Value>>) -> Result<()> {
    let new = new?;
    if new == get(cx, caller)? {
        return Ok(());
    }
    let text = serde_json::to_string(&new).map_err(Error::internal)?;
    store::settings::set(cx.db, caller.user_id, &text)?;
    cx.publish(Event::new(Audience::Users(vec![caller.user_id]), Payload::SettingsUpdate(new)));
    Ok(())
}
