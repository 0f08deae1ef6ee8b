//! How busy the load generator was: what a saturated generator measures is itself.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// From this share of a core on, running or waiting to run, the generator had no time left.
const SATURATED: f64 = 0.9;

/// What the calling thread has done since it began.
pub struct Effort {
    since: Instant,
    cpu: Duration,
    waited: Duration,
}

/// Parts of the time that has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// The thread ran.
    pub ran: f64,
    /// It could have run, but others had the cores.
    pub waited: f64,
}

impl Effort {
    /// Begins now.
    pub fn begin() -> Self {
        Self { since: Instant::now(), cpu: thread_cpu(), waited: thread_waited() }
    }

    /// What it was until now.
    pub fn share(&self) -> Share {
        let passed = self.since.elapsed().as_secs_f64();
        let of = |now: Duration, before: Duration| now.saturating_sub(before).as_secs_f64() / passed;
        Share { ran: of(thread_cpu(), self.cpu), waited: of(thread_waited(), self.waited) }
    }
}

impl Share {
    /// Whether more load would not have been possible.
    pub fn is_saturated(self) -> bool {
        self.ran + self.waited >= SATURATED
    }
}

/// What to say about a generator that was so busy, in each round.
pub fn note(shares: &[Share]) -> String {
    let most = |of: fn(&Share) -> f64| shares.iter().map(of).fold(0.0, f64::max) * 100.0;
    let note = format!(
        "the load generator took up to {:.0} % of a core and waited for one up to {:.0} % of the time",
        most(|share| share.ran),
        most(|share| share.waited)
    );
    if shares.iter().any(|share| share.is_saturated()) { note + ": SATURATED, the server could do more" } else { note }
}

/// CPU time of the calling thread.
pub fn thread_cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// How long the calling thread has waited for a core: the second field of `/proc/thread-self/schedstat`, in
/// nanoseconds (kernel documentation, `scheduler/sched-stats.rst`). Zero where the kernel does not tell.
fn thread_waited() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').nth(1).and_then(|field| field.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Share, note};

    #[test]
    fn a_saturated_generator_says_so() {
        let share = |ran, waited| Share { ran, waited };
        assert!(!note(&[share(0.5, 0.1), share(0.2, 0.3)]).contains("SATURATED"));
        assert!(note(&[share(0.5, 0.1), share(0.6, 0.35)]).contains("SATURATED"));
    }
}
