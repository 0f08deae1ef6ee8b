//! Whom one wants no direct messages from.

use super::call::Call;
use super::reply::Reply;
use crate::chat::blocks;
use crate::model::Result;

/// `GET /users/@me/blocks`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(blocks::list)?)
}

/// `PUT /users/@me/blocks/{user_id}`.
pub fn add(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    call.write(move |cx, me| blocks::add(cx, me, person?.id(me)))?;
    Ok(Reply::no_content())
}

/// `DELETE /users/@me/blocks/{user_id}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    call.write(move |cx, me| blocks::remove(cx, me, person?.id(me)))?;
    Ok(Reply::no_content())
}
