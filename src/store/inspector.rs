//! Looks at a database without changing it: the one that is served, at one moment, or a copy that nobody writes. Copies
//! the first, and says whether either is sound.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi, params};

use super::instance::{self, Census};
use super::schema::{self, OpenError, VERSION};
use crate::model::AttachmentId;

/// Pages that are copied before it is asked whether to go on: a quarter of a megabyte, which a commit waits for when it
/// comes just then.
const STEP_PAGES: i32 = 64;
/// Instructions of SQLite, or pages of a check, before it is asked whether to go on: less than a few milliseconds.
const WATCHED_INSTRUCTIONS: i32 = 500;
/// What is wrong is listed up to here: a damaged page can be wrong in a thousand ways.
const FINDINGS: usize = 20;

/// A database at one moment.
pub struct Inspector {
    db: Connection,
    version: i64,
}

/// A file that a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Which.
    pub id: AttachmentId,
    /// In bytes.
    pub size: u64,
    /// Whether it has a thumbnail.
    pub has_thumbnail: bool,
}

/// How many rows there are, by table.
pub type Rows = BTreeMap<String, u64>;

/// How the search index stands to the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchIndex {
    /// Messages in it.
    pub messages: u64,
    /// Messages that it should have and has not.
    pub missing: u64,
    /// What it has of messages that are not there.
    pub stray: u64,
}

impl Inspector {
    /// Opens the database that is, or may be, served, as it is now. While it is open the log cannot be cleared.
    ///
    /// # Errors
    /// If there is none, it is not ours, or a newer chatd wrote it.
    pub fn live(path: &Path) -> Result<Self, OpenError> {
        // For writing, as readers of the log have to, but it never does: not even when it closes as the last one.
        let db =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.execute_batch("PRAGMA query_only = on")?;
        let this = Self::identified(db, path)?;
        this.db.execute_batch("BEGIN")?;
        // Only reading takes the moment.
        this.db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(this)
    }

    /// Opens a copy that nobody writes.
    ///
    /// # Errors
    /// As [`Inspector::live`].
    pub fn sealed(path: &Path) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::identified(Connection::open_with_flags(immutable(path), flags)?, path)
    }

    fn identified(db: Connection, path: &Path) -> Result<Self, OpenError> {
        db.execute_batch("PRAGMA cache_size = -1024; PRAGMA trusted_schema = off")?;
        let version = schema::identify(&db, path)?.ok_or_else(|| OpenError::Foreign(path.to_owned()))?;
        Ok(Self { db, version })
    }

    /// Asks `go_on` every few milliseconds of work from now on, which may take its time.
    ///
    /// Everything then fails with `OperationInterrupted` when it says no.
    ///
    /// # Errors
    /// Database errors.
    pub fn watched(mut self, go_on: impl Fn() -> bool + Send + 'static) -> rusqlite::Result<Self> {
        self.db.progress_handler(WATCHED_INSTRUCTIONS, Some(move || !go_on()))?;
        Ok(self)
    }

    /// The version of its schema.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// See `instance.lived_s`, as of when it was last written.
    ///
    /// # Errors
    /// Database errors.
    pub fn lived_s(&self) -> rusqlite::Result<i64> {
        self.db.query_row("SELECT coalesce(max(lived_s), 0) FROM instance", [], |row| row.get(0))
    }

    /// When the instance was made, which tells it from others, in milliseconds.
    ///
    /// # Errors
    /// Database errors.
    pub fn created_at(&self) -> rusqlite::Result<i64> {
        self.db.query_row("SELECT coalesce(max(created_at), 0) FROM instance", [], |row| row.get(0))
    }

    /// What there is.
    ///
    /// # Errors
    /// Database errors; an older schema may lack something.
    pub fn census(&self) -> rusqlite::Result<Census> {
        instance::census(&self.db)
    }

    /// What its pages take, in bytes.
    ///
    /// # Errors
    /// Database errors.
    pub fn bytes(&self) -> rusqlite::Result<u64> {
        let pragma = |sql| self.db.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok(pragma("PRAGMA page_count")?.saturating_mul(pragma("PRAGMA page_size")?).cast_unsigned())
    }

    /// Counts the rows of every table.
    ///
    /// # Errors
    /// Database errors.
    pub fn rows(&self) -> rusqlite::Result<Rows> {
        let tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
                      AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let mut tables = self.db.prepare(tables)?;
        let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let count = |name: String| {
            // Without a condition it would be one instruction, which nobody could stop.
            let sql = format!("SELECT count(*) FROM \"{name}\" WHERE true");
            let rows: i64 = self.db.query_row(&sql, [], |row| row.get(0))?;
            Ok((name, rows.cast_unsigned()))
        };
        names.into_iter().map(count).collect()
    }

    /// Copies the database, as of the moment, into a new file. `go_on` is asked every megabyte, with how many pages are
    /// copied and how many there are in all: it may take its time, as nobody waits for it.
    ///
    /// # Errors
    /// Database errors; `OperationInterrupted` if `go_on` says no.
    pub fn copy_to(&self, path: &Path, go_on: impl Fn(u64, u64) -> bool) -> rusqlite::Result<()> {
        copy(&self.db, path, go_on)
    }

    /// What SQLite finds wrong in the file, the search index among it.
    ///
    /// # Errors
    /// Database errors.
    pub fn integrity(&self) -> rusqlite::Result<Vec<String>> {
        let found = self.findings(&format!("PRAGMA integrity_check({FINDINGS})"), |row| row.get::<_, String>(0));
        let mut found = found.or_else(damage)?;
        found.retain(|finding| finding != "ok");
        Ok(found)
    }

    /// Rows that refer to rows that are not there.
    ///
    /// # Errors
    /// Database errors.
    pub fn foreign_keys(&self) -> rusqlite::Result<Vec<String>> {
        let sql =
            format!("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 LIMIT {FINDINGS}");
        self.findings(&sql, |row| {
            let (table, parent, rows): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{rows} rows of {table} refer to {parent} that are not there"))
        })
    }

    fn findings(
        &self,
        sql: &str,
        finding: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<String>,
    ) -> rusqlite::Result<Vec<String>> {
        self.db.prepare(sql)?.query_map([], finding)?.collect()
    }

    /// Compares the search index with the messages; none if the schema is not this chatd's.
    ///
    /// # Errors
    /// Database errors.
    pub fn search_index(&self) -> rusqlite::Result<Option<SearchIndex>> {
        if self.version != VERSION {
            return Ok(None);
        }
        // Those above the mark, those that changed since and those from before the index are still to come into it.
        let missing = "SELECT count(*) FROM channels CROSS JOIN messages
             ON messages.channel_id = channels.channel_id AND message_id <= (SELECT mark FROM search_mark)
             WHERE NOT deleted
             AND NOT EXISTS (SELECT 1 FROM search_docsize WHERE id = message_id)
             AND NOT EXISTS (SELECT 1 FROM search_stale WHERE search_stale.message_id = messages.message_id)
             AND NOT EXISTS (SELECT 1 FROM search_backlog WHERE search_backlog.channel_id = messages.channel_id
                             AND messages.message_id < next)";
        let stray = "SELECT count(*) FROM search
             WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.channel_id = search.channel_id
                               AND message_id = search.rowid)
             AND NOT EXISTS (SELECT 1 FROM search_stale WHERE message_id = search.rowid)";
        let count = |sql| self.db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
        let messages = count("SELECT count(*) FROM search_docsize")?;
        Ok(Some(SearchIndex { messages, missing: count(missing)?, stray: count(stray)? }))
    }

    /// Up to `limit` files above `after`, in order.
    ///
    /// # Errors
    /// Database errors.
    pub fn files(&self, after: AttachmentId, limit: usize) -> rusqlite::Result<Vec<FileRow>> {
        if !self.has_files()? {
            return Ok(Vec::new());
        }
        self.db
            .prepare_cached(
                "SELECT file_id, size, thumbnail_type IS NOT NULL FROM files WHERE file_id > ?1
                 ORDER BY file_id LIMIT ?2",
            )?
            .query_map(params![after.0, limit as i64], |row| {
                let size = row.get::<_, i64>(1)?.cast_unsigned();
                Ok(FileRow { id: AttachmentId(row.get(0)?), size, has_thumbnail: row.get(2)? })
            })?
            .collect()
    }

    /// What its files take, thumbnails aside, in bytes.
    ///
    /// # Errors
    /// Database errors.
    pub fn file_bytes(&self) -> rusqlite::Result<u64> {
        if !self.has_files()? {
            return Ok(0);
        }
        let bytes: i64 = self.db.query_row("SELECT coalesce(sum(size), 0) FROM files", [], |row| row.get(0))?;
        Ok(bytes.cast_unsigned())
    }

    /// Whether a row names this file, or says that its bytes are about to go.
    ///
    /// # Errors
    /// Database errors.
    pub fn knows_file(&self, id: AttachmentId) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM files WHERE file_id = ?1)
                   OR EXISTS (SELECT 1 FROM gone_files WHERE file_id = ?1)";
        Ok(self.has_files()? && self.db.prepare_cached(sql)?.query_row([id.0], |row| row.get(0))?)
    }

    /// The first schemas had no files.
    fn has_files(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'gone_files')";
        self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))
    }
}

/// Copies a database into a new file: of one moment if a transaction is open, so that what others write does not make
/// it begin anew. The copy is not synced.
pub(super) fn copy(db: &Connection, path: &Path, go_on: impl Fn(u64, u64) -> bool) -> rusqlite::Result<()> {
    let mut copy = Connection::open(path)?;
    // It is nobody's before it is whole, so it needs no journal of its own.
    copy.execute_batch("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -1024")?;
    let backup = Backup::new(db, &mut copy)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let progress = backup.progress();
        let [all, left] = [progress.pagecount, progress.remaining].map(|pages| pages.max(0) as u64);
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More if go_on(all.saturating_sub(left), all) => {}
            StepResult::More => return Err(failure(ffi::SQLITE_INTERRUPT)),
            _ => return Err(failure(ffi::SQLITE_BUSY)),
        }
    }
}

/// The address of a file that nobody writes: SQLite then needs no locks and leaves no files beside it.
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}

/// A file so damaged that checking it fails is a finding.
fn damage(error: rusqlite::Error) -> rusqlite::Result<Vec<String>> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(vec![error.to_string()]),
        _ => Err(error),
    }
}

fn failure(code: std::ffi::c_int) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

#[cfg(test)]
mod tests;
