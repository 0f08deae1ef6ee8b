//! How long jobs wait, and what the committer leaves for later because of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Bench, CHANNEL, Queue, Sweep, note};
use crate::model::{MessageId, Pressure, Work, limits};

const HOUR: Duration = Duration::from_secs(3_600);

/// A bench where something has been so late that indexing waits until `falls_at`.
fn late_until(falls_at: Instant) -> Bench {
    Bench::with(Queue::new(Arc::new(Pressure::falling(limits::LATE_FOR_SEARCH_INDEXING, falls_at))))
}

/// Lets so many messages in all wait for the index.
fn wait_for_index(bench: &Bench, count: usize) {
    bench.committer.tail.add((1..).take(count).map(|id| (MessageId(id), CHANNEL)));
}

#[test]
fn the_oldest_job_counts_also_if_it_is_left_for_the_next_batch() {
    let mut bench = Bench::new();
    let late = |bench: &Bench, now: Instant| bench.queue.pressure().late(now);
    let begun = Instant::now();
    let answers: Vec<_> = (0..=limits::BATCH_JOBS).map(|n| bench.put(note(n as i64))).collect();
    let put = Instant::now();
    assert!(late(&bench, put + HOUR) >= HOUR && late(&bench, begun) == Duration::ZERO);
    bench.turn();
    assert!(late(&bench, put + HOUR) >= HOUR, "the last of them waits");
    bench.turn();
    assert_eq!(late(&bench, put + HOUR), Duration::ZERO);
    assert!(answers.iter().all(|answer| answer.try_recv().unwrap().is_ok()));
    // One that is refused has waited too.
    let refused = bench.put(|_| Err::<(), _>(crate::model::Error::forbidden()));
    assert!(late(&bench, Instant::now() + HOUR) >= HOUR);
    bench.turn();
    assert!(refused.try_recv().unwrap().is_err());
    assert_eq!(late(&bench, Instant::now() + HOUR), Duration::ZERO);
}

#[test]
fn indexing_waits_while_writes_are_late_and_goes_on_by_itself() {
    let falls_at = Instant::now() + Duration::from_millis(50);
    let mut bench = late_until(falls_at);
    bench.committer.refill_at = None;
    wait_for_index(&bench, limits::SEARCH_BATCH);
    // Nobody writes. A turn may end to tell the log.
    while bench.committer.tail.len() > 0 {
        bench.turn();
    }
    assert!(Instant::now() >= falls_at);
    // At rest there is nothing to wake for.
    assert_eq!(bench.queue.pressure().look_at(Instant::now()), None);
    assert_eq!(bench.committer.indexing_waits_until(), None);
}

#[test]
fn sweeping_goes_on_whatever_is_late() {
    let mut bench = late_until(Instant::now() + HOUR);
    wait_for_index(&bench, limits::SEARCH_BATCH);
    bench.committer.sweep = Sweep::Due;
    assert!(bench.committer.has_idle_work() && bench.committer.turn());
    assert_eq!(bench.committer.sweep, Sweep::Nothing);
    assert_eq!(bench.committer.tail.len(), limits::SEARCH_BATCH);
}

#[test]
fn nobody_waits_for_the_index_while_writes_are_late_until_memory_counts() {
    let mut bench = late_until(Instant::now() + HOUR);
    wait_for_index(&bench, limits::SEARCH_TAIL_MAX - 1);
    bench.run(note(1)).unwrap();
    assert_eq!(bench.committer.tail.len(), limits::SEARCH_TAIL_MAX - 1);
    assert_eq!(bench.queue.pressure().counted(Work::SearchIndexing), 1);
    wait_for_index(&bench, limits::SEARCH_TAIL_MAX);
    bench.run(note(2)).unwrap();
    assert_eq!(bench.committer.tail.len(), limits::SEARCH_TAIL_MAX - limits::SEARCH_BATCH);
    // In time it is earlier.
    let mut bench = Bench::new();
    wait_for_index(&bench, limits::SEARCH_TAIL);
    bench.run(note(1)).unwrap();
    assert_eq!(bench.committer.tail.len(), limits::SEARCH_TAIL - limits::SEARCH_BATCH);
}
