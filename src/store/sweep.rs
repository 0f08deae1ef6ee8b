//! Removes in small steps what nobody can see any more: what was in deleted channels and servers, and old nonces.

use rusqlite::{Connection, OptionalExtension};

use super::instance;
use crate::model::{Result, Timestamp, limits};

/// Nonces live a day; that of yesterday may still be within it.
const NONCE_DAYS: i64 = 1;

/// Removes at most [`limits::SWEEP_ROWS`] rows; whether there may be more.
pub(super) fn step(db: &Connection, now: Timestamp) -> Result<bool> {
    let rows = limits::SWEEP_ROWS as i64;
    let removed = db
        .prepare_cached(
            "DELETE FROM nonces WHERE (day, author_id, channel_id, nonce) IN
             (SELECT day, author_id, channel_id, nonce FROM nonces WHERE day < ?1 LIMIT ?2)",
        )?
        .execute([instance::day(now) - NONCE_DAYS, rows])?;
    if removed > 0 {
        return Ok(true);
    }
    let server = db.prepare_cached("SELECT server_id FROM servers WHERE deleted LIMIT 1")?;
    let server: Option<i64> = one(server)?;
    if let Some(server) = server
        && mark_channels(db, server)?
    {
        return Ok(true);
    }
    let channel = db.prepare_cached("SELECT channel_id FROM channels WHERE deleted LIMIT 1")?;
    if let Some(channel) = one(channel)? {
        return sweep_channel(db, channel, rows).map(|()| true);
    }
    match server {
        Some(server) => sweep_server(db, server, rows).map(|()| true),
        None => Ok(false),
    }
}

fn one(mut statement: rusqlite::CachedStatement<'_>) -> rusqlite::Result<Option<i64>> {
    statement.query_row([], |row| row.get(0)).optional()
}

/// Channels of a deleted server are deleted channels.
fn mark_channels(db: &Connection, server: i64) -> Result<bool> {
    let marked =
        db.prepare_cached("UPDATE channels SET deleted = 1 WHERE server_id = ?1 AND NOT deleted")?.execute([server])?;
    Ok(marked > 0)
}

fn sweep_channel(db: &Connection, channel: i64, rows: i64) -> Result<()> {
    for sql in [
        "DELETE FROM messages WHERE channel_id = ?1 AND message_id IN
         (SELECT message_id FROM messages WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM read_states WHERE channel_id = ?1 AND user_id IN
         (SELECT user_id FROM read_states WHERE channel_id = ?1 LIMIT ?2)",
    ] {
        if db.prepare_cached(sql)?.execute([channel, rows])? > 0 {
            return Ok(());
        }
    }
    for sql in [
        "UPDATE channels SET parent_id = NULL WHERE parent_id = ?1",
        "DELETE FROM dm_members WHERE channel_id = ?1",
        "DELETE FROM channels WHERE channel_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([channel])?;
    }
    Ok(())
}

fn sweep_server(db: &Connection, server: i64, rows: i64) -> Result<()> {
    let members = "DELETE FROM members WHERE server_id = ?1 AND user_id IN
                   (SELECT user_id FROM members WHERE server_id = ?1 LIMIT ?2)";
    if db.prepare_cached(members)?.execute([server, rows])? > 0 {
        return Ok(());
    }
    for sql in [
        "DELETE FROM invites WHERE server_id = ?1",
        "DELETE FROM roles WHERE server_id = ?1",
        "DELETE FROM servers WHERE server_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([server])?;
    }
    Ok(())
}
