//! The gateway: handshake, HELLO to CONNECTED, heartbeats, presence, typing, and every way to be closed.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::harness::{Gateway, World, text};

#[test]
fn alice_identifies_and_gets_her_first_screen() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let dm = alice.opens_dm(&bob);
    let _on_bob = bob.connects();
    let mut on_alice = Gateway::open(&world, None);
    let hello = on_alice.frame(0);
    assert_eq!(hello["d"]["heartbeat_interval"], 30_000);
    assert!(hello["d"]["server_version"].is_string() && hello.get("s").is_none());
    on_alice.send(1, Value::Null);
    assert_eq!(on_alice.frame(2)["d"], json!({}), "a heartbeat before IDENTIFY is answered");
    on_alice.send(3, json!({"token": alice.token, "unknown": [1]}));
    let connected = on_alice.frame(10);
    assert!(connected["s"].as_u64().unwrap() > 0);
    let d = &connected["d"];
    assert!(!text(&d["session_id"]).is_empty());
    assert_eq!((&d["user"]["user_id"], &d["user"]["is_admin"]), (&json!(alice.id), &json!(true)));
    let home = &d["servers"][0];
    assert_eq!((&home["server_id"], &home["member_count"]), (&json!(server), &json!(2)));
    assert_eq!(home["channels"][0]["channel_id"], json!(channel));
    assert_eq!(home["channels"][0]["permissions"], home["permissions"]);
    assert_eq!((&home["roles"][0]["name"], &home["member"]["user"]["user_id"]), (&json!("everyone"), &json!(alice.id)));
    assert_eq!(d["dm_channels"][0]["channel_id"], json!(dm));
    assert!(d["presences"].as_array().unwrap().contains(&json!({"user_id": bob.id, "status": "online"})), "{d}");
    assert_eq!(d["settings"], json!({}));
}

#[test]
fn a_handshake_may_carry_the_token() {
    let world = World::start();
    let alice = world.person("alice");
    let connected = alice.connects().connected;
    assert_eq!(connected["d"]["user"]["user_id"], json!(alice.id));
    assert_eq!(Gateway::handshake(&world, Some("nonsense"), &[]).err(), Some(401));
}

#[test]
fn pages_of_other_origins_are_turned_away() {
    let world = World::with(|options| options.allowed_origins = vec!["https://friend.example".to_owned()]);
    let own = world.url("");
    let own = own.trim_end_matches("/api/rest").to_owned();
    for (origin, outcome) in [
        (own.as_str(), None),
        ("https://friend.example", None),
        ("https://evil.example", Some(403)),
        ("null", Some(403)),
        ("http://127.0.0.1:1", Some(403)),
    ] {
        assert_eq!(Gateway::handshake(&world, None, &[("Origin", origin)]).err(), outcome, "{origin}");
    }
}

#[test]
fn what_is_no_websocket_is_told_so() {
    let world = World::start();
    world.send("GET", "/api/ws", None, &[], None).refused(426, "upgrade_required");
    let answer = world.send("POST", "/api/ws", None, &[], Some("{}"));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    answer.refused(405, "method_not_allowed");
    let answer = world.send("OPTIONS", "/api/ws", None, &[], None);
    assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(world.send("HEAD", "/api/ws", None, &[], None).status, 426);
    let upgrade =
        [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];
    let mut wrong = upgrade.to_vec();
    wrong.push(("Sec-WebSocket-Version", "12"));
    let answer = world.send("GET", "/api/ws", None, &wrong, None);
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    answer.refused(426, "upgrade_required");
    let mut bad_key = vec![("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "short")];
    bad_key.push(("Sec-WebSocket-Version", "13"));
    world.send("GET", "/api/ws", None, &bad_key, None).refused(400, "bad_request");
}

#[test]
fn every_misstep_has_its_close_code() {
    let world = World::start();
    let alice = world.person("alice");
    let fresh = || {
        let mut gateway = Gateway::open(&world, None);
        gateway.frame(0);
        gateway
    };
    let frames: [(&str, u16); 12] = [
        (r#"{"op":99,"d":{}}"#, 4001),
        (r#"{"op":11,"d":{}}"#, 4001),
        (r#"{"op":-1}"#, 4002),
        (r#"{"op":"1"}"#, 4002),
        ("nonsense", 4002),
        ("[]", 4002),
        (r#"{"d":{}}"#, 4002),
        (r#"{"op":1,"op":1}"#, 4002),
        (r#"{"op":50,"d":{"channel_id":"1"}}"#, 4003),
        (r#"{"op":40,"d":{"status":"dnd"}}"#, 4003),
        (r#"{"op":3,"d":{"token":"nonsense"}}"#, 4004),
        (r#"{"op":3,"d":{}}"#, 4002),
    ];
    for (frame, code) in frames {
        let mut gateway = fresh();
        gateway.send_text(frame);
        assert_eq!(gateway.closed(), code, "{frame}");
    }
    let deep = format!(r#"{{"op":1,"d":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let mut gateway = fresh();
    gateway.send_text(&deep);
    assert_eq!(gateway.closed(), 4002);
    let mut gateway = fresh();
    gateway.send(3, json!({"token": alice.token, "status": "offline"}));
    assert_eq!(gateway.closed(), 4002);
    let mut gateway = fresh();
    gateway.send_message(Message::binary(vec![1, 2, 3]));
    assert_eq!(gateway.closed(), 4002);
    let mut gateway = fresh();
    gateway.send_text(&"x".repeat(17 * 1024));
    assert_eq!(gateway.closed(), 1009);
    let mut gateway = alice.connects();
    gateway.send(3, json!({"token": alice.token}));
    assert_eq!(gateway.closed(), 4005);
    for (op, d) in
        [(40, json!({"status": "offline"})), (40, json!({"away": 1})), (50, json!({})), (50, json!({"channel_id": 5}))]
    {
        let mut gateway = alice.connects();
        gateway.send(op, d);
        assert_eq!(gateway.closed(), 4002);
    }
}

#[test]
fn too_many_frames_close() {
    let world = World::start();
    let alice = world.person("alice");
    let mut gateway = alice.connects();
    for _ in 0..121 {
        gateway.send(1, json!({}));
    }
    assert_eq!(gateway.closed(), 4008);
}

#[test]
fn the_twenty_first_connection_of_a_user_is_refused() {
    let world = World::start();
    let alice = world.person("alice");
    let mut all: Vec<_> = (0..20).map(|_| alice.connects()).collect();
    assert_eq!(Gateway::open(&world, Some(&alice.token)).closed(), 4008);
    // One that says goodbye makes room; its last device going is not told, as there are others.
    all.pop().unwrap().close(1000);
    alice.connects();
}

#[test]
fn a_lost_heartbeat_closes() {
    let world = World::with(|options| options.heartbeat_interval = std::time::Duration::from_millis(200));
    let alice = world.person("alice");
    assert_eq!(alice.connects().closed(), 4009);
}

#[test]
fn pings_are_answered() {
    let world = World::start();
    let alice = world.person("alice");
    let mut gateway = alice.connects();
    gateway.send_message(Message::Ping(b"hello"[..].into()));
    assert_eq!(gateway.pong(), b"hello");
}

#[test]
fn presence_is_told_to_those_whom_it_concerns() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_alice = alice.connects();
    let mut on_carol = carol.connects();
    let is = |status: &str| json!({"user_id": bob.id, "status": status});
    let mut phone = bob.connects();
    assert_eq!(on_alice.event(40), is("online"));
    let mut laptop = bob.connects();
    // A second device changes nothing; a status is told to others and to one's own other devices.
    phone.send(40, json!({"status": "dnd"}));
    assert_eq!(on_alice.event(40), is("dnd"));
    assert_eq!(laptop.event(40), is("dnd"));
    assert_eq!(phone.event(40), is("dnd"));
    bob.patch("/users/@me", json!({"status": "online"})).expect(200);
    assert_eq!(on_alice.event(40), is("online"));
    // Away only when all devices are.
    phone.send(40, json!({"away": true}));
    laptop.send(40, json!({"away": true}));
    assert_eq!(on_alice.event(40), is("idle"));
    laptop.send(40, json!({"away": false}));
    assert_eq!(on_alice.event(40), is("online"));
    phone.send(40, json!({"status": "invisible"}));
    assert_eq!(on_alice.event(40), is("offline"));
    assert_eq!(alice.get(&format!("/users/{}", bob.id)).expect(200)["status"], "offline");
    assert_eq!(bob.get("/auth/me").expect(200)["status"], "invisible");
    phone.send(40, json!({"status": "online"}));
    assert_eq!(on_alice.event(40), is("online"));
    // Whichever of the two goes first, the other is not away.
    phone.send(40, json!({"away": false}));
    phone.send(1, Value::Null);
    phone.ack();
    // Offline is told once, a while after the last device has gone.
    phone.vanish();
    laptop.close(1000);
    assert_eq!(on_alice.event(40), is("offline"));
    // Carol heard nothing of all that.
    carol.creates_server("hers");
    assert_eq!(on_carol.event(30)["server"]["name"], "hers");
}

#[test]
fn typing_is_passed_on_to_others_and_not_too_often() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let (mut on_alice, mut on_bob, mut on_carol) = (alice.connects(), bob.connects(), carol.connects());
    on_carol.send(50, json!({"channel_id": channel}));
    on_alice.send(50, json!({"channel_id": channel}));
    on_alice.send(50, json!({"channel_id": channel}));
    on_alice.send(50, json!({"channel_id": "1"}));
    let typing = on_bob.event_but_presence(50);
    assert_eq!((&typing["channel_id"], &typing["user_id"]), (&json!(channel), &json!(alice.id)));
    assert!(typing["timestamp"].is_string());
    // Of carol, who may not, and of the second within three seconds nobody hears; alice not of herself.
    on_alice.send(1, Value::Null);
    on_alice.ack();
    alice.says(&channel, "done");
    assert_eq!(on_bob.event_but_presence(11)["content"], "done");
    assert_eq!(on_alice.event_but_presence(11)["content"], "done");
}

#[test]
fn bob_comes_invisible_and_goes_unnoticed() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_alice = alice.connects();
    let mut on_bob = Gateway::open(&world, None);
    on_bob.frame(0);
    on_bob.send(3, json!({"token": bob.token, "status": "invisible"}));
    let connected = on_bob.frame(10);
    assert_eq!(connected["d"]["user"]["status"], "invisible");
    assert_eq!(connected["d"]["servers"][0]["member"]["user"]["status"], "offline", "events carry the public form");
    let members = alice.get(&format!("/servers/{server}/members?online=true")).expect(200);
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!(alice.connects().connected["d"]["presences"], json!([{"user_id": alice.id, "status": "online"}]));
    on_bob.send(50, json!({"channel_id": channel}));
    assert_eq!(on_alice.event(50)["user_id"], json!(bob.id), "who types shows themself");
    on_bob.close(1000);
    // He is gone for longer than the grace when dave, who came and went after him, is told offline.
    let dave = world.person("dave");
    alice.invites(&server, &[&dave]);
    dave.connects().close(1000);
    on_alice.event(30);
    for status in ["online", "offline"] {
        assert_eq!(on_alice.event(40), json!({"user_id": dave.id, "status": status}));
    }
}

#[test]
fn every_form_of_heartbeat_is_answered() {
    let world = World::start();
    let alice = world.person("alice");
    let mut gateway = alice.connects();
    for beat in
        [r#"{"op":1}"#, r#"{"op":1,"d":null}"#, r#"{"op":1,"d":{}}"#, r#"{"op":1,"d":7}"#, r#"{"op":1,"d":"x"}"#]
    {
        gateway.send_text(beat);
        assert_eq!(gateway.frame(2)["d"], json!({}), "{beat}");
    }
}
