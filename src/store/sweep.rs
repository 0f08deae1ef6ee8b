//! Removes in small steps what nobody can see any more: what was in deleted channels and servers, and old nonces.

use rusqlite::{Connection, OptionalExtension};

use super::instance;
use crate::model::{Timestamp, limits};

/// Nonces live a day; that of yesterday may still be within it.
const NONCE_DAYS: i64 = 1;

/// Removes at most [`limits::SWEEP_ROWS`] rows; whether there may be more.
pub(super) fn step(db: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
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
fn mark_channels(db: &Connection, server: i64) -> rusqlite::Result<bool> {
    let marked =
        db.prepare_cached("UPDATE channels SET deleted = 1 WHERE server_id = ?1 AND NOT deleted")?.execute([server])?;
    Ok(marked > 0)
}

fn sweep_channel(db: &Connection, channel: i64, rows: i64) -> rusqlite::Result<()> {
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

fn sweep_server(db: &Connection, server: i64, rows: i64) -> rusqlite::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::{Connection, params};

    use super::super::{instance, schema};
    use super::step;
    use crate::model::{Timestamp, limits};

    const NOW: Timestamp = Timestamp(1_900_000_000_000);
    const MANY: i64 = limits::SWEEP_ROWS as i64 * 5 / 2;

    /// Two servers alike, of which 1 is deleted, each with a category, a channel, messages and members; and a deleted
    /// group.
    fn fill(path: &Path) {
        let mut db = schema::open(path).unwrap();
        let tx = db.transaction().unwrap();
        for user in 1..=MANY {
            tx.execute(
                "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?1, ?2, '', 0)",
                params![user, user.to_string()],
            )
            .unwrap();
        }
        for server in [1, 2] {
            tx.execute("INSERT INTO servers VALUES (?1, '', '', 1, 0, 0, ?2)", [server, i64::from(server == 1)])
                .unwrap();
            tx.execute("INSERT INTO roles VALUES (?1, ?1, 'everyone', 0, 0, 0)", [server]).unwrap();
            tx.execute("INSERT INTO invites VALUES (?1, ?2, 1, 0, NULL, NULL, 0)", params![server.to_string(), server])
                .unwrap();
            for (id, kind, parent) in [(10, "category", None), (11, "text", Some(10 + server * 100))] {
                tx.execute(
                    "INSERT INTO channels VALUES (?1, ?2, ?3, ?4, '', '', 0, NULL, 0, 0)",
                    params![id + server * 100, server, kind, parent],
                )
                .unwrap();
            }
            for row in 1..=MANY {
                tx.execute("INSERT INTO messages VALUES (?1, ?2, 1, '', 0, NULL)", [server * 100 + 11, row]).unwrap();
                tx.execute("INSERT INTO members VALUES (?1, ?2, NULL, 0)", [server, row]).unwrap();
                tx.execute("INSERT INTO read_states VALUES (?2, ?1, 1)", [server * 100 + 11, row]).unwrap();
            }
        }
        tx.execute("INSERT INTO channels VALUES (900, NULL, 'group_dm', NULL, '', '', 0, NULL, 0, 1)", []).unwrap();
        tx.execute("INSERT INTO dm_members VALUES (900, 1, 0)", []).unwrap();
        for row in 1..=MANY {
            let day = instance::day(NOW);
            let sql = "INSERT INTO nonces VALUES (?1, 1, 1, ?2, 1)";
            tx.execute(sql, params![day - 2, row.to_string()]).unwrap();
        }
        let day = instance::day(NOW);
        tx.execute("INSERT INTO nonces VALUES (?1, 1, 1, '', 1), (?2, 1, 1, '', 1)", [day - 1, day]).unwrap();
        tx.commit().unwrap();
    }

    fn counts(db: &Connection) -> Vec<i64> {
        ["servers", "channels", "messages", "members", "read_states", "roles", "invites", "dm_members", "nonces"]
            .map(|table| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap())
            .into()
    }

    #[test]
    fn small_steps_remove_all_that_nobody_sees_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        fill(&path);
        let mut db = schema::open(&path).unwrap();
        let mut steps = 0;
        loop {
            let before = db.total_changes();
            if !step(&db, NOW).unwrap() {
                break;
            }
            let changed = db.total_changes() - before;
            // A channel's or server's own few rows go with its last step.
            assert!(changed <= limits::SWEEP_ROWS as u64 + 10, "{changed} rows in one step");
            steps += 1;
            if steps % 5 == 0 {
                // As after a restart: nothing is kept in memory.
                db = schema::open(&path).unwrap();
            }
        }
        assert!(steps >= 12, "{steps}");
        assert_eq!(counts(&db), [1, 2, MANY, MANY, MANY, 1, 1, 0, 2]);
        let violations: i64 =
            db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(violations, 0);
    }
}
