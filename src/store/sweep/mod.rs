//! Does in small steps what would hold everybody up as one job: removes what was in deleted channels and servers, old
//! nonces, the oldest entries of audit logs and the messages that go with a ban, and marks read what members came to see.

mod entries;
mod purges;

pub(super) use entries::Entries;

use rusqlite::{Connection, OptionalExtension};

use super::read_states::Position;
use super::{instance, reveals, search};
use crate::model::{Event, MessageId, Timestamp, limits};

/// Nonces live a day; that of yesterday may still be within it.
const NONCE_DAYS: i64 = 1;

/// What a step did, and what follows from it once it is on disk.
#[derive(Default)]
pub(super) struct Step {
    /// Nothing was left to do.
    pub(super) done: bool,
    pub(super) events: Vec<Event>,
    pub(super) read: Vec<Position>,
}

/// Does a step that concerns at most [`limits::SWEEP_ROWS`] rows.
pub(super) fn step(db: &Connection, now: Timestamp, entries: &mut Entries) -> rusqlite::Result<Step> {
    let rows = limits::SWEEP_ROWS as i64;
    // What people wait to see gone, or read, comes first.
    if let Some(step) = purges::step(db, rows)? {
        return Ok(step);
    }
    if let Some(read) = reveals::step(db, rows)? {
        return Ok(Step { read, ..Step::default() });
    }
    let goes_on = remove(db, now, rows)? || entries.step(db, limits::SWEEP_ROWS)?;
    Ok(Step { done: !goes_on, ..Step::default() })
}

/// Removes at most `rows` rows that nobody can see any more; whether there were any.
fn remove(db: &Connection, now: Timestamp, rows: i64) -> rusqlite::Result<bool> {
    let removed = db
        .prepare_cached(
            "DELETE FROM nonces WHERE (day, author_id, channel_id, nonce) IN
             (SELECT day, author_id, channel_id, nonce FROM nonces WHERE day < ?1 LIMIT ?2)",
        )?
        .execute([instance::day(now) - NONCE_DAYS, rows])?;
    if removed > 0 {
        return Ok(true);
    }
    let role = db.prepare_cached("SELECT role_id FROM gone_roles LIMIT 1")?;
    if let Some(role) = one(role)? {
        return sweep_role(db, role, rows).map(|()| true);
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
fn mark_channels(db: &Connection, server: i64) -> rusqlite::Result<bool> {
    let marked =
        db.prepare_cached("UPDATE channels SET deleted = 1 WHERE server_id = ?1 AND NOT deleted")?.execute([server])?;
    Ok(marked > 0)
}

fn sweep_role(db: &Connection, role: i64, rows: i64) -> rusqlite::Result<()> {
    let held = "DELETE FROM member_roles WHERE (user_id, server_id, role_id) IN
                (SELECT user_id, server_id, role_id FROM member_roles WHERE role_id = ?1 LIMIT ?2)";
    if db.prepare_cached(held)?.execute([role, rows])? == 0 {
        db.prepare_cached("DELETE FROM gone_roles WHERE role_id = ?1")?.execute([role])?;
    }
    Ok(())
}

fn sweep_channel(db: &Connection, channel: i64, rows: i64) -> rusqlite::Result<()> {
    let messages = db
        .prepare_cached(
            "DELETE FROM messages WHERE channel_id = ?1 AND message_id IN
             (SELECT message_id FROM messages WHERE channel_id = ?1 LIMIT ?2) RETURNING message_id",
        )?
        .query_map([channel, rows], |row| Ok(MessageId(row.get(0)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    if !messages.is_empty() {
        return messages.into_iter().try_for_each(|message| search::forget(db, message));
    }
    for sql in [
        "DELETE FROM files WHERE file_id IN
         (SELECT file_id FROM files WHERE channel_id = ?1 AND message_id IS NOT NULL LIMIT (?2 + 2) / 3)",
        "DELETE FROM mentions WHERE (user_id, channel_id, message_id) IN
         (SELECT user_id, channel_id, message_id FROM mentions WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM role_mentions WHERE channel_id = ?1 AND (message_id, role_id) IN
         (SELECT message_id, role_id FROM role_mentions WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM reactions WHERE channel_id = ?1 AND (message_id, kind_id, user_id) IN
         (SELECT message_id, kind_id, user_id FROM reactions WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM reaction_kinds WHERE channel_id = ?1 AND (message_id, kind_id) IN
         (SELECT message_id, kind_id FROM reaction_kinds WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM pins WHERE channel_id = ?1 AND pin_id IN
         (SELECT pin_id FROM pins WHERE channel_id = ?1 LIMIT ?2)",
        "DELETE FROM read_states WHERE channel_id = ?1 AND user_id IN
         (SELECT user_id FROM read_states WHERE channel_id = ?1 LIMIT ?2)",
    ] {
        if db.prepare_cached(sql)?.execute([channel, rows])? > 0 {
            return Ok(());
        }
    }
    for sql in [
        "DELETE FROM search_backlog WHERE channel_id = ?1",
        "UPDATE channels SET parent_id = NULL WHERE parent_id = ?1",
        "DELETE FROM overrides WHERE channel_id = ?1",
        "DELETE FROM dm_members WHERE channel_id = ?1",
        "DELETE FROM channels WHERE channel_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([channel])?;
    }
    Ok(())
}

fn sweep_server(db: &Connection, server: i64, rows: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM members WHERE server_id = ?1 AND user_id IN
         (SELECT user_id FROM members WHERE server_id = ?1 LIMIT ?2)",
        "DELETE FROM member_roles WHERE (user_id, server_id, role_id) IN
         (SELECT user_id, server_id, role_id FROM member_roles WHERE server_id = ?1 LIMIT ?2)",
        "DELETE FROM bans WHERE server_id = ?1 AND user_id IN
         (SELECT user_id FROM bans WHERE server_id = ?1 LIMIT ?2)",
        "DELETE FROM audit_log WHERE server_id = ?1 AND entry_id IN
         (SELECT entry_id FROM audit_log WHERE server_id = ?1 LIMIT ?2)",
    ] {
        if db.prepare_cached(sql)?.execute([server, rows])? > 0 {
            return Ok(());
        }
    }
    for sql in [
        // The number that a place begins with is the file's.
        "DELETE FROM files WHERE file_id = (SELECT CAST(icon AS INTEGER) FROM servers WHERE server_id = ?1)",
        "DELETE FROM purges WHERE server_id = ?1",
        "DELETE FROM reveals WHERE server_id = ?1",
        "DELETE FROM invites WHERE server_id = ?1",
        "DELETE FROM roles WHERE server_id = ?1",
        "DELETE FROM servers WHERE server_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([server])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
