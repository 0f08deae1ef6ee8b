//! `chatd doctor`: beside a server, and without one.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::PASSWORD;
use crate::health::OF_THE_MACHINE;
use crate::process::{Client, Process, Said, chatd, run};

fn doctor(data: &Path, more: &[&str]) -> Said {
    let mut command = chatd(&["doctor", "--data"]);
    run(command.arg(data).args(more))
}

/// The codes of what was found of the instance.
fn codes(said: &Said) -> Vec<&str> {
    let codes = said.out.lines().filter_map(|line| line.strip_prefix("  [")?.strip_suffix(']'));
    codes.filter(|code| !OF_THE_MACHINE.contains(code)).collect()
}

#[test]
fn a_server_is_judged_by_the_options_that_it_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::with(&data, |command| {
        command.args(["--backups", "off"]).env("CHATD_PUBLIC_URL", "http://chat.example");
    });
    // Started with port 0, only itself knows where it listens.
    let said = doctor(&data, &[]);
    assert!(said.out.contains("not looked at: what only the server knows: 127.0.0.1:0"), "{}", said.out);
    let address = server.address.to_string();
    let said = doctor(&data, &["--listen", &address]);
    assert!(said.out.starts_with(&format!("process {} serves ", server.pid().as_raw_nonzero())), "{}", said.out);
    let expected = ["rate_limits_off", "backups_off", "registration_open", "plain_http", "setup_required"];
    assert_eq!((codes(&said), said.code), (expected.to_vec(), Some(1)), "{}", said.out);
    assert!(!said.out.contains("not looked at"), "{}", said.out);
    let body = json!({"username": "alice", "password": PASSWORD, "setup_code": setup_code(&mut server)});
    Client::new().must(server.address, "POST", "/auth/register", &body, 201);
    // What is said here goes over what the server has, as to see what another option would do.
    let said = doctor(
        &data,
        &[
            "--listen",
            &address,
            "--public-url",
            "https://chat.example",
            "--rate-limits",
            "on",
            "--registration",
            "closed",
        ],
    );
    // The server itself says who may register.
    assert_eq!(codes(&said), ["backups_off", "registration_open"], "{}", said.out);
    server.stop();
    let said = doctor(&data, &[]);
    // In this order unless chatd is installed here, which makes not running a warning.
    let mut codes = codes(&said);
    codes.sort_unstable();
    assert_eq!(codes, ["backups_on_same_disk", "not_running"], "{}", said.out);
}

fn setup_code(server: &mut Process) -> String {
    let line =
        server.heard().iter().find_map(|line| line.split_once("its set-up code is ")).map(|(_, code)| code.to_owned());
    line.or_else(|| Some(server.hear("its set-up code is ")?.split_once("code is ")?.1.to_owned())).unwrap()
}

#[test]
fn where_there_is_no_data_it_says_so_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let said = doctor(&data, &["--backups", "off"]);
    assert_eq!((codes(&said), said.code), (vec!["no_data", "backups_off"], Some(1)), "{}", said.out);
    assert!(!data.exists());
}

#[test]
fn data_of_a_newer_chatd_is_told_apart_from_damage() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Process::start(&data).stop();
    let database = data.join("chatd.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.execute_batch("PRAGMA user_version = 999").unwrap();
    drop(db);
    let said = doctor(&data, &[]);
    assert!(codes(&said).contains(&"database_newer") && said.code == Some(1), "{}", said.out);
    std::fs::write(&database, "my shopping list").unwrap();
    let said = doctor(&data, &[]);
    assert!(codes(&said).contains(&"database_unreadable") && said.code == Some(1), "{}", said.out);
    assert_eq!(std::fs::read(&database).unwrap(), b"my shopping list");
}

#[test]
fn root_leaves_nothing_behind_in_the_data_of_another() {
    // Only root can give a folder away.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Process::start(&data).stop();
    assert!(Command::new("chown").args(["-R", "4242"]).arg(&data).status().unwrap().success());
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let said = doctor(&data, &[]);
    assert!(said.out.contains("not looked at: the database") && said.out.contains("sudo -u '#4242'"), "{}", said.out);
    assert_eq!(names(), before);
    // And what root had left there is found.
    std::fs::write(data.join("chatd.db-shm"), "").unwrap();
    assert!(codes(&doctor(&data, &[])).contains(&"foreign_files"));
}
