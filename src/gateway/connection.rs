//! One connection's life: HELLO, IDENTIFY or RESUME, then ops until it ends. Its thread only reads, blocking; all
//! that goes out goes through the outbox.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error as WsError, Message};

use super::feed::Entry;
use super::frame::Frame;
use super::ops::{self, Close};
use super::outbox::{Flushed, Link, Outbox};
use super::registry::{Identity, Session};
use super::{Gateway, handshake};
use crate::auth::{Claims, random};
use crate::chat::{self, Caller};
use crate::model::object::Status;
use crate::model::{Audience, ChannelId, Code, Error, Event, Payload, Result, Timestamp, UserId, limits};
use crate::net::{Answer, Request, Stream, Upgraded, json as strict};

/// Symbols of a gateway session's ID: over 128 bits.
const ID_SYMBOLS: usize = 24;

/// When somebody's typing was last passed on.
#[derive(Default)]
pub(super) struct TypingTimes(Mutex<HashMap<(UserId, ChannelId), Instant>>);

impl TypingTimes {
    /// Entries after which old ones are dropped.
    const SWEEP_AT: usize = 1_000;

    fn may_pass(&self, user: UserId, channel: ChannelId, now: Instant) -> bool {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lapsed = |at: &Instant| now.duration_since(*at) >= limits::TYPING_TIME;
        if times.len() >= Self::SWEEP_AT {
            times.retain(|_, at| !lapsed(at));
        }
        if times.get(&(user, channel)).is_some_and(|at| !lapsed(at)) {
            return false;
        }
        times.insert((user, channel), now);
        true
    }
}

impl Gateway {
    /// Answers `GET /api/ws`.
    ///
    /// # Errors
    /// What the handshake refuses: 405, 426, 403, 400, 401.
    pub fn answer(self: &Arc<Self>, request: &Request) -> Result<Answer> {
        let handshake = handshake::check(&self.chat, request)?;
        let gateway = Arc::clone(self);
        Ok(Answer::Upgrade {
            headers: vec![handshake.accept],
            then: Box::new(move |upgraded| {
                if let Err(error) = Connection::run(&gateway, upgraded, handshake.claims) {
                    log::error!("a gateway connection failed: {error}");
                }
            }),
        })
    }
}

/// The socket as tungstenite sees it: reads with a deadline, writes whole frames into the outbox.
struct Duplex {
    stream: Arc<Stream>,
    session: Arc<Session>,
    gateway: Arc<Gateway>,
    deadline: Instant,
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer, self.deadline)
    }
}

impl Write for Duplex {
    /// tungstenite writes its own answers (pong, close) from a buffer of whole frames.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gateway.send(&self.session, Frame::raw(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Gateway {
    /// Sends a frame of the connection's own.
    fn send(&self, session: &Arc<Session>, frame: Frame) {
        match session.outbox.send(frame) {
            Flushed::All => {}
            Flushed::Stalled(_) => self.feed.enqueue(Entry::Flush(Arc::clone(session))),
            // More acknowledgements than the socket takes, or a dead socket.
            Flushed::Broken => session.outbox.cut(ops::TOO_SLOW),
        }
    }
}

/// What a frame leads to.
enum Next {
    Go,
    Close(Close),
}

/// How a connection ended.
enum End {
    /// The session waits for RESUME.
    Lost,
    /// The client said goodbye.
    Goodbye,
}

struct Connection<'a> {
    gateway: &'a Arc<Gateway>,
    socket: WebSocket<Duplex>,
    link: Arc<Link>,
    caller: Option<Caller>,
    /// When the next heartbeat must have come.
    heartbeat_due: Instant,
    frames: u32,
    frames_since: Instant,
}

impl<'a> Connection<'a> {
    fn run(gateway: &'a Arc<Gateway>, upgraded: Upgraded, claims: Option<Claims>) -> Result<()> {
        let link = Link::new(Arc::clone(&upgraded.stream));
        let session = Session::new(random::code(ID_SYMBOLS)?, Outbox::new(Arc::clone(&link)));
        let now = Instant::now();
        let duplex = Duplex {
            stream: upgraded.stream,
            session,
            gateway: Arc::clone(gateway),
            deadline: now + limits::IDENTIFY_TIME,
        };
        // The default read buffer of 128 KiB is touched at once and costs 156 KB a connection.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(0)
            .max_write_buffer_size(64 * 1024)
            .max_message_size(Some(limits::GATEWAY_MESSAGE_BYTES))
            .max_frame_size(Some(limits::GATEWAY_MESSAGE_BYTES));
        let socket = WebSocket::from_partially_read(duplex, upgraded.early, Role::Server, Some(config));
        let mut connection = Connection {
            gateway,
            socket,
            link,
            caller: None,
            heartbeat_due: now + gateway.heartbeat_time(),
            frames: 0,
            frames_since: now,
        };
        let end = connection.live(claims);
        connection.finish(&end?);
        Ok(())
    }

    fn session(&self) -> &Arc<Session> {
        &self.socket.get_ref().session
    }

    fn send(&self, op: u8, d: &Value) {
        match Frame::own(op, d) {
            Ok(frame) => self.gateway.send(self.session(), frame),
            Err(error) => log::error!("op {op} cannot be written as JSON: {error}"),
        }
    }

    fn live(&mut self, claims: Option<Claims>) -> Result<End> {
        let interval = self.gateway.chat.config().heartbeat_interval;
        let hello =
            json!({"heartbeat_interval": interval.as_millis() as u64, "server_version": env!("CARGO_PKG_VERSION")});
        self.send(ops::HELLO, &hello);
        if let Some(claims) = claims
            && let Next::Close(close) = self.identify(&claims, None)?
        {
            self.session().outbox.cut(close);
            return Ok(End::Lost);
        }
        loop {
            let close = match self.socket.read() {
                Ok(message) => {
                    if self.too_many_frames() {
                        Some(ops::TOO_MUCH)
                    } else {
                        match message {
                            Message::Text(text) => match self.frame(text.as_bytes())? {
                                Next::Go => None,
                                Next::Close(close) => Some(close),
                            },
                            Message::Binary(_) => Some(ops::BAD_PAYLOAD),
                            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
                            Message::Close(frame) => {
                                // Sends the answer that tungstenite has prepared.
                                let _ = self.socket.flush();
                                let normal = frame.is_some_and(|frame| u16::from(frame.code) == 1000);
                                return Ok(if normal { End::Goodbye } else { End::Lost });
                            }
                        }
                    }
                }
                Err(error) => match self.closing(&error) {
                    Some(close) => Some(close),
                    None => return Ok(End::Lost),
                },
            };
            if let Some(close) = close {
                self.session().outbox.cut(close);
                return Ok(End::Lost);
            }
            self.socket.get_mut().deadline = self.deadline();
        }
    }

    /// The close code that an error of the socket calls for, if the other side may still be there.
    fn closing(&self, error: &WsError) -> Option<Close> {
        match error {
            WsError::Io(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                Some(if self.caller.is_some() { ops::HEARTBEAT_LOST } else { ops::NOT_IDENTIFIED })
            }
            WsError::Capacity(_) => Some(ops::TOO_BIG),
            WsError::Utf8(_) => Some(ops::NOT_UTF8),
            WsError::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => None,
            WsError::Protocol(_) => Some(ops::PROTOCOL),
            _ => None,
        }
    }

    fn deadline(&self) -> Instant {
        // Before IDENTIFY the first deadline stands, whatever heartbeats come.
        if self.caller.is_some() { self.heartbeat_due } else { self.socket.get_ref().deadline }
    }

    fn too_many_frames(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(self.frames_since) >= limits::GATEWAY_FRAMES_WINDOW {
            self.frames_since = now;
            self.frames = 0;
        }
        self.frames += 1;
        self.frames > limits::GATEWAY_FRAMES
    }

    fn frame(&mut self, text: &[u8]) -> Result<Next> {
        #[derive(Deserialize)]
        struct ClientFrame {
            op: u64,
            #[serde(default)]
            d: Value,
        }
        let frame = strict::check(text).ok().and_then(|()| serde_json::from_slice::<ClientFrame>(text).ok());
        let Some(ClientFrame { op, d }) = frame else { return Ok(Next::Close(ops::BAD_PAYLOAD)) };
        let op = u8::try_from(op).ok().and_then(|op| ops::OPS.iter().find(|row| row.op == op));
        let Some(op) = op.filter(|row| row.from != ops::From::Server) else {
            return Ok(Next::Close(ops::UNKNOWN_OP));
        };
        match (op.op, self.caller) {
            (ops::HEARTBEAT, _) => {
                self.heartbeat_due = Instant::now() + self.gateway.heartbeat_time();
                if let Some(s) = d.as_u64() {
                    self.session().outbox.acknowledge(s);
                }
                self.send(ops::HEARTBEAT_ACK, &json!({}));
                Ok(Next::Go)
            }
            (ops::IDENTIFY | ops::RESUME, Some(_)) => Ok(Next::Close(ops::ALREADY_IDENTIFIED)),
            (ops::IDENTIFY, None) => self.on_identify(d),
            (ops::RESUME, None) => self.on_resume(d),
            (_, None) => Ok(Next::Close(ops::NOT_IDENTIFIED)),
            (ops::PRESENCE_UPDATE, Some(caller)) => self.on_presence(caller, d),
            (ops::TYPING_START, Some(caller)) => self.on_typing(caller, d),
            (_, Some(_)) => Ok(Next::Close(ops::UNKNOWN_OP)),
        }
    }

    fn verify(&self, token: &str) -> Result<Claims, Next> {
        let claims = self.gateway.chat.shared().keys.verify_access(token, Timestamp::now());
        claims.map_err(|_| Next::Close(ops::UNAUTHENTICATED))
    }

    fn on_identify(&mut self, d: Value) -> Result<Next> {
        #[derive(Deserialize)]
        struct Identify {
            token: String,
            status: Option<Status>,
        }
        let Some(identify) = payload::<Identify>(d).filter(|i| i.status != Some(Status::Offline)) else {
            return Ok(Next::Close(ops::BAD_PAYLOAD));
        };
        match self.verify(&identify.token) {
            Ok(claims) => self.identify(&claims, identify.status),
            Err(next) => Ok(next),
        }
    }

    /// Registers the session, takes its snapshot and sends CONNECTED.
    fn identify(&mut self, claims: &Claims, status: Option<Status>) -> Result<Next> {
        let gateway = Arc::clone(self.gateway);
        let chat = &gateway.chat;
        if let Some(status) = status {
            let claims = *claims;
            let set = chat.write(move |cx| {
                let caller = chat::caller(cx, &claims)?;
                chat::users::set_status(cx, caller.user_id, status)
            });
            if let Err(error) = set {
                return refused(error);
            }
        }
        let session = Arc::clone(self.session());
        session.outbox.hold();
        let (answer, presences) = sync_channel(1);
        let connected = chat.connect(
            claims,
            || gateway.feed.lock(),
            |feed, caller, scope| {
                session.identify(Identity { user_id: caller.user_id, session_id: caller.session_id });
                let s = feed.enqueue(Entry::Register(Arc::clone(&session), scope, answer));
                Ok((caller, s))
            },
        );
        let ((caller, s), mut screen) = match connected {
            Ok(connected) => connected,
            Err(error) => return refused(error),
        };
        match presences.recv() {
            Ok(Ok(presences)) => screen.presences = presences,
            Ok(Err(close)) => return Ok(Next::Close(close)),
            Err(_) => return Ok(Next::Close(ops::GOING_AWAY)),
        }
        screen.session_id.clone_from(&session.id);
        self.caller = Some(caller);
        let connected = Frame::event(ops::CONNECTED, s, &screen).map_err(Error::internal)?;
        if let Flushed::Stalled(_) = session.outbox.open(connected) {
            gateway.feed.enqueue(Entry::Flush(session));
        }
        Ok(Next::Go)
    }

    fn on_resume(&mut self, d: Value) -> Result<Next> {
        #[derive(Deserialize)]
        struct Resume {
            token: String,
            session_id: String,
            s: Value,
        }
        let Some(resume) = payload::<Resume>(d) else { return Ok(Next::Close(ops::BAD_PAYLOAD)) };
        let claims = match self.verify(&resume.token) {
            Ok(claims) => claims,
            Err(next) => return Ok(next),
        };
        let caller = match self.gateway.chat.read(|cx| chat::caller(cx, &claims)) {
            Ok(caller) => caller,
            Err(error) => return refused(error),
        };
        let theirs =
            |identity: Identity| identity.user_id == caller.user_id && identity.session_id == caller.session_id;
        let known = self.gateway.registry.lock().find(&resume.session_id);
        let known = known.filter(|session| session.identity().is_some_and(theirs));
        let resumed = known.zip(resume.s.as_u64()).filter(|(session, s)| {
            let fresh = &self.session().outbox;
            let answer =
                |replayed| Frame::own(ops::RESUMED, &json!({"replayed": replayed})).unwrap_or_else(|_| Frame::raw(&[]));
            session.outbox.resume(*s, fresh, answer).is_some()
        });
        let Some((session, _)) = resumed else {
            self.send(ops::INVALID_SESSION, &json!({}));
            return Ok(Next::Go);
        };
        self.socket.get_mut().session = Arc::clone(&session);
        self.caller = Some(caller);
        self.gateway.feed.enqueue(Entry::Flush(session));
        self.gateway.feed.enqueue(Entry::Touch(caller.user_id));
        Ok(Next::Go)
    }

    fn on_presence(&mut self, caller: Caller, d: Value) -> Result<Next> {
        #[derive(Deserialize)]
        struct Presence {
            status: Option<Status>,
            away: Option<bool>,
        }
        let Some(presence) = payload::<Presence>(d).filter(|p| p.status != Some(Status::Offline)) else {
            return Ok(Next::Close(ops::BAD_PAYLOAD));
        };
        if let Some(away) = presence.away {
            self.session().set_away(away);
            self.gateway.feed.enqueue(Entry::Touch(caller.user_id));
        }
        if let Some(status) = presence.status {
            let set = self.gateway.chat.write(move |cx| chat::users::set_status(cx, caller.user_id, status));
            // A full disk must not cost the connection; presence is the least of the losses.
            if let Err(error) = set.or_else(|e| if e.code == Code::Unavailable { Ok(()) } else { Err(e) }) {
                return refused(error);
            }
        }
        Ok(Next::Go)
    }

    fn on_typing(&mut self, caller: Caller, d: Value) -> Result<Next> {
        #[derive(Deserialize)]
        struct Typing {
            channel_id: ChannelId,
        }
        let Some(Typing { channel_id }) = payload(d) else { return Ok(Next::Close(ops::BAD_PAYLOAD)) };
        let audience = self.gateway.chat.read(|cx| chat::messages::typing(cx, &caller, channel_id))?;
        let Some(audience) = audience else { return Ok(Next::Go) };
        if self.gateway.typing.may_pass(caller.user_id, channel_id, Instant::now()) {
            self.gateway.feed.enqueue(Entry::Event(Box::new(typing(caller.user_id, channel_id, audience))));
        }
        Ok(Next::Go)
    }

    /// Says goodbye, closes the socket and leaves the session to RESUME or to nobody.
    fn finish(&mut self, end: &End) {
        let session = Arc::clone(self.session());
        let mine = session.outbox.detach(&self.link);
        let farewell = self.link.take_farewell();
        // A connection that was taken over leaves the session alone.
        if self.caller.is_some() && (mine || farewell.is_some()) {
            let entry = match end {
                End::Goodbye => Some(Entry::End(session.key)),
                End::Lost => (!session.outbox.is_linked()).then_some(Entry::Park(session.key)),
            };
            entry.into_iter().for_each(|entry| self.gateway.feed.enqueue(entry));
        } else if session.identity().is_some() {
            self.gateway.feed.enqueue(Entry::End(session.key));
        }
        let stream = &self.socket.get_ref().stream;
        let deadline = Instant::now() + limits::CLOSE_TIME;
        if let Some(bytes) = farewell
            && stream.write_all(&bytes, deadline).is_err()
        {
            return;
        }
        let _ = stream.shutdown(Shutdown::Write);
        stream.linger(deadline);
    }
}

impl Gateway {
    /// A heartbeat must come within one and a half intervals.
    fn heartbeat_time(&self) -> Duration {
        self.chat.config().heartbeat_interval * 3 / 2
    }
}

fn typing(user_id: UserId, channel_id: ChannelId, audience: Audience) -> Event {
    let payload = Payload::TypingStart { channel_id, user_id, timestamp: Timestamp::now() };
    Event { instead: Some((user_id, None)), ..Event::new(audience, payload) }
}

fn payload<T: for<'de> Deserialize<'de>>(d: Value) -> Option<T> {
    serde_json::from_value(d).ok()
}

/// An error of a rule, as a close code; what is internal goes up to be logged.
fn refused(error: Error) -> Result<Next> {
    match error.code {
        Code::Unauthenticated | Code::TokenExpired => Ok(Next::Close(ops::UNAUTHENTICATED)),
        Code::Unavailable => Ok(Next::Close(ops::INTERNAL)),
        _ => Err(error),
    }
}
