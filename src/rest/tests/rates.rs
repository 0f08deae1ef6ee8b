//! What is counted, and how the answers tell.

use std::time::Duration;

use super::{Instance, request};
use crate::auth::{Rates, Throttles};
use crate::rest::route::{RATE_FIELDS, Rate};
use crate::rest::routes::ROUTES;

#[test]
fn limited_routes_say_what_is_left_and_when_to_come_back() {
    let rates = Rates { read: (2, Duration::from_secs(60)), ..Rates::default() };
    let instance = Instance::new("", Throttles::new(&rates));
    let alice = instance.token("alice");
    let read = || instance.ask(request("GET", "/api/rest/auth/me").by(&alice));
    let first = read();
    assert_eq!(
        (first.status, first.header("X-RateLimit-Limit"), first.header("X-RateLimit-Remaining")),
        (200, Some("2"), Some("1"))
    );
    assert_eq!(read().status, 200);
    let third = read();
    third.is(429, "rate_limited");
    assert!(third.header("Retry-After").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(third.header("X-RateLimit-Remaining"), Some("0"));
    // What is not read is counted apart.
    assert_eq!(instance.ask(request("POST", "/api/rest/servers").by(&alice).with_json(r#"{"name":"x"}"#)).status, 201);
}

#[test]
fn wrong_invite_codes_are_counted_and_right_ones_are_not() {
    let rates = Rates { invite_guess: (2, Duration::from_secs(60)), ..Rates::default() };
    let instance = Instance::new("", Throttles::new(&rates));
    let alice = instance.token("alice");
    let (server, _) = instance.server(&alice);
    let invite = instance.ask(request("POST", &format!("/api/rest/servers/{server}/invites")).by(&alice));
    assert_eq!(invite.status, 201, "{}", String::from_utf8_lossy(&invite.body));
    let code = invite.json()["code"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        assert_eq!(instance.ask(request("GET", &format!("/api/rest/invites/{code}"))).status, 200);
    }
    let qr = instance.ask(request("GET", &format!("/invites/{code}/qr.svg")).with("Host", "pi.local:8080"));
    assert_eq!((qr.status, qr.header("Content-Type")), (200, Some("image/svg+xml")));
    for _ in 0..2 {
        instance.ask(request("GET", "/api/rest/invites/wrong")).is(404, "not_found");
    }
    instance.ask(request("GET", &format!("/api/rest/invites/{code}"))).is(429, "rate_limited");
}

#[test]
fn what_is_refused_before_it_is_counted_tells_the_limit_too() {
    let instance = Instance::new("", Throttles::new(&Rates::default()));
    let register = |body: &str| instance.ask(request("POST", "/api/rest/auth/register").with_json(body));
    for body in ["{", r#"{"username":"alice","password":"short"}"#] {
        let refused = register(body);
        let told = (refused.status, refused.header("X-RateLimit-Limit"), refused.header("X-RateLimit-Remaining"));
        assert_eq!(told, (400, Some("5"), Some("5")));
    }
    let made = register(r#"{"username":"alice","password":"alices own secret"}"#);
    assert_eq!((made.status, made.header("X-RateLimit-Remaining")), (201, Some("4")));
}

#[test]
fn refreshing_and_joining_are_writes() {
    let rates = Rates { write: (3, Duration::from_secs(60)), ..Rates::default() };
    let instance = Instance::new("", Throttles::new(&rates));
    let alice = instance.register("alice");
    let (token, refresh) = (alice["access_token"].as_str().unwrap(), alice["refresh_token"].as_str().unwrap());
    let (server, _) = instance.server(token);
    let invite = instance.ask(request("POST", &format!("/api/rest/servers/{server}/invites")).by(token)).json();
    let join = format!("/api/rest/invites/{}", invite["code"].as_str().unwrap());
    let joined = instance.ask(request("POST", &join).by(token));
    assert_eq!((joined.status, joined.header("X-RateLimit-Remaining")), (200, Some("0")));
    instance.ask(request("POST", &join).by(token)).is(429, "rate_limited");
    let body = format!(r#"{{"refresh_token":"{refresh}"}}"#);
    let refreshed = instance.ask(request("POST", "/api/rest/auth/refresh").with_json(&body));
    assert_eq!(refreshed.header("X-RateLimit-Limit"), Some("3"));
    refreshed.is(429, "rate_limited");
}

/// The table says what is counted; every answer of such a route tells.
#[test]
fn every_limited_route_has_the_fields() {
    let instance = Instance::new("", Throttles::new(&Rates::default()));
    let alice = instance.token("alice");
    for route in ROUTES.iter().filter(|route| route.rate != Rate::Free && route.name != "refresh") {
        let method = format!("{:?}", route.verb).to_uppercase();
        let got = instance.ask(request(&method, &route.full_path().replace(['{', '}'], "")).by(&alice));
        for field in RATE_FIELDS {
            assert!(got.header(field).is_some(), "{}: {} without {field}", route.name, got.status);
        }
    }
}
