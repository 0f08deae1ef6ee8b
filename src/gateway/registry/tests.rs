//! The registry alone: who hears, how they read, and when a session is forgotten.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::ops;
use super::super::testing::{join, open_rules, scope, session};
use super::{Audience, Badges, Effect, Ended, Registry, ServerId, Session, Status, UserId, limits};
use crate::model::authority::Grant;
use crate::model::object::Override;
use crate::model::{ChannelId, Permission, Permissions, RoleId, Rules, SessionId, Turn};

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CAROL: UserId = UserId(3);
const HOME: ServerId = ServerId(100);
const WORK: ServerId = ServerId(101);

/// Somebody connects.
fn connect(registry: &mut Registry, user: UserId, servers: &[ServerId]) -> (Arc<Session>, TcpStream) {
    let (session, client) = session(user.0);
    assert!(registry.register(&session, scope(servers, &[])));
    registry.touch(user, Instant::now(), true);
    (session, client)
}

/// Whose sessions hear of it, one entry for each.
fn hear(registry: &Registry, audience: &Audience, s: u64) -> Vec<UserId> {
    let mut heard = Vec::new();
    registry.each(audience, s, |session| heard.push(session.user().unwrap()));
    heard.sort();
    heard
}

#[test]
fn an_audience_is_those_who_see_it_each_session_once() {
    let mut registry = Registry::default();
    let _alice = [connect(&mut registry, ALICE, &[HOME, WORK]), connect(&mut registry, ALICE, &[HOME, WORK])];
    let _bob = connect(&mut registry, BOB, &[HOME, WORK]);
    let _carol = connect(&mut registry, CAROL, &[]);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 1), [ALICE, ALICE, BOB]);
    assert_eq!(hear(&registry, &Audience::Channel(WORK, ChannelId(1)), 2), [ALICE, ALICE, BOB]);
    assert_eq!(hear(&registry, &Audience::Users(vec![CAROL, UserId(99), ALICE]), 3), [ALICE, ALICE, CAROL]);
    // Alice and bob share two servers.
    assert_eq!(hear(&registry, &Audience::Acquaintances(BOB), 4), [ALICE, ALICE, BOB]);
    assert_eq!(hear(&registry, &Audience::Acquaintances(CAROL), 5), [CAROL]);
    registry.give(&Effect::Acquaint(vec![CAROL, BOB]));
    assert_eq!(hear(&registry, &Audience::Acquaintances(CAROL), 6), [BOB, CAROL]);
    assert_eq!(hear(&registry, &Audience::Server(ServerId(999)), 7), []);
    let those = Audience::Those(vec![WORK, HOME, ServerId(999)], vec![BOB, CAROL, UserId(99)]);
    assert_eq!(hear(&registry, &those, 10), [ALICE, ALICE, BOB, CAROL]);
    registry.take_away(&Effect::Estrange(CAROL, vec![BOB]));
    assert_eq!(hear(&registry, &Audience::Acquaintances(CAROL), 8), [CAROL]);
    assert_eq!(hear(&registry, &Audience::Acquaintances(BOB), 9), [ALICE, ALICE, BOB]);
}

#[test]
fn membership_comes_and_goes_with_its_effects() {
    let mut registry = Registry::default();
    let _alice = connect(&mut registry, ALICE, &[HOME]);
    let (on_bob, _client) = connect(&mut registry, BOB, &[]);
    let join = join(HOME, BOB);
    assert!(registry.take_away(&join).is_empty());
    assert_eq!(hear(&registry, &Audience::Server(HOME), 1), [ALICE], "a join takes nothing away, nor gives it late");
    registry.give(&join);
    registry.give(&join);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 2), [ALICE, BOB]);
    let leave = Effect::Leave(HOME, BOB);
    registry.give(&leave);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 3), [ALICE, BOB], "bob hears that he was removed");
    registry.take_away(&leave);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 4), [ALICE]);
    assert_eq!(hear(&registry, &Audience::Acquaintances(BOB), 5), [BOB]);
    registry.give(&join);
    registry.take_away(&Effect::ServerGone(HOME));
    assert_eq!(hear(&registry, &Audience::Server(HOME), 6), []);
    assert_eq!(hear(&registry, &Audience::Acquaintances(ALICE), 7), [ALICE]);
    // A parked session joins, too: what it missed there is replayed.
    on_bob.outbox.cut(ops::TOO_SLOW);
    registry.give(&join);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 8), [BOB]);
}

#[test]
fn sign_in_sessions_end_as_they_are_named() {
    for (ended, left) in [(Ended::One(SessionId(1)), 1), (Ended::AllBut(SessionId(1)), 2), (Ended::All, 1)] {
        let mut registry = Registry::default();
        let (on_alice, _client) = connect(&mut registry, ALICE, &[HOME]);
        let _bob = connect(&mut registry, BOB, &[HOME]);
        let gone = registry.take_away(&Effect::EndSessions(ALICE, ended));
        assert_eq!(registry.counts().0, left, "{ended:?}");
        assert_eq!(gone.iter().any(|session| session.key == on_alice.key), left == 1);
        assert_eq!(registry.find(&on_alice.id).is_some(), left == 2);
        assert_eq!(hear(&registry, &Audience::Server(HOME), 1).contains(&ALICE), left == 2);
    }
}

#[test]
fn the_longest_parked_gives_way_and_a_linked_one_never() {
    let mut registry = Registry::default();
    let start = Instant::now();
    let mut all: Vec<_> = (0..limits::GATEWAYS_PER_USER).map(|_| connect(&mut registry, ALICE, &[HOME])).collect();
    let (one_more, _client) = session(ALICE.0);
    assert!(!registry.register(&one_more, scope(&[HOME], &[])));
    assert!(registry.find(&one_more.id).is_none());
    for (at, index) in [(1, 7), (0, 3)] {
        all[index].0.outbox.cut(ops::TOO_SLOW);
        registry.park(all[index].0.key, start + Duration::from_secs(at));
    }
    // Number 3 is the longest parked, but was resumed a moment ago: the fan-out has not heard of it yet.
    let (fresh, _client_of_fresh) = session(ALICE.0);
    let resumed = all[3].0.outbox.resume(0, &fresh.outbox, |_| super::super::frame::Frame::raw(&[]));
    assert_eq!(resumed, Some(0));
    all.push(connect(&mut registry, ALICE, &[HOME]));
    assert!(registry.find(&all[3].0.id).is_some());
    assert!(registry.find(&all[7].0.id).is_none());
    assert_eq!(registry.counts(), (limits::GATEWAYS_PER_USER, 1));
    assert_eq!(hear(&registry, &Audience::Server(HOME), 1).len(), limits::GATEWAYS_PER_USER);
}

#[test]
fn a_parked_session_is_forgotten_when_its_own_time_is_over() {
    let mut registry = Registry::default();
    let (on_alice, _client) = connect(&mut registry, ALICE, &[HOME]);
    let start = Instant::now();
    on_alice.outbox.cut(ops::TOO_SLOW);
    assert_eq!(registry.park(on_alice.key, start), Some((ALICE, true)));
    // It comes back, and is lost again later: the first deadline is not its own any more.
    let (fresh, _client) = session(ALICE.0);
    on_alice.outbox.resume(0, &fresh.outbox, |_| super::super::frame::Frame::raw(&[])).unwrap();
    registry.parked_over(on_alice.key, start + limits::PARKED_TIME);
    assert!(registry.find(&on_alice.id).is_some(), "it has a connection");
    registry.touch(ALICE, start, true);
    on_alice.outbox.cut(ops::TOO_SLOW);
    let later = start + Duration::from_secs(60);
    registry.park(on_alice.key, later);
    registry.parked_over(on_alice.key, start + limits::PARKED_TIME);
    assert!(registry.find(&on_alice.id).is_some());
    registry.touch(ALICE, later + limits::PRESENCE_GRACE, true);
    registry.parked_over(on_alice.key, later + limits::PARKED_TIME);
    assert!(registry.find(&on_alice.id).is_none());
    assert_eq!(registry.counts(), (0, 0), "nothing is left behind");
    assert!(registry.servers.is_empty() && registry.by_id.is_empty());
}

#[test]
fn offline_is_told_once_after_the_grace_and_not_in_a_gap() {
    let mut registry = Registry::default();
    let (on_alice, _client) = session(ALICE.0);
    registry.register(&on_alice, scope(&[HOME], &[]));
    let start = Instant::now();
    assert_eq!(registry.touch(ALICE, start, true), Some(Status::Online));
    assert_eq!(registry.touch(ALICE, start, true), None);
    on_alice.outbox.cut(ops::TOO_SLOW);
    // Something else touches her before her connection's thread has said that it is gone.
    assert_eq!(registry.touch(ALICE, start, true), None, "she read offline for a moment");
    registry.park(on_alice.key, start);
    assert_eq!(registry.touch(ALICE, start + limits::PRESENCE_GRACE - Duration::from_millis(1), true), None);
    assert_eq!(registry.touch(ALICE, start + limits::PRESENCE_GRACE, true), Some(Status::Offline));
    assert_eq!(registry.touch(ALICE, start + limits::PRESENCE_GRACE, true), None);
}

#[test]
fn the_presence_shown_follows_choice_and_devices() {
    let mut registry = Registry::default();
    let (phone, _client) = connect(&mut registry, ALICE, &[]);
    let (laptop, _client_of_laptop) = connect(&mut registry, ALICE, &[]);
    let now = Instant::now();
    phone.set_away(true);
    assert_eq!(registry.touch(ALICE, now, true), None, "one device is not away");
    laptop.set_away(true);
    assert_eq!(registry.touch(ALICE, now, true), Some(Status::Idle));
    for (chosen, shown) in [
        (Status::Dnd, Some(Status::Dnd)),
        (Status::Invisible, Some(Status::Offline)),
        (Status::Idle, Some(Status::Idle)),
        (Status::Online, None),
    ] {
        registry.give(&Effect::Status(ALICE, chosen));
        assert_eq!(registry.touch(ALICE, now, true), shown, "{chosen:?}");
    }
    // The device that was not away goes: those that are left count.
    laptop.set_away(false);
    assert_eq!(registry.touch(ALICE, now, true), Some(Status::Online));
    laptop.outbox.cut(ops::TOO_SLOW);
    assert_eq!(registry.park(laptop.key, now), Some((ALICE, false)));
    assert_eq!(registry.touch(ALICE, now, true), Some(Status::Idle));
}

#[test]
fn the_first_screen_lists_those_who_are_there_and_concern_the_user() {
    let mut registry = Registry::default();
    let _alice = connect(&mut registry, ALICE, &[HOME]);
    let (invisible, _client) = connect(&mut registry, CAROL, &[HOME]);
    registry.give(&Effect::Status(CAROL, Status::Invisible));
    registry.touch(CAROL, Instant::now(), true);
    let (peer, _client_of_peer) = connect(&mut registry, UserId(4), &[WORK]);
    let _stranger = connect(&mut registry, UserId(5), &[WORK]);
    let (on_bob, _client_of_bob) = session(BOB.0);
    registry.register(&on_bob, scope(&[HOME], &[UserId(4)]));
    registry.touch(BOB, Instant::now(), true);
    let mut seen: Vec<_> = registry.presences(BOB).into_iter().map(|presence| presence.user_id).collect();
    seen.sort();
    assert_eq!(seen, [ALICE, BOB, UserId(4)]);
    drop((invisible, peer));
}

const OPEN: ChannelId = ChannelId(200);
const STAFF_ONLY: ChannelId = ChannelId(201);
const STAFF: RoleId = RoleId(300);

/// One channel for everybody, and one for the staff.
fn rules() -> Rules {
    let view = Permissions::of(&[Permission::ViewChannel]);
    let everyone = RoleId::from(HOME);
    let hidden = Override { role_id: everyone, allow: Permissions::NONE, deny: view };
    let shown = Override { role_id: STAFF, allow: view, deny: Permissions::NONE };
    Rules {
        everyone: Grant { role_id: everyone, position: 0, permissions: view },
        roles: vec![Grant { role_id: STAFF, position: 0, permissions: Permissions::NONE }],
        overrides: [(STAFF_ONLY, vec![hidden, shown])].into(),
    }
}

fn staff() -> Badges {
    Badges { owner: false, roles: vec![STAFF] }
}

#[test]
fn a_private_channel_is_heard_by_those_whose_badges_let_them_see_it() {
    let mut registry = Registry::default();
    let enter = |registry: &mut Registry, user: UserId, badges: Badges| {
        let (session, client) = session(user.0);
        let mut scope = scope(&[], &[]);
        scope.servers.push((HOME, badges, rules()));
        assert!(registry.register(&session, scope));
        (session, client)
    };
    let _alice = enter(&mut registry, ALICE, Badges { owner: true, roles: Vec::new() });
    let _bob = [enter(&mut registry, BOB, staff()), enter(&mut registry, BOB, staff())];
    let _carol = enter(&mut registry, CAROL, Badges::default());
    let of = |channel| Audience::Channel(HOME, channel);
    assert_eq!(hear(&registry, &of(OPEN), 1), [ALICE, BOB, BOB, CAROL]);
    assert_eq!(hear(&registry, &of(STAFF_ONLY), 2), [ALICE, BOB, BOB]);
    // Bob is no staff any more: neither of his devices hears of it. Carol is.
    registry.give(&Effect::Badges(HOME, BOB, Badges::default()));
    registry.give(&Effect::Badges(HOME, CAROL, staff()));
    assert_eq!(hear(&registry, &of(STAFF_ONLY), 3), [ALICE, CAROL]);
    assert_eq!(hear(&registry, &Audience::Server(HOME), 4), [ALICE, BOB, BOB, CAROL]);
    // A role that is no more counts for nothing.
    registry.give(&Effect::Rules(HOME, Box::new(Rules { roles: Vec::new(), ..rules() })));
    assert_eq!(hear(&registry, &of(STAFF_ONLY), 5), [ALICE]);
    assert_eq!(hear(&registry, &of(OPEN), 6), [ALICE, BOB, BOB, CAROL]);
    registry.take_away(&Effect::Leave(HOME, CAROL));
    assert_eq!(hear(&registry, &of(OPEN), 7), [ALICE, BOB, BOB]);
}

#[test]
fn a_change_of_rules_turns_the_sight_of_those_whom_it_concerns() {
    let mut registry = Registry::default();
    let _others = [connect(&mut registry, ALICE, &[HOME]), connect(&mut registry, CAROL, &[HOME])];
    registry.give(&Effect::Rules(HOME, Box::new(rules())));
    registry.give(&Effect::Badges(HOME, CAROL, staff()));
    let turned = |registry: &Registry, turn, s| hear(registry, &Audience::Turned(HOME, STAFF_ONLY, turn), s);
    let everybody_sees = Rules { overrides: Default::default(), ..rules() };
    registry.give(&Effect::Rules(HOME, Box::new(everybody_sees.clone())));
    assert_eq!(turned(&registry, Turn::Gained, 1), [ALICE]);
    assert_eq!(turned(&registry, Turn::Kept, 2), [CAROL]);
    assert_eq!(turned(&registry, Turn::Lost, 3), []);
    assert!(!registry.reaches(&Audience::Turned(HOME, STAFF_ONLY, Turn::Lost)));
    assert!(registry.reaches(&Audience::Turned(HOME, STAFF_ONLY, Turn::Gained)));
    registry.give(&Effect::Rules(HOME, Box::new(rules())));
    assert_eq!(turned(&registry, Turn::Lost, 4), [ALICE]);
    assert_eq!(turned(&registry, Turn::Gained, 5), []);
    assert_eq!(turned(&registry, Turn::Kept, 6), [CAROL]);
}

#[test]
fn who_comes_back_is_what_they_are_by_then() {
    let mut registry = Registry::default();
    let _alice = connect(&mut registry, ALICE, &[HOME]);
    registry.give(&Effect::Rules(HOME, Box::new(rules())));
    let (on_bob, _client) = connect(&mut registry, BOB, &[HOME, WORK]);
    on_bob.outbox.cut(ops::TOO_SLOW);
    registry.park(on_bob.key, Instant::now());
    registry.forget(on_bob.key).unwrap();
    // While he was away: one server went, in the other he has become staff. Nobody keeps that for him.
    registry.take_away(&Effect::ServerGone(WORK));
    registry.give(&Effect::Badges(HOME, BOB, staff()));
    let (again, _client) = session(BOB.0);
    let mut now = scope(&[], &[]);
    now.servers.push((HOME, staff(), open_rules()));
    assert!(registry.register(&again, now));
    assert_eq!(hear(&registry, &Audience::Channel(HOME, STAFF_ONLY), 1), [BOB], "the registry's own rules count");
    assert_eq!(hear(&registry, &Audience::Acquaintances(BOB), 2), [ALICE, BOB]);
    let gone = again.key;
    again.outbox.cut(ops::TOO_SLOW);
    registry.forget(gone).unwrap();
    assert_eq!(hear(&registry, &Audience::Server(HOME), 3), [ALICE]);
}
