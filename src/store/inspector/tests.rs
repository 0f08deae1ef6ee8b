//! What the inspector sees, and that it changes nothing.

use std::cell::Cell;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::schema;
use super::super::tests::{database, prepare};
use super::{ErrorCode, Inspector, SearchIndex};

/// A database of some megabytes, most of it in the log, as a process that was killed leaves it; and who wrote it.
fn large(folder: &TempDir) -> (PathBuf, Connection) {
    let db = prepare(&database(folder));
    db.execute_batch(
        "INSERT INTO messages (channel_id, message_id, author_id, content, created_at)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
         SELECT 10, n, 1, hex(randomblob(800)), 0 FROM n",
    )
    .unwrap();
    (database(folder), db)
}

#[test]
fn a_copy_is_of_one_moment_and_does_not_begin_anew_when_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = large(&folder);
    let inspector = Inspector::live(&path).unwrap();
    let rows = inspector.rows().unwrap();
    assert_eq!((rows["messages"], rows["noted"], rows["users"]), (2000, 0, 1));
    let copy = folder.path().join("a copy? 100%.db");
    let (steps, last) = (Cell::new(0), Cell::new(0));
    inspector
        .copy_to(&copy, |done, all| {
            writer.execute("INSERT INTO noted VALUES (?1)", [steps.get()]).unwrap();
            assert!(last.replace(done) < done && done < all);
            steps.set(steps.get() + 1);
            true
        })
        .unwrap();
    assert!(steps.get() > 3, "{} steps", steps.get());
    assert_eq!(inspector.rows().unwrap(), rows, "the moment went by");
    let sealed = Inspector::sealed(&copy).unwrap();
    assert_eq!(sealed.rows().unwrap(), rows);
    assert_eq!(sealed.integrity().unwrap(), [""; 0]);
    assert_eq!(sealed.foreign_keys().unwrap(), [""; 0]);
    assert_eq!(sealed.version(), schema::VERSION);
    assert_eq!(sealed.bytes().unwrap(), std::fs::metadata(&copy).unwrap().len());
    // It leaves nothing beside the copy.
    drop(sealed);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["a copy? 100%.db", "chat.db", "chat.db-shm", "chat.db-wal"]);
}

#[test]
fn who_copies_or_checks_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _writer) = large(&folder);
    let inspector = Inspector::live(&path).unwrap();
    let stopped = inspector.copy_to(&folder.path().join("copy.db"), |_, _| false).unwrap_err();
    assert_eq!(stopped.sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
    let inspector = inspector.watched(|| false).unwrap();
    for stopped in [inspector.integrity().err(), inspector.rows().err()] {
        assert_eq!(stopped.unwrap().sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
    }
    let inspector = inspector.watched(|| true).unwrap();
    assert_eq!(inspector.integrity().unwrap(), [""; 0]);
}

#[test]
fn looking_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = large(&folder);
    // As kill -9 does: nobody closes the log.
    let left = folder.path().join("left");
    std::fs::create_dir(&left).unwrap();
    let files = ["chat.db", "chat.db-wal"];
    for name in files {
        std::fs::copy(folder.path().join(name), left.join(name)).unwrap();
    }
    drop(writer);
    let read = || files.map(|name| std::fs::read(left.join(name)).unwrap());
    let before = read();
    let inspector = Inspector::live(&left.join("chat.db")).unwrap();
    assert_eq!(inspector.rows().unwrap()["messages"], 2000);
    inspector.integrity().unwrap();
    drop(inspector);
    assert!(read() == before);
    assert!(Inspector::live(&folder.path().join("nothing.db")).is_err());
    assert!(!folder.path().join("nothing.db").exists());
    drop(path);
}

#[test]
fn damage_is_found_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = large(&folder);
    let copy = folder.path().join("copy.db");
    Inspector::live(&path).unwrap().copy_to(&copy, |_, _| true).unwrap();
    drop(writer);
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    std::fs::write(&copy, &bytes).unwrap();
    let found = Inspector::sealed(&copy).unwrap().integrity().unwrap();
    assert!(!found.is_empty() && found.len() <= super::FINDINGS + 1, "{found:?}");
    std::fs::write(&copy, b"no database at all, whatever it is called").unwrap();
    assert!(Inspector::sealed(&copy).err().unwrap().is_damage());
}

#[test]
fn rows_that_hang_in_the_air_and_a_wrong_search_index_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = large(&folder);
    writer
        .execute_batch(
            "PRAGMA foreign_keys = off;
             INSERT INTO members VALUES (404, 405, NULL, 0), (404, 1, NULL, 0);
             INSERT INTO search (rowid, tokens, channel_id) VALUES (1, 'one', 10), (2, 'two', 10), (9999, 'x', 10);
             UPDATE search_mark SET mark = 4;
             INSERT INTO search_stale VALUES (3, 10);",
        )
        .unwrap();
    let inspector = Inspector::live(&path).unwrap();
    let mut found = inspector.foreign_keys().unwrap();
    found.sort();
    assert_eq!(
        found,
        [
            "1 rows of members refer to users that are not there",
            "2 rows of members refer to servers that are not there"
        ]
    );
    // 1 and 2 are in it, 3 is still to come, 4 is missing; the rest is above the mark.
    let expected = SearchIndex { messages: 3, missing: 1, stray: 1 };
    assert_eq!(inspector.search_index().unwrap(), Some(expected));
}
