//! Typing is passed on seldom: once in a while per user and channel.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::model::{ChannelId, UserId, limits};

/// When somebody's typing was last passed on.
#[derive(Default)]
pub(super) struct TypingTimes(Mutex<HashMap<(UserId, ChannelId), Instant>>);

impl TypingTimes {
    /// Entries after which old ones are dropped.
    const SWEEP_AT: usize = 1_000;

    pub(super) fn may_pass(&self, user: UserId, channel: ChannelId, now: Instant) -> bool {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lapsed = |at: &Instant| now.duration_since(*at) >= limits::TYPING_TIME;
        if times.len() >= Self::SWEEP_AT {
            times.retain(|_, at| !lapsed(at));
        }
        if times.get(&(user, channel)).is_some_and(|at| !lapsed(at)) {
            return false;
        }
        times.insert((user, channel), now);
        true
    }
}
