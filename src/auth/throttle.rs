//! How often one may: sliding windows.
//!
//! Everything counts in [`Instant`]s that are passed in, so a wall clock that jumps neither frees nor holds anybody.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sign_in_guard::SignInGuard;
use super::table::{Entry, KEYS, Table, nanoseconds};
use crate::model::{AddressKey, ChannelId, Code, Error, Result, UserId, limits};

/// Slots of a window. Up to this many a limit is counted exactly, above in steps of `window / SLOTS`.
const SLOTS: u32 = 60;

/// What a throttle says, also for the headers `X-RateLimit-…` and `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many fit in a window.
    pub limit: u32,
    /// How many more fit now.
    pub remaining: u32,
    /// After this, the whole limit is there again if nothing more is taken.
    pub reset_after: Duration,
    /// If it was refused: after this, one more fits.
    pub refused: Option<Duration>,
}

impl Allowance {
    /// Goes on unless it was refused.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn into_result(self) -> Result<Self> {
        self.refused.map_or(Ok(self), |wait| Err(too_many(wait)))
    }
}

/// 429, with the wait rounded up to whole seconds, at least 1.
pub(super) fn too_many(wait: Duration) -> Error {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
    Error { retry_after_s: Some(seconds), ..Error::new(Code::RateLimited) }
}

/// A rate for each key: so many in any window of that length.
///
/// The window slides: never more than the limit in any stretch of its length, which windows with fixed edges and
/// token buckets both allow to be doubled. Limits over 60 are counted in slots that leave the window with
/// their last use, so that the count errs on the strict side, by a sixtieth of the window at most.
#[derive(Debug)]
pub struct Throttle<K> {
    limit: u32,
    window_ns: u64,
    off: bool,
    origin: Instant,
    table: Mutex<Table<K, Window>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// So many in so long, for each key.
    pub fn new((limit, window): (u32, Duration)) -> Self {
        let window_ns = nanoseconds(window);
        Self { limit, window_ns, off: false, origin: Instant::now(), table: Mutex::new(Table::of(KEYS)) }
    }

    /// One that counts nothing and refuses nothing, but still tells its limit.
    pub fn off(rate: (u32, Duration)) -> Self {
        Self { off: true, ..Self::new(rate) }
    }

    /// Takes one, unless none is left; a refusal counts nothing, so that waiting always helps.
    pub fn take(&self, key: K, now: Instant) -> Allowance {
        if self.off {
            return self.untouched();
        }
        let now = self.since_origin(now);
        let mut table = self.lock();
        let window = table.get_or_insert(key, now);
        window.forget_before(now, self.window_ns);
        if window.taken >= self.limit {
            let one_more = window.slots.front().map_or(self.window_ns, |slot| slot.leaves_in(now, self.window_ns));
            return Allowance { refused: Some(Duration::from_nanos(one_more)), ..self.allowance(window, now) };
        }
        window.add(now, self.limit, self.window_ns);
        self.allowance(window, now)
    }

    /// What [`take`](Self::take) would say, without taking; `refused` if nothing is left.
    pub fn peek<Q: Hash + indexmap::Equivalent<K> + ?Sized>(&self, key: &Q, now: Instant) -> Allowance {
        let now = self.since_origin(now);
        let mut table = self.lock();
        let Some(window) = table.entries.get_mut(key) else {
            return self.untouched();
        };
        window.forget_before(now, self.window_ns);
        let refused = (window.taken >= self.limit)
            .then(|| window.slots.front().map_or(self.window_ns, |slot| slot.leaves_in(now, self.window_ns)))
            .map(Duration::from_nanos);
        Allowance { refused, ..self.allowance(window, now) }
    }

    /// Gives the latest one back: what was taken in advance turned out not to count.
    pub fn give_back<Q: Hash + indexmap::Equivalent<K> + ?Sized>(&self, key: &Q) {
        if let Some(window) = self.lock().entries.get_mut(key) {
            window.remove_latest();
        }
    }

    fn untouched(&self) -> Allowance {
        Allowance { limit: self.limit, remaining: self.limit, reset_after: Duration::ZERO, refused: None }
    }

    fn allowance(&self, window: &Window, now: u64) -> Allowance {
        let reset_after = window.slots.back().map_or(0, |slot| slot.leaves_in(now, self.window_ns));
        Allowance {
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.taken),
            reset_after: Duration::from_nanos(reset_after),
            refused: None,
        }
    }

    fn since_origin(&self, now: Instant) -> u64 {
        nanoseconds(now.saturating_duration_since(self.origin))
    }

    fn lock(&self) -> MutexGuard<'_, Table<K, Window>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was taken in the last window, oldest first; times in nanoseconds.
#[derive(Debug, Default)]
struct Window {
    slots: VecDeque<Slot>,
    taken: u32,
    empty_at: u64,
}

#[derive(Debug)]
struct Slot {
    first: u64,
    last: u64,
    taken: u32,
}

impl Slot {
    fn leaves_in(&self, now: u64, window_ns: u64) -> u64 {
        self.last.saturating_add(window_ns).saturating_sub(now)
    }
}

impl Window {
    fn forget_before(&mut self, now: u64, window_ns: u64) {
        while let Some(slot) = self.slots.front()
            && slot.leaves_in(now, window_ns) == 0
        {
            self.taken = self.taken.saturating_sub(slot.taken);
            self.slots.pop_front();
        }
    }

    fn add(&mut self, now: u64, limit: u32, window_ns: u64) {
        // Threads may come in another order than their clocks were read: time stands still then.
        let now = self.slots.back().map_or(now, |slot| slot.last.max(now));
        let step = if limit <= SLOTS { 0 } else { window_ns / u64::from(SLOTS) };
        match self.slots.back_mut() {
            Some(slot) if now - slot.first < step => {
                slot.last = now;
                slot.taken += 1;
            }
            _ => self.slots.push_back(Slot { first: now, last: now, taken: 1 }),
        }
        self.taken += 1;
        self.empty_at = now.saturating_add(window_ns);
    }

    fn remove_latest(&mut self) {
        let Some(slot) = self.slots.back_mut() else { return };
        slot.taken -= 1;
        self.taken -= 1;
        if slot.taken == 0 {
            self.slots.pop_back();
        }
    }
}

impl Entry for Window {
    fn is_over(&self, now: u64) -> bool {
        self.empty_at <= now
    }
    fn weight(&self) -> u32 {
        self.taken
    }
}

/// How many in how long, for everything that is limited; each an option of the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Sign-ins per address.
    pub sign_in: (u32, Duration),
    /// Registrations per address.
    pub register: (u32, Duration),
    /// Registrations per address that carry a valid invite.
    pub register_invited: (u32, Duration),
    /// Wrong invite codes per address.
    pub invite_guess: (u32, Duration),
    /// Messages per user and channel.
    pub message: (u32, Duration),
    /// Other writes per user.
    pub write: (u32, Duration),
    /// Reads per user.
    pub read: (u32, Duration),
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            sign_in: limits::RATE_SIGN_IN,
            register: limits::RATE_REGISTER,
            register_invited: limits::RATE_REGISTER_INVITED,
            invite_guess: limits::RATE_INVITE_GUESS,
            message: limits::RATE_MESSAGE,
            write: limits::RATE_WRITE,
            read: limits::RATE_READ,
        }
    }
}

/// All throttles of the program.
#[derive(Debug)]
pub struct Throttles {
    /// Sign-ins per address.
    pub sign_in: Throttle<AddressKey>,
    /// The growing delay per account and address, besides `sign_in`.
    pub sign_in_guard: SignInGuard,
    /// Registrations per address.
    pub register: Throttle<AddressKey>,
    /// Registrations per address that carry a valid invite; instead of `register`.
    pub register_invited: Throttle<AddressKey>,
    /// Wrong invite codes per address: `peek` before the look-up, `take` when it was wrong.
    pub invite_guess: Throttle<AddressKey>,
    /// Messages per user and channel.
    pub message: Throttle<(UserId, ChannelId)>,
    /// Other writes per user.
    pub write: Throttle<UserId>,
    /// Reads per user.
    pub read: Throttle<UserId>,
}

impl Throttles {
    /// Throttles of these rates.
    pub fn new(rates: &Rates) -> Self {
        Self {
            sign_in: Throttle::new(rates.sign_in),
            sign_in_guard: SignInGuard::new(),
            register: Throttle::new(rates.register),
            register_invited: Throttle::new(rates.register_invited),
            invite_guess: Throttle::new(rates.invite_guess),
            message: Throttle::new(rates.message),
            write: Throttle::new(rates.write),
            read: Throttle::new(rates.read),
        }
    }

    /// Throttles that refuse nothing, for load tests and for those who have a proxy do it.
    pub fn off() -> Self {
        let rates = Rates::default();
        Self {
            sign_in: Throttle::off(rates.sign_in),
            sign_in_guard: SignInGuard::off(),
            register: Throttle::off(rates.register),
            register_invited: Throttle::off(rates.register_invited),
            invite_guess: Throttle::off(rates.invite_guess),
            message: Throttle::off(rates.message),
            write: Throttle::off(rates.write),
            read: Throttle::off(rates.read),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::table::{Entry, KEYS, Table};
    use super::{Allowance, Rates, SLOTS, Throttle, Throttles, Window, nanoseconds};
    use crate::model::{AddressKey, ChannelId, Code, UserId, limits};

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn address(text: &str) -> AddressKey {
        AddressKey::from(text.parse::<std::net::IpAddr>().unwrap())
    }

    #[test]
    fn ten_in_ten_seconds_are_exactly_that() {
        let (throttle, start) = (Throttle::new((10, s(10.0))), Instant::now());
        for taken in 0..10 {
            let allowance = throttle.take(ALICE, start + s(0.5) * taken);
            let expected = Allowance { limit: 10, remaining: 9 - taken, reset_after: s(10.0), refused: None };
            assert_eq!(allowance, expected);
        }
        // The first leaves after 10 s, the last after 14.5 s.
        let refused = throttle.take(ALICE, start + s(5.0));
        assert_eq!((refused.remaining, refused.refused, refused.reset_after), (0, Some(s(5.0)), s(9.5)));
        assert_eq!(throttle.take(BOB, start + s(5.0)).remaining, 9);
        assert_eq!(throttle.take(ALICE, start + s(9.999)).refused, Some(s(0.001)));
        assert_eq!(throttle.take(ALICE, start + s(10.0)).refused, None);
        assert_eq!(throttle.take(ALICE, start + s(10.0)).refused, Some(s(0.5)));
        assert_eq!(throttle.take(ALICE, start + s(30.0)).remaining, 9);
    }

    #[test]
    fn never_more_than_the_limit_in_any_window_and_nearly_all_of_it_in_the_long_run() {
        for limit in [1, 3, SLOTS, SLOTS + 1, 600] {
            let (throttle, start, window) = (Throttle::new((limit, s(60.0))), Instant::now(), s(60.0));
            let mut passed = Vec::new();
            // Uneven, and about three times as fast as is allowed.
            for attempt in 0..limit * 30 {
                let now = start + s(20.0 / f64::from(limit)) * attempt + s(0.003) * (attempt % 7);
                if throttle.take(ALICE, now).refused.is_none() {
                    passed.push(now);
                }
            }
            let limit = limit as usize;
            assert!(passed.windows(limit + 1).all(|run| run[limit] - run[0] >= window), "{limit}");
            assert!(passed.len() >= limit * 9, "{limit}: {} passed", passed.len());
            let kept = throttle.lock().entries.get(&ALICE).unwrap().slots.len();
            assert!(kept <= SLOTS as usize + 1, "{limit}: {kept} slots");
        }
    }

    #[test]
    fn waiting_as_long_as_it_says_helps() {
        for limit in [10, 600] {
            let (throttle, mut now) = (Throttle::new((limit, s(60.0))), Instant::now());
            for _ in 0..limit * 3 {
                if let Some(wait) = throttle.take(ALICE, now).refused {
                    assert!(wait > Duration::ZERO && wait <= s(60.0));
                    now += wait;
                    assert_eq!(throttle.take(ALICE, now).refused, None);
                }
                now += s(0.01);
            }
            let reset = throttle.peek(&ALICE, now).reset_after;
            assert_eq!(throttle.peek(&ALICE, now + reset).remaining, limit);
        }
    }

    #[test]
    fn looking_takes_nothing_and_giving_back_gives_one() {
        let (throttle, now) = (Throttle::new((2, s(60.0))), Instant::now());
        assert_eq!(throttle.peek(&ALICE, now).remaining, 2);
        throttle.give_back(&ALICE);
        assert_eq!(throttle.take(ALICE, now).remaining, 1);
        assert_eq!(throttle.peek(&ALICE, now).remaining, 1);
        assert_eq!(throttle.take(ALICE, now).remaining, 0);
        assert_eq!(throttle.peek(&ALICE, now).refused, Some(s(60.0)));
        throttle.give_back(&ALICE);
        assert_eq!((throttle.peek(&ALICE, now).remaining, throttle.peek(&ALICE, now).refused), (1, None));
        for _ in 0..5 {
            throttle.give_back(&ALICE);
        }
        assert_eq!(throttle.peek(&ALICE, now).remaining, 2);
    }

    #[test]
    fn clocks_read_in_another_order_do_no_harm() {
        let (throttle, start) = (Throttle::new((3, s(10.0))), Instant::now());
        assert_eq!(throttle.take(ALICE, start + s(5.0)).remaining, 2);
        assert_eq!(throttle.take(ALICE, start).remaining, 1);
        assert_eq!(throttle.take(ALICE, start + s(5.0)).remaining, 0);
        assert_eq!(throttle.take(ALICE, start + s(15.0)).remaining, 2);
        let before_origin = Instant::now().checked_sub(s(1.0)).unwrap_or_else(Instant::now);
        assert_eq!(throttle.take(BOB, before_origin).remaining, 2);
    }

    #[test]
    fn a_limit_of_nothing_refuses_all_and_off_refuses_nothing() {
        let now = Instant::now();
        assert_eq!(Throttle::new((0, s(60.0))).take(ALICE, now).refused, Some(s(60.0)));
        let off = Throttle::off((2, s(60.0)));
        for _ in 0..10 {
            assert_eq!(off.take(ALICE, now).into_result().unwrap().remaining, 2);
        }
        assert!(off.peek(&ALICE, now).refused.is_none() && off.lock().entries.is_empty());
    }

    #[test]
    fn a_refusal_is_429_with_whole_seconds() {
        for (wait, told) in [(0.000_1, 1), (1.0, 1), (1.001, 2), (59.5, 60)] {
            let refused = Allowance { limit: 1, remaining: 0, reset_after: s(wait), refused: Some(s(wait)) };
            let error = refused.into_result().unwrap_err();
            assert_eq!((error.code, error.retry_after_s), (Code::RateLimited, Some(told)));
        }
    }

    #[test]
    fn many_threads_share_one_count() {
        let (throttle, now) = (Throttle::new((100, s(60.0))), Instant::now());
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..50).filter(|_| throttle.take(ALICE, now).refused.is_none()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 100);
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_does_not_reset_the_one_who_sends_it() {
        let (throttle, now) = (Throttle::new((10, s(60.0))), Instant::now());
        let mallory = address("192.0.2.66");
        while throttle.take(mallory, now).refused.is_none() {}
        for prefix in 0..3 * KEYS as u64 {
            assert_eq!(throttle.take(AddressKey::V6(prefix), now).remaining, 9);
            assert!(throttle.lock().entries.len() <= KEYS);
        }
        assert!(throttle.take(mallory, now).refused.is_some());
    }

    #[test]
    fn what_is_over_goes_first_and_the_table_shrinks() {
        let (throttle, start) = (Throttle::new((10, s(60.0))), Instant::now());
        for user in 0..1_000 {
            throttle.take(UserId(user), start);
        }
        for user in 0..100 {
            throttle.take(UserId(10_000 + user), start + s(60.0));
        }
        assert_eq!(throttle.lock().entries.len(), 100);
    }

    #[test]
    fn a_full_table_forgets_what_counts_least() {
        let mut table: Table<u32, Window> = Table::of(8);
        for key in 0..8 {
            let window = table.get_or_insert(key, 0);
            for _ in 0..=(key + 3) % 8 {
                window.add(0, 10, 1_000);
            }
        }
        table.get_or_insert(8, 1).add(1, 10, 1_000);
        let left: std::collections::BTreeMap<_, _> = table.entries.iter().map(|(key, e)| (*key, e.weight())).collect();
        assert_eq!(left.len(), 8);
        assert!(!left.contains_key(&5), "{left:?}");
        // When they are over, there is room without choosing.
        table.get_or_insert(9, 1_001).add(1_001, 10, 1_000);
        assert_eq!(table.entries.keys().collect::<Vec<_>>(), [&9]);
    }

    #[test]
    fn the_bundle_has_the_rates_of_the_limits() {
        let (throttles, now) = (Throttles::new(&Rates::default()), Instant::now());
        assert_eq!(throttles.message.take((ALICE, ChannelId(1)), now).limit, limits::RATE_MESSAGE.0);
        assert_eq!(throttles.message.take((ALICE, ChannelId(2)), now).remaining, limits::RATE_MESSAGE.0 - 1);
        assert_eq!(throttles.read.take(ALICE, now).limit, limits::RATE_READ.0);
        assert_eq!(throttles.write.take(ALICE, now).limit, limits::RATE_WRITE.0);
        let home = address("192.0.2.1");
        for (throttle, rate) in [
            (&throttles.sign_in, limits::RATE_SIGN_IN),
            (&throttles.register, limits::RATE_REGISTER),
            (&throttles.register_invited, limits::RATE_REGISTER_INVITED),
            (&throttles.invite_guess, limits::RATE_INVITE_GUESS),
        ] {
            assert_eq!(throttle.take(home, now).limit, rate.0);
            assert_eq!(throttle.window_ns, nanoseconds(rate.1));
        }
        let off = Throttles::off();
        assert!((0..10_000).all(|_| off.read.take(ALICE, now).refused.is_none()));
    }
}
