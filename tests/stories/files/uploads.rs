//! From an upload to a message.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{fetch, png, wrong};
use crate::harness::{World, text};

#[test]
fn a_file_goes_with_a_message() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let notes = alice.uploads_as("text/plain; charset=utf-8", "notes.txt", "käse".as_bytes()).expect(201);
    let cat = alice.uploads("my%20cat.png", &png());
    let id = text(&notes["attachment_id"]);
    let url = text(&notes["url"]);
    assert_eq!(
        notes,
        json!({"attachment_id": id, "filename": "notes.txt", "content_type": "text/plain", "size": 5, "url": url})
    );
    let (start, secret) = (format!("/files/{id}/"), url.split('/').nth(3).unwrap());
    assert!(url.starts_with(&start) && url.ends_with("/notes.txt") && secret.len() == 32, "{url}");
    let seen = [&cat["filename"], &cat["content_type"], &cat["width"], &cat["height"], &cat["color"]];
    assert_eq!(json!(seen), json!(["my cat.png", "image/png", 20, 10, "#c8141e"]));

    let messages = format!("/channels/{channel}/messages");
    let both = json!([notes["attachment_id"], cat["attachment_id"]]);
    let sent = alice.post(&messages, json!({"content": "look", "attachments": both})).expect(201);
    assert_eq!(sent["attachments"], json!([notes, cat]));
    assert_eq!(on_bob.event_but_presence(11)["attachments"], sent["attachments"]);
    assert_eq!(bob.get(&messages).expect(200)[0]["attachments"], sent["attachments"]);
    assert_eq!(fetch(&world, &notes["url"]).bytes, "käse".as_bytes());
    assert_eq!(fetch(&world, &cat["url"]).header("content-type"), Some("image/png"));
    // A file may speak for itself, and not for ever so little text.
    let alone = json!([alice.uploads("a.bin", b"a")["attachment_id"]]);
    let sent = alice.post(&messages, json!({"attachments": alone})).expect(201);
    assert_eq!((sent["content"].as_str(), sent["attachments"][0]["size"].as_u64()), (Some(""), Some(1)));
    let blank = json!([alice.uploads("b.bin", b"")["attachment_id"]]);
    assert_eq!(alice.post(&messages, json!({"content": " \n", "attachments": blank})).expect(201)["content"], "");
    for nothing in [json!({}), json!({"attachments": []}), json!({"content": " ", "attachments": []})] {
        wrong(alice.post(&messages, nothing), "content");
    }
}

#[test]
fn a_file_is_used_once_and_by_its_uploader() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let messages = format!("/channels/{channel}/messages");
    let ids: Vec<Value> = (0..11).map(|_| alice.uploads("a", b"a")["attachment_id"].clone()).collect();
    let used = json!({"attachments": [ids[0]], "nonce": "n1"});
    let sent = alice.post(&messages, used.clone()).expect(201);
    // The lost answer is given again, though its file is used up.
    assert_eq!(alice.post(&messages, used).expect(200), sent);
    let mut refusals = Vec::new();
    for (who, list) in [
        (&alice, json!([ids[0]])),
        (&bob, json!([ids[1]])),
        (&alice, json!([ids[1], ids[1]])),
        (&alice, json!([ids[1], channel])),
    ] {
        refusals.push(wrong(who.post(&messages, json!({"content": "x", "attachments": list})), "attachments"));
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    for bad in [json!(ids), json!(["x"]), json!("1"), json!([1]), json!([null])] {
        alice.post(&messages, json!({"content": "x", "attachments": bad})).refused(400, "invalid_field");
    }
    // What was refused used nothing up.
    let ten = alice.post(&messages, json!({"attachments": ids[1..]})).expect(201);
    assert_eq!(ten["attachments"].as_array().unwrap().len(), 10);
}

#[test]
fn attaching_needs_the_permission() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/channels/{channel}/overrides/{server}");
    alice.put(&path, json!({"allow": [], "deny": ["attach_files"]})).expect(204);
    let id = bob.uploads("a", b"a")["attachment_id"].clone();
    let messages = format!("/channels/{channel}/messages");
    bob.post(&messages, json!({"content": "look", "attachments": [id]})).refused(403, "forbidden");
    bob.says(&channel, "then not");
    let dm = bob.opens_dm(&alice);
    bob.post(&format!("/channels/{dm}/messages"), json!({"attachments": [id]})).expect(201);
}

#[test]
fn files_stay_when_the_text_changes() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let cat = alice.uploads("cat.png", &png());
    let messages = format!("/channels/{channel}/messages");
    let with = alice.post(&messages, json!({"content": "a", "attachments": [cat["attachment_id"]]})).expect(201);
    let without = alice.says(&channel, "b");
    let edit = |message: &str, text: &str| alice.patch(&format!("{messages}/{message}"), json!({"content": text}));
    let edited = edit(&text(&with["message_id"]), "").expect(200);
    assert_eq!((edited["content"].as_str(), &edited["attachments"]), (Some(""), &json!([cat])));
    wrong(edit(&without, ""), "content");
}

#[test]
fn a_name_is_a_name() {
    let world = World::start();
    let alice = world.person("alice");
    for (given, kept, path) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd", "passwd"),
        ("C:%5CUsers%5Ccat.png", "cat.png", "cat.png"),
        ("%E7%8C%AB%20%22%3Cb%3E.txt", "猫 \"<b>.txt", "%E7%8C%AB%20%22%3Cb%3E.txt"),
        ("a%3Fb%23c%25d", "a?b#c%d", "a%3Fb%23c%25d"),
        ("%E2%80%AEgpj.exe", "gpj.exe", "gpj.exe"),
    ] {
        let file = alice.uploads(given, b"x");
        assert_eq!(file["filename"], kept);
        assert!(text(&file["url"]).ends_with(&format!("/{path}")), "{}", file["url"]);
        assert_eq!(fetch(&world, &file["url"]).expect(200), Value::Null);
    }
    let long = "x".repeat(256);
    for bad in ["", "..", "a%0D%0ASet-Cookie:%20x", "%00", "a%2F", "%FF", &long] {
        wrong(alice.uploads_as("text/plain", bad, b"x"), "filename");
    }
    wrong(alice.post("/uploads", json!({})), "filename");
    world.request("POST", "/uploads?filename=x", None).refused(401, "unauthenticated");
}

#[test]
fn what_is_too_large_is_refused_before_or_while_it_comes() {
    let world = World::with(|options| options.upload_max = 100_000);
    let alice = world.person("alice");
    assert_eq!(world.request("GET", "/instance", None).expect(200)["limits"]["upload_bytes"], 100_000);
    alice.uploads("fits", &[7; 100_000]);
    alice.uploads_as("text/plain", "not", &[7; 100_001]).refused(413, "too_large");
    // Who does not say how much it is finds out when it is too much.
    let mut socket = TcpStream::connect(world.running().address()).unwrap();
    let head = format!(
        "POST /api/rest/uploads?filename=x HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        world.running().address(),
        alice.token
    );
    socket.write_all(head.as_bytes()).unwrap();
    for _ in 0..3 {
        socket.write_all(b"C350\r\n").unwrap();
        socket.write_all(&[7; 0xc350]).unwrap();
        socket.write_all(b"\r\n").unwrap();
    }
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn everybody_has_a_quota_and_the_disk_a_reserve() {
    let world = World::with(|options| options.user_files = 20_000);
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    // Each takes whole blocks of the disk.
    let first = alice.uploads("a", &[7; 4097]);
    alice.uploads("b", b"");
    alice.uploads_as("text/plain", "c", &[7; 8193]).refused(409, "quota_exceeded");
    alice.uploads("c", &[7; 4096]);
    alice.uploads_as("text/plain", "d", b"").refused(409, "quota_exceeded");
    world.person("bob").uploads("d", &[7; 12_000]);
    // What goes makes room.
    let attached = json!({"attachments": [first["attachment_id"]]});
    let sent = alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
    alice.delete(&format!("/channels/{channel}/messages/{}", text(&sent["message_id"]))).expect(204);
    alice.uploads("e", &[7; 8192]);

    let full = World::with(|options| options.disk_reserve = Some(u64::MAX / 2));
    let carol = full.person("carol");
    let refused = carol.uploads_as("text/plain", "a", b"a");
    assert!(refused.header("retry-after").is_some());
    refused.refused(503, "unavailable");
    let (_, channel) = carol.creates_server("home");
    carol.says(&channel, "text still works");
}
