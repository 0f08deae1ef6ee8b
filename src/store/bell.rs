//! Wakes whoever sees to it that the bytes of files follow their rows.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A bell that one thread listens for.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    closed: bool,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there may be something to do.
    pub fn ring(&self) {
        self.lock().rung = true;
        self.changed.notify_all();
    }

    /// Says that it is time to end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until it rings, or for `time`; `false` once it is closed.
    pub fn wait(&self, time: Option<Duration>) -> bool {
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let mut state = self.lock();
        while !state.rung && !state.closed {
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => break,
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.rung = false;
        !state.closed
    }
}
