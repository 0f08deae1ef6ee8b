//! An outbox: what one session is still to be sent, and what it was sent but has not acknowledged.
//!
//! The write path, in MUSTs. It must not block: writes are non-blocking, what the socket does not take stays. It must
//! not reorder: everything for a socket goes through its outbox, under its lock (tier 1), whole frames in order. It
//! must not grow: unsent bytes over [`limits::BACKLOG_BYTES`] cut the connection with 4010, a parked session that
//! gathers more than [`limits::PARKED_EVENTS`] or [`limits::PARKED_BYTES`] is forgotten, and of what was written stay
//! [`limits::RESUME_EVENTS`], or as many as take [`limits::RESUME_BYTES`].

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frame::Frame;
use super::ops::{self, Close};
use crate::model::limits;
use crate::net::Stream;

/// Frames in one `writev`: more would not fit into an ordinary socket buffer anyway.
const FRAMES_PER_WRITE: usize = 64;

/// A session's outbox.
pub(super) struct Outbox(Mutex<State>);

/// The connection that an outbox writes to.
pub(super) struct Link {
    pub(super) stream: Arc<Stream>,
    /// What the connection's own thread writes, blocking, as the last thing: the rest of a frame and a close frame.
    farewell: Mutex<Option<Vec<u8>>>,
}

impl Link {
    pub(super) fn new(stream: Arc<Stream>) -> Arc<Self> {
        Arc::new(Self { stream, farewell: Mutex::new(None) })
    }

    /// What is still to be written before the connection may be closed.
    pub(super) fn take_farewell(&self) -> Option<Vec<u8>> {
        self.farewell.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    /// Until CONNECTED is known, events wait.
    held: bool,
    unsent: VecDeque<Arc<Frame>>,
    /// How much of the first unsent frame is written.
    head_written: usize,
    unsent_bytes: usize,
    /// Of these, what came with CONNECTED or a replay: it does not count as backlog.
    exempt_bytes: usize,
    /// Written events that are not acknowledged.
    sent: VecDeque<Arc<Frame>>,
    sent_bytes: usize,
    /// Events up to here cannot be replayed any more.
    floor_s: u64,
    /// The last event that was put in.
    last_s: u64,
    /// The session is over: nobody may resume it.
    ended: bool,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It is the only one: flush later.
    First,
    /// It waits behind others.
    Waits,
    /// It was there already, or is from before the session's snapshot.
    Known,
    /// The backlog is full: flush, and cut the connection if that does not help.
    Full,
    /// The session is parked and has gathered too much: forget it.
    Forget,
}

/// What became of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing is left, or there is no connection.
    All,
    /// The socket takes no more for now; whether it took anything.
    Stalled(bool),
    /// The socket is broken; its thread will notice.
    Broken,
}

impl Flushed {
    fn by(error: &Error, progress: bool) -> Self {
        if error.kind() == ErrorKind::WouldBlock { Self::Stalled(progress) } else { Self::Broken }
    }
}

impl Outbox {
    /// An outbox for a connection that is not a session yet.
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self(Mutex::new(State { link: Some(link), ..State::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection is there.
    pub(super) fn is_linked(&self) -> bool {
        self.lock().link.is_some()
    }

    /// The connection, if one is there.
    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.lock().link.clone()
    }

    /// Holds events back until [`Outbox::open`].
    pub(super) fn hold(&self) {
        self.lock().held = true;
    }

    /// The session begins behind event `s`.
    pub(super) fn begin(&self, s: u64) {
        let mut state = self.lock();
        state.floor_s = s;
        state.last_s = s;
    }

    /// Sends `connected` before all events that were held back.
    pub(super) fn open(&self, connected: Frame) -> Flushed {
        let mut state = self.lock();
        // HELLO and acknowledgements stand in front, perhaps half written; the events that were held back behind.
        let own = state.unsent.iter().take_while(|frame| frame.s == 0).count();
        state.unsent_bytes += connected.bytes().len();
        state.unsent.insert(own, Arc::new(connected));
        // That they had to wait is not the client's fault.
        state.exempt_bytes = state.unsent_bytes;
        state.held = false;
        state.flush()
    }

    /// Puts an event in; the caller flushes later, once for many.
    pub(super) fn push(&self, frame: &Arc<Frame>) -> Pushed {
        let mut state = self.lock();
        if frame.s <= state.last_s {
            return Pushed::Known;
        }
        state.last_s = frame.s;
        let first = state.unsent.is_empty();
        state.put(Arc::clone(frame));
        if state.link.is_none() {
            let too_much = state.unsent.len() > limits::PARKED_EVENTS || state.unsent_bytes > limits::PARKED_BYTES;
            return if too_much { Pushed::Forget } else { Pushed::Waits };
        }
        if state.is_full() {
            return Pushed::Full;
        }
        if first { Pushed::First } else { Pushed::Waits }
    }

    /// Sends a frame of the connection's own: HELLO, an acknowledgement, a pong.
    pub(super) fn send(&self, frame: Frame) -> Flushed {
        let mut state = self.lock();
        if state.link.is_none() {
            return Flushed::All;
        }
        state.put(Arc::new(frame));
        match state.flush() {
            Flushed::Stalled(_) if state.is_full() => Flushed::Broken,
            flushed => flushed,
        }
    }

    /// Whether a connection is there that has not taken more than it may leave.
    pub(super) fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// Ends a session without a connection, for good; `false` if it has one.
    pub(super) fn end_if_parked(&self) -> bool {
        let mut state = self.lock();
        state.ended |= state.link.is_none();
        state.ended
    }

    /// Ends the session for good; its connection is for the caller to cut.
    pub(super) fn end(&self) {
        self.lock().ended = true;
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&self) -> Flushed {
        self.lock().flush()
    }

    /// Events up to `s` have arrived.
    pub(super) fn acknowledge(&self, s: u64) {
        let mut state = self.lock();
        while state.sent.front().is_some_and(|frame| frame.s <= s) {
            state.forget_oldest();
        }
        if state.sent.is_empty() {
            // An idle connection keeps no empty ring.
            state.sent = VecDeque::new();
        }
    }

    /// Ends the connection: its own thread says goodbye, as nobody else waits for a socket. The session stays, with
    /// what it was not sent.
    pub(super) fn cut(&self, close: Close) {
        let mut state = self.lock();
        let flushed = state.flush();
        state.cut(close, flushed);
    }

    /// As [`Outbox::cut`], unless another connection has come in the place of `link`.
    pub(super) fn cut_link(&self, link: &Arc<Link>, close: Close) {
        let mut state = self.lock();
        if state.is_linked_to(link) {
            let flushed = state.flush();
            state.cut(close, flushed);
        }
    }

    /// The connection is gone; whether it was `link` that this outbox wrote to.
    pub(super) fn detach(&self, link: &Arc<Link>) -> bool {
        let mut state = self.lock();
        let mine = state.is_linked_to(link);
        if mine {
            state.link = None;
            state.unlink();
        }
        mine
    }

    /// Goes on behind event `s` on the connection that `fresh` holds: how many events it missed, or `None` if they
    /// are not all here, or the session is over. A connection that this outbox still had is cut.
    pub(super) fn resume(&self, s: u64, fresh: &Self, resumed: impl FnOnce(usize) -> Frame) -> Option<usize> {
        // The two locks are of one tier, and never held together. Nobody but this thread knows `fresh`.
        let (link, rest, head_written) = {
            let mut fresh = fresh.lock();
            let _ = fresh.flush();
            (fresh.link.take()?, std::mem::take(&mut fresh.unsent), std::mem::take(&mut fresh.head_written))
        };
        let mut state = self.lock();
        if state.ended || s < state.floor_s || s > state.last_s {
            drop(state);
            let mut fresh = fresh.lock();
            (fresh.link, fresh.unsent, fresh.head_written) = (Some(link), rest, head_written);
            return None;
        }
        // Without a flush: what the old connection took now could push events behind `s` out of the ring.
        state.cut(ops::RESUMED_ELSEWHERE, Flushed::All);
        let missed: VecDeque<_> = {
            let State { sent, unsent, .. } = &mut *state;
            sent.drain(..).chain(unsent.drain(..)).filter(|frame| frame.s > s).collect()
        };
        state.sent_bytes = 0;
        let replayed = missed.len();
        state.floor_s = s;
        state.link = Some(link);
        state.head_written = head_written;
        state.unsent = rest;
        state.unsent.extend(missed);
        state.unsent.push_back(Arc::new(resumed(replayed)));
        state.unsent_bytes = state.unsent.iter().map(|frame| frame.bytes().len()).sum::<usize>() - head_written;
        state.exempt_bytes = state.unsent_bytes;
        Some(replayed)
    }
}

impl State {
    fn put(&mut self, frame: Arc<Frame>) {
        self.unsent_bytes += frame.bytes().len();
        self.unsent.push_back(frame);
    }

    fn is_linked_to(&self, link: &Arc<Link>) -> bool {
        self.link.as_ref().is_some_and(|current| Arc::ptr_eq(current, link))
    }

    /// What waits for CONNECTED waits for us, not for the client.
    fn is_full(&self) -> bool {
        let backlog = self.unsent_bytes.saturating_sub(self.exempt_bytes);
        self.link.is_some() && !self.held && backlog > limits::BACKLOG_BYTES
    }

    fn cut(&mut self, close: Close, flushed: Flushed) {
        let Some(link) = self.link.take() else { return };
        let mut farewell = Vec::new();
        if flushed != Flushed::Broken {
            if self.head_written > 0
                && let Some(head) = self.unsent.front()
            {
                farewell.extend(head.bytes().iter().skip(self.head_written));
            }
            farewell.extend(Frame::close(close.code, close.reason).bytes());
        }
        self.unlink();
        *link.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(farewell);
        // Wakes the connection's thread out of its read.
        let _ = link.stream.shutdown(Shutdown::Read);
    }

    /// Without a connection only events are kept, whole.
    fn unlink(&mut self) {
        self.head_written = 0;
        self.held = false;
        self.unsent.retain(|frame| frame.s > 0);
        self.unsent_bytes = self.unsent.iter().map(|frame| frame.bytes().len()).sum();
        self.exempt_bytes = 0;
    }

    fn flush(&mut self) -> Flushed {
        let Some(link) = &self.link else { return Flushed::All };
        let Some(frame) = self.unsent.front() else { return self.settled() };
        // One frame, the most frequent case by far, costs no gathering.
        if self.unsent.len() > 1 || (self.held && frame.s > 0) {
            return self.flush_many();
        }
        let bytes = frame.bytes().get(self.head_written..).unwrap_or_default();
        let length = bytes.len();
        match link.stream.try_send(bytes) {
            Ok(0) => Flushed::Broken,
            Ok(count) => {
                self.written(count);
                if count == length { self.settled() } else { Flushed::Stalled(true) }
            }
            Err(error) => Flushed::by(&error, false),
        }
    }

    /// Apart, because its slices are 2 KB of stack to be filled.
    #[inline(never)]
    fn flush_many(&mut self) -> Flushed {
        let Some(link) = self.link.clone() else { return Flushed::All };
        let mut progress = false;
        // While held, only what is of the connection's own may leave, and it stands in front.
        while self.unsent.front().is_some_and(|frame| !self.held || frame.s == 0) {
            let mut slices: [_; FRAMES_PER_WRITE] = std::array::from_fn(|_| IoSlice::new(&[]));
            let mut count = 0;
            let mut skip = self.head_written;
            for (slice, frame) in slices.iter_mut().zip(&self.unsent) {
                if self.held && frame.s > 0 {
                    break;
                }
                *slice = IoSlice::new(frame.bytes().get(skip..).unwrap_or_default());
                skip = 0;
                count += 1;
            }
            match link.stream.try_write(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Flushed::Broken,
                Ok(written) => {
                    progress = true;
                    self.written(written);
                }
                Err(error) => return Flushed::by(&error, progress),
            }
        }
        self.settled()
    }

    /// What a flush comes to that has written everything: with TLS, sealed bytes may still wait.
    fn settled(&self) -> Flushed {
        let settled = self.link.as_ref().map_or(Ok(()), |link| link.stream.settle());
        settled.map_or_else(|error| Flushed::by(&error, false), |()| Flushed::All)
    }

    /// Takes `count` written bytes off the front.
    fn written(&mut self, mut count: usize) {
        self.unsent_bytes = self.unsent_bytes.saturating_sub(count);
        self.exempt_bytes = self.exempt_bytes.saturating_sub(count);
        while let Some(head) = self.unsent.front() {
            let rest = head.bytes().len() - self.head_written;
            if count < rest {
                self.head_written += count;
                return;
            }
            count -= rest;
            self.head_written = 0;
            // Not what can never be replayed: CONNECTED may be large.
            if let Some(frame) = self.unsent.pop_front()
                && frame.s > self.floor_s
            {
                self.sent_bytes += frame.bytes().len();
                self.sent.push_back(frame);
                while self.sent.len() > limits::RESUME_EVENTS || self.sent_bytes > limits::RESUME_BYTES {
                    self.forget_oldest();
                }
            }
        }
    }

    /// From before it nobody can go on any more.
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.sent.pop_front() {
            self.sent_bytes -= oldest.bytes().len();
            self.floor_s = self.floor_s.max(oldest.s);
        }
    }
}

#[cfg(test)]
mod tests;
