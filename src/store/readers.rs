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
    pub(super) fn open(path: &Path, base: &str) -> rusqlite::Result<Self> {
        let open = |_| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(path, flags)?;
            schema::configure(&db, base)?;
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use rusqlite::Connection;

    use super::super::Store;
    use crate::model::{Code, Error, Event, Outlet, Result, limits};

    struct Nowhere;

    impl Outlet for Nowhere {
        fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
            commit();
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("chat.db"), "", Arc::new(Nowhere)).unwrap();
        (folder, store)
    }

    fn add(store: &Store, user: i64) {
        let sql = "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?1, ?1, '', 0)";
        store.write(move |tx| Ok(tx.db.execute(sql, [user]).map(drop)?)).unwrap();
    }

    fn count(db: &Connection) -> Result<i64> {
        Ok(db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
    }

    #[test]
    fn a_reader_cannot_write() {
        let (_folder, store) = store();
        assert!(store.read(|db| Ok(db.execute("DELETE FROM users", [])?)).is_err());
        assert!(store.read(|db| Ok(db.execute_batch("CREATE TABLE t (x)")?)).is_err());
    }

    #[test]
    fn a_reader_sees_one_moment() {
        let (_folder, store) = store();
        add(&store, 1);
        let seen = store.read(|db| {
            let before = count(db)?;
            add(&store, 2);
            Ok((before, count(db)?))
        });
        assert_eq!(seen.unwrap(), (1, 1));
        assert_eq!(store.read(count).unwrap(), 2);
    }

    #[test]
    fn whoever_finds_none_waits_for_the_first_that_comes_back() {
        let (_folder, store) = store();
        std::thread::scope(|scope| {
            let (inside, all_inside) = channel();
            let held: Vec<_> = (0..limits::READERS)
                .map(|_| {
                    let (go, may_go) = channel::<()>();
                    let (inside, store) = (inside.clone(), &store);
                    scope.spawn(move || {
                        store.read(|_| {
                            inside.send(()).unwrap();
                            may_go.recv().unwrap();
                            Ok(())
                        })
                    });
                    go
                })
                .collect();
            (0..limits::READERS).for_each(|_| all_inside.recv().unwrap());
            let one_more = scope.spawn(|| store.read(count));
            held[0].send(()).unwrap();
            assert_eq!(one_more.join().unwrap().unwrap(), 0);
            held[1..].iter().for_each(|go| go.send(()).unwrap());
        });
    }

    #[test]
    fn an_error_or_a_panic_gives_the_reader_back_clean() {
        let (_folder, store) = store();
        for n in 0..limits::READERS as i64 * 2 {
            let read = AssertUnwindSafe(|| {
                store.read(|db| -> Result<()> {
                    count(db)?;
                    panic!("as the test asked")
                })
            });
            assert!(catch_unwind(read).is_err());
            assert_eq!(store.read(|_| Err::<(), _>(Error::not_found())).unwrap_err().code, Code::NotFound);
            // It does not stand in the snapshot of then.
            add(&store, n);
            assert_eq!(store.read(count).unwrap(), n + 1);
        }
    }

    #[test]
    fn a_snapshot_begins_under_the_lock_and_goes_on_without_it() {
        let (_folder, store) = store();
        add(&store, 1);
        let lock = std::sync::Mutex::new(());
        let found = store.snapshot(
            || lock.lock().unwrap(),
            |_, db| {
                assert!(lock.try_lock().is_err());
                count(db)
            },
            |db, under_lock| {
                assert!(lock.try_lock().is_ok(), "everybody would wait for this one's screen");
                add(&store, 2);
                Ok((under_lock, count(db)?))
            },
        );
        assert_eq!(found.unwrap(), (1, 1));
        let refused = store.snapshot(|| lock.lock().unwrap(), |_, _| Err::<(), _>(Error::not_found()), |_, ()| Ok(()));
        assert_eq!(refused.unwrap_err().code, Code::NotFound);
        assert!(lock.try_lock().is_ok());
    }
}
