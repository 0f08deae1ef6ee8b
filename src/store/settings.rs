//! What a user's clients share.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::UserId;

/// The JSON object that a user's clients share, if they have stored one.
pub fn get(db: &Connection, user: UserId) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT settings FROM settings WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get(0))
        .optional()
}

/// Stores it.
pub fn set(db: &Connection, user: UserId, settings: &str) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO settings (user_id, settings) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET settings = excluded.settings",
    )?
    .execute(params![user.0, settings])
    .map(drop)
}
