//! Searching: who finds what, and who does not.

use serde_json::{Value, json};

use crate::files::png;
use crate::harness::{Person, World, text};

/// Encodes a value for a query.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn path(q: &str, more: &str) -> String {
    format!("/search?q={}{more}", encode(q))
}

/// The contents of what is found.
#[track_caller]
fn finds_with(person: &Person<'_>, q: &str, more: &str) -> Vec<String> {
    let found = person.get(&path(q, more)).expect(200);
    found.as_array().unwrap().iter().map(|message| text(&message["content"])).collect()
}

#[track_caller]
fn finds(person: &Person<'_>, q: &str) -> Vec<String> {
    finds_with(person, q, "")
}

/// Fails unless the person finds these, and no others.
#[track_caller]
fn sees(person: &Person<'_>, q: &str, contents: &[&str]) {
    assert_eq!(finds(person, q), contents, "{q}");
}

/// Follows the links from the first page to the last; what each has.
#[track_caller]
fn pages(person: &Person<'_>, q: &str, more: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(path(q, more));
    while let Some(path) = next {
        let answer = person.get(&path);
        let link = answer.header("link").map(|link| {
            let (path, _) = link.strip_prefix("</api/rest").unwrap().split_once(">; rel=\"next\"").unwrap();
            path.to_owned()
        });
        let found = answer.expect(200);
        pages.push(found.as_array().unwrap().iter().map(|message| text(&message["content"])).collect());
        next = link;
    }
    pages
}

#[test]
fn what_was_said_is_found_by_its_words() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    alice.says(&channel, "The recipe for plum cake");
    let other = "I bake Zwetschgenküchle, it's the plum cake of my Straße";
    bob.says(&channel, other);
    bob.says(&channel, "nothing of that sort");
    bob.says(&channel, "東京都に行きました");
    // The newest first; every word, the last one as a beginning.
    sees(&alice, "plum ca", &[other, "The recipe for plum cake"]);
    sees(&bob, "plum recipe", &["The recipe for plum cake"]);
    sees(&bob, "PLÜM STRASSE", &[other]);
    sees(&alice, "\"plum cake of\"", &[other]);
    sees(&alice, "\"cake plum\"", &[]);
    sees(&alice, "\"ca\"", &[]);
    sees(&alice, "plums", &[]);
    sees(&alice, "京都", &["東京都に行きました"]);
    sees(&alice, "京行", &[]);
    // As a message, and where.
    // A phrase is last: the word before it is whole.
    sees(&alice, "zwet \"my straße\"", &[]);
    sees(&alice, "zwetschgenkuchle \"my straße\"", &[other]);
    let found = alice.get(&path("\"my straße\" zwet", "")).expect(200);
    assert_eq!(found[0]["highlight"], json!([[7, 16], [47, 9]]));
    let messages = alice.get(&format!("/channels/{channel}/messages")).expect(200);
    let mut same = found[0].clone();
    same.as_object_mut().unwrap().remove("highlight");
    assert_eq!(messages[2], same);
}

#[test]
fn edits_and_deletes_count_at_once_whether_indexed_or_not() {
    let mut world = World::start();
    let (channel, ids) = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        // Enough for a batch of the index, so that both halves have some of each.
        let ids: Vec<_> = (0..600).map(|n| alice.says(&channel, &format!("number n{n}"))).collect();
        check_numbers(&alice, &channel, &ids);
        (channel, ids)
    };
    world.restart();
    let alice = world.sign_in("alice");
    sees(&alice, "\"changed n10\"", &["changed n10"]);
    sees(&alice, "\"changed n590\"", &["changed n590"]);
    sees(&alice, "\"n20\"", &[]);
    sees(&alice, "\"n580\"", &[]);
    assert_eq!(pages(&alice, "number", "&limit=100").concat().len(), 596);
    // Behind the restart all goes on.
    alice.patch(&format!("/channels/{channel}/messages/{}", ids[11]), json!({"content": "anew"})).expect(200);
    sees(&alice, "anew", &["anew"]);
    sees(&alice, "\"n11\"", &[]);
}

fn check_numbers(alice: &Person<'_>, channel: &str, ids: &[String]) {
    let message = |n: usize| format!("/channels/{channel}/messages/{}", ids[n]);
    for n in [10, 590] {
        sees(alice, &format!("\"n{n}\""), &[&format!("number n{n}")]);
        alice.patch(&message(n), json!({"content": format!("changed n{n}")})).expect(200);
        sees(alice, &format!("number \"n{n}\""), &[]);
        sees(alice, &format!("changed \"n{n}\""), &[&format!("changed n{n}")]);
    }
    for n in [20, 580] {
        alice.delete(&message(n)).expect(204);
        sees(alice, &format!("\"n{n}\""), &[]);
    }
    assert_eq!(pages(alice, "number", "&limit=100").concat().len(), 596);
    // More than a batch of changes to what is indexed: they come into the index too.
    let again = |n: usize| alice.patch(&message(n), json!({"content": format!("number n{n}!")})).expect(200);
    (30..570).for_each(|n| drop(again(n)));
    sees(alice, "\"n300\"", &["number n300!"]);
    assert_eq!(pages(alice, "number", "&limit=100").concat().len(), 596);
}

#[test]
fn filters_narrow_what_is_found() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    let (other_server, elsewhere) = alice.creates_server("other");
    alice.invites(&server, &[&bob]);
    alice.says(&channel, "word by alice");
    bob.says(&channel, "word by bob, see https://chat.example/x");
    alice.says(&elsewhere, "word elsewhere");
    let called = format!("word for <@{}>", bob.id);
    alice.says(&channel, &called);
    let finds = |more: &str| finds_with(&alice, "word", more);
    assert_eq!(finds("").len(), 4);
    assert_eq!(finds(&format!("&author_id={}", bob.id)), ["word by bob, see https://chat.example/x"]);
    assert_eq!(finds(&format!("&mentions={}", bob.id)), [called.as_str()]);
    assert_eq!(finds(&format!("&mentions={}&author_id={}", bob.id, alice.id)), [called.as_str()]);
    assert_eq!(finds(&format!("&mentions={}&author_id={}", bob.id, bob.id)), [""; 0]);
    assert_eq!(finds("&has=link"), ["word by bob, see https://chat.example/x"]);
    assert_eq!([finds("&has=file"), finds("&has=image")], [[""; 0]; 2]);
    for (name, bytes, content) in [("a.txt", b"a".to_vec(), "word and a file"), ("a.png", png(), "word and a picture")]
    {
        let file = alice.uploads(name, &bytes)["attachment_id"].clone();
        let body = json!({"content": content, "attachments": [file]});
        alice.post(&format!("/channels/{channel}/messages"), body).expect(201);
    }
    assert_eq!(finds("&has=file"), ["word and a picture", "word and a file"]);
    assert_eq!(finds("&has=image"), ["word and a picture"]);
    assert_eq!(finds("&author_id=1"), [""; 0]);
    assert_eq!(finds("&mentions=1"), [""; 0]);
    assert_eq!(finds(&format!("&server_id={other_server}")), ["word elsewhere"]);
    assert_eq!(finds(&format!("&channel_id={elsewhere}")), ["word elsewhere"]);
    assert_eq!(finds(&format!("&channel_id={channel}")).len(), 5);
    assert_eq!(finds(&format!("&channel_id={channel}&server_id={server}")).len(), 5);
    assert_eq!(finds(&format!("&channel_id={channel}&server_id={other_server}")), [""; 0]);
    // What one does not see is not there.
    for place in [format!("&server_id={other_server}"), format!("&channel_id={elsewhere}"), "&server_id=1".to_owned()] {
        bob.get(&path("word", &place)).refused(404, "not_found");
        bob.get(&path("", &place)).refused(404, "not_found");
    }
}

#[test]
fn pages_go_on_within_the_bounds_of_time_and_id() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let ids: Vec<_> = (0..7).map(|n| alice.says(&channel, &format!("item {n}"))).collect();
    let numbers = |numbers: &[u8]| numbers.iter().map(|n| format!("item {n}")).collect::<Vec<_>>();
    assert_eq!(pages(&alice, "item", "&limit=3"), [numbers(&[6, 5, 4]), numbers(&[3, 2, 1]), numbers(&[0])]);
    assert_eq!(pages(&alice, "item", "&limit=7").len(), 1);
    let between = format!("&after={}&before={}&limit=2", ids[1], ids[6]);
    assert_eq!(pages(&alice, "item", &between), [numbers(&[5, 4]), numbers(&[3, 2])]);
    assert_eq!(finds_with(&alice, "item", &format!("&before={}", ids[0])), [""; 0]);
    // By time: what was written in that millisecond is on neither side.
    let messages = alice.get(&format!("/channels/{channel}/messages")).expect(200);
    let time = text(&messages[3]["timestamp"]);
    let of = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let all =
            messages.as_array().unwrap().iter().filter(|message| is_wanted(message["timestamp"].as_str().unwrap()));
        all.map(|message| text(&message["content"])).collect()
    };
    let at = encode(&time);
    assert_eq!(finds_with(&alice, "item", &format!("&before={at}")), of(&|other| other < time.as_str()));
    assert_eq!(finds_with(&alice, "item", &format!("&after={at}")), of(&|other| other > time.as_str()));
    assert_eq!(finds_with(&alice, "item", "&after=2020-01-01T00%3A00%3A00%2B02%3A00").len(), 7);
    assert_eq!(finds_with(&alice, "item", "&before=2020-01-01T00:00:00Z"), [""; 0]);
    assert_eq!(
        pages(&alice, "item", "&limit=4&after=2020-01-01T00:00:00Z&before=2200-01-01T00:00:00Z"),
        [numbers(&[6, 5, 4, 3]), numbers(&[2, 1, 0])]
    );
}

#[test]
fn what_is_hidden_is_not_found() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let create = |name: &str, overrides: Value| {
        let new = json!({"name": name, "overrides": overrides});
        text(&alice.post(&format!("/servers/{server}/channels"), new).expect(201)["channel_id"])
    };
    let secret = create("secret", json!([{"role_id": server, "deny": ["view_channel"]}]));
    let (open, more) = (create("open", json!([])), create("more", json!([])));
    alice.says(&secret, "secret plan");
    alice.says(&channel, "public plan");
    alice.says(&open, "open plan");
    sees(&alice, "plan", &["open plan", "public plan", "secret plan"]);
    sees(&bob, "plan", &["open plan", "public plan"]);
    bob.get(&path("plan", &format!("&channel_id={secret}"))).refused(404, "not_found");
    // Most are hidden, then all of them.
    let hide = |channel: &str| {
        let path = format!("/channels/{channel}/overrides/{server}");
        alice.put(&path, json!({"deny": ["view_channel"]})).expect(204);
    };
    hide(&open);
    hide(&more);
    sees(&bob, "plan", &["public plan"]);
    hide(&channel);
    sees(&bob, "plan", &[]);
    // A role shows one of them again, until it is taken.
    let role = text(&alice.post(&format!("/servers/{server}/roles"), json!({"name": "in"})).expect(201)["role_id"]);
    alice.put(&format!("/channels/{secret}/overrides/{role}"), json!({"allow": ["view_channel"]})).expect(204);
    let member = format!("/servers/{server}/members/{}", bob.id);
    alice.patch(&member, json!({"roles": [role]})).expect(200);
    sees(&bob, "plan", &["secret plan"]);
    alice.patch(&member, json!({"roles": []})).expect(200);
    sees(&bob, "plan", &[]);
    // Nobody searches where they have left, nor what was deleted.
    alice.delete(&format!("/channels/{channel}/overrides/{server}")).expect(204);
    sees(&bob, "plan", &["public plan"]);
    bob.delete(&member).expect(204);
    sees(&bob, "plan", &[]);
    bob.get(&path("plan", &format!("&server_id={server}"))).refused(404, "not_found");
    alice.delete(&format!("/channels/{channel}")).expect(204);
    sees(&alice, "plan", &["open plan", "secret plan"]);
    alice.delete(&format!("/servers/{server}")).expect(204);
    sees(&alice, "plan", &[]);
}

#[test]
fn what_a_ban_takes_along_is_gone() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    bob.says(&channel, "buy this");
    let mut on_alice = alice.connects();
    alice.put(&format!("/servers/{server}/bans/{}", bob.id), json!({"delete_message_seconds": 3600})).expect(204);
    while on_alice.next()["op"] != 13 {}
    sees(&alice, "buy", &[]);
}

#[test]
fn direct_messages_are_found_by_those_in_them() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    let dm = alice.opens_dm(&bob);
    alice.says(&dm, "between us");
    sees(&alice, "between", &["between us"]);
    sees(&bob, "between", &["between us"]);
    sees(&carol, "between", &[]);
    assert_eq!(finds_with(&bob, "between", &format!("&channel_id={dm}")), ["between us"]);
    assert_eq!(finds_with(&bob, "between", &format!("&server_id={server}")), [""; 0]);
    carol.get(&path("between", &format!("&channel_id={dm}"))).refused(404, "not_found");
}

#[test]
fn bad_queries_say_which_field_is_wrong() {
    let world = World::start();
    let alice = world.person("alice");
    let long = format!("q={}", "x".repeat(257));
    for (query, field) in [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=!%3F", "q"),
        ("q=%22%22", "q"),
        (long.as_str(), "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=101", "limit"),
        ("q=a&has=cake", "has"),
        ("q=a&author_id=x", "author_id"),
        ("q=a&mentions=", "mentions"),
        ("q=a&server_id=x", "server_id"),
        ("q=a&channel_id=-1", "channel_id"),
        ("q=a&before=yesterday", "before"),
        ("q=a&after=2020-01-01", "after"),
        ("q=a&q=b", "q"),
    ] {
        let problem = alice.get(&format!("/search?{query}")).refused(400, "invalid_field");
        assert!(problem["errors"][field].is_string(), "{query}: {problem}");
    }
    // Nothing in it is for the index to read.
    for q in ["a\" OR \"b", "NEAR(a b)", "a* -b ^c", "tokens:a", "((a", "a AND", "_1s a", "'; --a"] {
        sees(&alice, q, &[]);
    }
    alice.get(&format!("/search?q={}", "x".repeat(256))).expect(200);
    world.request("GET", "/search?q=a", None).refused(401, "unauthenticated");
}
