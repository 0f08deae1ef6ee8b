//! The fan-out, turned by hand, over real sockets.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use super::super::testing::Got::{self, Close, Event as Told};
use super::super::testing::{join, read, scope, session, session_over, shared};
use super::{Audience, Effect, Entry, Event, FanOut, Feed, Frame, Link, Payload, Session, SharedRegistry, limits, ops};
use crate::chat::connect::Scope;
use crate::gateway::deadlines::Deadlines;
use crate::model::event::Ended;
use crate::model::object::{Role, Status};
use crate::model::{ChannelId, MessageId, Permissions, Pressure, ServerId, UserId, Work};
use crate::net::Stream;

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CAROL: UserId = UserId(3);
const HOME: ServerId = ServerId(100);

fn fanout() -> FanOut {
    under(Pressure::default())
}

fn under(pressure: Pressure) -> FanOut {
    let feed = Feed::under(pressure).unwrap();
    let deadlines = Deadlines::start(Arc::clone(&feed)).unwrap();
    FanOut::new(feed, Arc::new(SharedRegistry::default()), shared(Duration::from_secs(30)), deadlines).unwrap()
}

impl FanOut {
    /// A session behind event `s` that has got its CONNECTED.
    fn registers(&mut self, s: u64, (session, mut client): (Arc<Session>, TcpStream), servers: &[ServerId]) -> Client {
        session.outbox.hold();
        let (answer, presences) = sync_channel(1);
        let scope = scope(servers, &[]);
        self.turn([(s, Entry::Register(Arc::clone(&session), scope, answer))].into_iter());
        presences.recv().unwrap().unwrap();
        session.outbox.open(Frame::event(ops::CONNECTED, s, &()).unwrap());
        assert_eq!(read(&mut client, 1), [Told(s)]);
        Client { session, socket: client }
    }

    fn tells(&mut self, s: u64, event: Event) {
        self.turn([(s, Entry::Event(Box::new(event)))].into_iter());
    }

    fn entry(&mut self, s: u64, entry: Entry) {
        self.turn([(s, entry)].into_iter());
    }
}

struct Client {
    session: Arc<Session>,
    socket: TcpStream,
}

impl Client {
    fn gets(&mut self, count: usize) -> Vec<Got> {
        read(&mut self.socket, count)
    }

    /// What its connection's thread says at the end, as the client reads it.
    fn farewell(&mut self, link: &Arc<Link>) -> Got {
        let farewell = link.take_farewell().expect("nobody cut it");
        link.stream.write_all(&farewell, Instant::now() + limits::CLOSE_TIME).unwrap();
        read(&mut self.socket, 1).remove(0)
    }
}

fn payload() -> Payload {
    Payload::MessageDelete { message_id: MessageId(1), channel_id: ChannelId(1), server_id: None }
}

/// An event of about 2,000 bytes.
fn large(audience: Audience) -> Event {
    let role = Role {
        role_id: HOME.into(),
        name: "x".repeat(2_000),
        color: 0,
        position: 0,
        permissions: Permissions::EVERYONE,
    };
    Event::new(audience, Payload::RolesUpdate { server_id: HOME, roles: vec![role] })
}

/// A connection whose kernel takes much before it is full.
fn roomy() -> (Arc<Link>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (Link::new(Arc::new(Stream::new(listener.accept().unwrap().0).unwrap())), client)
}

#[test]
fn what_gives_is_applied_before_it_is_told_and_what_takes_away_after() {
    let mut fanout = fanout();
    let mut alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut bob = fanout.registers(2, session(BOB.0), &[]);
    let home = || Audience::Server(HOME);
    fanout.tells(10, Event::new(home(), payload()));
    fanout.tells(11, Event::new(home(), payload()).with_effect(join(HOME, BOB)));
    fanout.tells(12, Event::new(home(), payload()));
    fanout.tells(13, Event::new(home(), payload()).with_effect(Effect::Leave(HOME, BOB)));
    fanout.tells(14, Event::new(home(), payload()));
    fanout.tells(15, Event::new(home(), payload()).with_effect(Effect::ServerGone(HOME)));
    fanout.tells(16, Event::new(home(), payload()));
    fanout.tells(17, Event::new(Audience::Users(vec![ALICE, BOB]), payload()));
    assert_eq!(alice.gets(7), [10, 11, 12, 13, 14, 15, 17].map(Told));
    assert_eq!(bob.gets(4), [11, 12, 13, 17].map(Told));
}

#[test]
fn one_user_may_be_told_something_else_or_nothing() {
    let mut fanout = fanout();
    let mut alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut bob = fanout.registers(2, session(BOB.0), &[HOME]);
    assert_eq!(alice.gets(1), [Told(2)], "bob is online");
    fanout.tells(3, Event { instead: Some((ALICE, None)), ..Event::new(Audience::Server(HOME), payload()) });
    fanout.tells(4, Event::new(Audience::Server(HOME), payload()));
    assert_eq!((alice.gets(1), bob.gets(2)), (vec![Told(4)], vec![Told(3), Told(4)]));
}

#[test]
fn much_at_once_costs_nobody_who_reads_the_connection() {
    let mut fanout = fanout();
    let mut alice = fanout.registers(1, session_over(ALICE.0, roomy()), &[HOME]);
    // A batch that is larger than the backlog may be, in one turn.
    let count = limits::BACKLOG_BYTES as u64 / 1_500;
    let batch = (2..2 + count).map(|s| (s, Entry::Event(Box::new(large(Audience::Server(HOME))))));
    fanout.turn(batch);
    assert!(alice.session.outbox.is_linked(), "she was cut although her socket had room");
    let got = std::thread::spawn(move || alice.gets(usize::try_from(count).unwrap()));
    while !fanout.stalled.is_empty() {
        fanout.watch(None);
    }
    assert_eq!(got.join().unwrap(), (2..2 + count).map(Told).collect::<Vec<_>>());
}

#[test]
fn who_does_not_read_is_cut_alone_and_may_resume() {
    let mut fanout = fanout();
    let mut slow = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut quick = fanout.registers(2, session_over(BOB.0, roomy()), &[HOME]);
    let (on_slow, link) = (Arc::clone(&slow.session), slow.session.outbox.link().unwrap());
    assert_eq!(slow.gets(1), [Told(2)]);
    let mut s = 2;
    while slow.session.outbox.is_linked() {
        s += 1;
        fanout.tells(s, large(Audience::Server(HOME)));
        assert_eq!(quick.gets(1), [Told(s)]);
    }
    assert!(fanout.stalled.is_empty(), "its socket is still watched");
    let reader = std::thread::spawn(move || {
        let mut got = Vec::new();
        while got.last() != Some(&Close(4010)) {
            got.extend(slow.gets(1));
        }
        got
    });
    let farewell = link.take_farewell().unwrap();
    link.stream.write_all(&farewell, Instant::now() + limits::CLOSE_TIME).unwrap();
    let seen = reader.join().unwrap();
    assert_eq!(seen[..seen.len() - 1], (3..2 + seen.len() as u64).map(Told).collect::<Vec<_>>());
    // What comes while it is away is gathered.
    s += 1;
    fanout.tells(s, large(Audience::Server(HOME)));
    let (fresh, _client) = session(ALICE.0);
    let missed = on_slow.outbox.resume(2, &fresh.outbox, |_| Frame::raw(&[]));
    assert_eq!(missed, Some(usize::try_from(s - 2).unwrap()));
}

/// A client with a stalled socket, and the number of its last event.
fn stalled(fanout: &mut FanOut) -> (Client, u64) {
    let client = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut s = 1;
    while fanout.stalled.is_empty() {
        s += 1;
        fanout.tells(s, large(Audience::Server(HOME)));
    }
    (client, s)
}

#[test]
fn a_stalled_socket_goes_on_though_there_is_always_more_to_do() {
    let mut fanout = fanout();
    let (mut alice, last) = stalled(&mut fanout);
    let got = std::thread::spawn(move || alice.gets(usize::try_from(last).unwrap() - 1));
    let patience = Instant::now() + Duration::from_secs(10);
    while !fanout.stalled.is_empty() {
        assert!(Instant::now() < patience, "nobody looked at the socket");
        // Something for others, turn after turn: it never sleeps.
        fanout.entry(last + 1, Entry::Touch(BOB));
    }
    assert_eq!(got.join().unwrap(), (2..=last).map(Told).collect::<Vec<_>>());
}

#[test]
fn a_socket_that_takes_nothing_is_cut_when_its_time_is_over() {
    let mut fanout = fanout();
    let (mut alice, _) = stalled(&mut fanout);
    let link = alice.session.outbox.link().unwrap();
    let since = fanout.stalled.values().next().unwrap().since;
    fanout.cut_stalled(since + limits::STALL_TIME - Duration::from_millis(1));
    assert!(alice.session.outbox.is_linked());
    fanout.cut_stalled(since + limits::STALL_TIME);
    assert!(!alice.session.outbox.is_linked() && fanout.stalled.is_empty());
    let reader = std::thread::spawn(move || {
        let mut got = Vec::new();
        while got.last() != Some(&Close(4010)) {
            got.extend(alice.gets(1));
        }
    });
    let farewell = link.take_farewell().unwrap();
    link.stream.write_all(&farewell, Instant::now() + limits::CLOSE_TIME).unwrap();
    reader.join().unwrap();
}

#[test]
fn the_stalls_of_a_connection_that_was_taken_over_do_not_count_for_the_new_one() {
    let mut fanout = fanout();
    let (alice, _) = stalled(&mut fanout);
    let (fresh, _client) = session_over(ALICE.0, roomy());
    alice.session.outbox.resume(1, &fresh.outbox, |_| Frame::raw(&[])).unwrap();
    let since = fanout.stalled.values().next().unwrap().since;
    fanout.cut_stalled(since + limits::STALL_TIME);
    assert!(alice.session.outbox.is_linked() && fanout.stalled.is_empty());
}

#[test]
fn a_goodbye_of_a_connection_that_was_taken_over_does_not_end_the_session() {
    let mut fanout = fanout();
    let alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let (fresh, mut client) = session(ALICE.0);
    let resumed = |_| Frame::own(ops::RESUMED, &()).unwrap();
    alice.session.outbox.resume(1, &fresh.outbox, resumed).unwrap();
    fanout.entry(2, Entry::End(alice.session.key));
    fanout.entry(3, Entry::Flush(Arc::clone(&alice.session)));
    fanout.tells(4, Event::new(Audience::Server(HOME), payload()));
    assert_eq!(read(&mut client, 2), [Got::Own(5), Told(4)]);
    // One without a connection does.
    alice.session.outbox.cut(ops::TOO_SLOW);
    fanout.entry(5, Entry::End(alice.session.key));
    assert!(fanout.registry.lock().find(&alice.session.id).is_none());
}

#[test]
fn signing_out_ends_connections_and_every_way_back() {
    let mut fanout = fanout();
    let mut alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let link = alice.session.outbox.link().unwrap();
    fanout.tells(2, Event::silent(Effect::EndSessions(ALICE, Ended::All)));
    assert_eq!(alice.farewell(&link), Close(4004));
    // One that found the session in the registry before it ended.
    let (fresh, _client) = session(ALICE.0);
    assert_eq!(alice.session.outbox.resume(1, &fresh.outbox, |_| Frame::raw(&[])), None);
}

#[test]
fn presence_reads_on_through_the_gap_between_a_cut_and_its_parking() {
    let mut fanout = fanout();
    let alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut bob = fanout.registers(2, session(BOB.0), &[HOME]);
    alice.session.outbox.cut(ops::TOO_SLOW);
    fanout.entry(3, Entry::Touch(ALICE));
    fanout.entry(4, Entry::Park(alice.session.key));
    fanout.tells(5, Event::new(Audience::Users(vec![BOB]), payload()));
    assert_eq!(bob.gets(1), [Told(5)], "alice flickered");
    assert_eq!(fanout.shared.presences.of(ALICE), Status::Online);
}

#[test]
fn while_much_is_late_presence_is_put_off_and_reads_as_it_was_told() {
    let hour = Duration::from_secs(3_600);
    let mut fanout = under(Pressure::falling(limits::LATE_FOR_PRESENCE, Instant::now() + hour));
    let alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let mut bob = fanout.registers(2, session(BOB.0), &[HOME]);
    assert_eq!(fanout.shared.presences.count(), 0);
    alice.session.set_away(true);
    fanout.entry(3, Entry::Touch(ALICE));
    fanout.tells(4, Event::new(Audience::Users(vec![BOB]), payload()));
    assert_eq!(bob.gets(1), [Told(4)]);
    assert_eq!(fanout.feed.pressure().counted(Work::Presence), 3);
    // What is told in the end is what is true then.
    let told = fanout.registry.lock().touch(ALICE, Instant::now(), true);
    assert_eq!(told, Some(Status::Idle));
}

#[test]
fn a_parked_session_that_gathers_too_much_leaves_nothing_behind() {
    let mut fanout = fanout();
    let alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    alice.session.outbox.cut(ops::TOO_SLOW);
    let now = Instant::now();
    fanout.entry(2, Entry::Park(alice.session.key));
    fanout.registry.lock().touch(ALICE, now + limits::PRESENCE_GRACE * 2, true);
    let many = 3..4 + limits::PARKED_EVENTS as u64;
    fanout.turn(many.map(|s| (s, Entry::Event(Box::new(Event::new(Audience::Server(HOME), payload()))))));
    assert_eq!(fanout.registry.lock().counts(), (0, 0));
}

#[test]
fn a_panic_tells_every_connection_and_whoever_sees_to_a_restart() {
    let mut fanout = fanout();
    let mut alice = fanout.registers(1, session(1), &[HOME]);
    let feed = Arc::clone(&fanout.feed);
    let link = alice.session.outbox.link().unwrap();
    let (told, heard) = sync_channel(2);
    let tell = || {
        let told = told.clone();
        Box::new(move || told.send(()).unwrap())
    };
    feed.on_close(tell());
    let died = std::thread::spawn(move || {
        let _held = fanout.registry.lock();
        let _fanout = &fanout;
        panic!("as asked");
    });
    assert!(died.join().is_err());
    heard.recv().unwrap();
    assert_eq!(alice.farewell(&link), Close(4000));
    assert!(!feed.settle() && feed.is_closed());
    // Whoever comes late is told at once.
    feed.on_close(tell());
    heard.try_recv().unwrap();
}

#[test]
fn a_shutdown_sends_what_waits_closes_with_1001_and_lets_nobody_wait() {
    let feed = Feed::new().unwrap();
    let registry = Arc::new(SharedRegistry::default());
    let deadlines = Deadlines::start(Arc::clone(&feed)).unwrap();
    let shared = shared(Duration::from_secs(30));
    let mut fanout = FanOut::new(Arc::clone(&feed), Arc::clone(&registry), shared, deadlines).unwrap();
    feed.enqueue(Entry::Touch(ALICE));
    feed.take();
    let mut alice = fanout.registers(1, session(ALICE.0), &[HOME]);
    let link = alice.session.outbox.link().unwrap();
    feed.enqueue(Entry::Event(Box::new(Event::new(Audience::Server(HOME), payload()))));
    feed.enqueue(Entry::Shutdown);
    // Comes too late to be let in, but in time to be told.
    let (late, client_of_late) = session(CAROL.0);
    let (answer, presences) = sync_channel(1);
    let late_link = late.outbox.link().unwrap();
    feed.enqueue(Entry::Register(Arc::clone(&late), Scope::default(), answer));
    fanout.run();
    drop(fanout);
    assert!(feed.is_closed());
    assert_eq!(alice.gets(1), [Told(2)]);
    assert_eq!(alice.farewell(&link), Close(1001));
    assert!(presences.recv().unwrap().is_ok());
    let mut late = Client { session: late, socket: client_of_late };
    assert_eq!(late.farewell(&late_link), Close(1001));
    let (answer, presences) = sync_channel(1);
    feed.enqueue(Entry::Register(session(BOB.0).0, Scope::default(), answer));
    assert!(presences.recv().is_err());
}
