//! Members of servers.

use super::call::Call;
use super::query::{AFTER, Query};
use super::reply::Reply;
use crate::chat::{Caller, Reading, members};
use crate::model::Result;
use crate::model::request::MemberPatch;

/// `GET /servers/{server_id}/members`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    let list = |cx: &Reading<'_>, me: &Caller, wanted| members::list(cx, me, server?, wanted);
    call.page(AFTER, Query::members, list, |member| member.user.user_id.0)
}

/// `GET /servers/{server_id}/members/{user_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person) = (call.server_id(), call.person());
    Reply::ok(&call.read(|cx, me| members::get(cx, me, server?, person?.id(me)))?)
}

/// `PATCH /servers/{server_id}/members/{user_id}`.
pub fn update(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person, patch) = (call.server_id(), call.person(), call.body::<MemberPatch>());
    Reply::ok(&call.write(move |cx, me| members::update(cx, me, server?, person?.id(me), patch))?)
}

/// `DELETE /servers/{server_id}/members/{user_id}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person) = (call.server_id(), call.person());
    call.write(move |cx, me| members::remove(cx, me, server?, person?.id(me)))?;
    Ok(Reply::no_content())
}
