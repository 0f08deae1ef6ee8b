//! What became of the latest pushes of each user, in memory alone.

use std::collections::VecDeque;

use indexmap::IndexMap;

use crate::model::push::PushDelivery;
use crate::model::{UserId, limits};

/// The users with pushes, the one with the latest last.
#[derive(Default)]
pub(super) struct Log(IndexMap<UserId, VecDeque<PushDelivery>>);

impl Log {
    pub(super) fn add(&mut self, user: UserId, delivery: PushDelivery) {
        let mut of_user = self.0.shift_remove(&user).unwrap_or_default();
        if of_user.len() >= limits::PUSH_LOG {
            of_user.pop_front();
        }
        of_user.push_back(delivery);
        if self.0.len() >= limits::PUSH_LOGS {
            self.0.shift_remove_index(0);
        }
        self.0.insert(user, of_user);
    }

    /// A user's, latest first.
    pub(super) fn of(&self, user: UserId) -> Vec<PushDelivery> {
        self.0.get(&user).into_iter().flatten().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::push::{PushKind, PushStatus};
    use crate::model::{SubscriptionId, Timestamp};

    fn delivery(at: i64) -> PushDelivery {
        PushDelivery {
            at: Timestamp(at),
            subscription_id: SubscriptionId(1),
            kind: PushKind::Test,
            status: PushStatus::Sent,
            http_status: Some(201),
            error: None,
            attempts: 1,
        }
    }

    #[test]
    fn it_is_bounded_for_each_and_for_all() {
        let mut log = Log::default();
        (0..100).for_each(|at| log.add(UserId(1), delivery(at)));
        let times: Vec<_> = log.of(UserId(1)).iter().map(|one| one.at.0).collect();
        assert_eq!(times, (50..100).rev().collect::<Vec<_>>());
        (2..=limits::PUSH_LOGS as i64).for_each(|user| log.add(UserId(user), delivery(user)));
        log.add(UserId(1), delivery(7));
        log.add(UserId(5_000), delivery(8));
        assert!(log.of(UserId(2)).is_empty(), "the one longest without a push went");
        assert_eq!((log.of(UserId(1)).len(), log.of(UserId(5_000)).len(), log.0.len()), (50, 1, limits::PUSH_LOGS));
    }
}
