//! The feed: everything that the fan-out does, in the order of its numbers.
//!
//! COMMIT, giving the batch's events their numbers and putting them in happen under one lock. A session that connects
//! opens its snapshot and puts its own registration in under the same lock: what is before it is in the snapshot,
//! what is after it comes as events; nothing twice, nothing between.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use rustix::event::{EventfdFlags, eventfd};

use super::ops::Close;
use super::session::{Key, Session};
use crate::chat::connect::Scope;
use crate::model::measure::Deliveries;
use crate::model::object::Presence;
use crate::model::{Event, Line, Outlet, Pressure, UserId, Witness, limits};

/// Something for the fan-out to do.
pub(super) enum Entry {
    /// Tell an event, durable or not.
    Event(Box<Event>),
    /// A session begins here; the answer is who is there, or why it is refused.
    Register(Arc<Session>, Scope, SyncSender<Result<Vec<Presence>, Close>>),
    /// Something about a user's presence may have changed.
    Touch(UserId),
    /// A socket took no more of a frame of its connection's own: watch it.
    Flush(Arc<Session>),
    /// A session's connection was lost: it waits for RESUME.
    Park(Key),
    /// A session's client said goodbye.
    End(Key),
    /// A user may have been away for long enough to read offline, or it is time to tell what was put off.
    GraceOver(UserId),
    /// A parked session may have waited for long enough.
    ParkedOver(Key),
    /// Somebody waits until everything before this is where it belongs.
    Settle(SyncSender<()>),
    /// Close everything.
    Shutdown,
}

/// What is to be done when the fan-out ends.
type OnClose = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    entries: VecDeque<(u64, Entry)>,
    /// Since when the oldest waits.
    since: Option<Instant>,
    /// The fan-out has ended: nobody takes anything any more.
    closed: bool,
    /// Who wants to hear of that.
    on_close: Vec<OnClose>,
}

/// The queue into the fan-out.
pub struct Feed {
    /// The last number given.
    numbering: Mutex<u64>,
    queue: Mutex<Queue>,
    drained: Condvar,
    pressure: Arc<Pressure>,
    measured: Deliveries,
    witness: OnceLock<Arc<dyn Witness>>,
    asleep: AtomicBool,
    wake: std::os::fd::OwnedFd,
}

impl Feed {
    /// An empty feed.
    ///
    /// # Errors
    /// If the system has no file descriptor left.
    pub fn new() -> std::io::Result<Arc<Self>> {
        Self::under(Pressure::default())
    }

    /// An empty feed under this pressure.
    pub(super) fn under(pressure: Pressure) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            numbering: Mutex::new(0),
            queue: Mutex::default(),
            drained: Condvar::new(),
            pressure: Arc::new(pressure),
            measured: Deliveries::default(),
            witness: OnceLock::new(),
            asleep: AtomicBool::new(false),
            wake: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
        }))
    }

    /// From now on shows every event to `witness`, once it stands in the outboxes. The first one stays.
    pub fn show_to(&self, witness: Arc<dyn Witness>) {
        let _ = self.witness.set(witness);
    }

    /// What was told is the witness's.
    pub(super) fn told(&self, event: Box<Event>) {
        if let Some(witness) = self.witness.get() {
            witness.see(event);
        }
    }

    /// The lock under which numbers are given.
    pub(super) fn lock(&self) -> Numbering<'_> {
        Numbering { feed: self, last: self.numbering.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers `entry` and puts it in.
    pub(super) fn enqueue(&self, entry: Entry) {
        self.lock().enqueue(entry);
    }

    /// Waits until all that was committed so far stands in the outboxes; `false` if the fan-out has ended.
    pub(super) fn settle(&self) -> bool {
        let (done, settled) = sync_channel(1);
        self.enqueue(Entry::Settle(done));
        settled.recv().is_ok()
    }

    /// Takes everything that is there, and since when the oldest of it has waited.
    pub(super) fn take_since(&self) -> (VecDeque<(u64, Entry)>, Option<Instant>) {
        let mut queue = self.queue();
        let taken = std::mem::take(&mut queue.entries);
        let since = queue.since.take();
        if since.is_some() {
            self.pressure.taken(Line::Feed, since, None);
        }
        drop(queue);
        // Waking is a system call even if nobody waits, and only behind so many may somebody.
        if taken.len() > limits::EVENT_QUEUE {
            self.drained.notify_all();
        }
        (taken, since)
    }

    /// Takes everything that is there.
    #[cfg(test)]
    pub(super) fn take(&self) -> VecDeque<(u64, Entry)> {
        self.take_since().0
    }

    /// What was taken is where it belongs.
    pub(super) fn done(&self) {
        self.pressure.done(Line::Feed, Instant::now());
    }

    /// How late all is.
    pub(super) fn pressure(&self) -> &Pressure {
        &self.pressure
    }

    /// What its deliveries have taken.
    pub(super) fn measured(&self) -> &Deliveries {
        &self.measured
    }

    /// From now on what is put in is dropped: nobody waits for the fan-out, nor for an answer of its.
    pub(super) fn close(&self) {
        let (dropped, on_close) = {
            let mut queue = self.queue();
            queue.closed = true;
            (std::mem::take(&mut queue.entries), std::mem::take(&mut queue.on_close))
        };
        self.drained.notify_all();
        drop(dropped);
        on_close.into_iter().for_each(|then| then());
    }

    /// Calls `then` at [`Feed::close`], or now if that has been.
    pub(super) fn on_close(&self, then: OnClose) {
        let mut queue = self.queue();
        if !queue.closed {
            return queue.on_close.push(then);
        }
        drop(queue);
        then();
    }

    /// Whether the fan-out has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.queue().closed
    }

    /// Whether the fan-out may sleep; from now on whoever puts something in wakes it through [`Feed::wake_fd`].
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let empty = self.queue().entries.is_empty();
        if !empty {
            self.asleep.store(false, Ordering::SeqCst);
        }
        empty
    }

    /// The fan-out is awake.
    pub(super) fn woken(&self) {
        self.asleep.store(false, Ordering::SeqCst);
        // Nothing to read if something else woke it.
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
    }

    pub(super) fn wake_fd(&self) -> impl AsFd + '_ {
        self.wake.as_fd()
    }

    fn rouse(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = rustix::io::write(&self.wake, &1_u64.to_ne_bytes())
        {
            log::error!("the fan-out cannot be woken: {error}");
        }
    }
}

impl Outlet for Feed {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        // Writers wait here, before the lock, when the fan-out is far behind: memory stays bounded.
        let mut queue = self.queue();
        while queue.entries.len() > limits::EVENT_QUEUE {
            queue = self.drained.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        let mut numbering = self.lock();
        if let Some(events) = commit() {
            // All at once: a fan-out that woke for the first alone would write every socket twice.
            numbering.enqueue_all(events.into_iter().map(|event| Entry::Event(Box::new(event))));
        }
    }

    fn pressure(&self) -> Arc<Pressure> {
        Arc::clone(&self.pressure)
    }
}

/// The right to give numbers.
pub(super) struct Numbering<'a> {
    feed: &'a Feed,
    last: MutexGuard<'a, u64>,
}

impl Numbering<'_> {
    /// Gives `entry` the next number and puts it in.
    pub(super) fn enqueue(&mut self, entry: Entry) -> u64 {
        self.enqueue_all(std::iter::once(entry))
    }

    /// Gives each entry the next number and puts them in together; the last number.
    fn enqueue_all(&mut self, entries: impl Iterator<Item = Entry>) -> u64 {
        let mut queue = self.feed.queue();
        let before = *self.last;
        for entry in entries {
            *self.last += 1;
            if !queue.closed {
                queue.entries.push_back((*self.last, entry));
            }
        }
        if queue.since.is_none() && !queue.entries.is_empty() {
            let now = Instant::now();
            queue.since = Some(now);
            self.feed.pressure.waits(Line::Feed, now);
        }
        drop(queue);
        if *self.last > before {
            self.feed.rouse();
        }
        *self.last
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::chat::connect::Scope;
    use crate::gateway::testing;
    use crate::model::{Audience, Effect};

    fn silent(user: i64) -> Event {
        Event::silent(Effect::Leave(crate::model::ServerId(user), UserId(user)))
    }

    fn numbers(entries: &VecDeque<(u64, Entry)>) -> Vec<u64> {
        entries.iter().map(|(s, _)| *s).collect()
    }

    #[test]
    fn a_batch_is_numbered_under_one_lock_and_a_failed_one_not_at_all() {
        let feed = Feed::new().unwrap();
        feed.publish(&mut || {
            assert!(feed.numbering.try_lock().is_err(), "a session could register between COMMIT and its numbers");
            Some(vec![silent(1), silent(2)])
        });
        feed.publish(&mut || None);
        feed.enqueue(Entry::Touch(UserId(1)));
        let entries = feed.take();
        assert_eq!(numbers(&entries), [1, 2, 3]);
        let Entry::Event(first) = &entries[0].1 else { panic!() };
        assert_eq!((&first.effect, &first.audience), (&silent(1).effect, &Audience::Users(Vec::new())));
    }

    #[test]
    fn many_who_put_in_at_once_get_different_numbers_in_order() {
        let feed = Feed::new().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..500).for_each(|_| feed.enqueue(Entry::Touch(UserId(1)))));
            }
        });
        assert_eq!(numbers(&feed.take()), (1..=4_000).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_puts_something_in_wakes_the_sleeper() {
        let feed = Feed::new().unwrap();
        let is_woken = || rustix::io::read(&feed.wake, &mut [0; 8]).is_ok();
        feed.enqueue(Entry::Touch(UserId(1)));
        assert!(!feed.fall_asleep(), "there is something to do");
        assert!(!is_woken(), "nobody slept");
        feed.take();
        assert!(feed.fall_asleep());
        feed.enqueue(Entry::Touch(UserId(1)));
        feed.enqueue(Entry::Touch(UserId(1)));
        assert!(is_woken());
        feed.woken();
        assert!(!is_woken());
    }

    #[test]
    fn writers_wait_for_a_fan_out_that_is_far_behind_but_not_for_one_that_has_ended() {
        for ends in [false, true] {
            let feed = Feed::new().unwrap();
            (0..=limits::EVENT_QUEUE).for_each(|_| feed.enqueue(Entry::Touch(UserId(1))));
            let committed = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    feed.publish(&mut || {
                        committed.store(true, Ordering::SeqCst);
                        Some(Vec::new())
                    });
                });
                // Numbers are still given: only the committer waits, and without the lock.
                feed.enqueue(Entry::Touch(UserId(1)));
                assert!(!committed.load(Ordering::SeqCst));
                if ends {
                    feed.close();
                } else {
                    assert_eq!(feed.take().len(), limits::EVENT_QUEUE + 2);
                }
                writer.join().unwrap();
            });
            assert!(committed.load(Ordering::SeqCst));
        }
    }

    #[test]
    fn nobody_waits_for_an_answer_of_a_fan_out_that_has_ended() {
        let feed = Feed::new().unwrap();
        let register = || {
            let (answer, presences) = sync_channel(1);
            feed.enqueue(Entry::Register(testing::session(1).0, Scope::default(), answer));
            presences
        };
        let before = register();
        feed.close();
        assert!(feed.is_closed());
        let after = register();
        assert!(before.recv().is_err() && after.recv().is_err());
        feed.publish(&mut || Some(vec![silent(1)]));
        assert!(feed.take().is_empty(), "nobody takes it: memory would grow");
    }
}
