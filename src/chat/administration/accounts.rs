//! Accounts, as administrators see and change them.

use super::super::{Reading, Slice, Writing, members};
use super::{Actor, is_not_the_last, note, open_record, record};
use crate::chat::accounts::end_all;
use crate::model::administration::{AdminUser, AdminUserPatch};
use crate::model::name::Username;
use crate::model::object::Status;
use crate::model::request::{Cursor, Page};
use crate::model::{Code, Error, Result, UserId};
use crate::store;
use crate::store::administration::Record;

/// Which accounts are asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// `after` and `limit`, ascending by user.
    pub page: Page,
    /// Those whose username or display name begins so.
    pub prefix: String,
}

fn shown(cx: &Reading<'_>, record: Record) -> AdminUser {
    AdminUser {
        online: cx.shared.presences.of(record.user_id) != Status::Offline,
        user_id: record.user_id,
        username: record.username,
        display_name: record.display_name,
        avatar_url: record.avatar_url,
        created_at: record.created_at,
        is_admin: record.is_admin,
        disabled: record.disabled,
        closed: record.closed,
        sessions: record.sessions,
        last_used_at: record.last_used_at,
        storage_bytes: record.storage_bytes,
    }
}

/// Accounts, ascending by user.
///
/// # Errors
/// 400.
pub fn list(cx: &Reading<'_>, _: Actor, wanted: Result<Wanted>) -> Result<Slice<AdminUser>> {
    let Wanted { page, prefix } = wanted?;
    let after = match page.cursor {
        Cursor::After(position) => position,
        _ => -1,
    };
    let (prefix, mut found) = (prefix.to_lowercase(), Vec::new());
    store::administration::each_name(cx.db, after, |user, names| {
        if names.into_iter().flatten().any(|name| members::starts(name, &prefix)) {
            found.push(user);
        }
        found.len() <= page.limit
    })?;
    let slice = Slice::cut(found, page.limit);
    let items = slice.items.into_iter().map(|user| Ok(shown(cx, record(cx, user)?))).collect::<Result<_>>()?;
    Ok(Slice { items, more: slice.more })
}

/// An account.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, _: Actor, user: UserId) -> Result<AdminUser> {
    Ok(shown(cx, record(cx, user)?))
}

/// Whose this username is.
///
/// # Errors
/// 404 with the name.
pub fn named(cx: &Reading<'_>, _: Actor, name: &str) -> Result<UserId> {
    let found = store::administration::by_name(cx.db, &name.to_ascii_lowercase())?;
    found.ok_or_else(|| Error::with_detail(Code::NotFound, format!("there is no account '{name}'")))
}

/// Disables or enables an account, and makes it an administrator's or not. Who is disabled is signed out everywhere, and
/// a link that would let them in is void.
///
/// # Errors
/// 404, 400, 409 `account_closed`, 409 `last_admin`.
pub fn update(
    cx: &mut Writing<'_, '_>,
    actor: Actor,
    user: UserId,
    patch: Result<AdminUserPatch>,
) -> Result<AdminUser> {
    let before = record(cx, user)?;
    let patch = patch?;
    let disabled = patch.disabled.into_set().unwrap_or(before.disabled);
    let is_admin = patch.is_admin.into_set().unwrap_or(before.is_admin);
    if (disabled, is_admin) == (before.disabled, before.is_admin) {
        return Ok(shown(cx, before));
    }
    open_record(cx, user)?;
    if before.is_admin && !before.disabled && (disabled || !is_admin) {
        is_not_the_last(cx, user)?;
    }
    store::administration::set(cx.db, user, disabled, is_admin)?;
    if disabled != before.disabled {
        note(cx, actor, format_args!("{} user {user}", if disabled { "disabled" } else { "enabled" }));
    }
    if is_admin != before.is_admin {
        let what = if is_admin { "an administrator" } else { "no administrator any more" };
        note(cx, actor, format_args!("made user {user} {what}"));
    }
    if disabled && !before.disabled {
        store::resets::remove(cx.db, user)?;
        end_all(cx, user)?;
    }
    get(cx, actor, user)
}

/// Signs somebody out everywhere.
///
/// # Errors
/// 404.
pub fn sign_out(cx: &mut Writing<'_, '_>, actor: Actor, user: UserId) -> Result<()> {
    record(cx, user)?;
    end_all(cx, user)?;
    note(cx, actor, format_args!("signed user {user} out everywhere"));
    Ok(())
}

/// Makes an account, whatever registration says. The first one is the administrator's, as when somebody registers.
///
/// # Errors
/// 409 `username_taken`.
pub fn add(cx: &mut Writing<'_, '_>, actor: Actor, name: &Username, password_hash: &str) -> Result<AdminUser> {
    if store::accounts::is_taken(cx.db, name.as_str())? {
        return Err(Error::new(Code::UsernameTaken));
    }
    let first = !store::accounts::any(cx.db)?;
    let user = UserId(cx.next_id());
    store::accounts::add(cx.db, user, name, password_hash, None, first, cx.now)?;
    if first {
        store::instance::set_setup_code(cx.db, None)?;
    }
    note(cx, actor, format_args!("made the account of user {user}"));
    get(cx, actor, user)
}

/// Sets somebody's password, and signs them out everywhere.
///
/// # Errors
/// 404, 409 `account_closed`.
pub fn set_password(cx: &mut Writing<'_, '_>, actor: Actor, user: UserId, password_hash: &str) -> Result<()> {
    open_record(cx, user)?;
    store::accounts::set_password_hash(cx.db, user, password_hash)?;
    store::resets::remove(cx.db, user)?;
    end_all(cx, user)?;
    note(cx, actor, format_args!("set the password of user {user}"));
    Ok(())
}
