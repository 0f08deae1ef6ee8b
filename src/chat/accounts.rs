//! Registration, sign-in, sessions and passwords. Hashing happens before, outside of any transaction.

use super::access::Caller;
use super::{Reading, Registration, Writing, invites, users};
use crate::auth::RefreshToken;
use crate::model::event::Ended;
use crate::model::name::{DisplayName, Username};
use crate::model::object::{Session, User};
use crate::model::{Code, Effect, Error, Event, Result, SessionId, UserId, limits};
use crate::store;
pub use crate::store::sessions::Client;

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// Its name.
    pub username: Username,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// The name to show.
    pub display_name: Option<DisplayName>,
    /// The code of a server's invite.
    pub invite: Option<String>,
    /// For the first account.
    pub setup_code: Option<String>,
}

/// What signing in gives.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// A JWT for 15 minutes.
    pub access_token: String,
    /// For the next one, once.
    pub refresh_token: String,
}

/// What a password is verified against.
#[derive(Debug)]
pub struct Credentials {
    /// Whose.
    pub user_id: UserId,
    /// argon2id, PHC string.
    pub password_hash: String,
}

/// How a registration is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// As the first account, which administrates the instance.
    First,
    /// As anybody.
    Open,
    /// By a valid invite.
    Invited,
}

/// Whether somebody may register: asked before the costly hashing, and again in the transaction.
///
/// # Errors
/// 403 `registration_closed`; 400 for a bad invite where registration is open.
pub fn may_register(cx: &Reading<'_>, invite: Option<&str>, setup_code: Option<&str>) -> Result<Admission> {
    let closed = || Error::new(Code::RegistrationClosed);
    let settings = cx.shared.settings.get();
    let first = !store::accounts::any(cx.db)?;
    if first && (cx.shared.config.needs_setup_code(&settings) || setup_code.is_some()) {
        let expected = store::instance::setup_code(cx.db)?;
        return match (expected, setup_code) {
            (Some(expected), Some(given)) if same(expected.trim(), given.trim()) => Ok(Admission::First),
            _ => Err(Error::with_detail(
                Code::RegistrationClosed,
                "the first account needs the set-up code that chatd printed at its first start",
            )),
        };
    }
    let invited = match invite {
        Some(code) => invites::for_registration(cx, code)?,
        None => false,
    };
    match settings.registration {
        Registration::Open if invite.is_some() && !invited => {
            Err(Error::field("invite", "is not valid any more, or never was"))
        }
        _ if first && settings.registration == Registration::Open => Ok(Admission::First),
        Registration::Open | Registration::Invite if invited => Ok(Admission::Invited),
        Registration::Open => Ok(Admission::Open),
        Registration::Invite | Registration::Closed => Err(closed()),
    }
}

/// Compares without telling by time how much is right.
fn same(one: &str, other: &str) -> bool {
    let difference = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && difference == 0
}

/// Makes an account and signs it in.
///
/// # Errors
/// As [`may_register`]; 409 `username_taken`.
pub fn register(cx: &mut Writing<'_, '_>, new: NewAccount, client: Client) -> Result<SignedIn> {
    let admission = may_register(cx, new.invite.as_deref(), new.setup_code.as_deref())?;
    if store::accounts::is_taken(cx.db, new.username.as_str())? {
        return Err(Error::new(Code::UsernameTaken));
    }
    let user = UserId(cx.next_id());
    let first = admission == Admission::First;
    store::accounts::add(cx.db, user, &new.username, &new.password_hash, new.display_name.as_ref(), first, cx.now)?;
    if first {
        store::instance::set_setup_code(cx.db, None)?;
    }
    let signed_in = open_session(cx, user, client)?;
    if let (Admission::Invited, Some(code)) = (admission, &new.invite) {
        invites::join_as(cx, user, code)?;
    }
    Ok(signed_in)
}

/// What a sign-in's password is verified against; the name is folded here.
///
/// # Errors
/// Database errors.
pub fn credentials(cx: &Reading<'_>, username: &str) -> Result<Option<Credentials>> {
    let found = store::accounts::credentials(cx.db, &username.to_ascii_lowercase())?;
    Ok(found.map(|(user_id, password_hash)| Credentials { user_id, password_hash }))
}

/// Signs in somebody whose password was verified against `verified`; `rehashed` replaces an outdated hash.
///
/// # Errors
/// 401 if the password was changed meanwhile; 403 if the account is disabled.
pub fn sign_in(
    cx: &mut Writing<'_, '_>,
    user: UserId,
    verified: &str,
    rehashed: Option<String>,
    client: Client,
) -> Result<SignedIn> {
    if store::accounts::password_hash(cx.db, user)?.as_deref() != Some(verified) {
        return Err(Error::new(Code::InvalidCredentials));
    }
    if store::accounts::get(cx.db, user)?.is_some_and(|account| account.disabled) {
        return Err(Error::new(Code::AccountDisabled));
    }
    if let Some(hash) = rehashed {
        store::accounts::set_password_hash(cx.db, user, &hash)?;
    }
    open_session(cx, user, client)
}

fn open_session(cx: &mut Writing<'_, '_>, user: UserId, client: Client) -> Result<SignedIn> {
    let session = SessionId(cx.next_id());
    let token = RefreshToken::new_random(session)?;
    let ended =
        store::sessions::add(cx.db, session, user, token.generation(), &token.hash(), &client, cx.now, cx.tx.lived_s)?;
    for old in ended {
        cx.publish(Event::silent(Effect::EndSessions(user, Ended::One(old))));
    }
    signed_in(cx, user, session, &token)
}

fn signed_in(cx: &Reading<'_>, user: UserId, session: SessionId, token: &RefreshToken) -> Result<SignedIn> {
    let account = store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    Ok(SignedIn {
        user: users::own(account),
        access_token: cx.shared.keys.issue_access(user, session, cx.now)?,
        refresh_token: token.to_string(&cx.shared.keys),
    })
}

/// Whose session a refresh token belongs to, if that lives.
///
/// # Errors
/// Database errors.
pub fn user_of_refresh(cx: &Reading<'_>, token: &str) -> Result<Option<UserId>> {
    let Some(token) = RefreshToken::parse(&cx.shared.keys, token) else { return Ok(None) };
    Ok(store::sessions::stored(cx.db, token.session_id())?.map(|stored| stored.user_id))
}

/// Rotates a refresh token. The one just rotated away is forgiven for ten seconds and answers with the same
/// successor (its answer was lost); an older one ends the session, since two parties hold the family
/// (RFC 9700 §4.14).
///
/// # Errors
/// 401.
pub fn refresh(cx: &mut Writing<'_, '_>, token: &str, client: Client) -> Result<Refreshed> {
    let keys = &cx.shared.keys;
    let unknown = || Error::with_detail(Code::Unauthenticated, "the refresh token is not valid: sign in again");
    let token = RefreshToken::parse(keys, token).ok_or_else(unknown)?;
    let session = token.session_id();
    let stored = store::sessions::stored(cx.db, session)?.ok_or_else(unknown)?;
    if cx.tx.lived_s.saturating_sub(stored.used_lived_s) > limits::REFRESH_TOKEN_S {
        end(cx, stored.user_id, session)?;
        return Ok(Refreshed::Ended);
    }
    let successor = token.successor(keys);
    if token.generation() == stored.generation && token.hash().as_slice() == stored.token_hash {
        let hash = successor.hash();
        let generation = successor.generation();
        store::sessions::rotate(cx.db, session, generation, &hash, &client, cx.now, cx.tx.lived_s)?;
        return signed_in(cx, stored.user_id, session, &successor).map(Refreshed::Again);
    }
    let since_ms = cx.now.0.saturating_sub(stored.rotated_at.0);
    let just_rotated = successor.generation() == stored.generation
        && successor.hash().as_slice() == stored.token_hash
        && (0..=limits::REFRESH_GRACE_MS).contains(&since_ms);
    if just_rotated {
        return signed_in(cx, stored.user_id, session, &successor).map(Refreshed::Again);
    }
    end(cx, stored.user_id, session)?;
    Ok(Refreshed::Ended)
}

/// What a refresh leads to. Ending a session is a write that must stay, so it is no error of the job.
#[derive(Debug)]
pub enum Refreshed {
    /// New tokens.
    Again(SignedIn),
    /// The session has ended: 401.
    Ended,
}

impl Refreshed {
    /// # Errors
    /// 401 if the session has ended.
    pub fn into_result(self) -> Result<SignedIn> {
        match self {
            Self::Again(signed_in) => Ok(signed_in),
            Self::Ended => {
                Err(Error::with_detail(Code::Unauthenticated, "the refresh token was used before: sign in again"))
            }
        }
    }
}

fn end(cx: &mut Writing<'_, '_>, user: UserId, session: SessionId) -> Result<()> {
    if store::sessions::end(cx.db, session, user)? {
        cx.publish(Event::silent(Effect::EndSessions(user, Ended::One(session))));
        Ok(())
    } else {
        Err(Error::not_found())
    }
}

/// Ends all sessions of somebody, and with them their gateways.
///
/// # Errors
/// Database errors.
pub(super) fn end_all(cx: &mut Writing<'_, '_>, user: UserId) -> Result<()> {
    store::sessions::end_all(cx.db, user)?;
    cx.publish(Event::silent(Effect::EndSessions(user, Ended::All)));
    Ok(())
}

/// Ends the caller's session.
///
/// # Errors
/// Database errors.
pub fn sign_out(cx: &mut Writing<'_, '_>, caller: &Caller) -> Result<()> {
    end(cx, caller.user_id, caller.session_id)
}

/// Ends the session that a refresh token belongs to.
///
/// # Errors
/// 401 if it belongs to none.
pub fn sign_out_by_refresh(cx: &mut Writing<'_, '_>, token: &str) -> Result<()> {
    let unknown = || Error::new(Code::Unauthenticated);
    let token = RefreshToken::parse(&cx.shared.keys, token).ok_or_else(unknown)?;
    let stored = store::sessions::stored(cx.db, token.session_id())?.ok_or_else(unknown)?;
    end(cx, stored.user_id, token.session_id())
}

/// The caller.
///
/// # Errors
/// Database errors.
pub fn me(cx: &Reading<'_>, caller: &Caller) -> Result<User> {
    let account = store::accounts::get(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    Ok(users::own(account))
}

/// The hash of the caller's password, and their name for the rule that it is not the password.
///
/// # Errors
/// Database errors.
pub fn own_credentials(cx: &Reading<'_>, caller: &Caller) -> Result<(Username, String)> {
    let account = store::accounts::get(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    let hash = store::accounts::password_hash(cx.db, caller.user_id)?.ok_or_else(Error::not_found)?;
    let username = Username::parse(&account.username).map_err(Error::internal)?;
    Ok((username, hash))
}

/// Changes the caller's password, whose old hash was verified, and ends all other sessions.
///
/// # Errors
/// 403 if the password was changed meanwhile.
pub fn change_password(cx: &mut Writing<'_, '_>, caller: &Caller, old_hash: &str, new_hash: &str) -> Result<()> {
    if store::accounts::password_hash(cx.db, caller.user_id)?.as_deref() != Some(old_hash) {
        return Err(Error::new(Code::WrongPassword));
    }
    store::accounts::set_password_hash(cx.db, caller.user_id, new_hash)?;
    store::resets::remove(cx.db, caller.user_id)?;
    store::sessions::end_others(cx.db, caller.user_id, caller.session_id)?;
    cx.publish(Event::silent(Effect::EndSessions(caller.user_id, Ended::AllBut(caller.session_id))));
    Ok(())
}

/// Where the caller is signed in.
///
/// # Errors
/// Database errors.
pub fn sessions(cx: &Reading<'_>, caller: &Caller) -> Result<Vec<Session>> {
    Ok(store::sessions::list(cx.db, caller.user_id, caller.session_id)?)
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// 404 if it is not theirs.
pub fn end_session(cx: &mut Writing<'_, '_>, caller: &Caller, session: SessionId) -> Result<()> {
    end(cx, caller.user_id, session)
}
