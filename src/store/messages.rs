//! Messages and their nonces.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts;
use super::instance::day;
use crate::model::object::Message;
use crate::model::{ChannelId, Ids, MessageId, Timestamp, UserId, limits};

fn columns() -> String {
    format!("message_id, channel_id, content, messages.created_at, edited_at, {}", accounts::AUTHOR)
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        message_id: MessageId(row.get(0)?),
        channel_id: ChannelId(row.get(1)?),
        content: row.get(2)?,
        timestamp: Timestamp(row.get(3)?),
        edited_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        author: accounts::author_at(row, 5)?,
        reply_to: None,
        mentions: Vec::new(),
        mentioned_users: Vec::new(),
        mention_roles: Vec::new(),
        mention_everyone: false,
        attachments: Vec::new(),
        reactions: Some(Vec::new()),
        pinned: false,
        nonce: None,
    })
}

/// Adds a message, and the mark its sender gave it.
pub fn add(db: &Connection, new: &Message) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO messages (channel_id, message_id, author_id, content, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![new.channel_id.0, new.message_id.0, new.author.user_id.0, new.content, new.timestamp.0])?;
    let Some(nonce) = &new.nonce else { return Ok(()) };
    let today = day(Timestamp(Ids::milliseconds(new.message_id.0)));
    db.prepare_cached(
        "INSERT OR REPLACE INTO nonces (day, author_id, channel_id, nonce, message_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![today, new.author.user_id.0, new.channel_id.0, nonce, new.message_id.0])
    .map(drop)
}

/// The message that `author` gave this mark in this channel within the nonce's life. `id` is a new identifier: its
/// clock never runs backwards.
pub fn by_nonce(
    db: &Connection,
    author: UserId,
    channel: ChannelId,
    nonce: &str,
    id: i64,
) -> rusqlite::Result<Option<MessageId>> {
    let now_ms = Ids::milliseconds(id);
    let today = day(Timestamp(now_ms));
    let mut statement = db.prepare_cached(
        "SELECT message_id FROM nonces WHERE day = ?1 AND author_id = ?2 AND channel_id = ?3 AND nonce = ?4",
    )?;
    for day in [today, today - 1] {
        let found: Option<i64> =
            statement.query_row(params![day, author.0, channel.0, nonce], |row| row.get(0)).optional()?;
        if let Some(found) = found
            && now_ms.saturating_sub(Ids::milliseconds(found)) < limits::NONCE_MS
        {
            return Ok(Some(MessageId(found)));
        }
    }
    Ok(None)
}

/// A message.
pub fn get(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<Option<Message>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id = ?2",
        columns()
    ))?
    .query_row([channel.0, id.0], message)
    .optional()
}

/// Up to `limit` messages below `position`, newest first.
pub fn before(db: &Connection, channel: ChannelId, position: i64, limit: usize) -> rusqlite::Result<Vec<Message>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id < ?2
         ORDER BY message_id DESC LIMIT ?3",
        columns()
    ))?
    .query_map(params![channel.0, position, limit as i64], message)?
    .collect()
}

/// Up to `limit` messages above `position`, those nearest to it, newest first.
pub fn after(db: &Connection, channel: ChannelId, position: i64, limit: usize) -> rusqlite::Result<Vec<Message>> {
    let mut found = db
        .prepare_cached(&format!(
            "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id > ?2
             ORDER BY message_id LIMIT ?3",
            columns()
        ))?
        .query_map(params![channel.0, position, limit as i64], message)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    found.reverse();
    Ok(found)
}

/// The last message of a channel.
pub fn last(db: &Connection, channel: ChannelId) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached("SELECT max(message_id) FROM messages WHERE channel_id = ?1")?
        .query_row([channel.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(MessageId)))
}

/// Sets the text of a message.
pub fn edit(db: &Connection, channel: ChannelId, id: MessageId, content: &str, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE messages SET content = ?3, edited_at = ?4 WHERE channel_id = ?1 AND message_id = ?2")?
        .execute(params![channel.0, id.0, content, now.0])
        .map(drop)
}

/// Removes a message.
pub fn delete(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM messages WHERE channel_id = ?1 AND message_id = ?2")?
        .execute([channel.0, id.0])
        .map(drop)
}
