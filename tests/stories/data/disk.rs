//! A disk that is full, and one that loses what it was given.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::faults::{Fault, Faults};
use crate::harness::text;
use crate::process::{Client, PATIENCE, Process};

/// The promise is 1 s; on a busy machine three times that still passes.
const GONE: Duration = Duration::from_secs(3);
/// The promise is 5 s.
const HEALTHY_AGAIN: Duration = Duration::from_secs(15);

/// Alice on a server of her own, on a disk that can fail.
struct Scene {
    _folder: tempfile::TempDir,
    data: std::path::PathBuf,
    faults: Faults,
    server: Process,
    alice: Client,
    channel: String,
    /// What was acknowledged.
    said: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        let faults = Faults::new(&data);
        let server = Process::with(&data, |command| faults.load(command));
        let mut alice = Client::new();
        alice.signs_in(server.address, "register", "alice").unwrap();
        let home = text(&alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
        let channels = alice.must(server.address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
        let channel = text(&channels[0]["channel_id"]);
        Self { _folder: folder, data, faults, server, alice, channel, said: Vec::new() }
    }

    fn address(&self) -> SocketAddr {
        self.server.address
    }

    fn path(&self) -> String {
        format!("/channels/{}/messages", self.channel)
    }

    /// Tries to say something; its ID, or the status and the problem.
    fn says(&mut self, content: &str) -> Result<String, (u16, Value)> {
        let body = json!({"content": content});
        let path = format!("/api/rest{}", self.path());
        match self.alice.ask(self.address(), "POST", &path, Some(&body)).unwrap() {
            (201, message) => {
                self.said.push(content.to_owned());
                Ok(text(&message["message_id"]))
            }
            refused => Err(refused),
        }
    }

    /// What is there, oldest first.
    fn read(&self) -> Vec<String> {
        let path = format!("{}?limit=100", self.path());
        let page = self.alice.must(self.address(), "GET", &path, &Value::Null, 200);
        page.as_array().unwrap().iter().rev().map(|message| text(&message["content"])).collect()
    }

    fn status(&self, path: &str) -> u16 {
        self.alice.ask(self.address(), "GET", path, None).unwrap().0
    }

    /// A fresh client signs in and sends, and another reads it.
    fn is_healthy(&mut self, content: &str) -> bool {
        let mut fresh = Client::new();
        if fresh.signs_in(self.address(), "login", "alice").is_err() || self.status("/readyz") != 200 {
            return false;
        }
        let alice = std::mem::replace(&mut self.alice, fresh);
        let said = self.says(content).is_ok();
        self.alice = alice;
        said && self.read().last().is_some_and(|last| last == content)
    }
}

#[test]
fn on_a_full_disk_nothing_is_lost_reading_and_deleting_go_on_and_room_heals_it() {
    let mut scene = Scene::new();
    let first = scene.says("one").unwrap();
    scene.says("two").unwrap();
    // Kept from a second after the start.
    let reserve = scene.data.join("reserve");
    let deadline = Instant::now() + PATIENCE;
    while std::fs::metadata(&reserve).map_or(0, |meta| meta.len()) < chatd::model::limits::RESERVE_BYTES {
        assert!(Instant::now() < deadline, "there is no reserve");
        std::thread::yield_now();
    }
    scene.faults.set(Fault::Room, 0);
    for n in 0..5 {
        let (status, problem) = scene.says(&format!("refused {n}")).unwrap_err();
        assert_eq!((status, problem["code"].as_str()), (503, Some("unavailable")), "{problem}");
    }
    let (_, problem) = scene.says("refused").unwrap_err();
    assert!(text(&problem["detail"]).contains("the server's disk is full: deleting works"), "{problem}");
    assert_eq!(scene.read(), scene.said, "reads go on");
    assert_eq!((scene.status("/healthz"), scene.status("/readyz")), (200, 503));
    assert!(!reserve.exists() && scene.faults.get(Fault::Room) > 0, "the reserve is given up");
    // Somebody else takes what room there is, but for what deleting needs.
    scene.alice.must(scene.address(), "DELETE", &format!("{}/{first}", scene.path()), &Value::Null, 204);
    scene.said.remove(0);
    let read = format!("/channels/{}/read", scene.channel);
    scene.alice.must(scene.address(), "PUT", &read, &json!({"message_id": first}), 204);
    let mut late = Client::new();
    late.signs_in(scene.address(), "login", "alice").expect("whoever deletes must sign in first");
    let upload = scene.alice.ask(scene.address(), "POST", "/api/rest/uploads?filename=x", Some(&json!({})));
    assert_eq!(upload.unwrap().0, 503);
    assert_eq!(scene.read(), scene.said);

    scene.faults.set(Fault::Room, -1);
    let begun = Instant::now();
    while !scene.is_healthy("again") {
        assert!(begun.elapsed() < HEALTHY_AGAIN, "not healthy after {:?}", begun.elapsed());
        std::thread::yield_now();
    }
    assert!(reserve.exists());
    scene.server.hear("the disk has room again").unwrap();
    let full = scene.server.heard().iter().filter(|line| line.contains("the disk is full: what needs")).count();
    assert_eq!(full, 1, "one line: {:#?}", scene.server.said);
    // All of it is on disk too.
    scene.server.kill();
    scene.server = Process::with(&scene.data, |command| scene.faults.load(command));
    assert_eq!(scene.read(), scene.said);
}

#[test]
fn a_start_on_a_full_disk_takes_the_reserve_and_serves() {
    let mut scene = Scene::new();
    scene.says("one").unwrap();
    let reserve = scene.data.join("reserve");
    let deadline = Instant::now() + PATIENCE;
    while !reserve.exists() {
        assert!(Instant::now() < deadline, "there is no reserve");
        std::thread::yield_now();
    }
    scene.server.stop();
    scene.faults.set(Fault::Room, 0);
    scene.server = Process::with(&scene.data, |command| scene.faults.load(command));
    assert_eq!(scene.read(), scene.said);
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_the_process_ends() {
    let mut scene = Scene::new();
    for n in 0..5 {
        scene.says(&format!("kept {n}")).unwrap();
    }
    scene.faults.set(Fault::SyncFails, 1);
    let begun = Instant::now();
    let body = json!({"content": "lost"});
    let path = format!("/api/rest{}", scene.path());
    let answer = scene.alice.ask(scene.address(), "POST", &path, Some(&body));
    assert!(answer.as_ref().map_or(true, |(status, _)| *status == 503), "{answer:?}");
    let status = scene.server.wait();
    assert_eq!(status.code(), Some(74));
    assert!(begun.elapsed() < GONE, "it took {:?}", begun.elapsed());
    let said = scene.server.said.join("\n");
    assert!(said.contains("the disk lost a write (fsync failed): exiting"), "{said}");
    // What starts it anew finds what is really there.
    let broken = Process::try_with(&scene.data, |command| scene.faults.load(command));
    let (status, said) = broken.err().expect("a start on a disk that fails");
    assert_eq!(status.code(), Some(74), "{said:#?}");
    scene.faults.calm();
    scene.server = Process::with(&scene.data, |command| scene.faults.load(command));
    let read = scene.read();
    assert_eq!(read[..5], scene.said);
    assert!(read[5..].iter().all(|content| content == "lost") && read.len() <= 6, "{read:?}");
}
