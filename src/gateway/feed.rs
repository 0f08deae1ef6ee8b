//! The feed: everything that the fan-out does, in the order of its numbers.
//!
//! COMMIT, giving the batch's events their numbers and putting them in happen under one lock. A session that connects
//! opens its snapshot and puts its own registration in under the same lock: what is before it is in the snapshot,
//! what is after it comes as events; nothing twice, nothing between.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

use super::ops::Close;
use super::registry::{Key, Session};
use crate::chat::connect::Scope;
use crate::model::object::Presence;
use crate::model::{Event, Outlet, UserId, limits};

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
    /// A user may have been away for long enough to read offline.
    GraceOver(UserId),
    /// A parked session may have waited for long enough.
    ParkedOver(Key),
    /// Close everything.
    Shutdown,
}

/// The queue into the fan-out.
pub struct Feed {
    /// The last number given.
    numbering: Mutex<u64>,
    queue: Mutex<VecDeque<(u64, Entry)>>,
    drained: Condvar,
    asleep: AtomicBool,
    wake: std::os::fd::OwnedFd,
}

impl Feed {
    /// An empty feed.
    ///
    /// # Errors
    /// If the system has no file descriptor left.
    pub fn new() -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            numbering: Mutex::new(0),
            queue: Mutex::default(),
            drained: Condvar::new(),
            asleep: AtomicBool::new(false),
            wake: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
        }))
    }

    /// The lock under which numbers are given.
    pub(super) fn lock(&self) -> Numbering<'_> {
        Numbering { feed: self, last: self.numbering.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Numbers `entry` and puts it in.
    pub(super) fn enqueue(&self, entry: Entry) {
        self.lock().enqueue(entry);
    }

    /// Takes everything that is there.
    pub(super) fn take(&self) -> VecDeque<(u64, Entry)> {
        let taken = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        self.drained.notify_all();
        taken
    }

    /// Whether the fan-out may sleep; from now on whoever puts something in wakes it through [`Feed::wake_fd`].
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let empty = self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
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
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.len() > limits::EVENT_QUEUE {
            queue = self.drained.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        let mut numbering = self.lock();
        if let Some(events) = commit() {
            for event in events {
                numbering.enqueue(Entry::Event(Box::new(event)));
            }
        }
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
        *self.last += 1;
        self.feed.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back((*self.last, entry));
        self.feed.rouse();
        *self.last
    }
}
