//! Puts a response on the socket: tiny_http prints it, this corrects its head and keeps the deadline.

use std::io::{self, ErrorKind, Write};
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

/// While a client is slow it is seen this often whether it has taken something: the kernel tells only of a third of what
/// it holds for it, which may be more than it takes in all its time.
const LOOK: Duration = Duration::from_secs(1);

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
        slow: None,
        how,
        status,
        defaults: DEFAULTS.map(|(name, line)| if how.upgrade || is_said(name) { b"" } else { line }),
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
    /// Once the socket has not taken all at once.
    slow: Option<Slow>,
    how: Print,
    status: u16,
    /// Those of [`DEFAULTS`] that the response does not bring itself.
    defaults: [&'static [u8]; DEFAULTS.len()],
}

/// A client that must be waited for. What the kernel took before that earns no time: nobody knows who has read it.
struct Slow {
    since: Instant,
    /// Bytes that it has taken since.
    taken: usize,
    /// When it took the last.
    last: Instant,
    /// What the kernel could hold for it then, in bytes.
    room: usize,
}

impl Slow {
    fn new(now: Instant, room: usize) -> Self {
        Self { since: now, taken: 0, last: now, room }
    }

    fn took(&mut self, count: usize, now: Instant) {
        self.taken = self.taken.saturating_add(count);
        self.last = now;
    }

    /// Whoever takes nothing more has no longer than who has taken nothing, however much it took before. What the kernel
    /// took because it holds more by now (`room`), by itself up to 4 MB, nobody has read.
    fn deadline(&self, room: usize) -> Instant {
        let read = self.taken.saturating_sub(room.saturating_sub(self.room));
        let earned = Duration::from_secs(read as u64 / limits::BODY_BYTES_PER_S);
        (self.since + earned).min(self.last) + limits::WRITE_TIME
    }
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

    /// Hands on all that is printed.
    fn send(&mut self) -> io::Result<()> {
        let mut rest = self.buffer.as_slice();
        loop {
            let tried = if rest.is_empty() { self.stream.settle().map(|()| 0) } else { self.stream.try_send(rest) };
            match tried {
                Ok(_) if rest.is_empty() => return Ok(()),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    self.slow.iter_mut().for_each(|slow| slow.took(count, Instant::now()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let (now, room) = (Instant::now(), self.stream.room()?);
                    let deadline = self.slow.get_or_insert_with(|| Slow::new(now, room)).deadline(room);
                    if deadline <= now {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    self.stream.wait_for_room(deadline.min(now + LOOK))?;
                }
                Err(error) => return Err(error),
            }
        }
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
        let sent = self.send();
        if sent.is_err() {
            self.stream.drop_unsent();
        }
        self.buffer.clear();
        sent
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
    fn a_slow_client_earns_time_by_what_it_takes_and_none_by_what_it_took_before() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let in_s = |slow: &Slow| (slow.deadline(10_000) - began).as_secs();
        let mut slow = Slow::new(began, 10_000);
        assert_eq!(in_s(&slow), 15);
        // Half as fast as it must be: twice the time that it had at first, and no more.
        let four_seconds = 4 * limits::BODY_BYTES_PER_S as usize;
        for seconds in [8, 16, 24] {
            slow.took(four_seconds, at(seconds));
        }
        assert_eq!(in_s(&slow), 15 + 12);
        // Fast, and then it stops.
        slow.took(100 * four_seconds, at(26));
        assert_eq!(in_s(&slow), 26 + 15);
        // The kernel took it all and holds it still.
        let grown = 10_000 + 103 * four_seconds;
        assert_eq!((slow.deadline(grown) - began).as_secs(), 15);
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
