//! Registration and sign-in.

use serde_json::json;

use crate::harness::{PASSWORD, World, text};

#[test]
fn alice_registers_and_is_told_who_she_is() {
    let world = World::start();
    let body = json!({"username": "Alice", "password": PASSWORD, "display_name": " Alice A. "});
    let signed_in = world.request("POST", "/auth/register", Some(&body)).expect(201);
    assert_eq!(signed_in["user"]["username"], "alice");
    assert_eq!(signed_in["user"]["display_name"], "Alice A.");
    assert_eq!(signed_in["user"]["is_admin"], true, "the first account administrates");
    assert_eq!((&signed_in["token_type"], &signed_in["expires_in"]), (&json!("Bearer"), &json!(900)));
    let token = text(&signed_in["access_token"]);
    let me = world.send("GET", "/auth/me", Some(&token), &[], None).expect(200);
    assert_eq!(me, signed_in["user"]);
    let bob = world.person("bob");
    assert_eq!(bob.get("/auth/me").expect(200)["is_admin"], false);
}

#[test]
fn what_cannot_be_an_account_is_refused_by_field() {
    let world = World::start();
    world.person("alice");
    let register = |body| world.request("POST", "/auth/register", Some(&body));
    register(json!({"username": "ALICE", "password": PASSWORD})).refused(409, "username_taken");
    for (field, body) in [
        ("username", json!({"username": "a", "password": PASSWORD})),
        ("username", json!({"username": "al ice", "password": PASSWORD})),
        ("username", json!({"username": 5, "password": PASSWORD})),
        ("username", json!({"password": PASSWORD})),
        ("password", json!({"username": "bob", "password": "short"})),
        ("password", json!({"username": "bob", "password": "password123"})),
        ("password", json!({"username": "bobbobbobbob", "password": "BobBobBobBob"})),
        ("password", json!({"username": "bob", "password": "x".repeat(257)})),
        ("display_name", json!({"username": "bob", "password": PASSWORD, "display_name": "a\nb"})),
        ("invite", json!({"username": "bob", "password": PASSWORD, "invite": "nonsense"})),
    ] {
        let problem = register(body).refused(400, "invalid_field");
        assert!(problem["errors"][field].is_string(), "{problem}");
        assert!(text(&problem["detail"]).starts_with(field), "{problem}");
    }
}

#[test]
fn a_wrong_name_and_a_wrong_password_answer_alike() {
    let world = World::start();
    world.person("alice");
    let sign_in = |name: &str, password: &str| {
        world.request("POST", "/auth/login", Some(&json!({"username": name, "password": password})))
    };
    let mut unknown = sign_in("nobody", PASSWORD).refused(401, "invalid_credentials");
    let mut wrong = sign_in("alice", "wrong wrong wrong").refused(401, "invalid_credentials");
    for problem in [&mut unknown, &mut wrong] {
        problem.as_object_mut().unwrap().remove("request_id");
    }
    assert_eq!(unknown, wrong);
    sign_in("ALICE", PASSWORD).expect(200);
}

#[test]
fn only_an_invite_or_the_set_up_code_opens_a_closed_door() {
    let world = World::with(|options| options.registration = chatd::chat::Registration::Invite);
    let register = |body| world.request("POST", "/auth/register", Some(&body));
    let instance = world.request("GET", "/instance", None).expect(200);
    assert_eq!((&instance["registration"], &instance["setup_required"]), (&json!("invite"), &json!(true)));
    register(json!({"username": "mallory", "password": PASSWORD})).refused(403, "registration_closed");
    let wrong = json!({"username": "mallory", "password": PASSWORD, "setup_code": "wrong"});
    register(wrong).refused(403, "registration_closed");

    let code = world.running().setup_code().unwrap().to_owned();
    let first = register(json!({"username": "alice", "password": PASSWORD, "setup_code": code})).expect(201);
    assert_eq!(first["user"]["is_admin"], true);
    let again = json!({"username": "mallory", "password": PASSWORD, "setup_code": code});
    register(again).refused(403, "registration_closed");

    let alice = world.sign_in("alice");
    let (server, _) = alice.creates_server("home");
    let invite = alice.post(&format!("/servers/{server}/invites"), json!({"max_uses": 1})).expect(201);
    let body = |name: &str| json!({"username": name, "password": PASSWORD, "invite": invite["code"]});
    register(body("bob")).expect(201);
    assert_eq!(world.sign_in("bob").get("/servers").expect(200)[0]["server_id"], json!(server));
    register(body("carol")).refused(403, "registration_closed");
}

#[test]
fn closed_means_closed() {
    let world = World::with(|options| {
        options.registration = chatd::chat::Registration::Closed;
        options.setup_code = Some("let-me-in".to_owned());
    });
    let register = |body| world.request("POST", "/auth/register", Some(&body));
    register(json!({"username": "alice", "password": PASSWORD, "setup_code": "let-me-in"})).expect(201);
    let alice = world.sign_in("alice");
    let (server, _) = alice.creates_server("home");
    let invite = alice.post(&format!("/servers/{server}/invites"), json!({})).expect(201);
    let body = json!({"username": "bob", "password": PASSWORD, "invite": invite["code"]});
    register(body).refused(403, "registration_closed");
}

#[test]
fn guessing_is_slowed_down_with_headers_that_say_so() {
    let world = World::with(|options| options.rate_limits = true);
    let guess = || world.request("POST", "/auth/login", Some(&json!({"username": "x1", "password": "wrong wrong"})));
    let first = guess();
    assert_eq!(first.header("x-ratelimit-limit"), Some("10"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("9"));
    assert!(first.header("x-ratelimit-reset-after").is_some());
    let refused = (0..12).map(|_| guess()).find(|answer| answer.status == 429).expect("the limit is reached");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    refused.refused(429, "rate_limited");
}

#[test]
fn an_open_door_that_strangers_can_reach_needs_the_code_once() {
    let world = World::with(|options| options.listen = ([0, 0, 0, 0], 0).into());
    let register = |body| world.request("POST", "/auth/register", Some(&body));
    register(json!({"username": "mallory", "password": PASSWORD})).refused(403, "registration_closed");
    let code = world.running().setup_code().unwrap();
    let alice = register(json!({"username": "alice", "password": PASSWORD, "setup_code": code})).expect(201);
    assert_eq!(alice["user"]["is_admin"], true);
    let bob = register(json!({"username": "bob", "password": PASSWORD})).expect(201);
    assert_eq!(bob["user"]["is_admin"], false);
}

#[test]
fn an_invite_joins_whoever_registers_with_it() {
    // Bob's invites make no accounts, but where everybody may register they still lead into his server.
    let world = World::with(|options| options.admins_invites_register = true);
    let (_alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = bob.creates_server("home");
    let mut on_bob = bob.connects();
    let invite = bob.post(&format!("/servers/{server}/invites"), json!({})).expect(201);
    let body = json!({"username": "carol", "password": PASSWORD, "invite": invite["code"]});
    world.request("POST", "/auth/register", Some(&body)).expect(201);
    assert_eq!(on_bob.event_but_presence(30)["user"]["username"], "carol");
    assert_eq!(world.sign_in("carol").get("/servers").expect(200)[0]["server_id"], json!(server));
}

#[test]
fn only_administrators_invites_make_accounts_where_the_owner_says_so() {
    let world = World::with(|options| {
        options.registration = chatd::chat::Registration::Invite;
        options.admins_invites_register = true;
        options.setup_code = Some("let-me-in".to_owned());
    });
    let register = |body| world.request("POST", "/auth/register", Some(&body));
    register(json!({"username": "alice", "password": PASSWORD, "setup_code": "let-me-in"})).expect(201);
    let alice = world.sign_in("alice");
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/invites");
    let of_alice = alice.post(&path, json!({})).expect(201);
    register(json!({"username": "bob", "password": PASSWORD, "invite": of_alice["code"]})).expect(201);
    let of_bob = world.sign_in("bob").post(&path, json!({})).expect(201);
    let body = json!({"username": "carol", "password": PASSWORD, "invite": of_bob["code"]});
    register(body).refused(403, "registration_closed");
}
