//! One connection's life: HELLO, IDENTIFY or RESUME, then ops until it ends. Its thread only reads, blocking; all
//! that goes out goes through the outbox.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::Message;

use super::feed::Entry;
use super::frame::Frame;
use super::ops::{self, Close};
use super::outbox::{Flushed, Link, Outbox};
use super::receive::Next;
use super::session::Session;
use super::{Gateway, handshake};
use crate::auth::{Claims, random};
use crate::chat::Caller;
use crate::model::{Result, limits};
use crate::net::websocket::{Fault, WebSocket};
use crate::net::{Answer, Header, Method, Request, Response, Upgraded};

/// Symbols of a gateway session's ID: over 128 bits.
const ID_SYMBOLS: usize = 24;

impl Gateway {
    /// Answers `/api/ws`.
    ///
    /// # Errors
    /// What the handshake refuses: 405, 426, 403, 400, 401.
    pub fn answer(self: &Arc<Self>, request: &Request) -> Result<Answer> {
        if request.method == Method::Options {
            let allow = Header::from_bytes("Allow", handshake::ALLOW).ok();
            let empty = Response::empty(204);
            return Ok(Answer::Response(allow.into_iter().fold(empty, Response::with_header).boxed()));
        }
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

/// Where the socket's own answers go: into the session's outbox, as everything does.
pub(super) struct Answers {
    pub(super) session: Arc<Session>,
    gateway: Arc<Gateway>,
}

impl Write for Answers {
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

/// How a connection ended.
enum End {
    /// The session waits for RESUME.
    Lost,
    /// The client said goodbye.
    Goodbye,
}

pub(super) struct Connection<'a> {
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) socket: WebSocket<Answers>,
    link: Arc<Link>,
    pub(super) caller: Option<Caller>,
    identify_due: Instant,
    /// When the next heartbeat must have come.
    pub(super) heartbeat_due: Instant,
    frames: u32,
    frames_since: Instant,
}

impl<'a> Connection<'a> {
    fn run(gateway: &'a Arc<Gateway>, upgraded: Upgraded, claims: Option<Claims>) -> Result<()> {
        let link = Link::new(Arc::clone(&upgraded.stream));
        let session = Session::new(random::code(ID_SYMBOLS)?, Outbox::new(Arc::clone(&link)));
        let now = Instant::now();
        let answers = Answers { session, gateway: Arc::clone(gateway) };
        let socket = WebSocket::new(upgraded, limits::GATEWAY_MESSAGE_BYTES, answers);
        let mut connection = Connection {
            gateway,
            socket,
            link,
            caller: None,
            identify_due: now + limits::IDENTIFY_TIME,
            heartbeat_due: now + gateway.heartbeat_time(),
            frames: 0,
            frames_since: now,
        };
        let end = connection.live_or_fail(claims);
        connection.finish(&end);
        Ok(())
    }

    /// Whatever goes wrong in here costs this connection, and its session goes on as after any other loss.
    fn live_or_fail(&mut self, claims: Option<Claims>) -> End {
        if !self.gateway.greeting.begin(self.session()) {
            self.session().outbox.cut(ops::GOING_AWAY);
            return End::Lost;
        }
        let lived = catch_unwind(AssertUnwindSafe(|| self.live(claims)));
        match lived {
            Ok(Ok(end)) => return end,
            Ok(Err(error)) => log::error!("a gateway connection failed: {error}"),
            // The panic hook has logged it.
            Err(_) => {}
        }
        self.session().outbox.cut(ops::INTERNAL);
        End::Lost
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.socket.out().session
    }

    pub(super) fn send(&self, op: u8, d: &Value) {
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
            let close = match self.socket.read(self.deadline()) {
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
                                self.socket.flush();
                                let normal = frame.is_some_and(|frame| u16::from(frame.code) == 1000);
                                return Ok(if normal { End::Goodbye } else { End::Lost });
                            }
                        }
                    }
                }
                Err(fault) => match self.closing(fault) {
                    Some(close) => Some(close),
                    None => return Ok(End::Lost),
                },
            };
            if let Some(close) = close {
                self.session().outbox.cut(close);
                return Ok(End::Lost);
            }
        }
    }

    /// The close code that a fault calls for, if the other side may still be there.
    fn closing(&self, fault: Fault) -> Option<Close> {
        match fault {
            Fault::Late => Some(if self.caller.is_some() { ops::HEARTBEAT_LOST } else { ops::NOT_IDENTIFIED }),
            Fault::TooBig => Some(ops::TOO_BIG),
            Fault::NotUtf8 => Some(ops::NOT_UTF8),
            Fault::Protocol => Some(ops::PROTOCOL),
            Fault::Gone => None,
        }
    }

    fn deadline(&self) -> Instant {
        // Before IDENTIFY the first deadline stands, whatever heartbeats come.
        if self.caller.is_some() { self.heartbeat_due } else { self.identify_due }
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

    /// Says goodbye, closes the socket and leaves the session to RESUME or to nobody.
    fn finish(&mut self, end: &End) {
        let session = Arc::clone(self.session());
        self.gateway.greeting.end(&session);
        session.outbox.detach(&self.link);
        let farewell = self.link.take_farewell();
        // A connection that was taken over leaves the session alone: it has another, and the fan-out sees that.
        if session.identity().is_some() && !session.outbox.is_linked() {
            session.set_focus(None);
            let is_over = self.caller.is_none() || matches!(end, End::Goodbye);
            let entry = if is_over { Entry::End(session.key) } else { Entry::Park(session.key) };
            self.gateway.feed.enqueue(entry);
        }
        self.socket.stream().part(&farewell.unwrap_or_default(), limits::CLOSE_TIME);
    }
}

impl Gateway {
    /// A heartbeat must come within one and a half intervals.
    pub(super) fn heartbeat_time(&self) -> Duration {
        self.chat.config().heartbeat_interval * 3 / 2
    }
}

#[cfg(test)]
mod tests;
