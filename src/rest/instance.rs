//! The instance itself: is it alive, can it write, what is it, how is it doing.

use std::sync::PoisonError;
use std::time::Instant;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::openapi;
use super::reply::Reply;
use crate::chat::{self, instance};
use crate::model::{Code, Error, Result, Work, limits};

/// That something is as it should be.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// That messages can be written.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Readiness {
    /// `ok`, or `degraded` while something is given up because writes are late.
    pub status: &'static str,
    /// What that is, in the order in which it goes: of `thumbnails`, `search_indexing`, `typing`, `presence` and
    /// `other_writes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub given_up: Vec<&'static str>,
}

/// What everybody may know of the instance.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// The version of chatd.
    pub version: &'static str,
    /// `open`, `invite` or `closed`.
    pub registration: &'static str,
    /// Whether the first account, the administrator's, is still to be made.
    pub setup_required: bool,
    /// What browsers subscribe to pushes with; null if this instance sends none.
    pub push: Option<PushFacts>,
    /// Its limits.
    pub limits: Limits,
}

/// What browsers need for pushes.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PushFacts {
    /// The instance's public key (RFC 8292), `applicationServerKey`: base64url of an uncompressed point.
    pub public_key: String,
}

macro_rules! limits_table {
    ($($(#[doc = $meaning:literal])+ $name:ident: $value:expr;)*) => {
        /// The limits that clients should know.
        #[derive(Serialize)]
        #[cfg_attr(test, derive(JsonSchema))]
        pub struct Limits { $($(#[doc = $meaning])+ pub $name: u64,)* }

        impl Limits {
            fn new(password_min: usize, upload_bytes: u64) -> Self {
                // No limit comes near 2^64.
                let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
                Self {
                    password_min: number(password_min),
                    upload_bytes,
                    ..Self { $($name: number($value),)* }
                }
            }
        }
    };
}

limits_table! {
    /// Username in characters, at least.
    username_min: limits::USERNAME_MIN;
    /// Username in characters, at most.
    username_max: limits::USERNAME_MAX;
    /// Password in characters, at least.
    password_min: limits::PASSWORD_MIN;
    /// Password in characters, at most.
    password_max: limits::PASSWORD_MAX;
    /// Display name in characters.
    display_name: limits::DISPLAY_NAME;
    /// Bio in characters.
    bio: limits::BIO;
    /// Server name in characters.
    server_name: limits::NAME;
    /// Server description in characters.
    server_description: limits::DESCRIPTION;
    /// Channel name in characters.
    channel_name: limits::NAME;
    /// Channel topic in characters.
    topic: limits::TOPIC;
    /// Message content in characters.
    message_content: limits::CONTENT;
    /// Nonce in characters.
    nonce: limits::NONCE;
    /// Request body in bytes.
    request_body_bytes: limits::BODY_BYTES;
    /// An uploaded file in bytes.
    upload_bytes: limits::UPLOAD_BYTES as usize;
    /// Name of a file in bytes.
    file_name_bytes: limits::FILE_NAME_BYTES;
    /// Files of a message.
    attachments: limits::ATTACHMENTS;
    /// Gateway message from a client in bytes.
    gateway_message_bytes: limits::GATEWAY_MESSAGE_BYTES;
    /// Items in a page.
    page: limits::PAGE;
    /// Servers a user may be in.
    servers_per_user: limits::SERVERS_PER_USER;
    /// Channels of a server.
    channels_per_server: limits::CHANNELS_PER_SERVER;
    /// Invites of a server.
    invites_per_server: limits::INVITES_PER_SERVER;
    /// Roles of a server, `everyone` included.
    roles_per_server: limits::ROLES_PER_SERVER;
    /// People a user may block.
    blocks_per_user: limits::BLOCKS_PER_USER;
    /// In characters.
    nickname: limits::DISPLAY_NAME;
    /// In characters.
    role_name: limits::NAME;
    /// Of a ban or anything else in an audit log, in characters.
    reason: limits::REASON;
    /// Sign-in sessions of a user.
    sessions_per_user: limits::SESSIONS_PER_USER;
    /// Gateway connections of a user.
    gateways_per_user: limits::GATEWAYS_PER_USER;
    /// People in a group DM.
    group_dm: limits::GROUP_DM;
}

/// `GET /healthz`.
pub fn alive(_: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&Health { status: "ok" })
}

/// `GET /readyz`: 503 only when not even messages are taken. Before that whoever heeds it would send those away who can
/// still read and write them.
pub fn ready(call: &mut Call<'_>) -> Result<Reply> {
    if !call.rest.chat.can_write() {
        return Err(Error::new(Code::Unavailable));
    }
    let given_up: Vec<_> = call.rest.chat.pressure().given_up(Instant::now()).collect();
    if given_up.contains(&Work::Messages) {
        return Err(super::late(Work::Messages));
    }
    let status = if given_up.is_empty() { "ok" } else { "degraded" };
    Reply::ok(&Readiness { status, given_up: given_up.into_iter().map(Work::as_str).collect() })
}

/// `GET /metrics`: for this machine, or an administrator; to others it is not there.
pub fn metrics(call: &mut Call<'_>) -> Result<Reply> {
    if !is_near(call) && !is_admin(call) {
        return Err(Error::not_found());
    }
    let page = call.rest.metrics.page(call.rest.chat.can_write(), call.rest.chat.pressure());
    Ok(Reply::new(200, "text/plain; version=0.0.4; charset=utf-8", page.into_bytes()))
}

/// A proxy on this machine connects from loopback too, but says for whom.
fn is_near(call: &Call<'_>) -> bool {
    let request = &call.request;
    let for_somebody = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];
    request.local && for_somebody.into_iter().all(|name| request.header(name).is_none())
}

fn is_admin(call: &Call<'_>) -> bool {
    let caller = call.bearer().and_then(|claims| call.rest.chat.read(|cx| chat::caller(cx, &claims)));
    caller.is_ok_and(|caller| caller.is_admin)
}

/// `GET /api/rest/instance`.
pub fn facts(call: &mut Call<'_>) -> Result<Reply> {
    let facts = call.rest.chat.read(instance::facts)?;
    let settings = call.rest.chat.settings();
    Reply::ok(&Instance {
        name: settings.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        registration: facts.registration.as_str(),
        setup_required: facts.setup_required,
        push: call.rest.push.as_ref().map(|push| PushFacts { public_key: push.public_key().to_owned() }),
        limits: Limits::new(settings.password_min, settings.upload_bytes),
    })
}

/// `GET /api/rest/openapi.json`.
pub fn openapi(call: &mut Call<'_>) -> Result<Reply> {
    let (base, password_min) = (call.rest.chat.config().base_path(), call.rest.chat.settings().password_min);
    let mut made = call.rest.openapi.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, document) = match made.take().filter(|(minimum, _)| *minimum == password_min) {
        Some(known) => made.insert(known),
        None => made.insert((password_min, openapi::document_with(base, password_min)?.to_string().into_bytes())),
    };
    Ok(Reply::new(200, "application/json", document.clone()))
}
