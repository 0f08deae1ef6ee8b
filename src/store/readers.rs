//! A few connections that only read, handed out one at a time.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::schema;
use crate::model::limits;

pub(super) struct Readers {
    free: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let open = |_| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            schema::configure(&db)?;
            db.execute_batch("PRAGMA query_only = on")?;
            Ok(db)
        };
        let free = (0..limits::READERS).map(open).collect::<rusqlite::Result<_>>()?;
        Ok(Self { free: Mutex::new(free), returned: Condvar::new() })
    }

    /// Waits for a free connection.
    pub(super) fn take(&self) -> Reader<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(db) = free.pop() {
                return Reader { readers: self, db: Some(db) };
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A borrowed connection; goes back when dropped.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    db: Option<Connection>,
}

impl Reader<'_> {
    #[expect(clippy::expect_used, reason = "the connection is there until drop takes it")]
    pub(super) fn db(&self) -> &Connection {
        self.db.as_ref().expect("taken only by drop")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            self.readers.returned.notify_one();
        }
    }
}
