//! The order of checks, on every route of the table.

use super::{Instance, request};
use crate::rest::route::Access;
use crate::rest::routes::ROUTES;

#[test]
fn paths_and_methods() {
    let instance = Instance::free();
    instance.ask(request("GET", "/api/rest/nowhere")).is(404, "not_found");
    instance.ask(request("GET", "/api/rest/servers/")).is(404, "not_found");
    instance.ask(request("GET", "/api")).is(404, "not_found");
    assert!(instance.rest.answer(&mut request("GET", "/index.html").build()).is_none());
    // 405 comes before 401.
    for method in ["PUT", "TRACE", "CONNECT", "BREW"] {
        let got = instance.ask(request(method, "/api/rest/servers"));
        got.is(405, "method_not_allowed");
        assert_eq!(got.header("Allow"), Some("GET, HEAD, POST, OPTIONS"));
    }
    let options = instance.ask(request("OPTIONS", "/api/rest/servers"));
    assert_eq!((options.status, options.header("Allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
    let head = instance.ask(request("HEAD", "/healthz"));
    assert_eq!((head.status, head.header("Content-Type")), (200, Some("application/json")));
}

#[test]
fn every_route_for_those_signed_in_refuses_others_whatever_the_rest_says() {
    let instance = Instance::free();
    for route in ROUTES.iter().filter(|route| route.access == Access::SignedIn) {
        let path = route.full_path().replace(['{', '}'], "");
        let method = format!("{:?}", route.verb).to_uppercase();
        for authorization in ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic eDp5", "bearer"] {
            let got = instance.ask(request(&method, &path).with("Authorization", authorization).with_body("not json"));
            got.is(401, "unauthenticated");
            assert_eq!(got.header("WWW-Authenticate"), Some("Bearer"));
        }
    }
}

#[test]
fn the_session_is_checked_before_anything_else_on_every_route() {
    let instance = Instance::free();
    let token = instance.token("alice");
    instance.ask(request("POST", "/api/rest/auth/logout").by(&token)).is(204, "");
    for route in ROUTES.iter().filter(|route| route.access == Access::SignedIn) {
        let path = route.full_path().replace(['{', '}'], "");
        let method = format!("{:?}", route.verb).to_uppercase();
        let got = instance.ask(request(&method, &format!("{path}?limit=0")).by(&token).with_body("not json"));
        got.is(401, "unauthenticated");
    }
}

#[test]
fn what_is_hidden_is_404_whatever_the_body() {
    let instance = Instance::free();
    let (alice, bob) = (instance.token("alice"), instance.token("bob"));
    let (server, channel) = instance.server(&alice);
    for route in ROUTES.iter().filter(|route| route.access == Access::SignedIn) {
        let has = |part: &str| route.path.contains(part);
        if !(has("{server_id}") || has("{channel_id}")) {
            continue;
        }
        let method = format!("{:?}", route.verb).to_uppercase();
        for (server, channel) in [(server.as_str(), channel.as_str()), ("42", "42"), ("@me", "x"), ("01", "-1")] {
            let path = route.full_path().replace("{server_id}", server).replace("{channel_id}", channel);
            let path = path.replace("{message_id}", "1").replace("{user_id}", "@me");
            let got = instance.ask(request(&method, &format!("{path}?limit=0")).by(&bob).with_body("not json"));
            got.is(404, "not_found");
        }
    }
}

#[test]
fn then_the_media_type_then_the_body_then_conflicts() {
    let instance = Instance::free();
    let alice = instance.token("alice");
    let (_, channel) = instance.server(&alice);
    let path = format!("/api/rest/channels/{channel}/messages");
    let post = || request("POST", &path).by(&alice);
    instance.ask(post().with_body("{}")).is(415, "unsupported_media_type");
    instance.ask(post().with_json(&" ".repeat(256 * 1024 + 1))).is(413, "too_large");
    instance.ask(post().with_json("{")).is(400, "invalid_json");
    instance.ask(post().with_json("{}")).is(400, "invalid_field");
    instance.ask(request("GET", &format!("{path}?limit=0")).by(&alice)).is(400, "invalid_field");
    let bob = r#"{"username":"alice","password":"another secret"}"#;
    instance.ask(request("POST", "/api/rest/auth/register").with_json(bob)).is(409, "username_taken");
}
