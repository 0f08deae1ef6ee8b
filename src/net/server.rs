//! The listener: accepts, counts, and gives each connection its thread. Nothing that happens on the way ends it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::connection::{self, Context, Secure, Upgrade};
use super::connections::{Connections, Refused, Ticket};
use super::message::Service;
use super::proxy::Trusted;
use super::redirect::Https;
use super::stream::Stream;
use super::tls::Tls;
use crate::model::{Code, Error, limits};

/// How a server is to be run.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Addresses and networks of proxies whose `X-Forwarded-For`, `-Proto` and `-Host` count.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// Connections in all.
    pub connections: usize,
    /// Connections per address (IPv4 /32, IPv6 /64).
    pub connections_per_address: usize,
    /// The certificate, if TLS is spoken; plain HTTP is then sent to https.
    pub tls: Option<Arc<Tls>>,
    /// Where people reach the server by https, as in `https://chat.example`; empty: under the name they used.
    pub https_origin: String,
    /// Where else to listen, for whoever types no `https://`.
    pub http_listen: Option<SocketAddr>,
}

/// A server that runs.
pub struct Server {
    address: SocketAddr,
    connections: Arc<Connections>,
    wake: Arc<OwnedFd>,
    acceptors: Mutex<Vec<JoinHandle<()>>>,
}

/// Connections that wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// How long to wait when the system is out of file descriptors, memory or threads.
const BACK_OFF: Duration = Duration::from_millis(100);

impl Server {
    /// Listens and starts to accept.
    ///
    /// # Errors
    /// If an address cannot be listened on: which, and why.
    pub fn start(config: Config, service: Arc<dyn Service>) -> Result<Self, (SocketAddr, io::Error)> {
        let main = listen(config.listen)?;
        let address = main.local_addr().map_err(|error| (config.listen, error))?;
        let also = config.http_listen.filter(|_| config.tls.is_some()).map(listen).transpose()?;
        let failed = |error| (address, error);
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|error| failed(error.into()))?;
        let https = Https { origin: config.https_origin, port: address.port() };
        let secure = config.tls.map(|tls| Secure { tls, https });
        let context = Arc::new(Context { service, trusted: Trusted(config.trusted_proxies), secure });
        let connections = Connections::new(config.connections, config.connections_per_address);
        let server = Self { address, connections, wake: Arc::new(wake), acceptors: Mutex::default() };
        for listener in [Some(main), also].into_iter().flatten() {
            server.accept(listener, Arc::clone(&context)).map_err(failed)?;
        }
        Ok(server)
    }

    fn accept(&self, listener: TcpListener, context: Arc<Context>) -> io::Result<()> {
        let (wake, connections) = (Arc::clone(&self.wake), Arc::clone(&self.connections));
        let acceptor = Acceptor { listener, wake, connections, context, last_complaint: None };
        let thread = Builder::new().name("acceptor".into()).stack_size(128 * 1024).spawn(move || acceptor.run())?;
        self.acceptors.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells how many connections are open, also to those who must not hold the server itself.
    pub fn open(&self) -> impl Fn() -> usize + Send + Sync + 'static {
        let connections = Arc::clone(&self.connections);
        move || connections.count()
    }

    /// Closes the listeners; open connections go on.
    pub fn stop_accepting(&self) {
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
        let acceptors = std::mem::take(&mut *self.acceptors.lock().unwrap_or_else(PoisonError::into_inner));
        for acceptor in acceptors {
            if acceptor.join().is_err() {
                log::error!("an acceptor had ended by a panic");
            }
        }
    }

    /// Lets requests that run finish, for as long as `drain`, then cuts every connection.
    pub fn stop(&self, drain: Duration) {
        self.stop_accepting();
        self.connections.stop(drain);
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, (SocketAddr, io::Error)> {
    let listener = TcpListener::bind(address).map_err(|error| (address, error))?;
    // The standard library's backlog of 128 overflows when a reconnect storm comes.
    rustix::net::listen(&listener, BACKLOG).map_err(|error| (address, error.into()))?;
    listener.set_nonblocking(true).map_err(|error| (address, error))?;
    Ok(listener)
}

// glibc's `get_cached_stack` hands on a stack of up to four times the size that is wanted, guard page included.
const _: () = assert!(limits::CONNECTION_STACK > 4 * (limits::GATEWAY_STACK + 4096));

/// An upgraded connection goes on with a fresh thread in place of this one: it may stay for days, and what heads and
/// handshakes have touched of a stack and kept of a heap (about 40 KB) is given back.
fn hand_over(upgrade: Upgrade, ticket: Ticket) {
    let thread = Builder::new().name("gateway".into()).stack_size(limits::GATEWAY_STACK);
    let spawned = thread.spawn(move || {
        let _ticket = ticket;
        upgrade();
    });
    if let Err(error) = spawned {
        log::warn!("an upgraded connection got no thread: {error}");
    }
}

struct Acceptor {
    listener: TcpListener,
    wake: Arc<OwnedFd>,
    connections: Arc<Connections>,
    context: Arc<Context>,
    last_complaint: Option<Instant>,
}

impl Acceptor {
    fn run(mut self) {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => self.start(socket),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.is_woken(None) {
                        return;
                    }
                }
                // The peer had gone before we came.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => {
                    self.complain("connections cannot be accepted", &error);
                    if self.is_woken(Some(BACK_OFF)) {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for a connection, or for the time to pass without looking at the listener, which would be ready at once;
    /// says whether it is time to end.
    fn is_woken(&self, back_off: Option<Duration>) -> bool {
        let mut fds = [PollFd::new(&*self.wake, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        let watched = if back_off.is_some() { fds.get_mut(..1) } else { fds.get_mut(..) };
        let timeout = back_off.and_then(|time| Timespec::try_from(time).ok());
        let _ = poll(watched.unwrap_or_default(), timeout.as_ref());
        fds.first().is_some_and(|wake| !wake.revents().is_empty())
    }

    fn start(&mut self, socket: TcpStream) {
        // An error means that the peer has gone already.
        let Ok(stream) = Stream::new(socket).map(Arc::new) else { return };
        let from = stream.peer().ip().to_canonical();
        let exempt = from.is_loopback() || self.context.trusted.contains(from);
        let ticket = match self.connections.admit(&stream, from, exempt) {
            Ok(ticket) => ticket,
            Err(refused) => return self.turn_away(&stream, refused),
        };
        let context = Arc::clone(&self.context);
        let thread = Builder::new().name("connection".into()).stack_size(limits::CONNECTION_STACK);
        let spawned = thread.spawn(move || {
            if let Some(upgrade) = connection::serve(&context, &stream, &ticket) {
                hand_over(upgrade, ticket);
            }
        });
        if let Err(error) = spawned {
            self.complain("a connection got no thread", &error);
            self.is_woken(Some(BACK_OFF));
        }
    }

    fn turn_away(&mut self, stream: &Stream, refused: Refused) {
        let (code, what) = match refused {
            Refused::Full => (Code::Unavailable, "the server has as many connections as it can hold"),
            Refused::AddressFull => (Code::RateLimited, "too many connections from this address"),
        };
        self.complain("a connection is turned away", &what);
        let error = Error { retry_after_s: Some(10), ..Error::with_detail(code, what) };
        // An empty socket takes these few bytes at once; whoever does not read them has lost nothing.
        let _ = connection::turn_away(&*self.context.service, stream, &error);
    }

    /// At most a line a second: what is wrong here is wrong for many connections at once.
    fn complain(&mut self, what: &str, why: &dyn std::fmt::Display) {
        let now = Instant::now();
        if self.last_complaint.is_none_or(|last| now.duration_since(last) >= Duration::from_secs(1)) {
            self.last_complaint = Some(now);
            log::warn!("{what}: {why}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::net::{Answer, Request, Response, ResponseBox};

    /// Answers with the path, and panics where it is asked to.
    struct Echo;

    impl Service for Echo {
        fn call(&self, request: &mut Request) -> Answer {
            assert_ne!(request.path, "/panic", "as asked");
            Answer::Response(Response::from_string(request.path.clone()).boxed())
        }

        fn problem(&self, error: &Error) -> ResponseBox {
            Response::from_string(error.code.as_str()).with_status_code(error.code.status()).boxed()
        }
    }

    fn start() -> Server {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config {
            listen,
            trusted_proxies: Vec::new(),
            connections: 10,
            connections_per_address: 10,
            tls: None,
            https_origin: String::new(),
            http_listen: None,
        };
        Server::start(config, Arc::new(Echo)).ok().unwrap()
    }

    fn ask(server: &Server, path: &str) -> String {
        let mut socket = TcpStream::connect(server.address()).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_panic_costs_its_own_connection_alone() {
        let server = start();
        let mut other = TcpStream::connect(server.address()).unwrap();
        let answer = ask(&server, "/panic");
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("Connection: close\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\ninternal"), "{answer}");
        write!(other, "GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("/other"), "{answer}");
    }

    #[test]
    fn a_stop_ends_idle_connections_and_the_listener() {
        let server = start();
        let mut idle = TcpStream::connect(server.address()).unwrap();
        write!(idle, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).unwrap();
        let before = Instant::now();
        server.stop(Duration::from_secs(60));
        assert!(before.elapsed() < Duration::from_secs(30));
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).unwrap();
        assert!(TcpStream::connect(server.address()).is_err());
    }
}
