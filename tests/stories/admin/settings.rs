//! Settings of the instance: over what options say, at once, everywhere, and for good.

use serde_json::{Value, json};

use super::changes;
use crate::harness::{PASSWORD, Person, World, text};

/// What is shown of a setting.
#[track_caller]
fn setting(admin: &Person<'_>, key: &str) -> (Value, String, Value) {
    let one = admin.get("/admin/settings").expect(200)["settings"][key].clone();
    (one["value"].clone(), text(&one["source"]), one["otherwise"].clone())
}

#[test]
fn what_alice_sets_counts_at_once_everywhere() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let register = |body: Value| world.request("POST", "/auth/register", Some(&body));
    let set = |patch: Value| alice.patch("/admin/settings", patch).expect(200)["settings"].clone();
    let instance = || world.request("GET", "/instance", None).expect(200);
    let minimum = || {
        let document = world.request("GET", "/openapi.json", None).expect(200);
        document["components"]["schemas"]["Register"]["properties"]["password"]["minLength"].clone()
    };

    assert_eq!(set(json!({"name": " Our place "}))["name"]["value"], "Our place");
    assert_eq!(instance()["name"], "Our place");

    assert_eq!(minimum(), 10);
    set(json!({"password_min": 20}));
    assert_eq!((minimum(), instance()["limits"]["password_min"].clone()), (json!(20), json!(20)));
    let short = register(json!({"username": "carol", "password": "nineteen characters"})).refused(400, "invalid_field");
    assert!(text(&short["errors"]["password"]).contains("at least 20"), "{short}");
    let change = json!({"current_password": PASSWORD, "new_password": "nineteen characters"});
    bob.post("/auth/password", change).refused(400, "invalid_field");

    set(json!({"create_servers": "admin"}));
    bob.post("/servers", json!({"name": "his"})).refused(403, "forbidden");
    let (server, _) = alice.creates_server("hers");
    alice.invites(&server, &[&bob]);

    set(json!({"registration": "invite", "invites_register": "admin"}));
    assert_eq!(instance()["registration"], "invite");
    let account = |name: &str, invite: Value| json!({"username": name, "password": PASSWORD, "invite": invite});
    register(account("carol", Value::Null)).refused(403, "registration_closed");
    let invite =
        |who: &Person<'_>| who.post(&format!("/servers/{server}/invites"), json!({})).expect(201)["code"].clone();
    register(account("carol", invite(&bob))).refused(403, "registration_closed");
    register(account("carol", invite(&alice))).expect(201);
    set(json!({"registration": "closed"}));
    register(account("dave", invite(&alice))).refused(403, "registration_closed");

    set(json!({"upload_bytes": 1_048_576, "user_files_bytes": 2_097_152}));
    assert_eq!(instance()["limits"]["upload_bytes"], 1_048_576);
    bob.uploads_as("application/octet-stream", "large", &vec![7; 1_048_577]).refused(413, "too_large");
    for _ in 0..2 {
        bob.uploads("fits", &vec![7; 1_048_576]);
    }
    bob.uploads_as("application/octet-stream", "more", b"x").refused(409, "quota_exceeded");
}

#[test]
fn what_is_stored_wins_over_options_until_it_is_forgotten_and_survives_a_restart() {
    let mut world = World::with(|options| options.name = "From outside".to_owned());
    let alice = world.person("alice");
    let outside = json!("From outside");
    assert_eq!(setting(&alice, "name"), (outside.clone(), "environment".to_owned(), outside.clone()));
    assert_eq!(setting(&alice, "registration"), (json!("open"), "default".to_owned(), json!("open")));
    alice.patch("/admin/settings", json!({"name": "Stored", "registration": "closed"})).expect(200);
    let expected = (json!("Stored"), "stored".to_owned(), outside.clone());
    assert_eq!(setting(&alice, "name"), expected);
    world.restart();
    let alice = world.sign_in("alice");
    assert_eq!(setting(&alice, "name"), expected);
    assert_eq!(world.request("GET", "/instance", None).expect(200)["registration"], "closed");
    alice.patch("/admin/settings", json!({"name": null, "registration": null})).expect(200);
    assert_eq!(world.request("GET", "/instance", None).expect(200)["name"], "From outside");
    world.restart();
    let alice = world.sign_in("alice");
    assert_eq!(setting(&alice, "name"), (outside.clone(), "environment".to_owned(), outside));
    assert_eq!(world.request("GET", "/instance", None).expect(200)["registration"], "open");
}

#[test]
fn a_value_that_breaks_a_rule_changes_nothing() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    for (key, value) in [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(101))),
        ("registration", json!("maybe")),
        ("create_servers", json!(true)),
        ("invites_register", json!("owner")),
        ("password_min", json!(9)),
        ("password_min", json!(257)),
        ("password_min", json!("12")),
        ("upload_bytes", json!(0)),
        ("upload_bytes", json!(-1)),
        ("upload_bytes", json!(1.5e7)),
        ("user_files_bytes", json!(u64::MAX)),
    ] {
        // Nothing is half done either.
        let patch = json!({"name": "Half", key: value});
        let problem = alice.patch("/admin/settings", patch).refused(400, "invalid_field");
        assert!(problem["errors"][key].is_string(), "{key}: {problem}");
    }
    assert_eq!(setting(&alice, "name").1, "default");
    alice.patch("/admin/settings", json!({"unknown": 1})).expect(200);
    bob.patch("/admin/settings", json!({"name": "His"})).refused(404, "not_found");
    // An administrator who is one no more changes nothing.
    changes(&alice, &bob.id, json!({"is_admin": true}));
    bob.patch("/admin/settings", json!({"name": "His"})).expect(200);
    changes(&alice, &bob.id, json!({"is_admin": false}));
    bob.patch("/admin/settings", json!({"name": "His again"})).refused(404, "not_found");
    assert_eq!(world.request("GET", "/instance", None).expect(200)["name"], "His");
}

#[test]
fn many_who_set_at_once_leave_what_is_stored() {
    let world = World::start();
    let alice = world.person("alice");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let alice = &alice;
            scope.spawn(move || {
                for m in 0..5 {
                    let patch = json!({"name": format!("{n} {m}"), "password_min": 10 + n * 5 + m});
                    alice.patch("/admin/settings", patch).expect(200);
                }
            });
        }
    });
    // What everybody goes by is what the database has, and the two values of one change are never apart.
    let stored = setting(&alice, "name").0;
    let instance = world.request("GET", "/instance", None).expect(200);
    assert_eq!(instance["name"], stored);
    let (n, m) = stored
        .as_str()
        .unwrap()
        .split_once(' ')
        .map(|(n, m)| (n.parse::<u64>().unwrap(), m.parse::<u64>().unwrap()))
        .unwrap();
    assert_eq!(instance["limits"]["password_min"], json!(10 + n * 5 + m));
}
