//! The load generator: all connections of a load in one epoll on one thread, so that it never hides behind cores that
//! the server could have had. How busy it was is measured too, see [`super::effort`].

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use super::Outcome;
use super::connection::Connection;
pub use super::connection::Transport;
use super::wire::{self, Piece, expect_success};

/// A connection's number, counted from 0 in the order of opening.
pub type Id = usize;

/// Read at once; it is the same memory for all connections.
const BUFFER_BYTES: usize = 256 * 1024;
/// Nothing at all from the server for this long ends a load.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events taken from the epoll at once.
const EVENTS: usize = 1024;
/// Who may be stopped looks so often whether they are.
const LOOK: Duration = Duration::from_millis(200);

/// Any number of connections to one server.
pub struct Client {
    epoll: OwnedFd,
    address: SocketAddr,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    request: Vec<u8>,
    stop: Option<Arc<AtomicBool>>,
    carry: Carry,
}

/// What puts a transport on a socket that is open, and waits still.
pub type Carry = fn(TcpStream) -> io::Result<Box<dyn Transport>>;

/// The socket alone.
fn plain(socket: TcpStream) -> io::Result<Box<dyn Transport>> {
    socket.set_nonblocking(true)?;
    Ok(Box::new(socket))
}

/// Who asks in a closed loop: each connection's next request goes out when its last one is answered.
pub trait Asker {
    /// Writes the next request of `id`; `false` if it has none left.
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool;
    /// Takes an answer.
    fn answered(&mut self, id: Id, status: u16, body: &[u8]) -> Outcome<()>;
}

impl Client {
    /// No connections yet.
    ///
    /// # Errors
    /// If the system has no file descriptor left.
    pub fn new(address: SocketAddr) -> Outcome<Self> {
        Self::over(address, plain)
    }

    /// The same, with connections that go over something on their sockets.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn over(address: SocketAddr, carry: Carry) -> Outcome<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| format!("no epoll: {error}"))?;
        Ok(Self {
            epoll,
            address,
            connections: Vec::new(),
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; BUFFER_BYTES],
            request: Vec::new(),
            stop: None,
            carry,
        })
    }

    /// Fails from the moment on that this is set.
    pub fn stop_when(&mut self, stop: &Arc<AtomicBool>) {
        self.stop = Some(Arc::clone(stop));
    }

    /// Opens `count` connections: their numbers follow on each other.
    ///
    /// # Errors
    /// If the server, or the system, takes no more of them.
    pub fn open(&mut self, count: usize) -> Outcome<Range<Id>> {
        let first = self.connections.len();
        for id in first..first + count {
            let unopened = |error: io::Error| format!("connection {id} cannot be opened: {error}");
            let socket = TcpStream::connect(self.address).map_err(unopened)?;
            socket.set_nodelay(true).map_err(unopened)?;
            let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
            epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(id as u64), flags)
                .map_err(|error| format!("connection {id} cannot be watched: {error}"))?;
            self.connections.push(Connection::new((self.carry)(socket).map_err(unopened)?));
        }
        Ok(first..first + count)
    }

    /// Closes connections.
    pub fn close(&mut self, ids: Range<Id>) {
        self.connections.get_mut(ids).into_iter().flatten().for_each(|connection| connection.socket = None);
    }

    /// Says goodbye on gateway connections, which ends their sessions, and closes them.
    ///
    /// # Errors
    /// If a connection is broken.
    pub fn leave(&mut self, ids: Range<Id>) -> Outcome<()> {
        for id in ids.clone() {
            self.send(id, |out| wire::close_frame(out, 1000))?;
        }
        self.close(ids);
        Ok(())
    }

    /// Sends what `write` writes.
    ///
    /// # Errors
    /// If the connection is broken.
    pub fn send(&mut self, id: Id, write: impl FnOnce(&mut Vec<u8>)) -> Outcome<()> {
        let connection = self.connections.get_mut(id).ok_or("no such connection")?;
        write(&mut connection.unsent);
        connection.flush().map_err(|error| format!("connection {id}: {error}"))
    }

    /// Waits until something comes or `until`, and hands over all that has come. Whether anything has.
    ///
    /// # Errors
    /// If a connection is broken, or `come` has one.
    pub fn turn(&mut self, until: Instant, mut come: impl FnMut(Id, Piece<'_>) -> Outcome<()>) -> Outcome<bool> {
        while let Some(stop) = &self.stop {
            if stop.load(Ordering::Relaxed) {
                return Err("it was to stop".to_owned());
            }
            let look = Instant::now() + LOOK;
            if until <= look {
                break;
            }
            self.wait(look)?;
            if !self.events.is_empty() {
                return self.take(&mut come);
            }
        }
        self.wait(until)?;
        self.take(&mut come)
    }

    /// Hands over what has come.
    fn take(&mut self, come: &mut impl FnMut(Id, Piece<'_>) -> Outcome<()>) -> Outcome<bool> {
        for event in &self.events {
            let id = usize::try_from(event.data.u64()).unwrap_or(Id::MAX);
            let connection = self.connections.get_mut(id).ok_or("an event of no connection")?;
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
    ///
    /// # Errors
    /// If a connection is broken, an answer does not come, or `asker` does not like it.
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
    ///
    /// # Errors
    /// If no answer comes, or one that is no success.
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
    ///
    /// # Errors
    /// If not all are acknowledged.
    pub fn heartbeat(&mut self, ids: Range<Id>) -> Outcome<()> {
        for id in ids.clone() {
            let last_s = self.connections.get(id).map_or(0, |connection| connection.last_s);
            let beat = format!(r#"{{"op":1,"d":{last_s}}}"#);
            self.send(id, |out| wire::text_frame(out, beat.as_bytes()))?;
        }
        self.await_op(ids.len(), 2)
    }

    /// Waits until frames with `op` have come on `count` connections.
    ///
    /// # Errors
    /// If they do not come.
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

    /// Waits until `count` handshakes have succeeded.
    ///
    /// # Errors
    /// If one does not.
    pub fn await_upgrades(&mut self, count: usize) -> Outcome<()> {
        let mut seen = 0;
        while seen < count {
            let any = self.turn(Instant::now() + PATIENCE, |_, piece| {
                if let Piece::Answer { status, body } = piece {
                    expect_success(status, body)?;
                    seen += usize::from(status == 101);
                }
                Ok(())
            })?;
            if !any {
                return Err(format!("{seen} of {count} handshakes were answered"));
            }
        }
        Ok(())
    }

    /// Reads and drops what comes until nothing has come for `quiet`.
    ///
    /// # Errors
    /// If a connection is broken.
    pub fn drain(&mut self, quiet: Duration) -> Outcome<()> {
        while self.turn(Instant::now() + quiet, |_, _| Ok(()))? {}
        Ok(())
    }
}

/// Lets this process and its children have as many connections as the system allows.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Without it the lines that need more say so themselves.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
