//! A restore: what it refuses, and that what it replaces is kept.

use std::path::Path;

use serde_json::json;

use super::{backup, command, contents, data, names};
use crate::harness::{World, text};
use crate::process::run;

/// A world with a message and a file in it, and a backup of it.
struct Scene {
    world: World,
    channel: String,
    file: String,
    backup: std::path::PathBuf,
}

fn scene() -> Scene {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let file = text(&alice.uploads("one", b"one")["attachment_id"]);
    let attached = json!({"content": "before", "attachments": [file]});
    alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
    let backup = backup(&data(&world), &world.folder.path().join("usb"));
    alice.says(&channel, "after");
    Scene { world, channel, file, backup }
}

#[test]
fn what_is_replaced_is_kept_aside_and_can_be_had_back() {
    let Scene { mut world, channel, .. } = scene();
    let usb = world.folder.path().join("usb");
    let made = usb.join(&names(&usb)[0]);
    let running = run(command(&data(&world), &["restore", "--replace"]).arg(&made)).refused(78);
    assert!(running.contains("another chatd runs on"), "{running}");
    world.stop();
    let before = contents(&data(&world));
    let occupied = run(command(&data(&world), &["restore"]).arg(&made)).refused(78);
    assert!(occupied.contains("with --replace, which keeps what is there now"), "{occupied}");
    assert!(contents(&data(&world)) == before);

    let said = run(command(&data(&world), &["restore", "--replace"]).arg(&made)).well();
    let kept = names(&data(&world)).into_iter().find(|name| name.starts_with("replaced-")).unwrap();
    assert!(said.contains(&kept) && said.contains("1 messages, 1 users, 1 files"), "{said}");
    let mut left = names(&data(&world));
    // There if it served for a second.
    left.retain(|name| name != "reserve");
    assert_eq!(left, ["chatd.db", "files", "key", "lock", kept.as_str()]);
    let said = |world: &World| -> Vec<String> {
        let alice = world.sign_in("alice");
        let page = alice.get(&format!("/channels/{channel}/messages")).expect(200);
        page.as_array().unwrap().iter().map(|message| text(&message["content"])).collect()
    };
    world.restart();
    assert_eq!(said(&world), ["before"]);
    world.stop();
    // What was kept is a data folder.
    let aside = data(&world).join(kept);
    assert!(run(&mut command(&aside, &["check"])).well().contains(": 2 messages"));
    let old = World::with(|options| options.data = aside);
    assert_eq!(said(&old), ["after", "before"]);
}

#[test]
fn a_newer_backup_is_refused_by_both_versions() {
    let Scene { mut world, backup, .. } = scene();
    world.stop();
    let before = contents(&data(&world));
    let database = rusqlite::Connection::open(backup.join("chatd.db")).unwrap();
    let ours: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    database.pragma_update(None, "user_version", ours + 1).unwrap();
    drop(database);
    let said = run(command(&data(&world), &["restore", "--replace"]).arg(&backup)).refused(78);
    let both =
        format!("has schema version {}, this chatd ({}) knows up to {ours}", ours + 1, env!("CARGO_PKG_VERSION"));
    assert!(said.contains(&both), "{said}");
    let manifest = backup.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let said = run(command(&data(&world), &["restore", "--replace"]).arg(&backup)).refused(78);
    assert!(said.contains("made by a newer chatd (format 2"), "{said}");
    assert!(contents(&data(&world)) == before);
}

#[test]
fn a_backup_that_is_not_what_it_was_is_refused() {
    let Scene { mut world, backup, file, .. } = scene();
    world.stop();
    let before = contents(&data(&world));
    let refused = |code: i32, what: &str| {
        let said = run(command(&data(&world), &["restore", "--replace"]).arg(&backup)).refused(code);
        assert!(said.contains(what), "{what}: {said}");
    };
    let good = contents(&backup);
    let change = |name: &str, change: &dyn Fn(&Path)| change(&backup.join(name));
    let mend = || good.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    // A link would change the original too.
    let file = format!("files/{file}");
    change(&file, &|path| {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, "0ne").unwrap();
    });
    refused(65, &format!("{file} has changed since"));
    change(&file, &|path| std::fs::remove_file(path).unwrap());
    refused(65, "1 are missing, instead of 1 of 3, 0 missing");
    mend();
    change("key", &|path| std::fs::write(path, [7; 32]).unwrap());
    refused(65, "key has changed since");
    mend();
    change("chatd.db", &|path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[8192..12288].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
    });
    refused(65, "is damaged, use an older one");
    mend();
    change("chatd.db", &|path| {
        let database = rusqlite::Connection::open(path).unwrap();
        database.execute("DELETE FROM messages", []).unwrap();
    });
    refused(65, "messages has 0 rows instead of 1");
    mend();
    change("SHA256SUMS", &|path| std::fs::write(path, "").unwrap());
    refused(65, "SHA256SUMS is not the list that was made with it");
    mend();
    change("manifest.json", &|path| std::fs::write(path, "{}").unwrap());
    refused(65, "manifest.json");
    change("manifest.json", &|path| std::fs::remove_file(path).unwrap());
    refused(66, "is no backup");
    assert!(contents(&data(&world)) == before, "a refused restore changed something");
    mend();
    run(command(&data(&world), &["restore", "--replace"]).arg(&backup)).well();
}
