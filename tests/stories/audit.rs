//! The audit log: every act leaves exactly its entry, and what is no act leaves none.

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::company::{Company, MESSAGE_CREATE};
use crate::harness::{Person, World, text};

/// What a moderator may do who may do nearly everything.
pub const MOST: [&str; 8] = [
    "manage_server",
    "manage_roles",
    "manage_channels",
    "manage_messages",
    "kick_members",
    "ban_members",
    "mention_everyone",
    "view_channel",
];

/// A company's audit log, and up to where it has been read.
pub struct Log<'a, 'b> {
    home: &'a Company<'b>,
    latest: RefCell<Value>,
}

impl<'a, 'b> Log<'a, 'b> {
    pub fn of(home: &'a Company<'b>) -> Self {
        let log = Self { home, latest: RefCell::default() };
        log.news();
        log
    }

    /// The entries that are new, latest first.
    #[track_caller]
    pub fn news(&self) -> Vec<Value> {
        let all = self.home.alice.get(&self.home.path("/audit-log?limit=100")).expect(200);
        let entries = all.as_array().unwrap().iter().take_while(|entry| entry["entry_id"] != *self.latest.borrow());
        let news = entries.cloned().collect();
        *self.latest.borrow_mut() = all[0]["entry_id"].clone();
        news
    }

    /// There is exactly one new entry, and it says this.
    #[track_caller]
    fn says(&self, actor: &Person<'_>, action: &str, target: impl Into<Value>, changes: Value) {
        self.says_why(actor, action, target, Value::Null, changes);
    }

    #[track_caller]
    pub fn says_why(&self, actor: &Person<'_>, action: &str, target: impl Into<Value>, reason: Value, changes: Value) {
        let news = self.news();
        assert_eq!(news.len(), 1, "{action}: {news:?}");
        let entry = &news[0];
        let told = json!({"action": entry["action"], "actor": entry["actor"]["user_id"], "target_id": entry["target_id"],
                          "reason": entry["reason"], "changes": entry["changes"]});
        let wanted = json!({"action": action, "actor": actor.id, "target_id": target.into(), "reason": reason,
                            "changes": changes});
        assert_eq!(told, wanted);
        assert!(text(&entry["created_at"]).ends_with('Z'));
    }
}

pub fn change(field: &str, before: impl Into<Value>, after: impl Into<Value>) -> Value {
    json!({"field": field, "before": before.into(), "after": after.into()})
}

#[test]
fn acts_on_the_server_and_its_channels_stand_in_the_log() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let (mona, nothing) = (&home.mona, Value::Null);
    let log = Log::of(&home);
    mona.patch(&home.path(""), json!({"name": "castle", "description": "ours"})).expect(200);
    let changes = json!([change("name", "home", "castle"), change("description", "", "ours")]);
    log.says(mona, "server_update", home.server.as_str(), changes);

    let body = json!({"name": "desk", "overrides": [{"role_id": home.moderator, "allow": ["mention_everyone"]}]});
    let desk = text(&mona.post(&home.path("/channels"), body).expect(201)["channel_id"]);
    let overrides = json!([{"role_id": home.moderator, "allow": ["mention_everyone"], "deny": []}]);
    let made = |overrides: Value| {
        json!([
            change("name", nothing.clone(), "desk"),
            change("type", nothing.clone(), "text"),
            change("overrides", nothing.clone(), overrides)
        ])
    };
    log.says(mona, "channel_create", desk.as_str(), made(overrides));
    let path = format!("/channels/{desk}");
    // Others move because of it, too, but it is one act on one channel.
    mona.patch(&path, json!({"name": "front", "topic": "t", "position": 0})).expect(200);
    let changes = json!([change("name", "desk", "front"), change("topic", "", "t"), change("position", 1, 0)]);
    log.says(mona, "channel_update", desk.as_str(), changes);

    let path = home.r#override(&desk, &home.server);
    mona.put(&path, json!({"allow": ["add_reactions"]})).expect(204);
    let set = |before: (Value, Value, Value), after: (Value, Value, Value)| {
        let all = [
            change("role_id", before.0, after.0),
            change("allow", before.1, after.1),
            change("deny", before.2, after.2),
        ];
        // The role is always named; what it may only if it is another thing now.
        all.into_iter().filter(|one| one["field"] == "role_id" || one["before"] != one["after"]).collect::<Value>()
    };
    let everyone = json!(home.server);
    let first = (everyone.clone(), json!(["add_reactions"]), json!([]));
    log.says(mona, "override_set", desk.as_str(), set(Default::default(), first.clone()));
    mona.put(&path, json!({"allow": ["add_reactions"], "deny": ["mention_everyone"]})).expect(204);
    let second = (everyone, json!(["add_reactions"]), json!(["mention_everyone"]));
    log.says(mona, "override_set", desk.as_str(), set(first, second.clone()));
    mona.delete(&path).expect(204);
    log.says(mona, "override_delete", desk.as_str(), set(second, Default::default()));

    mona.delete(&format!("/channels/{desk}")).expect(204);
    let changes = json!([change("name", "front", nothing.clone()), change("type", "text", nothing.clone())]);
    log.says(mona, "channel_delete", desk.as_str(), changes);

    home.alice.patch(&home.path(""), json!({"owner_id": home.bob.id})).expect(200);
    let changes = json!([change("owner_id", home.alice.id.as_str(), home.bob.id.as_str())]);
    // Alice does not manage the server any more, so bob gives it back to her.
    home.alice.get(&home.path("/audit-log")).refused(403, "forbidden");
    home.bob.patch(&home.path(""), json!({"owner_id": home.alice.id, "name": "home"})).expect(200);
    let news = log.news();
    let told: Vec<_> = news.iter().map(|entry| (text(&entry["action"]), text(&entry["target_id"]))).collect();
    assert_eq!(told[2], ("owner_change".to_owned(), home.bob.id.clone()));
    assert_eq!((&news[2]["changes"], &news[2]["actor"]["username"]), (&changes, &json!("alice")));
    let mut two = told[..2].to_vec();
    two.sort();
    // Two things at once are two entries.
    assert_eq!(
        two,
        [("owner_change".to_owned(), home.alice.id.clone()), ("server_update".to_owned(), home.server.clone())]
    );
    assert_eq!(news.len(), 3);
}

#[test]
fn acts_on_roles_and_members_stand_in_the_log() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let (mona, nothing) = (&home.mona, Value::Null);
    let log = Log::of(&home);
    let new = json!({"name": "helper", "color": 7, "permissions": ["kick_members"]});
    let helper = text(&mona.post(&home.path("/roles"), new).expect(201)["role_id"]);
    let all = |before: [Value; 4], after: [Value; 4]| {
        let fields = ["name", "color", "position", "permissions"].into_iter().zip(before.into_iter().zip(after));
        fields.map(|(field, (before, after))| change(field, before, after)).collect::<Value>()
    };
    let is = [json!("helper"), json!(7), json!(1), json!(["kick_members"])];
    log.says(mona, "role_create", helper.as_str(), all(Default::default(), is.clone()));
    mona.patch(&home.path(&format!("/roles/{helper}")), json!({"color": 0, "permissions": []})).expect(200);
    let changes = json!([change("color", 7, 0), change("permissions", json!(["kick_members"]), json!([]))]);
    log.says(mona, "role_update", helper.as_str(), changes);
    home.alice.patch(&home.path(&format!("/roles/{helper}")), json!({"position": 2})).expect(200);
    log.says(&home.alice, "role_update", helper.as_str(), json!([change("position", 1, 2)]));
    home.alice.patch(&home.path(&format!("/roles/{helper}")), json!({"position": 1})).expect(200);
    log.news();

    let bob = home.member(&home.bob);
    mona.patch(&bob, json!({"roles": [helper], "nickname": "Bobby"})).expect(200);
    let changes = json!([change("nickname", nothing.clone(), "Bobby"), change("roles", json!([]), json!([helper]))]);
    log.says(mona, "member_update", home.bob.id.as_str(), changes);
    home.bob.patch(&home.path("/members/@me"), json!({"nickname": null})).expect(200);
    log.says(&home.bob, "member_update", home.bob.id.as_str(), json!([change("nickname", "Bobby", nothing.clone())]));
    mona.delete(&home.path(&format!("/roles/{helper}"))).expect(204);
    let was = [json!("helper"), json!(0), json!(1), json!([])];
    log.says(mona, "role_delete", helper.as_str(), all(was, Default::default()));

    mona.delete(&bob).expect(204);
    log.says(mona, "member_kick", home.bob.id.as_str(), json!([]));
    let ban = home.path(&format!("/bans/{}", home.bob.id));
    mona.put(&ban, json!({"reason": "rude", "delete_message_seconds": 60})).expect(204);
    let changes = json!([change("delete_message_seconds", nothing, 60)]);
    log.says_why(mona, "ban_add", home.bob.id.as_str(), json!("rude"), changes);
    mona.delete(&ban).expect(204);
    log.says(mona, "ban_remove", home.bob.id.as_str(), json!([]));
    // What mona did stays there without her, under her name.
    home.alice.delete(&home.member(mona)).expect(204);
    log.says(&home.alice, "member_kick", mona.id.as_str(), json!([]));
    let all = home.alice.get(&home.path("/audit-log")).expect(200);
    assert_eq!(
        all[1]["actor"],
        json!({"user_id": mona.id, "username": "mona", "display_name": null, "avatar_url": null})
    );
}

#[test]
fn invites_stand_in_the_log_without_their_secret_and_deleted_messages_without_their_words() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let log = Log::of(&home);
    let invite = home.bob.post(&home.path("/invites"), json!({"max_uses": 3, "expires_in": null})).expect(201);
    let code = text(&invite["code"]);
    home.mona.delete(&format!("/invites/{code}")).expect(204);
    let news = log.news();
    let told: Vec<_> =
        news.iter().map(|e| (text(&e["action"]), text(&e["actor"]["username"]), e["target_id"].clone())).collect();
    let wanted = [("invite_delete", "mona"), ("invite_create", "bob")];
    assert_eq!(told, wanted.map(|(action, actor)| (action.to_owned(), actor.to_owned(), Value::Null)));
    for entry in &news {
        let entry = entry.to_string();
        assert!(entry.contains(&code[..4]) && !entry.contains(&code[..5]), "{entry}");
    }

    let messages = format!("/channels/{}/messages", home.general);
    let his = home.bob.says(&home.general, "something unspeakable");
    home.mona.delete(&format!("{messages}/{his}")).expect(204);
    let news = log.news();
    assert_eq!((news.len(), &news[0]["action"], &news[0]["target_id"]), (1, &json!("message_delete"), &json!(his)));
    assert!(!news[0].to_string().contains("unspeakable"));
    assert!(news[0]["changes"].to_string().contains(&home.bob.id), "whose it was: {}", news[0]);
    // One's own is one's own affair, and in a DM there is no log.
    let hers = home.mona.says(&home.general, "mine");
    home.mona.delete(&format!("{messages}/{hers}")).expect(204);
    let dm = home.mona.opens_dm(&home.bob);
    let psst = home.mona.says(&dm, "psst");
    home.mona.delete(&format!("/channels/{dm}/messages/{psst}")).expect(204);
    // What a ban takes away is told with the ban.
    let mut on_mona = home.mona.connects();
    home.bob.says(&home.general, "and more");
    let ban = json!({"delete_message_seconds": 60});
    home.mona.put(&home.path(&format!("/bans/{}", home.bob.id)), ban).expect(204);
    assert_eq!(on_mona.event_but_presence(MESSAGE_CREATE)["content"], "and more");
    on_mona.event_but_presence(31);
    on_mona.event_but_presence(13);
    log.says(&home.mona, "ban_add", home.bob.id.as_str(), json!([change("delete_message_seconds", Value::Null, 60)]));
}

#[test]
fn what_is_refused_and_what_changes_nothing_leaves_no_entry() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let helper = home.role("helper", &[]);
    home.overrides(&home.general, &helper, &[], &["send_messages"]);
    home.alice.put(&home.path(&format!("/bans/{}", home.oscar.id)), json!({})).expect(204);
    let log = Log::of(&home);
    home.heard();
    let general = format!("/channels/{}", home.general);
    let (role, bob, alice) = (home.path(&format!("/roles/{helper}")), home.member(&home.bob), home.member(&home.alice));
    let ban = |person: &Person<'_>| home.path(&format!("/bans/{}", person.id));
    let right = home.r#override(&home.general, &helper);
    for (method, path, body, status) in [
        // Nothing changes.
        ("PATCH", home.path(""), json!({"name": "home"}), 200),
        ("PATCH", general.clone(), json!({"name": "general", "position": 0, "parent_id": null}), 200),
        ("PATCH", role.clone(), json!({"name": "helper", "position": 1}), 200),
        ("PATCH", bob.clone(), json!({"roles": [], "nickname": null}), 200),
        ("PUT", right.clone(), json!({"deny": ["send_messages"]}), 204),
        ("PUT", ban(&home.oscar), json!({"reason": "now I know"}), 204),
        // It is refused.
        ("PATCH", home.path(""), json!({"name": "x", "owner_id": home.mona.id}), 403),
        ("PATCH", home.path(""), json!({"name": ""}), 400),
        ("POST", home.path("/channels"), json!({"name": "x", "parent_id": "1"}), 400),
        ("PATCH", general.clone(), json!({"name": "x", "topic": null}), 400),
        ("POST", home.path("/roles"), json!({"name": "x", "permissions": ["create_invite", "x"]}), 400),
        ("PATCH", role, json!({"name": "x", "position": 2}), 403),
        ("DELETE", home.path(&format!("/roles/{}", home.moderator)), json!(null), 403),
        ("PATCH", bob.clone(), json!({"nickname": "x", "roles": [home.moderator]}), 403),
        ("DELETE", alice, json!(null), 403),
        ("PUT", ban(&home.alice), json!({}), 403),
        ("DELETE", ban(&home.bob), json!(null), 404),
        ("PUT", right, json!({"allow": ["send_messages"], "deny": ["send_messages"]}), 400),
        ("DELETE", home.r#override(&home.general, &home.moderator), json!(null), 404),
        ("POST", home.path("/invites"), json!({"max_uses": 0}), 400),
        ("DELETE", "/invites/none".to_owned(), json!(null), 404),
        ("DELETE", format!("{general}/messages/1"), json!(null), 404),
    ] {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = home.mona.ask(method, &path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    home.bob.patch(&home.path(""), json!({"name": "bob's"})).refused(403, "forbidden");
    home.oscar.delete(&general).refused(404, "not_found");
    home.nobody_hears();
    // Nor does what is everybody's: talking, reading, coming and going.
    let carol = home.alice.world.person("carol");
    let invite = home.alice.post(&home.path("/invites"), json!({})).expect(201);
    log.news();
    carol.ask("POST", &format!("/invites/{}", text(&invite["code"])), None).expect(200);
    carol.says(&home.general, "hello");
    carol.put(&home.path("/read"), json!({})).expect(204);
    carol.patch("/users/@me", json!({"display_name": "Carol"})).expect(200);
    carol.delete(&home.path("/members/@me")).expect(204);
    assert_eq!(log.news(), [Value::Null; 0]);
}

#[test]
fn the_log_is_read_in_pages_by_those_who_manage_the_server() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_server"]);
    for n in 0..5 {
        home.role(&n.to_string(), &[]);
    }
    let path = home.path("/audit-log");
    home.only_for_some(|person| person.get(&path));
    home.only_for_some(|person| person.get(&format!("{path}?limit=0")));
    let all = home.mona.get(&path).expect(200);
    let ids: Vec<_> = all.as_array().unwrap().iter().map(|entry| text(&entry["entry_id"])).collect();
    assert!(ids.is_sorted_by_key(|id| std::cmp::Reverse(id.parse::<u64>().unwrap())), "newest first");
    assert_eq!(all[0]["changes"][0]["after"], "4");
    let mut next = format!("{path}?limit=3");
    let mut pages = Vec::new();
    loop {
        let answer = home.mona.get(&next);
        let link = answer.header("link").map(str::to_owned);
        pages.extend(answer.expect(200).as_array().unwrap().iter().map(|entry| text(&entry["entry_id"])));
        let Some(link) = link else { break };
        next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(pages, ids, "none twice, none missing");
    let older = home.mona.get(&format!("{path}?before={}", ids[2])).expect(200);
    assert_eq!(older, json!(all.as_array().unwrap()[3..]));
    for bad in ["limit=0", "limit=101", "before=x"] {
        home.mona.get(&format!("{path}?{bad}")).refused(400, "invalid_field");
    }
    // Another server's log is another, and begins empty.
    let (other, _) = home.alice.creates_server("other");
    assert_eq!(home.alice.get(&format!("/servers/{other}/audit-log")).expect(200), json!([]));
    home.mona.get(&format!("/servers/{other}/audit-log")).refused(404, "not_found");
    // With the right goes the sight of it.
    home.alice.patch(&home.path(&format!("/roles/{}", home.moderator)), json!({"permissions": []})).expect(200);
    home.mona.get(&path).refused(403, "forbidden");
}

#[test]
fn a_log_keeps_its_latest_entries_and_loses_those_before() {
    let mut world = World::start();
    let (server, id) = {
        let alice = world.person("alice");
        (alice.creates_server("home").0, alice.id.clone())
    };
    world.stop();
    // Years of acts, of which the first two are too many.
    let database = rusqlite::Connection::open(world.folder.path().join("data/chatd.db")).unwrap();
    let most = chatd::model::limits::AUDIT_ENTRIES;
    database.execute("DELETE FROM audit_log", []).unwrap();
    let acts = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most} + 2)
         INSERT INTO audit_log SELECT {server}, i, {id}, 'ban_add', {id}, NULL, '[]', 0 FROM n"
    );
    assert_eq!(database.execute(&acts, []).unwrap(), most + 2);
    drop(database);
    world.restart();
    let alice = world.sign_in("alice");
    let before = |entry: usize| alice.get(&format!("/servers/{server}/audit-log?before={entry}")).expect(200);
    let deadline = std::time::Instant::now() + crate::process::PATIENCE;
    while before(3) != json!([]) {
        assert!(std::time::Instant::now() < deadline, "{}", before(3));
        std::thread::yield_now();
    }
    assert_eq!(before(4)[0]["entry_id"], "3");
    let latest = alice.get(&format!("/servers/{server}/audit-log?limit=1")).expect(200);
    assert_eq!(latest[0]["entry_id"], (most + 2).to_string());
}
