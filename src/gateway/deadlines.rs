//! What is to happen later, in one heap that one thread sleeps on: no ticks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::feed::{Entry, Feed};
use super::registry::Key;
use crate::model::UserId;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Grace(UserId),
    Parked(Key),
}

#[derive(Default)]
struct Heap {
    due: BinaryHeap<Reverse<(Instant, Due)>>,
    stopped: bool,
}

pub(super) struct Deadlines {
    heap: Mutex<Heap>,
    changed: Condvar,
}

impl Deadlines {
    /// Starts the thread that puts into `feed` what is due.
    pub(super) fn start(feed: Arc<Feed>) -> std::io::Result<Arc<Self>> {
        let deadlines = Arc::new(Self { heap: Mutex::default(), changed: Condvar::new() });
        let own = Arc::clone(&deadlines);
        std::thread::Builder::new().name("deadlines".into()).stack_size(128 * 1024).spawn(move || own.run(&feed))?;
        Ok(deadlines)
    }

    /// Lets `due` happen after `delay`.
    pub(super) fn after(&self, delay: Duration, due: Due) {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        heap.due.push(Reverse((Instant::now() + delay, due)));
        self.changed.notify_one();
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.heap.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_one();
    }

    fn run(&self, feed: &Feed) {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        while !heap.stopped {
            let now = Instant::now();
            let next = heap.due.peek().map(|Reverse((at, _))| *at);
            match next {
                Some(at) if at <= now => {
                    let Some(Reverse((_, due))) = heap.due.pop() else { continue };
                    drop(heap);
                    feed.enqueue(match due {
                        Due::Grace(user) => Entry::GraceOver(user),
                        Due::Parked(key) => Entry::ParkedOver(key),
                    });
                    heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
                }
                Some(at) => {
                    heap = self.changed.wait_timeout(heap, at - now).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => heap = self.changed.wait(heap).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}
