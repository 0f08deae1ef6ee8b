//! Searching a million messages, each search when it is due.

use std::time::{Duration, Instant};

use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};
use chatd::bench::{Outcome, effort, wire};
use chatd::model::{ChannelId, UserId};
use serde_json::{Value, json};

use super::{Scene, latency};
use crate::messages::{self, content, mix, word};
use crate::requests;
use crate::server::Server;
use crate::table::{Budget, Row, number};

const MESSAGES: u64 = 1_000_000;
/// One in so many stands where the second person sees it.
const VISIBLE: u64 = 100;
const LENGTH: usize = 100;
/// Of each kind.
const SEARCHES: u64 = 300;
const PER_SECOND: f64 = 25.0;
/// A search that is due must not wait for the one before it.
const CONNECTIONS: usize = 4;

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

    /// Writes the messages; the second person wrote one in 50.
    fn fill(&self, data: &std::path::Path) -> Outcome<Duration> {
        let begin = Instant::now();
        messages::write(data, 0..MESSAGES, LENGTH, |number| {
            let channel = if number.is_multiple_of(VISIBLE) { self.seen } else { self.hidden };
            (channel, self.people[usize::from(number.is_multiple_of(50))])
        })?;
        Ok(begin.elapsed())
    }
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
    let connections = client.open(CONNECTIONS)?;
    let mut rows = Vec::new();
    for (what, person, query) in &kinds {
        let (mut histogram, mut found) = (latency::histogram(), 0);
        let write = |out: &mut Vec<u8>, _, number| {
            let path = format!("/api/rest/search?q={}", query(number));
            wire::request(out, "GET", &path, Some(&place.tokens[*person]), None);
        };
        let pace = (SEARCHES, PER_SECOND);
        let effort = requests::paced(client, &connections, pace, write, |latency, body| {
            histogram.saturating_record(latency.as_micros() as u64);
            let messages: Vec<serde::de::IgnoredAny> =
                serde_json::from_slice(body).map_err(|error| error.to_string())?;
            found += messages.len();
            Ok(())
        })?;
        let of = |quantile| latency::quantile_ms(&histogram, quantile);
        let row = scene.row(format!("p99, {what}"), vec![of(0.99)], "ms", Budget::AtMost(50.0));
        let note = format!("p50 {} ms, the longest {} ms", number(of(0.5)), number(of(1.0)));
        let row = row.note(note).note(format!("{:.1} found each", found as f64 / SEARCHES as f64));
        rows.push(row.note(effort::note(&[effort])));
    }
    Ok(rows)
}
