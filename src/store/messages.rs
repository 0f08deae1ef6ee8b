//! Messages.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::extras::{self, Extras};
use super::{accounts, files, nonces};
use crate::model::object::Message;
use crate::model::{ChannelId, MessageId, RoleId, Timestamp, UserId};

fn columns() -> String {
    format!("message_id, channel_id, content, messages.created_at, edited_at, reply_to, extras, {}", accounts::AUTHOR)
}

/// A message as its row has it, and what else there is of it.
type Bare = (Message, Extras, Option<MessageId>);

fn bare(row: &Row<'_>) -> rusqlite::Result<Bare> {
    let message = Message {
        message_id: MessageId(row.get(0)?),
        channel_id: ChannelId(row.get(1)?),
        content: row.get(2)?,
        timestamp: Timestamp(row.get(3)?),
        edited_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        author: accounts::author_at(row, 7)?,
        reply_to: None,
        mentions: Vec::new(),
        mentioned_users: Vec::new(),
        mention_roles: Vec::new(),
        mention_everyone: false,
        attachments: Vec::new(),
        reactions: Some(Vec::new()),
        pinned: false,
        nonce: None,
    };
    Ok((message, Extras(row.get(6)?), row.get::<_, Option<i64>>(5)?.map(MessageId)))
}

/// The message whole, as `viewer` sees it.
fn whole(db: &Connection, viewer: UserId, (mut message, extras, reply_to): Bare) -> rusqlite::Result<Message> {
    if extras != Extras::default() || reply_to.is_some() {
        extras::fill(db, viewer, &mut message, extras, reply_to)?;
    }
    Ok(message)
}

/// Adds a message with its mentions, and the mark its sender gave it. `everyone` is the server's role of that name.
pub fn add(db: &Connection, new: &Message, everyone: Option<RoleId>) -> rusqlite::Result<()> {
    let (channel, id, author) = (new.channel_id.0, new.message_id.0, new.author.user_id.0);
    let reply_to = new.reply_to.as_ref().map(|reply| reply.message_id.0);
    let extras = extras::add_mentions(db, new, everyone)?.with(Extras::FILES, !new.attachments.is_empty());
    files::give_to(db, new)?;
    db.prepare_cached(
        "INSERT INTO messages (channel_id, message_id, author_id, content, created_at, reply_to, extras, nonce)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![channel, id, author, new.content, new.timestamp.0, reply_to, extras.0, new.nonce])
    .map(drop)
}

/// A message.
pub fn get(db: &Connection, viewer: UserId, channel: ChannelId, id: MessageId) -> rusqlite::Result<Option<Message>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id = ?2",
            columns()
        ))?
        .query_row([channel.0, id.0], bare)
        .optional()?;
    found.map(|found| whole(db, viewer, found)).transpose()
}

/// Whether there is such a message.
pub fn exists(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM messages WHERE channel_id = ?1 AND message_id = ?2)")?
        .query_row([channel.0, id.0], |row| row.get(0))
}

/// Up to `limit` messages below `position`, newest first.
pub fn before(
    db: &Connection,
    viewer: UserId,
    channel: ChannelId,
    position: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id < ?2
         ORDER BY message_id DESC LIMIT ?3",
        columns()
    ))?
    .query_map(params![channel.0, position, limit as i64], bare)?
    .map(|found| whole(db, viewer, found?))
    .collect()
}

/// Up to `limit` messages above `position`, those nearest to it, newest first.
pub fn after(
    db: &Connection,
    viewer: UserId,
    channel: ChannelId,
    position: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Message>> {
    let mut found = db
        .prepare_cached(&format!(
            "SELECT {} FROM messages JOIN users ON user_id = author_id WHERE channel_id = ?1 AND message_id > ?2
             ORDER BY message_id LIMIT ?3",
            columns()
        ))?
        .query_map(params![channel.0, position, limit as i64], bare)?
        .map(|found| whole(db, viewer, found?))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    found.reverse();
    Ok(found)
}

/// The last message of a channel.
pub fn last(db: &Connection, channel: ChannelId) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached("SELECT max(message_id) FROM messages WHERE channel_id = ?1")?
        .query_row([channel.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(MessageId)))
}

/// Sets the text of a message and whom it mentions, as `after` has them.
pub fn edit(db: &Connection, after: &Message, everyone: Option<RoleId>, now: Timestamp) -> rusqlite::Result<()> {
    extras::set_mentions(db, after, everyone)?;
    db.prepare_cached("UPDATE messages SET content = ?3, edited_at = ?4 WHERE channel_id = ?1 AND message_id = ?2")?
        .execute(params![after.channel_id.0, after.message_id.0, after.content, now.0])
        .map(drop)
}

/// Removes a message with all that belongs to it.
pub fn delete(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<()> {
    let gone = db
        .prepare_cached(
            "DELETE FROM messages WHERE channel_id = ?1 AND message_id = ?2 RETURNING extras, author_id, nonce",
        )?
        .query_row([channel.0, id.0], |row| {
            Ok((Extras(row.get(0)?), UserId(row.get(1)?), row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let Some((extras, author, nonce)) = gone else { return Ok(()) };
    if let Some(nonce) = nonce {
        nonces::outlive(db, author, channel, &nonce, id)?;
    }
    extras::remove(db, channel, id, extras)
}
