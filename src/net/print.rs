//! Puts a response on the socket: tiny_http prints it, this corrects its head and keeps the deadline.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use tiny_http::{HTTPVersion, Header, ResponseBox};

use super::stream::Stream;
use crate::model::limits;

/// How a response is to be printed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Print {
    /// The request was HEAD.
    pub(super) without_body: bool,
    /// Nothing more will be read from this connection.
    pub(super) close: bool,
    /// It is the 101 of a WebSocket handshake.
    pub(super) upgrade: bool,
}

/// Written at once; a response that fits costs one system call.
const BUFFER_BYTES: usize = 16 * 1024;

/// Prints a response and waits until the socket has taken it.
///
/// # Errors
/// `TimedOut` when the client does not read, else what the socket says.
pub(super) fn print(response: ResponseBox, stream: &Stream, how: Print) -> io::Result<()> {
    let status = response.status_code().0;
    let mut out = Out {
        stream,
        buffer: Vec::with_capacity(1024),
        head_is_done: false,
        sent: 0,
        how,
        status,
        started: Instant::now(),
    };
    let server = Header::from_bytes("Server", "chatd").map_err(|()| io::ErrorKind::InvalidData)?;
    // No chunks: every response of ours knows its length, and the client's `TE` (in its fields) has no say.
    let response = response.with_header(server).with_chunked_threshold(usize::MAX);
    let upgrade = how.upgrade.then_some("websocket");
    response.raw_print(&mut out, HTTPVersion(1, 1), &[], how.without_body, upgrade)?;
    out.flush()
}

struct Out<'a> {
    stream: &'a Stream,
    buffer: Vec<u8>,
    head_is_done: bool,
    sent: u64,
    how: Print,
    status: u16,
    started: Instant,
}

impl Out<'_> {
    /// What tiny_http cannot say: it drops `Connection` and `Upgrade` (which 426 needs), and gives 204 and 304 a `Content-Length` (RFC 9110 §8.6).
    fn finish_head(&mut self) {
        self.head_is_done = true;
        self.buffer.truncate(self.buffer.len().saturating_sub(2));
        if matches!(self.status, 204 | 304) {
            let lines = self.buffer.split_inclusive(|byte| *byte == b'\n');
            self.buffer = lines.filter(|line| !line.starts_with(b"Content-Length:")).flatten().copied().collect();
        }
        let connection: &[u8] = match (self.status, self.how.close) {
            (101, _) | (_, false) if self.status != 426 => b"",
            (426, false) => b"Connection: upgrade\r\nUpgrade: websocket\r\n",
            (426, true) => b"Connection: upgrade, close\r\nUpgrade: websocket\r\n",
            _ => b"Connection: close\r\n",
        };
        self.buffer.extend_from_slice(connection);
        self.buffer.extend_from_slice(b"\r\n");
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if !self.head_is_done {
            // The empty line behind the head is a write of its own.
            if bytes == b"\r\n" && self.buffer.ends_with(b"\r\n\r\n") {
                self.finish_head();
            }
        } else if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let earned = Duration::from_secs(self.sent / limits::BODY_BYTES_PER_S);
        // What the kernel took at once earned much: whoever takes nothing more has no longer for it than for the first.
        let deadline = (self.started + earned).min(Instant::now()) + limits::WRITE_TIME;
        if let Err(error) = self.stream.write_all(&self.buffer, deadline) {
            self.stream.drop_unsent();
            return Err(error);
        }
        self.sent += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
