//! Sign-in sessions.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::object::Session;
use crate::model::{SessionId, Timestamp, UserId, limits};

/// What a refresh token is checked against.
#[derive(Debug)]
pub struct Stored {
    /// Whose.
    pub user_id: UserId,
    /// How often it was rotated.
    pub generation: u32,
    /// Of the live token.
    pub token_hash: Vec<u8>,
    /// When it was last rotated.
    pub rotated_at: Timestamp,
    /// `instance.lived_s` at its last use.
    pub used_lived_s: i64,
}

/// Whose client it is.
#[derive(Clone, Debug)]
pub struct Client {
    /// What it calls itself, cut to a sensible length.
    pub user_agent: String,
    /// Where from.
    pub ip: String,
}

/// The user of a live session of an enabled account, and whether they administrate the instance.
pub fn live(db: &Connection, session: SessionId, user: UserId) -> rusqlite::Result<Option<bool>> {
    db.prepare_cached(
        "SELECT users.is_admin FROM sessions JOIN users USING (user_id)
         WHERE session_id = ?1 AND user_id = ?2 AND NOT users.disabled",
    )?
    .query_row([session.0, user.0], |row| row.get(0))
    .optional()
}

/// Adds a session and ends the longest unused ones over the limit; returns those.
#[expect(clippy::too_many_arguments, reason = "a row has this many columns")]
pub fn add(
    db: &Connection,
    session: SessionId,
    user: UserId,
    generation: u32,
    token_hash: &[u8],
    client: &Client,
    now: Timestamp,
    lived_s: i64,
) -> rusqlite::Result<Vec<SessionId>> {
    db.prepare_cached("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?5, ?5)")?.execute(params![
        session.0,
        user.0,
        generation,
        token_hash,
        now.0,
        lived_s,
        client.user_agent,
        client.ip
    ])?;
    db.prepare_cached(
        "DELETE FROM sessions WHERE session_id IN
         (SELECT session_id FROM sessions WHERE user_id = ?1 ORDER BY used_lived_s DESC, session_id DESC LIMIT -1 OFFSET ?2)
         RETURNING session_id",
    )?
    .query_map(params![user.0, limits::SESSIONS_PER_USER as i64], |row| Ok(SessionId(row.get(0)?)))?
    .collect()
}

/// What a refresh token of this session is checked against.
pub fn stored(db: &Connection, session: SessionId) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(
        "SELECT user_id, generation, token_hash, rotated_at, used_lived_s FROM sessions JOIN users USING (user_id)
         WHERE session_id = ?1 AND NOT users.disabled",
    )?
    .query_row([session.0], |row| {
        Ok(Stored {
            user_id: UserId(row.get(0)?),
            generation: row.get(1)?,
            token_hash: row.get(2)?,
            rotated_at: Timestamp(row.get(3)?),
            used_lived_s: row.get(4)?,
        })
    })
    .optional()
}

/// Puts the next refresh token in the place of the last.
pub fn rotate(
    db: &Connection,
    session: SessionId,
    generation: u32,
    token_hash: &[u8],
    client: &Client,
    now: Timestamp,
    lived_s: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE sessions SET generation = ?2, token_hash = ?3, rotated_at = ?4, used_lived_s = ?5, last_used_at = ?4,
         user_agent = ?6, ip = ?7 WHERE session_id = ?1",
    )?
    .execute(params![session.0, generation, token_hash, now.0, lived_s, client.user_agent, client.ip])
    .map(drop)
}

/// The sessions of a user, last used first; `current` is marked.
pub fn list(db: &Connection, user: UserId, current: SessionId) -> rusqlite::Result<Vec<Session>> {
    db.prepare_cached(
        "SELECT session_id, user_agent, ip, created_at, last_used_at FROM sessions WHERE user_id = ?1
         ORDER BY used_lived_s DESC, session_id DESC",
    )?
    .query_map([user.0], |row| {
        let session_id = SessionId(row.get(0)?);
        Ok(Session {
            session_id,
            user_agent: row.get(1)?,
            ip: row.get(2)?,
            created_at: Timestamp(row.get(3)?),
            last_used_at: Timestamp(row.get(4)?),
            current: session_id == current,
        })
    })?
    .collect()
}

/// Ends one session of a user; whether it was there.
pub fn end(db: &Connection, session: SessionId, user: UserId) -> rusqlite::Result<bool> {
    let ended = db.prepare_cached("DELETE FROM sessions WHERE session_id = ?1 AND user_id = ?2")?;
    { ended }.execute([session.0, user.0]).map(|rows| rows > 0)
}

/// Ends all sessions of a user but one.
pub fn end_others(db: &Connection, user: UserId, keep: SessionId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM sessions WHERE user_id = ?1 AND session_id <> ?2", [user.0, keep.0]).map(drop)
}

/// Ends all sessions of a user.
pub fn end_all(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM sessions WHERE user_id = ?1", [user.0]).map(drop)
}
