//! What the tests of this room share: sockets whose other end the test holds, and sessions over them.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::frame::Frame;
use super::outbox::{Link, Outbox};
use super::session::{Identity, Session};
use crate::auth::Keys;
use crate::chat::connect::Scope;
use crate::chat::{Config, Shared};
use crate::model::authority::Grant;
use crate::model::object::Status;
use crate::model::{Badges, Effect, Permission, Permissions, RoleId, Rules, ServerId, SessionId, Settings, UserId};
use crate::net::Stream;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, and its client's end. The kernel keeps little of what the client does not read.
pub(super) fn connection() -> (Arc<Link>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Accepted sockets take after the listener.
    rustix::net::sockopt::set_socket_send_buffer_size(&listener, 4_096).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&client, 32 * 1024).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    (Link::new(Arc::new(Stream::new(listener.accept().unwrap().0).unwrap())), client)
}

/// A session of `user`, and its client's end.
pub(super) fn session(user: i64) -> (Arc<Session>, TcpStream) {
    session_over(user, connection())
}

/// A session of `user` over this connection.
pub(super) fn session_over(user: i64, (link, client): (Arc<Link>, TcpStream)) -> (Arc<Session>, TcpStream) {
    let session = Session::new(format!("session of {user} at {}", client.local_addr().unwrap()), Outbox::new(link));
    session.identify(Identity { user_id: UserId(user), session_id: SessionId(user) });
    (session, client)
}

/// Rules by which everybody sees every channel.
pub(super) fn open_rules() -> Rules {
    let permissions = Permissions::of(&[Permission::ViewChannel]);
    Rules {
        everyone: Grant { role_id: RoleId(0), position: 0, permissions },
        roles: Vec::new(),
        overrides: BTreeMap::new(),
    }
}

/// The scope of somebody without roles in these open servers.
pub(super) fn scope(servers: &[ServerId], dm_peers: &[UserId]) -> Scope {
    let servers = servers.iter().map(|server| (*server, Badges::default(), open_rules())).collect();
    Scope { servers, dm_peers: dm_peers.to_vec(), status: Status::Online }
}

/// Somebody without roles joins an open server.
pub(super) fn join(server: ServerId, user: UserId) -> Effect {
    Effect::Join(server, user, Box::new((Badges::default(), open_rules())))
}

/// What every gateway looks at; the heartbeat's interval is for the test to say.
pub(super) fn shared(heartbeat_interval: Duration) -> Arc<Shared> {
    let config = Config {
        otherwise: Settings::default(),
        given: Vec::new(),
        is_local: true,
        public_url: String::new(),
        allowed_origins: Vec::new(),
        heartbeat_interval,
    };
    Arc::new(Shared::new(config, Keys::from_bytes(&[7; 32])))
}

/// Event `s`, of about `length` bytes.
pub(super) fn event(s: u64, length: usize) -> Arc<Frame> {
    Arc::new(Frame::event(11, s, &"x".repeat(length)).unwrap())
}

/// What the client finds when it reads: the numbers of events, the ops of the connection's own frames, a close code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    Event(u64),
    Own(u64),
    Close(u16),
}

/// Reads whole frames until `count` have come. Fails on one that is torn.
pub(super) fn read(client: &mut TcpStream, count: usize) -> Vec<Got> {
    (0..count).map(|_| read_one(client)).collect()
}

fn read_one(client: &mut TcpStream) -> Got {
    let mut head = [0; 2];
    client.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            client.read_exact(&mut length).unwrap();
            u64::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            client.read_exact(&mut length).unwrap();
            u64::from_be_bytes(length)
        }
        short => u64::from(short),
    };
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    client.read_exact(&mut payload).unwrap();
    match head[0] {
        0x88 => Got::Close(u16::from_be_bytes([payload[0], payload[1]])),
        0x81 => {
            let frame: serde_json::Value = serde_json::from_slice(&payload).expect("a torn frame");
            let number = |name: &str| frame[name].as_u64();
            number("s").map_or_else(|| Got::Own(number("op").unwrap()), Got::Event)
        }
        other => panic!("a torn frame: {other:x}"),
    }
}
