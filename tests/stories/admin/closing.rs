//! Closing one's own account.

use serde_json::{Value, json};

use super::{changes, signs_in};
use crate::harness::{PASSWORD, Person, World, text};

fn closes(who: &Person<'_>, password: &str) -> crate::harness::Answer {
    who.ask("DELETE", "/users/@me", Some(json!({"password": password})))
}

#[test]
fn bob_goes_and_what_he_wrote_stays_by_a_deleted_user() {
    let mut world = World::start();
    {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (server, channel) = alice.creates_server("home");
        alice.invites(&server, &[&bob]);
        bob.patch("/users/@me", json!({"display_name": "Bob B.", "bio": "likes cheese"})).expect(200);
        let message = bob.says(&channel, "hello");
        let dm = bob.opens_dm(&alice);
        bob.says(&dm, "just between us");
        bob.put(&format!("/users/@me/blocks/{}", alice.id), json!({})).expect(204);
        let (mut on_alice, mut on_bob) = (alice.connects(), bob.connects());
        closes(&bob, "not the password").refused(403, "wrong_password");
        bob.get("/auth/me").expect(200);

        closes(&bob, PASSWORD).expect(204);
        let profile = on_alice.event_but_presence(41);
        assert_eq!((&profile["user_id"], &profile["username"]), (&json!(bob.id), &json!("deleted user")));
        assert_eq!((&profile["display_name"], &profile["bio"]), (&Value::Null, &json!("")));
        let gone = on_alice.event_but_presence(31);
        assert_eq!(gone, json!({"server_id": server, "user_id": bob.id, "reason": "left"}));
        assert_eq!(on_bob.closed(), 4004);
        bob.get("/auth/me").refused(401, "unauthenticated");
        let refresh = json!({"refresh_token": bob.refresh_token});
        world.request("POST", "/auth/refresh", Some(&refresh)).refused(401, "unauthenticated");
        signs_in(&world, "bob", PASSWORD).refused(401, "invalid_credentials");

        let kept = alice.get(&format!("/channels/{channel}/messages/{message}")).expect(200);
        let deleted = json!({"user_id": bob.id, "username": "deleted user", "display_name": null, "avatar_url": null});
        assert_eq!((&kept["content"], &kept["author"]), (&json!("hello"), &deleted));
        alice.get(&format!("/users/{}", bob.id)).refused(404, "not_found");
        alice.get(&format!("/servers/{server}/members/{}", bob.id)).refused(404, "not_found");
        assert_eq!(alice.get(&format!("/servers/{server}")).expect(200)["member_count"], 1);
        alice.post("/users/@me/dm-channels", json!({"recipient_id": bob.id})).refused(404, "not_found");
        // What they said to each other is still hers, beside a name that is nobody's.
        let dms = alice.get("/users/@me/dm-channels").expect(200);
        let names: Vec<_> = dms[0]["recipients"].as_array().unwrap().iter().map(|one| text(&one["username"])).collect();
        assert_eq!(names, ["alice", "deleted user"]);
        assert_eq!(alice.get(&format!("/channels/{dm}/messages")).expect(200)[0]["author"], deleted);

        // Nobody takes his name, nor opens his account again.
        let account = json!({"username": "Bob", "password": PASSWORD});
        world.request("POST", "/auth/register", Some(&account)).refused(409, "username_taken");
        alice.patch("/users/@me", json!({"username": "bob"})).refused(409, "username_taken");
        let path = format!("/admin/users/{}", bob.id);
        let seen = alice.get(&path).expect(200);
        assert_eq!(
            (&seen["username"], &seen["closed"], &seen["disabled"]),
            (&json!("bob"), &json!(true), &json!(true))
        );
        alice.patch(&path, json!({"disabled": false})).refused(409, "account_closed");
        alice.patch(&path, json!({"is_admin": true})).refused(409, "account_closed");
        alice.ask("POST", &format!("{path}/reset-link"), None).refused(409, "account_closed");
    }
    world.stop();
    // Nothing else that tells of him is kept.
    let database = rusqlite::Connection::open(world.folder.path().join("data/chatd.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM blocks"), 0);
    assert_eq!(count("SELECT count(*) FROM users WHERE password_hash = '' AND bio = '' AND display_name IS NULL"), 1);
    assert_eq!(count("SELECT count(*) FROM sessions JOIN users USING (user_id) WHERE username = 'bob'"), 0);
}

#[test]
fn his_picture_goes_with_him() {
    let world = World::start();
    let (_alice, bob) = (world.person("alice"), world.person("bob"));
    let picture = bob.uploads("me.png", &crate::files::picture(image::ImageFormat::Png, 8, 8));
    let profile = bob.patch("/users/@me", json!({"avatar": picture["attachment_id"]})).expect(200);
    let address = text(&profile["avatar_url"]);
    assert_eq!(world.send_root(&address, None).status, 200);
    closes(&bob, PASSWORD).expect(204);
    world.send_root(&address, None).refused(404, "not_found");
}

#[test]
fn who_owns_a_server_or_alone_administrates_stays() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = bob.creates_server("his");
    bob.invites(&server, &[&alice]);
    closes(&bob, PASSWORD).refused(409, "owns_servers");
    closes(&alice, PASSWORD).refused(409, "last_admin");
    bob.patch(&format!("/servers/{server}"), json!({"owner_id": alice.id})).expect(200);
    closes(&bob, PASSWORD).expect(204);
    let carol = world.person("carol");
    changes(&alice, &carol.id, json!({"is_admin": true}));
    closes(&alice, PASSWORD).refused(409, "owns_servers");
    alice.delete(&format!("/servers/{server}")).expect(204);
    closes(&alice, PASSWORD).expect(204);
    carol.get("/admin/users").expect(200);
    // Somebody else's account is not theirs to close.
    let dave = world.person("dave");
    let body = Some(json!({"password": PASSWORD}));
    carol.ask("DELETE", &format!("/users/{}", dave.id), body).refused(404, "not_found");
    carol.ask("DELETE", "/users/@me", None).refused(415, "unsupported_media_type");
    carol.ask("DELETE", "/users/@me", Some(json!({}))).refused(400, "invalid_field");
}

#[test]
fn of_two_administrators_who_go_at_once_one_stays() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    changes(&alice, &bob.id, json!({"is_admin": true}));
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let goes: Vec<_> = [&alice, &bob].map(|who| scope.spawn(|| closes(who, PASSWORD).status)).into();
        goes.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses == [204, 409] || statuses == [409, 204], "{statuses:?}");
}
