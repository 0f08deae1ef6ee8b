//! The fan-out: one thread that takes all that waits, puts pointers into outboxes, and then writes each socket once.
//!
//! It never waits for a socket. Those that take no more are in its one epoll, which tells when they drain; a socket
//! that takes nothing for [`limits::STALL_TIME`] is cut with 4010. To debug a hang: if `/readyz` answers and events do
//! not come, look whether the thread `fanout` sleeps in `epoll_wait` (a lost wake-up) or runs (a busy loop).

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

use super::SharedRegistry;
use super::deadlines::{Deadlines, Due};
use super::feed::{Entry, Feed};
use super::frame::Frame;
use super::ops::{self, Close};
use super::outbox::{Flushed, Link, Pushed};
use super::session::Session;
use crate::chat::Shared;
use crate::model::{Audience, Effect, Event, Payload, UserId, Work, limits};

/// The epoll entry of the feed's wake-up; sessions' keys begin at 1.
const WAKE: u64 = 0;

/// Entries in one turn. A turn ends with a write to each socket that it concerns and a look at those that are stalled,
/// so that neither waits for long while there is always more to do.
const TURN: usize = 1_024;

/// While there is always more to do, stalled sockets are looked at this often: each look costs a system call.
const LOOK: Duration = Duration::from_millis(10);

struct FanOut {
    feed: Arc<Feed>,
    registry: Arc<SharedRegistry>,
    shared: Arc<Shared>,
    deadlines: Arc<Deadlines>,
    epoll: std::os::fd::OwnedFd,
    stalled: HashMap<u64, Stalled>,
    /// When they were last looked at.
    watched: Instant,
    /// Sessions with something to write, each once.
    dirty: Vec<Arc<Session>>,
    /// Since when the oldest of what was last taken had waited.
    since: Option<Instant>,
}

/// A session whose socket took no more, and since when it has taken nothing.
struct Stalled {
    session: Arc<Session>,
    link: Arc<Link>,
    since: Instant,
}

pub(super) fn start(
    feed: Arc<Feed>,
    registry: Arc<SharedRegistry>,
    shared: Arc<Shared>,
    deadlines: Arc<Deadlines>,
) -> io::Result<JoinHandle<()>> {
    let mut fanout = FanOut::new(feed, registry, shared, deadlines)?;
    std::thread::Builder::new().name("fanout".into()).spawn(move || fanout.run())
}

/// However it ends, by [`Entry::Shutdown`] or by a panic: nobody waits for it, and every connection is told.
impl Drop for FanOut {
    fn drop(&mut self) {
        self.feed.close();
        let close = if std::thread::panicking() { ops::INTERNAL } else { ops::GOING_AWAY };
        let all: Vec<_> = self.registry.lock().all().cloned().collect();
        all.iter().for_each(|session| session.outbox.cut(close));
    }
}

impl FanOut {
    fn new(
        feed: Arc<Feed>,
        registry: Arc<SharedRegistry>,
        shared: Arc<Shared>,
        deadlines: Arc<Deadlines>,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, feed.wake_fd(), epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        Ok(Self {
            feed,
            registry,
            shared,
            deadlines,
            epoll,
            stalled: HashMap::new(),
            watched: Instant::now(),
            dirty: Vec::new(),
            since: None,
        })
    }

    fn run(&mut self) {
        loop {
            let (mut entries, since) = self.feed.take_since();
            self.since = since;
            if entries.is_empty() && self.feed.fall_asleep() {
                self.sleep();
            }
            let shutdown = entries.iter().any(|(_, entry)| matches!(entry, Entry::Shutdown));
            while !entries.is_empty() {
                self.turn(entries.drain(..entries.len().min(TURN)));
            }
            self.feed.done();
            if shutdown {
                return;
            }
        }
    }

    /// Handles some entries, then writes every socket that they concern once.
    fn turn(&mut self, entries: impl Iterator<Item = (u64, Entry)>) {
        let mut events = 0;
        for (s, entry) in entries {
            events += u64::from(matches!(entry, Entry::Event(_)));
            self.handle(s, entry);
        }
        self.flush();
        if let Some(since) = self.since.filter(|_| events > 0) {
            self.feed.measured().delay.took_each(since.elapsed(), events);
        }
        if !self.stalled.is_empty() && self.watched.elapsed() >= LOOK {
            self.watch(Some(Timespec::default()));
        }
    }

    /// Sleeps until something is put in, a stalled socket drains, or one has stalled for too long.
    fn sleep(&mut self) {
        let next = self.stalled.values().map(|stalled| stalled.since + limits::STALL_TIME).min();
        let timeout = next.map(|at| at.saturating_duration_since(Instant::now()));
        self.watch(timeout.and_then(|timeout| Timespec::try_from(timeout).ok()));
        self.feed.woken();
    }

    /// Waits for what the epoll knows of: flushes stalled sockets that drain, and cuts those that do not.
    fn watch(&mut self, timeout: Option<Timespec>) {
        let mut events = Vec::with_capacity(64);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => log::error!("the fan-out cannot wait: {error}"),
        }
        for event in events {
            let key = event.data.u64();
            if let Some(session) = self.stalled.get(&key).map(|stalled| Arc::clone(&stalled.session)) {
                self.flush_one(&session);
            }
        }
        self.watched = Instant::now();
        self.cut_stalled(self.watched);
    }

    /// Cuts the sockets that have taken nothing for too long.
    fn cut_stalled(&mut self, now: Instant) {
        let over = self.stalled.values().filter(|stalled| now.duration_since(stalled.since) >= limits::STALL_TIME);
        let over: Vec<_> = over.map(|stalled| (Arc::clone(&stalled.session), Arc::clone(&stalled.link))).collect();
        for (session, link) in over {
            // The session may have gone on over another connection, which has nothing to do with this one.
            session.outbox.cut_link(&link, ops::TOO_SLOW);
            self.unstall(&session);
        }
    }

    fn handle(&mut self, s: u64, entry: Entry) {
        let now = Instant::now();
        match entry {
            Entry::Event(event) => {
                self.tell(s, &event);
                self.feed.told(event);
            }
            Entry::Register(session, scope, answer) => {
                session.outbox.begin(s);
                let user = session.user();
                let registered = self.registry.lock().register(&session, scope);
                let answer_is = match user {
                    Some(user) if registered => {
                        // Its own number is the session's start, so the session itself is not told.
                        self.touch(s, user, now);
                        Ok(self.registry.lock().presences(user))
                    }
                    _ => Err(ops::TOO_MUCH),
                };
                // The connection's thread has died if nobody takes it; its end is in the feed then.
                let _ = answer.send(answer_is);
            }
            Entry::Touch(user) => self.touch(s, user, now),
            Entry::Flush(session) => self.dirty.push(session),
            Entry::Park(key) => {
                let parked = self.registry.lock().park(key, now);
                if parked.is_some() {
                    self.deadlines.after(limits::PARKED_TIME, Due::Parked(key));
                }
                self.gone(s, parked, now);
            }
            Entry::End(key) => {
                let parked = {
                    let mut registry = self.registry.lock();
                    let user = registry.forget(key).and_then(|session| session.user());
                    user.map(|user| (user, registry.mark_gone(user, now)))
                };
                self.gone(s, parked, now);
            }
            Entry::GraceOver(user) => {
                self.touch(s, user, now);
                self.registry.lock().forget_if_gone(user);
            }
            Entry::ParkedOver(key) => self.registry.lock().parked_over(key, now),
            Entry::Settle(done) => drop(done.send(())),
            Entry::Shutdown => {}
        }
    }

    /// A connection of this user has gone: with the last one the grace period begins.
    fn gone(&mut self, s: u64, parked: Option<(UserId, bool)>, now: Instant) {
        match parked {
            Some((user, true)) => self.deadlines.after(limits::PRESENCE_GRACE, Due::Grace(user)),
            // The others may all be away.
            Some((user, false)) => self.touch(s, user, now),
            None => {}
        }
    }

    /// Tells a user's presence if it reads otherwise than before; later, if there is too much to do.
    fn touch(&mut self, s: u64, user: UserId, now: Instant) {
        let later = self.feed.pressure().falls_at(Work::Presence, now);
        let changed = self.registry.lock().touch(user, now, later.is_none());
        let Some(status) = changed else { return };
        if let Some(at) = later {
            self.feed.pressure().count(Work::Presence);
            return self.deadlines.tell_later(user, at);
        }
        self.shared.presences.set(user, status);
        let payload = Payload::PresenceUpdate { user_id: user, status };
        self.tell(s, &Event::new(Audience::Acquaintances(user), payload));
    }

    /// Encodes once, then puts pointers into the outboxes of the audience.
    fn tell(&mut self, s: u64, event: &Event) {
        // Changes of roles may concern any channel, and mostly concern none: what nobody gets is not encoded.
        if matches!(event.audience, Audience::Turned(..)) && !self.registry.lock().reaches(&event.audience) {
            return;
        }
        let encode = |payload: &Payload| Frame::event(ops::of(payload), s, payload).map(Arc::new);
        let encoded = event.payload.as_ref().map(encode).transpose();
        let instead = event
            .instead
            .as_ref()
            .map(|(user, payload)| payload.as_ref().map(encode).transpose().map(|frame| (*user, frame)));
        let (frame, instead) = match (encoded, instead.transpose()) {
            (Ok(frame), Ok(instead)) => (frame, instead),
            (Err(error), _) | (_, Err(error)) => {
                log::error!("an event cannot be written as JSON: {error}");
                return;
            }
        };
        let measured = self.feed.measured();
        measured.events.fetch_add(u64::from(frame.is_some()), Ordering::Relaxed);
        let is_message = matches!(event.payload, Some(Payload::MessageCreate(_)));
        measured.messages.fetch_add(u64::from(is_message), Ordering::Relaxed);
        let dirty = &mut self.dirty;
        let (mut full, mut forget) = (Vec::new(), Vec::new());
        let mut registry = self.registry.lock();
        registry.give(&event.effect);
        if frame.is_some() || instead.is_some() {
            registry.each(&event.audience, s, |session| {
                let frame = match &instead {
                    Some((other, frame_for_them)) if session.user() == Some(*other) => frame_for_them.as_ref(),
                    _ => frame.as_ref(),
                };
                let Some(frame) = frame else { return };
                match session.outbox.push(frame) {
                    Pushed::First => dirty.push(Arc::clone(session)),
                    Pushed::Waits | Pushed::Known => {}
                    Pushed::Full => full.push(Arc::clone(session)),
                    Pushed::Forget => forget.push(session.key),
                }
            });
        }
        let ended = registry.take_away(&event.effect);
        for key in forget {
            registry.forget(key);
        }
        drop(registry);
        ended.iter().for_each(|session| self.cut_one(session, ops::UNAUTHENTICATED));
        for session in full {
            // Much came at once, perhaps: only what the socket does not take shows that it is slow.
            self.flush_one(&session);
            // A cut must not wait: what is pushed after it shall find the session without a connection.
            if session.outbox.is_full() {
                self.cut_one(&session, ops::TOO_SLOW);
            }
        }
        if let Effect::Status(user, _) = event.effect {
            self.touch(s, user, Instant::now());
        }
        if let Effect::EndSessions(user, _) = event.effect {
            let now = Instant::now();
            let gone = self.registry.lock().mark_gone(user, now);
            self.gone(s, Some((user, gone)), now);
        }
    }

    /// Writes every session that has something, once.
    fn flush(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for session in dirty.drain(..) {
            self.flush_one(&session);
        }
        // The list's memory serves the next turn.
        self.dirty = dirty;
    }

    fn flush_one(&mut self, session: &Arc<Session>) {
        match session.outbox.flush() {
            Flushed::Stalled(progress) => self.stall(session, progress),
            Flushed::All | Flushed::Broken => self.unstall(session),
        }
    }

    fn cut_one(&mut self, session: &Arc<Session>, close: Close) {
        session.outbox.cut(close);
        self.unstall(session);
    }

    fn stall(&mut self, session: &Arc<Session>, progress: bool) {
        let Some(link) = session.outbox.link() else { return self.unstall(session) };
        let key = session.key.number();
        match self.stalled.get_mut(&key) {
            Some(stalled) if Arc::ptr_eq(&stalled.link, &link) => {
                if progress {
                    stalled.since = Instant::now();
                }
            }
            _ => {
                self.unstall(session);
                let data = epoll::EventData::new_u64(key);
                match epoll::add(&self.epoll, &*link.stream, data, epoll::EventFlags::OUT) {
                    Ok(()) => {
                        let stalled = Stalled { session: Arc::clone(session), link, since: Instant::now() };
                        self.stalled.insert(key, stalled);
                    }
                    Err(error) => {
                        log::warn!("a stalled connection cannot be watched: {error}");
                        session.outbox.cut(ops::TOO_SLOW);
                    }
                }
            }
        }
    }

    fn unstall(&mut self, session: &Arc<Session>) {
        // Almost always: not worth a hash for each socket written.
        if self.stalled.is_empty() {
            return;
        }
        if let Some(stalled) = self.stalled.remove(&session.key.number())
            && let Err(error) = epoll::delete(&self.epoll, &*stalled.link.stream)
        {
            log::warn!("a connection cannot be taken out of the watch: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
