//! The network edge over raw sockets: what no well-behaved client would send.

mod bodies;
mod flood;
mod json;
mod limits;
mod proxy;
mod readers;
mod slow;
mod slowloris;
mod stop;
mod storm;
mod supervision;
mod tls;
mod websocket;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Gateway, World, text};
use crate::process::{Client, Process};

/// A connection without any manners of its own.
struct Raw<S = TcpStream>(BufReader<S>);

/// Status, fields and body.
#[derive(Debug)]
struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn connect(world: &World) -> Self {
        Self::at(world.running().address())
    }

    fn at(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(socket))
    }
}

impl<S: Read + Write> Raw<S> {
    fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        // A server that has refused and closed may not take all of it.
        let _ = self.0.get_mut().write_all(bytes.as_ref());
        self
    }

    /// The next response, of which `without_body` ends behind its head.
    #[track_caller]
    fn response(&mut self, without_body: bool) -> Response {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "closed after {head:?}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; if without_body || status == 304 { 0 } else { length }];
        self.0.read_exact(&mut body).unwrap();
        Response { status, head, body: String::from_utf8(body).unwrap() }
    }

    #[track_caller]
    fn answer(&mut self) -> Response {
        self.response(false)
    }

    /// The server closes, and says nothing more before.
    #[track_caller]
    fn is_closed(&mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{fields}\r\n{body}")
}

impl Process {
    /// The names of its threads.
    fn threads(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        // One that ends just now has no name any more.
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok()).map(name).collect()
    }

    /// How many connections it serves.
    fn connections(&self) -> usize {
        self.threads().iter().filter(|name| matches!(name.as_str(), "connection" | "gateway")).count()
    }

    /// How many file descriptors it has open.
    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Waits until `condition` holds, for at most `time`; how long it took.
    #[track_caller]
    fn waits_until(&self, time: Duration, what: &str, condition: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !condition(self) {
            assert!(began.elapsed() < time, "after {time:?} still not: {what}; threads: {:?}", self.threads());
            std::thread::park_timeout(Duration::from_millis(20));
        }
        began.elapsed()
    }
}

fn name(line: String) -> String {
    line.trim_end().to_owned()
}

/// Alice and bob, with a channel between them, on a server that is a process of its own.
pub struct Two {
    pub address: SocketAddr,
    pub alice: Client,
    bob: Client,
    path: String,
    /// Lets others in.
    invite: String,
}

/// The promise is 1 s; on a busy machine three times that still passes.
const HEALTHY: Duration = Duration::from_secs(3);

impl Two {
    pub fn on(server: &Process) -> Self {
        let (address, mut alice) = (server.address, Client::new());
        alice.signs_in(address, "register", "alice").unwrap();
        let home = text(&alice.must(address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
        let channels = alice.must(address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
        let invite = alice.must(address, "POST", &format!("/servers/{home}/invites"), &json!({}), 201);
        let invite = format!("/invites/{}", text(&invite["code"]));
        let path = format!("/channels/{}/messages", text(&channels[0]["channel_id"]));
        let mut two = Self { address, alice, bob: Client::new(), path, invite };
        two.bob = two.and("bob");
        two
    }

    /// Somebody more in the same channel.
    fn and(&self, name: &str) -> Client {
        let mut client = Client::new();
        client.signs_in(self.address, "register", name).unwrap();
        client.must(self.address, "POST", &self.invite, &json!({}), 200);
        client
    }

    /// Alice writes over the connection that she has.
    #[track_caller]
    pub fn alice_says(&self, content: &str) {
        self.alice.must(self.address, "POST", &self.path, &json!({"content": content}), 201);
    }

    /// Bob on a connection of the gateway.
    #[track_caller]
    pub fn bob_listens(&self) -> Gateway {
        let mut gateway = Gateway::at(self.address, Some(&self.bob.token), &[]).unwrap();
        gateway.frame(0);
        gateway.frame(10);
        gateway
    }

    /// A fresh client signs in and writes, and a second one hears it, in time.
    #[track_caller]
    fn are_served(&self) {
        let began = Instant::now();
        let mut fresh = Client::new();
        fresh.signs_in(self.address, "login", "alice").unwrap();
        let mut on_bob = self.bob_listens();
        fresh.must(self.address, "POST", &self.path, &json!({"content": "is anybody there?"}), 201);
        assert_eq!(on_bob.event_but_presence(11)["content"], "is anybody there?");
        on_bob.close(1000);
        assert!(began.elapsed() < HEALTHY, "healthy only after {:?}", began.elapsed());
    }
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn three_hundred_connections_are_answered_while_all_stay_open() {
    let world = World::start();
    let mut all: Vec<_> = (0..300).map(|_| Raw::connect(&world)).collect();
    for round in 0..2 {
        for raw in &mut all {
            raw.send(HEALTH);
        }
        for raw in &mut all {
            assert_eq!(raw.answer().status, 200, "round {round}");
        }
    }
}

#[test]
fn requests_in_a_row_are_answered_in_a_row() {
    let world = World::start();
    let mut raw = Raw::connect(&world);
    let login = r#"{"username":"nobody","password":"wrong password"}"#;
    let with_length = post("/api/rest/auth/login", &format!("Content-Length: {}\r\n", login.len()), login);
    let chunks = format!("{:x}\r\n{login}\r\n0\r\n\r\n", login.len());
    let in_chunks = post("/api/rest/auth/login", "Transfer-Encoding: chunked\r\n", &chunks);
    let head_only = "HEAD /api/rest/instance HTTP/1.1\r\nHost: x\r\n\r\n";
    raw.send([with_length.as_str(), in_chunks.as_str(), head_only, HEALTH].concat());
    for _ in 0..2 {
        let answer = raw.answer();
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.head.contains("Server: chatd\r\n") && !answer.head.contains("Connection: close"), "{answer:?}");
    }
    let head = raw.response(true);
    assert!(head.status == 200 && !head.head.contains("Content-Length: 0\r\n"), "{head:?}");
    assert_eq!(raw.answer().status, 200);
}

#[test]
fn an_empty_answer_has_no_length() {
    let world = World::start();
    let mut raw = Raw::connect(&world);
    raw.send("OPTIONS /api/rest/servers HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = raw.answer();
    assert!(answer.status == 204 && !answer.head.contains("Content-Length"), "{answer:?}");
    raw.send(HEALTH);
    assert_eq!(raw.answer().status, 200);
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on_or_not() {
    let world = World::start();
    let body = r#"{"username":"nobody","password":"wrong password"}"#;
    let expects = |length: usize| format!("Content-Length: {length}\r\nExpect: 100-continue\r\n");
    let mut raw = Raw::connect(&world);
    raw.send(post("/api/rest/auth/login", &expects(body.len()), ""));
    assert_eq!(raw.answer().status, 100);
    raw.send(body);
    assert_eq!(raw.answer().status, 401);
    // Refused by its head alone: the body need not come, and no second request is looked for in it.
    raw.send(post("/api/rest/auth/login", &expects(1 << 40), ""));
    assert_eq!(raw.answer().status, 413);
    raw.is_closed();
}

#[test]
fn no_request_runs_out_of_a_body() {
    let world = World::start();
    let alice = world.person("alice");
    let smuggled = format!(
        "POST /api/rest/servers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 19\r\n\r\n{{\"name\":\"smuggled\"}}",
        alice.token
    );
    for fields in [
        "Content-Length: 3x\r\n".to_owned(),
        "Content-Length: 0\r\nContent-Length: 5\r\n".to_owned(),
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
    ] {
        let mut raw = Raw::connect(&world);
        raw.send(post("/api/rest/auth/login", &fields, &format!("0\r\n\r\n{smuggled}")));
        let answer = raw.answer();
        assert_eq!(answer.status, 400, "{fields}: {answer:?}");
        assert!(answer.head.contains("Connection: close\r\n"), "{fields}: {answer:?}");
        assert!(answer.body.contains("\"code\":\"bad_request\""), "{answer:?}");
        raw.is_closed();
    }
    // A body that nobody wanted is passed over, up to the request behind it.
    let mut raw = Raw::connect(&world);
    raw.send(post("/api/rest/nowhere", &format!("Content-Length: {}\r\n", smuggled.len()), &smuggled));
    assert_eq!(raw.answer().status, 404);
    raw.send(HEALTH);
    assert_eq!(raw.answer().status, 200);
    assert_eq!(alice.get("/servers").expect(200), json!([]));
}

#[test]
fn what_is_too_large_is_refused_before_it_comes() {
    let world = World::start();
    let declared = |length: &str| post("/api/rest/auth/login", &format!("Content-Length: {length}\r\n"), "{");
    for length in ["262145", "100000000000", "18446744073709551615"] {
        let mut raw = Raw::connect(&world);
        let answer = raw.send(declared(length)).answer();
        assert_eq!(answer.status, 413, "{length}: {answer:?}");
        assert!(answer.body.contains("\"code\":\"too_large\""), "{answer:?}");
    }
    // Chunks declare nothing: they are counted as they come.
    let mut raw = Raw::connect(&world);
    raw.send(post("/api/rest/auth/login", "Transfer-Encoding: chunked\r\n", ""));
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    for _ in 0..9 {
        raw.send(&chunk);
    }
    assert_eq!(raw.answer().status, 413);
    let mut raw = Raw::connect(&world);
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9_000));
    assert_eq!(raw.send(long).answer().status, 414);
    let mut raw = Raw::connect(&world);
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(200));
    assert_eq!(raw.send(large).answer().status, 431);
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    let world = World::start();
    let alice = world.person("alice");
    let mut raw = Raw::connect(&world);
    let fields = format!("Authorization: Bearer {}\r\nContent-Length: 40\r\n", alice.token);
    raw.send(post("/api/rest/servers", &fields, r#"{"name":"half"}"#));
    raw.0.get_mut().shutdown(Shutdown::Write).unwrap();
    assert_eq!(raw.answer().status, 400);
    assert_eq!(alice.get("/servers").expect(200), json!([]));
}

#[test]
fn heads_and_bodies_that_trickle_are_given_up() {
    let world = World::start();
    let mut head = Raw::connect(&world);
    head.send("GET /healthz HTTP/1.1\r\nHost");
    let mut body = Raw::connect(&world);
    body.send(post("/api/rest/auth/login", "Content-Length: 40\r\n", "{"));
    // Others are served meanwhile.
    assert_eq!(Raw::connect(&world).send(HEALTH).answer().status, 200);
    assert_eq!(head.answer().status, 408);
    head.is_closed();
    assert_eq!(body.answer().status, 408);
    body.is_closed();
}

#[test]
fn http_1_0_gets_its_answer_and_the_end() {
    let world = World::start();
    let mut raw = Raw::connect(&world);
    assert_eq!(raw.send("GET /healthz HTTP/1.0\r\n\r\n").answer().status, 200);
    raw.is_closed();
}

#[test]
fn a_reset_harms_nobody() {
    let world = World::start();
    for round in 0..200 {
        let mut raw = Raw::connect(&world);
        if round % 2 == 0 {
            raw.send(HEALTH);
        }
        // Closing over unread bytes resets the connection.
        drop(raw);
    }
    assert_eq!(Raw::connect(&world).send(HEALTH).answer().status, 200);
}

#[test]
fn a_full_server_says_so() {
    // Loopback is exempt: only the cap on all of them can be reached here.
    let world = World::with(|options| options.connections = 3);
    let mut all: Vec<_> = (0..3).map(|_| Raw::connect(&world)).collect();
    for raw in &mut all {
        assert_eq!(raw.send(HEALTH).answer().status, 200);
    }
    let turned_away = Raw::connect(&world).answer();
    assert_eq!(turned_away.status, 503, "{turned_away:?}");
    assert!(turned_away.head.contains("Retry-After: 10\r\n"));
    // A place that becomes free is taken.
    let mut last = all.pop().unwrap();
    last.0.get_mut().shutdown(Shutdown::Both).unwrap();
    last.is_closed();
    let answered = std::iter::repeat_with(|| Raw::connect(&world).send(HEALTH).answer().status);
    assert!(answered.take(1_000).any(|status| status == 200));
}
