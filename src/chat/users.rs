//! Profiles.

use super::access::Caller;
use super::{Reading, Writing, files};
use crate::model::object::{Author, Status, User};
use crate::model::request::UserPatch;
use crate::model::{Audience, Code, Effect, Error, Event, Payload, Result, UserId};
use crate::store::{self, accounts::Account};

/// A user as others see them.
pub(super) fn public(cx: &Reading<'_>, account: Account) -> User {
    let status = cx.shared.presences.of(account.user_id);
    User { status, is_admin: None, ..own(account) }
}

/// A user as they see themselves.
pub(super) fn own(account: Account) -> User {
    User {
        user_id: account.user_id,
        username: account.username,
        display_name: account.display_name,
        bio: account.bio,
        avatar_url: account.avatar_url,
        status: account.status,
        created_at: account.created_at,
        is_admin: Some(account.is_admin),
    }
}

/// A user as they stand beside a message.
pub(super) fn author(cx: &Reading<'_>, user: UserId) -> Result<Author> {
    store::accounts::author(cx.db, user)?.ok_or_else(Error::not_found)
}

/// A profile: the caller's own, or that of somebody who shares a server or DM with them.
///
/// # Errors
/// 404.
pub fn profile(cx: &Reading<'_>, caller: &Caller, user: UserId) -> Result<User> {
    let account = store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    if user == caller.user_id {
        return Ok(own(account));
    }
    if !store::accounts::acquainted(cx.db, caller.user_id, user)? {
        return Err(Error::not_found());
    }
    Ok(public(cx, account))
}

/// Sees that a user is the caller.
///
/// # Errors
/// 404 or 403 for another.
pub fn is_own(cx: &Reading<'_>, caller: &Caller, user: UserId) -> Result<()> {
    if user == caller.user_id {
        return Ok(());
    }
    profile(cx, caller, user)?;
    Err(Error::forbidden())
}

/// Changes the caller's own profile.
///
/// # Errors
/// 404 or 403 for another's, 400, 409 `username_taken`.
pub fn update(cx: &mut Writing<'_, '_>, caller: &Caller, user: UserId, patch: Result<UserPatch>) -> Result<User> {
    is_own(cx, caller, user)?;
    let patch = patch?;
    let before = store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    let mut changed = false;
    if let Some(username) = patch.username.into_set()
        && username.as_str() != before.username
    {
        if store::accounts::is_taken(cx.db, username.as_str())? {
            return Err(Error::new(Code::UsernameTaken));
        }
        store::accounts::set_username(cx.db, user, &username)?;
        changed = true;
    }
    if let Some(name) = patch.display_name.into_set()
        && name.as_ref().map(|n| n.as_str()) != before.display_name.as_deref()
    {
        store::accounts::set_display_name(cx.db, user, name.as_ref())?;
        changed = true;
    }
    if let Some(bio) = patch.bio.into_set()
        && bio.as_str() != before.bio
    {
        store::accounts::set_bio(cx.db, user, &bio)?;
        changed = true;
    }
    if let Some(avatar) = patch.avatar.into_set()
        && (avatar.is_some() || before.avatar_url.is_some())
    {
        let place = files::use_picture(cx, caller, "avatar", avatar)?;
        let replaced = store::accounts::set_avatar(cx.db, user, place.as_deref())?;
        files::remove_picture(cx, replaced.as_deref())?;
        changed = true;
    }
    if let Some(status) = patch.status.into_set() {
        set_status(cx, user, status.into())?;
    }
    let after = store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    if changed {
        // Not as the registry knows it: whoever changes their profile need not be connected.
        let known = [vec![user], store::dms::peers(cx.db, user)?].concat();
        let audience = Audience::Those(store::servers::ids_of(cx.db, user)?, known);
        cx.publish(Event::new(audience, Payload::UserUpdate(public(cx, after.clone()))));
    }
    Ok(own(after))
}

/// Stores the presence that a user chose; the fan-out tells whom it concerns.
///
/// # Errors
/// Database errors.
pub fn set_status(cx: &mut Writing<'_, '_>, user: UserId, status: Status) -> Result<()> {
    store::accounts::set_status(cx.db, user, status)?;
    cx.publish(Event::silent(Effect::Status(user, status)));
    Ok(())
}
