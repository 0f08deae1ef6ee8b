//! Accounts: seen, disabled, enabled, signed out, and made administrators.

use serde_json::{Value, json};

use super::{changes, signs_in};
use crate::harness::{PASSWORD, World, text};

#[test]
fn alice_disables_bob_who_is_out_at_once_and_enables_him_again() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let session = text(&on_bob.connected["d"]["session_id"]);
    let s = json!(on_bob.last_s);
    let account = changes(&alice, &bob.id, json!({"disabled": true}));
    assert_eq!(
        (&account["disabled"], &account["sessions"], &account["last_used_at"]),
        (&json!(true), &json!(0), &Value::Null)
    );
    assert_eq!(on_bob.closed(), 4004);
    // Nothing that he holds is good any more.
    bob.get("/auth/me").refused(401, "unauthenticated");
    bob.post(&format!("/channels/{channel}/messages"), json!({"content": "still here"}))
        .refused(401, "unauthenticated");
    let refresh = json!({"refresh_token": bob.refresh_token});
    world.request("POST", "/auth/refresh", Some(&refresh)).refused(401, "unauthenticated");
    assert_eq!(crate::harness::Gateway::handshake(&world, Some(&bob.token), &[]).err(), Some(401));
    let mut resumed = bob.resumes(&session, &s);
    assert_eq!(resumed.closed(), 4004);
    signs_in(&world, "bob", PASSWORD).refused(403, "account_disabled");
    // Only who knows the password learns that.
    signs_in(&world, "bob", "not the password").refused(401, "invalid_credentials");

    changes(&alice, &bob.id, json!({"disabled": false}));
    // What was ended stays ended; he signs in, and is where he was.
    bob.get("/auth/me").refused(401, "unauthenticated");
    let again = world.sign_in("bob");
    assert_eq!(again.connects().connected["d"]["servers"][0]["server_id"], json!(server));
    again.says(&channel, "back");
}

#[test]
fn a_disabled_accounts_invites_make_no_accounts() {
    let world = World::with(|options| {
        options.registration = chatd::chat::Registration::Invite;
        options.setup_code = Some("let-me-in".to_owned());
    });
    let alice = world.person("alice");
    let (server, _) = alice.creates_server("home");
    let invite = |who: &crate::harness::Person<'_>| {
        text(&who.post(&format!("/servers/{server}/invites"), json!({})).expect(201)["code"])
    };
    let register = |name: &str, invite: &str| {
        let account = json!({"username": name, "password": PASSWORD, "invite": invite});
        world.request("POST", "/auth/register", Some(&account))
    };
    register("bob", &invite(&alice)).expect(201);
    let bob = world.sign_in("bob");
    let of_bob = invite(&bob);
    changes(&alice, &bob.id, json!({"disabled": true}));
    register("carol", &of_bob).refused(403, "registration_closed");
    changes(&alice, &bob.id, json!({"disabled": false}));
    register("carol", &of_bob).expect(201);
}

#[test]
fn somebody_always_administrates() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let path = format!("/admin/users/{}", alice.id);
    for patch in [json!({"disabled": true}), json!({"is_admin": false}), json!({"disabled": true, "is_admin": false})] {
        alice.patch(&path, patch).refused(409, "last_admin");
    }
    bob.get("/admin/users").refused(404, "not_found");
    assert_eq!(changes(&alice, &bob.id, json!({"is_admin": true}))["is_admin"], true);
    assert_eq!(bob.get("/auth/me").expect(200)["is_admin"], true);
    bob.get("/admin/users").expect(200);
    // A second administrator who cannot sign in is none.
    changes(&alice, &bob.id, json!({"disabled": true}));
    alice.patch(&path, json!({"is_admin": false})).refused(409, "last_admin");
    changes(&alice, &bob.id, json!({"disabled": false}));
    // Now she may go, and is out herself.
    assert_eq!(changes(&alice, "@me", json!({"disabled": true}))["disabled"], true);
    alice.get("/auth/me").refused(401, "unauthenticated");
    let bob = world.sign_in("bob");
    bob.patch(&format!("/admin/users/{}", bob.id), json!({"is_admin": false})).refused(409, "last_admin");
}

#[test]
fn accounts_are_listed_by_pages_and_found_by_their_names() {
    let world = World::start();
    let people: Vec<_> = ["alice", "bob", "bobby", "carol"].iter().map(|name| world.person(name)).collect();
    let alice = &people[0];
    people[3].patch("/users/@me", json!({"display_name": "BÖB's friend"})).expect(200);
    let names = |answer: &Value| -> Vec<String> {
        answer.as_array().unwrap().iter().map(|user| text(&user["username"])).collect()
    };
    let mut path = "/admin/users?limit=3".to_owned();
    let mut found = Vec::new();
    for expected in [3, 1] {
        let answer = alice.get(&path);
        let link = answer.header("link").map(str::to_owned);
        let page = names(&answer.expect(200));
        assert_eq!((page.len(), link.is_some()), (expected, expected == 3));
        found.extend(page);
        path = link.map(|link| link.split(['<', '>']).nth(1).unwrap().replace("/api/rest", "")).unwrap_or_default();
    }
    assert_eq!(found, ["alice", "bob", "bobby", "carol"]);
    let by = |query: &str| names(&alice.get(&format!("/admin/users?query={query}")).expect(200));
    assert_eq!(by("BOB"), ["bob", "bobby"]);
    assert_eq!(by("b%C3%B6b"), ["carol"]);
    assert_eq!(by("nobody"), [""; 0]);
    let answer = alice.get("/admin/users?query=bob&limit=1");
    assert!(answer.header("link").is_some_and(|link| link.contains("query=bob") && link.contains(&people[1].id)));
    for bad in ["limit=0", "limit=101", "after=x", &format!("query={}", "x".repeat(101))] {
        alice.get(&format!("/admin/users?{bad}")).refused(400, "invalid_field");
    }
}

#[test]
fn an_account_is_shown_as_it_is() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    world.sign_in("bob");
    bob.uploads("notes.txt", b"some bytes");
    let mut on_alice = alice.connects();
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    // When she is told of him, he is there.
    while on_alice.next()["op"] != 40 {}
    let account = alice.get(&format!("/admin/users/{}", bob.id)).expect(200);
    let of = |name: &str| account[name].clone();
    assert_eq!((of("username"), of("display_name"), of("avatar_url")), (json!("bob"), Value::Null, Value::Null));
    assert_eq!((of("is_admin"), of("disabled"), of("closed")), (json!(false), json!(false), json!(false)));
    assert_eq!((of("online"), of("sessions"), of("storage_bytes")), (json!(true), json!(2), json!(4096)));
    assert!(of("created_at").is_string() && of("last_used_at").is_string());
    // Who is signed out loses all devices, and may come again.
    alice.ask("POST", &format!("/admin/users/{}/sign-out", bob.id), None).expect(204);
    assert_eq!(on_bob.closed(), 4004);
    bob.get("/auth/me").refused(401, "unauthenticated");
    assert_eq!(alice.get(&format!("/admin/users/{}", bob.id)).expect(200)["sessions"], 0);
    world.sign_in("bob");
    for missing in ["1", "nonsense"] {
        alice.get(&format!("/admin/users/{missing}")).refused(404, "not_found");
        alice.ask("POST", &format!("/admin/users/{missing}/sign-out"), None).refused(404, "not_found");
    }
    alice.patch(&format!("/admin/users/{}", bob.id), json!({"disabled": "yes"})).refused(400, "invalid_field");
}
