//! An outbox over a real socket whose client reads when the test says so.

use std::net::TcpStream;
use std::sync::Arc;

use super::super::ops;
use super::super::testing::Got::{Close, Event, Own};
use super::super::testing::{connection, event, read};
use super::{Flushed, Frame, Link, Outbox, Pushed, limits};

fn own(op: u8) -> Frame {
    Frame::own(op, &()).unwrap()
}

fn resumed(count: usize) -> Frame {
    Frame::own(ops::RESUMED, &count).unwrap()
}

/// A session that began behind event `s` and was sent CONNECTED.
fn session(s: u64) -> (Outbox, Arc<Link>, TcpStream) {
    let (link, mut client) = connection();
    let outbox = Outbox::new(Arc::clone(&link));
    outbox.hold();
    outbox.begin(s);
    assert_eq!(outbox.open(Frame::event(ops::CONNECTED, s, &()).unwrap()), Flushed::All);
    assert_eq!(read(&mut client, 1), [Event(s)]);
    (outbox, link, client)
}

fn fresh() -> (Outbox, Arc<Link>, TcpStream) {
    let (link, client) = connection();
    (Outbox::new(Arc::clone(&link)), link, client)
}

/// Pushes until the socket takes no more: the number of the last event, which is half written or not at all.
fn stall(outbox: &Outbox, from: u64) -> u64 {
    for s in from.. {
        outbox.push(&event(s, 3_000));
        if let Flushed::Stalled(_) = outbox.flush() {
            return s;
        }
    }
    unreachable!("a socket that takes everything")
}

#[test]
fn events_come_in_order_and_none_twice() {
    let (outbox, _, mut client) = session(10);
    assert_eq!(outbox.push(&event(11, 1)), Pushed::First);
    assert_eq!(outbox.push(&event(12, 1)), Pushed::Waits);
    assert_eq!(outbox.push(&event(12, 1)), Pushed::Known);
    assert_eq!(outbox.push(&event(10, 1)), Pushed::Known, "it is in the snapshot");
    assert_eq!(outbox.flush(), Flushed::All);
    outbox.send(own(ops::HEARTBEAT_ACK));
    assert_eq!(read(&mut client, 3), [Event(11), Event(12), Own(2)]);
}

#[test]
fn hello_comes_before_connected_and_that_before_what_was_held_back() {
    let (outbox, _, mut client) = fresh();
    outbox.send(own(ops::HELLO));
    outbox.hold();
    outbox.begin(10);
    outbox.send(own(ops::HEARTBEAT_ACK));
    outbox.push(&event(11, 1));
    assert_eq!(outbox.flush(), Flushed::All);
    assert_eq!(read(&mut client, 2), [Own(0), Own(2)]);
    outbox.send(own(ops::HEARTBEAT_ACK));
    outbox.push(&event(12, 1));
    outbox.open(Frame::event(ops::CONNECTED, 10, &()).unwrap());
    assert_eq!(read(&mut client, 4), [Event(10), Event(11), Own(2), Event(12)]);
}

#[test]
fn connected_comes_behind_all_that_was_the_connections_own() {
    let (outbox, _, mut client) = fresh();
    outbox.send(Frame::own(ops::HELLO, &"x".repeat(200_000)).unwrap());
    outbox.send(own(ops::HEARTBEAT_ACK));
    outbox.hold();
    outbox.begin(10);
    outbox.push(&event(11, 1));
    assert_eq!(outbox.open(Frame::event(ops::CONNECTED, 10, &()).unwrap()), Flushed::Stalled(false));
    let reader = std::thread::spawn(move || read(&mut client, 4));
    while outbox.flush() != Flushed::All {
        std::thread::yield_now();
    }
    assert_eq!(reader.join().unwrap(), [Own(0), Own(2), Event(10), Event(11)]);
}

#[test]
fn what_waits_for_connected_is_no_backlog() {
    let (outbox, _, _client) = fresh();
    outbox.hold();
    outbox.begin(1);
    for s in 2..40 {
        assert_ne!(outbox.push(&event(s, 10_000)), Pushed::Full);
    }
    assert!(!outbox.is_full());
    outbox.open(Frame::event(ops::CONNECTED, 1, &"x".repeat(limits::BACKLOG_BYTES)).unwrap());
    assert!(!outbox.is_full(), "the first screen and what waited for it do not count");
    assert_eq!(outbox.push(&event(40, 10_000)), Pushed::Waits);
}

#[test]
fn a_backlog_over_its_limit_is_told_and_kept() {
    let (outbox, _, _client) = session(0);
    let mut s = stall(&outbox, 1);
    loop {
        s += 1;
        match outbox.push(&event(s, 3_000)) {
            Pushed::Waits => assert!(!outbox.is_full()),
            // Frames of the connection's own do not make it grow either. The kernel may take a little more now and then.
            Pushed::Full if outbox.send(own(ops::HEARTBEAT_ACK)) == Flushed::Broken => break,
            Pushed::Full => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(outbox.is_full());
    outbox.cut(ops::TOO_SLOW);
    assert!(!outbox.is_full() && !outbox.is_linked());
    let (fresh, _, mut client) = fresh();
    assert_eq!(outbox.resume(0, &fresh, resumed), Some(usize::try_from(s).unwrap()));
    let reader = std::thread::spawn(move || read(&mut client, usize::try_from(s).unwrap() + 1));
    while outbox.flush() != Flushed::All {
        std::thread::yield_now();
    }
    let expected: Vec<_> = (1..=s).map(Event).chain([Own(5)]).collect();
    assert_eq!(reader.join().unwrap(), expected);
}

#[test]
fn a_replay_is_no_backlog() {
    let (outbox, link, _client) = session(0);
    outbox.detach(&link);
    let many = limits::BACKLOG_BYTES as u64 / 3_000 * 3;
    (1..=many).for_each(|s| assert_eq!(outbox.push(&event(s, 3_000)), Pushed::Waits));
    let (fresh, _, _client) = fresh();
    outbox.resume(0, &fresh, resumed).unwrap();
    assert!(matches!(outbox.flush(), Flushed::Stalled(_)));
    assert_eq!(outbox.push(&event(many + 1, 3_000)), Pushed::Waits);
    assert!(!outbox.is_full());
}

#[test]
fn a_frame_that_was_cut_in_two_is_finished_there_and_whole_here() {
    let (outbox, link, mut client) = session(0);
    for (s, length) in [(1, 1), (2, 1), (3, 200_000), (4, 1)] {
        outbox.push(&event(s, length));
    }
    assert_eq!(outbox.flush(), Flushed::Stalled(true));
    assert!(outbox.lock().head_written > 0, "the third fits into no socket");
    outbox.cut(ops::TOO_SLOW);
    // The old connection's thread says goodbye while its client reads on.
    let farewell = link.take_farewell().unwrap();
    assert!(link.take_farewell().is_none());
    let stream = Arc::clone(&link.stream);
    let goodbye = std::thread::spawn(move || {
        stream.write_all(&farewell, std::time::Instant::now() + limits::CLOSE_TIME).unwrap();
    });
    assert_eq!(read(&mut client, 4), [Event(1), Event(2), Event(3), Close(4010)]);
    goodbye.join().unwrap();
    // For all that it knows, the client may have missed the torn one.
    let (fresh, _, mut client) = fresh();
    fresh.send(own(ops::HELLO));
    assert_eq!(outbox.resume(2, &fresh, resumed), Some(2));
    let reader = std::thread::spawn(move || read(&mut client, 4));
    while outbox.flush() != Flushed::All {
        std::thread::yield_now();
    }
    assert_eq!(reader.join().unwrap(), [Own(0), Event(3), Event(4), Own(5)]);
}

#[test]
fn the_ring_keeps_the_latest_and_a_resume_from_before_them_fails() {
    let (outbox, link, mut client) = session(0);
    let all = limits::RESUME_EVENTS as u64 + 5;
    for s in 1..=all {
        outbox.push(&event(s, 1));
        outbox.flush();
        assert_eq!(read(&mut client, 1), [Event(s)]);
    }
    assert_eq!(outbox.lock().sent.len(), limits::RESUME_EVENTS);
    outbox.detach(&link);
    let (new, _, mut client) = fresh();
    assert_eq!(outbox.resume(4, &new, resumed), None);
    assert_eq!(outbox.resume(all + 1, &new, resumed), None, "from the future");
    assert!(!outbox.is_linked());
    // What was refused can still be told, and may go on.
    new.send(own(ops::INVALID_SESSION));
    assert_eq!(read(&mut client, 1), [Own(6)]);
    assert_eq!(outbox.resume(5, &new, resumed), Some(limits::RESUME_EVENTS));
}

#[test]
fn what_is_acknowledged_is_not_kept() {
    let (outbox, link, mut client) = session(7);
    assert!(outbox.lock().sent.is_empty(), "CONNECTED is never replayed");
    for s in [8, 12, 20] {
        outbox.push(&event(s, 1));
    }
    outbox.flush();
    read(&mut client, 3);
    outbox.push(&event(30, 1));
    // Also of what it cannot have seen: that stays.
    outbox.acknowledge(12);
    assert_eq!(outbox.lock().sent.len(), 1);
    outbox.acknowledge(u64::MAX);
    assert_eq!(outbox.lock().unsent.len(), 1);
    outbox.detach(&link);
    let (new, _, mut client) = fresh();
    assert_eq!(outbox.resume(12, &new, resumed), None);
    assert_eq!(outbox.resume(20, &new, resumed), Some(1));
    outbox.flush();
    assert_eq!(read(&mut client, 2), [Event(30), Own(5)]);
}

#[test]
fn a_takeover_loses_nothing_though_the_old_connection_takes_more_meanwhile() {
    let (outbox, old, mut client) = session(0);
    // The ring is full to the brim, and behind it more waits that the old connection would take.
    let brim = limits::RESUME_EVENTS as u64;
    for s in 1..=brim {
        outbox.push(&event(s, 1));
        outbox.flush();
        read(&mut client, 1);
    }
    outbox.push(&event(brim + 1, 1));
    let (new, _, mut client_of_new) = fresh();
    assert_eq!(outbox.resume(0, &new, resumed), Some(limits::RESUME_EVENTS + 1));
    outbox.flush();
    let mut expected: Vec<_> = (1..=brim + 1).map(Event).collect();
    expected.push(Own(5));
    let reader = std::thread::spawn(move || read(&mut client_of_new, expected.len()) == expected);
    while outbox.flush() != Flushed::All {
        std::thread::yield_now();
    }
    assert!(reader.join().unwrap());
    let farewell = old.take_farewell().unwrap();
    assert_eq!(farewell[..2], [0x88, u8::try_from(farewell.len()).unwrap() - 2]);
    assert_eq!(farewell[2..4], 1000_u16.to_be_bytes());
}

#[test]
fn a_connection_that_was_taken_over_can_neither_park_nor_cut_the_session() {
    let (outbox, old, _client) = session(0);
    let (new, link, _client) = fresh();
    outbox.resume(0, &new, resumed).unwrap();
    assert!(!outbox.detach(&old));
    outbox.cut_link(&old, ops::TOO_SLOW);
    assert!(outbox.is_linked() && !outbox.end_if_parked());
    outbox.cut_link(&link, ops::TOO_SLOW);
    assert!(!outbox.is_linked());
}

#[test]
fn a_session_that_is_over_is_not_resumed() {
    for ended_while_linked in [true, false] {
        let (outbox, link, _client) = session(0);
        if ended_while_linked {
            outbox.end();
            outbox.cut(ops::UNAUTHENTICATED);
        } else {
            assert!(!outbox.end_if_parked());
            outbox.detach(&link);
            assert!(outbox.end_if_parked());
        }
        let (new, _, mut client) = fresh();
        assert_eq!(outbox.resume(0, &new, resumed), None);
        new.send(own(ops::INVALID_SESSION));
        assert_eq!(read(&mut client, 1), [Own(6)]);
    }
}

#[test]
fn a_parked_session_gathers_so_much_and_no_more() {
    let (outbox, link, _client) = session(0);
    outbox.send(own(ops::HEARTBEAT_ACK));
    outbox.detach(&link);
    let limit = limits::PARKED_EVENTS as u64;
    assert!((1..=limit).all(|s| outbox.push(&event(s, 1)) == Pushed::Waits));
    assert_eq!(outbox.push(&event(limit + 1, 1)), Pushed::Forget);
    // Frames of a connection's own are for that connection.
    assert_eq!(outbox.send(own(ops::HEARTBEAT_ACK)), Flushed::All);
    assert_eq!(outbox.lock().unsent.len(), limits::PARKED_EVENTS + 1);
}

#[test]
fn what_is_kept_for_a_session_is_bounded_in_bytes_too() {
    let large = 64 * 1024;
    let (outbox, link, mut client) = session(0);
    let reader =
        std::thread::spawn(move || while std::io::Read::read(&mut client, &mut [0; 65_536]).is_ok_and(|n| n > 0) {});
    // What was written and is not acknowledged: the oldest go first.
    let mut s = 0;
    while outbox.lock().floor_s == 0 {
        s += 1;
        outbox.push(&event(s, large));
        while outbox.flush() != Flushed::All {
            std::thread::yield_now();
        }
        let kept = outbox.lock().sent_bytes;
        assert!(kept <= limits::RESUME_BYTES, "{kept}");
    }
    assert!(s < limits::RESUME_EVENTS as u64 && outbox.lock().sent_bytes > limits::RESUME_BYTES - 2 * large);
    outbox.acknowledge(s);
    assert_eq!(outbox.lock().sent_bytes, 0);
    // What waits for a RESUME: the session is over once it is too much.
    outbox.detach(&link);
    link.stream.shutdown(std::net::Shutdown::Both).unwrap();
    reader.join().unwrap();
    let first = s;
    let mut pushed = Pushed::Waits;
    while pushed == Pushed::Waits {
        s += 1;
        pushed = outbox.push(&event(s, large));
    }
    assert_eq!(pushed, Pushed::Forget);
    let (events, bytes) = ((s - first) as usize, outbox.lock().unsent_bytes);
    assert!(events < limits::PARKED_EVENTS && bytes > limits::PARKED_BYTES, "{events} {bytes}");
    assert!(bytes < limits::PARKED_BYTES + 2 * large);
}
