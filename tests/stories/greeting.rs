//! What a start says to whoever set it up: where people reach the instance, and how its administrator gets in.

use serde_json::json;

use crate::harness::PASSWORD;
use crate::process::{Client, Process};

/// Rows of a QR code in half blocks.
fn rows(process: &mut Process) -> usize {
    let is_row = |line: &&String| line.chars().count() > 20 && line.chars().all(|c| "█▀▄ ".contains(c));
    process.heard().iter().filter(is_row).count()
}

/// Starts as the unit does; heard is what it says until it has said it all.
fn start(folder: &std::path::Path, more: &[&str]) -> Process {
    let mut process = Process::with(folder, |command| {
        command.args(["--registration", "invite"]).args(more);
    });
    // The last that a start says, as stories have no rate limits.
    process.hear("RATE LIMITS ARE OFF").unwrap();
    process
}

#[test]
fn until_there_is_an_account_a_start_shows_how_to_make_it_and_afterwards_only_where_people_come() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let public = ["--public-url", "https://chat.example/friends"];
    let mut process = start(&data, &public);
    let said = process.heard().join("\n");
    assert!(said.contains("people reach it at https://chat.example/friends\n"), "{said}");
    let code = said.split("its set-up code is ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let url = format!("it is made at https://chat.example/friends/#setup={code}\n");
    assert_eq!(said.matches(&url).count(), 1, "{said}");
    // A code for 60 bytes has 29 or 33 modules a side, and 4 of quiet around: none may be lost as a flood.
    assert!((18..=21).contains(&rows(&mut process)), "{said}");
    let body = json!({"username": "alice", "password": PASSWORD, "setup_code": code});
    Client::new().must(process.address, "POST", "/auth/register", &body, 201);
    process.stop();
    let mut process = start(&data, &public);
    let said = process.heard().join("\n");
    assert!(said.contains("people reach it at https://chat.example/friends\n"), "{said}");
    assert!(!said.contains("setup") && !said.contains(&code) && rows(&mut process) == 0, "{said}");
}

#[test]
fn at_an_address_of_this_machine_alone_there_is_nothing_for_a_camera() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = start(&folder.path().join("data"), &[]);
    let said = process.heard().join("\n");
    assert!(said.contains(&format!("it is made at http://{}/#setup=", process.address)), "{said}");
    assert_eq!(rows(&mut process), 0, "{said}");
}

#[test]
fn behind_systemd_each_row_has_its_priority_and_nothing_is_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::process::chatd(&["--listen", "[::]:0", "--registration", "invite"]);
    command.arg("--data").arg(folder.path().join("data")).arg("--public-url").arg("http://pi.local");
    command.env("JOURNAL_STREAM", "8:1");
    let mut process = Process::spawn(&mut command);
    process.hear("it is made at").unwrap();
    let row = process.hear("█").unwrap();
    let row = row.strip_prefix("<6>").unwrap();
    assert!(row.chars().count() > 30 && row.chars().all(|c| c == '█'), "the quiet zone: {row}");
}
