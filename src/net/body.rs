//! A request's body: limited to what its head declared, under a deadline that the client earns by sending.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::head::Framing;
use super::stream::Stream;
use crate::model::limits;

/// What has come on a connection and was not used yet.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    /// `None` where a request was made without a connection.
    stream: Option<Arc<Stream>>,
    buffer: Vec<u8>,
}

/// Bytes read from a socket at once.
const READ_BYTES: usize = 4 * 1024;

impl Inbound {
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        Self { stream: Some(stream), buffer: Vec::new() }
    }

    pub(super) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Forgets the first bytes; an idle connection keeps no memory.
    pub(super) fn consume(&mut self, count: usize) {
        if count >= self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..count);
        }
    }

    /// Waits for more; 0 is the end.
    pub(super) fn fill(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut bytes = [0; READ_BYTES];
        let count = self.receive(&mut bytes, deadline)?;
        self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn receive(&self, bytes: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.stream.as_ref().map_or(Ok(0), |stream| stream.read(bytes, deadline))
    }

    /// Up to `bytes.len()` bytes, first what is here already.
    fn take(&mut self, bytes: &mut [u8], deadline: Instant) -> io::Result<usize> {
        if self.buffer.is_empty() {
            return self.receive(bytes, deadline);
        }
        let count = self.buffer.as_slice().read(bytes)?;
        self.consume(count);
        Ok(count)
    }

    /// What is left, for whom the connection goes to.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

/// Where a body stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes are still to come.
    Length(u64),
    /// A chunk's size comes next.
    ChunkSize,
    /// So many bytes of a chunk are still to come, then its CR LF.
    Chunk(u64),
    /// All of it was read.
    Done,
    /// It cannot be read on: what follows is not known to be a request.
    Broken,
}

/// The longest line of a chunk's size with its extensions, and of a trailer field.
const CHUNK_LINE_BYTES: usize = 256;
/// Trailer fields behind the last chunk; they are read and dropped.
const TRAILERS: usize = 16;

/// A body as it comes.
#[derive(Debug)]
pub struct Body {
    inbound: Inbound,
    state: State,
    /// `100 Continue` is owed before the first read.
    continue_owed: bool,
    started: Option<Instant>,
    received: u64,
}

impl Body {
    /// A body that is here already: a request without a connection.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        let framing = Framing::Length(bytes.len() as u64);
        Self::framed(bytes, framing)
    }

    /// A body of which all that will come is here, and what stands behind it too.
    pub fn framed(bytes: Vec<u8>, framing: Framing) -> Self {
        Self::new(Inbound { stream: None, buffer: bytes }, framing, false)
    }

    pub(super) fn new(inbound: Inbound, framing: Framing, expects_continue: bool) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
        };
        Self { inbound, state, continue_owed: expects_continue && state != State::Done, started: None, received: 0 }
    }

    /// Whether all of it has been read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether it ended before its end, or was malformed.
    pub(super) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Whether the rest is known to be short enough to be read for the sake of the next request.
    pub(super) fn is_drainable(&self) -> bool {
        match self.state {
            State::Done => true,
            State::Length(left) => !self.continue_owed && left <= limits::DRAIN_BYTES as u64,
            State::ChunkSize | State::Chunk(_) | State::Broken => false,
        }
    }

    /// Reads the rest and drops it.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// What came behind the body.
    pub(super) fn into_inbound(self) -> Inbound {
        self.inbound
    }

    /// What came behind the body.
    pub fn into_rest(self) -> Vec<u8> {
        self.inbound.into_buffer()
    }

    /// The client has [`limits::BODY_TIME`], and one second more for every [`limits::BODY_BYTES_PER_S`] bytes it sent.
    fn deadline(&mut self) -> Instant {
        let started = *self.started.get_or_insert_with(Instant::now);
        started + limits::BODY_TIME + Duration::from_secs(self.received / limits::BODY_BYTES_PER_S)
    }

    fn say_continue(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.continue_owed)
            && let Some(stream) = self.inbound.stream.clone()
        {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n", self.deadline())?;
        }
        Ok(())
    }

    /// A line without its CR LF.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let deadline = self.deadline();
        loop {
            if let Some(end) = self.inbound.buffer().iter().position(|byte| *byte == b'\n') {
                let line = self.inbound.buffer().get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").ok_or_else(|| malformed("a chunk's line must end in CR LF"))?;
                let is_text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
                if line.len() > CHUNK_LINE_BYTES || !line.iter().all(is_text) {
                    return Err(malformed("a chunk's line is malformed"));
                }
                let line = line.to_vec();
                self.inbound.consume(end + 1);
                return Ok(line);
            }
            if self.inbound.buffer().len() > CHUNK_LINE_BYTES + 2 {
                return Err(malformed("a chunk's line is too long"));
            }
            if self.inbound.fill(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Goes on to the next chunk; after the last one, past the trailer.
    fn next_chunk(&mut self) -> io::Result<()> {
        let line = self.line()?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        self.state = match chunk_size(size)? {
            0 => {
                for _ in 0..TRAILERS {
                    if self.line()?.is_empty() {
                        self.state = State::Done;
                        return Ok(());
                    }
                }
                return Err(malformed("too many trailer fields"));
            }
            size => State::Chunk(size),
        };
        Ok(())
    }

    fn read_counted(&mut self, bytes: &mut [u8], left: u64) -> io::Result<u64> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let deadline = self.deadline();
        let count = self.inbound.take(bytes.get_mut(..most).unwrap_or_default(), deadline)? as u64;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.received += count;
        Ok(count)
    }

    fn step(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.say_continue()?;
        loop {
            match self.state {
                State::Done => return Ok(0),
                State::Broken => return Err(malformed("the body broke off before")),
                State::ChunkSize => self.next_chunk()?,
                State::Length(left) => {
                    let count = self.read_counted(bytes, left)?;
                    self.state = if count == left { State::Done } else { State::Length(left - count) };
                    return Ok(count as usize);
                }
                State::Chunk(left) => {
                    let count = self.read_counted(bytes, left)?;
                    self.state = State::Chunk(left - count);
                    if count == left {
                        if !self.line()?.is_empty() {
                            return Err(malformed("a chunk is longer than its size"));
                        }
                        self.state = State::ChunkSize;
                    }
                    return Ok(count as usize);
                }
            }
        }
    }
}

impl Read for Body {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let result = self.step(bytes);
        if result.is_err() {
            self.state = State::Broken;
        }
        result
    }
}

/// Hexadecimal digits alone (RFC 9112 §7.1), at most 15 of them: no overflow.
fn chunk_size(digits: &[u8]) -> io::Result<u64> {
    let text = std::str::from_utf8(digits.trim_ascii_end()).ok();
    let text = text.filter(|text| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let size = text.and_then(|text| u64::from_str_radix(text, 16).ok());
    size.ok_or_else(|| malformed("a chunk's size is not a hexadecimal number"))
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};

    use super::{Body, Framing};

    /// Reads a body of chunks; what came behind it is for the next request.
    fn chunked(bytes: &[u8]) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
        let mut body = Body::framed(bytes.to_vec(), Framing::Chunked);
        let mut read = Vec::new();
        body.read_to_end(&mut read)?;
        assert!(body.is_done() && body.is_drainable());
        Ok((read, body.into_rest()))
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        let mut body = Body::framed(b"helloGET".to_vec(), Framing::Length(5));
        let mut read = Vec::new();
        body.read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), body.is_done()), (&b"hello"[..], true));
        assert_eq!(body.into_rest(), b"GET");
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error_for_ever() {
        let mut body = Body::framed(b"hel".to_vec(), Framing::Length(5));
        let mut read = Vec::new();
        assert_eq!(body.read_to_end(&mut read).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert!(body.read_to_end(&mut read).is_err() && !body.is_done() && !body.is_drainable());
    }

    #[test]
    fn chunks_are_put_together() {
        let good: &[(&[u8], &str)] = &[
            (b"5\r\nhello\r\n0\r\n\r\n", "hello"),
            (b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!"),
            (b"005;name=value\r\nhello\r\n000\r\n\r\n", "hello"),
            (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", "01234567890123456789"),
            (b"0\r\n\r\n", ""),
        ];
        for (bytes, expected) in good {
            let (read, rest) = chunked(&[bytes, &b"GET /"[..]].concat()).unwrap();
            assert_eq!((read.as_slice(), rest.as_slice()), (expected.as_bytes(), &b"GET /"[..]));
        }
    }

    #[test]
    fn chunks_that_could_be_read_otherwise_are_refused() {
        let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(300));
        let trailers = format!("0\r\n{}\r\n", "A: b\r\n".repeat(20));
        let bad: &[&[u8]] = &[
            b"5\nhello\r\n0\r\n\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"5\r\nhello0\r\n\r\n",
            b"0x5\r\nhello\r\n0\r\n\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b" 5\r\nhello\r\n0\r\n\r\n",
            b"5x\r\nhello\r\n0\r\n\r\n",
            b"\r\nhello\r\n0\r\n\r\n",
            b";a=b\r\nhello\r\n0\r\n\r\n",
            b"5;\0\r\nhello\r\n0\r\n\r\n",
            b"ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
            b"1ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
            b"5\r\nhel",
            b"5\r\nhello\r\n",
            b"5\r\nhello\r\n0\r\n",
            long.as_bytes(),
            trailers.as_bytes(),
        ];
        for bytes in bad {
            assert!(chunked(bytes).is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
