//! Who is in which DM.

use rusqlite::{Connection, OptionalExtension};

use super::accounts::{self, Account};
use crate::model::{ChannelId, UserId};

/// The DM between two people.
pub fn between(db: &Connection, one: UserId, other: UserId) -> rusqlite::Result<Option<ChannelId>> {
    db.prepare_cached("SELECT channel_id FROM dm_pairs WHERE lower_id = ?1 AND higher_id = ?2")?
        .query_row([one.0.min(other.0), one.0.max(other.0)], |row| Ok(ChannelId(row.get(0)?)))
        .optional()
}

/// Records that a channel is the DM between two people.
pub fn add_pair(db: &Connection, one: UserId, other: UserId, channel: ChannelId) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO dm_pairs (lower_id, higher_id, channel_id) VALUES (?1, ?2, ?3)")?
        .execute([one.0.min(other.0), one.0.max(other.0), channel.0])
        .map(drop)
}

/// Adds somebody to a DM.
pub fn add_member(db: &Connection, channel: ChannelId, user: UserId, hidden: bool) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO dm_members (channel_id, user_id, hidden) VALUES (?1, ?2, ?3)")?
        .execute([channel.0, user.0, i64::from(hidden)])
        .map(drop)
}

/// Removes somebody from a group.
pub fn remove_member(db: &Connection, channel: ChannelId, user: UserId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM dm_members WHERE channel_id = ?1 AND user_id = ?2", [channel.0, user.0]).map(drop)
}

/// Hides a DM from somebody, or shows it; whether that changed anything.
pub fn set_hidden(db: &Connection, channel: ChannelId, user: UserId, hidden: bool) -> rusqlite::Result<bool> {
    db.prepare_cached("UPDATE dm_members SET hidden = ?3 WHERE channel_id = ?1 AND user_id = ?2 AND hidden <> ?3")?
        .execute([channel.0, user.0, i64::from(hidden)])
        .map(|rows| rows > 0)
}

/// The DMs of a user, hidden ones too.
pub fn ids_of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<ChannelId>> {
    db.prepare_cached("SELECT channel_id FROM dm_members WHERE user_id = ?1")?
        .query_map([user.0], |row| Ok(ChannelId(row.get(0)?)))?
        .collect()
}

/// The people in a DM, and from whom it is hidden.
pub fn members(db: &Connection, channel: ChannelId) -> rusqlite::Result<Vec<(UserId, bool)>> {
    db.prepare_cached("SELECT user_id, hidden FROM dm_members WHERE channel_id = ?1")?
        .query_map([channel.0], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?
        .collect()
}

/// The accounts of the people in a DM.
pub fn accounts(db: &Connection, channel: ChannelId) -> rusqlite::Result<Vec<Account>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM dm_members JOIN users USING (user_id) WHERE channel_id = ?1 ORDER BY user_id",
        accounts::COLUMNS
    ))?
    .query_map([channel.0], |row| accounts::account_at(row, 0))?
    .collect()
}

/// Everybody who shares a DM with `user`, without themselves.
pub fn peers(db: &Connection, user: UserId) -> rusqlite::Result<Vec<UserId>> {
    db.prepare_cached(
        "SELECT DISTINCT theirs.user_id FROM dm_members AS mine JOIN dm_members AS theirs USING (channel_id)
         WHERE mine.user_id = ?1 AND theirs.user_id <> ?1",
    )?
    .query_map([user.0], |row| Ok(UserId(row.get(0)?)))?
    .collect()
}
