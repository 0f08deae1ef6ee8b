//! Direct messages: who has which, and opening one.

use super::call::Call;
use super::reply::Reply;
use crate::chat::dms;
use crate::model::Result;
use crate::model::request::NewDm;

/// `GET /users/{user_id}/dm-channels`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    Reply::ok(&call.read(|cx, me| dms::list(cx, me, person?.id(me)))?)
}

/// `POST /users/{user_id}/dm-channels`.
pub fn open(call: &mut Call<'_>) -> Result<Reply> {
    let (person, new) = (call.person(), call.body::<NewDm>());
    let opened = call.write(|cx, me| dms::open(cx, me, person?.id(me), new))?;
    Reply::created_or_ok(opened.created, &opened.channel)
}
