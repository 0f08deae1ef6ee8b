//! WebSocket frames as they go out (RFC 6455 §5.2). A server's frames are unmasked, so one encoding serves everybody.

use serde::Serialize;

/// An encoded frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// The event's sequence number; 0 for what belongs to one connection only and is never replayed.
    pub(super) s: u64,
    bytes: Box<[u8]>,
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

impl Frame {
    /// A dispatched event, `{"op":…,"s":…,"d":…}`.
    pub(super) fn event(op: u8, s: u64, d: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut json = format!("{{\"op\":{op},\"s\":{s},\"d\":").into_bytes();
        serde_json::to_writer(&mut json, d)?;
        json.push(b'}');
        Ok(Self { s, bytes: frame(TEXT, &json) })
    }

    /// A frame of the connection's own, `{"op":…,"d":…}`.
    pub(super) fn own(op: u8, d: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut json = format!("{{\"op\":{op},\"d\":").into_bytes();
        serde_json::to_writer(&mut json, d)?;
        json.push(b'}');
        Ok(Self { s: 0, bytes: frame(TEXT, &json) })
    }

    /// A close frame; a reason is cut to what fits into a control frame.
    pub(super) fn close(code: u16, reason: &str) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        payload.extend(reason.bytes().take(end));
        Self { s: 0, bytes: frame(CLOSE, &payload) }
    }

    /// Bytes that are whole frames already.
    pub(super) fn raw(bytes: &[u8]) -> Self {
        Self { s: 0, bytes: bytes.into() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn frame(first: u8, payload: &[u8]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    bytes.push(first);
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(length.to_be_bytes()[1]),
        Ok(length) => {
            bytes.push(126);
            bytes.extend(length.to_be_bytes());
        }
        Err(_) => {
            bytes.push(127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::{Role, WebSocket};

    use super::Frame;

    #[test]
    fn an_independent_reader_understands_every_length() {
        for length in [0, 1, 117, 118, 119, 65_500, 65_535, 65_536, 200_000] {
            let text = "x".repeat(length);
            let frame = Frame::event(11, 7, &text).unwrap();
            let stream = std::io::Cursor::new(frame.bytes().to_vec());
            let message = WebSocket::from_raw_socket(stream, Role::Client, None).read().unwrap();
            assert_eq!(message.into_text().unwrap().as_str(), format!(r#"{{"op":11,"s":7,"d":"{text}"}}"#));
        }
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let frame = Frame::close(4010, &"ü".repeat(100));
        assert!(frame.bytes().len() <= 127);
        assert!(std::str::from_utf8(&frame.bytes()[4..]).is_ok());
    }
}
