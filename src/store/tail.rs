//! Messages that the search index does not have yet, or not as they are now.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{ChannelId, MessageId};

/// A message and where it stands.
pub type Spot = (MessageId, ChannelId);

/// The messages that are still to come into the search index. Whoever searches looks through them one by one.
///
/// They are copied before the snapshot begins: what a batch has indexed and taken out by then is in the snapshot's index.
#[derive(Default)]
pub(super) struct Tail(Mutex<BTreeMap<MessageId, ChannelId>>);

impl Tail {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<MessageId, ChannelId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, spots: impl IntoIterator<Item = Spot>) {
        self.lock().extend(spots);
    }

    pub(super) fn remove(&self, spots: &[Spot]) {
        let mut tail = self.lock();
        for (message, _) in spots {
            tail.remove(message);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The oldest, at most so many.
    pub(super) fn first(&self, count: usize) -> Vec<Spot> {
        self.lock().iter().take(count).map(|(message, channel)| (*message, *channel)).collect()
    }

    /// All of them, newest first.
    pub(super) fn newest_first(&self) -> Vec<Spot> {
        self.lock().iter().rev().map(|(message, channel)| (*message, *channel)).collect()
    }
}
