//! Reactions and pins.

use serde_json::{Value, json};

use crate::harness::{World, text};

fn encoded(emoji: &str) -> String {
    emoji.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn reactions_come_go_and_are_counted() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let message = alice.says(&channel, "hi");
    let one = format!("/channels/{channel}/messages/{message}");
    let of = |emoji: &str| format!("{one}/reactions/{}", encoded(emoji));
    let mut on_alice = alice.connects();
    bob.ask("PUT", &of("👍"), None).expect(204);
    let told = json!({"channel_id": channel, "message_id": message, "user_id": bob.id, "emoji": "👍"});
    assert_eq!(on_alice.event_but_presence(14), told);
    // Again changes nothing. A heart is a heart, with the sign for colour or without.
    bob.ask("PUT", &of("👍"), None).expect(204);
    bob.ask("PUT", &of("❤️"), None).expect(204);
    alice.ask("PUT", &of("❤"), None).expect(204);
    assert_eq!(on_alice.event_but_presence(14)["emoji"], "❤️");
    assert_eq!(
        on_alice.event_but_presence(14),
        json!({"channel_id": channel, "message_id": message, "user_id": alice.id, "emoji": "❤️"})
    );
    let seen = |person: &crate::harness::Person<'_>| person.get(&one).expect(200)["reactions"].clone();
    assert_eq!(
        seen(&alice),
        json!([{"emoji": "👍", "count": 1, "me": false}, {"emoji": "❤️", "count": 2, "me": true}])
    );
    assert_eq!(bob.get(&format!("/channels/{channel}/messages")).expect(200)[0]["reactions"][0]["me"], true);
    let names = |answer: Value| answer.as_array().unwrap().iter().map(|who| text(&who["username"])).collect::<Vec<_>>();
    let page = alice.get(&format!("{}?limit=1", of("❤")));
    assert!(page.header("link").is_some());
    assert_eq!(names(page.expect(200)), ["alice"]);
    assert_eq!(names(alice.get(&format!("{}?after={}", of("❤"), alice.id)).expect(200)), ["bob"]);
    assert_eq!(names(alice.get(&of("🫠")).expect(200)), [""; 0]);
    bob.delete(&of("👍")).expect(204);
    assert_eq!(on_alice.event_but_presence(15), told);
    bob.delete(&of("👍")).expect(204);
    bob.delete(&of("❤")).expect(204);
    on_alice.event_but_presence(15);
    assert_eq!(seen(&bob), json!([{"emoji": "❤️", "count": 1, "me": false}]));
    for bad in ["a", "%20", "👍👍", "1"] {
        bob.ask("PUT", &of(bad), None).refused(400, "invalid_field");
    }
    carol.ask("PUT", &of("👍"), None).refused(404, "not_found");
    carol.ask("PUT", &of("bad"), None).refused(404, "not_found");
    bob.ask("PUT", &format!("/channels/{channel}/messages/1/reactions/{}", encoded("👍")), None)
        .refused(404, "not_found");
    // They go with the message.
    alice.delete(&one).expect(204);
    bob.get(&of("❤")).refused(404, "not_found");
}

#[test]
fn twenty_kinds_are_enough_and_who_may_not_react_does_not() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let message = alice.says(&channel, "hi");
    let of = |emoji: char| format!("/channels/{channel}/messages/{message}/reactions/{}", encoded(&emoji.to_string()));
    let mut kinds = ('\u{1f400}'..).take(21);
    for emoji in kinds.by_ref().take(20) {
        alice.ask("PUT", &of(emoji), None).expect(204);
    }
    alice.ask("PUT", &of(kinds.next().unwrap()), None).refused(409, "too_many_reactions");
    bob.ask("PUT", &of('\u{1f400}'), None).expect(204);
    alice.put(&format!("/channels/{channel}/overrides/{server}"), json!({"deny": ["add_reactions"]})).expect(204);
    bob.ask("PUT", &of('\u{1f401}'), None).refused(403, "forbidden");
    bob.delete(&of('\u{1f400}')).expect(204);
}

#[test]
fn pins_are_set_by_who_may_and_the_latest_comes_first() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let [first, second] = ["first", "second"].map(|content| alice.says(&channel, content));
    let pins = format!("/channels/{channel}/pins");
    let mut on_bob = bob.connects();
    bob.ask("PUT", &format!("{pins}/{first}"), None).refused(403, "forbidden");
    carol.ask("PUT", &format!("{pins}/{first}"), None).refused(404, "not_found");
    carol.get(&pins).refused(404, "not_found");
    alice.ask("PUT", &format!("{pins}/1"), None).refused(404, "not_found");
    alice.ask("PUT", &format!("{pins}/{second}"), None).expect(204);
    alice.ask("PUT", &format!("{pins}/{first}"), None).expect(204);
    alice.ask("PUT", &format!("{pins}/{first}"), None).expect(204);
    let told = |id: &str, pinned: bool| json!({"channel_id": channel, "message_id": id, "pinned": pinned});
    assert_eq!(on_bob.event_but_presence(16), told(&second, true));
    assert_eq!(on_bob.event_but_presence(16), told(&first, true));
    let list = bob.get(&pins).expect(200);
    assert_eq!(
        (&list[0]["content"], &list[1]["content"], &list[0]["pinned"]),
        (&json!("first"), &json!("second"), &json!(true))
    );
    alice.delete(&format!("{pins}/{second}")).expect(204);
    assert_eq!(on_bob.event_but_presence(16), told(&second, false));
    alice.delete(&format!("{pins}/{second}")).expect(204);
    alice.delete(&format!("/channels/{channel}/messages/{first}")).expect(204);
    on_bob.event_but_presence(13);
    assert_eq!(bob.get(&pins).expect(200), json!([]));
    let log = alice.get(&format!("/servers/{server}/audit-log")).expect(200);
    let actions: Vec<_> = log.as_array().unwrap().iter().map(|entry| text(&entry["action"])).take(3).collect();
    assert_eq!(actions, ["message_unpin", "message_pin", "message_pin"]);
    // In a DM anybody pins.
    let dm = text(&alice.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).expect(201)["channel_id"]);
    let hi = alice.says(&dm, "hi");
    bob.ask("PUT", &format!("/channels/{dm}/pins/{hi}"), None).expect(204);
    assert_eq!(alice.get(&format!("/channels/{dm}/pins")).expect(200)[0]["content"], "hi");
}

#[test]
fn a_channel_has_room_for_250_pins() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    for number in 0..250 {
        let id = alice.says(&channel, &number.to_string());
        alice.ask("PUT", &format!("/channels/{channel}/pins/{id}"), None).expect(204);
    }
    let one_more = alice.says(&channel, "one more");
    alice.ask("PUT", &format!("/channels/{channel}/pins/{one_more}"), None).refused(409, "too_many_pins");
}
