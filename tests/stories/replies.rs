//! Replies: what a message shows of the one it answers.

use serde_json::{Value, json};

use crate::harness::{World, text};

#[test]
fn a_reply_shows_what_it_answers_as_that_is_now() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/channels/{channel}/messages");
    let long = format!("{}…", "ä".repeat(300));
    let question = alice.says(&channel, &long);
    let mut on_alice = alice.connects();
    let answer = bob.post(&path, json!({"content": "yes", "reply_to": question})).expect(201);
    let shown =
        |message: &Value| (text(&message["reply_to"]["author"]["username"]), text(&message["reply_to"]["content"]));
    assert_eq!(shown(&answer), ("alice".into(), "ä".repeat(200)));
    assert_eq!(answer["reply_to"]["message_id"], json!(question));
    assert_eq!(shown(&on_alice.event_but_presence(11)), ("alice".into(), "ä".repeat(200)));
    alice.patch(&format!("{path}/{question}"), json!({"content": "shorter"})).expect(200);
    let id = text(&answer["message_id"]);
    assert_eq!(shown(&alice.get(&format!("{path}/{id}")).expect(200)), ("alice".into(), "shorter".into()));
    assert_eq!(on_alice.event_but_presence(12)["content"], "shorter");
    // An edit keeps what it answers.
    bob.patch(&format!("{path}/{id}"), json!({"content": "no", "reply_to": id})).expect(200);
    assert_eq!(shown(&on_alice.event_but_presence(12)), ("alice".into(), "shorter".into()));
    alice.delete(&format!("{path}/{question}")).expect(204);
    let after = alice.get(&path).expect(200);
    assert_eq!(after[0]["reply_to"], json!({"message_id": question, "deleted": true}));
}

#[test]
fn only_a_message_of_the_same_channel_is_answered() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, channel) = alice.creates_server("home");
    let other =
        text(&alice.post(&format!("/servers/{server}/channels"), json!({"name": "other"})).expect(201)["channel_id"]);
    let elsewhere = alice.says(&other, "elsewhere");
    let path = format!("/channels/{channel}/messages");
    for bad in [json!(elsewhere), json!("1"), json!("x"), json!(5)] {
        let refused = alice.post(&path, json!({"content": "re", "reply_to": bad})).refused(400, "invalid_field");
        assert!(refused["errors"]["reply_to"].is_string());
    }
    let plain = alice.post(&path, json!({"content": "re", "reply_to": null})).expect(201);
    assert_eq!(plain["reply_to"], Value::Null);
}
