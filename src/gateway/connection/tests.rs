//! A connection's life against a real gateway over a real store, with a WebSocket client at its other end.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket};

use super::super::{Feed, Gateway, testing};
use super::{Connection, limits};
use crate::auth::Claims;
use crate::chat::Chat;
use crate::model::name::Username;
use crate::model::{SessionId, Timestamp, UserId};
use crate::net::{Stream, Upgraded};
use crate::store::{Store, accounts, sessions};

const ALICE: UserId = UserId(1);
const LAPTOP: SessionId = SessionId(11);

struct World {
    _folder: TempDir,
    chat: Arc<Chat>,
    gateway: Arc<Gateway>,
}

impl World {
    /// Alice has an account and is signed in.
    fn start(heartbeat_interval: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let feed = Feed::new().unwrap();
        let store = Store::open(&folder.path().join("chat.db"), "", Arc::clone(&feed) as _).unwrap();
        let client = sessions::Client { user_agent: String::new(), ip: String::new() };
        let signed_in = store.write(move |tx| {
            accounts::add(tx.db, ALICE, &Username::parse("alice").unwrap(), "", None, false, tx.now)?;
            Ok(sessions::add(tx.db, LAPTOP, ALICE, 0, b"", &client, tx.now, tx.lived_s)?)
        });
        assert_eq!(signed_in.unwrap(), []);
        let chat = Arc::new(Chat::new(store, testing::shared(heartbeat_interval)));
        let gateway = Gateway::start(Arc::clone(&chat), feed).unwrap();
        Self { _folder: folder, chat, gateway }
    }

    fn claims(&self) -> Claims {
        self.chat.shared().keys.verify_access(&self.token(), Timestamp::now()).unwrap()
    }

    fn token(&self) -> String {
        self.chat.shared().keys.issue_access(ALICE, LAPTOP, Timestamp::now()).unwrap()
    }

    /// A connection that has been upgraded; its handshake carried the token if `identified`.
    fn connect(&self, identified: bool) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let stream = Arc::new(Stream::new(listener.accept().unwrap().0).unwrap());
        let upgraded = Upgraded { stream, early: Vec::new(), client: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let claims = identified.then(|| self.claims());
        let gateway = Arc::clone(&self.gateway);
        let thread = std::thread::spawn(move || Connection::run(&gateway, upgraded, claims).unwrap());
        Client { socket: WebSocket::from_raw_socket(client, Role::Client, None), thread }
    }

    fn stop(&self) {
        self.gateway.stop();
        self.chat.store().close();
    }
}

struct Client {
    socket: WebSocket<TcpStream>,
    thread: JoinHandle<()>,
}

impl Client {
    fn send(&mut self, op: u8, d: Value) {
        self.socket.send(Message::text(json!({"op": op, "d": d}).to_string())).unwrap();
    }

    /// The next frame, which must be of this op; presences are passed over.
    #[track_caller]
    fn frame(&mut self, op: u64) -> Value {
        loop {
            let message = self.socket.read().unwrap();
            let frame: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            if frame["op"] != 40 {
                assert_eq!(frame["op"], op, "{frame}");
                return frame;
            }
        }
    }

    /// The close code that comes next, and the end of the connection's thread.
    #[track_caller]
    fn closed(mut self) -> u16 {
        let code = loop {
            match self.socket.read().unwrap() {
                Message::Close(frame) => break frame.unwrap().code.into(),
                Message::Text(_) => {}
                other => panic!("{other:?}"),
            }
        };
        let _ = self.socket.get_ref().shutdown(std::net::Shutdown::Both);
        self.thread.join().unwrap();
        code
    }
}

#[test]
fn who_is_identified_by_the_handshake_has_the_time_of_a_heartbeat() {
    let start = Instant::now();
    let world = World::start(Duration::from_millis(100));
    assert_eq!(world.connect(true).closed(), 4009);
    assert!(start.elapsed() < limits::IDENTIFY_TIME / 2, "it had the time of those who must identify");
    world.stop();
}

#[test]
fn an_error_inside_closes_4000_and_leaves_the_session_to_a_resume() {
    let world = World::start(Duration::from_secs(30));
    let mut alice = world.connect(true);
    alice.frame(0);
    let connected = alice.frame(10);
    world.chat.store().write(|tx| Ok(tx.db.execute_batch("ALTER TABLE channels RENAME TO gone")?)).unwrap();
    alice.send(50, json!({"channel_id": "5"}));
    assert_eq!(alice.closed(), 4000);
    let mut alice = world.connect(false);
    alice.frame(0);
    let (session, s) = (&connected["d"]["session_id"], &connected["s"]);
    alice.send(4, json!({"token": world.token(), "session_id": session, "s": s}));
    assert_eq!(alice.frame(5)["d"], json!({"replayed": 0}));
    assert_eq!(world.gateway.counts(), (1, 1));
    world.stop();
}

#[test]
fn a_stop_tells_those_who_have_not_identified_too_and_those_who_come_late() {
    let world = World::start(Duration::from_secs(30));
    let mut strangers = [world.connect(false), world.connect(false)];
    strangers.iter_mut().for_each(|stranger| drop(stranger.frame(0)));
    let mut alice = world.connect(true);
    alice.frame(0);
    alice.frame(10);
    assert_eq!(world.gateway.greeting.lock().sessions.len(), 2, "alice is in the registry");
    world.gateway.stop();
    assert_eq!(strangers.map(Client::closed), [1001, 1001]);
    assert_eq!(alice.closed(), 1001);
    assert_eq!(world.connect(true).closed(), 1001);
    world.stop();
}

#[test]
fn an_identification_or_resume_that_comes_too_late_is_told_so() {
    let world = World::start(Duration::from_secs(30));
    let mut alice = world.connect(true);
    alice.frame(0);
    let connected = alice.frame(10);
    let (mut late, mut later) = (world.connect(false), world.connect(false));
    late.frame(0);
    later.frame(0);
    // The fan-out has ended, but nobody has told the strangers yet.
    world.gateway.feed.enqueue(super::Entry::Shutdown);
    assert_eq!(alice.closed(), 1001);
    late.send(3, json!({"token": world.token()}));
    assert_eq!(late.closed(), 1001);
    let (session, s) = (&connected["d"]["session_id"], &connected["s"]);
    later.send(4, json!({"token": world.token(), "session_id": session, "s": s}));
    assert_eq!(later.closed(), 1001);
    world.stop();
}

#[test]
fn a_disk_that_takes_no_status_keeps_nobody_out() {
    let world = World::start(Duration::from_secs(30));
    world.chat.store().close();
    let mut alice = world.connect(false);
    alice.frame(0);
    alice.send(3, json!({"token": world.token(), "status": "dnd"}));
    assert_eq!(alice.frame(10)["d"]["user"]["user_id"], ALICE.to_string());
    alice.send(40, json!({"status": "idle"}));
    alice.send(1, Value::Null);
    alice.frame(2);
    world.stop();
}

#[test]
fn a_message_in_fragments_without_end_does_not_outlive_the_heartbeat() {
    let world = World::start(Duration::from_millis(200));
    let mut alice = world.connect(true);
    alice.frame(0);
    alice.frame(10);
    let mut other_half = alice.socket.get_ref().try_clone().unwrap();
    let flood = std::thread::spawn(move || {
        // Masked, empty, and never the last: faster than anybody takes them apart.
        let start = [0x01, 0x80, 0, 0, 0, 0];
        let more = [0x00, 0x80, 0, 0, 0, 0].repeat(10_000);
        let mut sent = other_half.write_all(&start);
        while sent.is_ok() {
            sent = other_half.write_all(&more);
        }
    });
    // While the flood goes on.
    assert_eq!(alice.closed(), 4009);
    flood.join().unwrap();
    world.stop();
}
