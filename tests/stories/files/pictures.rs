//! Avatars and icons.

use image::ImageFormat;
use serde_json::{Value, json};

use super::{fetch, picture, png, until_on_disk, wrong};
use crate::harness::{World, text};

#[test]
fn an_avatar_is_seen_wherever_its_owner_is() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    alice.says(&channel, "before");
    let mut on_bob = bob.connects();
    let file = alice.uploads("me.png", &png());
    let me = alice.patch("/users/@me", json!({"avatar": file["attachment_id"]})).expect(200);
    let url = me["avatar_url"].clone();
    assert_eq!(url, file["url"]);
    assert_eq!(on_bob.event_but_presence(41)["avatar_url"], url);
    let seen = |value: Value, path: &str| assert_eq!(value.pointer(path), Some(&url), "{path} of {value}");
    seen(bob.get(&format!("/users/{}", alice.id)).expect(200), "/avatar_url");
    seen(bob.get(&format!("/channels/{channel}/messages")).expect(200), "/0/author/avatar_url");
    seen(bob.get(&format!("/servers/{server}/members/{}", alice.id)).expect(200), "/user/avatar_url");
    seen(alice.get("/auth/me").expect(200), "/avatar_url");
    seen(alice.connects().connected["d"].clone(), "/user/avatar_url");
    assert_eq!(fetch(&world, &url).bytes, fetch(&world, &file["url"]).bytes);

    // A large one is shown by its thumbnail; the one before goes.
    let large = alice.uploads("large.png", &picture(ImageFormat::Jpeg, 2000, 2000));
    let now = alice.patch("/users/@me", json!({"avatar": large["attachment_id"]})).expect(200);
    assert_eq!(now["avatar_url"], large["thumbnail_url"]);
    fetch(&world, &url).refused(404, "not_found");
    assert_eq!(fetch(&world, &now["avatar_url"]).status, 200);
    assert_eq!(alice.patch("/users/@me", json!({"bio": "hello"})).expect(200)["avatar_url"], now["avatar_url"]);
    assert_eq!(alice.patch("/users/@me", json!({"avatar": null})).expect(200)["avatar_url"], Value::Null);
    fetch(&world, &now["avatar_url"]).refused(404, "not_found");
}

#[test]
fn only_an_unused_picture_of_ones_own_will_do() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (_, channel) = alice.creates_server("home");
    let used = alice.uploads("a.png", &png())["attachment_id"].clone();
    alice.post(&format!("/channels/{channel}/messages"), json!({"attachments": [used]})).expect(201);
    let text_file = alice.uploads_as("text/plain", "a.txt", b"a").expect(201)["attachment_id"].clone();
    let bobs = bob.uploads("b.png", &png())["attachment_id"].clone();
    for id in [used, text_file.clone(), bobs, json!(alice.id), json!("x"), json!(7), json!("https://example.com/x.png")]
    {
        wrong(alice.patch("/users/@me", json!({"avatar": id})), "avatar");
    }
    // What was refused is still unused.
    alice.post(&format!("/channels/{channel}/messages"), json!({"attachments": [text_file]})).expect(201);
    // And an avatar is used.
    let mine = alice.uploads("c.png", &png())["attachment_id"].clone();
    alice.patch("/users/@me", json!({"avatar": mine})).expect(200);
    wrong(alice.post(&format!("/channels/{channel}/messages"), json!({"attachments": [mine]})), "attachments");
}

#[test]
fn an_icon_is_seen_by_members_and_by_those_invited() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let path = format!("/servers/{server}");
    let bobs = bob.uploads("b.png", &png())["attachment_id"].clone();
    bob.patch(&path, json!({"icon": bobs})).refused(403, "forbidden");
    carol.patch(&path, json!({"icon": bobs})).refused(404, "not_found");
    wrong(alice.patch(&path, json!({"icon": bobs})), "icon");
    let mut on_bob = bob.connects();
    let first = alice.uploads("first.png", &png());
    let url = alice.patch(&path, json!({"icon": first["attachment_id"]})).expect(200)["icon_url"].clone();
    assert_eq!(url, first["url"]);
    assert_eq!(on_bob.event_but_presence(33)["icon_url"], url);
    assert_eq!(bob.connects().connected["d"]["servers"][0]["icon_url"], url);
    assert_eq!(bob.get("/servers").expect(200)[0]["icon_url"], url);
    let invite = alice.post(&format!("{path}/invites"), json!({})).expect(201);
    let preview = world.request("GET", &format!("/invites/{}", text(&invite["code"])), None).expect(200);
    assert_eq!(preview["server"]["icon_url"], url);
    let log = alice.get(&format!("{path}/audit-log")).expect(200);
    assert_eq!((&log[1]["action"], &log[1]["changes"][0]["field"]), (&json!("server_update"), &json!("icon_url")));

    let second = alice.uploads("second.png", &png());
    alice.patch(&path, json!({"icon": second["attachment_id"]})).expect(200);
    fetch(&world, &url).refused(404, "not_found");
    assert_eq!(alice.patch(&path, json!({"name": "house"})).expect(200)["icon_url"], second["url"]);
    alice.delete(&path).expect(204);
    // What is left is bob's, which he has not used yet.
    until_on_disk(&world, 1);
}
