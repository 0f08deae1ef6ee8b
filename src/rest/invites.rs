//! Invites: making one, looking at it as a stranger, joining, and its QR code.

use qrcodegen::{QrCode, QrCodeEcc};

use super::call::Call;
use super::percent;
use super::reply::Reply;
use crate::chat::invites;
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

/// `GET /invites/{code}`.
pub fn preview(call: &mut Call<'_>) -> Result<Reply> {
    let code = call.code();
    let preview = call.rest.chat.read(|cx| invites::preview(cx, &code))?;
    was_right(call);
    Reply::ok(&preview)
}

/// `POST /invites/{code}`.
pub fn join(call: &mut Call<'_>) -> Result<Reply> {
    let code = call.code();
    call.count_guess()?;
    let joined = call.write(move |cx, me| invites::join(cx, me, &code));
    if joined.as_ref().err().is_none_or(|error| error.code != Code::NotFound) {
        call.guessed_right();
    }
    Reply::ok(&joined?)
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
    match call.request.header("Host").filter(plain) {
        Some(host) if public.is_empty() => format!("http://{host}/invite/{code}"),
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
