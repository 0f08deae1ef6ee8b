//! The load generator: all connections of a line in one epoll on one thread, so that it never hides behind cores that
//! the server could have had. How busy it was is measured too, see [`Effort`].

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::net::RecvFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

use crate::Outcome;
use crate::wire::{self, Piece};

/// A connection's number, counted from 0 in the order of opening.
pub type Id = usize;

/// Read at once; it is the same memory for all connections.
const BUFFER_BYTES: usize = 256 * 1024;
/// Nothing at all from the server for this long ends a line.
const PATIENCE: Duration = Duration::from_secs(30);
const EVENTS: usize = 1024;

pub struct Client {
    epoll: OwnedFd,
    address: SocketAddr,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    request: Vec<u8>,
}

struct Connection {
    socket: Option<TcpStream>,
    is_gateway: bool,
    /// The `s` of the last event.
    last_s: u64,
    /// The beginning of something whose end has not come yet.
    partial: Vec<u8>,
    unsent: Vec<u8>,
}

/// Who asks in a closed loop: each connection's next request goes out when its last one is answered.
pub trait Asker {
    /// Writes the next request of `id`; `false` if it has none left.
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool;
    /// Takes an answer.
    fn answered(&mut self, id: Id, status: u16, body: &[u8]) -> Outcome<()>;
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).expect("a file descriptor is free"),
            address,
            connections: Vec::new(),
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; BUFFER_BYTES],
            request: Vec::new(),
        }
    }

    /// Opens `count` connections: their numbers follow on each other.
    pub fn open(&mut self, count: usize) -> Outcome<Range<Id>> {
        let first = self.connections.len();
        for id in first..first + count {
            let socket = TcpStream::connect(self.address)
                .and_then(|socket| {
                    socket.set_nonblocking(true).and_then(|()| socket.set_nodelay(true)).map(|()| socket)
                })
                .map_err(|error| format!("connection {id} cannot be opened: {error}"))?;
            let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
            epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(id as u64), flags)
                .map_err(|error| format!("connection {id} cannot be watched: {error}"))?;
            self.connections.push(Connection {
                socket: Some(socket),
                is_gateway: false,
                last_s: 0,
                partial: Vec::new(),
                unsent: Vec::new(),
            });
        }
        Ok(first..first + count)
    }

    /// Closes connections.
    pub fn close(&mut self, ids: Range<Id>) {
        self.connections[ids].iter_mut().for_each(|connection| connection.socket = None);
    }

    /// Sends what `write` writes.
    pub fn send(&mut self, id: Id, write: impl FnOnce(&mut Vec<u8>)) -> Outcome<()> {
        let connection = &mut self.connections[id];
        write(&mut connection.unsent);
        connection.flush().map_err(|error| format!("connection {id}: {error}"))
    }

    /// Waits until something comes or `until`, and hands over all that has come. Whether anything has.
    pub fn turn(&mut self, until: Instant, mut come: impl FnMut(Id, Piece<'_>) -> Outcome<()>) -> Outcome<bool> {
        self.wait(until)?;
        for event in &self.events {
            let id = usize::try_from(event.data.u64()).expect("it was a usize");
            let connection = &mut self.connections[id];
            let received =
                connection.flush().and_then(|()| connection.receive(&mut self.buffer, |piece| come(id, piece)));
            received.map_err(|error| format!("connection {id}: {error}"))?;
        }
        Ok(!self.events.is_empty())
    }

    fn wait(&mut self, until: Instant) -> Outcome<()> {
        let left = until.saturating_duration_since(Instant::now());
        let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut timeout = Timespec::try_from(left).map_err(|_| "an endless wait".to_owned())?;
        self.events.clear();
        if !left.is_zero() && left < Duration::from_secs(1) {
            // poll(2) sleeps to the microsecond, epoll_wait(2) to the millisecond.
            match poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => timeout = no_time,
                Err(error) => return Err(format!("poll: {error}")),
            }
        }
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(format!("epoll_wait: {error}")),
        }
    }

    /// Runs a closed loop until no connection has anything left to ask.
    pub fn closed_loop(&mut self, ids: Range<Id>, asker: &mut impl Asker) -> Outcome<()> {
        let mut idle: Vec<Id> = ids.collect();
        let mut waiting = 0;
        loop {
            for id in idle.drain(..) {
                let mut request = std::mem::take(&mut self.request);
                request.clear();
                if asker.next(id, &mut request) {
                    self.send(id, |out| out.extend(&request))?;
                    waiting += 1;
                }
                self.request = request;
            }
            if waiting == 0 {
                return Ok(());
            }
            let any = self.turn(Instant::now() + PATIENCE, |id, piece| {
                if let Piece::Answer { status, body } = piece {
                    asker.answered(id, status, body)?;
                    idle.push(id);
                    waiting -= 1;
                }
                Ok(())
            })?;
            if !any {
                return Err(format!("{waiting} requests were not answered within {PATIENCE:?}"));
            }
        }
    }

    /// Asks once and waits for the answer's JSON.
    pub fn ask(
        &mut self,
        id: Id,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Outcome<Value> {
        let body = body.map(Value::to_string);
        self.send(id, |out| wire::request(out, method, path, token, body.as_deref()))?;
        let mut answer = None;
        while answer.is_none() {
            let any = self.turn(Instant::now() + PATIENCE, |from, piece| {
                if let Piece::Answer { status, body } = piece
                    && from == id
                {
                    expect_success(status, body).map_err(|error| format!("{method} {path}: {error}"))?;
                    answer = Some(serde_json::from_slice(body).unwrap_or(Value::Null));
                }
                Ok(())
            })?;
            if !any {
                return Err(format!("{method} {path} was not answered within {PATIENCE:?}"));
            }
        }
        answer.ok_or_else(|| "no answer".to_owned())
    }

    /// Sends a heartbeat on each gateway connection, as every client does within 30 s, and waits until all are
    /// acknowledged: the server forgets what they have got.
    pub fn heartbeat(&mut self, ids: Range<Id>) -> Outcome<()> {
        for id in ids.clone() {
            let beat = format!(r#"{{"op":1,"d":{}}}"#, self.connections[id].last_s);
            self.send(id, |out| wire::text_frame(out, &beat))?;
        }
        self.await_op(ids.len(), 2)
    }

    /// Waits until frames with `op` have come on `count` connections.
    pub fn await_op(&mut self, count: usize, op: u64) -> Outcome<()> {
        let mut seen = 0;
        while seen < count {
            let any = self.turn(Instant::now() + PATIENCE, |_, piece| {
                match piece {
                    Piece::Text(text) => seen += usize::from(wire::op_and_s(text)?.0 == op),
                    Piece::Answer { status, body } => expect_success(status, body)?,
                }
                Ok(())
            })?;
            if !any {
                return Err(format!("op {op} came {seen} times instead of {count}"));
            }
        }
        Ok(())
    }

    /// Reads and drops what comes until nothing has come for `quiet`.
    pub fn drain(&mut self, quiet: Duration) -> Outcome<()> {
        while self.turn(Instant::now() + quiet, |_, _| Ok(()))? {}
        Ok(())
    }
}

impl Connection {
    fn flush(&mut self) -> Outcome<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        while !self.unsent.is_empty() {
            match socket.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("writing failed: {error}")),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], mut come: impl FnMut(Piece<'_>) -> Outcome<()>) -> Outcome<()> {
        loop {
            let Some(socket) = &self.socket else { return Ok(()) };
            let count = match rustix::net::recv(socket, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return Err("the server closed it".to_owned()),
                Ok((count, _)) => count,
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(format!("reading failed: {error}")),
            };
            if self.partial.is_empty() {
                let used = self.take_apart(&buffer[..count], &mut come)?;
                self.partial.extend(&buffer[used..count]);
            } else {
                let mut bytes = std::mem::take(&mut self.partial);
                bytes.extend(&buffer[..count]);
                let used = self.take_apart(&bytes, &mut come)?;
                // With all of it used, thousands of connections keep no buffers.
                if used < bytes.len() {
                    bytes.drain(..used);
                    self.partial = bytes;
                }
            }
            // With an edge-triggered epoll a short read has emptied the socket (epoll(7)).
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Hands over all that is whole in `bytes`; how much of it that was.
    fn take_apart(&mut self, bytes: &[u8], come: &mut impl FnMut(Piece<'_>) -> Outcome<()>) -> Outcome<usize> {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            let found = if self.is_gateway { wire::frame(rest)? } else { wire::answer(rest)? };
            let Some((piece, length)) = found else { break };
            match piece {
                Piece::Answer { status, .. } => self.is_gateway |= status == 101,
                Piece::Text(text) => self.last_s = self.last_s.max(wire::op_and_s(text)?.1),
            }
            come(piece)?;
            used += length;
        }
        Ok(used)
    }
}

/// An error with what the server says, unless it says that all is well.
pub fn expect_success(status: u16, body: &[u8]) -> Outcome<()> {
    match status {
        101 | 200..=299 => Ok(()),
        _ => Err(format!("answered {status}: {}", String::from_utf8_lossy(body))),
    }
}

/// Lets this process and its children have as many connections as the system allows.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Without it the lines that need more say so themselves.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// How busy the generator's thread was.
pub struct Effort {
    since: Instant,
    cpu: Duration,
}

impl Effort {
    pub fn begin() -> Self {
        Self { since: Instant::now(), cpu: thread_cpu() }
    }

    /// The part of one core that it took since it began.
    pub fn share(&self) -> f64 {
        (thread_cpu() - self.cpu).as_secs_f64() / self.since.elapsed().as_secs_f64()
    }
}

/// What to say about a generator that took this share of a core, in each round.
pub fn effort_note(shares: &[f64]) -> String {
    let most = shares.iter().copied().fold(0.0, f64::max);
    let note = format!("the load generator took up to {:.0} % of a core", most * 100.0);
    if most >= 0.9 { note + ": SATURATED, the server could do more" } else { note }
}

/// CPU time of the calling thread.
pub fn thread_cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}
