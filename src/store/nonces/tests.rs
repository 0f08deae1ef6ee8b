//! A mark finds its message wherever a process ends, and one that came to nothing finds none.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::tests::{ALICE, CHANNEL, Counter, database, prepare};
use super::mark;
use crate::model::object::{Author, Message};
use crate::model::{ChannelId, Error, MessageId, Result, Timestamp, UserId, limits};
use crate::store::{Store, Tx, messages};

const BOB: UserId = UserId(2);
const BATCH: usize = limits::NONCE_BATCH;

fn store(folder: &TempDir) -> Store {
    if !database(folder).exists() {
        let db = prepare(&database(folder));
        db.execute("INSERT INTO users (user_id, username, password_hash, created_at) VALUES (2, 'bob', '', 0)", [])
            .unwrap();
    }
    Store::open(&database(folder), "", Arc::new(Counter::default())).unwrap()
}

/// As `chat` does it: the message that has this mark, or a new one.
fn say(tx: &mut Tx<'_>, user_id: UserId, nonce: &str) -> Result<MessageId> {
    let id = tx.next_id();
    if let Some(first) = tx.by_nonce(user_id, CHANNEL, nonce, id)? {
        return Ok(first);
    }
    let message = Message {
        message_id: MessageId(id),
        channel_id: CHANNEL,
        author: Author { user_id, username: String::new(), display_name: None, avatar_url: None },
        content: "word".to_owned(),
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
        nonce: Some(nonce.to_owned()),
    };
    messages::add(tx.db, &message, None)?;
    tx.keep_nonce(&message);
    tx.reindex(CHANNEL, message.message_id)?;
    Ok(message.message_id)
}

fn post(store: &Store, nonce: &str) -> MessageId {
    let nonce = nonce.to_owned();
    store.write(move |tx| say(tx, ALICE, &nonce)).unwrap()
}

fn found(store: &Store, nonce: &str) -> Option<MessageId> {
    let nonce = nonce.to_owned();
    let find = move |tx: &mut Tx<'_>| {
        let id = tx.next_id();
        Ok(tx.by_nonce(ALICE, CHANNEL, &nonce, id)?)
    };
    store.write(find).unwrap()
}

fn rows(store: &Store) -> i64 {
    store.read(|db| Ok(db.query_row("SELECT count(*) FROM nonces", [], |row| row.get(0))?)).unwrap()
}

fn delete(store: &Store, id: MessageId) {
    store.write(move |tx| Ok(messages::delete(tx.db, CHANNEL, id)?)).unwrap();
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
fn a_mark_is_found_before_and_behind_the_table_and_over_cuts() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    let few: Vec<_> = (0..BATCH - 1).map(|n| post(&first, &format!("n{n}"))).collect();
    assert_eq!(rows(&first), 0, "a message alone writes no row there");
    let all_found = |store: &Store, ids: &[MessageId]| {
        for n in [0, 1, ids.len() / 2, ids.len() - 1] {
            assert_eq!(found(store, &format!("n{n}")), Some(ids[n]));
        }
        assert_eq!(found(store, "another"), None);
    };
    all_found(&first, &few);
    // Cut off before there are any in the table: all stand in the messages.
    let copy = cut(folder.path());
    let again = store(&copy);
    all_found(&again, &few);
    assert_eq!(post(&again, "n7"), few[7], "it never doubles");
    again.close();
    let mut all = few;
    (all.len()..BATCH + 3).for_each(|n| all.push(post(&first, &format!("n{n}"))));
    while rows(&first) == 0 {
        std::thread::yield_now();
    }
    assert!(rows(&first) >= BATCH as i64);
    all_found(&first, &all);
    let marked = first.read(|db| Ok(mark(db)?)).unwrap();
    assert!(marked >= all[BATCH - 1].0);
    let copy = cut(folder.path());
    let again = store(&copy);
    all_found(&again, &all);
    again.close();
    first.close();
    all_found(&store(&folder), &all);
}

#[test]
fn the_mark_of_a_deleted_message_stays_over_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&folder);
    let gone = post(&first, "gone");
    delete(&first, gone);
    assert_eq!(found(&first, "gone"), Some(gone));
    let copy = cut(folder.path());
    let again = store(&copy);
    assert_eq!(found(&again, "gone"), Some(gone), "no row is left that would say so but the table's");
    again.close();
    // It comes into the table once more with the others, and once it is there a deletion adds nothing.
    let ids: Vec<_> = (0..BATCH).map(|n| post(&first, &format!("n{n}"))).collect();
    while first.read(|db| Ok(mark(db)?)).unwrap() < ids[BATCH - 2].0 {
        std::thread::yield_now();
    }
    let before = rows(&first);
    delete(&first, ids[0]);
    assert_eq!(rows(&first), before);
    assert_eq!((found(&first, "n0"), found(&first, "gone")), (Some(ids[0]), Some(gone)));
    first.close();
}

#[test]
fn what_came_to_nothing_leaves_no_mark_and_a_batch_sees_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let refuse = |tx: &mut Tx<'_>| say(tx, ALICE, "n").and(Err::<(), _>(Error::forbidden()));
    // Alone, where the transaction goes, and among others, where a savepoint does.
    assert!(store.write(refuse).is_err());
    assert_eq!(found(&store, "n"), None);
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
        let put = |user: UserId| store.queue.put(move |tx| say(tx, user, "n")).unwrap();
        let refused = store.queue.put(refuse).unwrap();
        let (of_alice, again, of_bob) = (put(ALICE), put(ALICE), put(BOB));
        let refused_again = store.queue.put(refuse).unwrap();
        go.send(()).unwrap();
        let (of_alice, of_bob) = (of_alice.recv().unwrap().unwrap(), of_bob.recv().unwrap().unwrap());
        assert_eq!(again.recv().unwrap().unwrap(), of_alice);
        assert_ne!(of_alice, of_bob);
        assert!(refused.recv().unwrap().is_err() && refused_again.recv().unwrap().is_err());
        assert_eq!(found(&store, "n"), Some(of_alice));
    });
    // A commit that fails takes all of its batch.
    let breaks = |tx: &mut Tx<'_>| {
        say(tx, ALICE, "broken")?;
        tx.db.execute_batch("PRAGMA defer_foreign_keys = on; INSERT INTO members VALUES (404, 404, NULL, 0)")?;
        Ok(())
    };
    assert!(store.write(breaks).is_err());
    assert_eq!(found(&store, "broken"), None);
    let messages: i64 =
        store.read(|db| Ok(db.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))?)).unwrap();
    assert_eq!(messages, 2);
    store.close();
}

#[test]
fn a_mark_lives_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let first = post(&store, "n");
    let at = |ms: i64| {
        store
            .write(move |tx| {
                let later = first.0 + (crate::model::Ids::at(Timestamp(ms)) - crate::model::Ids::at(Timestamp(0)));
                Ok(tx.by_nonce(ALICE, CHANNEL, "n", later)?)
            })
            .unwrap()
    };
    let day = limits::NONCE_MS;
    // From the epoch of the identifiers on.
    let epoch = crate::model::Ids::milliseconds(0);
    assert_eq!((at(epoch + day - 1), at(epoch + day)), (Some(first), None));
    store.close();
}

#[test]
fn marks_from_before_the_column_are_found_and_so_are_those_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let old = Connection::open(database(&folder)).unwrap();
    for migration in [
        include_str!("../migrations/0001.sql"),
        include_str!("../migrations/0002.sql"),
        include_str!("../migrations/0003.sql"),
        include_str!("../migrations/0004.sql"),
        include_str!("../migrations/0005.sql"),
    ] {
        old.execute_batch(migration).unwrap();
    }
    let now = Timestamp::now();
    let first = crate::model::Ids::at(now);
    let sql = format!(
        "PRAGMA application_id = 0x63686174; PRAGMA user_version = 5;
         INSERT INTO instance VALUES (1, 0, {first} + 100000, {now}, 0, NULL);
         INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'alice', '', 0);
         INSERT INTO channels (channel_id, type, name, topic, position, created_at) VALUES (10, 'dm', '', '', 0, 0);
         INSERT INTO messages VALUES (10, {first}, 1, 'old', 0, NULL, NULL, 0);
         INSERT INTO nonces VALUES ({day}, 1, 10, 'old', {first});",
        now = now.0,
        day = super::day(now),
    );
    old.execute_batch(&sql).unwrap();
    drop(old);
    let again = store(&folder);
    assert_eq!(post(&again, "old"), MessageId(first));
    let new = post(&again, "new");
    assert!(new.0 > again.read(|db| Ok(mark(db)?)).unwrap());
    again.close();
    let again = store(&folder);
    assert_eq!((post(&again, "old"), post(&again, "new")), (MessageId(first), new));
    assert_eq!(found(&again, "other"), None);
    let elsewhere = again.write(move |tx| {
        let id = tx.next_id();
        Ok(tx.by_nonce(ALICE, ChannelId(11), "new", id)?)
    });
    assert_eq!(elsewhere.unwrap(), None);
    again.close();
}
