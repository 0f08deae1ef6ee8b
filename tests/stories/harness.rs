//! The world of a story: a server in a temporary folder, and the people who use it.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use chatd::app::Options;
use chatd::app::{self, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// Everybody's password: long enough, and on no list.
pub const PASSWORD: &str = "correct horse battery";

/// How long a story waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A running server with a folder of its own.
pub struct World {
    running: Option<Running>,
    options: Options,
    pub folder: TempDir,
    agent: ureq::Agent,
}

impl World {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// Starts with options of the story's own.
    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            data: folder.path().join("data"),
            rate_limits: false,
            ..Options::default()
        };
        change(&mut options);
        let running = Some(app::run(options.clone()).unwrap());
        // Not the time-out for everything: to look the name up in time, ureq makes a thread for each request.
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_recv_body(Some(PATIENCE))
            .build();
        Self { running, options, folder, agent: config.into() }
    }

    /// Stops the server as SIGTERM does, and starts it again on the same folder.
    pub fn restart(&mut self) {
        self.stop();
        self.running = Some(app::run(self.options.clone()).unwrap());
    }

    pub fn stop(&mut self) {
        drop(self.running.take());
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running().address())
    }

    /// A request by nobody.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, None, &[], body.map(|body| body.to_string()).as_deref())
    }

    /// A request with everything as the story wants it.
    #[track_caller]
    pub fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let is_json = body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let json = is_json.then_some(("Content-Type", "application/json"));
        let headers: Vec<_> = headers.iter().copied().chain(json).collect();
        self.send_bytes(method, path, token, &headers, body.map(str::as_bytes))
    }

    /// A page or whatever else stands at this very path.
    #[track_caller]
    pub fn send_root(&self, path: &str, token: Option<&str>) -> Answer {
        self.send_to(path, "GET", token, &[], None)
    }

    /// A request of any bytes.
    #[track_caller]
    pub fn send_bytes(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        // Most of what is asked for is the API; the rest is named in full.
        let roots = ["/api/", "/chat/api/", "/healthz", "/readyz", "/metrics", "/help/", "/files/"];
        let whole = roots.iter().any(|root| path.starts_with(root)) || path.ends_with("/qr.svg");
        let path = if whole { path.to_owned() } else { format!("/api/rest{path}") };
        self.send_to(&path, method, token, headers, body)
    }

    #[track_caller]
    pub fn send_to(
        &self,
        path: &str,
        method: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(self.url(path));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let headers = response.headers().iter();
        let headers = headers.map(|(n, v)| (n.as_str().to_owned(), v.to_str().unwrap_or("").to_owned())).collect();
        let status = response.status().as_u16();
        let bytes = response.body_mut().with_config().limit(u64::MAX).read_to_vec().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, bytes, text, json, asked: format!("{method} {path}") }
    }

    /// Registers somebody.
    #[track_caller]
    pub fn person(&self, name: &str) -> Person<'_> {
        let mut account = json!({"username": name, "password": PASSWORD});
        // Whoever is not the first may say it in vain.
        if let Some(code) = self.running().setup_code() {
            account["setup_code"] = code.into();
        }
        Person::of(self, &self.request("POST", "/auth/register", Some(&account)).expect(201))
    }

    /// Signs somebody in once more.
    #[track_caller]
    pub fn sign_in(&self, name: &str) -> Person<'_> {
        let answer = self.request("POST", "/auth/login", Some(&json!({"username": name, "password": PASSWORD})));
        Person::of(self, &answer.expect(200))
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub bytes: Vec<u8>,
    pub text: String,
    pub json: Value,
    asked: String,
}

impl Answer {
    /// The JSON of an answer of this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self.json
    }

    /// A problem document with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}: {}", self.asked, self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.asked);
        assert_eq!(self.json["status"], status);
        self.json
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Somebody who is signed in.
pub struct Person<'a> {
    pub world: &'a World,
    pub id: String,
    pub token: String,
    pub refresh_token: String,
}

impl<'a> Person<'a> {
    fn of(world: &'a World, signed_in: &Value) -> Self {
        Self {
            world,
            id: text(&signed_in["user"]["user_id"]),
            token: text(&signed_in["access_token"]),
            refresh_token: text(&signed_in["refresh_token"]),
        }
    }

    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.world.send(method, path, Some(&self.token), &[], body.as_deref())
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body))
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, Some(body))
    }

    #[track_caller]
    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body))
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None)
    }

    /// Creates a server; its ID and that of its first channel.
    #[track_caller]
    pub fn creates_server(&self, name: &str) -> (String, String) {
        let server = text(&self.post("/servers", json!({"name": name})).expect(201)["server_id"]);
        let channels = self.get(&format!("/servers/{server}/channels")).expect(200);
        (server, text(&channels[0]["channel_id"]))
    }

    /// Lets others into a server.
    #[track_caller]
    pub fn invites(&self, server: &str, others: &[&Person<'_>]) {
        let invite = self.post(&format!("/servers/{server}/invites"), json!({})).expect(201);
        for other in others {
            other.ask("POST", &format!("/invites/{}", text(&invite["code"])), None).expect(200);
        }
    }

    /// Writes a message; its ID.
    #[track_caller]
    pub fn says(&self, channel: &str, content: &str) -> String {
        let message = self.post(&format!("/channels/{channel}/messages"), json!({"content": content})).expect(201);
        text(&message["message_id"])
    }

    /// Uploads a file as something of this type.
    #[track_caller]
    pub fn uploads_as(&self, media_type: &str, name: &str, bytes: &[u8]) -> Answer {
        let path = format!("/uploads?filename={name}");
        self.world.send_bytes("POST", &path, Some(&self.token), &[("Content-Type", media_type)], Some(bytes))
    }

    /// Uploads a file; what it is.
    #[track_caller]
    pub fn uploads(&self, name: &str, bytes: &[u8]) -> Value {
        self.uploads_as("application/octet-stream", name, bytes).expect(201)
    }

    /// Opens a DM; its ID.
    #[track_caller]
    pub fn opens_dm(&self, other: &Person<'_>) -> String {
        let dm = self.post("/users/@me/dm-channels", json!({"recipient_id": other.id}));
        text(&dm.json["channel_id"])
    }

    /// A gateway connection that has got CONNECTED.
    #[track_caller]
    pub fn connects(&self) -> Gateway {
        let mut gateway = Gateway::open(self.world, Some(&self.token));
        gateway.hello = gateway.frame(0);
        gateway.connected = gateway.frame(10);
        gateway.last_s = gateway.connected["s"].as_u64().unwrap();
        gateway
    }

    /// A gateway connection that has asked to go on where a session was lost.
    #[track_caller]
    pub fn resumes(&self, session: &str, s: &Value) -> Gateway {
        let mut gateway = Gateway::open(self.world, None);
        gateway.frame(0);
        gateway.send(4, json!({"token": self.token, "session_id": session, "s": s}));
        gateway
    }
}

/// The text of a JSON string.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}

/// A gateway connection.
pub struct Gateway {
    socket: WebSocket<TcpStream>,
    pub hello: Value,
    pub connected: Value,
    pub last_s: u64,
}

impl Gateway {
    /// A connection of which nothing is read yet.
    #[track_caller]
    pub fn open(world: &World, token: Option<&str>) -> Self {
        Self::handshake(world, token, &[]).unwrap()
    }

    /// Tries a handshake; the status of a refusal.
    pub fn handshake(world: &World, token: Option<&str>, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        Self::at(world.running().address(), token, headers)
    }

    /// Tries a handshake with whatever listens there.
    pub fn at(address: SocketAddr, token: Option<&str>, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/api/ws").into_client_request().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self { socket, hello: Value::Null, connected: Value::Null, last_s: 0 }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub fn send(&mut self, op: u8, d: Value) {
        self.send_text(&json!({"op": op, "d": d}).to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    pub fn send_message(&mut self, message: Message) {
        self.socket.send(message).unwrap();
    }

    /// The next frame.
    #[track_caller]
    pub fn next(&mut self) -> Value {
        self.next_or_code().unwrap_or_else(|code| panic!("closed: {code}"))
    }

    /// The next frame, or the close code that comes instead.
    #[track_caller]
    pub fn next_or_code(&mut self) -> Result<Value, u16> {
        self.read().unwrap_or_else(|error| panic!("waited in vain: {error}"))
    }

    /// The next frame, or why there is none.
    pub fn try_next(&mut self) -> Result<Value, String> {
        match self.read() {
            Ok(next) => next.map_err(|code| format!("closed: {code}")),
            Err(error) => Err(format!("waited in vain: {error}")),
        }
    }

    fn read(&mut self) -> Result<Result<Value, u16>, tungstenite::Error> {
        loop {
            match self.socket.read()? {
                Message::Text(text) => return Ok(Ok(serde_json::from_str(&text).unwrap())),
                Message::Close(frame) => return Ok(Err(frame.map_or(1005, |frame| frame.code.into()))),
                _ => {}
            }
        }
    }

    /// The next frame, which must be of this op.
    #[track_caller]
    pub fn frame(&mut self, op: u64) -> Value {
        let frame = self.next();
        assert_eq!(frame["op"], op, "{frame}");
        frame
    }

    /// The `d` of the next frame, which must be an event of this op, with a larger number than the last.
    #[track_caller]
    pub fn event(&mut self, op: u64) -> Value {
        let frame = self.frame(op);
        let s = frame["s"].as_u64().unwrap();
        assert!(s > self.last_s, "{s} came after {}", self.last_s);
        self.last_s = s;
        frame["d"].clone()
    }

    /// The next event that is no presence: those come and go on their own time.
    #[track_caller]
    pub fn event_but_presence(&mut self, op: u64) -> Value {
        loop {
            let frame = self.next();
            self.last_s = frame["s"].as_u64().unwrap_or(self.last_s);
            if frame["op"] != 40 {
                assert_eq!(frame["op"], op, "{frame}");
                return frame["d"].clone();
            }
        }
    }

    /// Waits for the answer to a heartbeat; presences before it are passed over.
    #[track_caller]
    pub fn ack(&mut self) {
        loop {
            let frame = self.next();
            if frame["op"] == 2 {
                return;
            }
            assert_eq!(frame["op"], 40, "{frame}");
        }
    }

    /// The payload of the next pong.
    #[track_caller]
    pub fn pong(&mut self) -> Vec<u8> {
        loop {
            match self.socket.read().unwrap() {
                Message::Pong(payload) => return payload.to_vec(),
                Message::Text(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The close code that ends the connection; frames before it are passed over.
    #[track_caller]
    pub fn closed(&mut self) -> u16 {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(frame))) => return frame.code.into(),
                Ok(Message::Close(None)) => panic!("closed without a code"),
                Ok(_) => {}
                Err(error) => panic!("no close frame came: {error}"),
            }
        }
    }

    /// Says goodbye with a code, as a client that will not come back, or will.
    pub fn close(mut self, code: u16) {
        let frame = tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).unwrap();
        while self.socket.read().is_ok() {}
    }

    /// Vanishes without a word.
    pub fn vanish(self) {
        let _ = self.socket.get_ref().shutdown(std::net::Shutdown::Both);
    }

    /// The socket below, for those who stop reading.
    pub fn stream(&self) -> &TcpStream {
        self.socket.get_ref()
    }
}
