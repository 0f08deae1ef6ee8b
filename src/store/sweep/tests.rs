//! Sweeping: all that nobody sees goes, in small steps, and nothing else.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{Entries, step};
use crate::model::{Audience, ChannelId, MessageId, Payload, RoleId, ServerId, Timestamp, UserId, limits};
use crate::store::{bans, instance, reveals, roles, schema};

const NOW: Timestamp = Timestamp(1_900_000_000_000);
const MANY: i64 = limits::SWEEP_ROWS as i64 * 5 / 2;

/// Two servers alike, of which 1 is deleted, each with a category, a channel, messages and members; and a deleted
/// group.
fn fill(path: &Path) {
    let mut db = schema::open(path, "").unwrap();
    let tx = db.transaction().unwrap();
    for user in 1..=MANY {
        tx.execute(
            "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?1, ?2, '', 0)",
            params![user, user.to_string()],
        )
        .unwrap();
    }
    for server in [1, 2] {
        tx.execute("INSERT INTO servers VALUES (?1, '', '', 1, 0, 0, ?2, NULL)", [server, i64::from(server == 1)])
            .unwrap();
        tx.execute("INSERT INTO roles VALUES (?1, ?1, 'everyone', 0, 0, 0)", [server]).unwrap();
        tx.execute("INSERT INTO roles VALUES (?1 + 50, ?1, 'staff', 0, 1, 0)", [server]).unwrap();
        tx.execute("INSERT INTO bans VALUES (?1, 2, NULL, 1, 0)", [server]).unwrap();
        tx.execute("INSERT INTO audit_log VALUES (?1, 9, 1, 'ban_add', 2, NULL, '[]', 0)", [server]).unwrap();
        tx.execute("INSERT INTO invites VALUES (?1, ?2, 1, 0, NULL, NULL, 0)", params![server.to_string(), server])
            .unwrap();
        for (id, kind, parent) in [(10, "category", None), (11, "text", Some(10 + server * 100))] {
            tx.execute(
                "INSERT INTO channels VALUES (?1, ?2, ?3, ?4, '', '', 0, NULL, 0, 0)",
                params![id + server * 100, server, kind, parent],
            )
            .unwrap();
        }
        tx.execute("INSERT INTO overrides VALUES (?1 * 100 + 11, ?1, ?1, 0, 1)", [server]).unwrap();
        for row in 1..=MANY {
            tx.execute("INSERT INTO messages VALUES (?1, ?2, 1, '', 0, NULL, NULL, 0, NULL)", [server * 100 + 11, row])
                .unwrap();
            for sql in [
                "INSERT INTO mentions VALUES (?2, ?1 * 100 + 11, ?2)",
                "INSERT INTO role_mentions VALUES (?1 * 100 + 11, ?2, 7)",
                "INSERT INTO reaction_kinds VALUES (?1 * 100 + 11, ?2, 1, '👍', 1)",
                "INSERT INTO reactions VALUES (?1 * 100 + 11, ?2, 1, 1)",
                "INSERT INTO pins VALUES (?1 * 100 + 11, ?2, ?2)",
            ] {
                tx.execute(sql, [server, row]).unwrap();
            }
            tx.execute("INSERT INTO members VALUES (?1, ?2, NULL, 0)", [server, row]).unwrap();
            tx.execute("INSERT INTO member_roles VALUES (?2, ?1, ?1 + 50)", [server, row]).unwrap();
            tx.execute("INSERT INTO read_states VALUES (?2, ?1, 1)", [server * 100 + 11, row]).unwrap();
        }
    }
    tx.execute("INSERT INTO channels VALUES (900, NULL, 'group_dm', NULL, '', '', 0, NULL, 0, 1)", []).unwrap();
    tx.execute("INSERT INTO dm_members VALUES (900, 1, 0)", []).unwrap();
    for row in 1..=MANY {
        let day = instance::day(NOW);
        let sql = "INSERT INTO nonces VALUES (?1, 1, 1, ?2, 1)";
        tx.execute(sql, params![day - 2, row.to_string()]).unwrap();
    }
    let day = instance::day(NOW);
    tx.execute("INSERT INTO nonces VALUES (?1, 1, 1, '', 1), (?2, 1, 1, '', 1)", [day - 1, day]).unwrap();
    tx.commit().unwrap();
}

fn counts(db: &Connection) -> Vec<i64> {
    let tables = [
        ["servers", "channels", "messages", "members", "read_states", "roles", "invites"],
        ["dm_members", "nonces", "member_roles", "overrides", "bans", "audit_log", "gone_roles"],
        ["mentions", "role_mentions", "reaction_kinds", "reactions", "pins", "purges", "reveals"],
    ];
    let count = |table: &&str| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    tables.as_flattened().iter().map(count).collect()
}

#[test]
fn small_steps_remove_all_that_nobody_sees_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    fill(&path);
    let mut db = schema::open(&path, "").unwrap();
    let (mut steps, mut entries) = (0, Entries::uncounted());
    loop {
        let before = db.total_changes();
        if step(&db, NOW, &mut entries).unwrap().done {
            break;
        }
        let changed = db.total_changes() - before;
        // A channel's or server's own few rows go with its last step.
        assert!(changed <= limits::SWEEP_ROWS as u64 + 10, "{changed} rows in one step");
        steps += 1;
        if steps % 5 == 0 {
            // As after a restart: nothing is kept in memory.
            (db, entries) = (schema::open(&path, "").unwrap(), Entries::uncounted());
        }
    }
    assert!(steps >= 12, "{steps}");
    assert_eq!(counts(&db), [1, 2, MANY, MANY, MANY, 2, 1, 0, 2, MANY, 1, 1, 1, 0, MANY, MANY, MANY, MANY, MANY, 0, 0]);
    let violations: i64 = db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(violations, 0);
}

/// A database with server 1 and some people in it, its `everyone` (who see all) and a role 2; the owner is 1.
fn server(people: i64) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(include_str!("../../../schema.sql")).unwrap();
    db.execute_batch(
        "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, 'owner', '', 0);
         INSERT INTO servers VALUES (1, '', '', 1, 0, 0, 0, NULL);
         INSERT INTO roles VALUES (1, 1, 'everyone', 0, 0, 1), (2, 1, 'staff', 0, 1, 0);
         INSERT INTO channels VALUES (10, 1, 'text', NULL, '', '', 0, NULL, 0, 0), (11, 1, 'text', NULL, '', '', 1, NULL, 0, 0);",
    )
    .unwrap();
    for user in 2..=people {
        db.execute(
            "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?1, ?2, '', 0)",
            params![user, user.to_string()],
        )
        .unwrap();
    }
    db.execute("INSERT INTO members SELECT 1, user_id, NULL, 0 FROM users", []).unwrap();
    db
}

#[test]
fn the_messages_that_go_with_a_ban_are_its_own_and_recent_and_told_one_by_one() {
    const SECOND: i64 = 1_000 << 20;
    let db = server(3);
    let purge = 1_000 * SECOND;
    // Each a second after the last; every third is of the one who is banned (2).
    for at in 1..=MANY {
        let id = purge - (MANY - at) * SECOND / 10;
        for channel in [10, 11] {
            let row = params![channel, id - 1, 1 + at % 3];
            db.execute("INSERT INTO messages VALUES (?1, ?2, ?3, '', 0, NULL, NULL, 0, NULL)", row).unwrap();
        }
    }
    db.execute("INSERT INTO messages VALUES (10, ?1, 2, 'later', 0, NULL, NULL, 0, NULL)", [purge + 1]).unwrap();
    bans::purge(&db, ServerId(1), UserId(2), 60, purge).unwrap();
    let (mut told, mut entries) = (Vec::new(), Entries::uncounted());
    loop {
        let step = step(&db, NOW, &mut entries).unwrap();
        assert!(step.events.len() <= limits::SWEEP_ROWS);
        told.extend(step.events);
        if step.done {
            break;
        }
    }
    // 600 messages a channel in 60 seconds.
    assert_eq!(told.len(), 400);
    for event in &told {
        let Some(Payload::MessageDelete { message_id, channel_id, server_id: Some(ServerId(1)) }) = event.payload
        else {
            panic!("{event:?}");
        };
        assert_eq!(event.audience, Audience::Channel(ServerId(1), channel_id));
        assert!(message_id.0 >= purge - 60 * SECOND && message_id.0 < purge);
    }
    let left = |sql: &str| -> i64 { db.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(left("SELECT count(*) FROM messages"), 2 * MANY + 1 - 400);
    assert_eq!(left("SELECT count(*) FROM purges"), 0);
    assert_eq!(left("SELECT count(*) FROM messages WHERE content = 'later'"), 1);
}

#[test]
fn what_members_come_to_see_is_read_up_to_then_and_what_they_saw_stays_unread() {
    let people = limits::SWEEP_ROWS as i64 + 10;
    let db = server(people);
    // Channel 11 is hidden from everyone, but the staff (every tenth) sees it; channel 10 is for all.
    db.execute("INSERT INTO overrides VALUES (11, 1, 1, 0, 1), (11, 2, 1, 1, 0)", []).unwrap();
    db.execute("INSERT INTO member_roles SELECT user_id, 1, 2 FROM members WHERE user_id % 10 = 0", []).unwrap();
    db.execute(
        "INSERT INTO messages VALUES (10, 5, 1, '', 0, NULL, NULL, 0, NULL), (11, 6, 1, '', 0, NULL, NULL, 0, NULL)",
        [],
    )
    .unwrap();
    let before = roles::rules(&db, ServerId(1)).unwrap();
    db.execute("DELETE FROM overrides", []).unwrap();
    reveals::add(&db, ServerId(1), 100, &before).unwrap();
    // Said after the change: nobody has read it, but for the second.
    db.execute("INSERT INTO messages VALUES (11, 101, 1, '', 0, NULL, NULL, 0, NULL)", []).unwrap();
    db.execute("INSERT INTO read_states VALUES (2, 11, 101), (3, 11, 5)", []).unwrap();
    // Who connects before the sweep has come to them is told the same.
    assert_eq!(reveals::of(&db, UserId(4)).unwrap(), [(ChannelId(11), MessageId(6))]);
    assert_eq!(reveals::of(&db, UserId(10)).unwrap(), [], "the staff saw it before");
    let (mut read, mut steps, mut entries) = (Vec::new(), 0, Entries::uncounted());
    loop {
        let step = step(&db, NOW, &mut entries).unwrap();
        assert!(step.read.len() <= limits::SWEEP_ROWS);
        read.extend(step.read);
        steps += 1;
        if step.done {
            break;
        }
    }
    assert!(steps > 2, "{steps}");
    let gained = (3..=people).filter(|user| user % 10 != 0);
    let expected: Vec<_> = gained.map(|user| (UserId(user), ChannelId(11), MessageId(6))).collect();
    assert_eq!(read, expected, "neither the owner nor the staff");
}

#[test]
fn a_role_that_is_gone_is_taken_from_its_members_in_steps() {
    let db = server(limits::SWEEP_ROWS as i64 * 2);
    db.execute("INSERT INTO member_roles SELECT user_id, 1, 2 FROM members", []).unwrap();
    db.execute("INSERT INTO overrides VALUES (10, 2, 1, 0, 0)", []).unwrap();
    roles::delete(&db, RoleId(2)).unwrap();
    assert_eq!(roles::of_member(&db, ServerId(1), UserId(5)).unwrap(), [], "nobody holds it for a moment longer");
    let (before, mut entries) = (db.total_changes(), Entries::uncounted());
    step(&db, NOW, &mut entries).unwrap();
    assert_eq!(db.total_changes() - before, limits::SWEEP_ROWS as u64);
    while !step(&db, NOW, &mut entries).unwrap().done {}
    let left: i64 = db
        .query_row("SELECT (SELECT count(*) FROM member_roles) + (SELECT count(*) FROM gone_roles)", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn an_audit_log_keeps_its_latest_entries_and_the_older_ones_go_in_steps() {
    let db = server(2);
    db.execute("INSERT INTO servers VALUES (2, '', '', 1, 0, 0, 0, NULL)", []).unwrap();
    let add = |server: i64, entries: i64| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
                   INSERT INTO audit_log SELECT ?1, 10 * i, 1, 'ban_add', 2, NULL, '[]', 0 FROM n";
        db.execute(sql, [server, entries]).unwrap();
    };
    let most = limits::AUDIT_ENTRIES as i64;
    let kept = |server: i64| -> (i64, i64, i64) {
        let sql = "SELECT count(*), min(entry_id), max(entry_id) FROM audit_log WHERE server_id = ?1";
        db.query_row(sql, [server], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    add(1, most + MANY);
    add(2, most);
    let mut entries = Entries::uncounted();
    loop {
        let before = db.total_changes();
        let done = step(&db, NOW, &mut entries).unwrap().done;
        assert!(db.total_changes() - before <= limits::SWEEP_ROWS as u64);
        if done {
            break;
        }
    }
    assert_eq!(kept(1), (most, 10 * (MANY + 1), 10 * (most + MANY)));
    assert_eq!(kept(2), (most, 10, 10 * most));
}
