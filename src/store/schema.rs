//! Opening the file, its settings, and its migrations.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::inspector;

/// The schema as it is.
const SCHEMA: &str = include_str!("../../schema.sql");

/// How an older file becomes a newer one: entry N leads from version N+1 to N+2. Append only, from the first release.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// The schema's version, kept in `PRAGMA user_version`.
pub const VERSION: i64 = MIGRATIONS.len() as i64 + 1;

/// "chat" in ASCII, kept in `PRAGMA application_id`: tells our file from any other SQLite database.
const APPLICATION_ID: i64 = 0x6368_6174;

/// Why a database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// A newer chatd wrote the file.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
    },
    /// It is a database, but not chatd's.
    Foreign(PathBuf),
    /// SQLite says no.
    Database(rusqlite::Error),
    /// The copy before a migration failed.
    Copy(PathBuf, rusqlite::Error),
    /// It could not be put on disk.
    File(PathBuf, std::io::Error),
    /// The committer could not be started.
    Thread(std::io::Error),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newer { path, found } => write!(
                f,
                "{} has schema version {found}, this chatd ({}) knows up to {VERSION}: install the newer chatd again, \
                 or restore a backup made before the update",
                path.display(),
                env!("CARGO_PKG_VERSION")
            ),
            Self::Foreign(path) => {
                write!(f, "{} is a database, but not one of chatd's: use another --data folder", path.display())
            }
            Self::Database(error) if self.is_damage() => {
                write!(
                    f,
                    "the database is damaged: {error}; 'chatd check' says more, 'chatd restore' brings a backup back"
                )
            }
            Self::Database(error) => write!(f, "the database cannot be opened: {error}"),
            Self::Copy(path, error) => write!(f, "the copy before the migration, {}, failed: {error}", path.display()),
            Self::File(path, error) => write!(f, "the copy before the migration, {}, failed: {error}", path.display()),
            Self::Thread(error) => write!(f, "a thread cannot be started: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    /// Whether the disk failed or is full, rather than that something is wrong with what is on it.
    pub fn is_io(&self) -> bool {
        let (Self::Database(error) | Self::Copy(_, error)) = self else {
            return matches!(self, Self::Thread(_) | Self::File(..));
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::OutOfMemory)
        )
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        let (Self::Database(error) | Self::Copy(_, error)) = self else { return false };
        error.sqlite_error_code() == Some(ErrorCode::DiskFull)
    }

    /// Whether the file is damaged.
    pub fn is_damage(&self) -> bool {
        let (Self::Database(error) | Self::Copy(_, error)) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Settings that every connection has; `base` is the path of the public URL.
pub(super) fn configure(db: &Connection, base: &str) -> rusqlite::Result<()> {
    super::files::know_addresses(db, base)?;
    db.busy_timeout(std::time::Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    // One plan a statement, whatever is bound to it: else SQLite prepares some of ours anew at each execution, which
    // took a third of the committer's CPU time.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // FULL: the log is synced before COMMIT returns. With NORMAL, replayed power cuts lost acknowledged writes.
    // Checkpoints are the committer's, behind the answers. A megabyte of page cache is enough for a home. While a backup
    // is made the log cannot be cleared: afterwards it goes back to 16 MB.
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = on; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA cache_size = -1024; PRAGMA temp_store = memory; PRAGMA trusted_schema = off;",
    )
}

/// The version of a database's schema; none if it is empty.
///
/// # Errors
/// If it is not chatd's, or a newer one's.
pub(super) fn identify(db: &Connection, path: &Path) -> Result<Option<i64>, OpenError> {
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let empty: bool = db.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
    if version > VERSION && application == APPLICATION_ID {
        return Err(OpenError::Newer { path: path.to_owned(), found: version });
    }
    if !empty && application != APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    Ok((!empty).then_some(version))
}

/// Opens the file for writing, creating or migrating it as need be.
pub(super) fn open(path: &Path, base: &str) -> Result<Connection, OpenError> {
    let mut db = Connection::open(path)?;
    // Closing would write what stands in the log into the file: a file that is refused must stay as it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let version = identify(&db, path)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    // Reading the answer matters: a file system without shared memory would stay in another mode.
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        log::warn!("the database is in {mode} mode instead of WAL: is it on a network file system?");
    }
    configure(&db, base)?;
    match version {
        None => create(&mut db)?,
        Some(version) if version < VERSION => migrate(&mut db, path, version)?,
        Some(_) => {}
    }
    Ok(db)
}

fn create(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Copies the file, then runs each missing migration in a transaction of its own: killed anywhere, the next start
/// goes on where this one was.
fn migrate(db: &mut Connection, path: &Path, from: i64) -> Result<(), OpenError> {
    let copy = path.with_extension(format!("v{from}.db"));
    copy_aside(db, &copy)?;
    log::info!("migrating the database from version {from} to {VERSION}; a copy is at {}", copy.display());
    for (migration, version) in MIGRATIONS.iter().zip(2..).filter(|(_, version)| *version > from) {
        let transaction = db.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Copies the database into a file that has its name only when it is whole and on disk.
fn copy_aside(db: &Connection, copy: &Path) -> Result<(), OpenError> {
    let part = copy.with_extension("part");
    let failed = |error| OpenError::File(copy.to_owned(), error);
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    inspector::copy(db, &part, |_, _| true).map_err(|error| OpenError::Copy(copy.to_owned(), error))?;
    File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, copy).map_err(failed)?;
    let folder = copy.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{APPLICATION_ID, DbConfig, MIGRATIONS, OpenError, SCHEMA, VERSION, open};

    /// The first released schema, which every migration starts from.
    const FIRST: &str = include_str!("migrations/0001.sql");

    /// Names and statements, but for comments and white space: ALTER TABLE adds columns in its own hand.
    fn objects(db: &Connection) -> Vec<(String, String)> {
        let mut statement =
            db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        let plain = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap());
            let words = lines.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            words.replace(" ,", ",").replace(" )", ")")
        };
        let rows = statement.query_map([], |row| Ok((row.get(0)?, plain(row.get(1)?)))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn migrating_the_first_version_gives_the_schema() {
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(SCHEMA).unwrap();
        let old = Connection::open_in_memory().unwrap();
        old.execute_batch(FIRST).unwrap();
        for migration in MIGRATIONS {
            old.execute_batch(migration).unwrap();
        }
        assert_eq!(objects(&old), objects(&fresh));
    }

    #[test]
    fn a_newer_or_foreign_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let newer = folder.path().join("newer.db");
        let db = Connection::open(&newer).unwrap();
        // As a process that was killed leaves it: the latest still stands in the log.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        db.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}; PRAGMA journal_mode = WAL;
             CREATE TABLE t (x)",
            VERSION + 1
        ))
        .unwrap();
        drop(db);
        let files = || ["newer.db", "newer.db-wal"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
        let before = files();
        assert!(matches!(open(&newer, ""), Err(OpenError::Newer { found, .. }) if found == VERSION + 1));
        assert!(files() == before, "the refused file was changed");

        let foreign = folder.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(open(&foreign, ""), Err(OpenError::Foreign(_))));
    }
}
