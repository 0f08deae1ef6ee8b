//! The one row about this instance.

use rusqlite::{Connection, OptionalExtension, params};

use super::clock::DAY_MS;
use crate::model::{Ids, Timestamp};

/// What the last process left behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) id_reserve: i64,
    pub(super) lived_s: i64,
}

/// Reads the row, or writes it at the very first start. Time since the last process counts as lived, unless the
/// clock was turned back or by more than a day forward: then nobody knows, and it counts 0.
pub(super) fn opened(db: &Connection, now: Timestamp) -> rusqlite::Result<Opened> {
    db.execute(
        "INSERT OR IGNORE INTO instance (one, created_at, id_reserve, seen_at, lived_s) VALUES (1, ?1, 0, ?1, 0)",
        params![now.0],
    )?;
    db.query_row("SELECT id_reserve, seen_at, lived_s FROM instance", [], |row| {
        let (id_reserve, seen_at, lived_s): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let away_ms = now.0.saturating_sub(seen_at);
        if !(0..=DAY_MS).contains(&away_ms) {
            let days = away_ms / DAY_MS;
            log::warn!("the clock has moved by {days} days since the last run; sessions do not age by it");
        }
        let away_ms = if (0..=DAY_MS).contains(&away_ms) { away_ms } else { 0 };
        Ok(Opened { id_reserve, lived_s: lived_s.saturating_add(away_ms / 1000) })
    })
}

/// Writes the ID reserve, and with it what the clocks say.
pub(super) fn reserve(db: &Connection, id_reserve: i64, now: Timestamp, lived_s: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE instance SET id_reserve = ?1, seen_at = ?2, lived_s = ?3")?
        .execute(params![id_reserve, now.0, lived_s])
        .map(drop)
}

/// The day of a point in time, for what is swept by days.
pub(super) fn day(now: Timestamp) -> i64 {
    now.0.div_euclid(DAY_MS)
}

/// What there is, and what the instance remembers of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// When the instance was made, in milliseconds.
    pub created_at: i64,
    /// The latest time that its identifiers know of, up to a minute ahead.
    pub seen: Timestamp,
    /// Accounts.
    pub users: u64,
    /// Servers.
    pub servers: u64,
    /// What people's files take on disk, in bytes.
    pub files_bytes: u64,
}

/// What people's files take on disk, in bytes.
pub fn files_bytes(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("SELECT coalesce(sum(room), 0) FROM file_rooms", [], |row| row.get(0)).map(i64::cast_unsigned)
}

/// Counts what there is.
pub fn census(db: &Connection) -> rusqlite::Result<Census> {
    db.query_row(
        "SELECT created_at, id_reserve, (SELECT count(*) FROM users), (SELECT count(*) FROM servers WHERE NOT deleted),
           (SELECT coalesce(sum(room), 0) FROM file_rooms) FROM instance",
        [],
        |row| {
            let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
            let seen = Timestamp(Ids::milliseconds(row.get(1)?));
            Ok(Census { created_at: row.get(0)?, seen, users: count(2)?, servers: count(3)?, files_bytes: count(4)? })
        },
    )
}

/// The set-up code that lets the first account in.
pub fn setup_code(db: &Connection) -> rusqlite::Result<Option<String>> {
    Ok(db.query_row("SELECT setup_code FROM instance", [], |row| row.get(0)).optional()?.flatten())
}

/// Sets or voids the set-up code.
pub fn set_setup_code(db: &Connection, code: Option<&str>) -> rusqlite::Result<()> {
    db.execute("UPDATE instance SET setup_code = ?1", [code]).map(drop)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{DAY_MS, Opened, Timestamp, opened, reserve};

    #[test]
    fn clock_jumps_of_more_than_a_day_count_as_no_time() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("../../schema.sql")).unwrap();
        let start = 1_800_000_000_000;
        assert_eq!(opened(&db, Timestamp(start)).unwrap(), Opened { id_reserve: 0, lived_s: 0 });
        reserve(&db, 7, Timestamp(start), 100).unwrap();
        for (now, lived_s) in [(start + 60_000, 160), (start + 2 * DAY_MS, 100), (start - 6 * 365 * DAY_MS, 100)] {
            assert_eq!(opened(&db, Timestamp(now)).unwrap(), Opened { id_reserve: 7, lived_s });
        }
    }
}
