//! Members of servers.

use super::call::Call;
use super::query::AFTER;
use super::reply::Reply;
use crate::chat::members;
use crate::model::Result;

/// `GET /servers/{server_id}/members`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let (server, query) = (call.server_id(), call.query());
    let (wanted, query) = match query {
        Ok(query) => (query.members(), Some(query)),
        Err(error) => (Err(error), None),
    };
    let slice = call.read(|cx, me| members::list(cx, me, server?, wanted))?;
    let reply = Reply::ok(&slice.items)?;
    Ok(match (slice.items.last().filter(|_| slice.more), query) {
        (Some(member), Some(query)) => reply.with("Link", &call.next_page(&query, AFTER.name, member.user.user_id.0)),
        _ => reply,
    })
}

/// `GET /servers/{server_id}/members/{user_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person) = (call.server_id(), call.person());
    Reply::ok(&call.read(|cx, me| members::get(cx, me, server?, person?.id(me)))?)
}

/// `DELETE /servers/{server_id}/members/{user_id}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person) = (call.server_id(), call.person());
    call.write(move |cx, me| members::remove(cx, me, server?, person?.id(me)))?;
    Ok(Reply::no_content())
}
