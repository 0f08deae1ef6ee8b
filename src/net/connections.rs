//! Every open connection: counted against the caps, and found at a shutdown.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::stream::Stream;
use crate::model::AddressKey;

/// All of them.
pub(super) struct Connections {
    most: usize,
    most_per_address: usize,
    open: Mutex<Open>,
    one_gone: Condvar,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Open {
    last: u64,
    by_number: HashMap<u64, Connection>,
    by_address: HashMap<AddressKey, usize>,
}

struct Connection {
    stream: Arc<Stream>,
    /// Whether a request is being answered.
    busy: Arc<AtomicBool>,
}

/// Why a connection is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    AddressFull,
}

impl Connections {
    pub(super) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_per_address,
            open: Mutex::default(),
            one_gone: Condvar::new(),
            stopping: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.lock().by_number.len()
    }

    /// Takes a connection in. `exempt` ones (loopback, trusted proxies) count only in all.
    pub(super) fn admit(self: &Arc<Self>, stream: &Arc<Stream>, from: IpAddr, exempt: bool) -> Result<Ticket, Refused> {
        let address = (!exempt).then(|| AddressKey::from(from));
        let mut open = self.lock();
        if open.by_number.len() >= self.most {
            return Err(Refused::Full);
        }
        if let Some(address) = address {
            let count = open.by_address.entry(address).or_default();
            if *count >= self.most_per_address {
                return Err(Refused::AddressFull);
            }
            *count += 1;
        }
        open.last += 1;
        let number = open.last;
        let busy = Arc::new(AtomicBool::new(false));
        open.by_number.insert(number, Connection { stream: Arc::clone(stream), busy: Arc::clone(&busy) });
        Ok(Ticket { connections: Arc::clone(self), number, address, busy })
    }

    fn remove(&self, number: u64, address: Option<AddressKey>) {
        let mut open = self.lock();
        open.by_number.remove(&number);
        if let Some(address) = address
            && let Some(count) = open.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
        self.one_gone.notify_all();
    }

    /// Idle connections end now, busy ones after their answer.
    pub(super) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for connection in self.lock().by_number.values().filter(|connection| !connection.busy.load(Ordering::SeqCst)) {
            // A request that came in this instant is still answered: only reading ends.
            let _ = connection.stream.shutdown(Shutdown::Read);
        }
    }

    /// [`Connections::begin_stop`]; after `drain` all of them end.
    pub(super) fn stop(&self, drain: Duration) {
        self.begin_stop();
        let mut open = self.lock();
        let deadline = Instant::now() + drain;
        while !open.by_number.is_empty() && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            open = self.one_gone.wait_timeout(open, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !open.by_number.is_empty() {
            log::warn!("{} connections did not end in time and are cut", open.by_number.len());
        }
        for connection in open.by_number.values() {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
    }
}

/// A connection's place; given up when dropped.
pub(super) struct Ticket {
    connections: Arc<Connections>,
    number: u64,
    address: Option<AddressKey>,
    busy: Arc<AtomicBool>,
}

impl Ticket {
    /// Says whether a request is being answered.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    /// Whether this connection should end after the answer that it is at.
    pub(super) fn is_stopping(&self) -> bool {
        self.connections.stopping.load(Ordering::SeqCst)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.connections.remove(self.number, self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn an_address_has_its_share_and_gives_it_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Arc::new(Stream::new(listener.accept().unwrap().0).unwrap());
        let connections = Connections::new(4, 2);
        let admit = |from: &str, exempt| connections.admit(&stream, from.parse().unwrap(), exempt);
        let first = admit("2001:db8::1", false).ok();
        let _second = admit("2001:db8::2", false);
        assert_eq!(admit("2001:db8::3", false).err(), Some(Refused::AddressFull));
        let _other = admit("192.0.2.1", false);
        drop(first);
        assert!(admit("2001:db8::3", false).is_ok());
        let _exempt = [admit("::1", true), admit("::1", true)];
        assert_eq!(admit("::1", true).err(), Some(Refused::Full));
    }
}
