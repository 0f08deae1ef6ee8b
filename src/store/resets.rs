//! Links that set a new password.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::UserId;

/// Keeps the hash of a token that sets a new password of `user`, in the place of an older one's.
pub fn put(db: &Connection, user: UserId, token_hash: &[u8], lived_s: i64) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO password_resets (user_id, token_hash, made_lived_s) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, made_lived_s = excluded.made_lived_s",
        params![user.0, token_hash, lived_s],
    )
    .map(drop)
}

/// Whose password a token of this hash sets, and when it was made; nobody's of whom cannot sign in.
pub fn get(db: &Connection, token_hash: &[u8]) -> rusqlite::Result<Option<(UserId, i64)>> {
    db.prepare_cached(
        "SELECT user_id, made_lived_s FROM password_resets JOIN users USING (user_id)
         WHERE token_hash = ?1 AND NOT disabled",
    )?
    .query_row([token_hash], |row| Ok((UserId(row.get(0)?), row.get(1)?)))
    .optional()
}

/// Voids the token that sets a new password of `user`, if there is one.
pub fn remove(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM password_resets WHERE user_id = ?1", [user.0]).map(drop)
}
