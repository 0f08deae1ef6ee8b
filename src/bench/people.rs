//! Who uses the server under load: an owner with a server and a channel, and members who came by invite.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Outcome;
use super::client::{Asker, Client, Id};
use super::wire::{self, expect_success};

/// The server hashes two passwords at a time; a few more that wait keep it busy.
const REGISTRATIONS_AT_ONCE: usize = 4;
/// Handshakes at once.
const HANDSHAKES_AT_ONCE: usize = 64;
/// The first who connect must not wait too long for the last: the server expects a heartbeat each 30 s.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// A channel, and who may write there.
pub struct Place {
    /// `/api/rest/channels/{channel_id}/messages`.
    pub messages: String,
    /// Access tokens of all members, the owner's first. They last 15 minutes and outlive a restart.
    pub tokens: Vec<String>,
}

/// Registers `count` people in one server.
///
/// # Errors
/// If somebody is not let in.
pub fn gather(client: &mut Client, count: usize) -> Outcome<Place> {
    let connections = client.open(REGISTRATIONS_AT_ONCE)?;
    let owner = client.ask(connections.start, "POST", "/api/rest/auth/register", None, Some(&person(0, None)))?;
    let token = text(&owner, "access_token")?;
    let mut owner_asks = |method: &str, path: String, body: Option<Value>| {
        client.ask(connections.start, method, &format!("/api/rest{path}"), Some(&token), body.as_ref())
    };
    let server = text(&owner_asks("POST", "/servers".into(), Some(json!({"name": "bench"})))?, "server_id")?;
    let channels = owner_asks("GET", format!("/servers/{server}/channels"), None)?;
    let channel = text(channels.get(0).ok_or("a new server has no channel")?, "channel_id")?;
    let invite = text(&owner_asks("POST", format!("/servers/{server}/invites"), Some(json!({})))?, "code")?;
    let mut registration =
        Registration { invite, count, next: 1, asked: HashMap::new(), tokens: vec![String::new(); count] };
    if let Some(first) = registration.tokens.first_mut() {
        *first = token;
    }
    client.closed_loop(connections.clone(), &mut registration)?;
    client.close(connections);
    Ok(Place { messages: format!("/api/rest/channels/{channel}/messages"), tokens: registration.tokens })
}

fn person(number: usize, invite: Option<&str>) -> Value {
    let (username, password) = (format!("person{number}"), format!("correct horse {number}"));
    match invite {
        Some(invite) => json!({"username": username, "password": password, "invite": invite}),
        None => json!({"username": username, "password": password}),
    }
}

fn text(object: &Value, name: &str) -> Outcome<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("no {name} in {object}"))
}

struct Registration {
    invite: String,
    count: usize,
    next: usize,
    /// Who registers on which connection.
    asked: HashMap<Id, usize>,
    tokens: Vec<String>,
}

impl Asker for Registration {
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool {
        if self.next >= self.count {
            return false;
        }
        let body = person(self.next, Some(&self.invite)).to_string();
        wire::request(request, "POST", "/api/rest/auth/register", None, Some(&body));
        self.asked.insert(id, self.next);
        self.next += 1;
        true
    }

    fn answered(&mut self, id: Id, status: u16, body: &[u8]) -> Outcome<()> {
        expect_success(status, body)?;
        let answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let number = self.asked.remove(&id).ok_or("an answer that nobody asked for")?;
        *self.tokens.get_mut(number).ok_or("nobody of this number was asked for")? = text(&answer, "access_token")?;
        Ok(())
    }
}

/// Connects `each` gateways for each of the people and waits until they are all in.
///
/// # Errors
/// If somebody does not get CONNECTED.
pub fn connect(client: &mut Client, place: &Place, each: usize) -> Outcome<Range<Id>> {
    let mut gateways: Option<Range<Id>> = None;
    let mut beaten = Instant::now();
    let tokens: Vec<_> = place.tokens.iter().flat_map(|token| std::iter::repeat_n(token, each)).collect();
    for some in tokens.chunks(HANDSHAKES_AT_ONCE) {
        let opened = client.open(some.len())?;
        for (id, token) in opened.clone().zip(some) {
            client.send(id, |out| wire::upgrade(out, token))?;
        }
        client.await_op(some.len(), 10)?;
        let all = gateways.map_or(opened.clone(), |all| all.start..opened.end);
        if beaten.elapsed() > HEARTBEAT_INTERVAL {
            client.heartbeat(all.clone())?;
            beaten = Instant::now();
        }
        gateways = Some(all);
    }
    gateways.ok_or_else(|| "nobody to connect".to_owned())
}
