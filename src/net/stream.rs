//! A connection's socket, shared by the thread that reads it and whoever writes to it.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::Timeout;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

/// A socket. Reading blocks until a deadline, writing never does unless it says so.
#[derive(Debug)]
pub struct Stream {
    transport: Transport,
    peer: SocketAddr,
    /// The socket's own time-out for reading in milliseconds, as it was last set; 0 is none.
    timeout_ms: AtomicU32,
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

/// By how much a reader may wait too long rather than set the socket's time-out anew.
const TIMEOUT_SLACK: Duration = Duration::from_millis(500);

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
        Ok(Self { transport: Transport::Plain(socket), peer, timeout_ms: AtomicU32::new(0) })
    }

    /// Who is on the other side.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    fn socket(&self) -> &TcpStream {
        let Transport::Plain(socket) = &self.transport;
        socket
    }

    /// Reads what is there, or waits for it, before `deadline`. 0 is the end.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, else what the socket says.
    pub fn read(&self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Whoever always has another byte to send in time would never be late.
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            // The usual wait, for the next request of a connection, costs one system call: the time-out is set already.
            let flags = if self.waits_about(left) { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
            match rustix::net::recv(self.socket(), &mut *buffer, flags) {
                Ok((count, _)) => return Ok(count),
                Err(rustix::io::Errno::AGAIN) if flags.is_empty() => {}
                Err(rustix::io::Errno::AGAIN) => self.wait_at_most(left)?,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the socket's time-out is `left`, or so little more that it does not matter.
    fn waits_about(&self, left: Duration) -> bool {
        let set = Duration::from_millis(self.timeout_ms.load(Ordering::Relaxed).into());
        left <= set && set <= left + TIMEOUT_SLACK
    }

    fn wait_at_most(&self, left: Duration) -> io::Result<()> {
        let milliseconds = u32::try_from(left.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
        let timeout = Duration::from_millis(milliseconds.into());
        rustix::net::sockopt::set_socket_timeout(self.socket(), Timeout::Recv, Some(timeout))?;
        self.timeout_ms.store(milliseconds, Ordering::Relaxed);
        Ok(())
    }

    /// Writes what the socket takes at once.
    ///
    /// # Errors
    /// As [`Stream::try_write`].
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::net::send(self.socket(), bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => {}
                other => return other.map_err(io::Error::from),
            }
        }
    }

    /// Writes what the socket takes of many at once, in one system call.
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
            match self.try_send(bytes) {
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

    /// From now on closing it throws away what the peer has not read: the kernel would keep it for minutes, for somebody
    /// who does not read.
    pub fn drop_unsent(&self) {
        // It is gone already, perhaps.
        let _ = rustix::net::sockopt::set_socket_linger(self.socket(), Some(Duration::ZERO));
    }

    /// Writes the last bytes and closes, all within `time`: unhurriedly, so that the peer gets them.
    pub fn part(&self, last: &[u8], time: Duration) {
        let deadline = Instant::now() + time;
        if self.write_all(last, deadline).is_err() {
            return self.drop_unsent();
        }
        let _ = self.shutdown(Shutdown::Write);
        self.linger(deadline);
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

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use rustix::net::sockopt;

    use super::Stream;

    #[test]
    fn whoever_always_has_another_byte_is_late_all_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Stream::new(listener.accept().unwrap().0).unwrap();
        // A wait that was short has set the socket's time-out to about nothing.
        let soon = Instant::now() + Duration::from_millis(1);
        assert_eq!(stream.read(&mut [0], soon).unwrap_err().kind(), ErrorKind::TimedOut);
        client.write_all(b"abc").unwrap();
        assert_eq!(stream.read(&mut [0], soon).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(stream.read(&mut [0; 2], Instant::now() + Duration::from_secs(60)).unwrap(), 2);
    }

    #[test]
    fn a_vanished_peer_is_noticed_within_90_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Stream::new(listener.accept().unwrap().0).unwrap();
        assert!(sockopt::socket_keepalive(stream.socket()).unwrap());
        let idle = sockopt::tcp_keepidle(stream.socket()).unwrap();
        let probes = sockopt::tcp_keepintvl(stream.socket()).unwrap() * sockopt::tcp_keepcnt(stream.socket()).unwrap();
        assert!(idle + probes <= Duration::from_secs(90), "{idle:?} {probes:?}");
    }
}
