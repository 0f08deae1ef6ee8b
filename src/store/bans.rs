//! Who may not come into a server, and whose messages go.

use rusqlite::{Connection, OptionalExtension, params};

use super::accounts;
use crate::model::object::{Author, Ban};
use crate::model::{Ids, ServerId, Timestamp, UserId};

/// Whether somebody is banned.
pub fn is_banned(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<bool> {
    let found = db
        .prepare_cached("SELECT 1 FROM bans WHERE server_id = ?1 AND user_id = ?2")?
        .query_row([server.0, user.0], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Bans somebody who is not.
pub fn add(
    db: &Connection,
    server: ServerId,
    user: UserId,
    reason: Option<&str>,
    by: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO bans (server_id, user_id, reason, banned_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![server.0, user.0, reason, by.0, now.0],
    )
    .map(drop)
}

/// Lifts a ban; whether there was one.
pub fn remove(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<bool> {
    db.execute("DELETE FROM bans WHERE server_id = ?1 AND user_id = ?2", [server.0, user.0]).map(|rows| rows > 0)
}

/// Up to `limit` bans of users above `after`, ascending.
pub fn list(db: &Connection, server: ServerId, after: i64, limit: usize) -> rusqlite::Result<Vec<Ban>> {
    db.prepare_cached(&format!(
        "SELECT bans.reason, bans.created_at, {}, by.user_id, CASE WHEN by.closed THEN 'deleted user' ELSE by.username END, by.display_name, file_url(by.avatar)
         FROM bans JOIN users USING (user_id) JOIN users AS by ON by.user_id = banned_by
         WHERE server_id = ?1 AND bans.user_id > ?2 ORDER BY bans.user_id LIMIT ?3",
        accounts::AUTHOR
    ))?
    .query_map(params![server.0, after, limit as i64], |row| {
        let (user, banned_by): (Author, Author) = (accounts::author_at(row, 2)?, accounts::author_at(row, 6)?);
        Ok(Ban { user, reason: row.get(0)?, banned_by, created_at: Timestamp(row.get(1)?) })
    })?
    .collect()
}

/// Marks what `author` wrote in the server in the last `seconds` to be swept; `id` is a new identifier.
pub fn purge(db: &Connection, server: ServerId, author: UserId, seconds: u32, id: i64) -> rusqlite::Result<()> {
    let first = Ids::before(id, i64::from(seconds) * 1_000);
    db.execute(
        "INSERT INTO purges (purge_id, server_id, author_id, first_id, channel_id, message_id)
         VALUES (?1, ?2, ?3, ?4, 0, 0)",
        [id, server.0, author.0, first],
    )
    .map(drop)
}
