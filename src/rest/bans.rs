//! Bans.

use super::call::Call;
use super::query::AFTER;
use super::reply::Reply;
use crate::chat::{Caller, Reading, bans};
use crate::model::Result;
use crate::model::request::NewBan;

/// `GET /servers/{server_id}/bans`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    let list = |cx: &Reading<'_>, me: &Caller, page| bans::list(cx, me, server?, page);
    call.page(AFTER, |query| query.page(&[AFTER]), list, |ban| ban.user.user_id.0)
}

/// `PUT /servers/{server_id}/bans/{user_id}`.
pub fn add(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person, new) = (call.server_id(), call.person(), call.optional_body::<NewBan>());
    let new = new.map(Option::unwrap_or_default);
    call.write(move |cx, me| bans::add(cx, me, server?, person?.id(me), new))?;
    Ok(Reply::no_content())
}

/// `DELETE /servers/{server_id}/bans/{user_id}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let (server, person) = (call.server_id(), call.person());
    call.write(move |cx, me| bans::remove(cx, me, server?, person?.id(me)))?;
    Ok(Reply::no_content())
}
