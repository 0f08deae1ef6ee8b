//! The oldest entries of audit logs, of which each server keeps only so many.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::limits;

/// How far the count of the servers' entries has come. It stands in memory alone: what a count that was cut off did not
/// find, the next one does.
#[derive(Debug)]
pub(in crate::store) struct Entries {
    /// The server whose entries are counted.
    server: i64,
    /// Its entries from here on have been counted, newest first.
    from: i64,
    /// So many they are.
    counted: usize,
    done: bool,
}

impl Entries {
    /// A count that begins.
    pub(in crate::store) fn uncounted() -> Self {
        Self { server: i64::MIN, from: i64::MAX, counted: 0, done: false }
    }

    /// Counts `rows` entries, or removes as many of those that are too many; whether there may be more to do.
    pub(super) fn step(&mut self, db: &Connection, rows: usize) -> rusqlite::Result<bool> {
        if self.done {
            return Ok(false);
        }
        let some = rows.min(limits::AUDIT_ENTRIES.saturating_sub(self.counted));
        if some == 0 && self.remove(db, rows)? > 0 {
            return Ok(true);
        }
        let last: Option<i64> = match some.checked_sub(1) {
            None => None,
            Some(others) => db
                .prepare_cached(
                    "SELECT entry_id FROM audit_log WHERE server_id = ?1 AND entry_id < ?2
                     ORDER BY entry_id DESC LIMIT 1 OFFSET ?3",
                )?
                .query_row(params![self.server, self.from, others as i64], |row| row.get(0))
                .optional()?,
        };
        match last {
            Some(last) => {
                self.from = last;
                self.counted += some;
            }
            None => self.next_server(db)?,
        }
        Ok(!self.done)
    }

    fn remove(&self, db: &Connection, rows: usize) -> rusqlite::Result<usize> {
        db.prepare_cached(
            "DELETE FROM audit_log WHERE server_id = ?1 AND entry_id IN
             (SELECT entry_id FROM audit_log WHERE server_id = ?1 AND entry_id < ?2 LIMIT ?3)",
        )?
        .execute(params![self.server, self.from, rows as i64])
    }

    fn next_server(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let next: Option<i64> = db
            .prepare_cached("SELECT min(server_id) FROM servers WHERE server_id > ?1")?
            .query_row([self.server], |row| row.get(0))?;
        *self = match next {
            Some(server) => Self { server, ..Self::uncounted() },
            None => Self { done: true, ..Self::uncounted() },
        };
        Ok(())
    }
}
