//! Kicking and banning: who may, who hears of it, and what is left of whoever goes.

use serde_json::{Value, json};

use crate::company::{Company, MEMBER_ADD, MESSAGE_CREATE, MESSAGE_DELETE, PRESENCE_UPDATE, USER_UPDATE, first_screen};
use crate::harness::{Person, World, text};

/// The path of somebody's ban.
fn ban(home: &Company<'_>, person: &Person<'_>) -> String {
    home.path(&format!("/bans/{}", person.id))
}

/// A code that lets into alice's server.
fn code(home: &Company<'_>) -> String {
    text(&home.alice.post(&home.path("/invites"), json!({"expires_in": null})).expect(201)["code"])
}

#[test]
fn a_kick_needs_the_right_and_the_rank_and_the_way_back_is_open() {
    let world = World::start();
    let home = Company::gather(&world, &["kick_members"]);
    let peer = home.alice.world.person("peer");
    let code = code(&home);
    peer.ask("POST", &format!("/invites/{code}"), None).expect(200);
    home.gives(&peer, &[&home.moderator]);
    home.heard();
    for person in [&home.alice, &home.mona, &peer] {
        home.bob.delete(&home.member(person)).refused(403, "forbidden");
        home.oscar.delete(&home.member(person)).refused(404, "not_found");
    }
    for person in [&home.alice, &peer] {
        home.mona.delete(&home.member(person)).refused(403, "forbidden");
    }
    home.mona.delete(&home.member(&home.oscar)).refused(404, "not_found");
    home.nobody_hears();
    home.gives(&home.bob, &[&home.role("helper", &[])]);
    home.bob.patch(&home.path("/members/@me"), json!({"nickname": "Bobby"})).expect(200);
    home.heard();

    home.mona.delete(&home.member(&home.bob)).expect(204);
    // Bob hears that he is out, and nothing after that.
    let said = home.mona.post(&format!("/channels/{}/messages", home.general), json!({"content": "so"})).expect(201);
    home.hear(&[("alice mona bob", &[home.removed(&home.bob, "kicked")]), ("alice mona", &[(MESSAGE_CREATE, said)])]);
    home.bob.get(&home.path("")).refused(404, "not_found");
    home.mona.delete(&home.member(&home.bob)).refused(404, "not_found");
    assert_eq!(home.bob.get("/servers").expect(200), json!([]));

    // He comes back as if he had never been there.
    home.bob.ask("POST", &format!("/invites/{code}"), None).expect(200);
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    for heard in [&on_alice, &on_mona, &on_bob] {
        assert_eq!((heard.len(), heard[0].0, &heard[0].1["roles"]), (1, MEMBER_ADD, &json!([])));
        assert_eq!(heard[0].1["nickname"], Value::Null);
    }
    assert!(on_oscar.is_empty());
}

#[test]
fn whoever_was_kicked_hears_no_presence_of_those_who_stay_and_they_none_of_theirs() {
    let world = World::start();
    let home = Company::gather(&world, &["kick_members"]);
    let dm = home.alice.opens_dm(&home.bob);
    home.alice.says(&dm, "whatever happens");
    home.heard();
    home.mona.delete(&home.member(&home.bob)).expect(204);
    home.bob.patch("/users/@me", json!({"status": "dnd", "bio": "out"})).expect(200);
    home.mona.patch("/users/@me", json!({"status": "idle", "bio": "in"})).expect(200);
    let heard = home.heard_of_all();
    let of = |person: &Person<'_>| -> [Vec<u64>; 4] {
        let about = |d: &Value| d["user_id"] == json!(person.id);
        let is = |op: &u64| [PRESENCE_UPDATE, USER_UPDATE].contains(op);
        heard.each_ref().map(|events| {
            let mut ops: Vec<_> = events.iter().filter(|(op, d)| is(op) && about(d)).map(|(op, _)| *op).collect();
            ops.sort_unstable();
            ops
        })
    };
    let (both, none) = (vec![PRESENCE_UPDATE, USER_UPDATE], Vec::new());
    // Alice has a DM with bob, and so goes on to hear of him.
    assert_eq!(of(&home.bob), [both.clone(), none.clone(), both.clone(), none.clone()]);
    assert_eq!(of(&home.mona), [both.clone(), both, none.clone(), none]);
    home.mona.get(&format!("/users/{}", home.bob.id)).refused(404, "not_found");
    home.bob.get(&format!("/users/{}", home.mona.id)).refused(404, "not_found");
    let screen = first_screen(&home.bob);
    let listed = screen["presences"].as_array().unwrap().iter().map(|one| text(&one["user_id"]));
    assert!(!listed.into_iter().any(|id| id == home.mona.id), "{screen}");
}

#[test]
fn a_ban_removes_keeps_out_and_is_lifted() {
    let world = World::start();
    let home = Company::gather(&world, &["ban_members"]);
    let code = code(&home);
    let join = |person: &Person<'_>| person.ask("POST", &format!("/invites/{code}"), None);
    home.heard();
    home.mona.put(&ban(&home, &home.bob), json!({"reason": " rude  words "})).expect(204);
    home.members_hear(&[home.removed(&home.bob, "banned")]);
    home.bob.get(&home.path("")).refused(404, "not_found");
    join(&home.bob).refused(403, "banned");
    assert_eq!(home.bob.get(&format!("/invites/{code}")).expect(200)["code"], json!(code), "what all see, he sees");
    // Whoever is no member can be kept out, too: without a word, as there is nothing to hear.
    home.mona.ask("PUT", &ban(&home, &home.oscar), None).expect(204);
    join(&home.oscar).refused(403, "banned");
    home.oscar.get(&home.path("")).refused(404, "not_found");
    // Once more changes nothing.
    home.alice.put(&ban(&home, &home.bob), json!({"reason": "other", "delete_message_seconds": 60})).expect(204);
    home.nobody_hears();

    let bans = home.mona.get(&home.path("/bans")).expect(200);
    let author = |person: &Person<'_>, name: &str| json!({"user_id": person.id, "username": name, "display_name": null, "avatar_url": null});
    let mona = author(&home.mona, "mona");
    let expected = [(author(&home.oscar, "oscar"), Value::Null), (author(&home.bob, "bob"), json!("rude  words"))];
    assert_eq!(bans.as_array().unwrap().len(), 2);
    for (ban, (user, reason)) in bans.as_array().unwrap().iter().zip(expected) {
        assert_eq!((&ban["user"], &ban["reason"], &ban["banned_by"]), (&user, &reason, &mona));
        assert!(text(&ban["created_at"]).ends_with('Z'));
    }

    // Whoever is outside learns nothing of a ban, not even of their own.
    for person in [&home.bob, &home.oscar] {
        person.get(&home.path("/bans")).refused(404, "not_found");
        person.delete(&ban(&home, &home.bob)).refused(404, "not_found");
        person.put(&ban(&home, &home.bob), json!({})).refused(404, "not_found");
    }
    home.mona.delete(&ban(&home, &home.bob)).expect(204);
    home.mona.delete(&ban(&home, &home.bob)).refused(404, "not_found");
    home.mona.delete(&home.path("/bans/1")).refused(404, "not_found");
    home.nobody_hears();
    assert_eq!(home.mona.get(&home.path("/bans")).expect(200).as_array().unwrap().len(), 1);
    join(&home.bob).expect(200);
    join(&home.oscar).refused(403, "banned");
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard().map(|heard| heard.len());
    assert_eq!([on_alice, on_mona, on_bob, on_oscar], [1, 1, 1, 0]);
}

#[test]
fn who_cannot_be_banned_stays() {
    let world = World::start();
    let home = Company::gather(&world, &["ban_members"]);
    let peer = home.alice.world.person("peer");
    home.alice.invites(&home.server, &[&peer]);
    home.gives(&peer, &[&home.moderator]);
    home.heard();
    for person in [&home.alice, &home.mona, &peer] {
        home.mona.put(&ban(&home, person), json!({})).refused(403, "forbidden");
        // The right comes before what is asked for.
        home.mona.put(&ban(&home, person), json!({"reason": 7})).refused(403, "forbidden");
    }
    home.mona.put(&home.path("/bans/@me"), json!({})).refused(403, "forbidden");
    home.alice.put(&home.path("/bans/@me"), json!({})).refused(403, "forbidden");
    home.mona.put(&home.path("/bans/1"), json!({})).refused(404, "not_found");
    home.mona.put(&home.path("/bans/none"), json!({})).refused(404, "not_found");
    home.only_for_some(|person| person.put(&ban(&home, &home.mona), json!({"reason": 7})));
    home.only_for_some(|person| person.delete(&ban(&home, &home.mona)));
    home.only_for_some(|person| person.get(&home.path("/bans")));
    // Who may not ban learns nothing of who there is.
    home.bob.put(&home.path("/bans/1"), json!({})).refused(403, "forbidden");
    for bad in [
        json!({"reason": "x".repeat(513)}),
        json!({"reason": 7}),
        json!({"delete_message_seconds": -1}),
        json!({"delete_message_seconds": 604_801}),
        json!({"delete_message_seconds": "60"}),
        json!({"delete_message_seconds": 1.5}),
        json!([]),
    ] {
        let answer = home.mona.put(&ban(&home, &home.bob), bad);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    home.nobody_hears();
    assert_eq!(home.alice.get(&home.path("/bans")).expect(200), json!([]));
    let most = json!({"reason": "ü".repeat(512), "delete_message_seconds": 604_800});
    home.alice.put(&ban(&home, &peer), most).expect(204);
    home.mona.put(&ban(&home, &home.bob), json!({"reason": null, "delete_message_seconds": 0})).expect(204);
    home.members_hear(&[home.removed(&peer, "banned"), home.removed(&home.bob, "banned")]);
}

#[test]
fn bans_come_in_pages_ascending_by_user() {
    let world = World::start();
    let home = Company::gather(&world, &["ban_members"]);
    let others: Vec<_> = ["anna", "carl", "dora"].map(|name| home.alice.world.person(name)).into_iter().collect();
    let banned = [&home.oscar, &home.bob, &others[0], &others[1], &others[2]];
    for person in banned.iter().rev() {
        home.mona.put(&ban(&home, person), json!({})).expect(204);
    }
    let mut path = home.path("/bans?limit=2");
    let mut pages = Vec::new();
    loop {
        let answer = home.mona.get(&path);
        let next = answer.header("link").map(str::to_owned);
        let page = answer.expect(200);
        pages.push(page.as_array().unwrap().iter().map(|ban| text(&ban["user"]["user_id"])).collect::<Vec<_>>());
        let Some(next) = next else { break };
        let (target, rel) = next.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        path = target.to_owned();
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages.concat(), banned.map(|person| person.id.clone()));
    let after = home.path(&format!("/bans?after={}", home.bob.id));
    assert_eq!(home.mona.get(&after).expect(200).as_array().unwrap().len(), 3);
    for bad in ["limit=0", "limit=101", "after=x"] {
        home.mona.get(&home.path(&format!("/bans?{bad}"))).refused(400, "invalid_field");
    }
}

/// Waits until an invite of so many seconds has ended: then they have passed.
fn let_seconds_pass(home: &Company<'_>, seconds: u64) {
    let invite = home.alice.post(&home.path("/invites"), json!({"expires_in": seconds})).expect(201);
    let path = format!("/invites/{}", text(&invite["code"]));
    while home.alice.world.request("GET", &path, None).status == 200 {
        std::thread::yield_now();
    }
}

#[test]
fn with_a_ban_go_the_messages_of_the_last_while_and_no_others() {
    let world = World::start();
    let home = Company::gather(&world, &["ban_members"]);
    let friend = home.role("friend", &[]);
    home.gives(&home.bob, &[&friend]);
    let (_, elsewhere) = home.bob.creates_server("his own");
    let secret = text(&home.private_channel("secret", &friend)["channel_id"]);
    let late = text(&home.channel("late", json!([]))["channel_id"]);
    let old = home.bob.says(&home.general, "long ago");
    let_seconds_pass(&home, 4);
    let first = home.bob.says(&home.general, "rude");
    let answered = home.mona.says(&home.general, "please");
    let second = home.bob.says(&home.general, "ruder");
    let hidden = home.bob.says(&secret, "and here");
    let his = home.bob.says(&elsewhere, "they are mean");
    home.mona.says(&late, "bob?");
    let last = home.bob.says(&late, "ha");
    home.heard();
    let mut on_alice = home.alice.connects();
    home.mona.put(&ban(&home, &home.bob), json!({"delete_message_seconds": 3})).expect(204);
    let gone = |channel: &str, message: &str| {
        (MESSAGE_DELETE, json!({"message_id": message, "channel_id": channel, "server_id": home.server}))
    };
    let deleted =
        [gone(&home.general, &first), gone(&home.general, &second), gone(&secret, &hidden), gone(&late, &last)];
    // They go after the answer. When the last one has gone, so have all.
    assert_eq!(on_alice.event_but_presence(31)["reason"], "banned");
    let mut told: Vec<_> = deleted.iter().map(|_| (MESSAGE_DELETE, on_alice.event_but_presence(13))).collect();
    // Channel by channel, each in its order.
    told.sort_by_key(|(_, d)| text(&d["message_id"]));
    assert_eq!(told, deleted);
    let out = home.removed(&home.bob, "banned");
    let [on_alice, mut on_mona, on_bob, on_oscar] = home.heard();
    assert_eq!((on_alice.len(), &on_alice[0]), (5, &out));
    // Mona does not see the secret channel, and bob sees nothing any more.
    on_mona[1..].sort_by_key(|(_, d)| text(&d["message_id"]));
    let [first, second, _, last_one] = deleted;
    assert_eq!(on_mona, [out.clone(), first, second, last_one]);
    assert_eq!((on_bob, on_oscar), (vec![out], vec![]));
    let left = |person: &Person<'_>, channel: &str| -> Vec<String> {
        let messages = person.get(&format!("/channels/{channel}/messages")).expect(200);
        messages.as_array().unwrap().iter().map(|message| text(&message["message_id"])).collect()
    };
    assert_eq!(left(&home.alice, &home.general), [answered, old]);
    assert_eq!(left(&home.alice, &secret), [""; 0]);
    assert_eq!(left(&home.bob, &elsewhere), [his], "what is written elsewhere is not this server's");
    let channel = home.alice.get(&format!("/channels/{late}")).expect(200);
    assert_eq!(channel["last_message_id"], json!(last), "the position stays although the message goes");
}

#[test]
fn messages_of_whoever_left_go_with_their_ban_too() {
    let world = World::start();
    let home = Company::gather(&world, &["ban_members"]);
    home.alice.invites(&home.server, &[&home.oscar]);
    let message = home.oscar.says(&home.general, "and goodbye");
    home.oscar.delete(&home.path("/members/@me")).expect(204);
    home.heard();
    let mut on_mona = home.mona.connects();
    home.mona.put(&ban(&home, &home.oscar), json!({"delete_message_seconds": 604_800})).expect(204);
    assert_eq!(on_mona.event_but_presence(13)["message_id"], json!(message));
    let gone = json!({"message_id": message, "channel_id": home.general, "server_id": home.server});
    home.members_hear(&[(MESSAGE_DELETE, gone)]);
    // A ban without that leaves everything where it is.
    let kept = home.bob.says(&home.general, "I stay");
    home.mona.put(&ban(&home, &home.bob), json!({})).expect(204);
    let listed = home.mona.get(&format!("/channels/{}/messages", home.general)).expect(200);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["message_id"]), (1, &json!(kept)));
}
