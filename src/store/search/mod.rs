//! The search index: what comes into it, and what it proposes. It is behind the messages, see `store::tail`.

use std::collections::HashMap;
use std::fmt::Write;

use rusqlite::{Connection, OptionalExtension, params};

use super::tail::Spot;
use super::{channels, messages};
use crate::model::object::Message;
use crate::model::search::{Facts, Has, Search};
use crate::model::words::{self, Wanted};
use crate::model::{ChannelId, MessageId, ServerId, UserId, limits};

/// What the index has of a message beside its words. `_` is in no word; the kind stands last, so that what the index
/// keeps of beginnings is the same for all kinds.
#[derive(Clone, Copy)]
enum Mark {
    Server(ServerId),
    Channel(ChannelId),
    Author(UserId),
    Mention(UserId),
    Has(Has),
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(id) => write!(f, "_{id}s"),
            Self::Channel(id) => write!(f, "_{id}c"),
            Self::Author(id) => write!(f, "_{id}a"),
            Self::Mention(id) => write!(f, "_{id}m"),
            Self::Has(has) => write!(f, "_{}", has.as_str()),
        }
    }
}

/// The text that the index takes in for a message: tokens with spaces between.
fn entry(message: &Message, server: Option<ServerId>) -> String {
    let Facts { author, mentions, has } = Facts::of(message);
    let place = [Mark::Channel(message.channel_id), Mark::Author(author)].into_iter().chain(server.map(Mark::Server));
    let marks = place.chain(mentions.into_iter().map(Mark::Mention)).chain(has.into_iter().map(Mark::Has));
    let mut entry = words::tokens(&message.content).into_iter().collect::<Vec<_>>().join(" ");
    for mark in marks {
        // Writing to a string does not fail.
        let _ = write!(entry, " {mark}");
    }
    entry
}

/// Where to search: what the caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// All of a server.
    Server(ServerId),
    /// A server, but for these channels.
    But(ServerId, Vec<ChannelId>),
    /// A channel.
    Channel(ChannelId),
}

/// What the index is asked, in the language of FTS5. Every token is quoted, and none has a quote in it.
fn expression(search: &Search, areas: &[Area]) -> String {
    let mark = |mark: Mark| format!("\"{mark}\"");
    let any = |list: Vec<String>| format!("({})", list.join(" OR "));
    let words = search.query.wanted().into_iter().map(|wanted| match wanted {
        Wanted::Token(token) => format!("\"{token}\""),
        Wanted::Prefix(prefix) => format!("\"{prefix}\" *"),
    });
    let filters = [search.author.map(Mark::Author), search.mentions.map(Mark::Mention), search.has.map(Mark::Has)];
    let area = |area: &Area| match area {
        Area::Server(server) => mark(Mark::Server(*server)),
        Area::Channel(channel) => mark(Mark::Channel(*channel)),
        Area::But(server, hidden) => {
            let hidden = hidden.iter().map(|channel| mark(Mark::Channel(*channel))).collect();
            format!("({} NOT {})", mark(Mark::Server(*server)), any(hidden))
        }
    };
    let areas = any(areas.iter().map(area).collect());
    let all: Vec<_> = words.chain(filters.into_iter().flatten().map(mark)).chain([areas]).collect();
    all.join(" AND ")
}

/// A message that may be what is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The message and where it stands.
    pub spot: Spot,
    /// Whether the index proposes it, rather than that it waits for the index.
    pub proposed: bool,
}

/// Hands out what may be searched for, newest first, until `visit` says no: what the index proposes and what of `tail`
/// (newest first) lies between the search's bounds, each once.
///
/// # Errors
/// Database errors, and what `visit` returns.
pub fn candidates<E: From<rusqlite::Error>>(
    db: &Connection,
    search: &Search,
    areas: &[Area],
    tail: &[Spot],
    mut visit: impl FnMut(Candidate) -> Result<bool, E>,
) -> Result<(), E> {
    let within = |(message, _): &&Spot| search.after < message.0 && message.0 < search.before;
    let mut tail = tail.iter().filter(within).copied().peekable();
    let mut statement = db.prepare_cached(
        "SELECT rowid, channel_id FROM search WHERE search MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC",
    )?;
    let mut rows = match areas {
        [] => None,
        areas => Some(statement.query(params![expression(search, areas), search.after, search.before])?),
    };
    let mut next = || -> rusqlite::Result<Option<Spot>> {
        let Some(rows) = &mut rows else { return Ok(None) };
        rows.next()?.map(|row| Ok((MessageId(row.get(0)?), ChannelId(row.get(1)?)))).transpose()
    };
    let mut proposed = next()?;
    loop {
        let newest = tail.peek().copied().max(proposed);
        let Some(spot) = newest else { return Ok(()) };
        let waits = tail.next_if(|(message, _)| *message == spot.0).is_some();
        if proposed.is_some_and(|(message, _)| message == spot.0) {
            proposed = next()?;
        }
        if !visit(Candidate { spot, proposed: !waits })? {
            return Ok(());
        }
    }
}

/// The text of a message.
///
/// # Errors
/// Database errors.
pub fn content(db: &Connection, (message, channel): Spot) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT content FROM messages WHERE channel_id = ?1 AND message_id = ?2")?
        .query_row([channel.0, message.0], |row| row.get(0))
        .optional()
}

/// Notes that a message is another one now, or gone: what the index has of it is of no use.
pub(super) fn changed(db: &Connection, (message, channel): Spot) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO search_stale SELECT ?1, ?2 FROM search_mark WHERE one = 1 AND mark >= ?1")?
        .execute([message.0, channel.0])
        .map(drop)
}

/// Takes a message out of the index.
pub(super) fn forget(db: &Connection, message: MessageId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([message.0]).map(drop)
}

fn mark(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT mark FROM search_mark WHERE one = 1")?.query_row([], |row| row.get(0))
}

/// What the index does not have, or not as it is now: what the last process left behind.
pub(super) fn behind(db: &Connection) -> rusqlite::Result<Vec<Spot>> {
    db.prepare(
        "SELECT message_id, channel_id FROM search_stale UNION ALL
         SELECT message_id, messages.channel_id FROM channels CROSS JOIN messages
         ON messages.channel_id = channels.channel_id AND message_id > ?1 WHERE NOT deleted",
    )?
    .query_map([mark(db)?], |row| Ok((MessageId(row.get(0)?), ChannelId(row.get(1)?))))?
    .collect()
}

/// Brings messages into the index as they are now, in their order and until `go_on` says no, which it is asked now and
/// then; how many there were. Of those above the mark these must be the oldest.
pub(super) fn index(db: &Connection, spots: &[Spot], go_on: impl Fn() -> bool) -> rusqlite::Result<usize> {
    let mark = mark(db)?;
    let mut servers = HashMap::new();
    let mut done = 0;
    for spot in spots {
        if done > 0 && done % limits::SEARCH_GLANCE == 0 && !go_on() {
            break;
        }
        done += 1;
        if spot.0.0 <= mark {
            forget(db, spot.0)?;
            db.prepare_cached("DELETE FROM search_stale WHERE message_id = ?1")?.execute([spot.0.0])?;
        }
        take_in(db, *spot, &mut servers)?;
    }
    let last = spots.iter().take(done).map(|(message, _)| message.0).max().filter(|last| *last > mark);
    if let Some(last) = last {
        db.prepare_cached("UPDATE search_mark SET mark = ?1 WHERE one = 1")?.execute([last])?;
    }
    Ok(done)
}

type Servers = HashMap<ChannelId, Option<ServerId>>;

/// Adds a message to the index, if it is still there.
fn take_in(db: &Connection, (message, channel): Spot, servers: &mut Servers) -> rusqlite::Result<()> {
    let server = match servers.get(&channel) {
        Some(server) => *server,
        None => {
            // A deleted channel is being swept.
            let Some((server, _)) = channels::place(db, channel)? else { return Ok(()) };
            servers.insert(channel, server);
            server
        }
    };
    // No fact depends on who looks.
    let Some(message) = messages::get(db, UserId(0), channel, message)? else { return Ok(()) };
    db.prepare_cached("INSERT INTO search (rowid, tokens, channel_id) VALUES (?1, ?2, ?3)")?
        .execute(params![message.message_id.0, entry(&message, server), channel.0])
        .map(drop)
}

/// How many channels from before the index still wait.
pub(super) fn backlog(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT count(*) FROM search_backlog", [], |row| row.get(0))
}

/// Brings some older messages of a channel into the index, the latest first; whether there were channels left.
pub(super) fn work_off(db: &Connection) -> rusqlite::Result<bool> {
    let waiting: Option<(i64, i64)> = db
        .prepare_cached("SELECT channel_id, next FROM search_backlog LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((channel, next)) = waiting else { return Ok(false) };
    let mut spots = db
        .prepare_cached(
            "SELECT message_id FROM messages WHERE channel_id = ?1 AND message_id < ?2
             ORDER BY message_id DESC LIMIT ?3",
        )?
        .query_map([channel, next, limits::SEARCH_BATCH as i64], |row| {
            Ok((MessageId(row.get(0)?), ChannelId(channel)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // Ascending, as each step back would begin another segment of the index.
    spots.reverse();
    let mut servers = HashMap::new();
    for spot in &spots {
        // It is there if it was edited since.
        forget(db, spot.0)?;
        take_in(db, *spot, &mut servers)?;
    }
    match spots.first().filter(|_| spots.len() == limits::SEARCH_BATCH) {
        Some((first, _)) => db
            .prepare_cached("UPDATE search_backlog SET next = ?2 WHERE channel_id = ?1")?
            .execute([channel, first.0])?,
        None => db.prepare_cached("DELETE FROM search_backlog WHERE channel_id = ?1")?.execute([channel])?,
    };
    Ok(true)
}

#[cfg(test)]
mod tests;
