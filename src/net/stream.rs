//! A connection's socket, shared by the thread that reads it and whoever writes to it; with TLS over it or without.

use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::Timeout;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};
use rustls::ServerConfig;

use super::tls::{FIRST_BYTE, Session};

/// A socket. Reading blocks until a deadline, writing never does unless it says so.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    tls: OnceLock<Box<Session>>,
    peer: SocketAddr,
    /// The socket's own time-out for reading in milliseconds, as it was last set; 0 is none.
    timeout_ms: AtomicU32,
}

/// Sealed bytes read at once.
const SEALED_READ: usize = 4 * 1024;

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
        Ok(Self { socket, tls: OnceLock::new(), peer, timeout_ms: AtomicU32::new(0) })
    }

    /// Who is on the other side.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The port that the peer has come to.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Whether TLS is over it.
    pub fn is_secure(&self) -> bool {
        self.tls.get().is_some()
    }

    /// Puts TLS over the connection, if that is how the peer begins: whoever speaks plain HTTP can be told where to go.
    /// Before anything is read or written.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, `InvalidData` if the peer breaks the protocol, else what the socket says.
    pub(super) fn secure(&self, config: Arc<ServerConfig>, deadline: Instant) -> io::Result<()> {
        let mut first = [0];
        self.receive(&mut first, RecvFlags::PEEK, deadline)?;
        if first != [FIRST_BYTE] {
            return Ok(());
        }
        let session = Session::new(config)?;
        while session.is_handshaking() {
            self.open_more(&session, deadline)?;
            self.settle_in(&session, deadline)?;
        }
        // Nobody else has set it: a connection is made secure once, by its own thread.
        let _ = self.tls.set(Box::new(session));
        Ok(())
    }

    /// Waits for more on the socket, and opens it.
    fn open_more(&self, session: &Session, deadline: Instant) -> io::Result<()> {
        let mut sealed = [0; SEALED_READ];
        match self.receive(&mut sealed, RecvFlags::empty(), deadline)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => session.take(sealed.get(..count).unwrap_or_default(), self),
        }
    }

    /// Hands on what is sealed, waiting for the socket until `deadline`.
    fn settle_in(&self, session: &Session, deadline: Instant) -> io::Result<()> {
        loop {
            match session.flush(self) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(PollFlags::OUT, deadline)?,
                other => return other,
            }
        }
    }

    /// Reads what is there, or waits for it, before `deadline`. 0 is the end.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, `InvalidData` if the peer breaks TLS, else what the socket says.
    pub fn read(&self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        let Some(session) = self.tls.get() else { return self.receive(buffer, RecvFlags::empty(), deadline) };
        loop {
            if deadline <= Instant::now() {
                return Err(ErrorKind::TimedOut.into());
            }
            match session.read(buffer, self) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            self.open_more(session, deadline)?;
        }
    }

    /// As [`Stream::read`], of the socket itself.
    fn receive(&self, buffer: &mut [u8], how: RecvFlags, deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Whoever always has another byte to send in time would never be late.
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            // The usual wait, for the next request of a connection, costs one system call: the time-out is set already.
            let blocks = self.waits_about(left);
            let flags = if blocks { how } else { how | RecvFlags::DONTWAIT };
            match rustix::net::recv(&self.socket, &mut *buffer, flags) {
                Ok((count, _)) => return Ok(count),
                Err(rustix::io::Errno::AGAIN) if blocks => {}
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
        rustix::net::sockopt::set_socket_timeout(&self.socket, Timeout::Recv, Some(timeout))?;
        self.timeout_ms.store(milliseconds, Ordering::Relaxed);
        Ok(())
    }

    /// Writes what the socket takes at once.
    ///
    /// # Errors
    /// As [`Stream::try_write`].
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(session) = self.tls.get() {
            return session.write(&[IoSlice::new(bytes)], self);
        }
        loop {
            match rustix::net::send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => {}
                other => return other.map_err(io::Error::from),
            }
        }
    }

    /// Writes what the socket takes of many at once, in one system call. What TLS has sealed counts as written, though
    /// some of it may still wait: [`Stream::settle`].
    ///
    /// # Errors
    /// `WouldBlock` if it takes nothing, else what the socket says.
    pub fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.tls.get() {
            Some(session) => session.write(slices, self),
            None => self.transmit(slices),
        }
    }

    /// Writes what counts as written and still waits.
    ///
    /// # Errors
    /// `WouldBlock` if the socket does not take all of it, else what the socket says.
    pub fn settle(&self) -> io::Result<()> {
        self.tls.get().map_or(Ok(()), |session| session.flush(self))
    }

    /// As [`Stream::try_write`], to the socket itself.
    fn transmit(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::sendmsg(&self.socket, slices, &mut SendAncillaryBuffer::default(), flags) {
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
        self.tls.get().map_or(Ok(()), |session| self.settle_in(session, deadline))
    }

    /// Waits until the socket may take something, or `deadline`.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn wait_for_room(&self, deadline: Instant) -> io::Result<()> {
        match self.wait(PollFlags::OUT, deadline) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(()),
            other => other,
        }
    }

    /// Bytes that the kernel may hold for the peer; it makes that more by itself (tcp(7), `tcp_wmem`).
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn room(&self) -> io::Result<usize> {
        Ok(rustix::net::sockopt::socket_send_buffer_size(&self.socket)?)
    }

    fn wait(&self, what: PollFlags, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(&self.socket, what)], timeout.as_ref()) {
            Ok(0) => Err(ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// After the last bytes: waits until the peer has closed too, or `deadline`, so that closing does not throw away
    /// what it has not read yet.
    pub fn linger(&self, deadline: Instant) {
        let mut scrap = [0; 512];
        while let Ok(1..) = self.receive(&mut scrap, RecvFlags::empty(), deadline) {}
        // Once its reading side is shut down, only the hang-up tells.
        let _ = self.wait(PollFlags::empty(), deadline);
    }

    /// From now on closing it throws away what the peer has not read: the kernel would keep it for minutes, for somebody
    /// who does not read.
    pub fn drop_unsent(&self) {
        // It is gone already, perhaps.
        let _ = rustix::net::sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
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
        if let Some(session) = self.tls.get().filter(|_| how != Shutdown::Read) {
            session.close(self);
        }
        self.socket.shutdown(how)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Sealed bytes on their way: what the socket takes at once.
impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.transmit(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.transmit(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
        assert!(sockopt::socket_keepalive(&stream.socket).unwrap());
        let idle = sockopt::tcp_keepidle(&stream.socket).unwrap();
        let probes = sockopt::tcp_keepintvl(&stream.socket).unwrap() * sockopt::tcp_keepcnt(&stream.socket).unwrap();
        assert!(idle + probes <= Duration::from_secs(90), "{idle:?} {probes:?}");
    }
}
