//! What a client's frames lead to: one function per op.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use serde_json::json;

use super::Gateway;
use super::asked::{Asked, Focus, Identify, Presence, Resume, Typing};
use super::connection::Connection;
use super::feed::Entry;
use super::frame::Frame;
use super::ops::{self, Close};
use super::outbox::Flushed;
use super::session::{Identity, Session};
use crate::auth::Claims;
use crate::chat;
use crate::chat::Caller;
use crate::model::object::Status;
use crate::model::{Audience, ChannelId, Code, Error, Event, Payload, Result, Timestamp, UserId, Work};

/// What a frame leads to.
pub(super) enum Next {
    Go,
    Close(Close),
}

impl Connection<'_> {
    pub(super) fn frame(&mut self, text: &[u8]) -> Result<Next> {
        let asked = match Asked::read(text) {
            Ok(asked) => asked,
            Err(close) => return closing(close),
        };
        match (asked.op.op, self.caller) {
            (ops::HEARTBEAT, _) => {
                self.heartbeat_due = Instant::now() + self.gateway.heartbeat_time();
                if let Some(s) = asked.s() {
                    self.session().outbox.acknowledge(s);
                }
                self.send(ops::HEARTBEAT_ACK, &json!({}));
                Ok(Next::Go)
            }
            (ops::IDENTIFY | ops::RESUME, Some(_)) => Ok(Next::Close(ops::ALREADY_IDENTIFIED)),
            (ops::IDENTIFY, None) => asked.identify().map_or_else(closing, |identify| self.on_identify(&identify)),
            (ops::RESUME, None) => asked.payload().map_or_else(closing, |resume| self.on_resume(&resume)),
            (_, None) => Ok(Next::Close(ops::NOT_IDENTIFIED)),
            (ops::PRESENCE_UPDATE, Some(caller)) => {
                asked.presence().map_or_else(closing, |presence| self.on_presence(caller, &presence))
            }
            (ops::TYPING_START, Some(caller)) => {
                asked.payload().map_or_else(closing, |Typing { channel_id }| self.on_typing(caller, channel_id))
            }
            (ops::FOCUS, Some(_)) => asked.payload().map_or_else(closing, |Focus { channel_id }| {
                // Which channels there are is nobody's to learn: any ID is taken, and it matters to nobody else.
                self.session().set_focus(channel_id);
                Ok(Next::Go)
            }),
            (_, Some(_)) => Ok(Next::Close(ops::UNKNOWN_OP)),
        }
    }

    fn verify(&self, token: &str) -> Result<Claims, Next> {
        let claims = self.gateway.chat.shared().keys.verify_access(token, Timestamp::now());
        claims.map_err(|_| Next::Close(ops::UNAUTHENTICATED))
    }

    fn on_identify(&mut self, identify: &Identify) -> Result<Next> {
        match self.verify(&identify.token) {
            Ok(claims) => self.identify(&claims, identify.status),
            Err(next) => Ok(next),
        }
    }

    /// Registers the session, takes its snapshot and sends CONNECTED.
    pub(super) fn identify(&mut self, claims: &Claims, status: Option<Status>) -> Result<Next> {
        let (gateway, session, claims) = (Arc::clone(self.gateway), Arc::clone(self.session()), *claims);
        match self.gateway.screens.run(move || gateway.first_screen(session, claims, status))?? {
            Ok(caller) => {
                self.caller = Some(caller);
                Ok(Next::Go)
            }
            Err(close) => Ok(Next::Close(close)),
        }
    }

    fn on_resume(&mut self, resume: &Resume) -> Result<Next> {
        let claims = match self.verify(&resume.token) {
            Ok(claims) => claims,
            Err(next) => return Ok(next),
        };
        let caller = match self.gateway.chat.read(|cx| chat::caller(cx, &claims)) {
            Ok(caller) => caller,
            Err(error) => return refusal(error).map(Next::Close),
        };
        // What was committed before RESUME came is missed, and replayed before RESUMED.
        self.gateway.feed.settle();
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
        self.gateway.greeting.end(self.session());
        session.set_focus(None);
        self.socket.out_mut().session = Arc::clone(&session);
        self.caller = Some(caller);
        self.gateway.feed.enqueue(Entry::Flush(session));
        self.gateway.feed.enqueue(Entry::Touch(caller.user_id));
        // The fan-out may have said goodbye to the session before this connection was its.
        Ok(if self.gateway.feed.is_closed() { Next::Close(ops::GOING_AWAY) } else { Next::Go })
    }

    fn on_presence(&mut self, caller: Caller, presence: &Presence) -> Result<Next> {
        if let Some(away) = presence.away {
            self.session().set_away(away);
            self.gateway.touch(caller.user_id);
        }
        if let Some(status) = presence.status.filter(|_| !self.gateway.gives_up(Work::OtherWrites)) {
            let set = self.gateway.chat.write(move |cx| chat::users::set_status(cx, caller.user_id, status));
            if let Err(error) = unless_unavailable(set) {
                return refusal(error).map(Next::Close);
            }
        }
        Ok(Next::Go)
    }

    fn on_typing(&mut self, caller: Caller, channel_id: ChannelId) -> Result<Next> {
        // Before anything is looked up: whoever typed would wait here for the commit under way.
        if self.gateway.gives_up(Work::Typing) {
            return Ok(Next::Go);
        }
        let audience = self.gateway.chat.read(|cx| chat::messages::typing(cx, &caller, channel_id))?;
        let Some(audience) = audience else { return Ok(Next::Go) };
        if self.gateway.typing.may_pass(caller.user_id, channel_id, Instant::now()) {
            self.gateway.feed.enqueue(Entry::Event(Box::new(typing(caller.user_id, channel_id, audience))));
        }
        Ok(Next::Go)
    }
}

impl Gateway {
    fn gives_up(&self, work: Work) -> bool {
        self.chat.pressure().gives_up(work, Instant::now())
    }

    /// Has the fan-out look at somebody's presence; later, if there is too much to do.
    fn touch(&self, user: UserId) {
        let pressure = self.chat.pressure();
        match pressure.falls_at(Work::Presence, Instant::now()) {
            None => self.feed.enqueue(Entry::Touch(user)),
            Some(at) => {
                pressure.count(Work::Presence);
                self.deadlines.tell_later(user, at);
            }
        }
    }

    /// What is behind IDENTIFY: the caller, or how to close.
    fn first_screen(
        &self,
        session: Arc<Session>,
        claims: Claims,
        status: Option<Status>,
    ) -> Result<Result<Caller, Close>> {
        if let Some(status) = status.filter(|_| !self.gives_up(Work::OtherWrites)) {
            let set = self.chat.write(move |cx| {
                let caller = chat::caller(cx, &claims)?;
                chat::users::set_status(cx, caller.user_id, status)
            });
            if let Err(error) = unless_unavailable(set) {
                return refusal(error).map(Err);
            }
        }
        session.outbox.hold();
        let (answer, presences) = sync_channel(1);
        let connected = self.chat.connect(
            &claims,
            || self.feed.lock(),
            |feed, caller, scope| {
                session.identify(Identity { user_id: caller.user_id, session_id: caller.session_id });
                let s = feed.enqueue(Entry::Register(Arc::clone(&session), scope, answer));
                Ok((caller, s))
            },
        );
        let ((caller, s), mut screen) = match connected {
            Ok(connected) => connected,
            Err(error) => return refusal(error).map(Err),
        };
        match presences.recv() {
            Ok(Ok(presences)) => screen.presences = presences,
            Ok(Err(close)) => return Ok(Err(close)),
            Err(_) => return Ok(Err(ops::GOING_AWAY)),
        }
        screen.session_id.clone_from(&session.id);
        // The registry has it by now.
        self.greeting.end(&session);
        let connected = Frame::event(ops::CONNECTED, s, &screen).map_err(Error::internal)?;
        if let Flushed::Stalled(_) = session.outbox.open(connected) {
            self.feed.enqueue(Entry::Flush(session));
        }
        Ok(Ok(caller))
    }
}

fn closing(close: Close) -> Result<Next> {
    Ok(Next::Close(close))
}

fn typing(user_id: UserId, channel_id: ChannelId, audience: Audience) -> Event {
    let payload = Payload::TypingStart { channel_id, user_id, timestamp: Timestamp::now() };
    Event { instead: Some((user_id, None)), ..Event::new(audience, payload) }
}

/// A full disk must not cost the connection: presence is the least of the losses.
fn unless_unavailable(set: Result<()>) -> Result<()> {
    set.or_else(|error| if error.code == Code::Unavailable { Ok(()) } else { Err(error) })
}

/// An error of a rule, as a close code; what is internal goes up to be logged.
fn refusal(error: Error) -> Result<Close> {
    match error.code {
        Code::Unauthenticated | Code::TokenExpired => Ok(ops::UNAUTHENTICATED),
        Code::Unavailable => Ok(ops::INTERNAL),
        _ => Err(error),
    }
}
