//! What is to happen later, in one heap that one thread sleeps on: no ticks.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::feed::{Entry, Feed};
use super::session::Key;
use crate::model::{UserId, Work};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Grace(UserId),
    Parked(Key),
    /// To tell the presences that were put off, if there is less to do by now.
    Presences,
}

#[derive(Default)]
struct Heap {
    due: BinaryHeap<Reverse<(Instant, Due)>>,
    /// Whose presence is to be told later, each once: while there are any, [`Due::Presences`] is due at some time.
    untold: BTreeSet<UserId>,
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

    /// Has the presence of `user` looked at again, at `at` or when after that the pressure has fallen.
    pub(super) fn tell_later(&self, user: UserId, at: Instant) {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = heap.untold.is_empty();
        heap.untold.insert(user);
        if is_first {
            heap.due.push(Reverse((at, Due::Presences)));
            self.changed.notify_one();
        }
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
                    let falls_at = feed.pressure().falls_at(Work::Presence, now);
                    if let (Due::Presences, Some(at)) = (due, falls_at) {
                        heap.due.push(Reverse((at, due)));
                        continue;
                    }
                    let untold = if due == Due::Presences { std::mem::take(&mut heap.untold) } else { BTreeSet::new() };
                    drop(heap);
                    match due {
                        Due::Grace(user) => feed.enqueue(Entry::GraceOver(user)),
                        Due::Parked(key) => feed.enqueue(Entry::ParkedOver(key)),
                        Due::Presences => untold.into_iter().for_each(|user| feed.enqueue(Entry::GraceOver(user))),
                    }
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

#[cfg(test)]
mod tests {
    use super::{Arc, Deadlines, Due, Duration, Entry, Feed, Instant, UserId};
    use crate::model::{Pressure, limits};

    /// Whose grace is over, in the order of its coming.
    fn comes(feed: &Feed, count: usize) -> Vec<i64> {
        let mut users = Vec::new();
        while users.len() < count {
            users.extend(feed.take().into_iter().map(|(_, entry)| match entry {
                Entry::GraceOver(user) => user.0,
                _ => panic!("something else"),
            }));
            std::thread::yield_now();
        }
        users
    }

    #[test]
    fn what_is_due_first_comes_first_whenever_it_was_put_in() {
        let feed = Feed::new().unwrap();
        let deadlines = Deadlines::start(Arc::clone(&feed)).unwrap();
        let hour = Duration::from_secs(3_600);
        deadlines.after(hour, Due::Grace(UserId(9)));
        // The thread sleeps for an hour now, if it is not woken.
        deadlines.after(Duration::ZERO, Due::Grace(UserId(1)));
        assert_eq!(comes(&feed, 1), [1]);
        deadlines.after(Duration::from_millis(30), Due::Grace(UserId(3)));
        deadlines.after(Duration::from_millis(10), Due::Grace(UserId(2)));
        assert_eq!(comes(&feed, 2), [2, 3]);
        assert_eq!(deadlines.heap.lock().unwrap().due.len(), 1);
        deadlines.stop();
    }

    #[test]
    fn presences_that_were_put_off_come_once_when_the_pressure_has_fallen() {
        let now = Instant::now();
        let falls_at = now + Duration::from_millis(50);
        let feed = Feed::under(Pressure::falling(limits::LATE_FOR_PRESENCE, falls_at)).unwrap();
        let deadlines = Deadlines::start(Arc::clone(&feed)).unwrap();
        for user in [2, 1, 2] {
            deadlines.tell_later(UserId(user), now);
        }
        let mut came = comes(&feed, 2);
        came.sort_unstable();
        assert_eq!(came, [1, 2]);
        assert!(Instant::now() >= falls_at);
        // There is nothing left to wake for.
        let heap = deadlines.heap.lock().unwrap();
        assert!(heap.due.is_empty() && heap.untold.is_empty());
        drop(heap);
        deadlines.stop();
    }

    #[test]
    fn a_stop_ends_the_thread_whatever_is_due() {
        let feed = Feed::new().unwrap();
        let deadlines = Deadlines::start(Arc::clone(&feed)).unwrap();
        deadlines.after(Duration::from_secs(3_600), Due::Grace(UserId(1)));
        deadlines.stop();
        while Arc::strong_count(&deadlines) > 1 {
            std::thread::yield_now();
        }
        assert!(feed.take().is_empty());
    }
}
