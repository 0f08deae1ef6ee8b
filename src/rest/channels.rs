//! Channels of servers; DMs share the paths under `/channels`.

use super::call::Call;
use super::reply::Reply;
use crate::chat::channels;
use crate::model::Result;
use crate::model::request::{ChannelPatch, MarkRead, NewChannel};

/// `GET /servers/{server_id}/channels`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    Reply::ok(&call.read(|cx, me| channels::list(cx, me, server?))?)
}

/// `POST /servers/{server_id}/channels`.
pub fn create(call: &mut Call<'_>) -> Result<Reply> {
    let (server, new) = (call.server_id(), call.body::<NewChannel>());
    Reply::created(&call.write(|cx, me| channels::create(cx, me, server?, new))?)
}

/// `GET /channels/{channel_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let channel = call.channel_id();
    Reply::ok(&call.read(|cx, me| channels::get(cx, me, channel?))?)
}

/// `PATCH /channels/{channel_id}`.
pub fn update(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, patch) = (call.channel_id(), call.body::<ChannelPatch>());
    Reply::ok(&call.write(|cx, me| channels::update(cx, me, channel?, patch))?)
}

/// `DELETE /channels/{channel_id}`.
pub fn delete(call: &mut Call<'_>) -> Result<Reply> {
    let channel = call.channel_id();
    call.write(|cx, me| channels::delete(cx, me, channel?))?;
    Ok(Reply::no_content())
}

/// `PUT /channels/{channel_id}/read`.
pub fn mark_read(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, mark) = (call.channel_id(), call.body::<MarkRead>());
    call.write(|cx, me| channels::mark_read(cx, me, channel?, mark))?;
    Ok(Reply::no_content())
}
