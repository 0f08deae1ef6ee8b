//! Sessions: refresh tokens, signing out, passwords.

use serde_json::{Value, json};

use crate::harness::{Gateway, PASSWORD, Person, World, text};
use crate::tally::tally;

fn refresh(world: &World, token: &str) -> crate::harness::Answer {
    world.request("POST", "/auth/refresh", Some(&json!({"refresh_token": token})))
}

#[test]
fn a_refresh_token_rotates_and_its_lost_answer_is_given_again() {
    let world = World::start();
    let alice = world.person("alice");
    let first = refresh(&world, &alice.refresh_token).expect(200);
    let second_token = text(&first["refresh_token"]);
    assert_ne!(second_token, alice.refresh_token);
    // The answer was lost: the same token leads to the same successor, for a while.
    assert_eq!(refresh(&world, &alice.refresh_token).expect(200)["refresh_token"], first["refresh_token"]);
    let second = refresh(&world, &second_token).expect(200);
    // The one before the last is a thief's, or the owner's after a thief: the session ends.
    refresh(&world, &alice.refresh_token).refused(401, "unauthenticated");
    refresh(&world, &text(&second["refresh_token"])).refused(401, "unauthenticated");
    alice.get("/auth/me").refused(401, "unauthenticated");
}

#[test]
fn many_refreshes_at_once_have_one_successor() {
    let world = World::start();
    let alice = world.person("alice");
    let mut live = alice.refresh_token.clone();
    // Over several generations: the successor is one that lives.
    for _ in 0..4 {
        live = fifty_refreshes(&world, &live);
    }
    assert_eq!(alice.get("/auth/sessions").expect(200).as_array().unwrap().len(), 1);
    // Of all that came before, none leads anywhere; and trying one ends the session.
    refresh(&world, &alice.refresh_token).refused(401, "unauthenticated");
    refresh(&world, &live).refused(401, "unauthenticated");
    alice.get("/auth/me").refused(401, "unauthenticated");
}

/// The one successor that fifty refreshes of a token at once lead to.
fn fifty_refreshes(world: &World, token: &str) -> String {
    let tokens: std::collections::HashSet<String> = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| text(&refresh(world, token).expect(200)["refresh_token"]));
        let asked: Vec<_> = (0..50).map(|_| ask()).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    tally("refreshes at once", 50);
    tokens.into_iter().next().unwrap()
}

#[test]
fn garbage_is_no_refresh_token_and_harms_nobody() {
    let world = World::start();
    let alice = world.person("alice");
    for garbage in ["", "x", &alice.token, &alice.refresh_token[1..], &format!("{}A", alice.refresh_token)] {
        refresh(&world, garbage).refused(401, "unauthenticated");
    }
    refresh(&world, &alice.refresh_token).expect(200);
}

#[test]
fn signing_out_ends_tokens_and_connections_at_once() {
    let world = World::start();
    let phone = world.person("alice");
    let laptop = world.sign_in("alice");
    let mut on_phone = phone.connects();
    let mut on_laptop = laptop.connects();
    phone.ask("POST", "/auth/logout", None).expect(204);
    assert_eq!(on_phone.closed(), 4004);
    phone.get("/auth/me").refused(401, "unauthenticated");
    refresh(&world, &phone.refresh_token).refused(401, "unauthenticated");
    assert_eq!(Gateway::handshake(&world, Some(&phone.token), &[]).err(), Some(401));
    let mut late = Gateway::open(&world, None);
    late.frame(0);
    late.send(3, json!({"token": phone.token}));
    assert_eq!(late.closed(), 4004);
    // The other device goes on.
    laptop.get("/auth/me").expect(200);
    on_laptop.send(1, Value::Null);
    on_laptop.frame(2);
}

#[test]
fn alice_sees_where_she_is_signed_in_and_signs_one_out() {
    let world = World::start();
    let phone = world.person("alice");
    let laptop = world.sign_in("alice");
    let bob = world.person("bob");
    let sessions = laptop.get("/auth/sessions").expect(200);
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|s| s["current"] == true).count(), 1);
    let other = sessions.iter().find(|s| s["current"] == false).unwrap();
    let path = format!("/auth/sessions/{}", text(&other["session_id"]));
    bob.delete(&path).refused(404, "not_found");
    laptop.delete(&path).expect(204);
    laptop.delete(&path).refused(404, "not_found");
    phone.get("/auth/me").refused(401, "unauthenticated");
    laptop.get("/auth/me").expect(200);
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let world = World::start();
    let phone = world.person("alice");
    let laptop = world.sign_in("alice");
    let mut on_phone = phone.connects();
    let change = |current: &str, new: &str| {
        laptop.post("/auth/password", json!({"current_password": current, "new_password": new}))
    };
    change("wrong wrong wrong", "an entirely new one").refused(403, "wrong_password");
    change(PASSWORD, "short").refused(400, "invalid_field");
    change(PASSWORD, "an entirely new one").expect(204);
    assert_eq!(on_phone.closed(), 4004);
    phone.get("/auth/me").refused(401, "unauthenticated");
    laptop.get("/auth/me").expect(200);
    let sign_in = |password: &str| {
        world.request("POST", "/auth/login", Some(&json!({"username": "alice", "password": password})))
    };
    sign_in(PASSWORD).refused(401, "invalid_credentials");
    sign_in("an entirely new one").expect(200);
}

#[test]
fn a_browser_keeps_its_refresh_token_in_a_cookie() {
    let world = World::start();
    let body = json!({"username": "alice", "password": PASSWORD, "cookie": true}).to_string();
    let signed_in = world.send("POST", "/auth/register", None, &[], Some(&body));
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    for part in ["chatd_refresh=", "HttpOnly", "SameSite=Strict", "Path=/api/rest/auth", "Max-Age=5184000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain http");
    let json = signed_in.expect(201);
    assert_eq!(json["refresh_token"], Value::Null);
    let token = text(&json["access_token"]);
    let cookie = cookie.split(';').next().unwrap();
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("Cookie", cookie)];
        all.extend(headers);
        world.send("POST", path, None, &all, None)
    };
    ask("/auth/refresh", &[]).refused(403, "bad_origin");
    ask("/auth/refresh", &[("Sec-Fetch-Site", "cross-site")]).refused(403, "bad_origin");
    ask("/auth/refresh", &[("Origin", "http://evil.example")]).refused(403, "bad_origin");
    let refreshed = ask("/auth/refresh", &[("Sec-Fetch-Site", "same-origin")]);
    let next = refreshed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(refreshed.expect(200)["refresh_token"], Value::Null);
    let own = world.url("").trim_end_matches('/').to_owned();
    let headers = [("Cookie", next.as_str()), ("Origin", own.as_str())];
    let out = world.send("POST", "/auth/logout", None, &headers, None);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    out.expect(204);
    world.send("GET", "/auth/me", Some(&token), &[], None).refused(401, "unauthenticated");
}

#[test]
fn nobody_gets_in_without_a_good_token() {
    let world = World::start();
    let alice = world.person("alice");
    let (head, rest) = alice.token.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for bad in [
        "".to_owned(),
        "x".to_owned(),
        alice.refresh_token.clone(),
        format!("{head}.{rest}x"),
        format!("{none}.{rest}"),
        format!("{none}.{}.", rest.split('.').next().unwrap()),
        "x".repeat(5000),
    ] {
        let answer = world.send("GET", "/auth/me", Some(&bad), &[], None);
        assert_eq!(answer.header("www-authenticate").map(|v| v.starts_with("Bearer")), Some(true));
        answer.refused(401, "unauthenticated");
    }
    world.request("GET", "/auth/me", None).refused(401, "unauthenticated");
}

#[test]
fn the_fifty_first_session_ends_the_longest_unused() {
    let world = World::start();
    let first = world.person("alice");
    let all: Vec<Person<'_>> = (0..50).map(|_| world.sign_in("alice")).collect();
    first.get("/auth/me").refused(401, "unauthenticated");
    all[0].get("/auth/me").expect(200);
    assert_eq!(all[0].get("/auth/sessions").expect(200).as_array().unwrap().len(), 50);
}

#[test]
fn a_session_ends_its_connections_however_it_ends() {
    let world = World::start();
    let laptop = world.person("alice");
    let phone = world.sign_in("alice");
    let mut on_phone = phone.connects();
    let sessions = laptop.get("/auth/sessions").expect(200);
    let other = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    laptop.delete(&format!("/auth/sessions/{}", text(&other["session_id"]))).expect(204);
    assert_eq!(on_phone.closed(), 4004);
    // A refresh token that comes back after its successor was used: somebody has stolen one of them.
    let mut on_laptop = laptop.connects();
    let second = text(&refresh(&world, &laptop.refresh_token).expect(200)["refresh_token"]);
    refresh(&world, &second).expect(200);
    refresh(&world, &laptop.refresh_token).refused(401, "unauthenticated");
    assert_eq!(on_laptop.closed(), 4004);
}

#[test]
fn one_can_sign_out_with_the_refresh_token_alone() {
    let world = World::start();
    let alice = world.person("alice");
    let mut on_alice = alice.connects();
    let body = json!({"refresh_token": alice.refresh_token});
    world.request("POST", "/auth/logout", Some(&body)).expect(204);
    assert_eq!(on_alice.closed(), 4004);
    world.request("POST", "/auth/logout", Some(&body)).refused(401, "unauthenticated");
    world.request("POST", "/auth/logout", None).refused(401, "unauthenticated");
}

#[test]
fn a_token_in_the_body_wins_over_the_cookie() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let cookie = format!("chatd_refresh={}", bob.refresh_token);
    let body = json!({"refresh_token": alice.refresh_token}).to_string();
    let answer = world.send("POST", "/auth/refresh", None, &[("Cookie", &cookie)], Some(&body));
    assert_eq!(answer.header("set-cookie"), None);
    let access = text(&answer.expect(200)["access_token"]);
    let me = world.send("GET", "/auth/me", Some(&access), &[], None).expect(200);
    assert_eq!(me["user_id"], json!(alice.id));
    refresh(&world, &bob.refresh_token).expect(200);
}
