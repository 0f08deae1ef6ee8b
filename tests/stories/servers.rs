//! Servers: make, change, hand over, delete; who is told.

use serde_json::{Value, json};

use crate::harness::{World, text};

#[test]
fn alice_makes_a_server_and_it_starts_with_a_channel() {
    let world = World::start();
    let alice = world.person("alice");
    let mut on_alice = alice.connects();
    let server = alice.post("/servers", json!({"name": " Home ", "description": "ours"})).expect(201);
    assert_eq!((&server["name"], &server["description"]), (&json!("Home"), &json!("ours")));
    assert_eq!((&server["owner_id"], &server["member_count"]), (&json!(alice.id), &json!(1)));
    assert_eq!(server["icon_url"], Value::Null);
    let id = text(&server["server_id"]);
    let add = on_alice.event(30);
    assert_eq!(add["server"]["server_id"], json!(id));
    assert_eq!(add["server"]["channels"][0]["name"], "general");
    assert_eq!(add["server"]["channels"][0]["permissions"].as_array().unwrap().len(), 12, "the owner has all");
    assert_eq!(add["server"]["roles"][0]["role_id"], json!(id), "everyone has the server's ID");
    assert_eq!(add["user"]["user_id"], json!(alice.id));
    assert_eq!(alice.get("/servers").expect(200), json!([server]));
    assert_eq!(alice.get(&format!("/servers/{id}")).expect(200), server);
}

#[test]
fn a_stranger_cannot_tell_a_hidden_server_from_a_missing_one() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    for (hidden, missing) in [
        (format!("/servers/{server}"), "/servers/1".to_owned()),
        (format!("/servers/{server}/channels"), "/servers/1/channels".to_owned()),
        (format!("/servers/{server}/members"), "/servers/1/members".to_owned()),
        (format!("/channels/{channel}"), "/channels/1".to_owned()),
        (format!("/channels/{channel}/messages"), "/channels/1/messages".to_owned()),
        (format!("/users/{}", alice.id), "/users/1".to_owned()),
    ] {
        let strip = |mut problem: Value| {
            problem.as_object_mut().unwrap().remove("request_id");
            problem
        };
        let hidden = strip(bob.get(&hidden).refused(404, "not_found"));
        assert_eq!(hidden, strip(bob.get(&missing).refused(404, "not_found")));
    }
    bob.patch(&format!("/servers/{server}"), json!({"name": 5})).refused(404, "not_found");
    bob.delete(&format!("/servers/{server}")).refused(404, "not_found");
    bob.post(&format!("/channels/{channel}/messages"), json!({})).refused(404, "not_found");
}

#[test]
fn changes_are_told_once_and_nothing_changed_is_told_to_nobody() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let path = format!("/servers/{server}");
    bob.patch(&path, json!({"name": "mine"})).refused(403, "forbidden");
    alice.patch(&path, json!({"name": "home"})).expect(200);
    alice.patch(&path, json!({})).expect(200);
    let changed = alice.patch(&path, json!({"name": "Castle", "description": "new"})).expect(200);
    assert_eq!(on_bob.event_but_presence(33), changed);
    for bad in [
        json!({"name": ""}),
        json!({"name": null}),
        json!({"icon": "1"}),
        json!({"owner_id": "1"}),
        json!({"name": "x".repeat(101)}),
    ] {
        alice.patch(&path, bad).refused(400, "invalid_field");
    }
    alice.patch(&path, json!({"icon": null})).expect(200);
}

#[test]
fn a_server_is_handed_over_by_its_owner_alone() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/servers/{server}");
    alice.patch(&path, json!({"owner_id": carol.id})).refused(400, "invalid_field");
    alice.delete(&format!("{path}/members/@me")).refused(409, "owner_cannot_leave");
    alice.patch(&path, json!({"owner_id": bob.id})).expect(200);
    alice.patch(&path, json!({"owner_id": alice.id})).refused(403, "forbidden");
    alice.delete(&format!("{path}/members/@me")).expect(204);
}

#[test]
fn a_deleted_server_is_gone_for_everybody_at_once() {
    let mut world = World::start();
    let server = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (server, channel) = alice.creates_server("home");
        alice.invites(&server, &[&bob]);
        let invite = alice.post(&format!("/servers/{server}/invites"), json!({})).expect(201);
        for n in 0..30 {
            alice.says(&channel, &format!("message {n}"));
        }
        let mut on_bob = bob.connects();
        bob.delete(&format!("/servers/{server}")).refused(403, "forbidden");
        alice.delete(&format!("/servers/{server}")).expect(204);
        assert_eq!(on_bob.event_but_presence(34), json!({"server_id": server}));
        bob.get(&format!("/servers/{server}")).refused(404, "not_found");
        bob.get(&format!("/channels/{channel}/messages")).refused(404, "not_found");
        bob.get(&format!("/invites/{}", text(&invite["code"]))).refused(404, "not_found");
        alice.delete(&format!("/servers/{server}")).refused(404, "not_found");
        assert_eq!(bob.get("/servers").expect(200), json!([]));
        server
    };
    // What is invisible is swept away behind the scenes; a restart in the middle goes on with it.
    world.restart();
    let alice = world.sign_in("alice");
    alice.get(&format!("/servers/{server}")).refused(404, "not_found");
    alice.creates_server("another");
}

#[test]
fn only_administrators_create_servers_where_the_owner_says_so() {
    let world = World::with(|options| options.admins_create_servers = true);
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    bob.post("/servers", json!({"name": "home"})).refused(403, "forbidden");
    alice.creates_server("home");
}

#[test]
fn a_hundred_servers_are_enough() {
    let world = World::start();
    let alice = world.person("alice");
    for n in 0..100 {
        alice.post("/servers", json!({"name": format!("s{n}")})).expect(201);
    }
    alice.post("/servers", json!({"name": "one more"})).refused(409, "too_many_servers");
}

#[test]
fn servers_are_listed_in_order_of_joining() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (older, _) = alice.creates_server("older");
    let (own, _) = bob.creates_server("own");
    alice.invites(&older, &[&bob]);
    let listed = |who: &crate::harness::Person<'_>| -> Vec<String> {
        who.get("/servers").expect(200).as_array().unwrap().iter().map(|s| text(&s["server_id"])).collect()
    };
    assert_eq!(listed(&bob), [own.clone(), older.clone()]);
    let connected = bob.connects().connected;
    let shown: Vec<_> = connected["d"]["servers"].as_array().unwrap().iter().map(|s| text(&s["server_id"])).collect();
    assert_eq!(shown, [own, older]);
}
