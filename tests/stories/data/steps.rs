//! Killed at any step of what changes files: the next start finishes it, or it is as if nothing had been begun.
//!
//! The process dies of SIGKILL just before one of the operations on its files, each of which is a step.
//! `CHATD_TEST_CUTS` sets how many of them are tried, `CHATD_TEST_SEED` repeats those of another run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::faults::{Fault, Faults};
use super::{backup, command, names};
use crate::chance::{Chance, number};
use crate::harness::{World, text};
use crate::process::{Client, Process, run};
use crate::tally::tally;

/// Steps that are tried of each undertaking, unless said otherwise.
const TRIED: u64 = 12;

/// Tries `kill` at some of the steps from the first to the last of so many.
fn at_some(what: &str, steps: i64, mut kill: impl FnMut(i64)) {
    let (seed, steps) = (Chance::seed(), u64::try_from(steps).unwrap());
    let tried = number("CHATD_TEST_CUTS").unwrap_or(TRIED).min(steps);
    assert!(steps > 5, "there are only {steps} steps: are they counted?");
    eprintln!("CHATD_TEST_CUTS={tried} of {steps} steps, CHATD_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    // One of each stretch, the last step among them.
    let one = |n: u64| {
        let (from, to) = (n * steps / tried, (n + 1) * steps / tried);
        if n + 1 == tried { to } else { from + 1 + chance.below(to - from) }
    };
    let steps: Vec<u64> = (0..tried).map(one).collect();
    for step in &steps {
        kill(i64::try_from(*step).unwrap());
    }
    tally(what, steps.len());
}

/// A folder with a world in it, whose steps are counted.
struct Stage {
    folder: TempDir,
    root: PathBuf,
    faults: Faults,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let faults = Faults::new(&root);
        Self { folder, root, faults }
    }

    fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Empties it, but for a copy of what is in `from`.
    fn set(&self, from: Option<&Path>) {
        self.faults.calm();
        for name in names(self.folder.path()) {
            std::fs::remove_dir_all(self.root.join(name)).unwrap();
        }
        if let Some(from) = from {
            copy(from, &self.root);
        }
    }

    /// Runs a command that is killed before a step; whether it was.
    fn is_killed(&self, command: &mut Command, step: i64) -> bool {
        self.faults.load(command);
        self.faults.set(Fault::DieAt, step);
        let said = run(command);
        self.faults.calm();
        assert!(said.code.is_none() || said.code == Some(0), "{:?} {}", said.code, said.err);
        said.code.is_none()
    }

    /// How many steps a command takes.
    fn steps(&self, command: &mut Command) -> i64 {
        self.faults.load(command);
        run(command).well();
        self.faults.get(Fault::Operations)
    }

    /// How many steps a start takes.
    fn steps_to_listen(&self) -> i64 {
        let server = Process::with(&self.data(), |command| self.faults.load(command));
        let steps = self.faults.get(Fault::Operations);
        drop(server);
        steps
    }

    /// Starts a server that is killed before a step.
    fn start_and_die(&self, step: i64) {
        self.faults.set(Fault::DieAt, step);
        // Close to the end it may listen before the step: others than the one that listens do something too.
        if let Ok(mut late) = Process::try_with(&self.data(), |command| self.faults.load(command)) {
            assert!(self.faults.get(Fault::Operations) + 60 > step, "step {step} was not reached");
            late.kill();
        }
        self.faults.calm();
    }

    /// Starts a server, which must serve.
    fn start(&self) -> Process {
        let server = Process::start(&self.data());
        let (status, _) = Client::new().ask(server.address, "GET", "/readyz", None).unwrap();
        assert_eq!(status, 200);
        server
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

fn count(database: &Path, table: &str) -> i64 {
    let database = rusqlite::Connection::open(database).unwrap();
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn a_first_start_killed_at_any_step_is_finished_by_the_next() {
    let stage = Stage::new();
    at_some("starts killed half-way", stage.steps_to_listen(), |step| {
        stage.set(None);
        stage.start_and_die(step);
        let server = stage.start();
        let mut alice = Client::new();
        alice.signs_in(server.address, "register", "alice").unwrap();
        alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201);
    });
}

/// A data folder that the first release left behind.
fn of_the_first_release(data: &Path) -> Vec<(&'static str, i64)> {
    std::fs::create_dir_all(data).unwrap();
    let database = rusqlite::Connection::open(data.join("chatd.db")).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    database.execute_batch(include_str!("../../../src/store/migrations/0001.sql")).unwrap();
    database
        .execute_batch(
            "PRAGMA application_id = 0x63686174; PRAGMA user_version = 1;
             INSERT INTO instance (one, created_at, id_reserve, seen_at, lived_s) VALUES (1, 0, 1000000, 0, 5);
             INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'alice', '', 0);
             INSERT INTO servers (server_id, name, description, owner_id, member_count, created_at)
             VALUES (2, 'home', '', 1, 1, 0);
             INSERT INTO members (server_id, user_id, joined_at) VALUES (2, 1, 0);
             INSERT INTO channels (channel_id, server_id, type, name, topic, position, created_at)
             VALUES (3, 2, 'text', 'general', '', 0, 0);
             INSERT INTO messages (channel_id, message_id, author_id, content, created_at)
             WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 509)
             SELECT 3, n, 1, 'message ' || n, 0 FROM n;",
        )
        .unwrap();
    vec![("users", 1), ("servers", 1), ("members", 1), ("channels", 1), ("messages", 500)]
}

#[test]
fn an_old_database_is_copied_and_migrated_though_killed_at_any_step() {
    let template = tempfile::tempdir().unwrap();
    let rows = of_the_first_release(&template.path().join("data"));
    let stage = Stage::new();
    stage.set(Some(template.path()));
    at_some("migrations killed half-way", stage.steps_to_listen(), |step| {
        stage.set(Some(template.path()));
        stage.start_and_die(step);
        let copy = stage.data().join("chatd.v1.db");
        assert!(!copy.exists() || count(&copy, "messages") == 500, "half a copy, step {step}");
        stage.start().stop();
        for (table, rows) in &rows {
            assert_eq!(count(&stage.data().join("chatd.db"), table), *rows, "step {step}");
            assert_eq!(count(&copy, table), *rows, "the copy, step {step}");
        }
        let version = |path: &Path| -> i64 {
            let database = rusqlite::Connection::open(path).unwrap();
            database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(version(&stage.data().join("chatd.db")), chatd::store::VERSION);
        assert_eq!(version(&copy), 1);
        assert!(!names(&stage.data()).iter().any(|name| name.ends_with(".part")), "{:?}", names(&stage.data()));
    });
}

/// A world with a file in it, as `data` in a folder; and a backup from before alice said something more, as `usb`.
fn with_backup() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::with(|options| options.data = folder.path().join("data"));
    let made = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        let file = text(&alice.uploads("one", b"one")["attachment_id"]);
        let attached = json!({"content": "before", "attachments": [file]});
        alice.post(&format!("/channels/{channel}/messages"), attached).expect(201);
        let made = backup(&folder.path().join("data"), &folder.path().join("usb"));
        alice.says(&channel, "after");
        made.file_name().unwrap().to_owned()
    };
    world.stop();
    let _ = std::fs::remove_file(folder.path().join("data/reserve"));
    // As a process that was killed leaves it: the latest stands in the log, which belongs to no other database.
    let database = rusqlite::Connection::open(folder.path().join("data/chatd.db")).unwrap();
    let keep_log = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    database.set_db_config(keep_log, true).unwrap();
    database.execute("UPDATE users SET bio = 'in the log'", []).unwrap();
    drop(database);
    assert!(folder.path().join("data/chatd.db-wal").exists());
    (folder, Path::new("usb").join(made))
}

#[test]
fn a_backup_killed_at_any_step_is_there_whole_or_not_at_all() {
    let (template, made) = with_backup();
    let stage = Stage::new();
    stage.set(Some(template.path()));
    let make = || {
        let mut make = command(&stage.data(), &["backup"]);
        make.arg(stage.root.join("usb"));
        make
    };
    let proven = |least: usize| {
        let kept = names(&stage.root.join("usb"));
        let kept: Vec<_> = kept.iter().filter(|name| name.starts_with("chatd-")).collect();
        assert!(kept.len() >= least && stage.root.join(&made).is_dir(), "{kept:?}");
        for name in kept {
            run(command(&stage.data(), &["check"]).arg(stage.root.join("usb").join(name))).well();
        }
    };
    at_some("backups killed half-way", stage.steps(&mut make()), |step| {
        stage.set(Some(template.path()));
        assert!(stage.is_killed(&mut make(), step), "step {step} was not reached");
        proven(1);
        run(&mut make()).well();
        proven(2);
        assert_eq!(count(&stage.data().join("chatd.db"), "messages"), 2);
        let left = names(&stage.root.join("usb"));
        assert!(left.iter().all(|name| name.starts_with("chatd-")), "{left:?}");
    });
}

#[test]
fn a_restore_killed_at_any_step_is_undone_or_finished() {
    let (template, made) = with_backup();
    // Its key is another one, so that a mixture shows.
    std::fs::write(template.path().join("data/key"), [7; 32]).unwrap();
    let new_key = std::fs::read(template.path().join(&made).join("key")).unwrap();
    let stage = Stage::new();
    stage.set(Some(template.path()));
    let restore = || {
        let mut restore = command(&stage.data(), &["restore", "--replace"]);
        restore.arg(stage.root.join(&made));
        restore
    };
    let (mut undone, mut finished) = (0, 0);
    at_some("restores killed half-way", stage.steps(&mut restore()), |step| {
        stage.set(Some(template.path()));
        assert!(stage.is_killed(&mut restore(), step), "step {step} was not reached");
        let mut server = stage.start();
        server.stop();
        let messages = count(&stage.data().join("chatd.db"), "messages");
        let key = std::fs::read(stage.data().join("key")).unwrap();
        let bio = |database: &Path| -> String {
            let database = rusqlite::Connection::open(database).unwrap();
            database.query_row("SELECT bio FROM users", [], |row| row.get(0)).unwrap()
        };
        let aside = names(&stage.data()).into_iter().find(|name| name.starts_with("replaced-"));
        assert!(!stage.data().join("restoring").exists(), "step {step}");
        assert_eq!(names(&stage.data().join("files")).len(), 1, "step {step}");
        match aside {
            None => {
                undone += 1;
                assert_eq!((messages, key.as_slice()), (2, &[7; 32][..]), "step {step}");
                assert_eq!(bio(&stage.data().join("chatd.db")), "in the log");
                run(&mut restore()).well();
            }
            Some(aside) => {
                finished += 1;
                assert_eq!((messages, &key), (1, &new_key), "step {step}");
                assert_eq!(bio(&stage.data().join("chatd.db")), "", "the log of another database");
                let aside = stage.data().join(aside);
                assert_eq!(count(&aside.join("chatd.db"), "messages"), 2, "what was there is kept");
                assert_eq!(bio(&aside.join("chatd.db")), "in the log");
                assert_eq!(std::fs::read(aside.join("key")).unwrap(), [7; 32]);
            }
        }
        let mut alice = Client::new();
        let server = stage.start();
        alice.signs_in(server.address, "login", "alice").unwrap();
        let me = alice.must(server.address, "GET", "/auth/me", &Value::Null, 200);
        assert_eq!(me["username"], "alice");
    });
    assert!(undone > 0 && finished > 0, "{undone} undone, {finished} finished");
}
