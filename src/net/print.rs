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

/// On every answer that does not say otherwise: it is nobody's page, picture or cache entry. Written as they are:
/// as fields of tiny_http each would take two allocations.
const DEFAULTS: [(&str, &[u8]); 4] = [
    ("X-Content-Type-Options", b"X-Content-Type-Options: nosniff\r\n"),
    ("Cache-Control", b"Cache-Control: no-store\r\n"),
    ("Cross-Origin-Resource-Policy", b"Cross-Origin-Resource-Policy: same-origin\r\n"),
    ("Referrer-Policy", b"Referrer-Policy: no-referrer\r\n"),
];

/// Prints a response and waits until the socket has taken it.
///
/// # Errors
/// `TimedOut` when the client does not read, else what the socket says.
pub(super) fn print(response: ResponseBox, stream: &Stream, how: Print) -> io::Result<()> {
    let status = response.status_code().0;
    let is_said = |name: &'static str| response.headers().iter().any(|header| header.field.equiv(name));
    let mut out = Out {
        stream,
        buffer: Vec::with_capacity(1024),
        head_is_done: false,
        sent: 0,
        how,
        status,
        defaults: DEFAULTS.map(|(name, line)| if how.upgrade || is_said(name) { b"" } else { line }),
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
    /// Those of [`DEFAULTS`] that the response does not bring itself.
    defaults: [&'static [u8]; DEFAULTS.len()],
    started: Instant,
}

impl Out<'_> {
    /// What tiny_http cannot say: it drops `Connection` and `Upgrade` (which 426 needs), and gives 204 and 304 a
    /// `Content-Length` (RFC 9110 §8.6).
    fn finish_head(&mut self) {
        self.head_is_done = true;
        self.buffer.truncate(self.buffer.len().saturating_sub(2));
        if matches!(self.status, 204 | 304) {
            let lines = self.buffer.split_inclusive(|byte| *byte == b'\n');
            self.buffer = lines.filter(|line| !line.starts_with(b"Content-Length:")).flatten().copied().collect();
        }
        self.defaults.iter().for_each(|line| self.buffer.extend_from_slice(line));
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use tiny_http::Response;

    use super::*;

    fn printed(response: ResponseBox, how: Print) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        print(response, &Stream::new(listener.accept().unwrap().0).unwrap(), how).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn every_answer_has_the_security_fields_once_and_may_say_otherwise() {
        let plain = printed(Response::from_string("x").boxed(), Print::default());
        for (name, line) in DEFAULTS {
            let line = std::str::from_utf8(line).unwrap();
            assert!(line.starts_with(&format!("{name}: ")) && plain.contains(&format!("\r\n{line}")), "{plain}");
        }
        let cached = Header::from_bytes("cache-control", "max-age=9").unwrap();
        let cached = printed(Response::empty(204).with_header(cached).boxed(), Print::default()).to_ascii_lowercase();
        assert_eq!(cached.matches("cache-control: ").count(), 1, "{cached}");
        assert!(cached.contains("cache-control: max-age=9\r\n") && cached.contains("nosniff"), "{cached}");
        let upgraded = printed(Response::empty(101).boxed(), Print { upgrade: true, ..Print::default() });
        assert!(!upgraded.contains("nosniff"), "{upgraded}");
    }
}
