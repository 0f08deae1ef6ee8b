//! A bounded table that forgets well: what the limits count in.

use std::hash::Hash;
use std::time::Duration;

use indexmap::IndexMap;

/// Keys that one throttle remembers. With a few hundred bytes each it bounds what an attacker with many addresses can
/// make us keep; people who use one small server do not come near it.
pub(super) const KEYS: usize = 16_384;

/// Entries looked at to find one to forget.
const SAMPLE: usize = 16;

/// Nanoseconds; 584 years at most.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What a [`Table`] must know to choose what to forget.
pub(super) trait Entry: Default {
    /// Nothing is lost by forgetting it.
    fn is_over(&self, now: u64) -> bool;
    /// How much it counts against its key.
    fn weight(&self) -> u32;
}

/// Entries by key, never more than `capacity`.
///
/// A hand goes round and looks at a few entries for each one that is added. It drops what is over; when the table is
/// full it drops, of [`SAMPLE`] entries, the one that counts least. Whoever wants their own count forgotten must
/// therefore fill the table with others that count as much, which costs `capacity` times what waiting for nothing
/// would have given. Keys are hashed with a random key, so nobody can aim at a bucket.
#[derive(Debug)]
pub(super) struct Table<K, E> {
    pub(super) entries: IndexMap<K, E>,
    capacity: usize,
    hand: usize,
}

impl<K: Eq + Hash, E: Entry> Table<K, E> {
    pub(super) fn of(capacity: usize) -> Self {
        Self { entries: IndexMap::new(), capacity, hand: 0 }
    }

    pub(super) fn get_or_insert(&mut self, key: K, now: u64) -> &mut E {
        if !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        self.entries.entry(key).or_default()
    }

    fn make_room(&mut self, now: u64) {
        let mut lightest: Option<(u32, usize)> = None;
        for _ in 0..SAMPLE.min(self.entries.len()) {
            if self.hand >= self.entries.len() {
                self.hand = 0;
            }
            let Some((_, entry)) = self.entries.get_index(self.hand) else { break };
            if entry.is_over(now) {
                // The last entry moves here and is looked at next. It cannot be the lightest so far, as only a full
                // table needs that, and it is full no more.
                self.entries.swap_remove_index(self.hand);
                continue;
            }
            if lightest.is_none_or(|(weight, _)| entry.weight() < weight) {
                lightest = Some((entry.weight(), self.hand));
            }
            self.hand += 1;
        }
        if self.entries.len() >= self.capacity
            && let Some((_, index)) = lightest
        {
            self.entries.swap_remove_index(index);
        }
    }
}
