//! Events and answers as frames. A server's frames are unmasked, so one encoding serves everybody.

use std::fmt;
use std::io::Write;

use serde::Serialize;

use crate::net::websocket;

/// An encoded frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// The event's sequence number; 0 for what belongs to one connection only and is never replayed.
    pub(super) s: u64,
    bytes: Box<[u8]>,
}

impl Frame {
    /// A dispatched event, `{"op":…,"s":…,"d":…}`.
    pub(super) fn event(op: u8, s: u64, d: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { s, bytes: text(format_args!("{{\"op\":{op},\"s\":{s},\"d\":"), d)? })
    }

    /// A frame of the connection's own, `{"op":…,"d":…}`.
    pub(super) fn own(op: u8, d: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { s: 0, bytes: text(format_args!("{{\"op\":{op},\"d\":"), d)? })
    }

    /// A close frame; a reason is cut to what fits into a control frame.
    pub(super) fn close(code: u16, reason: &str) -> Self {
        Self { s: 0, bytes: websocket::close_frame(code, reason) }
    }

    /// Bytes that are whole frames already.
    pub(super) fn raw(bytes: &[u8]) -> Self {
        Self { s: 0, bytes: bytes.into() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Room for most events: a message, with who wrote it, has about 500 bytes.
const JSON_BYTES: usize = 1024;

/// A frame of `{…,"d":d}`.
fn text(head: fmt::Arguments<'_>, d: &impl Serialize) -> Result<Box<[u8]>, serde_json::Error> {
    let mut json = Vec::with_capacity(JSON_BYTES);
    json.write_fmt(head).map_err(serde_json::Error::io)?;
    serde_json::to_writer(&mut json, d)?;
    json.push(b'}');
    Ok(websocket::frame(websocket::TEXT, &json))
}
