//! The bytes of a client: HTTP requests and answers, WebSocket frames (RFC 6455 §5.2). As small as the load allows,
//! so that the generator is not what is measured.

use std::io::Write;

use serde_json::Value;

use super::Outcome;

/// Something whole that has come from the server.
#[derive(Debug)]
pub enum Piece<'a> {
    /// An HTTP answer.
    Answer {
        /// Its status code.
        status: u16,
        /// Its body.
        body: &'a [u8],
    },
    /// A gateway frame's JSON.
    Text(&'a [u8]),
}

/// Writes a request behind `out`.
pub fn request(out: &mut Vec<u8>, method: &str, path: &str, token: Option<&str>, body: Option<&str>) {
    // Writing to memory does not fail.
    let _ = write!(out, "{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    if let Some(token) = token {
        let _ = write!(out, "Authorization: Bearer {token}\r\n");
    }
    if let Some(body) = body {
        let _ = write!(out, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    } else {
        out.extend(b"\r\n");
    }
}

/// Writes the handshake of a gateway connection.
pub fn upgrade(out: &mut Vec<u8>, token: &str) {
    upgrade_at(out, "/api/ws", Some(token));
}

/// Writes a WebSocket handshake. The key is the one of RFC 6455 §1.3: nobody needs it to be random where no cache
/// stands between.
pub fn upgrade_at(out: &mut Vec<u8>, path: &str, token: Option<&str>) {
    let _ = write!(
        out,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    if let Some(token) = token {
        let _ = write!(out, "Authorization: Bearer {token}\r\n");
    }
    out.extend(b"\r\n");
}

/// Writes a text frame with a mask of zeroes: allowed, and the text stays as it is.
pub fn text_frame(out: &mut Vec<u8>, text: &[u8]) {
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(length @ ..126), _) => out.extend([0x81, 0x80 | length]),
        (_, Ok(length)) => {
            out.extend([0x81, 0x80 | 126]);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.extend([0x81, 0x80 | 127]);
            out.extend((text.len() as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(text);
}

/// Writes a close frame with this code.
pub fn close_frame(out: &mut Vec<u8>, code: u16) {
    out.extend([0x88, 0x80 | 2, 0, 0, 0, 0]);
    out.extend(code.to_be_bytes());
}

/// An error with what the server says, unless it says that all is well.
///
/// # Errors
/// The status and the body.
pub fn expect_success(status: u16, body: &[u8]) -> Outcome<()> {
    match status {
        101 | 200..=299 => Ok(()),
        _ => Err(format!("answered {status}: {}", String::from_utf8_lossy(body))),
    }
}

/// The answer that `bytes` begin with, and its length; `None` if it is not all there.
///
/// # Errors
/// If it is not HTTP, or does not say how long it is.
pub fn answer(bytes: &[u8]) -> Outcome<Option<(Piece<'_>, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut fields);
    let head_length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("an answer is not HTTP: {error}")),
    };
    let status = head.code.ok_or("an answer has no status")?;
    let length = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case("Content-Length"));
    let length = match length {
        Some(field) => std::str::from_utf8(field.value).ok().and_then(|value| value.parse::<usize>().ok()),
        None if matches!(status, 101 | 204 | 304) => Some(0),
        None => None,
    };
    let end = head_length + length.ok_or("an answer has no Content-Length")?;
    Ok(bytes.get(head_length..end).map(|body| (Piece::Answer { status, body }, end)))
}

/// The frame that `bytes` begin with, and its length; `None` if it is not all there.
///
/// # Errors
/// If the server closes, or sends what is neither text nor close.
pub fn frame(bytes: &[u8]) -> Outcome<Option<(Piece<'_>, usize)>> {
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    let (length, head) = match (second, rest) {
        (0..126, _) => (usize::from(second), 2),
        (126, &[a, b, ..]) => (usize::from(u16::from_be_bytes([a, b])), 4),
        (127, &[0, 0, 0, 0, a, b, c, d, ..]) => (u32::from_be_bytes([a, b, c, d]) as usize, 10),
        (126, _) => return Ok(None),
        (127, rest) if rest.len() < 8 => return Ok(None),
        _ => return Err("a frame from the server is masked or endless".to_owned()),
    };
    let Some(payload) = bytes.get(head..head + length) else { return Ok(None) };
    match first {
        0x81 => Ok(Some((Piece::Text(payload), head + length))),
        0x88 => {
            let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
            let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
            Err(format!("the server closed a gateway connection: {code} {reason}"))
        }
        other => Err(format!("the server sent a frame that begins with {other:#04x}")),
    }
}

/// Op and `s` of a gateway frame; `s` is 0 where there is none.
///
/// # Errors
/// If it is no such frame.
pub fn op_and_s(text: &[u8]) -> Outcome<(u64, u64)> {
    // `{"op":11,"s":7,"d":…` needs no JSON reader; another order of the fields does.
    if let Some(rest) = text.strip_prefix(b"{\"op\":") {
        let (op, rest) = leading_number(rest);
        if let Some(rest) = rest.strip_prefix(b",\"s\":") {
            return Ok((op, leading_number(rest).0));
        }
    }
    let frame: Value = serde_json::from_slice(text).map_err(|error| format!("a frame is not as agreed: {error}"))?;
    let field = |name: &str| frame.get(name).and_then(Value::as_u64);
    Ok((field("op").ok_or("a frame has no op")?, field("s").unwrap_or(0)))
}

fn leading_number(text: &[u8]) -> (u64, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number = digits.iter().fold(0_u64, |number, digit| number.wrapping_mul(10) + u64::from(digit - b'0'));
    (number, rest)
}
