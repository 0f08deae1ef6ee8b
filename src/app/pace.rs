//! Who works behind those who are served works a little, and rests longer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backup::{Step, Watch, rest_after};

/// A thread's waiting, which can be ended.
#[derive(Debug)]
pub(super) struct Pace {
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Debug)]
struct State {
    stopped: bool,
    rested_at: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { stopped: false, rested_at: Instant::now() }), stopped: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that it is time to end.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.stopped.notify_all();
    }

    /// Waits for so long; `false` as soon as it is time to end.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let waited = self.stopped.wait_timeout_while(self.lock(), time, |state| !state.stopped);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.rested_at = Instant::now();
        !state.stopped
    }
}

impl Watch for Pace {
    fn goes_on(&self, _: Step, _: u64, _: u64) -> bool {
        let state = self.lock();
        let (worked, stopped) = (state.rested_at.elapsed(), state.stopped);
        drop(state);
        if stopped { false } else { rest_after(worked).is_none_or(|rest| self.wait(rest)) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Pace, Step, Watch};
    use crate::model::limits::{BACKUP_REST, BACKUP_WORK};

    #[test]
    fn who_worked_rests_longer_than_that() {
        let pace = Pace::new();
        let worked = Instant::now();
        while worked.elapsed() < BACKUP_WORK {
            std::hint::spin_loop();
        }
        let rested = Instant::now();
        assert!(pace.goes_on(Step::Database, 1, 2));
        assert!(rested.elapsed() >= BACKUP_WORK * BACKUP_REST);
    }

    #[test]
    fn nobody_rests_through_the_end() {
        let pace = Pace::new();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pace.wait(Duration::from_secs(3600)));
            pace.stop();
            assert!(!waiting.join().unwrap());
        });
        assert!(!pace.goes_on(Step::Proof, 0, 0));
    }
}
