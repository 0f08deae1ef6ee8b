//! Invites.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{ServerId, Timestamp, UserId};

/// A row of `invites`.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The code.
    pub code: String,
    /// Into which server.
    pub server_id: ServerId,
    /// Whose.
    pub inviter_id: UserId,
    /// How many joined by it.
    pub uses: u32,
    /// How many may.
    pub max_uses: Option<u32>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

/// Adds an invite.
pub fn add(db: &Connection, new: &Stored) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO invites (code, server_id, inviter_id, uses, max_uses, expires_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            new.code,
            new.server_id.0,
            new.inviter_id.0,
            new.uses,
            new.max_uses,
            new.expires_at.map(|at| at.0),
            new.created_at.0
        ],
    )
    .map(drop)
}

/// An invite that is neither expired nor used up, nor its server deleted.
pub fn get(db: &Connection, code: &str, now: Timestamp) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(
        "SELECT code, server_id, inviter_id, uses, max_uses, expires_at, invites.created_at
         FROM invites JOIN servers USING (server_id) WHERE code = ?1 AND NOT servers.deleted
         AND (expires_at IS NULL OR expires_at > ?2) AND (max_uses IS NULL OR uses < max_uses)",
    )?
    .query_row(params![code, now.0], stored)
    .optional()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        code: row.get(0)?,
        server_id: ServerId(row.get(1)?),
        inviter_id: UserId(row.get(2)?),
        uses: row.get(3)?,
        max_uses: row.get(4)?,
        expires_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        created_at: Timestamp(row.get(6)?),
    })
}

/// A server's invites that are neither expired nor used up, latest first.
pub fn of(db: &Connection, server: ServerId, now: Timestamp) -> rusqlite::Result<Vec<Stored>> {
    db.prepare_cached(
        "SELECT code, server_id, inviter_id, uses, max_uses, expires_at, created_at FROM invites
         WHERE server_id = ?1 AND (expires_at IS NULL OR expires_at > ?2) AND (max_uses IS NULL OR uses < max_uses)
         ORDER BY created_at DESC, code",
    )?
    .query_map(params![server.0, now.0], stored)?
    .collect()
}

/// Revokes an invite.
pub fn delete(db: &Connection, code: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM invites WHERE code = ?1", [code]).map(drop)
}

/// Counts one use.
pub fn count_use(db: &Connection, code: &str) -> rusqlite::Result<()> {
    db.execute("UPDATE invites SET uses = uses + 1 WHERE code = ?1", [code]).map(drop)
}

/// Removes a server's dead invites and counts those left.
pub fn live(db: &Connection, server: ServerId, now: Timestamp) -> rusqlite::Result<usize> {
    db.execute(
        "DELETE FROM invites WHERE server_id = ?1 AND (expires_at <= ?2 OR uses >= max_uses)",
        params![server.0, now.0],
    )?;
    let count: i64 = db.query_row("SELECT count(*) FROM invites WHERE server_id = ?1", [server.0], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}
