//! The index behind the commits: what it has, what it lacks, and that a process that ends anywhere loses nothing.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::tests::{ALICE, CHANNEL, database, prepare};
use super::{Area, backlog, behind, candidates, work_off};
use crate::model::object::{Author, Message};
use crate::model::search::Search;
use crate::model::{ChannelId, Event, MessageId, Outlet, Timestamp, limits, words};
use crate::store::{Spot, Store, messages, schema};

const BATCH: i64 = limits::SEARCH_BATCH as i64;

struct Nowhere;

impl Outlet for Nowhere {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        commit();
    }
}

fn message(id: i64, content: &str) -> Message {
    Message {
        message_id: MessageId(id),
        channel_id: CHANNEL,
        author: Author { user_id: ALICE, username: String::new(), display_name: None, avatar_url: None },
        content: content.to_owned(),
        timestamp: Timestamp(0),
        edited_at: None,
        reply_to: None,
        mentions: Vec::new(),
        mentioned_users: Vec::new(),
        mention_roles: Vec::new(),
        mention_everyone: false,
        attachments: Vec::new(),
        reactions: None,
        pinned: false,
        nonce: None,
    }
}

/// A store over a database that stays.
fn store(folder: &TempDir) -> Store {
    if !database(folder).exists() {
        drop(prepare(&database(folder)));
    }
    Store::open(&database(folder), "", Arc::new(Nowhere)).unwrap()
}

fn post(store: &Store, id: i64, content: &str) {
    let message = message(id, content);
    store
        .write(move |tx| {
            messages::add(tx.db, &message, None)?;
            Ok(tx.reindex(CHANNEL, message.message_id)?)
        })
        .unwrap();
}

fn delete(store: &Store, id: i64) {
    store
        .write(move |tx| {
            messages::delete(tx.db, CHANNEL, MessageId(id))?;
            Ok(tx.reindex(CHANNEL, MessageId(id))?)
        })
        .unwrap();
}

fn edit(store: &Store, id: i64, content: &str) {
    let message = message(id, content);
    store
        .write(move |tx| {
            messages::edit(tx.db, &message, None, Timestamp(1))?;
            Ok(tx.reindex(CHANNEL, message.message_id)?)
        })
        .unwrap();
}

/// What is proposed for a word, newest first.
fn proposed(db: &Connection, word: &str, tail: &[Spot]) -> Vec<i64> {
    let query = words::Query::parse(word).unwrap();
    let search = Search { query, author: None, mentions: None, has: None, before: i64::MAX, after: -1, limit: 9 };
    let mut found = Vec::new();
    candidates::<rusqlite::Error>(db, &search, &[Area::Channel(CHANNEL)], tail, |candidate| {
        found.push(candidate.spot.0.0);
        Ok(true)
    })
    .unwrap();
    found
}

fn of_store(store: &Store, word: &str) -> Vec<i64> {
    let tail = store.tail();
    store.read(|db| Ok(proposed(db, word, &tail))).unwrap()
}

fn rows(db: &Connection, table: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
}

/// Waits until the committer has nothing left to index: a batch begins when nobody waits.
fn settle(store: &Store) {
    while store.tail().len() >= limits::SEARCH_BATCH {
        std::thread::yield_now();
    }
}

/// A copy of the files, as a power cut at this moment leaves them.
fn cut(from: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["chat.db", "chat.db-wal"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn what_waits_becomes_a_batch_and_nothing_is_lost_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    for id in 1..BATCH {
        post(&first, id, &format!("word n{id}"));
    }
    assert_eq!(first.tail().len() as i64, BATCH - 1, "too few for a batch");
    let descending: Vec<_> = (1..BATCH).rev().collect();
    assert_eq!(of_store(&first, "word"), descending);
    // A cut now: all of them wait again.
    let copy = cut(folder.path());
    let again = store(&copy);
    assert_eq!(of_store(&again, "word"), descending);
    again.close();
    for id in BATCH..BATCH + 10 {
        post(&first, id, &format!("word n{id}"));
    }
    settle(&first);
    // As many as it took before somebody waited.
    let left = first.tail().len() as i64;
    assert!(left <= BATCH + 9 - limits::SEARCH_GLANCE as i64);
    assert_eq!(first.read(|db| Ok(super::mark(db)?)).unwrap(), BATCH + 9 - left, "it took the oldest");
    let in_index = |store: &Store| store.read(|db| Ok(proposed(db, "\"n7\"", &[]))).unwrap();
    assert_eq!(in_index(&first), [7]);
    // Only the tail waits after another cut; what is indexed stays so.
    let copy = cut(folder.path());
    let again = store(&copy);
    assert_eq!(again.tail(), first.tail());
    assert_eq!(in_index(&again), [7]);
    assert_eq!(of_store(&again, "word").len() as i64, BATCH + 9);
    again.close();
    first.close();
}

#[test]
fn edits_and_deletes_of_what_is_indexed_reach_the_index_over_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    (1..=BATCH).for_each(|id| post(&first, id, &format!("word n{id}")));
    settle(&first);
    assert_eq!(first.tail(), []);
    delete(&first, 1);
    edit(&first, 2, "another");
    // The old entry still proposes them, and the tail says that they are to be looked at.
    assert_eq!(first.tail(), [(MessageId(2), CHANNEL), (MessageId(1), CHANNEL)]);
    assert_eq!(of_store(&first, "another"), [2, 1]);
    let copy = cut(folder.path());
    first.close();
    let again = store(&copy);
    assert_eq!(again.tail(), [(MessageId(2), CHANNEL), (MessageId(1), CHANNEL)]);
    // The next batch takes them along.
    (BATCH + 1..=2 * BATCH).for_each(|id| post(&again, id, "more"));
    settle(&again);
    assert!(again.tail().iter().all(|(message, _)| message.0 > 2));
    let in_index = |word: &str| again.read(|db| Ok(proposed(db, word, &[]))).unwrap();
    assert_eq!(in_index("another"), [2]);
    assert_eq!((in_index("\"n1\""), in_index("\"n2\"")), (vec![], vec![]));
    assert_eq!(in_index("word").len() as i64, BATCH - 2);
    assert_eq!(again.read(|db| Ok(rows(db, "search_stale")?)).unwrap(), 0);
    again.close();
}

#[test]
fn what_was_written_before_there_was_an_index_comes_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder);
    let old = Connection::open(&path).unwrap();
    for migration in [
        include_str!("../migrations/0001.sql"),
        include_str!("../migrations/0002.sql"),
        include_str!("../migrations/0003.sql"),
    ] {
        old.execute_batch(migration).unwrap();
    }
    old.execute_batch(
        "PRAGMA application_id = 0x63686174; PRAGMA user_version = 3;
         INSERT INTO instance VALUES (1, 0, 100000, 0, 0, NULL);
         INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'alice', '', 0);
         INSERT INTO channels (channel_id, type, name, topic, position, created_at)
             VALUES (10, 'dm', '', '', 0, 0), (11, 'dm', '', '', 0, 0);",
    )
    .unwrap();
    let last = 2 * BATCH + 5;
    for id in 1..=last {
        let channel = if id == 3 { ChannelId(11) } else { CHANNEL };
        let row = (channel.0, id, ALICE.0);
        old.execute("INSERT INTO messages VALUES (?1, ?2, ?3, 'old word', 0, NULL, NULL, 0)", row).unwrap();
    }
    drop(old);
    let db = schema::open(&path, "").unwrap();
    assert_eq!(behind(&db).unwrap(), [], "they are no tail: nobody wants to look through all of them");
    assert_eq!(backlog(&db).unwrap(), 2);
    // The latest first, a batch a step; and over a restart.
    assert!(work_off(&db).unwrap());
    assert_eq!(proposed(&db, "old", &[]), ((last - BATCH + 1)..=last).rev().collect::<Vec<_>>());
    drop(db);
    let store = store(&folder);
    // What is edited meanwhile stands in the tail, whether it has come into the index or not.
    edit(&store, last, "new word");
    edit(&store, 1, "new word");
    assert_eq!(of_store(&store, "new")[0], last);
    while store.read(|db| Ok(backlog(db)?)).unwrap() > 0 {
        std::thread::yield_now();
    }
    let all: Vec<_> = (1..=last).rev().filter(|id| *id != 3).collect();
    assert_eq!(of_store(&store, "word"), all);
    // As they are now, edited or not; the other channel's too.
    assert_eq!(store.read(|db| Ok(rows(db, "search_docsize")?)).unwrap(), last);
    let old = store.read(|db| Ok(proposed(db, "old", &[]))).unwrap();
    assert_eq!(old.first(), Some(&last), "its entry is older than the edit");
    assert_eq!((old.len() as i64, old.last()), (last - 2, Some(&2)));
    store.close();
}

#[test]
fn what_is_swept_leaves_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    (1..=BATCH).for_each(|id| post(&store, id, "word"));
    settle(&store);
    assert_eq!(of_store(&store, "word").len() as i64, BATCH);
    store
        .write(|tx| {
            crate::store::channels::delete(tx.db, CHANNEL)?;
            tx.sweep_later();
            Ok(())
        })
        .unwrap();
    while store.read(|db| Ok(rows(db, "channels")?)).unwrap() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(store.read(|db| Ok(rows(db, "search_docsize")?)).unwrap(), 0);
    assert!(store.read(|db| Ok(proposed(db, "word", &[]))).unwrap().is_empty());
    store.close();
}
