//! A disk that is too slow: what is given up for it, in which order, and that it comes back.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::faults::{Fault, Faults};
use crate::files::png;
use crate::harness::{Gateway, PASSWORD, text};
use crate::process::{Client, PATIENCE, Process};

/// What is given up, in its order.
const ORDER: [&str; 6] = ["thumbnails", "search_indexing", "typing", "presence", "other_writes", "messages"];
/// A machine that stands still for seconds may miss a level: then all is tried again.
const ROUNDS: usize = 8;

const HEARTBEAT: u8 = 1;
const HEARTBEAT_ACK: u8 = 2;
const MESSAGE: u64 = 11;
const PRESENCE: u8 = 40;
const TYPING: u8 = 50;

/// A level that had passed before it could be looked at.
#[derive(Debug)]
struct Missed;

/// What came back from somebody who may have had to wait for it.
type Awaited = JoinHandle<(u16, Value)>;

/// Alice and bob in a channel, on a disk that can stand still.
struct Scene {
    _folder: tempfile::TempDir,
    faults: Faults,
    server: Process,
    alice: Client,
    on_alice: Gateway,
    on_bob: Gateway,
    home: String,
    channel: String,
}

fn joins(address: SocketAddr, name: &str) -> Client {
    let mut client = Client::new();
    let waits = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(6 * PATIENCE));
    client.agent = waits.build().into();
    client.signs_in(address, "register", name).unwrap();
    client
}

fn connects(address: SocketAddr, client: &Client) -> Gateway {
    let mut gateway = Gateway::at(address, Some(&client.token), &[]).unwrap();
    gateway.stream().set_read_timeout(Some(2 * PATIENCE)).unwrap();
    gateway.frame(0);
    gateway.frame(10);
    gateway
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        let faults = Faults::new(&data);
        let server = Process::with(&data, |command| faults.load(command));
        let address = server.address;
        let (alice, bob) = (joins(address, "alice"), joins(address, "bob"));
        let home = text(&alice.must(address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
        let channels = alice.must(address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
        let channel = text(&channels[0]["channel_id"]);
        let invite = alice.must(address, "POST", &format!("/servers/{home}/invites"), &json!({}), 201);
        bob.must(address, "POST", &format!("/invites/{}", text(&invite["code"])), &Value::Null, 200);
        let (on_bob, on_alice) = (connects(address, &bob), connects(address, &alice));
        Self { _folder: folder, faults, server, alice, on_alice, on_bob, home, channel }
    }

    fn asks(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = Some(body).filter(|body| !body.is_null());
        self.alice.ask(self.server.address, method, path, body).unwrap()
    }

    /// Alice says something, and somebody else waits for the answer.
    fn says(&self, content: &str) -> Awaited {
        let (alice, address, body) = (self.alice.clone(), self.server.address, json!({"content": content}));
        let path = format!("/api/rest/channels/{}/messages", self.channel);
        std::thread::spawn(move || alice.ask(address, "POST", &path, Some(&body)).unwrap())
    }

    fn uploads(&self) -> Awaited {
        let url = format!("http://{}/api/rest/uploads?filename=a.png", self.server.address);
        let (agent, token) = (self.alice.agent.clone(), format!("Bearer {}", self.alice.token));
        std::thread::spawn(move || {
            let mut answer = agent.post(url).header("Authorization", token).send(&png()[..]).unwrap();
            let body = answer.body_mut().read_to_string().unwrap();
            (answer.status().as_u16(), serde_json::from_str(&body).unwrap())
        })
    }

    /// A number in `/metrics`.
    fn number(&self, name: &str) -> u64 {
        let page = self.alice.agent.get(format!("http://{}/metrics", self.server.address)).call().unwrap();
        let page = page.into_body().read_to_string().unwrap();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_else(|| {
            panic!("there is no {name} in {page}");
        });
        value.parse().unwrap()
    }

    fn level(&self) -> usize {
        usize::try_from(self.number("chatd_pressure_level")).unwrap()
    }

    fn counted(&self, what: &str) -> u64 {
        self.number(&format!("chatd_given_up_total{{what=\"{what}\"}}"))
    }

    #[track_caller]
    fn waits_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + 6 * PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < deadline, "still not: {what}");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Waits for a level, which only rises while the disk stands still, and looks at what it is like there.
    fn at(&mut self, level: usize, look: impl FnOnce(&mut Self)) -> Result<(), Missed> {
        self.waits_until(ORDER[level - 1], |scene| scene.level() >= level);
        if self.level() > level {
            return Err(Missed);
        }
        let ready = self.asks("GET", "/readyz", &Value::Null);
        let given_up = ORDER.map(|what| self.number(&format!("chatd_giving_up{{what=\"{what}\"}}")) == 1);
        if self.level() > level {
            return Err(Missed);
        }
        assert_eq!(given_up, std::array::from_fn(|at| at < level));
        if level < ORDER.len() {
            assert_eq!(ready, (200, json!({"status": "degraded", "given_up": ORDER[..level]})));
        }
        look(self);
        if self.level() > level { Err(Missed) } else { Ok(()) }
    }

    /// 503 with the time after which it may work.
    #[track_caller]
    fn refuses(&self, method: &str, path: &str, body: &Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server.address))
            .header("Authorization", format!("Bearer {}", self.alice.token))
            .header("Content-Type", "application/json");
        let mut answer = self.alice.agent.run(request.body(body.to_string()).unwrap()).unwrap();
        let body = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status() == 503 && body.contains("\"code\":\"unavailable\""), "{method} {path}: {body}");
        assert_eq!(answer.headers().get("Retry-After").unwrap(), "5", "{method} {path}");
    }

    /// All is as it should be, bob is here, and alice has heard all there was.
    fn begins(&mut self, round: usize) {
        self.waits_until("all is well", |scene| scene.level() == 0);
        self.on_bob.send(PRESENCE, json!({"away": false}));
        for gateway in [&mut self.on_bob, &mut self.on_alice] {
            gateway.send(HEARTBEAT, Value::Null);
            while gateway.next()["op"] != HEARTBEAT_ACK {}
        }
        self.waits_until("all is well", |scene| scene.level() == 0);
        let marker = format!("round {round}");
        assert_eq!(self.says(&marker).join().unwrap().0, 201);
        while self.on_alice.next()["d"]["content"] != marker.as_str() {}
    }

    /// The disk stands still for longer and longer, and goes on.
    fn stands_still(&mut self) -> Result<(), Missed> {
        let before = ORDER.map(|what| self.counted(what));
        self.faults.set(Fault::SyncHeld, 1);
        let (first, upload, mut second) = (self.says("first"), self.uploads(), None);
        let seen = self.levels(&mut second, &before);
        self.faults.set(Fault::SyncHeld, 0);
        let answers = [Some(first), Some(upload), second].map(|awaited| awaited.map(|it| it.join().unwrap()));
        seen?;
        let [first, upload, second] = answers.map(Option::unwrap);
        assert_eq!(first.0, 201, "what was accepted before is written: {first:?}");
        // They may have come so late that they were refused.
        if upload.0 != 201 || second.0 != 201 || self.counted("thumbnails") == before[0] {
            return Err(Missed);
        }
        Ok(())
    }

    fn levels(&mut self, second: &mut Option<Awaited>, before: &[u64; 6]) -> Result<(), Missed> {
        let home = format!("/api/rest/servers/{}", self.home);
        let messages = format!("/api/rest/channels/{}/messages", self.channel);
        let new_name = json!({"name": "our home"});
        self.at(1, |_| ())?;
        self.at(2, |_| ())?;
        self.at(3, |scene| {
            scene.on_bob.send(TYPING, json!({"channel_id": scene.channel}));
            scene.waits_until("typing is dropped", |scene| scene.counted("typing") == before[2] + 1);
        })?;
        self.at(4, |scene| {
            for away in [true, false, true] {
                scene.on_bob.send(PRESENCE, json!({"away": away}));
            }
            scene.waits_until("presence is put off", |scene| scene.counted("presence") == before[3] + 3);
        })?;
        self.at(5, |scene| {
            scene.refuses("PATCH", &home, &new_name);
            let login = json!({"username": "alice", "password": PASSWORD});
            scene.refuses("POST", "/api/rest/auth/login", &login);
            *second = Some(scene.says("second"));
            assert_eq!(scene.asks("GET", &messages, &Value::Null).0, 200, "reads go on");
        })?;
        self.at(6, |scene| {
            scene.refuses("POST", &messages, &json!({"content": "refused"}));
            scene.refuses("PATCH", &home, &new_name);
            assert_eq!(
                (scene.asks("GET", "/readyz", &Value::Null).0, scene.asks("GET", "/healthz", &Value::Null).0),
                (503, 200)
            );
            assert_eq!(scene.asks("GET", &messages, &Value::Null).0, 200, "reads go on");
        })
    }
}

#[test]
fn the_longer_writes_wait_the_more_is_given_up_messages_last_and_all_comes_back_by_itself() {
    let mut scene = Scene::new();
    let done = (0..ROUNDS).any(|round| {
        scene.begins(round);
        scene.stands_still().is_ok()
    });
    assert!(done, "in {ROUNDS} rounds messages were never taken while all else was refused");
    // Nobody does anything but look.
    scene.waits_until("all is well", |scene| scene.level() == 0);
    assert_eq!(scene.asks("GET", "/readyz", &Value::Null), (200, json!({"status": "ok"})));
    scene.server.hear("what is to be written or told is").unwrap();
    scene.server.hear("nothing is given up any more").unwrap();

    // Bob's presence is told once, as it is now, and nobody heard that he typed.
    let heard: Vec<_> = (0..3).map(|_| scene.on_alice.next()).collect();
    let ops: Vec<_> = heard.iter().map(|frame| frame["op"].as_u64().unwrap()).collect();
    assert_eq!(ops, [MESSAGE, MESSAGE, PRESENCE.into()], "{heard:?}");
    assert_eq!((&heard[0]["d"]["content"], &heard[1]["d"]["content"]), (&json!("first"), &json!("second")));
    assert_eq!(heard[2]["d"]["status"], "idle");
    assert_eq!(scene.says("last").join().unwrap().0, 201);
    assert_eq!(scene.on_alice.frame(MESSAGE)["d"]["content"], "last");

    let home = format!("/api/rest/servers/{}", scene.home);
    scene.waits_until("what was refused is taken", |scene| {
        scene.asks("PATCH", &home, &json!({"name": "our home"})).0 == 200
    });
    scene.waits_until("pictures have a colour", |scene| scene.uploads().join().unwrap().1["color"].is_string());
    let typing = scene.channel.clone();
    scene.waits_until("all is well", |scene| scene.level() == 0);
    scene.on_bob.send(TYPING, json!({"channel_id": typing}));
    while scene.on_alice.next()["op"] != TYPING {}
}
