//! Tokens, cookies and passwords.

use serde_json::json;

use super::{Got, Instance, request};

#[test]
fn browsers_keep_the_refresh_token_in_a_cookie() {
    let instance = Instance::free();
    instance.register("alice");
    let body = r#"{"username":"Alice","password":"alices own secret","cookie":true}"#;
    let got = instance.ask(request("POST", "/api/rest/auth/login").with_json(body));
    assert_eq!(got.status, 200);
    assert!(got.json().get("refresh_token").is_none());
    let cookie = |got: &Got| got.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned();
    let refresh = |cookie: &str| request("POST", "/api/rest/auth/refresh").with("Cookie", cookie);
    instance.ask(refresh(&cookie(&got))).is(403, "bad_origin");
    let again = instance.ask(refresh(&cookie(&got)).with("Sec-Fetch-Site", "same-origin"));
    assert_eq!(again.status, 200);
    assert!(again.json().get("refresh_token").is_none() && again.json()["access_token"].is_string());
    let logout = request("POST", "/api/rest/auth/logout").with("Cookie", &cookie(&again));
    let out = instance.ask(logout.with("Sec-Fetch-Site", "same-origin"));
    assert_eq!((out.status, cookie(&out).as_str()), (204, "chatd_refresh="));
    instance.ask(refresh(&cookie(&again)).with("Sec-Fetch-Site", "same-origin")).is(401, "unauthenticated");
}

#[test]
fn a_refresh_token_in_the_body_rotates() {
    let instance = Instance::free();
    let first = instance.register("alice")["refresh_token"].as_str().unwrap().to_owned();
    let refresh = |body: &str| instance.ask(request("POST", "/api/rest/auth/refresh").with_json(body));
    let second = refresh(&json!({"refresh_token": first}).to_string());
    assert_eq!(second.status, 200);
    assert_ne!(second.json()["refresh_token"], json!(first));
    refresh("{}").is(400, "invalid_field");
    refresh(r#"{"refresh_token":"nonsense"}"#).is(401, "unauthenticated");
    instance.ask(request("POST", "/api/rest/auth/refresh")).is(401, "unauthenticated");
    instance.ask(request("POST", "/api/rest/auth/logout")).is(401, "unauthenticated");
}

#[test]
fn passwords_change_only_with_the_old_one() {
    let instance = Instance::free();
    let alice = instance.token("alice");
    let change = |old: &str, new: &str| {
        let body = json!({"current_password": old, "new_password": new}).to_string();
        instance.ask(request("POST", "/api/rest/auth/password").by(&alice).with_json(&body))
    };
    change("wrong", "a better secret").is(403, "wrong_password");
    let short = change("alices own secret", "short");
    short.is(400, "invalid_field");
    assert!(short.json()["errors"]["new_password"].is_string());
    assert_eq!(change("alices own secret", "a better secret").status, 204);
    let log_in = |password: &str| {
        let body = json!({"username": "alice", "password": password}).to_string();
        instance.ask(request("POST", "/api/rest/auth/login").with_json(&body))
    };
    log_in("alices own secret").is(401, "invalid_credentials");
    assert_eq!(log_in("a better secret").status, 200);
}
