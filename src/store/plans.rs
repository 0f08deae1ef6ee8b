//! How SQLite finds its way: what runs for every request, message or connection must seek, never scan, whatever the
//! tables have grown to. The statements are caught as they run, so that the test reads what the program says.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::extras::{self, Extras};
use super::reactions::{self, Kind};
use super::search::Area;
use super::{
    accounts, administration, audit, bans, blocks, channels, dms, files, invites, messages, nonces, pins, push,
    read_states, resets, reveals, roles, search, servers, sessions, settings, sweep, unread,
};
use crate::model::object::{Action, Author, Message, Override, Reply};
use crate::model::push::{PushKeys, PushSubscription};
use crate::model::search::{Has, Search};
use crate::model::words;
use crate::model::{
    AttachmentId, ChannelId, Emoji, EntryId, MessageId, Permissions, RoleId, ServerId, SessionId, SubscriptionId,
    Timestamp, UserId,
};

const NOW: Timestamp = Timestamp(1_900_000_000_000);
const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const SERVER: ServerId = ServerId(3);
const CHANNEL: ChannelId = ChannelId(4);
const MESSAGE: MessageId = MessageId(5);
const SESSION: SessionId = SessionId(6);
const ROLE: RoleId = RoleId(7);
const FILE: AttachmentId = AttachmentId(8);

/// The plans of all statements that `run` runs, each with its statement.
fn plans<T>(run: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Vec<(String, Vec<String>)> {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch(include_str!("../../schema.sql")).unwrap();
    db.execute_batch("PRAGMA foreign_keys = off").unwrap();
    super::files::know_addresses(&db, "").unwrap();
    let caught = Arc::new(Mutex::new(Vec::<String>::new()));
    let catch = Arc::clone(&caught);
    let trace = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            catch.lock().unwrap().push(statement.sql().into_owned());
        }
    };
    db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(trace)).unwrap();
    run(&db).unwrap();
    db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, None::<fn(TraceEvent<'_>)>).unwrap();
    let caught = std::mem::take(&mut *caught.lock().unwrap());
    let plan = |sql: &String| {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        // What is not bound is null, which changes no plan.
        statement.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<Vec<String>>>().unwrap()
    };
    caught.iter().map(|sql| (sql.clone(), plan(sql))).collect()
}

/// Fails if a statement that `run` runs looks at every row of a table or of an index.
#[track_caller]
fn seeks<T>(run: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Vec<(String, Vec<String>)> {
    let plans = plans(run);
    assert!(!plans.is_empty(), "nothing ran");
    // These hold only what is to be swept, and the few who administrate.
    let work = [
        "INDEX servers_deleted",
        "INDEX users_administrators",
        "INDEX channels_deleted",
        "SCAN gone_roles",
        "SCAN purges",
        "SCAN reveals",
        "SCAN search_backlog",
    ];
    // A virtual table has no other word for it: behind the colon stands by what it is sought.
    let seeks = |step: &str| step.split_once("VIRTUAL TABLE INDEX ").is_some_and(|(_, by)| !by.ends_with(':'));
    let scans = |step: &String| {
        let is_known = step == "SCAN CONSTANT ROW" || seeks(step) || work.iter().any(|one| step.ends_with(one));
        step.starts_with("SCAN") && !is_known
    };
    for (sql, plan) in &plans {
        assert!(!plan.iter().any(scans), "{sql}\n{plan:#?}");
    }
    plans
}

/// As [`seeks`], and the rows come in their order: nothing sorts, so that a page costs what it shows.
#[track_caller]
fn seeks_in_order<T>(run: impl FnOnce(&Connection) -> rusqlite::Result<T>) {
    for (sql, plan) in seeks(run) {
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{plan:#?}");
    }
}

fn message() -> Message {
    Message {
        message_id: MESSAGE,
        channel_id: CHANNEL,
        author: Author { user_id: ALICE, username: String::new(), display_name: None, avatar_url: None },
        content: String::new(),
        timestamp: NOW,
        edited_at: None,
        reply_to: None,
        mentions: vec![BOB],
        mentioned_users: Vec::new(),
        mention_roles: vec![RoleId(70)],
        mention_everyone: true,
        attachments: Vec::new(),
        reactions: None,
        pinned: false,
        nonce: Some("nonce".to_owned()),
    }
}

#[test]
fn a_page_of_history() {
    seeks_in_order(|db| messages::before(db, ALICE, CHANNEL, i64::MAX, 50));
    seeks_in_order(|db| messages::after(db, ALICE, CHANNEL, 0, 50));
    seeks_in_order(|db| messages::get(db, ALICE, CHANNEL, MESSAGE));
    seeks_in_order(|db| messages::last(db, CHANNEL));
    seeks_in_order(|db| servers::members(db, SERVER, 0, 50));
}

#[test]
fn posting_editing_and_deleting() {
    seeks(|db| messages::add(db, &message(), Some(ROLE)));
    seeks(|db| nonces::look_up(db, (ALICE, CHANNEL), "nonce", MESSAGE.0));
    seeks(|db| messages::edit(db, &message(), Some(ROLE), NOW));
    seeks(|db| channels::keep_last(db, CHANNEL, MESSAGE));
    seeks(|db| {
        messages::add(db, &message(), Some(ROLE))?;
        extras::note(db, CHANNEL, MESSAGE, Extras(u8::MAX), Extras(u8::MAX))?;
        messages::delete(db, CHANNEL, MESSAGE)
    });
    seeks(|db| read_states::set(db, ALICE, CHANNEL, MESSAGE));
    seeks(|db| dms::set_hidden(db, CHANNEL, ALICE, false));
}

#[test]
fn what_belongs_to_a_message() {
    let reply = Reply { message_id: MessageId(1), author: None, content: None, deleted: true };
    seeks(|db| {
        messages::add(db, &Message { reply_to: Some(reply), ..message() }, Some(ROLE))?;
        extras::note(db, CHANNEL, MESSAGE, Extras(u8::MAX), Extras(u8::MAX))?;
        db.execute_batch("INSERT INTO users (user_id, username, password_hash, created_at) VALUES (1, '', '', 0)")?;
        messages::get(db, ALICE, CHANNEL, MESSAGE).map(Option::unwrap)
    });
    let kind = Kind { kind_id: 1, emoji: String::new(), count: 1 };
    let emoji = Emoji::parse("👍").unwrap();
    seeks(|db| reactions::add_kind(db, CHANNEL, MESSAGE, 1, &emoji));
    seeks(|db| reactions::add(db, CHANNEL, MESSAGE, 1, ALICE));
    seeks(|db| {
        reactions::add(db, CHANNEL, MESSAGE, 1, ALICE)?;
        reactions::remove(db, CHANNEL, MESSAGE, &kind, ALICE)
    });
    seeks_in_order(|db| reactions::people(db, CHANNEL, MESSAGE, 1, 0, 50));
    seeks_in_order(|db| pins::list(db, CHANNEL));
    seeks(|db| pins::add(db, CHANNEL, MESSAGE, 9));
    seeks(|db| pins::remove(db, CHANNEL, MESSAGE));
    seeks(|db| messages::exists(db, CHANNEL, MESSAGE));
    // From what mentions somebody to the messages: a channel may have a million of them.
    for (sql, plan) in seeks(|db| unread::mentions(db, ALICE, &[ROLE], CHANNEL, MESSAGE)) {
        let at = |table: &str| plan.iter().position(|step| step.contains(&format!("SEARCH {table} ")));
        let first = plan.iter().find(|step| step.starts_with("SEARCH")).unwrap();
        assert!(!first.contains("SEARCH messages") && at("messages").is_some(), "{sql}\n{plan:#?}");
    }
    seeks(|db| settings::get(db, ALICE));
    seeks(|db| settings::set(db, ALICE, "{}"));
}

#[test]
fn files_that_come_are_used_and_go() {
    let new = files::NewFile {
        id: FILE,
        owner: ALICE,
        room: 4096,
        secret: String::new(),
        filename: String::new(),
        content_type: String::new(),
        size: 1,
        is_picture: true,
        dimensions: None,
        color: None,
        thumbnail_type: None,
    };
    seeks(|db| files::add(db, &new, 0));
    seeks(|db| files::get(db, FILE));
    seeks(|db| files::unused(db, FILE, ALICE, 0));
    seeks(|db| files::room_of(db, ALICE));
    seeks(|db| files::served(db, FILE));
    seeks(|db| {
        files::add(db, &new, 0)?;
        let file = files::get(db, FILE)?.unwrap();
        messages::add(db, &Message { attachments: vec![file], ..message() }, None)?;
        messages::delete(db, CHANNEL, MESSAGE)
    });
    seeks(|db| files::use_up(db, FILE));
    seeks(|db| files::remove_at(db, "7/x/y"));
    seeks(|db| files::expire(db, 0, 50));
    seeks_in_order(files::oldest_unused);
    seeks(|db| files::exists(db, FILE));
    seeks(|db| files::forget(db, &[FILE]));
}

#[test]
fn searching_and_its_index() {
    let search = Search {
        query: words::Query::parse("\"some words\" a").unwrap(),
        author: Some(ALICE),
        mentions: Some(BOB),
        has: Some(Has::Link),
        before: i64::MAX,
        after: -1,
        limit: 25,
    };
    let areas = [Area::Server(SERVER), Area::But(SERVER, vec![CHANNEL]), Area::Channel(CHANNEL)];
    seeks_in_order(|db| search::candidates::<rusqlite::Error>(db, &search, &areas, &[], |_| Ok(true)));
    seeks_in_order(|db| search::content(db, (MESSAGE, CHANNEL)));
    seeks(|db| dms::ids_of(db, ALICE));
    seeks(|db| search::changed(db, (MESSAGE, CHANNEL)));
    for before in ["", "INSERT INTO search_mark VALUES (1, 9) ON CONFLICT DO UPDATE SET mark = 9"] {
        seeks(|db| {
            db.execute_batch(before)?;
            messages::add(db, &message(), Some(ROLE))?;
            search::index(db, &[(MESSAGE, CHANNEL)], || true)
        });
    }
    seeks(|db| {
        db.execute_batch(
            "INSERT INTO search_backlog VALUES (4, 9);
             INSERT INTO channels VALUES (4, 3, 'text', NULL, '', '', 0, NULL, 0, 0)",
        )?;
        messages::add(db, &message(), Some(ROLE))?;
        search::work_off(db)
    });
}

#[test]
fn whether_somebody_may() {
    seeks(|db| sessions::live(db, SESSION, ALICE));
    seeks(|db| channels::place(db, CHANNEL));
    seeks(|db| roles::standing(db, SERVER, ALICE));
    seeks(|db| roles::overrides(db, CHANNEL));
    seeks(|db| roles::is_of(db, SERVER, ROLE));
    seeks(|db| blocks::between(db, ALICE, BOB));
    seeks(|db| bans::is_banned(db, SERVER, ALICE));
    seeks(|db| servers::get(db, SERVER));
    seeks(|db| servers::member(db, SERVER, ALICE));
    seeks(|db| servers::ids_of(db, ALICE));
    seeks(|db| dms::members(db, CHANNEL));
    seeks(|db| dms::between(db, ALICE, BOB));
    seeks(|db| accounts::author(db, ALICE));
    seeks(|db| accounts::acquainted(db, ALICE, BOB));
    seeks(|db| accounts::is_taken(db, "alice"));
}

#[test]
fn administration() {
    seeks(|db| administration::get(db, ALICE));
    seeks(|db| administration::by_name(db, "alice"));
    seeks(|db| administration::has_another_administrator(db, ALICE));
    seeks(|db| administration::owns_servers(db, ALICE));
    seeks(|db| administration::close(db, ALICE));
    seeks(|db| resets::get(db, &[0; 32]));
    seeks(|db| sessions::end_all(db, ALICE));
}

#[test]
fn the_first_screen() {
    seeks(|db| accounts::get(db, ALICE));
    seeks(|db| servers::of(db, ALICE));
    seeks(|db| roles::of(db, SERVER));
    seeks(|db| roles::badges(db, ALICE));
    seeks(|db| roles::of_member(db, SERVER, ALICE));
    seeks(|db| {
        db.execute_batch("INSERT INTO roles VALUES (3, 3, 'everyone', 0, 0, 0)")?;
        roles::rules(db, SERVER)
    });
    seeks(|db| channels::of(db, SERVER));
    seeks(|db| channels::get(db, CHANNEL));
    seeks(|db| channels::dms_of(db, ALICE.0));
    seeks(|db| dms::accounts(db, CHANNEL));
    seeks(|db| dms::peers(db, ALICE));
    seeks(|db| read_states::of(db, ALICE));
    seeks(|db| reveals::of(db, ALICE));
}

#[test]
fn signing_in() {
    let client = sessions::Client { user_agent: String::new(), ip: String::new() };
    seeks(|db| accounts::credentials(db, "alice"));
    seeks(|db| sessions::add(db, SESSION, ALICE, 0, &[], &client, NOW, 0));
    seeks(|db| sessions::stored(db, SESSION));
    seeks(|db| sessions::rotate(db, SESSION, 1, &[], &client, NOW, 0));
    seeks(|db| sessions::list(db, ALICE, SESSION));
    seeks(|db| sessions::end(db, SESSION, ALICE));
    seeks(|db| sessions::end_others(db, ALICE, SESSION));
}

#[test]
fn joining_and_leaving() {
    seeks(|db| invites::get(db, "code", NOW));
    seeks(|db| invites::of(db, SERVER, NOW));
    seeks(|db| invites::delete(db, "code"));
    seeks(|db| invites::count_use(db, "code"));
    seeks(|db| invites::live(db, SERVER, NOW));
    seeks(|db| servers::add_member(db, SERVER, ALICE, NOW));
    seeks(|db| servers::remove_member(db, SERVER, ALICE));
    seeks_in_order(|db| servers::each_name(db, SERVER, 0, |_, _| true));
    seeks(|db| servers::delete(db, SERVER));
    seeks(|db| channels::delete(db, CHANNEL));
}

#[test]
fn roles_and_who_holds_them() {
    let one = Override { role_id: ROLE, allow: Permissions::NONE, deny: Permissions::NONE };
    seeks(|db| roles::give(db, SERVER, ALICE, ROLE));
    seeks(|db| roles::take(db, SERVER, ALICE, ROLE));
    seeks(|db| roles::delete(db, ROLE));
    seeks(|db| roles::set_override(db, SERVER, CHANNEL, one));
    seeks(|db| roles::delete_override(db, CHANNEL, ROLE));
    seeks(|db| servers::set_nickname(db, SERVER, ALICE, None));
}

#[test]
fn bans_blocks_and_who_did_what() {
    let entry = audit::NewEntry {
        entry_id: EntryId(8),
        actor: ALICE,
        action: Action::MemberKick,
        target: None,
        reason: None,
        changes: &[],
        created_at: NOW,
    };
    seeks(|db| bans::add(db, SERVER, ALICE, None, BOB, NOW));
    seeks(|db| bans::remove(db, SERVER, ALICE));
    seeks_in_order(|db| bans::list(db, SERVER, 0, 50));
    seeks(|db| bans::purge(db, SERVER, ALICE, 1, 9));
    seeks(|db| blocks::count(db, ALICE, BOB));
    seeks(|db| blocks::add(db, ALICE, BOB, 9));
    seeks(|db| blocks::list(db, ALICE));
    seeks(|db| audit::add(db, SERVER, &entry));
    seeks_in_order(|db| audit::list(db, SERVER, i64::MAX, 50));
}

#[test]
fn whom_to_tell_by_push_and_what() {
    let (id, keys) = (SubscriptionId(9), PushKeys { p256dh: [0; 65], auth: [0; 16] });
    let new = PushSubscription {
        subscription_id: id,
        name: None,
        origin: String::new(),
        created_at: NOW,
        last_success_at: None,
        last_failure: None,
    };
    seeks(|db| push::set(db, &new, (ALICE, SESSION), "https://push.example/x", &keys));
    seeks(|db| push::at(db, "https://push.example/x"));
    seeks_in_order(|db| push::list(db, ALICE));
    seeks(|db| push::count(db, ALICE));
    seeks(|db| push::live(db, id, 0));
    seeks(|db| push::note(db, id, push::Fares::Well(NOW)));
    seeks(|db| push::remove(db, id, ALICE));
    seeks(|db| push::is_member(db, SERVER, ALICE));
    seeks(|db| push::holders(db, ROLE));
    seeks(|db| push::names(db, CHANNEL));
    seeks(|db| push::nickname(db, SERVER, ALICE));
    seeks(|db| push::role_name(db, ROLE));
    seeks(|db| unread::channels(db, ALICE));
    seeks(|db| unread::latest(db, ALICE, CHANNEL, (MessageId(1), MessageId(9))));
    seeks_in_order(|db| unread::others(db, ALICE, CHANNEL, MESSAGE));
    seeks(|db| unread::is_unheard(db, ALICE, CHANNEL, MESSAGE));
    seeks(|db| read_states::position(db, ALICE, CHANNEL));
    // A session takes its subscriptions along.
    seeks(|db| {
        db.execute_batch("PRAGMA foreign_keys = on")?;
        sessions::end(db, SESSION, ALICE)
    });
}

#[test]
fn sweeping() {
    for deleted in [
        "",
        "INSERT INTO servers VALUES (3, '', '', 1, 0, 0, 1, NULL)",
        "INSERT INTO channels VALUES (4, 3, 'text', NULL, '', '', 0, NULL, 0, 1)",
        "INSERT INTO messages VALUES (4, 1, 1, '', 0, NULL, NULL, 0, NULL);
         INSERT INTO channels VALUES (4, 3, 'text', NULL, '', '', 0, NULL, 0, 1)",
        "INSERT INTO gone_roles VALUES (7)",
        "INSERT INTO gone_roles VALUES (7); INSERT INTO member_roles VALUES (1, 3, 7)",
        "INSERT INTO purges VALUES (9, 3, 1, 0, 0, 0)",
        "INSERT INTO purges VALUES (9, 3, 1, 0, 0, 0); INSERT INTO messages VALUES (4, 1, 1, '', 0, NULL, NULL, 0, NULL);
         INSERT INTO channels VALUES (4, 3, 'text', NULL, '', '', 0, NULL, 0, 0)",
        r#"INSERT INTO servers VALUES (3, '', '', 1, 0, 0, 0, NULL); INSERT INTO roles VALUES (3, 3, 'everyone', 0, 0, 0);
           INSERT INTO members VALUES (3, 1, NULL, 0);
           INSERT INTO reveals VALUES (9, 3, '{"everyone": {"role_id": "3", "position": 0, "permissions": []},
                                             "roles": [], "overrides": {}}', 0)"#,
    ] {
        seeks(|db| {
            db.execute_batch(deleted)?;
            sweep::step(db, NOW, &mut sweep::Entries::uncounted())
        });
    }
}
