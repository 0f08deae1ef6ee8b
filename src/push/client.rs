//! Speaks to push services: HTTP/1.1 (RFC 9112), one request after the other, over connections of its own making.
//!
//! Nothing that answers is trusted: no redirect is followed, no proxy used, an answer has a bound in bytes and in time,
//! and the address that is connected to is looked at by the [`Guard`] itself.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::guard::Guard;
use super::roots::Roots;
use crate::model::limits;
use crate::model::push::{Endpoint, Host};

/// Of a name's addresses so many are tried.
const ADDRESSES: usize = 4;

/// Names that are looked up at once: a look-up that hangs cannot be ended.
const LOOKUPS: usize = 4;

/// A connection that was not used for so long may be closed by now.
const IDLE: Duration = Duration::from_secs(50);

/// Header fields of an answer.
const FIELDS: usize = 100;

/// Where a name leads.
pub(super) type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// As the system says.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

/// A message for a push service.
pub(super) struct Push<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) authorization: &'a str,
    pub(super) ttl_s: u64,
    pub(super) urgency: &'a str,
    pub(super) topic: Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// What it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The name leads nowhere.
    Unknown,
    /// Too many names are being looked up.
    Crowded,
    /// All that it leads to is not public.
    Refused,
    /// Nobody takes the connection.
    Unreachable(ErrorKind),
    /// No certificates to trust.
    NoRoots,
    /// TLS failed: mostly a certificate.
    Tls(String),
    /// It took too long.
    Late,
    /// The connection was cut.
    Cut,
    /// What came is no answer, or too long for one.
    Senseless,
    /// The server is stopping.
    Stopped,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // One answer: which names there are inside is nobody's to learn.
            Self::Unknown | Self::Refused => f.write_str("its name leads to no public address"),
            Self::Crowded => f.write_str("too many names were being looked up"),
            Self::Unreachable(kind) => write!(f, "it cannot be reached: {kind}"),
            Self::NoRoots => f.write_str("the server has no root certificates"),
            Self::Tls(why) => write!(f, "TLS: {why}"),
            Self::Late => f.write_str("it took too long"),
            Self::Cut => f.write_str("it cut the connection"),
            Self::Senseless => f.write_str("what it answered is no HTTP, or too long"),
            Self::Stopped => f.write_str("the server was stopping"),
        }
    }
}

/// Ends the exchange that is under way, and lets none begin.
#[derive(Default)]
pub(super) struct Brake(Mutex<Braking>);

#[derive(Default)]
struct Braking {
    pulled: bool,
    socket: Option<TcpStream>,
}

impl Brake {
    pub(super) fn pull(&self) {
        let mut braking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        braking.pulled = true;
        if let Some(socket) = braking.socket.take() {
            // It may be closed already.
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }

    fn watch(&self, socket: Option<&TcpStream>) -> Result<(), Failure> {
        let mut braking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        braking.socket = socket.and_then(|socket| socket.try_clone().ok());
        if braking.pulled { Err(Failure::Stopped) } else { Ok(()) }
    }
}

/// The client.
pub(super) struct Client {
    guard: Guard,
    roots: Roots,
    lookup: Lookup,
    looking: Arc<AtomicUsize>,
    /// Connections that may be used again, by origin, the latest last.
    idle: Vec<(String, Wire, Instant)>,
    brake: Arc<Brake>,
    /// For one exchange, in all.
    time: Duration,
}

impl Client {
    pub(super) fn new(guard: Guard, roots: Roots, lookup: Lookup) -> Self {
        Self {
            guard,
            roots,
            lookup,
            looking: Arc::default(),
            idle: Vec::new(),
            brake: Arc::default(),
            time: limits::PUSH_TIME,
        }
    }

    pub(super) fn brake(&self) -> Arc<Brake> {
        Arc::clone(&self.brake)
    }

    /// Sends a message.
    pub(super) fn send(&mut self, push: &Push<'_>) -> Result<Answer, Failure> {
        let until = Instant::now() + self.time;
        let origin = push.endpoint.origin();
        self.idle.retain(|(_, _, since)| since.elapsed() < IDLE);
        if let Some(at) = self.idle.iter().rposition(|(known, ..)| *known == origin) {
            let (_, wire, _) = self.idle.remove(at);
            match self.exchange(wire, push, &origin, until) {
                // It may have been closed since; that a push is sent twice does no harm, as the topic is the same.
                Err(Failure::Cut) => {}
                other => return other,
            }
        }
        let wire = self.connect(push.endpoint, until)?;
        self.exchange(wire, push, &origin, until)
    }

    fn exchange(&mut self, mut wire: Wire, push: &Push<'_>, origin: &str, until: Instant) -> Result<Answer, Failure> {
        wire.timed().until = until;
        self.brake.watch(Some(&wire.timed().socket))?;
        let answer = ask(&mut wire, push);
        let pulled = self.brake.watch(None);
        let (answer, reusable) = answer.map_err(|failure| if pulled.is_err() { Failure::Stopped } else { failure })?;
        if reusable {
            if self.idle.len() >= limits::PUSH_CONNECTIONS {
                self.idle.remove(0);
            }
            self.idle.push((origin.to_owned(), wire, Instant::now()));
        }
        Ok(answer)
    }

    fn connect(&mut self, endpoint: &Endpoint, until: Instant) -> Result<Wire, Failure> {
        let addresses = self.addresses(&endpoint.host, until)?;
        let mut allowed = addresses.into_iter().filter(|address| self.guard.allows(endpoint, *address)).peekable();
        if allowed.peek().is_none() {
            return Err(Failure::Refused);
        }
        let mut failure = Failure::Late;
        for address in allowed.take(ADDRESSES) {
            self.brake.watch(None)?;
            let time = remaining(until).map_err(|_| Failure::Late)?.min(limits::PUSH_CONNECT_TIME);
            match TcpStream::connect_timeout(&SocketAddr::new(address, endpoint.port), time) {
                Ok(socket) => return self.begin(socket, endpoint, until),
                Err(error) if error.kind() == ErrorKind::TimedOut => failure = Failure::Late,
                Err(error) => failure = Failure::Unreachable(error.kind()),
            }
        }
        Err(failure)
    }

    fn begin(&mut self, socket: TcpStream, endpoint: &Endpoint, until: Instant) -> Result<Wire, Failure> {
        // A request is one write; waiting for more would only make it late.
        let _ = socket.set_nodelay(true);
        self.brake.watch(Some(&socket))?;
        let timed = Timed { socket, until };
        if !endpoint.https {
            return Ok(Wire::Plain(timed));
        }
        let name = match &endpoint.host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::Unknown)?,
            Host::V4(address) => ServerName::from(IpAddr::V4(*address)),
            Host::V6(address) => ServerName::from(IpAddr::V6(*address)),
        };
        let config = self.roots.config().ok_or(Failure::NoRoots)?;
        let protocol = ClientConnection::new(config, name).map_err(|error| Failure::Tls(error.to_string()))?;
        let mut stream = StreamOwned::new(protocol, timed);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|error| fault(&error))?;
        }
        Ok(Wire::Tls(Box::new(stream)))
    }

    /// Where a host leads. The system's look-up knows no deadline: it has a thread of its own, which may be left behind.
    fn addresses(&self, host: &Host, until: Instant) -> Result<Vec<IpAddr>, Failure> {
        let name = match host {
            Host::Name(name) => name.clone(),
            Host::V4(address) => return Ok(vec![IpAddr::V4(*address)]),
            Host::V6(address) => return Ok(vec![IpAddr::V6(*address)]),
        };
        if self.looking.fetch_add(1, Ordering::Relaxed) >= LOOKUPS {
            self.looking.fetch_sub(1, Ordering::Relaxed);
            return Err(Failure::Crowded);
        }
        let (looking, lookup) = (Arc::clone(&self.looking), Arc::clone(&self.lookup));
        let (answer, answered) = sync_channel(1);
        let thread = std::thread::Builder::new().name("push-names".into()).spawn(move || {
            let found = lookup(&name);
            looking.fetch_sub(1, Ordering::Relaxed);
            // Nobody may be waiting any more.
            let _ = answer.send(found);
        });
        if thread.is_err() {
            self.looking.fetch_sub(1, Ordering::Relaxed);
            return Err(Failure::Crowded);
        }
        let time = remaining(until).map_err(|_| Failure::Late)?.min(limits::PUSH_CONNECT_TIME);
        let found = answered.recv_timeout(time).map_err(|_| Failure::Late)?;
        found.ok().filter(|found| !found.is_empty()).ok_or(Failure::Unknown)
    }
}

fn remaining(until: Instant) -> io::Result<Duration> {
    let time = until.saturating_duration_since(Instant::now());
    if time.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(time) }
}

/// A socket with a deadline over all that is done with it.
struct Timed {
    socket: TcpStream,
    until: Instant,
}

/// A socket whose time is over says that it would block.
fn in_time<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error })
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(remaining(self.until)?))?;
        in_time(self.socket.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(remaining(self.until)?))?;
        in_time(self.socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Wire {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Wire {
    fn timed(&mut self) -> &mut Timed {
        match self {
            Self::Plain(timed) => timed,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let read = match self {
            Self::Plain(timed) => timed.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        };
        match read {
            Ok(0) => Err(Failure::Cut),
            Ok(count) => Ok(count),
            Err(error) => Err(fault(&error)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self {
            Self::Plain(timed) => timed.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        written.map_err(|error| fault(&error))
    }
}

fn fault(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::Late,
        ErrorKind::InvalidData => Failure::Tls(error.to_string()),
        _ => Failure::Cut,
    }
}

/// One request and its answer, and whether the connection can be used again.
fn ask(wire: &mut Wire, push: &Push<'_>) -> Result<(Answer, bool), Failure> {
    let Push { endpoint, authorization, ttl_s, urgency, topic, body } = push;
    let usual = if endpoint.https { 443 } else { 80 };
    let port = if endpoint.port == usual { String::new() } else { format!(":{}", endpoint.port) };
    let topic = topic.map(|topic| format!("Topic: {topic}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}{port}\r\nUser-Agent: chatd\r\nAuthorization: {authorization}\r\nTTL: {ttl_s}\r\n\
         Urgency: {urgency}\r\n{topic}Content-Encoding: aes128gcm\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {}\r\n\r\n",
        endpoint.target,
        endpoint.host,
        body.len()
    );
    wire.write(&[head.as_bytes(), body].concat())?;
    let mut got = Vec::new();
    loop {
        let end = read_head(wire, &mut got)?;
        let head = read_fields(got.get(..end).unwrap_or_default())?;
        got.drain(..end);
        // Interim answers come before the real one.
        if head.answer.status >= 200 {
            return Ok((head.answer, drain(wire, got.len(), &head)));
        }
    }
}

/// Reads until a head is whole; where it ends.
fn read_head(wire: &mut Wire, got: &mut Vec<u8>) -> Result<usize, Failure> {
    let mut looked = 0;
    loop {
        let from = got.get(looked..).unwrap_or_default();
        if let Some(at) = from.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(looked + at + 4);
        }
        looked = got.len().saturating_sub(3);
        if got.len() >= limits::PUSH_ANSWER_BYTES {
            return Err(Failure::Senseless);
        }
        let mut buffer = [0; 1_024];
        let count = wire.read(&mut buffer)?;
        got.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
}

struct Head {
    answer: Answer,
    length: Option<usize>,
    closes: bool,
}

fn read_fields(bytes: &[u8]) -> Result<Head, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    head.parse(bytes).map_err(|_| Failure::Senseless)?;
    let status = head.code.ok_or(Failure::Senseless)?;
    let field = |name: &str| {
        let found = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
    };
    let closes = head.version != Some(1)
        || field("connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"))
        || field("transfer-encoding").is_some();
    let length = if status == 204 { Some(0) } else { field("content-length").and_then(|value| value.parse().ok()) };
    Ok(Head { answer: Answer { status, retry_after: field("retry-after").and_then(retry_after) }, length, closes })
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds.max(1))));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let ms = date.as_millisecond().saturating_sub(crate::model::Timestamp::now().0).max(1_000);
    u64::try_from(ms).ok().map(Duration::from_millis)
}

/// Reads the body, of which nothing is wanted, if it is short; whether the connection can be used again.
fn drain(wire: &mut Wire, got: usize, head: &Head) -> bool {
    let Some(length) = head.length.filter(|length| !head.closes && *length <= limits::PUSH_ANSWER_BYTES) else {
        return false;
    };
    let mut left = match length.checked_sub(got) {
        Some(left) => left,
        // More than an answer: who says what was not asked is not asked again.
        None => return false,
    };
    let mut buffer = [0; 1_024];
    while left > 0 {
        match wire.read(&mut buffer) {
            Ok(count) if count <= left => left -= count,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
