//! The store as the rest of the program uses it: opened, written to by many, closed, opened again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{Store, Tx, instance, read_states, schema};
use crate::model::{Audience, ChannelId, Code, Effect, Event, MessageId, Outlet, Result, ServerId, Timestamp, UserId};

pub(super) const ALICE: UserId = UserId(1);
pub(super) const CHANNEL: ChannelId = ChannelId(10);

pub(super) fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("chat.db")
}

/// A database with a table to note numbers in, a user and a channel.
pub(super) fn prepare(path: &Path) -> Connection {
    let db = schema::open(path, "").unwrap();
    instance::opened(&db, Timestamp::now()).unwrap();
    db.execute_batch(
        "CREATE TABLE noted (number INTEGER PRIMARY KEY);
         INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'alice', '', 0);
         INSERT INTO channels (channel_id, type, name, topic, position, created_at) VALUES (10, 'dm', '', '', 0, 0);",
    )
    .unwrap();
    db
}

/// A job that notes a number and publishes it.
pub(super) fn note(number: i64) -> impl FnOnce(&mut Tx<'_>) -> Result<i64> + Send + 'static {
    move |tx| {
        tx.db.execute("INSERT INTO noted VALUES (?1)", [number])?;
        tx.publish(Event {
            audience: Audience::Server(ServerId(number)),
            effect: Effect::None,
            payload: None,
            instead: None,
        });
        Ok(number)
    }
}

/// Counts commits.
#[derive(Default)]
pub(super) struct Counter(AtomicUsize);

impl Outlet for Counter {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        commit();
    }
}

#[test]
fn jobs_that_gather_while_one_runs_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    drop(prepare(&database(&folder)));
    let counter = Arc::new(Counter::default());
    let store = Store::open(&database(&folder), "", Arc::clone(&counter) as _).unwrap();
    let (started, has_started) = channel();
    let (go, may_go) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            store.write(move |_| {
                started.send(()).unwrap();
                may_go.recv().unwrap();
                Ok(())
            })
        });
        has_started.recv().unwrap();
        let writers: Vec<_> = (0..50)
            .map(|n| {
                scope.spawn({
                    let store = &store;
                    move || store.write(note(n))
                })
            })
            .collect();
        while store.queue.waiting() < 50 {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
    });
    assert_eq!(counter.0.load(Ordering::SeqCst), 2, "one commit for the first, one for the fifty");
    let rows: i64 = store.read(|db| Ok(db.query_row("SELECT count(*) FROM noted", [], |row| row.get(0))?)).unwrap();
    assert_eq!(rows, 50);
    store.close();
}

/// An outlet that fails in the worst of ways.
struct Broken;

impl Outlet for Broken {
    fn publish(&self, _: &mut dyn FnMut() -> Option<Vec<Event>>) {
        panic!("as the test asked");
    }
}

#[test]
fn nobody_waits_for_a_committer_that_has_died() {
    let folder = tempfile::tempdir().unwrap();
    drop(prepare(&database(&folder)));
    let store = Store::open(&database(&folder), "", Arc::new(Broken)).unwrap();
    for number in 0..3 {
        assert_eq!(store.write(note(number)).unwrap_err().code, Code::Unavailable);
    }
    assert!(!store.is_writable());
    store.close();
}

#[test]
fn after_close_writes_are_503_and_what_waited_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    drop(prepare(&database(&folder)));
    let store = Store::open(&database(&folder), "", Arc::new(Counter::default())).unwrap();
    let (started, has_started) = channel();
    let (go, may_go) = channel::<()>();
    let blocking = store.queue.put(move |tx| {
        started.send(()).unwrap();
        may_go.recv().unwrap();
        tx.mark_read(ALICE, CHANNEL, MessageId(9));
        Ok(())
    });
    has_started.recv().unwrap();
    let waiting = store.queue.put(note(1)).unwrap();
    store.queue.close();
    assert_eq!(store.write(note(2)).unwrap_err().code, Code::Unavailable);
    assert!(!store.is_writable());
    go.send(()).unwrap();
    store.close();
    store.close();
    blocking.unwrap().recv().unwrap().unwrap();
    waiting.recv().unwrap().unwrap();
    let rows: i64 = store.read(|db| Ok(db.query_row("SELECT count(*) FROM noted", [], |row| row.get(0))?)).unwrap();
    assert_eq!(rows, 1, "reads go on");
    let read = store.read(|db| Ok(read_states::of(db, ALICE)?)).unwrap();
    assert_eq!(read, [(CHANNEL, MessageId(9))], "read states are written at the end, due or not");
}

#[test]
fn identifiers_increase_over_restarts_though_the_clock_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    drop(prepare(&path));
    let mut last = 0;
    for round in 0..3 {
        let store = Store::open(&path, "", Arc::new(Counter::default())).unwrap();
        for _ in 0..3 {
            let id = store.write(|tx| Ok(tx.next_id())).unwrap();
            assert!(id > last, "{id} came after {last}");
            last = id;
        }
        if round == 0 {
            // As a process that lived two years from now would leave it.
            let ahead = Timestamp::now().plus_seconds(2 * 365 * 86_400);
            last = store
                .write(move |tx| {
                    tx.now = ahead;
                    Ok(tx.next_id())
                })
                .unwrap();
        }
        store.close();
    }
}
