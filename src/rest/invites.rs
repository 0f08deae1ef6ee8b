//! Invites: making, listing and revoking them, looking at one as a stranger, joining, and the QR code.

use qrcodegen::{QrCode, QrCodeEcc};

use super::call::Call;
use super::percent;
use super::reply::Reply;
use crate::chat::{Caller, Writing, invites};
use crate::model::request::NewInvite;
use crate::model::{Code, Error, Result};

/// Light modules around the code, as ISO/IEC 18004 asks for.
const QUIET_ZONE: i32 = 4;

/// `POST /servers/{server_id}/invites`.
pub fn create(call: &mut Call<'_>) -> Result<Reply> {
    let (server, new) = (call.server_id(), call.optional_body::<NewInvite>());
    let invite = call.write(|cx, me| invites::create(cx, me, server?, new.map(Option::unwrap_or_default)))?;
    Reply::created(&invite)
}

/// `GET /servers/{server_id}/invites`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let server = call.server_id();
    Reply::ok(&call.read(|cx, me| invites::list(cx, me, server?))?)
}

/// `DELETE /invites/{code}`.
pub fn revoke(call: &mut Call<'_>) -> Result<Reply> {
    with_code(call, invites::revoke).map(|()| Reply::no_content())
}

/// `GET /invites/{code}`.
pub fn preview(call: &mut Call<'_>) -> Result<Reply> {
    let code = call.code();
    let preview = call.rest.chat.read(|cx| invites::preview(cx, &code))?;
    was_right(call);
    Reply::ok(&preview)
}

/// `POST /invites/{code}`.
pub fn join(call: &mut Call<'_>) -> Result<Reply> {
    Reply::ok(&with_code(call, invites::join)?)
}

/// Runs a rule on a code, which is counted against the address that guesses it only if there is no such invite.
fn with_code<T: Send + 'static>(
    call: &mut Call<'_>,
    rule: fn(&mut Writing<'_, '_>, &Caller, &str) -> Result<T>,
) -> Result<T> {
    let code = call.code();
    call.count_guess()?;
    let done = call.write(move |cx, me| rule(cx, me, &code));
    if done.as_ref().err().is_none_or(|error| error.code != Code::NotFound) {
        call.guessed_right();
    }
    done
}

/// `GET /invites/{code}/qr.svg`.
pub fn qr_code(call: &mut Call<'_>) -> Result<Reply> {
    let code = call.code();
    let preview = call.rest.chat.read(|cx| invites::preview(cx, &code))?;
    was_right(call);
    let qr = QrCode::encode_text(&url(call, &preview.code), QrCodeEcc::Medium).map_err(Error::internal)?;
    Ok(Reply::new(200, "image/svg+xml", svg(&qr).into_bytes())
        .with("Content-Security-Policy", "default-src 'none'; sandbox"))
}

/// Gives the guess back, which here is what the route counts.
fn was_right(call: &mut Call<'_>) {
    call.guessed_right();
    if let Some(allowance) = &mut call.allowance {
        allowance.remaining = allowance.limit.min(allowance.remaining.saturating_add(1));
    }
}

/// Where the invite leads. A camera needs it absolute: without a public URL, by the name the asker used.
fn url(call: &Call<'_>, code: &str) -> String {
    let public = &call.rest.chat.config().public_url;
    let code = percent::encode(code);
    let plain = |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b));
    match call.request.host().filter(plain) {
        Some(host) if public.is_empty() => {
            let scheme = if call.request.front.https { "https" } else { "http" };
            format!("{scheme}://{host}/invite/{code}")
        }
        _ => format!("{public}/invite/{code}"),
    }
}

fn svg(qr: &QrCode) -> String {
    let side = qr.size() + 2 * QUIET_ZONE;
    let dark = (0..qr.size())
        .flat_map(|y| (0..qr.size()).map(move |x| (x, y)))
        .filter(|&(x, y)| qr.get_module(x, y))
        .map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE))
        .collect::<String>();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{dark}\"/></svg>\n"
    )
}
