//! Who wants no DM from whom.

use rusqlite::{Connection, params};

use super::accounts::{self, Account};
use crate::model::UserId;

/// Whether one of the two has blocked the other.
pub fn between(db: &Connection, one: UserId, other: UserId) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2)
             OR EXISTS (SELECT 1 FROM blocks WHERE user_id = ?2 AND blocked_id = ?1)",
    )?
    .query_row([one.0, other.0], |row| row.get(0))
}

/// Whether `user` has blocked `other`, and how many they have blocked.
pub fn count(db: &Connection, user: UserId, other: UserId) -> rusqlite::Result<(bool, usize)> {
    db.prepare_cached("SELECT coalesce(max(blocked_id = ?2), 0), count(*) FROM blocks WHERE user_id = ?1")?
        .query_row([user.0, other.0], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)))
}

/// Blocks somebody who is not.
pub fn add(db: &Connection, user: UserId, other: UserId, id: i64) -> rusqlite::Result<()> {
    db.execute("INSERT INTO blocks (user_id, blocked_id, block_id) VALUES (?1, ?2, ?3)", params![user.0, other.0, id])
        .map(drop)
}

/// Lifts a block, if there is one.
pub fn remove(db: &Connection, user: UserId, other: UserId) -> rusqlite::Result<bool> {
    Ok(db.execute("DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2", [user.0, other.0])? > 0)
}

/// Whom a user has blocked, latest first.
pub fn list(db: &Connection, user: UserId) -> rusqlite::Result<Vec<Account>> {
    db.prepare_cached(&format!(
        "SELECT {} FROM blocks JOIN users ON users.user_id = blocked_id WHERE blocks.user_id = ?1
         ORDER BY block_id DESC",
        accounts::COLUMNS
    ))?
    .query_map([user.0], |row| accounts::account_at(row, 0))?
    .collect()
}
