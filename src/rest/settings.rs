//! The settings that a user's clients share.

use serde_json::{Map, Value};

use super::call::Call;
use super::reply::Reply;
use crate::chat::settings;
use crate::model::Result;

/// `GET /users/@me/settings`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(settings::get)?)
}

/// `PUT /users/@me/settings`.
pub fn set(call: &mut Call<'_>) -> Result<Reply> {
    let new = call.body::<Map<String, Value>>();
    call.write(|cx, me| settings::set(cx, me, new))?;
    Ok(Reply::no_content())
}
