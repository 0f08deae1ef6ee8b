//! Channels.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::roles;
use crate::model::object::{Channel, ChannelKind};
use crate::model::{ChannelId, MessageId, ServerId, Timestamp};

// The last message is looked up in the clustered table, so that posting need not touch the channel's row.
const COLUMNS: &str = "channel_id, server_id, type, parent_id, name, topic, position,
    (SELECT max(message_id) FROM messages WHERE messages.channel_id = channels.channel_id), last_gone, created_at";

fn channel(row: &Row<'_>) -> rusqlite::Result<Channel> {
    let (last, last_gone): (Option<i64>, Option<i64>) = (row.get(7)?, row.get(8)?);
    Ok(Channel {
        channel_id: ChannelId(row.get(0)?),
        server_id: row.get::<_, Option<i64>>(1)?.map(ServerId),
        kind: match row.get_ref(2)?.as_str()? {
            "category" => ChannelKind::Category,
            "dm" => ChannelKind::Dm,
            "group_dm" => ChannelKind::GroupDm,
            _ => ChannelKind::Text,
        },
        parent_id: row.get::<_, Option<i64>>(3)?.map(ChannelId),
        name: row.get(4)?,
        topic: row.get(5)?,
        position: row.get(6)?,
        last_message_id: last.max(last_gone).map(MessageId),
        created_at: Timestamp(row.get(9)?),
        overrides: Vec::new(),
        recipients: None,
        permissions: None,
    })
}

fn kind_text(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Text => "text",
        ChannelKind::Category => "category",
        ChannelKind::Dm => "dm",
        ChannelKind::GroupDm => "group_dm",
    }
}

/// Adds a channel as it stands in `new`.
pub fn add(db: &Connection, new: &Channel) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO channels (channel_id, server_id, type, parent_id, name, topic, position, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        new.channel_id.0,
        new.server_id.map(|id| id.0),
        kind_text(new.kind),
        new.parent_id.map(|id| id.0),
        new.name,
        new.topic,
        new.position,
        new.created_at.0
    ])?;
    for one in &new.overrides {
        new.server_id.map_or(Ok(()), |server| roles::set_override(db, server, new.channel_id, *one))?;
    }
    Ok(())
}

/// A channel that is not deleted, nor its server.
pub fn get(db: &Connection, id: ChannelId) -> rusqlite::Result<Option<Channel>> {
    let found = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM channels WHERE channel_id = ?1 AND NOT deleted"))?
        .query_row([id.0], channel)
        .optional()?;
    found.map(|channel| Ok(Channel { overrides: roles::overrides(db, id)?, ..channel })).transpose()
}

/// What a write to a channel needs to know of it: its server and kind.
pub fn place(db: &Connection, id: ChannelId) -> rusqlite::Result<Option<(Option<ServerId>, ChannelKind)>> {
    db.prepare_cached("SELECT server_id, type FROM channels WHERE channel_id = ?1 AND NOT deleted")?
        .query_row([id.0], |row| {
            let kind = match row.get_ref(1)?.as_str()? {
                "category" => ChannelKind::Category,
                "dm" => ChannelKind::Dm,
                "group_dm" => ChannelKind::GroupDm,
                _ => ChannelKind::Text,
            };
            Ok((row.get::<_, Option<i64>>(0)?.map(ServerId), kind))
        })
        .optional()
}

/// The channels of a server, by position.
pub fn of(db: &Connection, server: ServerId) -> rusqlite::Result<Vec<Channel>> {
    let mut overrides = roles::all_overrides(db, server)?;
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM channels WHERE server_id = ?1 AND NOT deleted ORDER BY position, channel_id"
    ))?
    .query_map([server.0], channel)?
    .map(|channel| channel.map(|c| Channel { overrides: overrides.remove(&c.channel_id).unwrap_or_default(), ..c }))
    .collect()
}

/// The DMs of a user that are not hidden, the one with the latest message first.
pub fn dms_of(db: &Connection, user: i64) -> rusqlite::Result<Vec<Channel>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dm_members JOIN channels USING (channel_id)
             WHERE dm_members.user_id = ?1 AND NOT hidden AND NOT deleted"
        ))?
        .query_map([user], channel)?
        .collect::<rusqlite::Result<Vec<_>>>();
    found.map(|mut channels| {
        channels.sort_by_key(|c| std::cmp::Reverse(c.last_message_id.map_or(c.channel_id.0, |m| m.0)));
        channels
    })
}

/// Sets name, topic, position and category.
pub fn set(db: &Connection, channel: &Channel) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE channels SET name = ?2, topic = ?3, position = ?4, parent_id = ?5 WHERE channel_id = ?1")?
        .execute(params![
            channel.channel_id.0,
            channel.name,
            channel.topic,
            channel.position,
            channel.parent_id.map(|id| id.0)
        ])
        .map(drop)
}

/// Makes a channel invisible; its rows are swept later.
pub fn delete(db: &Connection, id: ChannelId) -> rusqlite::Result<()> {
    db.execute("UPDATE channels SET deleted = 1 WHERE channel_id = ?1", [id.0]).map(drop)
}

/// Remembers the channel's last message, which is about to go.
pub fn keep_last(db: &Connection, id: ChannelId, message: MessageId) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE channels SET last_gone = ?2 WHERE channel_id = ?1 AND coalesce(last_gone, -1) < ?2
         AND ?2 = (SELECT max(message_id) FROM messages WHERE channel_id = ?1)",
    )?
    .execute([id.0, message.0])
    .map(drop)
}
