//! Access tokens that were found to be ours a moment ago.
//!
//! Whoever posts uses one token for many requests. Checking it anew each time took 6 % of the CPU time of a message,
//! and a tenth of its allocations.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use super::Claims;

/// How many are remembered.
const SLOTS: usize = 128;

/// A table in which a newer token displaces an older one.
pub(super) struct Verified([Mutex<Option<Entry>>; SLOTS]);

struct Entry {
    token: Box<str>,
    claims: Claims,
}

impl Verified {
    pub(super) const fn new() -> Self {
        Self([const { Mutex::new(None) }; SLOTS])
    }

    /// What the token says, if it is remembered. Whether its time is over is the caller's question.
    pub(super) fn get(&self, token: &str) -> Option<Claims> {
        let entry = self.slot(token)?.lock().unwrap_or_else(PoisonError::into_inner);
        entry.as_ref().filter(|entry| is_same(&entry.token, token)).map(|entry| entry.claims)
    }

    /// Remembers a token that was verified.
    pub(super) fn put(&self, token: &str, claims: Claims) {
        if let Some(slot) = self.slot(token) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Entry { token: token.into(), claims });
        }
    }

    /// A token's last characters are of its tag, and so as good as random.
    fn slot(&self, token: &str) -> Option<&Mutex<Option<Entry>>> {
        let tail = token.bytes().rev().take(8);
        self.0.get(tail.fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte))) % SLOTS)
    }
}

/// Compares in a time that does not tell where they differ: nobody finds a token out byte by byte.
fn is_same(known: &str, given: &str) -> bool {
    let differing = known.bytes().zip(given.bytes()).fold(0, |differing, (a, b)| differing | (a ^ b));
    black_box(differing) == 0 && known.len() == given.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SessionId, Timestamp, UserId};

    #[test]
    fn exactly_what_was_put_in_is_found_until_another_takes_its_place() {
        let claims = |user| Claims { user_id: UserId(user), session_id: SessionId(1), expires_at: Timestamp(9) };
        let verified = Verified::new();
        verified.put("one.token.12345678", claims(1));
        assert_eq!(verified.get("one.token.12345678"), Some(claims(1)));
        // The same slot, by the same end.
        for other in ["two.token.12345678", "one.token.1234567", "none.token.12345678", "12345678", ""] {
            assert_eq!(verified.get(other), None, "{other}");
        }
        verified.put("two.token.12345678", claims(2));
        assert_eq!(verified.get("two.token.12345678"), Some(claims(2)));
        assert_eq!(verified.get("one.token.12345678"), None);
    }
}
