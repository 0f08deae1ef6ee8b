//! Lost connections: RESUME brings every missed event, each once.

use std::io::Read;

use serde_json::{Value, json};

use crate::harness::{Gateway, Person, World, text};

/// A server with alice's channel and bob in it.
fn two(world: &World) -> (Person<'_>, Person<'_>, String) {
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    (alice, bob, channel)
}

#[test]
fn what_was_missed_is_replayed_once_and_in_order() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let mut on_bob = bob.connects();
    let session = text(&on_bob.connected["d"]["session_id"]);
    let sent: Vec<String> = (0..20).map(|n| alice.says(&channel, &n.to_string())).collect();
    // Bob has seen ten when the connection is lost.
    let mut seen = Vec::new();
    while seen.len() < 10 {
        seen.push(text(&on_bob.event_but_presence(11)["message_id"]));
    }
    let s = on_bob.last_s;
    on_bob.vanish();
    let missed: Vec<String> = (20..40).map(|n| alice.says(&channel, &n.to_string())).collect();
    let mut on_bob = bob.resumes(&session, &json!(s));
    on_bob.last_s = s;
    for id in sent[10..].iter().chain(&missed) {
        assert_eq!(on_bob.event(11)["message_id"], json!(id));
    }
    assert_eq!(on_bob.frame(5)["d"], json!({"replayed": 30}));
    let next = alice.says(&channel, "live again");
    assert_eq!(on_bob.event(11)["message_id"], json!(next));
    on_bob.send(4, json!({"token": bob.token, "session_id": session, "s": s}));
    assert_eq!(on_bob.closed(), 4005);
}

#[test]
fn a_resume_takes_over_a_connection_that_is_still_open() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let mut old = bob.connects();
    let session = text(&old.connected["d"]["session_id"]);
    alice.says(&channel, "one");
    let mut new = bob.resumes(&session, &json!(old.last_s));
    assert_eq!(old.closed(), 1000);
    assert_eq!(new.event(11)["content"], "one");
    assert_eq!(new.frame(5)["d"], json!({"replayed": 1}));
    alice.says(&channel, "two");
    assert_eq!(new.event(11)["content"], "two");
}

#[test]
fn what_cannot_be_resumed_is_told_and_may_identify() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let mut on_bob = bob.connects();
    let session = text(&on_bob.connected["d"]["session_id"]);
    let s = on_bob.last_s;
    for n in 0..3 {
        alice.says(&channel, &n.to_string());
        on_bob.event_but_presence(11);
    }
    // Acknowledged by a heartbeat: not kept any more.
    on_bob.send(1, json!(on_bob.last_s));
    on_bob.ack();
    let last = on_bob.last_s;
    on_bob.vanish();
    let laptop = world.sign_in("bob");
    for (who, id, s) in [
        (&bob, session.as_str(), json!(s)),
        (&bob, session.as_str(), json!(last + 1_000_000)),
        (&bob, session.as_str(), Value::Null),
        (&bob, "nonsense", json!(last)),
        (&alice, session.as_str(), json!(last)),
        (&laptop, session.as_str(), json!(last)),
    ] {
        let mut gateway = who.resumes(id, &s);
        assert_eq!(gateway.frame(6)["d"], json!({}));
        gateway.send(3, json!({"token": who.token}));
        gateway.frame(10);
    }
    let mut gateway = bob.resumes(&session, &json!(last));
    gateway.event_but_presence(5);
    // A goodbye is for good.
    gateway.close(1000);
    assert_eq!(bob.resumes(&session, &json!(last)).next()["op"], 6);
}

#[test]
fn nothing_of_what_bob_could_not_see_is_replayed() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let on_bob = bob.connects();
    let session = text(&on_bob.connected["d"]["session_id"]);
    let s = on_bob.last_s;
    on_bob.vanish();
    alice.says(&channel, "before");
    let server = text(&alice.get("/servers").expect(200)[0]["server_id"]);
    alice.delete(&format!("/servers/{server}/members/{}", bob.id)).expect(204);
    alice.says(&channel, "after");
    let mut on_bob = bob.resumes(&session, &json!(s));
    assert_eq!(on_bob.event_but_presence(11)["content"], "before");
    assert_eq!(on_bob.event_but_presence(31)["reason"], "kicked");
    let resumed = on_bob.next();
    assert_eq!(resumed["op"], 5, "{resumed}");
}

#[test]
fn who_does_not_read_is_cut_and_slows_nobody_down() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let carol = world.person("carol");
    let server = text(&alice.get("/servers").expect(200)[0]["server_id"]);
    alice.invites(&server, &[&carol]);
    let slow = bob.connects();
    let session = text(&slow.connected["d"]["session_id"]);
    let s = slow.last_s;
    let mut on_carol = carol.connects();
    let content = "\u{1F600}".repeat(4000);
    // Far more than a socket's buffers and the backlog hold.
    let sent: Vec<String> = (0..700)
        .map(|_| {
            let id = alice.says(&channel, &content);
            assert_eq!(on_carol.event_but_presence(11)["message_id"], json!(id));
            id
        })
        .collect();
    // What is in the socket can still be read, then it ends.
    let mut stream = slow.stream();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes += count;
    }
    assert!(bytes < sent.len() * 16_000, "the slow reader was not cut");
    // Bob comes back and misses nothing.
    let mut on_bob = bob.resumes(&session, &json!(s));
    let mut got = Vec::new();
    loop {
        let frame = on_bob.next();
        match frame["op"].as_u64() {
            Some(11) => got.push(text(&frame["d"]["message_id"])),
            Some(5) => break,
            Some(40 | 30) => {}
            _ => panic!("{frame:.200}"),
        }
    }
    assert_eq!(got, sent);
}

#[test]
fn any_good_token_of_the_same_sign_in_resumes() {
    let world = World::start();
    let (alice, bob, channel) = two(&world);
    let on_bob = bob.connects();
    let (session, s) = (text(&on_bob.connected["d"]["session_id"]), on_bob.last_s);
    on_bob.vanish();
    alice.says(&channel, "missed");
    let body = json!({"refresh_token": bob.refresh_token});
    let token = text(&world.request("POST", "/auth/refresh", Some(&body)).expect(200)["access_token"]);
    let mut on_bob = Gateway::open(&world, None);
    on_bob.frame(0);
    on_bob.send(4, json!({"token": token, "session_id": session, "s": s}));
    assert_eq!(on_bob.event_but_presence(11)["content"], "missed");
    assert_eq!(on_bob.event_but_presence(5)["replayed"].as_u64(), Some(1));
}
