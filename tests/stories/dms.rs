//! Direct messages.

use serde_json::{Value, json};

use crate::harness::{Person, World, text};

/// Three people who share a server.
fn friends(world: &World) -> [Person<'_>; 3] {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.person(name));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    [alice, bob, carol]
}

#[test]
fn a_dm_reaches_the_other_with_the_first_message() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let (mut on_alice, mut on_bob, mut on_carol) = (alice.connects(), bob.connects(), carol.connects());
    let opened = alice.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).expect(201);
    assert_eq!((&opened["type"], &opened["name"], &opened["server_id"]), (&json!("dm"), &json!(""), &Value::Null));
    let people: Vec<_> = opened["recipients"].as_array().unwrap().iter().map(|u| text(&u["username"])).collect();
    assert_eq!(people, ["alice", "bob"]);
    let dm = text(&opened["channel_id"]);
    assert_eq!(on_alice.event_but_presence(20)["channel_id"], json!(dm));
    assert_eq!(bob.get("/users/@me/dm-channels").expect(200), json!([]));
    assert_eq!(
        alice.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).expect(200)["channel_id"],
        json!(dm)
    );

    alice.says(&dm, "psst");
    assert_eq!(on_bob.event_but_presence(20)["channel_id"], json!(dm));
    assert_eq!(on_bob.event_but_presence(11)["content"], "psst");
    assert_eq!(on_alice.event_but_presence(11)["content"], "psst");
    let back = bob.post("/users/@me/dm-channels", json!({"recipient_id": alice.id})).expect(200);
    assert_eq!(back["channel_id"], json!(dm));
    bob.says(&dm, "what?");
    // Carol neither sees nor hears of it.
    carol.get(&format!("/channels/{dm}/messages")).refused(404, "not_found");
    carol.post(&format!("/channels/{dm}/messages"), json!({"content": "x"})).refused(404, "not_found");
    carol.get(&format!("/users/{}/dm-channels", alice.id)).refused(404, "not_found");
    carol.creates_server("hers");
    assert_eq!(on_carol.event_but_presence(30)["server"]["name"], "hers");
    let own = format!("/users/{}/dm-channels", alice.id);
    assert_eq!(alice.get(&own).expect(200)[0]["channel_id"], json!(dm));
    alice.patch(&format!("/channels/{dm}"), json!({"name": "x"})).refused(403, "forbidden");
}

#[test]
fn a_hidden_dm_comes_back_with_the_next_message() {
    let world = World::start();
    let [alice, bob, _] = friends(&world);
    let dm = alice.opens_dm(&bob);
    let first = alice.says(&dm, "hi");
    let (mut on_alice, mut on_bob) = (alice.connects(), bob.connects());
    bob.delete(&format!("/channels/{dm}")).expect(204);
    assert_eq!(on_bob.event_but_presence(22), json!({"channel_id": dm, "server_id": null}));
    assert_eq!(bob.get("/users/@me/dm-channels").expect(200), json!([]));
    let second = alice.says(&dm, "are you there?");
    assert_eq!(on_bob.event_but_presence(20)["channel_id"], json!(dm));
    // Bob had read nothing: as on a device that comes now, both count.
    let counts = |position: &str, ids: &[&String]| json!({"channel_id": dm, "message_id": position, "mentions": 0, "direct_ids": ids});
    assert_eq!(on_bob.event_but_presence(60), counts("0", &[&first, &second]));
    assert_eq!(bob.connects().connected["d"]["read_states"], json!([counts("0", &[&first, &second])]));
    assert_eq!(on_bob.event_but_presence(11)["content"], "are you there?");
    // Read, and hidden again: it comes back with how far it was read, whether a message brings it or bob.
    bob.put(&format!("/channels/{dm}/read"), json!({"message_id": first})).expect(204);
    assert_eq!(on_bob.event_but_presence(60), counts(&first, &[&second]));
    bob.delete(&format!("/channels/{dm}")).expect(204);
    on_bob.event_but_presence(22);
    assert_eq!(bob.opens_dm(&alice), dm);
    on_bob.event_but_presence(20);
    assert_eq!(on_bob.event_but_presence(60), counts(&first, &[&second]));
    // Alice never hid it: she heard only the message.
    assert_eq!(on_alice.event_but_presence(11)["content"], "are you there?");
}

#[test]
fn a_group_has_members_a_name_and_a_way_out() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let (mut on_bob, mut on_carol) = (bob.connects(), carol.connects());
    let body = json!({"recipient_ids": [bob.id, carol.id, bob.id, alice.id]});
    let group = alice.post("/users/@me/dm-channels", body.clone()).expect(201);
    assert_eq!((&group["type"], group["recipients"].as_array().unwrap().len()), (&json!("group_dm"), 3));
    let id = text(&group["channel_id"]);
    assert_ne!(
        alice.post("/users/@me/dm-channels", body).expect(201)["channel_id"],
        json!(id),
        "groups are not unique"
    );
    alice.says(&id, "hi both");
    for on in [&mut on_bob, &mut on_carol] {
        assert_eq!(on.event_but_presence(20)["channel_id"], json!(id));
        assert_eq!(on.event_but_presence(11)["content"], "hi both");
    }
    let renamed = bob.patch(&format!("/channels/{id}"), json!({"name": "Band"})).expect(200);
    assert_eq!(on_carol.event_but_presence(21), renamed);
    assert_eq!(on_bob.event_but_presence(21), renamed);
    bob.delete(&format!("/channels/{id}")).expect(204);
    assert_eq!(on_bob.event_but_presence(22), json!({"channel_id": id, "server_id": null}));
    assert_eq!(on_carol.event_but_presence(21)["recipients"].as_array().unwrap().len(), 2);
    bob.get(&format!("/channels/{id}")).refused(404, "not_found");
    carol.delete(&format!("/channels/{id}")).expect(204);
    alice.delete(&format!("/channels/{id}")).expect(204);
    alice.get(&format!("/channels/{id}")).refused(404, "not_found");
}

#[test]
fn who_cannot_be_written_to_is_refused() {
    let world = World::start();
    let [alice, bob, _] = friends(&world);
    let stranger = world.person("stranger");
    let open = |body| alice.post("/users/@me/dm-channels", body);
    open(json!({"recipient_id": alice.id})).refused(400, "invalid_field");
    open(json!({"recipient_id": stranger.id})).refused(404, "not_found");
    open(json!({"recipient_id": "1"})).refused(404, "not_found");
    open(json!({"recipient_ids": [bob.id, stranger.id]})).refused(404, "not_found");
    for bad in [
        json!({}),
        json!({"recipient_ids": []}),
        json!({"recipient_ids": [alice.id]}),
        json!({"recipient_id": "x"}),
        json!({"recipient_id": bob.id, "recipient_ids": [bob.id]}),
        json!({"recipient_ids": (1..=10).map(|n| n.to_string()).collect::<Vec<_>>()}),
    ] {
        open(bad).refused(400, "invalid_field");
    }
    let alone = open(json!({"recipient_ids": [bob.id, bob.id]})).expect(201);
    assert_eq!(alone["type"], "dm", "one left is a plain DM");
    bob.post(&format!("/users/{}/dm-channels", alice.id), json!({"recipient_id": alice.id})).refused(404, "not_found");
}

#[test]
fn whoever_has_not_heard_of_a_dm_hears_nothing_from_it() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let (mut on_alice, mut on_bob) = (alice.connects(), bob.connects());
    let body = json!({"recipient_ids": [bob.id, carol.id]});
    let group = text(&alice.post("/users/@me/dm-channels", body).expect(201)["channel_id"]);
    let path = format!("/channels/{group}");
    alice.patch(&path, json!({"name": "Band"})).expect(200);
    on_alice.send(50, json!({"channel_id": group}));
    on_alice.send(1, Value::Null);
    assert_eq!(on_alice.event_but_presence(20)["channel_id"], json!(group));
    assert_eq!(on_alice.event_but_presence(21)["name"], "Band");
    on_alice.ack();
    let id = alice.says(&group, "hi both");
    // The first that bob hears is the group under its new name.
    assert_eq!(on_bob.event_but_presence(20)["name"], "Band");
    assert_eq!(on_bob.event_but_presence(11)["content"], "hi both");
    // Whoever hides a DM hears nothing of what changes there, until the next message. A group is left, not hidden.
    let dm = alice.opens_dm(&bob);
    let first = alice.says(&dm, "psst");
    bob.delete(&format!("/channels/{dm}")).expect(204);
    bob.delete(&format!("/channels/{dm}")).expect(204);
    alice.patch(&format!("/channels/{dm}/messages/{first}"), json!({"content": "psst!"})).expect(200);
    alice.delete(&format!("/channels/{group}/messages/{id}")).expect(204);
    assert_eq!(on_bob.event_but_presence(20)["channel_id"], json!(dm));
    assert_eq!(on_bob.event_but_presence(11)["content"], "psst");
    assert_eq!(on_bob.event_but_presence(22)["channel_id"], json!(dm));
    let gone = json!({"message_id": id, "channel_id": group, "server_id": null});
    assert_eq!(on_bob.event_but_presence(13), gone);
    // Whoever opens a hidden one sees it again.
    assert_eq!(bob.opens_dm(&alice), dm);
    assert_eq!(on_bob.event_but_presence(20)["channel_id"], json!(dm));
}

#[test]
fn a_dm_outlives_the_server_where_they_met() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let dm = alice.opens_dm(&bob);
    let message = alice.says(&dm, "see you");
    let server = text(&bob.get("/servers").expect(200)[0]["server_id"]);
    bob.delete(&format!("/servers/{server}/members/@me")).expect(204);
    bob.get(&format!("/users/{}", alice.id)).expect(200);
    bob.get(&format!("/users/{}", carol.id)).refused(404, "not_found");
    carol.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).refused(404, "not_found");
    assert_eq!(bob.opens_dm(&alice), dm);
    // In a DM nobody has rank: each deletes and edits their own.
    let path = format!("/channels/{dm}/messages/{message}");
    bob.delete(&path).refused(403, "forbidden");
    bob.patch(&path, json!({"content": "x"})).refused(403, "forbidden");
    alice.delete(&path).expect(204);
    carol.get(&path).refused(404, "not_found");
}

#[test]
fn the_dm_with_the_latest_message_comes_first() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let (with_bob, with_carol) = (alice.opens_dm(&bob), alice.opens_dm(&carol));
    let first = || text(&alice.get("/users/@me/dm-channels").expect(200)[0]["channel_id"]);
    assert_eq!(first(), with_carol);
    bob.says(&with_bob, "hi");
    assert_eq!(first(), with_bob);
    carol.says(&with_carol, "hi");
    assert_eq!(first(), with_carol);
}

#[test]
fn whoever_left_the_group_hears_its_people_no_more() {
    let world = World::start();
    let [alice, bob, carol] = friends(&world);
    let group = alice.post("/users/@me/dm-channels", json!({"recipient_ids": [bob.id, carol.id]})).expect(201);
    let server = text(&alice.get("/servers").expect(200)[0]["server_id"]);
    bob.delete(&format!("/servers/{server}/members/@me")).expect(204);
    let (mut on_bob, mut on_carol) = (bob.connects(), carol.connects());
    alice.patch("/users/@me", json!({"bio": "first"})).expect(200);
    assert_eq!(on_bob.event_but_presence(41)["bio"], "first");
    bob.delete(&format!("/channels/{}", text(&group["channel_id"]))).expect(204);
    on_bob.event_but_presence(22);
    alice.patch("/users/@me", json!({"bio": "second"})).expect(200);
    bob.patch("/users/@me", json!({"bio": "alone"})).expect(200);
    assert_eq!(on_bob.event_but_presence(41)["bio"], "alone");
    assert_eq!(on_carol.event_but_presence(41)["bio"], "first");
    assert_eq!(on_carol.event_but_presence(41)["bio"], "second");
    // What bob does reaches carol as little.
    alice.patch("/users/@me", json!({"bio": "third"})).expect(200);
    assert_eq!(on_carol.event_but_presence(41)["bio"], "third");
}
