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
    assert_eq!(sends(&mut queue, now), [(1, message(7, 3)), (1, message(8, 3)), (2, message(7, 3))]);
    assert_eq!((queue.due(), queue.dropped()), (None, 0));
    assert!(queue.rests.is_empty() && queue.by_key.is_empty(), "nothing is left of what is done");
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
            // None: all that was due waits for its push service.
            let Some(job) = queue.take(now) else { continue };
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
fn users_take_turns_and_slow_push_services_rest() {
    let (mut queue, start) = (Queue::default(), Instant::now());
    let busy = |n| Address { user: UserId(1), ..to(n, "busy") };
    (0..100).for_each(|n| queue.put(busy(n), message(7, 1), start));
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
    assert!(queue.jobs.is_empty() && queue.quick.is_empty() && queue.slow.is_empty() && queue.rests.is_empty());
    assert!(queue.lanes.is_empty() && queue.by_key.is_empty());
}

#[test]
fn of_those_that_are_shown_the_latest_are_remembered() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let mut tell = |subscription| {
        queue.put(to(subscription, "a"), message(9, subscription), now);
        sends(&mut queue, now);
        queue.shown.len()
    };
    let all = limits::PUSH_SHOWN as i64;
    let most = (0..all).map(&mut tell).max();
    assert_eq!(most, Some(limits::PUSH_SHOWN));
    // The first of all is told anew, and two that were not known push out two others.
    for subscription in [0, all, all + 1] {
        assert_eq!(tell(subscription), limits::PUSH_SHOWN);
    }
    let is_known = |subscription| queue.last_shown(SubscriptionId(subscription), ChannelId(9)).is_some();
    assert_eq!([0, 1, 2, 3, all, all + 1].map(is_known), [true, false, false, true, true, true]);
}

#[test]
fn whoever_seems_to_look_is_told_later_and_at_once_when_they_look_away() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let later = |queue: &mut Queue, n, at: Instant| queue.put_later(to(1, "a"), message(7, n), at, at + 60 * SECOND);
    later(&mut queue, 1, now);
    assert_eq!((queue.due(), sends(&mut queue, now + 59 * SECOND).len()), (Some(now + 60 * SECOND), 0));
    // Of the second it must show, too, whether they are there.
    later(&mut queue, 2, now + 30 * SECOND);
    assert_eq!((queue.due(), queue.len()), (Some(now + 90 * SECOND), 1));
    assert_eq!(sends(&mut queue, now + 90 * SECOND), [(1, message(7, 2))]);
    later(&mut queue, 3, now);
    queue.read(to(1, "a"), ChannelId(7), MessageId(2), now);
    queue.put(to(1, "a"), message(7, 4), now + SECOND);
    assert_eq!(sends(&mut queue, now + SECOND), [(1, message(7, 4))]);
    // What is tried again waits, whatever comes in its place.
    queue.put(to(1, "a"), message(7, 5), now);
    let job = queue.take(now).unwrap();
    assert!(queue.done(job, FAILED, now, Duration::ZERO));
    queue.put(to(1, "a"), message(7, 6), now);
    assert!(sends(&mut queue, now).is_empty());
}

#[test]
fn one_who_has_subscribed_slow_places_holds_up_nobody_else() {
    let (mut queue, start) = (Queue::default(), Instant::now());
    let at = |user: i64, n: i64, origin: String| Address { user: UserId(user), ..to(user * 100 + n, &origin) };
    // Two with 20 such places each, with two origins for each push service, and one who is told of something each second.
    let (mut now, mut told) = (start, Vec::new());
    for second in 0..600 {
        let tick = start + SECOND * second;
        for n in 0..20 {
            queue.put(at(1, n, format!("slow{n}")), message(7, i64::from(second)), tick);
            queue.put(at(2, n, format!("slow{n}")), message(7, i64::from(second)), tick);
        }
        queue.put(at(3, 0, "quick".to_owned()), message(8, i64::from(second)), tick);
        while queue.due().is_some_and(|due| due <= now.max(tick)) {
            now = now.max(tick);
            let job = queue.take(now).unwrap();
            let took = if job.to.user == UserId(3) { SECOND / 20 } else { limits::PUSH_TIME - SECOND };
            now += took;
            if job.to.user == UserId(3) {
                told.push(now - start - SECOND * second);
            }
            queue.done(job, Outcome::Sent, now, took);
            if now >= tick + SECOND {
                break;
            }
        }
    }
    // Until it is known how slow they are, one try of each.
    let (first, later) = told.split_at(20);
    let latest = |told: &[Duration]| told.iter().max().copied().unwrap();
    assert!(latest(first) <= 2 * limits::PUSH_TIME && latest(later) <= limits::PUSH_TIME, "{told:?}");
    assert!(later.len() > 500, "{}", later.len());
}

#[test]
fn what_a_push_service_says_of_one_subscription_counts_for_all_its_channels() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.put(to(1, "a"), message(7, 1), now);
    queue.put(to(1, "a"), message(8, 2), now);
    queue.put(to(2, "a"), message(8, 2), now);
    let job = queue.take(now).unwrap();
    assert_eq!(job.to.subscription, SubscriptionId(1));
    let after = Some(90 * SECOND);
    assert!(queue.done(job, Outcome::Later { origin: false, after }, now, Duration::ZERO));
    assert_eq!(sends(&mut queue, now), [(2, message(8, 2))]);
    assert_eq!(queue.due(), Some(now + 90 * SECOND));
    assert_eq!(sends(&mut queue, now + 90 * SECOND).len(), 2);
    // However long it says.
    queue.put(to(1, "a"), Task::Test, now);
    let job = queue.take(now + 90 * SECOND).unwrap();
    let ages = Outcome::Later { origin: false, after: Some(limits::PUSH_MESSAGE_TIME * 400) };
    queue.done(job, ages, now, Duration::ZERO);
    queue.put(to(1, "a"), message(7, 3), now);
    assert!(sends(&mut queue, now + limits::PUSH_MESSAGE_TIME - SECOND).is_empty());
    queue.put(to(1, "a"), message(7, 4), now + limits::PUSH_MESSAGE_TIME);
    assert_eq!(sends(&mut queue, now + limits::PUSH_MESSAGE_TIME), [(1, message(7, 4))]);
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
