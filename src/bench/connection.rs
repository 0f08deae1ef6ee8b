//! One connection of the load generator: what it has not yet sent, and what has come in part.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use super::Outcome;
use super::wire::{self, Piece};

/// What bytes go over, without waiting: a socket, or TLS on one.
pub trait Transport: Read + Write {
    /// Whether a read that does not fill its buffer has taken all there was, as from a socket (epoll(7)).
    fn ends_short(&self) -> bool;
}

impl Transport for TcpStream {
    fn ends_short(&self) -> bool {
        true
    }
}

/// A connection that speaks HTTP until it is upgraded, and WebSocket frames then.
pub(super) struct Connection {
    /// None once it is closed.
    pub(super) socket: Option<Box<dyn Transport>>,
    is_gateway: bool,
    /// The `s` of the last event.
    pub(super) last_s: u64,
    /// The beginning of something whose end has not come yet.
    partial: Vec<u8>,
    pub(super) unsent: Vec<u8>,
}

impl Connection {
    pub(super) fn new(socket: Box<dyn Transport>) -> Self {
        Self { socket: Some(socket), is_gateway: false, last_s: 0, partial: Vec::new(), unsent: Vec::new() }
    }

    /// Sends what the socket takes now.
    pub(super) fn flush(&mut self) -> Outcome<()> {
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

    /// Reads all there is and hands over what is whole.
    pub(super) fn receive(&mut self, buffer: &mut [u8], mut come: impl FnMut(Piece<'_>) -> Outcome<()>) -> Outcome<()> {
        loop {
            let Some(socket) = &mut self.socket else { return Ok(()) };
            let ends_short = socket.ends_short();
            let count = match socket.read(buffer) {
                Ok(0) => return Err("the server closed it".to_owned()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("reading failed: {error}")),
            };
            let come_now = buffer.get(..count).unwrap_or_default();
            if self.partial.is_empty() {
                let used = self.take_apart(come_now, &mut come)?;
                self.partial.extend(come_now.get(used..).unwrap_or_default());
            } else {
                let mut bytes = std::mem::take(&mut self.partial);
                bytes.extend(come_now);
                let used = self.take_apart(&bytes, &mut come)?;
                // With all of it used, thousands of connections keep no buffers.
                if used < bytes.len() {
                    bytes.drain(..used);
                    self.partial = bytes;
                }
            }
            if ends_short && count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Hands over all that is whole in `bytes`; how much of it that was.
    fn take_apart(&mut self, bytes: &[u8], come: &mut impl FnMut(Piece<'_>) -> Outcome<()>) -> Outcome<usize> {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
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
