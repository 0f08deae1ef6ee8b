//! A connection's socket, shared by the thread that reads it and whoever writes to it.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

/// A socket. Reading blocks until a deadline, writing never does unless it says so.
#[derive(Debug)]
pub struct Stream {
    transport: Transport,
    peer: SocketAddr,
}

/// What carries the bytes; TLS will stand beside the plain socket.
#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
}

/// Vanished peers are noticed after 30 + 3 × 15 s: within the 90 s that the documents promise.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

impl Stream {
    /// Takes over an accepted socket.
    ///
    /// # Errors
    /// If the peer has gone already.
    pub fn new(socket: TcpStream) -> io::Result<Self> {
        let peer = socket.peer_addr()?;
        socket.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_keepalive(&socket, true)?;
        rustix::net::sockopt::set_tcp_keepidle(&socket, KEEPALIVE_IDLE)?;
        rustix::net::sockopt::set_tcp_keepintvl(&socket, KEEPALIVE_INTERVAL)?;
        rustix::net::sockopt::set_tcp_keepcnt(&socket, KEEPALIVE_PROBES)?;
        Ok(Self { transport: Transport::Plain(socket), peer })
    }

    /// Who is on the other side.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    fn socket(&self) -> &TcpStream {
        let Transport::Plain(socket) = &self.transport;
        socket
    }

    /// Reads what is there, or waits for it until `deadline`. 0 is the end.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, else what the socket says.
    pub fn read(&self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            // Trying first spares the poll where a request is already there, as it is after an accept.
            match rustix::net::recv(self.socket(), &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((count, _)) => return Ok(count),
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::IN, deadline)?,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes what the socket takes at once, in one system call.
    ///
    /// # Errors
    /// `WouldBlock` if it takes nothing, else what the socket says.
    pub fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::sendmsg(self.socket(), slices, &mut SendAncillaryBuffer::default(), flags) {
                Err(rustix::io::Errno::INTR) => {}
                other => return other.map_err(io::Error::from),
            }
        }
    }

    /// Writes everything, waiting for the socket until `deadline`.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, else what the socket says.
    pub fn write_all(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_write(&[IoSlice::new(bytes)]) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(PollFlags::OUT, deadline)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait(&self, what: PollFlags, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(self.socket(), what)], timeout.as_ref()) {
            Ok(0) => Err(ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// After the last bytes: waits until the peer has closed too, or `deadline`, so that closing does not throw away
    /// what it has not read yet.
    pub fn linger(&self, deadline: Instant) {
        let mut scrap = [0; 512];
        while let Ok(1..) = self.read(&mut scrap, deadline) {}
        // Once its reading side is shut down, only the hang-up tells.
        let _ = self.wait(PollFlags::empty(), deadline);
    }

    /// Shuts a side of the connection down; a thread that waits in [`Stream::read`] sees the end.
    ///
    /// # Errors
    /// If the connection is gone already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket().shutdown(how)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}
