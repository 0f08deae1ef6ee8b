//! Files that nothing uses any more.

use serde_json::json;

use super::{fetch, on_disk, picture, png, until_on_disk};
use crate::harness::{Person, World, text};

/// Sends a message with a new file; the message and the file's address.
fn sends(who: &Person<'_>, channel: &str) -> (String, serde_json::Value) {
    let file = who.uploads("cat.jpg", &picture(image::ImageFormat::Jpeg, 1200, 1200));
    let message = who.post(&format!("/channels/{channel}/messages"), json!({"attachments": [file["attachment_id"]]}));
    (text(&message.expect(201)["message_id"]), file["url"].clone())
}

#[test]
fn a_file_goes_with_what_used_it() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let (kept, kept_url) = sends(&alice, &channel);
    let (deleted, url) = sends(&alice, &channel);
    alice.delete(&format!("/channels/{channel}/messages/{deleted}")).expect(204);
    fetch(&world, &url).refused(404, "not_found");
    // A ban takes what the banned wrote with it.
    sends(&bob, &channel);
    alice.put(&format!("/servers/{server}/bans/{}", bob.id), json!({"delete_message_seconds": 3600})).expect(204);
    // A channel, and a server with its channels.
    let other = alice.post(&format!("/servers/{server}/channels"), json!({"name": "other"})).expect(201);
    let other = text(&other["channel_id"]);
    sends(&alice, &other);
    alice.delete(&format!("/channels/{other}")).expect(204);
    let (away, in_away) = alice.creates_server("away");
    sends(&alice, &in_away);
    alice.delete(&format!("/servers/{away}")).expect(204);
    assert_eq!(fetch(&world, &kept_url).status, 200);
    alice.get(&format!("/channels/{channel}/messages/{kept}")).expect(200);
    // It has a thumbnail.
    until_on_disk(&world, 2);
}

#[test]
fn what_a_crash_left_is_cleared_away_and_what_is_used_stays() {
    let mut world = World::start();
    let urls = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        let (_, used) = sends(&alice, &channel);
        let fresh = alice.uploads("fresh.png", &png());
        let old = alice.uploads("old.png", &png());
        let (used, fresh, old) = (used, fresh["url"].clone(), old["url"].clone());
        [used, fresh, old]
    };
    world.stop();
    let folder = world.folder.path().join("data");
    let database = rusqlite::Connection::open(folder.join("chatd.db")).unwrap();
    let id: i64 = text(&urls[2]).split('/').nth(2).unwrap().parse().unwrap();
    // An hour has gone by for one of them.
    let aged = "UPDATE files SET uploaded_lived_s = uploaded_lived_s - 3600 WHERE file_id = ?1";
    assert_eq!(database.execute(aged, [id]).unwrap(), 1);
    drop(database);
    // A power cut between the bytes and the row; and on the way.
    for name in ["17", "17.thumbnail", "18.part", "18.clean"] {
        std::fs::write(folder.join("files").join(name), "x").unwrap();
    }
    world.restart();
    assert_eq!([0, 1].map(|at| fetch(&world, &urls[at]).status), [200, 200]);
    world.stop();
    let ids = urls.each_ref().map(|url| text(url).split('/').nth(2).unwrap().to_owned());
    assert_eq!(on_disk(&world), [ids[0].clone(), format!("{}.thumbnail", ids[0]), ids[1].clone()]);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    use std::io::Write;
    let mut world = World::start();
    {
        let alice = world.person("alice");
        let mut socket = std::net::TcpStream::connect(world.running().address()).unwrap();
        let head = format!(
            "POST /api/rest/uploads?filename=x HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: 1000000\r\n\r\n",
            world.running().address(),
            alice.token
        );
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(&[7; 500_000]).unwrap();
    }
    world.stop();
    assert_eq!(on_disk(&world), [""; 0]);
}
