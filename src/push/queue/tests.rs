//! The queue by made-up times.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FAILED: Outcome = Outcome::Later { origin: true, after: None };

fn to(subscription: i64, origin: &str) -> Address {
    Address { subscription: SubscriptionId(subscription), user: UserId(subscription), origin: origin.into() }
}

fn message(channel: i64, message: i64) -> Task {
    Task::Message(ChannelId(channel), MessageId(message))
}

/// Sends what is due, each in no time; which tasks of which subscriptions.
fn sends(queue: &mut Queue, now: Instant) -> Vec<(i64, Task)> {
    let mut sent = Vec::new();
    while let Some(job) = queue.take(now) {
        sent.push((job.to.subscription.0, job.task));
        queue.done(job, Outcome::Sent, now, Duration::ZERO);
    }
    sent
}

#[test]
fn the_newer_message_of_a_channel_replaces_the_older() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    for n in 1..=3 {
        queue.put(to(1, "a"), message(7, n), now);
        queue.put(to(2, "a"), message(7, n), now);
        queue.put(to(1, "a"), message(8, n), now);
    }
    assert_eq!(queue.len(), 3);
    assert_eq!(sends(&mut queue, now), [(1, message(7, 3)), (2, message(7, 3)), (1, message(8, 3))]);
    assert_eq!((queue.due(), queue.dropped()), (None, 0));
    assert!(queue.origins.is_empty() && queue.by_key.is_empty(), "nothing is left of what is done");
}

#[test]
fn reading_drops_what_waits_and_withdraws_what_is_shown_once() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let read = |queue: &mut Queue, position| queue.read(to(1, "a"), ChannelId(7), MessageId(position), now);
    read(&mut queue, 9);
    assert_eq!(queue.len(), 0, "nothing was told");
    queue.put(to(1, "a"), message(7, 3), now);
    read(&mut queue, 2);
    assert_eq!(queue.len(), 1, "it was not read so far");
    read(&mut queue, 3);
    assert_eq!(queue.len(), 0);

    queue.put(to(1, "a"), message(7, 4), now);
    sends(&mut queue, now);
    assert_eq!(queue.shown(ChannelId(7), MessageId(4)), [SubscriptionId(1)]);
    read(&mut queue, 3);
    assert_eq!(queue.len(), 0);
    queue.put(to(1, "a"), message(7, 5), now);
    read(&mut queue, 4);
    assert_eq!(sends(&mut queue, now), [(1, message(7, 5))], "which takes the place of what is shown");
    queue.put(to(1, "a"), message(7, 6), now);
    read(&mut queue, 6);
    assert_eq!(sends(&mut queue, now), [(1, Task::Read(ChannelId(7), MessageId(6)))]);
    read(&mut queue, 6);
    assert_eq!(queue.len(), 0, "it is withdrawn");
}

#[test]
fn what_is_read_while_it_is_sent_is_withdrawn_behind_it() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    for outcome in [Outcome::Sent, FAILED] {
        queue.put(to(1, "a"), message(7, 1), now);
        let job = queue.take(now + 1_000 * SECOND).unwrap();
        queue.read(to(1, "a"), ChannelId(7), MessageId(1), now);
        assert_eq!(queue.done(job, outcome, now, Duration::ZERO), outcome == FAILED);
        let sent = sends(&mut queue, now + 1_000 * SECOND);
        assert_eq!(sent, [(1, Task::Read(ChannelId(7), MessageId(1)))], "and nothing else");
    }
}

#[test]
fn what_failed_is_tried_again_ever_later_until_it_is_of_no_use() {
    let (mut queue, start) = (Queue::default(), Instant::now());
    queue.put(to(1, "a"), message(7, 1), start);
    let (mut now, mut waits) = (start, Vec::new());
    loop {
        let Some(job) = queue.take(now) else { panic!("nothing is due") };
        assert_eq!(job.attempts as usize, waits.len());
        if !queue.done(job, FAILED, now, SECOND / 10) {
            break;
        }
        let due = queue.due().unwrap();
        waits.push((due - now).as_secs());
        now = due;
    }
    assert_eq!(waits[..10], [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
    assert!(waits[10..].iter().all(|wait| *wait == 3_600));
    assert!(
        now - start < limits::PUSH_MESSAGE_TIME && now - start > limits::PUSH_MESSAGE_TIME - 2 * limits::PUSH_RETRY_MAX
    );
    assert_eq!(queue.len(), 0);
}

#[test]
fn what_a_push_service_says_of_the_time_counts() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.put(to(1, "a"), message(7, 1), now);
    queue.put(to(2, "a"), message(7, 1), now);
    let later = |origin| Outcome::Later { origin, after: Some(90 * SECOND) };
    let job = queue.take(now).unwrap();
    assert!(queue.done(job, later(false), now, Duration::ZERO));
    assert_eq!(sends(&mut queue, now), [(2, message(7, 1))], "one of its subscriptions alone waits");
    assert_eq!(queue.due(), Some(now + 90 * SECOND));
    queue.put(to(2, "a"), message(7, 2), now);
    let job = queue.take(now).unwrap();
    assert!(queue.done(job, later(true), now, Duration::ZERO));
    assert!(sends(&mut queue, now + 89 * SECOND).is_empty(), "all of them wait");
    assert_eq!(sends(&mut queue, now + 90 * SECOND).len(), 2);
    // Later than it is of use.
    queue.put(to(1, "a"), message(7, 3), now);
    let job = queue.take(now + SECOND).unwrap();
    let never = Outcome::Later { origin: false, after: Some(limits::PUSH_MESSAGE_TIME) };
    assert!(!queue.done(job, never, now + SECOND, Duration::ZERO));
}

#[test]
fn a_push_service_that_is_down_for_an_hour_holds_up_nobody_and_gets_all_when_it_is_back() {
    let (mut queue, start) = (Queue::default(), Instant::now());
    let (mut now, mut tries, mut others) = (start, 0, 0);
    for minute in 0..60 {
        (0..20).for_each(|n| queue.put(to(n, "down"), message(7, minute), now));
        queue.put(to(99, "up"), message(7, minute), now);
        let until = start + SECOND * 60 * (minute as u32 + 1);
        while queue.due().is_some_and(|due| due < until) {
            now = now.max(queue.due().unwrap());
            let job = queue.take(now).unwrap();
            if &*job.to.origin == "up" {
                assert_eq!(job.task, message(7, minute));
                others += 1;
                queue.done(job, Outcome::Sent, now, Duration::ZERO);
            } else {
                tries += 1;
                // A time-out, in which nothing else is sent.
                now += limits::PUSH_TIME;
                assert!(queue.done(job, FAILED, now, limits::PUSH_TIME));
            }
        }
        now = until;
    }
    assert_eq!((others, queue.len()), (60, 20));
    assert!(tries < 15, "{tries} tries of one push service");
    let back = now + limits::PUSH_RETRY_MAX;
    let sent = sends(&mut queue, back);
    assert_eq!(sent.len(), 20);
    assert!(sent.iter().all(|(_, task)| *task == message(7, 59)), "the latest of each");
}

#[test]
fn push_services_take_turns_and_slow_ones_rest() {
    let (mut queue, start) = (Queue::default(), Instant::now());
    (0..100).for_each(|n| queue.put(to(n, "busy"), message(7, 1), start));
    queue.put(to(200, "slow"), message(7, 1), start);
    queue.put(to(201, "slow"), message(7, 1), start);
    queue.put(to(300, "late"), message(7, 1), start + SECOND);
    let mut now = start;
    let mut order = Vec::new();
    while let Some(due) = queue.due() {
        now = now.max(due);
        let job = queue.take(now).unwrap();
        let took = if &*job.to.origin == "slow" { 2 * SECOND } else { SECOND / 20 };
        order.push(job.to.subscription.0);
        now += took;
        queue.done(job, Outcome::Sent, now, took);
    }
    let place = |subscription| order.iter().position(|one| *one == subscription).unwrap();
    assert!(place(200) <= 2 && place(300) <= 5, "{order:?}");
    assert!(place(201) > 90, "it rests for four times as long as it took: {order:?}");
}

#[test]
fn ten_thousand_wait_and_the_oldest_gives_way() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let all = limits::PUSH_QUEUE as i64;
    (0..all + 5).for_each(|n| queue.put(to(n, "a"), message(7, 1), now));
    (all..all + 5).for_each(|n| queue.put(to(n, "a"), message(7, 2), now));
    assert_eq!((queue.len(), queue.dropped()), (limits::PUSH_QUEUE, 5));
    // All that there is of an entry: memory is a few megabytes at most.
    assert!(size_of::<Job>() + size_of::<Key>() + 64 <= 256, "{}", size_of::<Job>());
    let sent = sends(&mut queue, now);
    assert_eq!((sent.first(), sent.len()), (Some(&(5, message(7, 1))), limits::PUSH_QUEUE));
    assert!(queue.jobs.is_empty() && queue.turns.is_empty() && queue.origins.is_empty());
    for n in 0..limits::PUSH_SHOWN as i64 {
        queue.put(to(n, "b"), message(9, 1), now);
        sends(&mut queue, now);
    }
    assert_eq!(queue.shown.len(), limits::PUSH_SHOWN);
}

#[test]
fn what_is_too_old_is_not_sent_and_what_is_gone_is_forgotten() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.put(to(1, "a"), Task::Read(ChannelId(7), MessageId(1)), now);
    queue.put(to(1, "a"), message(8, 1), now);
    assert_eq!(sends(&mut queue, now + limits::PUSH_READ_TIME), [(1, message(8, 1))]);
    queue.put(to(1, "a"), message(9, 1), now);
    queue.put(to(2, "a"), Task::Test, now);
    queue.forget(SubscriptionId(1));
    queue.read(to(1, "a"), ChannelId(8), MessageId(1), now);
    assert_eq!(sends(&mut queue, now), [(2, Task::Test)]);
}
