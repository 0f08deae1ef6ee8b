//! Blocks: a plain DM with somebody who has blocked one, or whom one has blocked, is closed. All else goes on.

use serde_json::{Value, json};

use crate::company::{
    BLOCK_UPDATE, CHANNEL_CREATE, Company, Event, MESSAGE_CREATE, MESSAGE_DELETE, READ_UPDATE, TYPING_START,
};
use crate::harness::{Person, World, text};

const BLOCKS: &str = "/users/@me/blocks";

fn block(person: &Person<'_>) -> String {
    format!("{BLOCKS}/{}", person.id)
}

/// Whom somebody has blocked.
fn blocked(person: &Person<'_>) -> Vec<String> {
    let users = person.get(BLOCKS).expect(200);
    users.as_array().unwrap().iter().map(|user| text(&user["username"])).collect()
}

/// What one's own devices hear of it.
fn told(person: &Person<'_>, blocked: bool) -> Event {
    (BLOCK_UPDATE, json!({"user_id": person.id, "blocked": blocked}))
}

#[test]
fn blocks_are_ones_own_and_told_to_nobody_else() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_server", "ban_members"]);
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    home.bob.put(&block(&home.alice), json!({})).expect(204);
    home.bob.ask("PUT", &block(&home.mona), None).expect(204);
    assert_eq!(blocked(&home.bob), ["alice", "mona"], "latest first, and once more is not later");
    let listed = home.bob.get(BLOCKS).expect(200);
    assert_eq!(listed[1], home.bob.get(&format!("/users/{}", home.mona.id)).expect(200));
    assert_eq!((blocked(&home.mona), blocked(&home.alice)), (vec![], vec![]));
    home.hear(&[("bob", &[told(&home.mona, true), told(&home.alice, true)])]);

    // Whom one does not see one cannot block, and from a list of others one learns nothing.
    for missing in [home.oscar.id.as_str(), "1", "none"] {
        home.bob.put(&format!("{BLOCKS}/{missing}"), json!({})).refused(404, "not_found");
    }
    for own in ["@me", home.bob.id.as_str()] {
        home.bob.put(&format!("{BLOCKS}/{own}"), json!({})).refused(400, "invalid_field");
    }
    let his = format!("/users/{}/blocks", home.bob.id);
    for (_, person) in home.people().into_iter().filter(|(name, _)| *name != "bob") {
        person.get(&his).refused(404, "not_found");
        person.put(&format!("{his}/{}", home.mona.id), json!({})).refused(404, "not_found");
        person.delete(&format!("{his}/{}", home.mona.id)).refused(404, "not_found");
    }
    world.request("GET", BLOCKS, None).refused(401, "unauthenticated");

    // Lifting what is not there is fine, too.
    for _ in 0..2 {
        home.bob.delete(&block(&home.mona)).expect(204);
    }
    home.bob.delete(&block(&home.oscar)).expect(204);
    assert_eq!(blocked(&home.bob), ["alice"]);
    home.hear(&[("bob", &[told(&home.mona, false)])]);
    // Blocked again is the latest; and whoever is out of sight by now stays blocked, and may be let go.
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    assert_eq!(blocked(&home.bob), ["mona", "alice"]);
    home.hear(&[("bob", &[told(&home.mona, true)])]);
    home.bob.delete(&home.path("/members/@me")).expect(204);
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    assert_eq!(blocked(&home.bob), ["mona", "alice"]);
    home.bob.delete(&block(&home.mona)).expect(204);
    home.bob.put(&block(&home.mona), json!({})).refused(404, "not_found");
    let left = [home.removed(&home.bob, "left")];
    home.hear(&[("alice mona bob", &left), ("bob", &[told(&home.mona, false)])]);
}

#[test]
fn between_two_of_whom_one_blocks_the_other_no_dm_is_opened() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    let open = |from: &Person<'_>, to: &Person<'_>| from.post("/users/@me/dm-channels", json!({"recipient_id": to.id}));
    open(&home.mona, &home.bob).refused(403, "blocked");
    open(&home.bob, &home.mona).refused(403, "blocked");
    let one = json!({"recipient_ids": [home.bob.id, home.mona.id]});
    home.mona.post("/users/@me/dm-channels", one).refused(403, "blocked");
    home.oscar.post("/users/@me/dm-channels", json!({"recipient_id": home.bob.id})).refused(404, "not_found");
    home.hear(&[("bob", &[told(&home.mona, true)])]);
    // With others both write as ever.
    let dm = open(&home.mona, &home.alice).expect(201);
    home.hear(&[("mona", &[(CHANNEL_CREATE, dm)])]);
    // Each may have blocked the other: it is open again when neither has.
    home.mona.put(&block(&home.bob), json!({})).expect(204);
    home.bob.delete(&block(&home.mona)).expect(204);
    open(&home.bob, &home.mona).refused(403, "blocked");
    home.mona.delete(&block(&home.bob)).expect(204);
    let dm = open(&home.bob, &home.mona).expect(201);
    home.hear(&[
        ("mona", &[told(&home.bob, true), told(&home.bob, false)]),
        ("bob", &[told(&home.mona, false), (CHANNEL_CREATE, dm)]),
    ]);
}

#[test]
fn a_dm_that_there_is_falls_silent_and_can_still_be_read() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let dm = home.mona.opens_dm(&home.bob);
    let messages = format!("/channels/{dm}/messages");
    let once = json!({"content": "hello", "nonce": "n1"});
    let first = home.mona.post(&messages, once.clone()).expect(201);
    let message = format!("{messages}/{}", text(&first["message_id"]));
    let second = home.bob.says(&dm, "hi");
    home.heard();
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    for person in [&home.mona, &home.bob] {
        person.post(&messages, json!({"content": "more"})).refused(403, "blocked");
        // That one may not write here comes before what one writes.
        person.post(&messages, json!({"content": ""})).refused(403, "blocked");
        let found = person.post("/users/@me/dm-channels", json!({"recipient_ids": [home.mona.id, home.bob.id]}));
        assert_eq!(found.expect(200)["channel_id"], json!(dm));
        assert_eq!(person.get(&messages).expect(200).as_array().unwrap().len(), 2);
        assert_eq!(person.get("/users/@me/dm-channels").expect(200)[0]["channel_id"], json!(dm));
    }
    home.mona.patch(&message, json!({"content": "boo"})).refused(403, "blocked");
    home.bob.patch(&format!("{messages}/{second}"), json!({"content": "boo"})).refused(403, "blocked");
    home.bob.patch(&message, json!({"content": "boo"})).refused(403, "forbidden");
    // A retry of what was written before is answered as before.
    assert_eq!(home.mona.post(&messages, once).expect(200)["message_id"], first["message_id"]);
    home.hear(&[("bob", &[told(&home.mona, true)])]);
    home.types("mona", &dm);
    home.types("bob", &dm);
    home.oscar.get(&messages).refused(404, "not_found");
    home.nobody_hears();
    // One's own words one may still take back, and the other hears that they are gone.
    home.mona.delete(&message).expect(204);
    let gone = json!({"message_id": first["message_id"], "channel_id": dm, "server_id": null});
    home.hear(&[("mona bob", &[(MESSAGE_DELETE, gone)])]);

    home.bob.delete(&block(&home.mona)).expect(204);
    let said = home.mona.post(&messages, json!({"content": "friends again?"})).expect(201);
    home.hear(&[("bob", &[told(&home.mona, false)]), ("mona bob", &[(MESSAGE_CREATE, said)])]);
}

#[test]
fn whom_one_blocks_makes_nothing_unread_on_any_device() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let dm = home.mona.opens_dm(&home.bob);
    let messages = [home.mona.says(&dm, "hello?"), home.mona.says(&dm, "hello!")];
    let named = home.mona.says(&home.general, &format!("<@{}>", home.bob.id));
    let lounge = home.alice.post(&home.path("/channels"), json!({"name": "lounge"})).expect(201);
    let lounge = text(&lounge["channel_id"]);
    home.mona.says(&lounge, "nobody in particular");
    let last = home.alice.says(&lounge, &format!("<@{}>", home.bob.id));
    home.heard();
    let state = |channel: &str, position: &str, more: Value| {
        let mut state = json!({"channel_id": channel, "message_id": position, "mentions": 0});
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (READ_UPDATE, state)
    };
    let connected = || home.bob.connects().connected["d"]["read_states"].as_array().unwrap().clone();
    let before = connected();
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    let heard = home.heard();
    let (_, of_bob) = home.people().into_iter().zip(&heard).find(|((name, _), _)| *name == "bob").unwrap();
    let quiet = [state(&home.general, &named, json!({})), state(&dm, &messages[1], json!({}))];
    assert_eq!((of_bob.len(), &of_bob[0]), (3, &told(&home.mona, true)));
    assert!(quiet.iter().all(|event| of_bob.contains(event)), "{of_bob:?}");
    // As on a device that comes now; and all is as it was when the block is lifted.
    let now = connected();
    assert!(quiet.iter().all(|(_, state)| now.contains(state)), "{now:?}");
    let (_, same) = state(&lounge, "0", json!({"mentions": 1, "mention_ids": [last]}));
    assert!(before.contains(&same) && now.contains(&same), "{now:?}");
    home.bob.delete(&block(&home.mona)).expect(204);
    assert_eq!(connected(), before);
    let again = [
        state(&home.general, "0", json!({"mentions": 1, "mention_ids": [named]})),
        state(&dm, "0", json!({"direct_ids": messages})),
    ];
    let heard = home.heard();
    let (_, of_bob) = home.people().into_iter().zip(&heard).find(|((name, _), _)| *name == "bob").unwrap();
    assert_eq!((of_bob.len(), &of_bob[0]), (3, &told(&home.mona, false)));
    assert!(again.iter().all(|event| of_bob.contains(event)), "{of_bob:?}");
}

#[test]
fn servers_and_groups_know_nothing_of_blocks() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    home.bob.put(&block(&home.mona), json!({})).expect(204);
    home.mona.put(&block(&home.bob), json!({})).expect(204);
    home.hear(&[("bob", &[told(&home.mona, true)]), ("mona", &[told(&home.bob, true)])]);
    let people = json!({"recipient_ids": [home.bob.id, home.alice.id]});
    let group = home.mona.post("/users/@me/dm-channels", people).expect(201);
    home.hear(&[("mona", &[(CHANNEL_CREATE, group.clone())])]);
    let group = text(&group["channel_id"]);
    home.mona.says(&group, "meeting");
    let said = home.bob.post(&format!("/channels/{group}/messages"), json!({"content": "coming"})).expect(201);
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    // To alice and bob the group is news with its first message.
    let ops = |heard: &[(u64, Value)]| heard.iter().map(|(op, _)| *op).collect::<Vec<_>>();
    for heard in [&on_alice, &on_bob] {
        assert_eq!(ops(heard), [CHANNEL_CREATE, MESSAGE_CREATE, MESSAGE_CREATE]);
        assert_eq!(heard[2].1, said);
    }
    assert_eq!((ops(&on_mona), ops(&on_oscar)), (vec![MESSAGE_CREATE; 2], vec![]));
    for channel in [&group, &home.general] {
        home.types("mona", channel);
        let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
        for heard in [on_alice, on_bob] {
            let told = (heard[0].0, &heard[0].1["user_id"], &heard[0].1["channel_id"]);
            assert_eq!(told, (TYPING_START, &json!(home.mona.id), &json!(channel)));
        }
        assert!(on_mona.is_empty() && on_oscar.is_empty());
    }
    let said =
        home.mona.post(&format!("/channels/{}/messages", home.general), json!({"content": "hi all"})).expect(201);
    home.members_hear(&[(MESSAGE_CREATE, said)]);
    assert_eq!(home.bob.get(&home.member(&home.mona)).expect(200)["nickname"], Value::Null);
}

#[test]
fn whoever_blocks_as_many_as_one_can_lifts_a_block_first() {
    let mut world = World::start();
    let (token, bob) = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (server, _) = alice.creates_server("home");
        alice.invites(&server, &[&bob]);
        (alice.token.clone(), bob.id.clone())
    };
    world.stop();
    // A thousand people, whom nobody wants to wait for while they register.
    let database = rusqlite::Connection::open(world.folder.path().join("data/chatd.db")).unwrap();
    database
        .execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             INSERT INTO users (user_id, username, password_hash, created_at) SELECT n, 'crowd_' || n, '', 0 FROM n;
             INSERT INTO blocks (user_id, blocked_id, block_id)
             SELECT (SELECT user_id FROM users WHERE username = 'alice'), user_id, user_id FROM users WHERE user_id <= 1000;",
        )
        .unwrap();
    drop(database);
    world.restart();
    let ask =
        |method: &str, who: &str| world.send(method, &format!("/users/@me/blocks/{who}"), Some(&token), &[], None);
    ask("PUT", &bob).refused(409, "too_many_blocks");
    // Whom she has blocked already is no one more.
    ask("PUT", "1000").expect(204);
    ask("DELETE", "1000").expect(204);
    ask("PUT", &bob).expect(204);
}
