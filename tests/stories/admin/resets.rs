//! Links by which somebody who has forgotten their password sets a new one.

use serde_json::{Value, json};

use super::{changes, signs_in};
use crate::harness::{Answer, PASSWORD, Person, World, text};

const NEW: &str = "an entirely new one";

#[track_caller]
fn link(admin: &Person<'_>, id: &str) -> Value {
    admin.ask("POST", &format!("/admin/users/{id}/reset-link"), None).expect(201)
}

fn resets(world: &World, token: &Value, password: &str) -> Answer {
    world.request("POST", "/auth/reset", Some(&json!({"token": token, "new_password": password})))
}

/// 400 for the token.
#[track_caller]
fn is_void(answer: Answer) {
    assert!(answer.refused(400, "invalid_field")["errors"]["token"].is_string());
}

#[test]
fn bob_sets_a_new_password_by_the_link_once() {
    let world = World::with(|options| options.public_url = "https://home.example/chat".to_owned());
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let mut on_bob = bob.connects();
    let link = link(&alice, &bob.id);
    let token = text(&link["token"]);
    // Behind the `#`, which is sent to no server.
    assert_eq!(link["url"], format!("https://home.example/chat/#reset={token}"));
    assert!(text(&link["expires_at"]) > text(&alice.get("/auth/sessions").expect(200)[0]["created_at"]));
    // A password that cannot be one leaves the link as it is.
    for bad in ["short", "bob", "password123"] {
        let problem = resets(&world, &link["token"], bad).refused(400, "invalid_field");
        assert!(problem["errors"]["new_password"].is_string(), "{problem}");
    }
    bob.get("/auth/me").expect(200);
    resets(&world, &link["token"], NEW).expect(204);
    assert_eq!(on_bob.closed(), 4004);
    bob.get("/auth/me").refused(401, "unauthenticated");
    signs_in(&world, "bob", PASSWORD).refused(401, "invalid_credentials");
    signs_in(&world, "bob", NEW).expect(200);
    is_void(resets(&world, &link["token"], "yet another new one"));
    signs_in(&world, "bob", NEW).expect(200);
}

#[test]
fn only_the_newest_link_is_good_and_none_that_is_made_up() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (first, second) = (link(&alice, &bob.id), link(&alice, &bob.id));
    let good = text(&second["token"]);
    for bad in [&text(&first["token"]), "", "nonsense", &good[1..], &format!("{good}="), &"A".repeat(43)] {
        is_void(resets(&world, &json!(bad), NEW));
    }
    // Whoever knows the password after all needs no link, and leaves none behind.
    let change = json!({"current_password": PASSWORD, "new_password": "remembered after all"});
    bob.post("/auth/password", change).expect(204);
    is_void(resets(&world, &second["token"], NEW));
}

#[test]
fn a_disabled_account_does_not_come_back_by_a_link() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let before = link(&alice, &bob.id);
    changes(&alice, &bob.id, json!({"disabled": true}));
    let after = link(&alice, &bob.id);
    for link in [&before, &after] {
        is_void(resets(&world, &link["token"], NEW));
    }
    changes(&alice, &bob.id, json!({"disabled": false}));
    resets(&world, &after["token"], NEW).expect(204);
}

#[test]
fn a_link_is_good_for_a_day_that_the_instance_has_lived() {
    let mut world = World::start();
    let (bob, link) = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        (bob.id.clone(), link(&alice, &bob.id))
    };
    let made_earlier = |world: &mut World, seconds: i64| {
        world.stop();
        let database = rusqlite::Connection::open(world.folder.path().join("data/chatd.db")).unwrap();
        let sql = "UPDATE password_resets SET made_lived_s = made_lived_s - ?1";
        assert_eq!(database.execute(sql, [seconds]).unwrap(), 1);
        drop(database);
        world.restart();
    };
    made_earlier(&mut world, 24 * 3600);
    is_void(resets(&world, &link["token"], NEW));
    // With a minute to spare.
    made_earlier(&mut world, -60);
    resets(&world, &link["token"], NEW).expect(204);
    assert_eq!(text(&signs_in(&world, "bob", NEW).expect(200)["user"]["user_id"]), bob);
}

#[test]
fn guessing_links_is_slowed_down_like_guessing_passwords() {
    let world = World::with(|options| options.rate_limits = true);
    let first = resets(&world, &json!("nonsense"), NEW);
    assert_eq!(first.header("x-ratelimit-limit"), Some("10"));
    is_void(first);
    let refused = (0..12).map(|_| resets(&world, &json!("nonsense"), NEW)).find(|answer| answer.status == 429);
    refused.expect("the limit is reached").refused(429, "rate_limited");
}

#[test]
fn only_a_hash_of_the_token_is_kept() {
    let mut world = World::start();
    let token = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        text(&link(&alice, &bob.id)["token"])
    };
    world.stop();
    let database = rusqlite::Connection::open(world.folder.path().join("data/chatd.db")).unwrap();
    let hash: Vec<u8> = database.query_row("SELECT token_hash FROM password_resets", [], |row| row.get(0)).unwrap();
    assert_eq!(hash.len(), 32);
    let bytes = std::fs::read(world.folder.path().join("data/chatd.db")).unwrap();
    assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
    assert!(bytes.windows(hash.len()).any(|window| window == hash), "the check can see what is there");
}
