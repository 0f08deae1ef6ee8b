//! A Raspberry Pi has no clock of its own: it may boot years off, and be set right while it runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::faults::{Fault, Faults};
use crate::harness::{PASSWORD, text};
use crate::process::{Client, Process};

const YEAR_S: i64 = 365 * 86_400;

/// A client that keeps its refresh token, as clients do.
struct Device {
    client: Client,
    refresh_token: String,
}

impl Device {
    fn register(address: SocketAddr, name: &str) -> Self {
        let client = Client::new();
        let body = json!({"username": name, "password": PASSWORD});
        let signed_in = client.must(address, "POST", "/auth/register", &body, 201);
        Self {
            client: Client { token: text(&signed_in["access_token"]), ..client },
            refresh_token: text(&signed_in["refresh_token"]),
        }
    }

    /// Asks, and with a new access token if the old one has run out: whoever is told 401 then is signed out.
    #[track_caller]
    fn ask(&mut self, address: SocketAddr, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/rest{path}");
        let body = Some(body).filter(|body| !body.is_null());
        let first = self.client.ask(address, method, &path, body).unwrap();
        if first.0 != 401 {
            return first;
        }
        assert_eq!(first.1["code"], "token_expired", "{}", first.1);
        let refresh = json!({"refresh_token": self.refresh_token});
        let tokens = self.client.must(address, "POST", "/auth/refresh", &refresh, 200);
        self.client.token = text(&tokens["access_token"]);
        self.refresh_token = text(&tokens["refresh_token"]);
        self.client.ask(address, method, &path, body).unwrap()
    }

    #[track_caller]
    fn must(&mut self, address: SocketAddr, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let (got, answer) = self.ask(address, method, path, body);
        assert_eq!(got, status, "{method} {path}: {answer}");
        answer
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    data: PathBuf,
    faults: Faults,
    server: Process,
    alice: Device,
    channel: String,
    last: i64,
}

fn start(data: &Path, faults: &Faults) -> Process {
    Process::with(data, |command| {
        faults.load(command);
        command.args(["--rate-limits", "on"]);
    })
}

impl Scene {
    /// A server that begins its life so many seconds off.
    fn off_by(seconds: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        let faults = Faults::new(&data);
        faults.set(Fault::ClockSeconds, seconds);
        let server = start(&data, &faults);
        let mut alice = Device::register(server.address, "alice");
        let home = alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201);
        let path = format!("/servers/{}/channels", text(&home["server_id"]));
        let channels = alice.must(server.address, "GET", &path, &Value::Null, 200);
        let channel = text(&channels[0]["channel_id"]);
        Self { _folder: folder, data, faults, server, alice, channel, last: 0 }
    }

    fn set(&self, seconds: i64) {
        self.faults.set(Fault::ClockSeconds, seconds);
    }

    /// Another boot, so many seconds off.
    fn restart(&mut self, seconds: i64) {
        self.server.stop();
        self.set(seconds);
        self.server = start(&self.data, &self.faults);
    }

    /// Alice says something, which must have an ID above all before.
    #[track_caller]
    fn says(&mut self) {
        let path = format!("/channels/{}/messages", self.channel);
        let message = self.alice.must(self.server.address, "POST", &path, &json!({"content": "hello"}), 201);
        let id: i64 = text(&message["message_id"]).parse().unwrap();
        assert!(id > self.last, "{id} came after {}", self.last);
        self.last = id;
    }

    /// How many lines speak of the clock.
    fn warnings(&mut self) -> usize {
        self.server.heard().iter().filter(|line| line.contains("the clock has moved by")).count()
    }
}

#[test]
fn whatever_the_clock_does_at_boot_ids_increase_and_nobody_is_signed_out() {
    let mut scene = Scene::off_by(0);
    scene.says();
    for years in [-6, 0, 2, -6, 2] {
        scene.restart(years * YEAR_S);
        scene.says();
        assert_eq!(scene.warnings(), 1, "{years}: {:#?}", scene.server.said);
    }
    scene.restart(2 * YEAR_S);
    scene.says();
    assert_eq!(scene.warnings(), 0, "{:#?}", scene.server.said);
}

#[test]
fn whatever_the_clock_does_while_running_ids_increase_and_nobody_is_signed_out() {
    // As a Pi boots, and is set right when it finds the network.
    let mut scene = Scene::off_by(-6 * YEAR_S);
    let mut warnings = 0;
    scene.says();
    for years in [0, 2, -6, 0] {
        scene.set(years * YEAR_S);
        scene.says();
        scene.says();
        warnings += 1;
        scene.server.hear("the clock has moved by").unwrap();
        assert_eq!(scene.warnings(), warnings, "one each: {:#?}", scene.server.said);
    }
    // What a process that was killed has left behind is no worse.
    scene.server.kill();
    scene.set(-6 * YEAR_S);
    scene.server = start(&scene.data, &scene.faults);
    scene.says();
}

#[test]
fn no_limiter_sticks_when_the_clock_jumps() {
    let scene = Scene::off_by(0);
    let uri = format!("http://{}/api/rest/channels/{}/messages", scene.server.address, scene.channel);
    // Seconds until the next one, if it is one too many.
    let refused = || {
        let request = ureq::http::Request::post(&uri)
            .header("Authorization", format!("Bearer {}", scene.alice.client.token))
            .header("Content-Type", "application/json")
            .body(r#"{"content": "hello"}"#);
        let answer = scene.alice.client.agent.run(request.unwrap()).unwrap();
        let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().parse::<u64>().unwrap());
        after.filter(|_| answer.status() == 429)
    };
    let window_s = chatd::model::limits::RATE_MESSAGE.1.as_secs();
    while refused().is_none() {}
    let begun = Instant::now();
    // Access tokens live by the clock, so only as long as one that was issued now.
    for years in [-6, 0] {
        scene.set(years * YEAR_S);
        let after = refused().expect("still one too many");
        assert!(after <= window_s && after + 1 + begun.elapsed().as_secs() >= window_s, "{years}: {after} s");
    }
}
