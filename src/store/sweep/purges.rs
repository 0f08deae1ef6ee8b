//! The messages that go with a ban.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Step;
use crate::model::{Audience, ChannelId, Event, MessageId, Payload, ServerId, UserId};
use crate::store::{channels, messages, search};

struct Purge {
    purge_id: i64,
    server: ServerId,
    author: UserId,
    first_id: i64,
    channel: i64,
    message: i64,
}

fn purge(row: &Row<'_>) -> rusqlite::Result<Purge> {
    Ok(Purge {
        purge_id: row.get(0)?,
        server: ServerId(row.get(1)?),
        author: UserId(row.get(2)?),
        first_id: row.get(3)?,
        channel: row.get(4)?,
        message: row.get(5)?,
    })
}

/// Looks at up to `rows` messages of a channel and removes those that are to go; none if there is no purge.
pub(super) fn step(db: &Connection, rows: i64) -> rusqlite::Result<Option<Step>> {
    let purge = db
        .prepare_cached("SELECT purge_id, server_id, author_id, first_id, channel_id, message_id FROM purges LIMIT 1")?
        .query_row([], purge)
        .optional()?;
    let Some(purge) = purge else { return Ok(None) };
    let channel: Option<i64> = db
        .prepare_cached(
            "SELECT min(channel_id) FROM channels WHERE server_id = ?1 AND channel_id >= ?2 AND NOT deleted",
        )?
        .query_row([purge.server.0, purge.channel], |row| row.get(0))?;
    let Some(channel) = channel else {
        db.prepare_cached("DELETE FROM purges WHERE purge_id = ?1")?.execute([purge.purge_id])?;
        return Ok(Some(Step::default()));
    };
    let came_to = if channel == purge.channel { purge.message } else { 0 };
    let from = came_to.max(purge.first_id - 1);
    let found: Vec<(i64, i64)> = db
        .prepare_cached(
            "SELECT message_id, author_id FROM messages
             WHERE channel_id = ?1 AND message_id > ?2 AND message_id < ?3 ORDER BY message_id LIMIT ?4",
        )?
        .query_map(params![channel, from, purge.purge_id, rows], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let last = found.last().filter(|_| found.len() as i64 == rows).map(|(message, _)| *message);
    let (channel, server) = (ChannelId(channel), purge.server);
    let mut events = Vec::new();
    for (message, _) in found.into_iter().filter(|(_, author)| *author == purge.author.0) {
        let message_id = MessageId(message);
        channels::keep_last(db, channel, message_id)?;
        messages::delete(db, channel, message_id)?;
        search::forget(db, message_id)?;
        let payload = Payload::MessageDelete { message_id, channel_id: channel, server_id: Some(server) };
        events.push(Event::new(Audience::Channel(server, channel), payload));
    }
    let (next_channel, next_message) = last.map_or((channel.0.saturating_add(1), 0), |message| (channel.0, message));
    db.prepare_cached("UPDATE purges SET channel_id = ?2, message_id = ?3 WHERE purge_id = ?1")?.execute([
        purge.purge_id,
        next_channel,
        next_message,
    ])?;
    Ok(Some(Step { events, ..Step::default() }))
}
