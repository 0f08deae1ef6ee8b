//! Counts an instance's life without trusting the wall clock, and says when that one jumps.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::model::Timestamp;

/// A day in milliseconds. What the clock is off by less is none of anybody's business.
pub(super) const DAY_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug)]
pub(super) struct Clock {
    base_s: i64,
    started: Instant,
    /// What the wall clock should say, less the milliseconds since the start.
    wall_ms: AtomicI64,
}

impl Clock {
    /// A clock of an instance that has lived so many seconds.
    pub(super) fn starting(lived_s: i64, now: Timestamp) -> Self {
        Self { base_s: lived_s, started: Instant::now(), wall_ms: AtomicI64::new(now.0) }
    }

    pub(super) fn lived_s(&self) -> i64 {
        self.base_s.saturating_add_unsigned(self.started.elapsed().as_secs())
    }

    /// The days by which the wall clock has jumped since it was last looked at, if it has by a day or more.
    pub(super) fn jumped(&self, now: Timestamp) -> Option<i64> {
        let since_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let wall_ms = now.0.saturating_sub(since_ms);
        let jump_ms = wall_ms.saturating_sub(self.wall_ms.swap(wall_ms, Ordering::Relaxed));
        (jump_ms.saturating_abs() >= DAY_MS).then_some(jump_ms / DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Timestamp};

    #[test]
    fn each_jump_is_told_once() {
        let now = Timestamp::now();
        let clock = Clock::starting(100, now);
        assert_eq!(clock.jumped(now.plus_seconds(3600)), None);
        assert_eq!(clock.jumped(now.plus_seconds(-6 * 365 * 86_400)), Some(-2190));
        assert_eq!(clock.jumped(now.plus_seconds(-6 * 365 * 86_400)), None);
        assert_eq!(clock.jumped(now), Some(2190));
        assert_eq!(clock.lived_s(), 100);
    }
}
