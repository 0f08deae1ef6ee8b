//! Reactions to messages.

use rusqlite::{Connection, params};

use super::accounts;
use super::extras::{self, Extras};
use crate::model::object::Author;
use crate::model::{ChannelId, Emoji, MessageId, UserId};

/// A kind of reaction to a message.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Which; in order of first use.
    pub kind_id: i64,
    /// As it was first typed.
    pub emoji: String,
    /// How many.
    pub count: u32,
}

/// The kinds of reaction to a message, in order of first use.
pub fn kinds(db: &Connection, channel: ChannelId, message: MessageId) -> rusqlite::Result<Vec<Kind>> {
    db.prepare_cached(
        "SELECT kind_id, emoji, count FROM reaction_kinds WHERE channel_id = ?1 AND message_id = ?2 ORDER BY kind_id",
    )?
    .query_map([channel.0, message.0], |row| Ok(Kind { kind_id: row.get(0)?, emoji: row.get(1)?, count: row.get(2)? }))?
    .collect()
}

/// Adds a kind that is not there, with nobody's reaction yet; `kind_id` is a new identifier.
pub fn add_kind(
    db: &Connection,
    channel: ChannelId,
    message: MessageId,
    kind_id: i64,
    emoji: &Emoji,
) -> rusqlite::Result<Kind> {
    db.prepare_cached(
        "INSERT INTO reaction_kinds (channel_id, message_id, kind_id, emoji, count) VALUES (?1, ?2, ?3, ?4, 0)",
    )?
    .execute(params![channel.0, message.0, kind_id, emoji.as_str()])?;
    extras::note(db, channel, message, Extras::REACTIONS, Extras::REACTIONS)?;
    Ok(Kind { kind_id, emoji: emoji.as_str().to_owned(), count: 0 })
}

/// Adds somebody's reaction; whether it is new.
pub fn add(db: &Connection, channel: ChannelId, message: MessageId, kind: i64, user: UserId) -> rusqlite::Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT OR IGNORE INTO reactions (channel_id, message_id, kind_id, user_id) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute([channel.0, message.0, kind, user.0])?;
    if added > 0 {
        count(db, channel, message, kind, 1)?;
    }
    Ok(added > 0)
}

/// Removes somebody's reaction; whether there was one. A kind without reactions goes.
pub fn remove(
    db: &Connection,
    channel: ChannelId,
    message: MessageId,
    kind: &Kind,
    user: UserId,
) -> rusqlite::Result<bool> {
    let removed = db
        .prepare_cached(
            "DELETE FROM reactions WHERE channel_id = ?1 AND message_id = ?2 AND kind_id = ?3 AND user_id = ?4",
        )?
        .execute([channel.0, message.0, kind.kind_id, user.0])?;
    if removed == 0 {
        return Ok(false);
    }
    if kind.count > 1 {
        count(db, channel, message, kind.kind_id, -1)?;
        return Ok(true);
    }
    db.prepare_cached("DELETE FROM reaction_kinds WHERE channel_id = ?1 AND message_id = ?2 AND kind_id = ?3")?
        .execute([channel.0, message.0, kind.kind_id])?;
    if kinds(db, channel, message)?.is_empty() {
        extras::note(db, channel, message, Extras::REACTIONS, Extras::default())?;
    }
    Ok(true)
}

fn count(db: &Connection, channel: ChannelId, message: MessageId, kind: i64, by: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE reaction_kinds SET count = count + ?4 WHERE channel_id = ?1 AND message_id = ?2 AND kind_id = ?3",
    )?
    .execute([channel.0, message.0, kind, by])
    .map(drop)
}

/// Up to `limit` people above `after` who reacted so, ascending.
pub fn people(
    db: &Connection,
    channel: ChannelId,
    message: MessageId,
    kind: i64,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Author>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM reactions JOIN users USING (user_id)
         WHERE channel_id = ?1 AND message_id = ?2 AND kind_id = ?3 AND user_id > ?4 ORDER BY user_id LIMIT ?5",
        accounts::AUTHOR
    ))?
    .query_map(params![channel.0, message.0, kind, after, limit as i64], |row| accounts::author_at(row, 0))?
    .collect()
}
