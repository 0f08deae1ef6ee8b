//! Channels: make, change, move, delete, read.

use serde_json::{Value, json};

use crate::harness::{World, text};

#[test]
fn channels_are_made_moved_and_deleted_and_everybody_hears_of_it() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, general) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let channels = format!("/servers/{server}/channels");
    bob.post(&channels, json!({"name": "mine"})).refused(403, "forbidden");
    let category = alice.post(&channels, json!({"name": "Rooms", "type": "category"})).expect(201);
    assert_eq!(on_bob.event_but_presence(20), category);
    let kitchen = json!({"name": "kitchen", "topic": "food", "parent_id": category["channel_id"]});
    let kitchen = alice.post(&channels, kitchen).expect(201);
    assert_eq!(on_bob.event(20), kitchen);
    assert_eq!((&kitchen["position"], &kitchen["last_message_id"]), (&json!(2), &Value::Null));
    assert_eq!(kitchen["parent_id"], category["channel_id"]);

    // To the front: each channel that moves is told.
    let path = format!("/channels/{}", text(&kitchen["channel_id"]));
    bob.patch(&path, json!({"name": "mine"})).refused(403, "forbidden");
    let moved = alice.patch(&path, json!({"position": 0, "topic": "meals"})).expect(200);
    assert_eq!((&moved["position"], &moved["topic"]), (&json!(0), &json!("meals")));
    let told: Vec<Value> = (0..3).map(|_| on_bob.event(21)).collect();
    let mut positions: Vec<_> = told.iter().map(|c| (c["position"].as_u64().unwrap(), text(&c["name"]))).collect();
    positions.sort();
    assert_eq!(positions, [(0, "kitchen".into()), (1, "general".into()), (2, "Rooms".into())]);
    let listed = bob.get(&channels).expect(200);
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|c| text(&c["name"])).collect();
    assert_eq!(names, ["kitchen", "general", "Rooms"]);

    // What stood in a deleted category stands free.
    let category = text(&category["channel_id"]);
    alice.delete(&format!("/channels/{category}")).expect(204);
    assert_eq!(on_bob.event(22), json!({"channel_id": category, "server_id": server}));
    assert_eq!(on_bob.event(21)["parent_id"], Value::Null);
    alice.delete(&format!("/channels/{category}")).refused(404, "not_found");
    bob.delete(&format!("/channels/{general}")).refused(403, "forbidden");
    alice.delete(&format!("/channels/{general}")).expect(204);
    bob.get(&format!("/channels/{general}/messages")).refused(404, "not_found");
}

#[test]
fn what_cannot_be_a_channel_is_refused() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, general) = alice.creates_server("home");
    let channels = format!("/servers/{server}/channels");
    let category = text(&alice.post(&channels, json!({"name": "c", "type": "category"})).expect(201)["channel_id"]);
    for bad in [
        json!({}),
        json!({"name": ""}),
        json!({"name": " \t "}),
        json!({"name": "a\u{0}b"}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "x", "type": "dm"}),
        json!({"name": "x", "type": "voice"}),
        json!({"name": "x", "topic": "t".repeat(1025)}),
        json!({"name": "x", "parent_id": general}),
        json!({"name": "x", "parent_id": "1"}),
        json!({"name": "x", "parent_id": "no number"}),
        json!({"name": "x", "type": "category", "parent_id": category}),
    ] {
        let answer = alice.post(&channels, bad);
        assert!(matches!(answer.json["code"].as_str(), Some("invalid_field" | "invalid_json")), "{answer:?}");
        assert_eq!(answer.status, 400);
    }
    let path = format!("/channels/{general}");
    for bad in [json!({"name": null}), json!({"topic": null}), json!({"position": -1}), json!({"parent_id": general})] {
        alice.patch(&path, bad).refused(400, "invalid_field");
    }
    alice.patch(&path, json!({"parent_id": category})).expect(200);
    assert_eq!(alice.patch(&path, json!({"parent_id": null})).expect(200)["parent_id"], Value::Null);
    alice.get(&format!("/channels/{category}/messages")).refused(404, "not_found");
    alice.post(&format!("/channels/{category}/messages"), json!({"content": "x"})).refused(404, "not_found");
}

#[test]
fn reading_follows_to_every_device_and_over_a_restart() {
    let mut world = World::start();
    let (general, second) = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (server, general) = alice.creates_server("home");
        alice.invites(&server, &[&bob]);
        let first = alice.says(&general, "one");
        let second = alice.says(&general, "two");
        let (mut phone, mut laptop) = (bob.connects(), bob.connects());
        let mut on_alice = alice.connects();
        let path = format!("/channels/{general}/read");
        bob.put(&path, json!({"message_id": second})).expect(204);
        let read = |id: &str| json!({"channel_id": general, "message_id": id, "mentions": 0});
        assert_eq!(phone.event_but_presence(60), read(&second));
        assert_eq!(laptop.event_but_presence(60), read(&second));
        // Backwards marks unread.
        bob.put(&path, json!({"message_id": first})).expect(204);
        assert_eq!(phone.event_but_presence(60), read(&first));
        let snapshot = bob.connects().connected;
        let states = snapshot["d"]["read_states"].as_array().unwrap().clone();
        assert!(states.contains(&read(&first)), "{states:?}");
        bob.put(&format!("/servers/{server}/read"), json!({})).expect(204);
        assert_eq!(phone.event_but_presence(60), read(&second));
        bob.put(&path, json!({})).refused(400, "invalid_field");
        bob.put("/channels/1/read", json!({})).refused(404, "not_found");
        // Nobody else hears of it: the next that alice hears is her own message.
        alice.says(&general, "three");
        assert_eq!(on_alice.event_but_presence(11)["content"], "three");
        (general, second)
    };
    world.restart();
    let bob = world.sign_in("bob");
    let snapshot = bob.connects().connected;
    let state = json!({"channel_id": general, "message_id": second, "mentions": 0});
    assert!(snapshot["d"]["read_states"].as_array().unwrap().contains(&state), "{snapshot}");
}

#[test]
fn reading_again_what_is_read_is_told_to_nobody() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, general) = alice.creates_server("home");
    let (first, second) = (alice.says(&general, "one"), alice.says(&general, "two"));
    let mut on_alice = alice.connects();
    let path = format!("/channels/{general}/read");
    // Her own message counts as read already.
    alice.put(&path, json!({"message_id": second})).expect(204);
    alice.put(&format!("/servers/{server}/read"), json!({})).expect(204);
    alice.put(&path, json!({"message_id": first})).expect(204);
    alice.put(&path, json!({"message_id": first})).expect(204);
    assert_eq!(on_alice.event(60)["message_id"], json!(first));
    alice.ask("PUT", &format!("/servers/{server}/read"), None).expect(204);
    alice.ask("PUT", &format!("/servers/{server}/read"), None).expect(204);
    assert_eq!(on_alice.event(60)["message_id"], json!(second));
    alice.says(&general, "three");
    assert_eq!(on_alice.event(11)["content"], "three");
    for bad in [json!({"message_id": 1}), json!({"message_id": "x"}), json!({"message_id": "01"})] {
        alice.put(&path, bad).refused(400, "invalid_field");
    }
}

#[test]
fn five_hundred_channels_are_enough() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/channels");
    for n in 1..500 {
        alice.post(&path, json!({"name": n.to_string()})).expect(201);
    }
    alice.post(&path, json!({"name": "one more"})).refused(409, "too_many_channels");
    alice.post(&path, json!({"name": ""})).refused(400, "invalid_field");
}
