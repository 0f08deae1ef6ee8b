//! Servers.

use super::call::Call;
use super::reply::Reply;
use crate::chat::servers;
use crate::model::Result;
use crate::model::request::{NewServer, ServerPatch};

/// `GET /servers`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(servers::list)?)
}

/// `POST /servers`.
pub fn create(call: &mut Call<'_>) -> Result<Reply> {
    let new = call.body::<NewServer>();
    Reply::created(&call.write(|cx, me| servers::create(cx, me, new))?)
}

/// `GET /servers/{server_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    Reply::ok(&call.read(|cx, me| servers::get(cx, me, server?))?)
}

/// `PATCH /servers/{server_id}`.
pub fn update(call: &mut Call<'_>) -> Result<Reply> {
    let (server, patch) = (call.server_id(), call.body::<ServerPatch>());
    Reply::ok(&call.write(|cx, me| servers::update(cx, me, server?, patch))?)
}

/// `DELETE /servers/{server_id}`.
pub fn delete(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    call.write(|cx, me| servers::delete(cx, me, server?))?;
    Ok(Reply::no_content())
}

/// `PUT /servers/{server_id}/read`.
pub fn mark_read(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    call.write(|cx, me| servers::mark_read(cx, me, server?))?;
    Ok(Reply::no_content())
}
