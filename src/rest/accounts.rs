//! Accounts: registration, signing in and out, tokens, passwords, sessions.
//!
//! argon2 runs here, between a quick look at the rules and the transaction that decides.

use std::time::Instant;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::refresh_cookie;
use super::reply::Reply;
use crate::auth::{RefreshToken, Verdict, password};
use crate::chat::accounts::{self, Admission, Client, NewAccount};
use crate::chat::{closing, users};
use crate::model::administration::CloseAccount;
use crate::model::name::{Password, Username};
use crate::model::object::User;
use crate::model::request::{ChangePassword, Login, Refresh, Register};
use crate::model::{AddressKey, Code, Error, Result, limits};

/// Characters of a `User-Agent` that are kept: enough to tell one's devices apart.
const USER_AGENT: usize = 256;

/// What registration and sign-in give.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SignedIn {
    /// Who is signed in.
    pub user: User,
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// For `POST /auth/refresh`, once; absent if it came as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `Bearer`.
    pub token_type: &'static str,
    /// How long the access token is good, in seconds.
    pub expires_in: u64,
}

/// What a refresh gives.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// The next one, instead of the one used; absent if it came as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `Bearer`.
    pub token_type: &'static str,
    /// How long the access token is good, in seconds.
    pub expires_in: u64,
}

/// `POST /auth/register`.
pub fn register(call: &mut Call<'_>) -> Result<Reply> {
    let address = AddressKey::from(call.request.client);
    // What is refused below is not counted, but the answer tells the limit all the same.
    call.allowance = Some(call.rest.throttles.register.peek(&address, Instant::now()));
    let Register { username, password, display_name, invite, setup_code, cookie } = call.body()?;
    password::check_new(&password, &username, call.rest.chat.settings().password_min)?;
    let admission = may_register(call, invite.as_deref(), setup_code.as_deref())?;
    let throttles = &call.rest.throttles;
    let throttle = if admission == Admission::Invited { &throttles.register_invited } else { &throttles.register };
    let allowance = throttle.take(address, Instant::now());
    call.allowance = Some(allowance);
    allowance.into_result()?;
    let password_hash = call.rest.passwords.hash(&password)?;
    let new = NewAccount { username, password_hash, display_name, invite, setup_code };
    let client = client(call);
    let signed_in = call.rest.chat.write(|cx| accounts::register(cx, new, client))?;
    answer(call, 201, signed_in, cookie)
}

/// A quick look before the costly hashing. A wrong code is a guess, and guesses are counted.
fn may_register(call: &mut Call<'_>, invite: Option<&str>, setup_code: Option<&str>) -> Result<Admission> {
    let guesses = invite.is_some() || setup_code.is_some();
    if guesses {
        call.count_guess()?;
    }
    let admission = call.rest.chat.read(|cx| accounts::may_register(cx, invite, setup_code))?;
    if guesses {
        call.guessed_right();
    }
    Ok(admission)
}

/// `POST /auth/login`.
///
/// A name that nobody has is treated like one that somebody has, up to the same work for argon2.
pub fn log_in(call: &mut Call<'_>) -> Result<Reply> {
    let Login { username, password, cookie } = call.body()?;
    let found = match Username::parse(&username) {
        Ok(username) => {
            let credentials = call.rest.chat.read(|cx| accounts::credentials(cx, username.as_str()))?;
            let stored = credentials.as_ref().map(|found| found.password_hash.as_str());
            let verdict = verify(call, &username, &password, stored)?;
            credentials.map(|found| (found, verdict))
        }
        Err(_) => {
            call.rest.passwords.verify(&password, None)?;
            None
        }
    };
    let (credentials, rehashed) = match found {
        Some((found, Verdict::Right)) => (found, None),
        Some((found, Verdict::RightButOutdated)) => (found, Some(call.rest.passwords.hash(&password)?)),
        Some((_, Verdict::Wrong)) | None => return Err(Error::new(Code::InvalidCredentials)),
    };
    let client = client(call);
    let signed_in = call
        .rest
        .chat
        .write(move |cx| accounts::sign_in(cx, credentials.user_id, &credentials.password_hash, rehashed, client))?;
    answer(call, 200, signed_in, cookie)
}

/// Verifies a password, with the growing delay after wrong ones.
fn verify(call: &Call<'_>, username: &Username, password: &Password, stored: Option<&str>) -> Result<Verdict> {
    let guard = &call.rest.throttles.sign_in_guard;
    let address = AddressKey::from(call.request.client);
    guard.begin(username, address, Instant::now())?;
    let verdict = call.rest.passwords.verify(password, stored);
    match verdict {
        Ok(Verdict::Right | Verdict::RightButOutdated) => guard.succeeded(username, address),
        Ok(Verdict::Wrong) => {}
        Err(_) => guard.abandoned(username, address),
    }
    verdict
}

fn client(call: &Call<'_>) -> Client {
    let user_agent = call.request.header("User-Agent").unwrap_or_default();
    Client {
        user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect(),
        ip: call.request.client.to_canonical().to_string(),
    }
}

fn answer(call: &Call<'_>, status: u16, signed_in: accounts::SignedIn, cookie: bool) -> Result<Reply> {
    let accounts::SignedIn { user, access_token, refresh_token } = signed_in;
    let (in_cookie, in_body) = if cookie { (Some(refresh_token), None) } else { (None, Some(refresh_token)) };
    let body = SignedIn {
        user,
        access_token,
        refresh_token: in_body,
        token_type: "Bearer",
        expires_in: limits::ACCESS_TOKEN_S,
    };
    let reply = Reply::created_or_ok(status == 201, &body)?;
    Ok(match in_cookie {
        Some(token) => refresh_cookie::set(reply, call.request, call.rest.chat.config(), &token),
        None => reply,
    })
}

/// `POST /auth/refresh`: with the token in the body, or an empty body and the cookie.
pub fn refresh(call: &mut Call<'_>) -> Result<Reply> {
    let body = call.optional_body::<Refresh>()?;
    let config = call.rest.chat.config();
    let has_body = body.is_some();
    let (token, by_cookie) = match body.and_then(|body| body.refresh_token) {
        Some(token) => (token, false),
        None => match refresh_cookie::get(call.request, config)? {
            Some(token) => (token, true),
            None if has_body => return Err(Error::field("refresh_token", "is missing")),
            None => return Err(Error::with_detail(Code::Unauthenticated, "there is no refresh token")),
        },
    };
    let token = known(call, token)?;
    count_refresh(call, &token)?;
    let client = client(call);
    let refreshed = call.rest.chat.write(move |cx| accounts::refresh(cx, &token, client))?.into_result()?;
    let accounts::SignedIn { access_token, refresh_token, .. } = refreshed;
    let (in_cookie, in_body) = if by_cookie { (Some(refresh_token), None) } else { (None, Some(refresh_token)) };
    let body =
        Tokens { access_token, refresh_token: in_body, token_type: "Bearer", expires_in: limits::ACCESS_TOKEN_S };
    let reply = Reply::ok(&body)?;
    Ok(match in_cookie {
        Some(token) => refresh_cookie::set(reply, call.request, config, &token),
        None => reply,
    })
}

/// Only tokens that we made reach the committer: nobody else can make it work by guessing.
fn known(call: &Call<'_>, token: String) -> Result<String> {
    match RefreshToken::parse(&call.rest.chat.shared().keys, &token) {
        Some(_) => Ok(token),
        None => Err(Error::with_detail(Code::Unauthenticated, "the refresh token is not valid: sign in again")),
    }
}

/// A refresh is a write of its user, though it comes without an access token.
fn count_refresh(call: &mut Call<'_>, token: &str) -> Result<()> {
    let Some(user) = call.rest.chat.read(|cx| accounts::user_of_refresh(cx, token))? else { return Ok(()) };
    let allowance = call.rest.throttles.write.take(user, Instant::now());
    call.allowance = Some(allowance);
    allowance.into_result().map(drop)
}

/// `POST /auth/logout`: by access token, or by refresh token when that has expired.
pub fn log_out(call: &mut Call<'_>) -> Result<Reply> {
    let body = call.optional_body::<Refresh>();
    match call.bearer() {
        Ok(claims) => {
            call.claims = Some(claims);
            call.write(|cx, me| body.and_then(|_| accounts::sign_out(cx, me)))?;
        }
        Err(unauthenticated) => {
            let config = call.rest.chat.config();
            let token = match body?.and_then(|body| body.refresh_token) {
                Some(token) => token,
                None => refresh_cookie::get(call.request, config)?.ok_or(unauthenticated)?,
            };
            let token = known(call, token)?;
            call.rest.chat.write(move |cx| accounts::sign_out_by_refresh(cx, &token))?;
        }
    }
    Ok(without_cookie(call))
}

/// 204, and the browser forgets the cookie, if it has one.
fn without_cookie(call: &Call<'_>) -> Reply {
    let reply = Reply::no_content();
    let has_cookie = refresh_cookie::is_there(call.request);
    if has_cookie { refresh_cookie::clear(reply, call.request, call.rest.chat.config()) } else { reply }
}

/// `GET /auth/me`.
pub fn me(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(accounts::me)?)
}

/// `POST /auth/password`.
pub fn change_password(call: &mut Call<'_>) -> Result<Reply> {
    let change = call.body::<ChangePassword>();
    let (username, old_hash) = call.read(accounts::own_credentials)?;
    let ChangePassword { current_password, new_password } = change?;
    let minimum = call.rest.chat.settings().password_min;
    password::check_new(&new_password, &username, minimum).map_err(|error| renamed(error, "new_password"))?;
    if verify(call, &username, &current_password, Some(&old_hash))? == Verdict::Wrong {
        return Err(Error::new(Code::WrongPassword));
    }
    let new_hash = call.rest.passwords.hash(&new_password)?;
    call.write(move |cx, me| accounts::change_password(cx, me, &old_hash, &new_hash))?;
    Ok(Reply::no_content())
}

/// `DELETE /users/{user_id}`: one's own account alone.
pub fn close(call: &mut Call<'_>) -> Result<Reply> {
    let (person, body) = (call.person(), call.body::<CloseAccount>());
    let (username, hash) = call.read(|cx, me| {
        users::is_own(cx, me, person?.id(me))?;
        accounts::own_credentials(cx, me)
    })?;
    if verify(call, &username, &body?.password, Some(&hash))? == Verdict::Wrong {
        return Err(Error::new(Code::WrongPassword));
    }
    call.write(move |cx, me| closing::close(cx, me, &hash))?;
    Ok(without_cookie(call))
}

/// A field's error under the name that the field has in this request.
pub(super) fn renamed(error: Error, field: &str) -> Error {
    match &error.field {
        Some(old) => {
            let rule = error.detail.strip_prefix(old.as_str()).unwrap_or(&error.detail).trim_start().to_owned();
            Error::field(field, rule)
        }
        None => error,
    }
}

/// `GET /auth/sessions`.
pub fn sessions(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&call.read(accounts::sessions)?)
}

/// `DELETE /auth/sessions/{session_id}`.
pub fn end_session(call: &mut Call<'_>) -> Result<Reply> {
    let session = call.session_id();
    call.write(|cx, me| accounts::end_session(cx, me, session?))?;
    Ok(Reply::no_content())
}

#[cfg(test)]
mod tests {
    use super::renamed;
    use crate::model::Error;

    #[test]
    fn a_renamed_error_speaks_of_the_new_name() {
        let error = renamed(Error::field("password", "must not be a common one"), "new_password");
        assert_eq!(error.detail, "new_password must not be a common one");
        assert_eq!(error.field.as_deref(), Some("new_password"));
    }
}
