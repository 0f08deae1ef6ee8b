//! Messages: write, read, page, edit, delete.

use serde_json::{Value, json};

use crate::harness::{Person, World, text};

fn ids(page: &Value) -> Vec<String> {
    page.as_array().unwrap().iter().map(|message| text(&message["message_id"])).collect()
}

#[test]
fn alice_writes_and_bob_sees_it() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let body = json!({"content": "  Hello *there*\n", "nonce": "n1"});
    let sent = alice.post(&format!("/channels/{channel}/messages"), body).expect(201);
    assert_eq!(sent["content"], "  Hello *there*\n", "kept as it is");
    assert_eq!((&sent["nonce"], &sent["edited_at"]), (&json!("n1"), &Value::Null));
    assert_eq!((&sent["channel_id"], &sent["author"]["username"]), (&json!(channel), &json!("alice")));
    let timestamp = text(&sent["timestamp"]);
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    assert_eq!(on_bob.event_but_presence(11), sent);
    let mut listed = bob.get(&format!("/channels/{channel}/messages")).expect(200);
    let mut without_nonce = sent.clone();
    without_nonce.as_object_mut().unwrap().remove("nonce");
    assert_eq!(listed[0].take(), without_nonce);
    let path = format!("/channels/{channel}/messages/{}", text(&sent["message_id"]));
    assert_eq!(bob.get(&path).expect(200), without_nonce);
    assert_eq!(bob.get(&format!("/channels/{channel}")).expect(200)["last_message_id"], sent["message_id"]);
}

#[test]
fn history_comes_in_pages_newest_first() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let written: Vec<String> = (0..23).map(|n| alice.says(&channel, &format!("m{n}"))).collect();
    let newest_first: Vec<String> = written.iter().rev().cloned().collect();
    let path = format!("/channels/{channel}/messages");
    let page = |query: &str| alice.get(&format!("{path}?{query}"));
    assert_eq!(ids(&alice.get(&path).expect(200)), newest_first);

    // By Link, to the end.
    let mut seen = Vec::new();
    let mut next = format!("{path}?limit=5");
    loop {
        let answer = alice.get(&next);
        let link = answer.header("link").map(str::to_owned);
        seen.extend(ids(&answer.expect(200)));
        let Some(link) = link else { break };
        assert!(link.starts_with("</api/rest/channels/") && link.ends_with("rel=\"next\""), "{link}");
        next = link.trim_start_matches("</api/rest").split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, newest_first);

    let at = |n: usize| &written[n];
    assert_eq!(ids(&page(&format!("limit=3&before={}", at(10))).expect(200)), [at(9), at(8), at(7)].map(String::clone));
    assert_eq!(
        ids(&page(&format!("limit=3&after={}", at(10))).expect(200)),
        [at(13), at(12), at(11)].map(String::clone)
    );
    assert_eq!(
        ids(&page(&format!("limit=5&around={}", at(10))).expect(200)),
        [at(12), at(11), at(10), at(9), at(8)].map(String::clone)
    );
    // A position that no message has is a position all the same.
    assert_eq!(ids(&page("limit=2&after=1").expect(200)), [at(1), at(0)].map(String::clone));
    assert!(page("limit=2&after=9223372036854775807").expect(200).as_array().unwrap().is_empty());
    for bad in
        ["limit=0", "limit=101", "limit=x", "limit=", "before=x", "before=-1", "before=1&after=2", "limit=1&limit=2"]
    {
        page(bad).refused(400, "invalid_field");
    }
}

#[test]
fn a_retry_with_its_nonce_never_doubles() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/channels/{channel}/messages");
    let send = |who: &Person<'_>, content: &str| who.post(&path, json!({"content": content, "nonce": "same"}));
    let first = send(&alice, "once").expect(201);
    assert_eq!(send(&alice, "other content").expect(200), first);
    let of_bob = send(&bob, "his own").expect(201);
    assert_ne!(of_bob["message_id"], first["message_id"]);
    let message = format!("{path}/{}", text(&first["message_id"]));
    let edited = alice.patch(&message, json!({"content": "edited"})).expect(200);
    assert_eq!(send(&alice, "once").expect(200)["content"], edited["content"], "as it now is");
    assert_eq!(bob.get(&path).expect(200).as_array().unwrap().len(), 2);
    alice.delete(&message).expect(204);
    send(&alice, "once").refused(409, "nonce_used");
    // A refused request uses no nonce up.
    alice.post(&path, json!({"content": "", "nonce": "other"})).refused(400, "invalid_field");
    alice.post(&path, json!({"content": "now", "nonce": "other"})).expect(201);
}

#[test]
fn fifty_retries_at_once_make_one_message() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let path = format!("/channels/{channel}/messages");
    let made = std::thread::scope(|scope| {
        let send = || scope.spawn(|| alice.post(&path, json!({"content": "x", "nonce": "n"})).status);
        let sent: Vec<_> = (0..50).map(|_| send()).collect();
        sent.into_iter().map(|thread| thread.join().unwrap()).filter(|status| *status == 201).count()
    });
    assert_eq!(made, 1);
    assert_eq!(alice.get(&path).expect(200).as_array().unwrap().len(), 1);
}

#[test]
fn only_the_author_edits_and_only_who_may_deletes() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    let mut on_carol = carol.connects();
    let id = bob.says(&channel, "helo");
    on_carol.event_but_presence(11);
    let path = format!("/channels/{channel}/messages/{id}");
    alice.patch(&path, json!({"content": "mine"})).refused(403, "forbidden");
    let edited = bob.patch(&path, json!({"content": "hello"})).expect(200);
    assert!(edited["edited_at"].is_string());
    let told = on_carol.event_but_presence(12);
    assert_eq!(told["content"], "hello");
    assert!(told.get("reactions").is_none(), "left out of updates");
    // Nothing changed: no event, and no new time.
    assert_eq!(bob.patch(&path, json!({"content": "hello"})).expect(200)["edited_at"], edited["edited_at"]);
    for bad in [json!({}), json!({"content": " "}), json!({"content": null}), json!({"content": "x".repeat(4001)})] {
        bob.patch(&path, bad).refused(400, "invalid_field");
    }
    carol.delete(&path).refused(403, "forbidden");
    alice.delete(&path).expect(204);
    assert_eq!(on_carol.event_but_presence(13), json!({"message_id": id, "channel_id": channel, "server_id": server}));
    bob.delete(&path).refused(404, "not_found");
    bob.get(&path).refused(404, "not_found");
    let channel = carol.get(&format!("/channels/{channel}")).expect(200);
    assert_eq!(channel["last_message_id"], json!(id), "it stays when the message goes");
}

#[test]
fn what_cannot_be_a_message_is_refused_and_leaves_nothing() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let path = format!("/channels/{channel}/messages");
    for bad in [
        json!({}),
        json!({"content": ""}),
        json!({"content": " \n"}),
        json!({"content": 5}),
        json!({"content": "a\u{0}"}),
        json!({"content": "x".repeat(4001)}),
        json!({"content": "x", "nonce": ""}),
        json!({"content": "x", "nonce": "n".repeat(65)}),
        json!([]),
    ] {
        assert_eq!(alice.post(&path, bad.clone()).status, 400, "{bad}");
    }
    let send =
        |body: &str, kind: &str| world.send("POST", &path, Some(&alice.token), &[("Content-Type", kind)], Some(body));
    let json = "application/json";
    for bad in [
        "",
        "{",
        "nonsense",
        "{\"content\":\"a\",\"content\":\"b\"}",
        "{\"content\":\"\\ud800\"}",
        "{\"content\":NaN}",
        &format!("{{\"content\":\"x\",\"y\":{}1{}}}", "[".repeat(20), "]".repeat(20)),
        &"[".repeat(200_000),
    ] {
        send(bad, json).refused(400, "invalid_json");
    }
    send("content=x", "application/x-www-form-urlencoded").refused(415, "unsupported_media_type");
    send(&format!("{{\"content\":\"{}\"}}", "x".repeat(300_000)), json).refused(413, "too_large");
    assert_eq!(alice.get(&path).expect(200), json!([]));
    // 4,000 characters, not bytes.
    alice.post(&path, json!({"content": "\u{1F600}".repeat(4000)})).expect(201);
}

#[test]
fn too_many_messages_are_slowed_down_channel_by_channel() {
    let world = World::with(|options| options.rate_limits = true);
    let alice = world.person("alice");
    let (server, channel) = alice.creates_server("home");
    let other = alice.post(&format!("/servers/{server}/channels"), json!({"name": "other"})).expect(201);
    let send = |channel: &str| alice.post(&format!("/channels/{channel}/messages"), json!({"content": "x"}));
    let first = send(&channel);
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), (Some("10"), Some("9")));
    let refused = (0..15).map(|_| send(&channel)).find(|answer| answer.status == 429).expect("the limit is reached");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    refused.refused(429, "rate_limited");
    send(&text(&other["channel_id"])).expect(201);
}

#[test]
fn around_a_message_lies_what_is_there() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let written: Vec<String> = (0..5).map(|n| alice.says(&channel, &n.to_string())).collect();
    let around = |id: &str, limit: usize| {
        let answer = alice.get(&format!("/channels/{channel}/messages?around={id}&limit={limit}"));
        assert_eq!(answer.header("link"), None);
        ids(&answer.expect(200))
    };
    let newest_first = |from: usize, to: usize| written[from..=to].iter().rev().cloned().collect::<Vec<_>>();
    assert_eq!(around(&written[2], 1), newest_first(2, 2));
    assert_eq!(around(&written[2], 3), newest_first(1, 3));
    assert_eq!(around(&written[0], 3), newest_first(0, 1));
    assert_eq!(around(&written[4], 3), newest_first(3, 4));
    assert_eq!(around("0", 3), newest_first(0, 0));
    // A message that is gone is still a place.
    alice.delete(&format!("/channels/{channel}/messages/{}", written[2])).expect(204);
    assert_eq!(around(&written[2], 3), [&written[3], &written[1], &written[0]].map(String::clone));
}
