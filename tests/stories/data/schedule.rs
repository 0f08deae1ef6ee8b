//! Backups that make themselves.

use std::time::{Duration, Instant};

use super::{command, data, names};
use crate::harness::{PATIENCE, World};
use crate::process::{Client, Process, run};

/// Waits until the number of the latest backup is at least this, and so many are there.
#[track_caller]
fn until_made(world: &World, number: u64, count: usize) {
    let folder = data(world).join("backups");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let made = chatd::backup::list(&folder, None).unwrap();
        let latest = made.last().map_or(0, |backup| backup.manifest.number);
        if latest >= number && made.len() == count {
            return;
        }
        assert!(Instant::now() < deadline, "{} backups up to number {latest}", made.len());
        std::thread::yield_now();
    }
}

#[test]
fn backups_are_made_by_themselves_and_the_latest_are_kept() {
    let mut world = World::with(|options| {
        options.backup_after = Duration::ZERO;
        options.backup_every = Duration::from_millis(1);
        options.backup_keep = 2;
    });
    world.person("alice");
    until_made(&world, 5, 2);
    let page = world.send("GET", "/metrics", None, &[], None).text;
    let age = page.lines().find_map(|line| line.strip_prefix("chatd_backup_age_seconds ")).unwrap();
    assert!(age.parse::<u64>().unwrap() < 60, "{age}");
    // In the midst of one.
    world.stop();
    let folder = data(&world).join("backups");
    let kept: Vec<_> = names(&folder).into_iter().filter(|name| name.starts_with("chatd-")).collect();
    assert!((2..=3).contains(&kept.len()), "{kept:?}");
    for name in kept {
        run(command(&data(&world), &["check"]).arg(folder.join(name))).well();
    }
}

#[test]
fn the_next_backup_is_due_a_day_after_the_last_whatever_happened_between() {
    let mut world = World::with(|options| options.backup_after = Duration::ZERO);
    until_made(&world, 1, 1);
    for _ in 0..3 {
        world.restart();
    }
    let folder = data(&world).join("backups");
    // The process knows of it, and makes no other.
    let deadline = Instant::now() + PATIENCE;
    while !world.send("GET", "/metrics", None, &[], None).text.contains("\nchatd_backup_age_seconds ") {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(chatd::backup::list(&folder, None).unwrap().len(), 1);
    // As if a day had gone by.
    world.stop();
    let last = chatd::backup::list(&folder, None).unwrap().remove(0);
    let manifest = last.path.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let lived = format!("\"lived_s\": {}", last.manifest.lived_s);
    let ago = format!("\"lived_s\": {}", last.manifest.lived_s - 86_400);
    std::fs::write(&manifest, text.replace(&lived, &ago)).unwrap();
    world.restart();
    until_made(&world, 2, 2);
}

#[test]
fn two_instances_may_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let other = World::start();
    let theirs = super::backup(&data(&other), folder.path());
    let world = World::with(|options| {
        options.backups = chatd::app::Backups::In(folder.path().to_owned());
        options.backup_after = Duration::ZERO;
        options.backup_every = Duration::from_millis(1);
        options.backup_keep = 1;
    });
    let deadline = Instant::now() + PATIENCE;
    let ours = || {
        let made = chatd::backup::last(&data(&world), folder.path()).unwrap();
        made.map_or(0, |backup| backup.manifest.number)
    };
    while ours() < 4 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    run(command(&data(&other), &["check"]).arg(&theirs)).well();
}

#[test]
fn no_backup_is_made_where_they_are_off() {
    let world = World::with(|options| {
        options.backups = chatd::app::Backups::Off;
        options.backup_after = Duration::ZERO;
    });
    world.person("alice");
    assert!(!data(&world).join("backups").exists());
    assert!(!world.send("GET", "/metrics", None, &[], None).text.contains("chatd_backup_age_seconds"));
}

/// Half a day goes by while the machine is off: the clock is stepped on between two runs.
fn half_a_day_off(world: &mut World) {
    clock_is_stepped(world, 12 * 3600);
}

fn clock_is_stepped(world: &mut World, seconds: i64) {
    world.stop();
    let db = rusqlite::Connection::open(data(world).join("chatd.db")).unwrap();
    // The next run finds that the last one saw the clock so much earlier.
    db.execute("UPDATE instance SET seen_at = seen_at - ?1", [seconds * 1000]).unwrap();
    drop(db);
    world.restart();
}

#[test]
fn a_week_and_more_of_a_clock_that_is_stepped_leaves_seven_backups_of_which_the_newest_restores() {
    let mut world = World::with(|options| options.backup_after = Duration::ZERO);
    let channel = world.person("alice").creates_server("home").1;
    until_made(&world, 1, 1);
    for day in 1..=9 {
        world.sign_in("alice").says(&channel, &format!("day {day}"));
        half_a_day_off(&mut world);
        half_a_day_off(&mut world);
        until_made(&world, day + 1, usize::try_from(day).unwrap().min(6) + 1);
    }
    world.sign_in("alice").says(&channel, "after the last backup");
    // A year is no day: whoever sets the clock right gets no backup more.
    clock_is_stepped(&mut world, 365 * 86_400);
    clock_is_stepped(&mut world, -365 * 86_400);
    world.stop();
    let kept = chatd::backup::list(&data(&world).join("backups"), None).unwrap();
    let numbers: Vec<_> = kept.iter().map(|backup| backup.manifest.number).collect();
    assert_eq!(numbers, [4, 5, 6, 7, 8, 9, 10]);
    let folder = tempfile::tempdir().unwrap();
    let restored = folder.path().join("data");
    run(command(&restored, &["restore"]).arg(&kept.last().unwrap().path)).well();
    run(&mut command(&restored, &["check"])).well();
    let server = Process::start(&restored);
    let mut alice = Client::new();
    alice.signs_in(server.address, "login", "alice").unwrap();
    let path = format!("/channels/{channel}/messages");
    let messages = alice.must(server.address, "GET", &path, &serde_json::Value::Null, 200);
    let said: Vec<_> =
        messages.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(said, (1..=9).rev().map(|day| format!("day {day}")).collect::<Vec<_>>());
}
