//! Notifications by push: where the caller's browsers are told of messages, and what became of it.

use super::call::Call;
use super::reply::Reply;
use crate::chat::push;
use crate::model::push::NewPushSubscription;
use crate::model::{Result, UserId};
use crate::push::on;

/// `POST /users/@me/push-subscriptions`.
pub fn subscribe(call: &mut Call<'_>) -> Result<Reply> {
    let new = call.body::<NewPushSubscription>();
    let wanted = on(call.rest.push.as_ref()).and_then(|push| push.check(&new?));
    let subscribed = call.write(|cx, me| push::subscribe(cx, me, wanted))?;
    tell(call, subscribed.before);
    Reply::created_or_ok(subscribed.created, &subscribed.subscription)
}

/// Tells of a change of the caller's subscriptions, and of another's, whose it was.
fn tell(call: &Call<'_>, other: Option<UserId>) {
    if let Some(push) = &call.rest.push {
        call.claims.map(|claims| claims.user_id).into_iter().chain(other).for_each(|user| push.changed(user));
    }
}

/// `GET /users/@me/push-subscriptions`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(push::list)?)
}

/// `DELETE /users/@me/push-subscriptions/{subscription_id}`.
pub fn unsubscribe(call: &mut Call<'_>) -> Result<Reply> {
    let id = call.subscription_id();
    call.write(move |cx, me| push::unsubscribe(cx, me, id?))?;
    tell(call, None);
    Ok(Reply::no_content())
}

/// `POST /users/@me/push-subscriptions/{subscription_id}/test`.
pub fn test(call: &mut Call<'_>) -> Result<Reply> {
    let id = call.subscription_id();
    let (user, subscription) = call.read(|cx, me| Ok((me.user_id, push::get(cx, me, id?)?)))?;
    on(call.rest.push.as_ref())?.test(user, &subscription);
    Ok(Reply::accepted())
}

/// `GET /users/@me/push-log`.
pub fn log(call: &mut Call<'_>) -> Result<Reply> {
    let user = call.read(|_, me| Ok(me.user_id))?;
    Reply::ok(&call.rest.push.as_ref().map(|push| push.log(user)).unwrap_or_default())
}
