//! Profiles.

use serde_json::{Value, json};

use crate::harness::World;

#[test]
fn a_profile_is_changed_by_its_owner_and_told_to_acquaintances() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let (mut on_alice, mut on_bob, mut on_carol) = (alice.connects(), bob.connects(), carol.connects());
    let patch = json!({"display_name": "Al", "bio": "hi", "username": "ALICE2"});
    let own = alice.patch("/users/@me", patch).expect(200);
    assert_eq!((&own["username"], &own["display_name"], &own["bio"]), (&json!("alice2"), &json!("Al"), &json!("hi")));
    let told = on_bob.event_but_presence(41);
    assert_eq!((&told["username"], told.get("is_admin"), &told["status"]), (&json!("alice2"), None, &json!("online")));
    assert_eq!(on_alice.event_but_presence(41), told);
    assert_eq!(bob.get(&format!("/users/{}", alice.id)).expect(200), told);
    // Nothing changed, nothing told; null clears what may be null.
    alice.patch("/users/@me", json!({"display_name": "Al"})).expect(200);
    alice.patch(&format!("/users/{}", alice.id), json!({"display_name": null, "avatar": null})).expect(200);
    assert_eq!(on_bob.event_but_presence(41)["display_name"], Value::Null);
    // Carol shares nothing with alice.
    carol.get(&format!("/users/{}", alice.id)).refused(404, "not_found");
    carol.patch("/users/@me", json!({"bio": "me"})).expect(200);
    assert_eq!(on_carol.event_but_presence(41)["bio"], "me");
}

#[test]
fn what_cannot_be_a_profile_is_refused() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = alice.creates_server("home");
    for bad in [
        json!({"username": null}),
        json!({"username": "!"}),
        json!({"bio": null}),
        json!({"bio": "x".repeat(191)}),
        json!({"display_name": ""}),
        json!({"status": "offline"}),
        json!({"status": "busy"}),
        json!({"avatar": "1"}),
    ] {
        alice.patch("/users/@me", bad).refused(400, "invalid_field");
    }
    alice.patch("/users/@me", json!({"username": "bob"})).refused(409, "username_taken");
    alice.patch(&format!("/users/{}", bob.id), json!({"bio": "x"})).refused(404, "not_found");
    alice.invites(&server, &[&bob]);
    alice.patch(&format!("/users/{}", bob.id), json!({"bio": "x"})).refused(403, "forbidden");
    for bad in ["x", "-1", "01", "99999999999999999999"] {
        alice.get(&format!("/users/{bad}")).refused(404, "not_found");
    }
}
