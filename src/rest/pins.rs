//! Pinned messages.

use super::call::Call;
use super::reply::Reply;
use crate::chat::pins;
use crate::model::Result;

/// `GET /channels/{channel_id}/pins`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let channel = call.channel_id();
    Reply::ok(&call.read(|cx, me| pins::list(cx, me, channel?))?)
}

/// `PUT /channels/{channel_id}/pins/{message_id}`.
pub fn add(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message) = (call.channel_id(), call.message_id());
    call.write(|cx, me| pins::add(cx, me, channel?, message?))?;
    Ok(Reply::no_content())
}

/// `DELETE /channels/{channel_id}/pins/{message_id}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message) = (call.channel_id(), call.message_id());
    call.write(|cx, me| pins::remove(cx, me, channel?, message?))?;
    Ok(Reply::no_content())
}
