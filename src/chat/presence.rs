//! Who is there: written by the gateway's fan-out, read by whoever shows a user.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::UserId;
use crate::model::object::Status;

/// The public status of everybody who is not offline.
#[derive(Debug, Default)]
pub struct Presences {
    told: Mutex<HashMap<UserId, Status>>,
}

impl Presences {
    /// How `user` reads to others.
    pub fn of(&self, user: UserId) -> Status {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&user).copied().unwrap_or_default()
    }

    /// Sets how `user` reads to others.
    pub fn set(&self, user: UserId, status: Status) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match status {
            Status::Offline | Status::Invisible => told.remove(&user),
            shown => told.insert(user, shown),
        };
    }

    /// How many are there.
    pub fn count(&self) -> usize {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Everybody who is there.
    pub fn online(&self) -> Vec<UserId> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}
