//! Profiles.

use super::call::Call;
use super::reply::Reply;
use crate::chat::users;
use crate::model::Result;
use crate::model::request::UserPatch;

/// `GET /users/{user_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let person = call.person();
    Reply::ok(&call.read(|cx, me| users::profile(cx, me, person?.id(me)))?)
}

/// `PATCH /users/{user_id}`.
pub fn update(call: &mut Call<'_>) -> Result<Reply> {
    let (person, patch) = (call.person(), call.body::<UserPatch>());
    Reply::ok(&call.write(|cx, me| users::update(cx, me, person?.id(me), patch))?)
}
