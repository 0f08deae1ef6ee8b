//! Histograms that cost next to nothing to fill: fixed buckets, relaxed atomics, no lock, no allocation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the buckets for durations, in nanoseconds: from what memory takes to what a tired card takes.
pub const DURATIONS: &[u64; 16] = &[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Upper ends of the buckets for how many of something came at once.
pub const COUNTS: &[u64; 10] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// How often a number fell between which bounds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    buckets: [AtomicU64; N],
    /// Above the last bound.
    above: AtomicU64,
    sum: AtomicU64,
    max: AtomicU64,
}

/// Durations.
pub type Durations = Histogram<16>;
/// How many of something came at once.
pub type Counts = Histogram<10>;

impl Default for Durations {
    fn default() -> Self {
        Self::over(DURATIONS)
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::over(COUNTS)
    }
}

impl<const N: usize> Histogram<N> {
    /// An empty one with these bounds, which increase.
    fn over(bounds: &'static [u64; N]) -> Self {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Self { bounds, buckets, above: AtomicU64::new(0), sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }

    /// Notes a number, `times` over.
    pub fn note(&self, number: u64, times: u64) {
        let bucket = self.bounds.iter().zip(&self.buckets).find(|(bound, _)| number <= **bound);
        bucket.map_or(&self.above, |(_, bucket)| bucket).fetch_add(times, Ordering::Relaxed);
        self.sum.fetch_add(number.saturating_mul(times), Ordering::Relaxed);
        self.max.fetch_max(number, Ordering::Relaxed);
    }

    /// Notes a duration.
    pub fn took(&self, duration: Duration) {
        self.took_each(duration, 1);
    }

    /// Notes a duration, `times` over.
    pub fn took_each(&self, duration: Duration, times: u64) {
        // 584 years.
        self.note(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), times);
    }

    /// What it holds now.
    pub fn read(&self) -> Read {
        let mut count = 0;
        let buckets = self.bounds.iter().zip(&self.buckets).map(|(bound, bucket)| {
            count += bucket.load(Ordering::Relaxed);
            (*bound, count)
        });
        let buckets: Vec<_> = buckets.collect();
        let count = count + self.above.load(Ordering::Relaxed);
        Read { buckets, count, sum: self.sum.load(Ordering::Relaxed), max: self.max.load(Ordering::Relaxed) }
    }
}

/// What a histogram held at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Each bucket's upper end, and how many numbers are at most that.
    pub buckets: Vec<(u64, u64)>,
    /// How many numbers there are.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The greatest.
    pub max: u64,
}

impl Read {
    /// The number that `percent` of all are at most, as exactly as the buckets tell: between a bucket's ends evenly.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let at = self.buckets.iter().position(|(_, upto)| *upto >= rank);
        let below = at.map_or(self.buckets.last(), |at| at.checked_sub(1).and_then(|at| self.buckets.get(at)));
        let (lower, before) = below.copied().unwrap_or_default();
        let (upper, upto) = at.and_then(|at| self.buckets.get(at)).copied().unwrap_or((self.max, self.count));
        let upper = upper.min(self.max).max(lower);
        let share = u128::from(upper - lower) * u128::from(rank.saturating_sub(before));
        let share = share.checked_div(u128::from(upto.saturating_sub(before)))?;
        (self.count > 0).then(|| lower.saturating_add(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

/// What the committer measures.
#[derive(Debug, Default)]
pub struct Commits {
    /// How long a commit took until it was on disk.
    pub duration: Durations,
    /// How many jobs were in it.
    pub jobs: Counts,
}

/// What the fan-out measures.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// How long events took from their commit until they were written to every socket that took them; by the oldest
    /// that was written with them.
    pub delay: Durations,
    /// Events that were told.
    pub events: AtomicU64,
    /// Messages among them.
    pub messages: AtomicU64,
}

#[cfg(test)]
mod tests {
    use super::{Counts, Duration, Durations};

    #[test]
    fn numbers_fall_into_the_first_bucket_that_holds_them() {
        let counts = Counts::default();
        for number in [0, 1, 2, 3, 512, 513, u64::MAX] {
            counts.note(number, 1);
        }
        let read = counts.read();
        let upto: Vec<_> = read.buckets.iter().map(|(_, upto)| *upto).collect();
        assert_eq!(upto, [2, 3, 4, 4, 4, 4, 4, 4, 4, 5]);
        assert_eq!((read.count, read.max), (7, u64::MAX));
        assert!(super::DURATIONS.is_sorted() && super::COUNTS.is_sorted());
    }

    #[test]
    fn a_percentile_lies_in_the_bucket_that_has_it() {
        let durations = Durations::default();
        assert_eq!(durations.read().percentile(50), None);
        let ms = |ms| Duration::from_millis(ms);
        durations.took_each(ms(1), 98);
        durations.took(ms(80));
        durations.took(ms(400));
        let read = durations.read();
        assert_eq!((read.count, read.sum, read.max), (100, 578_000_000, 400_000_000));
        let percentile = |percent| read.percentile(percent).unwrap() / 1_000;
        assert!((500..=1_000).contains(&percentile(50)), "{}", percentile(50));
        assert_eq!(percentile(98), 1_000);
        assert_eq!(percentile(99), 100_000);
        assert_eq!(percentile(100), 400_000);
    }

    #[test]
    fn what_is_above_all_buckets_is_bounded_by_the_greatest() {
        let durations = Durations::default();
        durations.took(Duration::from_secs(30));
        assert_eq!(durations.read().percentile(99), Some(30_000_000_000));
    }
}
