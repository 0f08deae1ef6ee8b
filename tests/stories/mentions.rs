//! Mentions: who is called by a message, and how many calls one has not read.

use serde_json::{Value, json};

use crate::harness::{Person, World, text};

/// Unread mentions of a channel, as a new connection is told.
fn unread(person: &Person<'_>, channel: &str) -> Value {
    let connected = person.connects().connected;
    let states = connected["d"]["read_states"].as_array().unwrap().iter();
    states
        .filter(|state| state["channel_id"] == channel)
        .map(|state| state["mentions"].clone())
        .next()
        .unwrap_or_default()
}

#[test]
fn bob_is_called_by_name_and_hears_how_often_until_he_has_read() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/channels/{channel}/messages");
    let mut on_bob = bob.connects();
    // Carol is no member, and cannot be called; nobody is called by code.
    let content = format!("<@{}> <@{}> <@{}> `<@{}>` <@1>", bob.id, carol.id, bob.id, alice.id);
    let message = alice.post(&path, json!({"content": content})).expect(201);
    assert_eq!(message["mentions"], json!([bob.id]));
    assert_eq!(message["mentioned_users"][0]["username"], "bob");
    assert_eq!((&message["mention_everyone"], &message["mention_roles"]), (&json!(false), &json!([])));
    assert_eq!(on_bob.event_but_presence(11)["mentions"], json!([bob.id]));
    let second = alice.says(&channel, &format!("again <@{}>", bob.id));
    alice.says(&channel, "of no concern");
    assert_eq!(unread(&bob, &channel), 2);
    assert_eq!(unread(&alice, &channel), 0);
    // It is the same whoever asks, and later.
    assert_eq!(bob.get(&path).expect(200)[2]["mentions"], json!([bob.id]));
    bob.put(&format!("/channels/{channel}/read"), json!({"message_id": message["message_id"]})).expect(204);
    on_bob.event_but_presence(11);
    on_bob.event_but_presence(11);
    assert_eq!(on_bob.event_but_presence(60)["mentions"], 1);
    bob.put(&format!("/channels/{channel}/read"), json!({"message_id": second})).expect(204);
    assert_eq!(on_bob.event_but_presence(60)["mentions"], 0);
    assert_eq!(unread(&bob, &channel), 0);
    // Marked unread: they count again. One that was deleted does not.
    bob.put(&format!("/channels/{channel}/read"), json!({"message_id": "1"})).expect(204);
    assert_eq!(on_bob.event_but_presence(60)["mentions"], 2);
    alice.delete(&format!("{path}/{second}")).expect(204);
    assert_eq!(unread(&bob, &channel), 1);
    // An edit calls others.
    alice.patch(&format!("{path}/{}", text(&message["message_id"])), json!({"content": "nobody"})).expect(200);
    assert_eq!(unread(&bob, &channel), 0);
}

#[test]
fn who_connects_is_told_which_messages_speak_to_them() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    let quiet = alice.post(&format!("/servers/{server}/channels"), json!({"name": "quiet"})).expect(201);
    let quiet = text(&quiet["channel_id"]);
    alice.invites(&server, &[&bob, &carol]);
    let dm = alice.opens_dm(&bob);
    let state = |channel: &str| {
        let connected = bob.connects().connected;
        let states = connected["d"]["read_states"].as_array().unwrap().clone();
        states.into_iter().find(|state| state["channel_id"] == channel).unwrap_or_default()
    };
    assert_eq!(state(&dm), Value::Null, "nothing was written there");
    let (one, two) = (alice.says(&dm, "one"), alice.says(&dm, "two"));
    let calls = alice.says(&channel, &format!("<@{}>", bob.id));
    alice.says(&channel, "of no concern");
    let talk =
        |from: &str, ids: &[&String]| json!({"channel_id": dm, "message_id": from, "mentions": 0, "direct_ids": ids});
    assert_eq!(state(&dm), talk("0", &[&one, &two]));
    let called = state(&channel);
    assert_eq!(
        (&called["mentions"], &called["mention_ids"], called.get("direct_ids")),
        (&json!(1), &json!([calls]), None)
    );
    // What one said oneself counts for nobody's attention, and what is read for none.
    bob.says(&dm, "three");
    let four = alice.says(&dm, "four");
    bob.put(&format!("/channels/{dm}/read"), json!({"message_id": one})).expect(204);
    assert_eq!(state(&dm), talk(&one, &[&two, &four]));
    alice.delete(&format!("/channels/{dm}/messages/{two}")).expect(204);
    assert_eq!(state(&dm), talk(&one, &[&four]));

    // Those whom one has blocked do not speak to one, and make nothing unread.
    let last = carol.says(&quiet, &format!("<@{}>", bob.id));
    assert_eq!(state(&quiet)["mentions"], 1);
    bob.ask("PUT", &format!("/users/@me/blocks/{}", carol.id), None).expect(204);
    assert_eq!(state(&quiet), json!({"channel_id": quiet, "message_id": last, "mentions": 0}));
    alice.says(&quiet, "heard");
    assert_eq!(state(&quiet), Value::Null, "something is unread, but nothing speaks to him");
}

#[test]
fn who_was_away_for_long_is_told_of_a_thousand_and_of_the_rest_how_many() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, first) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let new =
        |n: usize| alice.post(&format!("/servers/{server}/channels"), json!({"name": format!("n{n}")})).expect(201);
    let channels: Vec<_> = [first].into_iter().chain((0..10).map(|n| text(&new(n)["channel_id"]))).collect();
    for channel in &channels {
        (0..101).for_each(|_| drop(alice.says(channel, "@everyone")));
    }
    let dm = alice.opens_dm(&bob);
    alice.says(&dm, "where are you?");
    let connected = bob.connects().connected;
    let states = connected["d"]["read_states"].as_array().unwrap();
    let named = |state: &Value| ["mention_ids", "direct_ids"].map(|ids| state[ids].as_array().map_or(0, Vec::len));
    assert_eq!(states.iter().flat_map(named).sum::<usize>(), 901);
    let of = |channel: &String| states.iter().find(|state| state["channel_id"] == json!(channel)).unwrap();
    assert!(channels.iter().all(|channel| of(channel)["mentions"] == 100));
    assert_eq!(named(of(&dm)), [0, 1], "conversations come first");
}

#[test]
fn everyone_and_roles_are_called_by_those_who_may() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    let role = alice.post(&format!("/servers/{server}/roles"), json!({"name": "cooks"})).expect(201);
    let role = text(&role["role_id"]);
    alice.patch(&format!("/servers/{server}/members/{}", carol.id), json!({"roles": [role]})).expect(200);
    let path = format!("/channels/{channel}/messages");
    let calls = |content: &str| -> (Value, Value) {
        let message = alice.post(&path, json!({"content": content})).expect(201);
        (message["mention_everyone"].clone(), message["mention_roles"].clone())
    };
    assert_eq!(calls("@everyone: dinner"), (json!(true), json!([])));
    assert_eq!(calls(&format!("<@&{role}> and <@&{server}> and <@&1>")), (json!(false), json!([role])));
    // Once per message, however it calls.
    assert_eq!(calls(&format!("@everyone <@&{role}> <@{}>", carol.id)), (json!(true), json!([role])));
    assert_eq!(
        (unread(&bob, &channel), unread(&carol, &channel), unread(&alice, &channel)),
        (json!(2), json!(3), json!(0))
    );
    // Bob may not: it is plain text.
    let plain = bob.post(&path, json!({"content": format!("@everyone <@&{role}>")})).expect(201);
    assert_eq!((&plain["mention_everyone"], &plain["mention_roles"]), (&json!(false), &json!([])));
    assert_eq!(unread(&carol, &channel), 3);
}

#[test]
fn who_cannot_see_a_channel_is_not_called_there() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let hidden = json!({"name": "hidden", "overrides": [{"role_id": server, "deny": ["view_channel"]}]});
    let hidden = text(&alice.post(&format!("/servers/{server}/channels"), hidden).expect(201)["channel_id"]);
    let path = format!("/channels/{hidden}/messages");
    let message = alice.post(&path, json!({"content": format!("<@{}> <@{}>", bob.id, alice.id)})).expect(201);
    assert_eq!(message["mentions"], json!([alice.id]));
    // In a DM only the two.
    let dm = text(&alice.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).expect(201)["channel_id"]);
    let dm_path = format!("/channels/{dm}/messages");
    let message = alice.post(&dm_path, json!({"content": format!("<@{}> @everyone", bob.id)})).expect(201);
    assert_eq!((&message["mentions"], &message["mention_everyone"]), (&json!([bob.id]), &json!(false)));
    assert_eq!(unread(&bob, &dm), 1);
}
