//! Roles of servers, and their overrides in channels.

use super::call::Call;
use super::reply::Reply;
use crate::chat::{overrides, roles};
use crate::model::Result;
use crate::model::request::{NewRole, RolePatch, SetOverride};

/// `GET /servers/{server_id}/roles`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    Reply::ok(&call.read(|cx, me| roles::list(cx, me, server?))?)
}

/// `POST /servers/{server_id}/roles`.
pub fn create(call: &mut Call<'_>) -> Result<Reply> {
    let (server, new) = (call.server_id(), call.body::<NewRole>());
    Reply::created(&call.write(|cx, me| roles::create(cx, me, server?, new))?)
}

/// `PATCH /servers/{server_id}/roles/{role_id}`.
pub fn update(call: &mut Call<'_>) -> Result<Reply> {
    let (server, role, patch) = (call.server_id(), call.role_id(), call.body::<RolePatch>());
    Reply::ok(&call.write(|cx, me| roles::update(cx, me, server?, role?, patch))?)
}

/// `DELETE /servers/{server_id}/roles/{role_id}`.
pub fn delete(call: &mut Call<'_>) -> Result<Reply> {
    let (server, role) = (call.server_id(), call.role_id());
    call.write(|cx, me| roles::delete(cx, me, server?, role?))?;
    Ok(Reply::no_content())
}

/// `PUT /channels/{channel_id}/overrides/{role_id}`.
pub fn set_override(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, role, new) = (call.channel_id(), call.role_id(), call.body::<SetOverride>());
    call.write(|cx, me| overrides::set(cx, me, channel?, role?, new))?;
    Ok(Reply::no_content())
}

/// `DELETE /channels/{channel_id}/overrides/{role_id}`.
pub fn delete_override(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, role) = (call.channel_id(), call.role_id());
    call.write(|cx, me| overrides::delete(cx, me, channel?, role?))?;
    Ok(Reply::no_content())
}
