//! The WebSocket handshake (RFC 6455 §4.2): the key's answer is tungstenite's, Origin is ours to check.

use tungstenite::handshake::derive_accept_key;

use crate::auth::Claims;
use crate::chat::Chat;
use crate::model::{Code, Error, Result, Timestamp};
use crate::net::{Header, Method, Request};

/// The methods of the path.
pub(super) const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What a good handshake says.
pub(super) struct Handshake {
    /// For `Sec-WebSocket-Accept`.
    pub(super) accept: Header,
    /// Who it is, if it carried a token.
    pub(super) claims: Option<Claims>,
}

/// Checks a handshake.
///
/// # Errors
/// 405, 426, 403 `bad_origin`, 400, 401.
pub(super) fn check(chat: &Chat, request: &Request) -> Result<Handshake> {
    match request.method {
        Method::Get => {}
        Method::Head => return Err(Error::new(Code::UpgradeRequired)),
        _ => return Err(Error { allow: Some(ALLOW.to_owned()), ..Error::new(Code::MethodNotAllowed) }),
    }
    let has = |name, token: &str| {
        request.header(name).is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    if !has("Upgrade", "websocket")
        || !has("Connection", "upgrade")
        || request.header("Sec-WebSocket-Version") != Some("13")
    {
        return Err(Error::new(Code::UpgradeRequired));
    }
    let is_welcome = match request.header("Origin") {
        Some(origin) => is_own_origin(chat, origin, request),
        // Browsers say where the page is from in one field at least; what is no browser says neither.
        None => request.header("Sec-Fetch-Site").is_none_or(|site| matches!(site, "same-origin" | "none")),
    };
    if !is_welcome {
        return Err(Error::new(Code::BadOrigin));
    }
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    let bad_key = || Error::with_detail(Code::BadRequest, "Sec-WebSocket-Key must be 16 bytes in base64");
    if !is_nonce(key) {
        return Err(bad_key());
    }
    let claims = match request.header("Authorization") {
        None => None,
        Some(value) => {
            let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (_, token) = token.ok_or_else(|| Error::new(Code::Unauthenticated))?;
            let claims = chat.shared().keys.verify_access(token.trim(), Timestamp::now())?;
            // A session that has ended is refused here, with a status that a client sees.
            chat.read(|cx| crate::chat::caller(cx, &claims))?;
            Some(claims)
        }
    };
    let accept = derive_accept_key(key.as_bytes());
    let accept = Header::from_bytes("Sec-WebSocket-Accept", accept).map_err(|()| bad_key())?;
    Ok(Handshake { accept, claims })
}

/// 16 bytes in base64: 22 symbols and two of padding.
fn is_nonce(key: &str) -> bool {
    key.len() == 24
        && key.ends_with("==")
        && key.bytes().take(22).all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

fn is_own_origin(chat: &Chat, origin: &str, request: &Request) -> bool {
    let config = chat.config();
    config.is_own_origin(origin, request.host(), request.front.proxied, request.front.secure)
        || config.allowed_origins.iter().any(|allowed| origin.eq_ignore_ascii_case(allowed))
}
