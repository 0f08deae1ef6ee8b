//! A backup is made while people write, has all that was acknowledged before, and can be restored and served.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use super::{backup, command, contents, data, history, names};
use crate::files::png;
use crate::harness::{World, text};
use crate::process::run;

/// Messages from before, so that copying takes a while.
const OLD: u32 = 3_000;

/// Puts old messages into a channel, past the program.
fn fill(world: &mut World, channel: &str, author: &str) {
    world.stop();
    let database = rusqlite::Connection::open(data(world).join("chatd.db")).unwrap();
    let (channel, author): (i64, i64) = (channel.parse().unwrap(), author.parse().unwrap());
    database
        .execute(
            "INSERT INTO messages (channel_id, message_id, author_id, content, created_at)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?3)
             SELECT ?1, n, ?2, hex(randomblob(800)), 0 FROM n",
            (channel, author, OLD),
        )
        .unwrap();
    // Indexing them is not what this is about.
    database.execute("UPDATE search_mark SET mark = ?1", [OLD]).unwrap();
    drop(database);
    world.restart();
}

/// Says when it goes that it is time to close.
struct Closes<'a>(&'a AtomicBool);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_backup_under_load_has_all_that_was_acknowledged_before_it_began() {
    let mut world = World::start();
    let (alice, channel) = {
        let alice = world.person("alice");
        (alice.id.clone(), alice.creates_server("home").1)
    };
    fill(&mut world, &channel, &alice);
    let alice = world.sign_in("alice");
    let file = alice.uploads("cat.png", &png());
    let attached = json!({"content": "look", "attachments": [file["attachment_id"]]});
    alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);

    let (acknowledged, closing, during) = (Mutex::new(BTreeMap::new()), AtomicBool::new(false), AtomicUsize::new(0));
    let away = tempfile::tempdir().unwrap();
    let (before, made) = std::thread::scope(|scope| {
        for writer in 0..4 {
            let (alice, channel, acknowledged, closing, during) =
                (&alice, channel.as_str(), &acknowledged, &closing, &during);
            scope.spawn(move || {
                for n in 0.. {
                    let content = format!("writer {writer} says {n}");
                    let id = alice.says(channel, &content);
                    acknowledged.lock().unwrap().insert(id, content);
                    during.fetch_add(1, Ordering::SeqCst);
                    if closing.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
        // However this ends, the writers do too.
        let _closes = Closes(&closing);
        while acknowledged.lock().unwrap().len() < 50 {
            std::thread::yield_now();
        }
        let before = acknowledged.lock().unwrap().clone();
        during.store(0, Ordering::SeqCst);
        let made = backup(&data(&world), away.path());
        assert!(during.load(Ordering::SeqCst) > 10, "nobody could write while the backup was made");
        (before, made)
    });
    assert_eq!(names(away.path()), [made.file_name().unwrap().to_str().unwrap()], "nothing else is left there");

    let restored = World::with(|options| {
        let said = run(command(&options.data, &["restore"]).arg(&made)).well();
        assert!(said.starts_with("restored ") && !said.contains("was there"), "{said}");
    });
    let alice = restored.sign_in("alice");
    let found: BTreeMap<_, _> =
        history(&alice, &channel).iter().map(|m| (text(&m["message_id"]), text(&m["content"]))).collect();
    for (id, content) in &before {
        assert_eq!(found.get(id), Some(content), "acknowledged before the backup began");
    }
    assert!(found.len() > before.len() + OLD as usize);
    // It is of one moment: of each writer there is all up to some message, and nothing beyond.
    for writer in 0..4 {
        let of = |n: usize| format!("writer {writer} says {n}");
        let count = found.values().filter(|content| content.starts_with(&format!("writer {writer} says "))).count();
        assert!((0..count).all(|n| found.values().any(|content| *content == of(n))), "writer {writer}");
    }
    let fetched = restored.request("GET", &text(&file["url"]), None);
    assert_eq!((fetched.status, fetched.bytes), (200, world.request("GET", &text(&file["url"]), None).bytes));
    let new = alice.says(&channel, "and on it goes");
    assert!(found.keys().all(|id| id.parse::<i64>().unwrap() < new.parse().unwrap()), "IDs go on above the old ones");
}

#[test]
fn files_on_the_same_disk_cost_nothing_and_keep_their_sums() {
    let mut world = World::start();
    let ids = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        ["one", "two"].map(|name| {
            let file = alice.uploads(name, name.as_bytes());
            let attached = json!({"attachments": [file["attachment_id"]]});
            alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
            text(&file["attachment_id"])
        })
    };
    let into = data(&world).join("backups");
    let first = backup(&data(&world), &into);
    let inode = |folder: &std::path::Path, id: &str| std::fs::metadata(folder.join("files").join(id)).unwrap().ino();
    assert!(ids.iter().all(|id| inode(&first, id) == inode(&data(&world), id)));
    // One rots on the disk. Its sum is from when it was sound, so the next backup still knows.
    world.stop();
    std::fs::write(data(&world).join("files").join(&ids[0]), "0ne").unwrap();
    let second = backup(&data(&world), &into);
    let sums = |backup: &std::path::Path| {
        let list = std::fs::read_to_string(backup.join("SHA256SUMS")).unwrap();
        list.lines().filter(|line| line.contains("files/")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sums(&first), sums(&second));
    let said = run(command(&data(&world), &["check"]).arg(&second));
    assert_eq!(said.code, Some(65));
    assert!(said.out.contains(&format!("WRONG: files/{} has changed since", ids[0])), "{}", said.out);
}

#[test]
fn what_is_deleted_while_a_backup_is_made_stays_until_it_is_made() {
    let mut world = World::start();
    let file = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        let file = text(&alice.uploads("one", b"one")["attachment_id"]);
        let attached = json!({"attachments": [file]});
        let message = alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
        // As a backup does.
        let held = chatd::media::hold::keep(&data(&world).join("files")).unwrap();
        alice.delete(&format!("/channels/{channel}/messages/{}", text(&message["message_id"]))).expect(204);
        world.request("GET", &text(&message["attachments"][0]["url"]), None).refused(404, "not_found");
        let file = data(&world).join("files").join(file);
        world.stop();
        assert!(file.exists(), "a backup would miss it");
        drop(held);
        file
    };
    world.restart();
    world.stop();
    assert!(!file.exists());
}

#[test]
fn a_backup_that_cannot_be_made_leaves_the_earlier_ones_and_nothing_else() {
    let world = World::start();
    world.person("alice");
    let into = tempfile::tempdir().unwrap();
    let good = backup(&data(&world), into.path());
    let before = contents(into.path());
    // A disk that is fuller than its reserve.
    let full = run(command(&data(&world), &["backup", "--disk-reserve", "1048576"]).arg(into.path())).refused(74);
    assert!(full.contains("has no room for 1 MiB beside its reserve"), "{full}");
    // Another one under way.
    let other = std::fs::File::open(into.path()).unwrap();
    rustix::fs::flock(&other, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let busy = run(command(&data(&world), &["backup"]).arg(into.path())).refused(75);
    assert!(busy.contains("another backup into"), "{busy}");
    drop(other);
    let nowhere = run(command(&data(&world), &["backup", "--backups", "off"]).arg("/proc/here"));
    let nowhere = nowhere.refused(74);
    assert!(nowhere.contains("/proc/here"), "{nowhere}");
    let off = run(&mut command(&data(&world), &["backup", "--backups", "off"])).refused(78);
    assert!(off.contains("name the folder"), "{off}");
    let nothing = run(&mut command(&into.path().join("nothing"), &["backup"])).refused(66);
    assert!(nothing.contains("has no chat in it"), "{nothing}");
    assert!(contents(into.path()) == before && good.is_dir());
}

#[test]
fn a_check_says_how_the_data_is_also_while_it_is_served() {
    let mut world = World::start();
    let (message, file) = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        let file = text(&alice.uploads("one", b"one")["attachment_id"]);
        let attached = json!({"content": "look", "attachments": [file]});
        let message = alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
        (text(&message["message_id"]), file)
    };
    let check = |world: &World| run(&mut command(&data(world), &["check"]));
    backup(&data(&world), &data(&world).join("backups"));
    let said = check(&world).well();
    for line in [
        "database      ok, schema version ",
        ": 1 messages, 1 users, 1 servers\n",
        "foreign keys  ok\n",
        "search index  ok: ",
        "files         1 present (0.0 MiB), 0 missing or wrong, 0 left over\n",
        "backups       1 in ",
        "all is well\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }

    world.stop();
    let files = data(&world).join("files");
    std::fs::write(files.join("17"), "left over").unwrap();
    assert!(check(&world).well().contains("1 present (0.0 MiB), 0 missing or wrong, 1 left over"));
    std::fs::write(files.join(&file), "shorter or longer").unwrap();
    let wrong = check(&world);
    assert_eq!(wrong.code, Some(65));
    assert!(wrong.out.contains(&format!("WRONG: files/{file} has 17 bytes instead of 3")), "{}", wrong.out);
    std::fs::remove_file(files.join(&file)).unwrap();
    assert!(check(&world).out.contains(&format!("WRONG: files/{file} is missing")));
    // It goes into a backup all the same, which says so.
    let said = run(command(&data(&world), &["backup"]).arg(world.folder.path())).well();
    assert!(said.contains("0 files (0 copied") && said.contains("1 files were missing already"), "{said}");

    let database = rusqlite::Connection::open(data(&world).join("chatd.db")).unwrap();
    database.execute("UPDATE search_mark SET mark = ?1", [message.parse::<i64>().unwrap()]).unwrap();
    database.execute_batch("PRAGMA foreign_keys = off; DELETE FROM servers").unwrap();
    drop(database);
    let wrong = check(&world).out;
    assert!(wrong.contains("WRONG: 1 messages cannot be found by searching"), "{wrong}");
    assert!(wrong.contains("WRONG: 1 rows of channels refer to servers that are not there"), "{wrong}");
    let path = data(&world).join("chatd.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8192..12288].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let damaged = check(&world);
    assert!(damaged.code == Some(65) && damaged.out.contains("database      WRONG: "), "{}", damaged.out);
    let nothing = run(&mut command(world.folder.path(), &["check"])).refused(66);
    assert!(nothing.contains("has no chat in it"), "{nothing}");
}
