//! Guessing one account's password gets slower with every failure.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::table::{Entry, KEYS, Table, nanoseconds};
use super::throttle::too_many;
use crate::model::name::Username;
use crate::model::{AddressKey, Result};

/// Failed sign-ins of one account from one address that cost no delay: people mistype.
const FREE_FAILURES: u32 = 5;

/// The delay after the first failure that is not free; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest delay: 96 guesses a day.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// Failures are forgotten this long after the last one.
const FAILURES_FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// A growing delay for one account from one address after failed sign-ins.
///
/// The first five failures are free, then it is 1 s, 2 s, 4 s … up to 15 minutes. Another address of the same account
/// is not touched, so nobody locks the owner out of their own device. Names of no account count as well: a delay does
/// not tell who exists. Refused attempts count nothing, so that the delay ends when it says.
#[derive(Debug)]
pub struct SignInGuard {
    off: bool,
    origin: Instant,
    table: Mutex<Table<(Username, AddressKey), Failures>>,
}

#[derive(Debug, Default)]
struct Failures {
    count: u32,
    latest: u64,
}

impl Failures {
    fn blocked_until(&self) -> u64 {
        self.latest.saturating_add(nanoseconds(delay_after(self.count)))
    }
}

impl Entry for Failures {
    fn is_over(&self, now: u64) -> bool {
        self.count == 0 || self.latest.saturating_add(nanoseconds(FAILURES_FORGOTTEN)) <= now
    }
    fn weight(&self) -> u32 {
        self.count
    }
}

impl Default for SignInGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl SignInGuard {
    /// Nobody has failed yet.
    pub fn new() -> Self {
        Self { off: false, origin: Instant::now(), table: Mutex::new(Table::of(KEYS)) }
    }

    /// One that never delays.
    pub fn off() -> Self {
        Self { off: true, ..Self::new() }
    }

    /// Begins an attempt, before the password is looked at. It counts as failed until [`succeeded`](Self::succeeded)
    /// or [`abandoned`](Self::abandoned) says otherwise; so a hundred guesses at once are not all the first.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn begin(&self, account: &Username, address: AddressKey, now: Instant) -> Result<()> {
        if self.off {
            return Ok(());
        }
        let now = nanoseconds(now.saturating_duration_since(self.origin));
        let mut table = self.lock();
        let failures = table.get_or_insert((account.clone(), address), now);
        if failures.is_over(now) {
            *failures = Failures::default();
        }
        let wait = failures.blocked_until().saturating_sub(now);
        if wait > 0 {
            return Err(too_many(Duration::from_nanos(wait)));
        }
        failures.count = failures.count.saturating_add(1);
        failures.latest = failures.latest.max(now);
        Ok(())
    }

    /// The password was right: all is forgotten.
    pub fn succeeded(&self, account: &Username, address: AddressKey) {
        self.lock().entries.swap_remove(&(account.clone(), address));
    }

    /// The password was not looked at, as the server was too busy: this attempt counts nothing. What the attempts
    /// before it cost is still to be waited for, or else many at once, some of them turned away, would wipe it out.
    pub fn abandoned(&self, account: &Username, address: AddressKey) {
        if let Some(failures) = self.lock().entries.get_mut(&(account.clone(), address)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table<(Username, AddressKey), Failures>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn delay_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_DELAY.saturating_mul(1 << doublings.min(20)).min(LONGEST_DELAY),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{FAILURES_FORGOTTEN, LONGEST_DELAY, SignInGuard, delay_after};
    use crate::model::name::Username;
    use crate::model::{AddressKey, Code};

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn address(text: &str) -> AddressKey {
        AddressKey::from(text.parse::<std::net::IpAddr>().unwrap())
    }

    #[test]
    fn the_delay_doubles_after_five_failures() {
        let (guard, home, mut now) = (SignInGuard::new(), address("192.0.2.1"), Instant::now());
        let alice = Username::parse("alice").unwrap();
        for _ in 0..6 {
            guard.begin(&alice, home, now).unwrap();
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            for _ in 0..3 {
                let refused = guard.begin(&alice, home, now).unwrap_err();
                assert_eq!((refused.code, refused.retry_after_s), (Code::RateLimited, Some(wait)));
            }
            now += s(wait as f64);
            guard.begin(&alice, home, now).unwrap();
        }
        assert_eq!(delay_after(u32::MAX), LONGEST_DELAY);
        assert_eq!(delay_after(0), Duration::ZERO);
        now += FAILURES_FORGOTTEN;
        for _ in 0..6 {
            guard.begin(&alice, home, now).unwrap();
        }
        assert!(guard.begin(&alice, home, now).is_err());
    }

    #[test]
    fn mallory_cannot_lock_alice_out_of_her_own_device() {
        let (guard, now) = (SignInGuard::new(), Instant::now());
        let (alice, bob) = (Username::parse("alice").unwrap(), Username::parse("bob").unwrap());
        let (home, elsewhere) = (address("2001:db8:1::1"), address("2001:db8:66::1"));
        while guard.begin(&alice, elsewhere, now).is_ok() {}
        assert!(guard.begin(&alice, address("2001:db8:66::2"), now).is_err(), "the same prefix");
        assert!(guard.begin(&bob, elsewhere, now).is_ok(), "another account");
        guard.begin(&alice, home, now).unwrap();
        guard.succeeded(&alice, home);
        assert!(guard.begin(&alice, elsewhere, now).is_err(), "her success at home is not his");
    }

    #[test]
    fn success_forgets_and_a_busy_server_does_not_count() {
        let (guard, home, now) = (SignInGuard::new(), address("192.0.2.1"), Instant::now());
        let alice = Username::parse("alice").unwrap();
        for _ in 0..3 {
            for _ in 0..5 {
                guard.begin(&alice, home, now).unwrap();
            }
            guard.succeeded(&alice, home);
        }
        assert!(guard.lock().entries.is_empty());
        for _ in 0..100 {
            guard.begin(&alice, home, now).unwrap();
            guard.abandoned(&alice, home);
        }
        // The eighth is turned away; the delay of the seven before it stands.
        for _ in 0..6 {
            guard.begin(&alice, home, now).unwrap();
        }
        guard.begin(&alice, home, now + s(1.0)).unwrap();
        guard.begin(&alice, home, now + s(3.0)).unwrap();
        guard.abandoned(&alice, home);
        assert_eq!(guard.begin(&alice, home, now + s(3.0)).unwrap_err().retry_after_s, Some(2));
        let off = SignInGuard::off();
        assert!((0..100).all(|_| off.begin(&alice, home, now).is_ok()));
    }
}
