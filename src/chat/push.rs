//! Push subscriptions: where a user's browsers are told of messages. What they are told is in `letters`.

use super::access::Caller;
use super::{Reading, Writing, settings};
use crate::model::push::{Endpoint, PushKeys, PushSubscription};
use crate::model::{Code, Error, Preferences, Result, RoleId, ServerId, SubscriptionId, UserId, limits};
use crate::store;
pub use crate::store::push::{Fares, Stored};

/// A subscription that is asked for, once its endpoint and keys are known to be good.
#[derive(Debug)]
pub struct Wanted {
    /// As the browser has it.
    pub endpoint: String,
    /// The browser's.
    pub keys: PushKeys,
    /// What the device is called.
    pub name: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub struct Subscribed {
    /// The subscription.
    pub subscription: PushSubscription,
    /// `false`: the endpoint was the caller's before.
    pub created: bool,
    /// Whose it was, if it was another's.
    pub before: Option<UserId>,
}

/// Somebody who is told by push.
#[derive(Debug)]
pub struct Subscriber {
    /// Of what.
    pub preferences: Preferences,
    /// Where, with the push service's origin.
    pub subscriptions: Vec<(SubscriptionId, String)>,
}

/// The caller's subscriptions, oldest first.
///
/// # Errors
/// Database errors.
pub fn list(cx: &Reading<'_>, caller: &Caller) -> Result<Vec<PushSubscription>> {
    of(cx, caller.user_id)
}

fn of(cx: &Reading<'_>, user: UserId) -> Result<Vec<PushSubscription>> {
    let mut all = store::push::list(cx.db, user)?;
    for one in &mut all {
        // Only what could be read was stored.
        one.origin = Endpoint::parse(&one.origin).map(|endpoint| endpoint.origin()).unwrap_or_default();
    }
    Ok(all)
}

/// Subscribes the session that the caller came in. The same endpoint again takes the place of what was there; a browser
/// whose user has changed is the new one's.
///
/// # Errors
/// 400, 409 `too_many_push_subscriptions`.
pub fn subscribe(cx: &mut Writing<'_, '_>, caller: &Caller, wanted: Result<Wanted>) -> Result<Subscribed> {
    let Wanted { endpoint, keys, name } = wanted?;
    let user = caller.user_id;
    let there = store::push::at(cx.db, &endpoint)?;
    let own = there.filter(|(_, owner)| *owner == user).map(|(id, _)| id);
    let before = there.filter(|(_, owner)| *owner != user);
    if own.is_none() && store::push::count(cx.db, user)? >= limits::PUSH_SUBSCRIPTIONS {
        return Err(Error::new(Code::TooManyPushSubscriptions));
    }
    if let Some((id, owner)) = before {
        store::push::remove(cx.db, id, owner)?;
    }
    let subscription_id = own.unwrap_or_else(|| SubscriptionId(cx.next_id()));
    let new = PushSubscription {
        subscription_id,
        name,
        origin: String::new(),
        created_at: cx.now,
        last_success_at: None,
        last_failure: None,
    };
    store::push::set(cx.db, &new, (user, caller.session_id), &endpoint, &keys)?;
    let subscription = of(cx, user)?.into_iter().find(|one| one.subscription_id == subscription_id);
    let subscription = subscription.ok_or_else(Error::not_found)?;
    Ok(Subscribed { subscription, created: own.is_none(), before: before.map(|(_, owner)| owner) })
}

/// Removes one of the caller's subscriptions.
///
/// # Errors
/// 404.
pub fn unsubscribe(cx: &mut Writing<'_, '_>, caller: &Caller, id: SubscriptionId) -> Result<()> {
    if store::push::remove(cx.db, id, caller.user_id)? { Ok(()) } else { Err(Error::not_found()) }
}

/// One of the caller's subscriptions.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, id: SubscriptionId) -> Result<PushSubscription> {
    let all = of(cx, caller.user_id)?;
    all.into_iter().find(|one| one.subscription_id == id).ok_or_else(Error::not_found)
}

/// Everybody who has a subscription.
///
/// # Errors
/// Database errors.
pub fn subscribers(cx: &Reading<'_>) -> Result<Vec<UserId>> {
    Ok(store::push::subscribers(cx.db)?)
}

/// How many subscriptions there are.
///
/// # Errors
/// Database errors.
pub fn count(cx: &Reading<'_>) -> Result<u64> {
    Ok(store::push::count_all(cx.db)?)
}

/// Of what and where somebody is told; none if nowhere.
///
/// # Errors
/// Database errors.
pub fn subscriber(cx: &Reading<'_>, user: UserId) -> Result<Option<Subscriber>> {
    let subscriptions: Vec<_> = of(cx, user)?.into_iter().map(|one| (one.subscription_id, one.origin)).collect();
    if subscriptions.is_empty() {
        return Ok(None);
    }
    Ok(Some(Subscriber { preferences: Preferences::read(&settings::of(cx, user)?), subscriptions }))
}

/// Whether somebody is in a server.
///
/// # Errors
/// Database errors.
pub fn is_member(cx: &Reading<'_>, server: ServerId, user: UserId) -> Result<bool> {
    Ok(store::push::is_member(cx.db, server, user)?)
}

/// Who holds a role.
///
/// # Errors
/// Database errors.
pub fn holders(cx: &Reading<'_>, role: RoleId) -> Result<Vec<UserId>> {
    Ok(store::push::holders(cx.db, role)?)
}

/// Removes a subscription that its push service does not know any more, or that has failed for too long.
///
/// # Errors
/// Database errors.
pub fn give_up(cx: &mut Writing<'_, '_>, id: SubscriptionId, user: UserId) -> Result<()> {
    store::push::remove(cx.db, id, user)?;
    Ok(())
}

/// Notes how a subscription fares.
///
/// # Errors
/// Database errors.
pub fn note(cx: &mut Writing<'_, '_>, id: SubscriptionId, fares: Fares<'_>) -> Result<()> {
    Ok(store::push::note(cx.db, id, fares)?)
}
