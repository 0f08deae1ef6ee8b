//! Pinned messages.

use rusqlite::Connection;

use super::extras::{self, Extras};
use crate::model::{ChannelId, MessageId};

/// The pinned messages of a channel, latest first.
pub fn list(db: &Connection, channel: ChannelId) -> rusqlite::Result<Vec<MessageId>> {
    db.prepare_cached("SELECT message_id FROM pins WHERE channel_id = ?1 ORDER BY pin_id DESC")?
        .query_map([channel.0], |row| Ok(MessageId(row.get(0)?)))?
        .collect()
}

/// Pins a message that is not; `id` is a new identifier.
pub fn add(db: &Connection, channel: ChannelId, message: MessageId, id: i64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO pins (channel_id, pin_id, message_id) VALUES (?1, ?2, ?3)")?
        .execute([channel.0, id, message.0])?;
    extras::note(db, channel, message, Extras::PINNED, Extras::PINNED)
}

/// Unpins a message.
pub fn remove(db: &Connection, channel: ChannelId, message: MessageId) -> rusqlite::Result<()> {
    extras::remove(db, channel, message, Extras::PINNED)?;
    extras::note(db, channel, message, Extras::PINNED, Extras::default())
}
