//! Links by which somebody who has forgotten their password sets a new one, once.

use super::super::{Reading, Writing};
use super::{Actor, note, open_record};
use crate::auth::ResetToken;
use crate::chat::accounts::end_all;
use crate::model::administration::ResetLink;
use crate::model::name::Username;
use crate::model::{Error, Result, UserId, limits};
use crate::store;

/// Makes a link for somebody; older ones of theirs are void. The token stands behind a `#`, which no browser sends to a
/// server, so no log has it.
///
/// # Errors
/// 404, 409 `account_closed`.
pub fn make(cx: &mut Writing<'_, '_>, actor: Actor, user: UserId) -> Result<ResetLink> {
    open_record(cx, user)?;
    let token = ResetToken::new_random()?;
    store::resets::put(cx.db, user, &token.hash(), cx.tx.lived_s)?;
    note(cx, actor, format_args!("made a link that sets a new password of user {user}"));
    let token = token.text();
    Ok(ResetLink {
        url: format!("{}/#reset={token}", cx.shared.config.public_url),
        token,
        expires_at: cx.now.plus_seconds(limits::RESET_TOKEN_S),
    })
}

/// Whose password a token sets, and their name for the rule that it is not the password: asked before the costly
/// hashing, and again in the transaction. `lived_s` is how long the instance has lived.
///
/// # Errors
/// 400 for a token that is used, replaced, too old, of a disabled account, or none.
pub fn owner(cx: &Reading<'_>, token: &str, lived_s: i64) -> Result<(UserId, Username)> {
    let bad = || Error::field("token", "is not valid any more, or never was: ask for a new link");
    let token = ResetToken::parse(token).ok_or_else(bad)?;
    let (user, made_lived_s) = store::resets::get(cx.db, &token.hash())?.ok_or_else(bad)?;
    if lived_s.saturating_sub(made_lived_s) >= limits::RESET_TOKEN_S {
        return Err(bad());
    }
    let account = store::accounts::get(cx.db, user)?.ok_or_else(bad)?;
    Ok((user, Username::parse(&account.username).map_err(Error::internal)?))
}

/// Sets a new password by a token, which is used up, and signs its owner out everywhere.
///
/// # Errors
/// As [`owner`].
pub fn redeem(cx: &mut Writing<'_, '_>, token: &str, password_hash: &str) -> Result<()> {
    let (user, _) = owner(cx, token, cx.tx.lived_s)?;
    store::resets::remove(cx.db, user)?;
    store::accounts::set_password_hash(cx.db, user, password_hash)?;
    end_all(cx, user)
}
