//! An owner asks what the board can carry, beside the data and without touching it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::harness::World;
use crate::process::{Client, Process, chatd, run};

/// Measures for a second, beside this data.
fn bench(data: &Path) -> Command {
    let mut command = chatd(&["bench", "--seconds", "1", "--disk-reserve", "0"]);
    command.arg("--data").arg(data);
    command
}

/// Every file and folder, and the bytes of those that are files.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        }
        found.insert(path.clone(), fs::read(&path).ok());
    }
    found
}

/// The number in front of this unit.
#[track_caller]
fn figure(text: &str, unit: &str) -> f64 {
    let before = text.split(unit).next().filter(|before| before.len() < text.len());
    let word = before.and_then(|before| before.split_whitespace().last());
    let number = word.and_then(|word| word.replace(',', "").parse().ok());
    number.unwrap_or_else(|| panic!("no number of {unit:?} in {text}"))
}

#[test]
fn an_owner_learns_what_the_board_can_carry_and_nothing_is_left_behind() {
    let mut world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    alice.says(&channel, "hello");
    world.stop();
    let data = world.folder.path().join("data");
    let before = contents(&data);
    let text = run(&mut bench(&data)).well();
    for row in ["disk ", "password ", "memory ", "messages ", "deliveries ", "latency "] {
        let row = text.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("no {row}in {text}"));
        assert!(row.contains(|c: char| c.is_ascii_digit()), "{row}");
    }
    let says = text.lines().find(|line| line.starts_with("This board can carry about ")).expect("what it can carry");
    for unit in [" people connected", " messages/s at p99", " ms, if all"] {
        assert!(figure(says, unit) > 0.0, "{says}");
    }
    assert!(text.contains("People: half of the free memory") && text.contains("Messages/s: a quarter of"), "{text}");
    assert!(!text.contains("Another chatd serves"), "{text}");
    assert!(contents(&data) == before, "the data is as it was");
}

#[test]
fn a_board_is_measured_while_chatd_serves() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    let mut alice = Client::new();
    alice.signs_in(server.address, "register", "alice").unwrap();
    let text = run(&mut bench(&data)).well();
    assert!(text.contains("Another chatd serves the data folder"), "{text}");
    // Its people are nobody's here.
    let name = json!({"username": "person1", "password": "correct horse 1"});
    assert_eq!(alice.ask(server.address, "POST", "/api/rest/auth/login", Some(&name)).unwrap().0, 401);
    alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201);
    let left: Vec<_> = contents(&data).into_keys().filter(|path| path.to_str().unwrap().contains("bench")).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    assert!(server.stop().success());
}

#[test]
fn a_measurement_that_is_stopped_leaves_nothing_behind() {
    for (signal, step) in [(Signal::INT, "measuring the disk"), (Signal::TERM, "measuring deliveries")] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = chatd(&["bench", "--seconds", "10", "--disk-reserve", "0"]);
        command.arg("--data").arg(folder.path());
        let mut process = Process::spawn(&mut command);
        assert!(process.hear(step).is_some(), "{:#?}", process.said);
        assert!(!contents(folder.path()).is_empty(), "it measures here");
        kill_process(process.pid(), signal).unwrap();
        // Its log ends when all processes have ended that write to it: the instance that was measured too.
        assert_eq!(process.wait().code(), Some(130), "{:#?}", process.said);
        assert!(process.said.iter().any(|line| line.contains("nothing is left behind")), "{:#?}", process.said);
        assert_eq!(contents(folder.path()), BTreeMap::new());
    }
}

#[test]
fn one_that_is_killed_takes_its_instance_with_it_and_the_next_one_clears_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = chatd(&["bench", "--seconds", "10", "--disk-reserve", "0"]);
    let mut process = Process::spawn(command.arg("--data").arg(folder.path()));
    assert!(process.hear("measuring deliveries").is_some(), "{:#?}", process.said);
    let busy = run(&mut bench(folder.path())).refused(75);
    assert!(busy.contains("another chatd bench runs in"), "{busy}");
    kill_process(process.pid(), Signal::KILL).unwrap();
    // Again the log's end: somebody who still served would hold it open.
    process.wait();
    assert!(!contents(folder.path()).is_empty(), "nobody could remove it");
    run(&mut bench(folder.path())).well();
    assert_eq!(contents(folder.path()), BTreeMap::new());
}

#[test]
fn without_room_nothing_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let line = run(bench(folder.path()).args(["--disk-reserve", "1048576"])).refused(74);
    assert!(line.contains("has no room") && line.contains("256 MiB"), "{line}");
    assert_eq!(contents(folder.path()), BTreeMap::new());
}
