//! WebSocket (RFC 6455) over an upgraded connection: tungstenite's protocol, with our bounds and deadlines; what a
//! fault calls for; and frames as a server sends them.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use tungstenite::error::ProtocolError;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message};

use super::message::Upgraded;
use super::stream::Stream;

/// The first byte of a whole text frame.
pub const TEXT: u8 = 0x81;
/// The first byte of a whole binary frame.
pub const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// The longest reason of a close frame: a control frame has 125 bytes, two of which are the code.
const REASON_BYTES: usize = 123;

/// Bytes read at once, more than clients mostly say. tungstenite's default of 128 KiB is touched at once and costs
/// 156 KB a connection; 4 KiB would cost 2 KB more.
const READ_BYTES: usize = 2 * 1024;
/// Answers of its own that may wait; they are handed on at once.
const ANSWERS_BYTES: usize = 64 * 1024;

/// The server's end of a connection. It only reads: its own answers, which are whole frames (pongs, and the echo of a
/// close), go to `W`, and so does everything else by whatever way its owner has.
pub struct WebSocket<W>(tungstenite::WebSocket<Duplex<W>>);

/// The connection as tungstenite sees it.
struct Duplex<W> {
    stream: Arc<Stream>,
    out: W,
    deadline: Instant,
}

/// Why nothing more can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing came in time.
    Late,
    /// A message, or what its head declares, is too long (1009).
    TooBig,
    /// A text is not UTF-8 (1007).
    NotUtf8,
    /// The other side does not speak WebSocket as the standard has it (1002).
    Protocol,
    /// The other side has gone.
    Gone,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => Self::Late,
            Error::Capacity(_) => Self::TooBig,
            Error::Utf8(_) => Self::NotUtf8,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) => Self::Protocol,
            _ => Self::Gone,
        }
    }
}

impl<W: Write> Read for Duplex<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer, self.deadline)
    }
}

impl<W: Write> Write for Duplex<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> WebSocket<W> {
    /// Goes on with a connection whose handshake is done; a message may have `most_bytes`.
    pub fn new(upgraded: Upgraded, most_bytes: usize, out: W) -> Self {
        let duplex = Duplex { stream: upgraded.stream, out, deadline: Instant::now() };
        Self(over(duplex, upgraded.early, most_bytes))
    }

    /// The next message; pings and closes are answered by themselves.
    ///
    /// # Errors
    /// [`Fault`]; nothing can be read any more then.
    pub fn read(&mut self, deadline: Instant) -> Result<Message, Fault> {
        self.0.get_mut().deadline = deadline;
        self.0.read().map_err(Fault::from)
    }

    /// Hands on the answer that a close has been given.
    pub fn flush(&mut self) {
        // Whoever has gone needs no answer.
        let _ = self.0.flush();
    }

    /// Where its own answers go.
    pub fn out(&self) -> &W {
        &self.0.get_ref().out
    }

    /// Where its own answers go from now on.
    pub fn out_mut(&mut self) -> &mut W {
        &mut self.0.get_mut().out
    }

    /// The connection below.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.0.get_ref().stream
    }
}

/// The protocol over any stream, of which `early` has come already; a message may have `most_bytes`.
pub fn over<S: Read + Write>(stream: S, early: Vec<u8>, most_bytes: usize) -> tungstenite::WebSocket<S> {
    // Never compression: it is not among tungstenite's features, so nothing agrees to it.
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(ANSWERS_BYTES)
        .max_message_size(Some(most_bytes))
        .max_frame_size(Some(most_bytes));
    tungstenite::WebSocket::from_partially_read(stream, early, Role::Server, Some(config))
}

/// A frame of a server's, unmasked (RFC 6455 §5.2).
pub fn frame(first: u8, payload: &[u8]) -> Box<[u8]> {
    let head = match payload.len() {
        ..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    };
    let mut bytes = Vec::with_capacity(head + payload.len());
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

/// A close frame; a reason is cut to what fits into a control frame.
pub fn close_frame(code: u16, reason: &str) -> Box<[u8]> {
    let mut payload = code.to_be_bytes().to_vec();
    let mut end = reason.len().min(REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    payload.extend(reason.bytes().take(end));
    frame(CLOSE, &payload)
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::{Role, WebSocket};

    use super::{BINARY, TEXT, close_frame, frame};

    #[test]
    fn an_independent_reader_understands_every_length() {
        for length in [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 200_000] {
            for first in [TEXT, BINARY] {
                let bytes = vec![b'x'; length];
                let stream = std::io::Cursor::new(frame(first, &bytes).into_vec());
                let message = WebSocket::from_raw_socket(stream, Role::Client, None).read().unwrap();
                assert_eq!((message.is_text(), message.into_data().to_vec()), (first == TEXT, bytes));
            }
        }
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let bytes = close_frame(4010, &"ü".repeat(100));
        assert!(bytes.len() <= 127);
        assert!(std::str::from_utf8(&bytes[4..]).is_ok());
    }
}
