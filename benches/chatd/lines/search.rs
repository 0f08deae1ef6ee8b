//! Searching a million messages, and what the index makes the server write.

use std::time::{Duration, Instant};

use chatd::model::object::{Author, Message};
use chatd::model::{ChannelId, MessageId, UserId};
use chatd::store;
use serde_json::{Value, json};

use super::Scene;
use crate::crowd;
use crate::server::Server;
use crate::table::{Budget, Row, number};
use chatd::bench::client::{Asker, Client, Id};
use chatd::bench::people::{self, Place};
use chatd::bench::wire::expect_success;
use chatd::bench::{Outcome, wire};

const MESSAGES: u64 = 1_000_000;
/// One in so many stands where the second person sees it.
const VISIBLE: u64 = 100;
/// Messages written in one job.
const AT_ONCE: u64 = 500;
const LENGTH: usize = 100;
const VOCABULARY: f64 = 50_000.0;
const SEARCHES: u64 = 500;

/// Messages that are written for a figure of bytes: some batches of the index, and checkpoints.
const WRITTEN: u64 = 6_000;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let place = people::gather(&mut client, 2)?;
    let stage = Stage::set(&mut client, &place)?;
    drop(client);
    server.stop()?;
    let took = stage.fill(&data)?;
    let server = Server::start(&data)?;
    let mut client = Client::new(server.address)?;
    let rows = searches(scene, &mut client, &place, &stage).map_err(|error| server.explain(&error))?;
    server.stop()?;
    let rate = format!("they were written and indexed at {} a second", number(MESSAGES as f64 / took.as_secs_f64()));
    Ok(rows.into_iter().map(|row| row.note(rate.clone())).collect())
}

/// Two people in a server, of which the second sees one channel, and most is written in another.
struct Stage {
    seen: ChannelId,
    hidden: ChannelId,
    people: Vec<UserId>,
}

impl Stage {
    fn set(client: &mut Client, place: &Place) -> Outcome<Self> {
        let connection = client.open(1)?.start;
        let mut ask = |person: usize, method: &str, path: &str, body: Option<Value>| {
            client.ask(connection, method, path, Some(&place.tokens[person]), body.as_ref())
        };
        let id = |object: &Value, name: &str| {
            let id = object.get(name).and_then(Value::as_str).and_then(|id| id.parse::<i64>().ok());
            id.ok_or_else(|| format!("no {name} in {object}"))
        };
        let channel = place.messages.trim_end_matches("/messages");
        let channel = ask(0, "GET", channel, None)?;
        let server = id(&channel, "server_id")?.to_string();
        let hidden = json!({"name": "hidden", "overrides": [{"role_id": server, "deny": ["view_channel"]}]});
        let hidden = ask(0, "POST", &format!("/api/rest/servers/{server}/channels"), Some(hidden))?;
        let people = (0..2).map(|person| id(&ask(person, "GET", "/api/rest/auth/me", None)?, "user_id").map(UserId));
        let people = people.collect::<Outcome<_>>()?;
        Ok(Self { seen: ChannelId(id(&channel, "channel_id")?), hidden: ChannelId(id(&hidden, "channel_id")?), people })
    }

    /// Writes the messages through chatd's own library, as registered senders would take an hour.
    fn fill(&self, data: &std::path::Path) -> Outcome<Duration> {
        eprintln!("  writing {MESSAGES} messages");
        let chat = crowd::open(data)?;
        let begin = Instant::now();
        for from in (0..MESSAGES).step_by(AT_ONCE as usize) {
            let messages: Vec<_> = (from..from + AT_ONCE).map(|number| self.message(number)).collect();
            let written = chat.store().write(move |tx| {
                for message in messages {
                    let message = Message { message_id: MessageId(tx.next_id()), timestamp: tx.now, ..message };
                    store::messages::add(tx.db, &message, None)?;
                    tx.reindex(message.channel_id, message.message_id)?;
                }
                Ok(())
            });
            written.map_err(|error| error.to_string())?;
        }
        chat.store().close();
        Ok(begin.elapsed())
    }

    fn message(&self, number: u64) -> Message {
        let user_id = self.people[usize::from(number.is_multiple_of(50))];
        Message {
            message_id: MessageId(0),
            channel_id: if number.is_multiple_of(VISIBLE) { self.seen } else { self.hidden },
            author: Author { user_id, username: String::new(), display_name: None, avatar_url: None },
            content: content(number, LENGTH),
            timestamp: chatd::model::Timestamp(0),
            edited_at: None,
            reply_to: None,
            mentions: Vec::new(),
            mentioned_users: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            attachments: Vec::new(),
            reactions: None,
            pinned: false,
            nonce: None,
        }
    }
}

/// A text of words, of which few are said often and many seldom (Zipf's law).
fn content(number: u64, length: usize) -> String {
    let mut text = String::new();
    let mut seed = number;
    while text.len() < length {
        seed = mix(seed);
        let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        text.push_str(&word(VOCABULARY.powf(share) as u64));
        text.push(' ');
    }
    text.truncate(length);
    text
}

/// A step of SplitMix64.
fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The word of this rank: syllables, the more the rarer.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["the", "an", "to", "in", "ver", "sch", "ma", "ro", "li", "que", "st", "po", "de", "ka", "un", "by"];
    let mut word = String::new();
    let mut rest = rank;
    while word.is_empty() || rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

fn searches(scene: &Scene, client: &mut Client, place: &Place, stage: &Stage) -> Outcome<Vec<Row>> {
    let said = |number: u64, nth: usize| {
        let text = content(mix(number) % MESSAGES, LENGTH);
        text.split(' ').nth(nth).unwrap_or_default().to_owned()
    };
    type Query<'a> = Box<dyn Fn(u64) -> String + 'a>;
    let kinds: Vec<(&str, usize, Query<'_>)> = vec![
        ("a rare word", 0, Box::new(|n| format!("%22{}%22", word(20_000 + n * 50)))),
        ("a common word", 0, Box::new(|n| format!("%22{}%22", word(1 + n % 20)))),
        ("the first letter of a word", 0, Box::new(|n| word(n % 16)[..1].to_owned())),
        ("the first 3 letters of a word", 0, Box::new(|n| word(16 + n)[..3].to_owned())),
        ("two words", 0, Box::new(|n| format!("{}+%22{}%22", word(1 + n % 20), said(n, 3)))),
        ("a phrase that was said", 0, Box::new(|n| format!("%22{}+{}%22", said(n, 3), said(n, 4)))),
        ("a phrase of common words", 0, Box::new(|n| format!("%22{0}+{0}+{1}%22", word(n % 5), word(5 + n % 7)))),
        ("by one in 50", 0, Box::new(|n| format!("{}&author_id={}", word(1 + n % 500), stage.people[1]))),
        ("by whom it is not", 0, Box::new(|n| format!("{}&author_id=1", &word(n % 16)[..1]))),
        ("for whom sees little: a common word", 1, Box::new(|n| word(1 + n % 20))),
        ("for whom sees little: the first letter", 1, Box::new(|n| word(n % 16)[..1].to_owned())),
        ("for whom sees little: a rare word", 1, Box::new(|n| format!("%22{}%22", word(20_000 + n * 50)))),
    ];
    let connection = client.open(1)?;
    let mut rows = Vec::new();
    for (what, person, query) in &kinds {
        let mut searching =
            Searching { token: &place.tokens[*person], query, sent: 0, at: Instant::now(), ms: Vec::new(), found: 0 };
        client.closed_loop(connection.clone(), &mut searching)?;
        let Searching { mut ms, found, .. } = searching;
        ms.sort_unstable_by(f64::total_cmp);
        let of = |share: f64| ms[(ms.len() as f64 * share) as usize];
        let row = scene.row(format!("p99, {what}"), vec![of(0.99)], "ms", Budget::AtMost(50.0));
        let note = format!("p50 {} ms, the longest {} ms", number(of(0.5)), number(ms[ms.len() - 1]));
        rows.push(row.note(note).note(format!("{:.1} found each", found as f64 / ms.len() as f64)));
    }
    Ok(rows)
}

struct Searching<'a> {
    token: &'a str,
    query: &'a dyn Fn(u64) -> String,
    sent: u64,
    at: Instant,
    ms: Vec<f64>,
    /// Messages.
    found: usize,
}

impl Asker for Searching<'_> {
    fn next(&mut self, _: Id, request: &mut Vec<u8>) -> bool {
        if self.sent == SEARCHES {
            return false;
        }
        let path = format!("/api/rest/search?q={}", (self.query)(self.sent));
        wire::request(request, "GET", &path, Some(self.token), None);
        self.sent += 1;
        self.at = Instant::now();
        true
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        self.ms.push(self.at.elapsed().as_secs_f64() * 1e3);
        expect_success(status, body)?;
        let found: Vec<serde::de::IgnoredAny> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        self.found += found.len();
        Ok(())
    }
}

pub fn written(scene: &Scene) -> Outcome<Vec<Row>> {
    let server = Server::start(&scene.folder().join("data"))?;
    let mut client = Client::new(server.address)?;
    let place = people::gather(&mut client, 50)?;
    let mut rows = Vec::new();
    for (what, senders, budget) in [("alone", 1, 10.0), ("50 people at once", 50, 2.0)] {
        let connections = client.open(senders)?;
        let mut posting = Posting { place: &place, first: connections.start, sent: 0 };
        let before = server.written()?;
        client.closed_loop(connections.clone(), &mut posting).map_err(|error| server.explain(&error))?;
        let bytes = (server.written()? - before) / WRITTEN as f64;
        client.close(connections);
        rows.push(
            scene.row(format!("written for a message, {what}"), vec![bytes / 1e3], "KB", Budget::AtMost(budget)).note(
                format!("{} messages of 200 characters: log, checkpoints and search index", number(WRITTEN as f64)),
            ),
        );
    }
    server.stop()?;
    Ok(rows)
}

struct Posting<'a> {
    place: &'a Place,
    first: Id,
    sent: u64,
}

impl Asker for Posting<'_> {
    fn next(&mut self, id: Id, request: &mut Vec<u8>) -> bool {
        if self.sent == WRITTEN {
            return false;
        }
        let body = json!({"content": content(self.sent, 200)}).to_string();
        let token = &self.place.tokens[id - self.first];
        wire::request(request, "POST", &self.place.messages, Some(token), Some(&body));
        self.sent += 1;
        true
    }

    fn answered(&mut self, _: Id, status: u16, body: &[u8]) -> Outcome<()> {
        expect_success(status, body)
    }
}
