//! Requests without a socket, against a real store in a temporary folder.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Rest;
use super::route::{Access, Verb};
use super::routes::ROUTES;
use crate::auth::{Keys, Passwords, Rates, Throttles};
use crate::chat::{Chat, Config, Presences, Registration, Shared};
use crate::model::{Event, Outlet};
use crate::net::{Body, Header, Request, ResponseBox};
use crate::store::Store;

/// A request under construction.
pub(super) struct Draft {
    request: Request,
    body: Vec<u8>,
}

/// Begins a request.
pub(super) fn request(method: &str, target: &str) -> Draft {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let request = Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: Vec::new(),
        client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        local: false,
        content_length: Some(0),
        body: Body::from_bytes(Vec::new()),
    };
    Draft { request, body: Vec::new() }
}

impl Draft {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push(Header::from_bytes(name, value).unwrap());
        self
    }

    pub(super) fn with_body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    pub(super) fn with_json(self, body: &str) -> Self {
        self.with("Content-Type", "application/json").with_body(body)
    }

    fn by(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub(super) fn build(self) -> Request {
        let Self { mut request, body } = self;
        request.content_length = Some(body.len() as u64);
        request.body = Body::from_bytes(body);
        request
    }
}

/// An instance at this public URL.
pub(super) fn config(public_url: &str) -> Config {
    Config {
        name: "Test".to_owned(),
        registration: Registration::Open,
        setup_code_needed: false,
        public_url: public_url.to_owned(),
        allowed_origins: Vec::new(),
        admins_create_servers: false,
        admins_invites_register: false,
        password_min: 10,
        heartbeat_interval: Duration::from_secs(30),
    }
}

/// Commits, and tells nobody.
struct Nobody;

impl Outlet for Nobody {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        commit();
    }
}

struct Instance {
    rest: Rest,
    _folder: tempfile::TempDir,
}

/// What came back.
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!((self.status, self.code().as_str()), (status, code), "{body}");
    }
}

impl Instance {
    fn new(public_url: &str, throttles: Throttles) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("chatd.db"), Arc::new(Nobody)).unwrap();
        let shared =
            Shared { config: config(public_url), presences: Presences::default(), keys: Keys::from_bytes(&[7; 32]) };
        let chat = Arc::new(Chat::new(store, Arc::new(shared)));
        Self { rest: Rest::new(chat, Passwords::new(), throttles), _folder: folder }
    }

    fn free() -> Self {
        Self::new("", Throttles::off())
    }

    #[track_caller]
    fn ask(&self, draft: Draft) -> Got {
        let response: ResponseBox = self.rest.answer(&mut draft.build()).unwrap();
        let status = response.status_code().0;
        let pair = |h: &Header| (h.field.as_str().as_str().to_owned(), h.value.as_str().to_owned());
        let headers = response.headers().iter().map(pair).collect();
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut response.into_reader(), &mut body).unwrap();
        Got { status, headers, body }
    }

    fn register(&self, name: &str) -> Value {
        let body = json!({"username": name, "password": format!("{name}s own secret")}).to_string();
        let got = self.ask(request("POST", "/api/rest/auth/register").with_json(&body));
        assert_eq!(got.status, 201, "{}", String::from_utf8_lossy(&got.body));
        got.json()
    }

    fn token(&self, name: &str) -> String {
        self.register(name)["access_token"].as_str().unwrap().to_owned()
    }

    /// A server of hers, and its channel.
    fn server(&self, token: &str) -> (String, String) {
        let server = self.ask(request("POST", "/api/rest/servers").by(token).with_json(r#"{"name":"Home"}"#));
        let id = server.json()["server_id"].as_str().unwrap().to_owned();
        let channels = self.ask(request("GET", &format!("/api/rest/servers/{id}/channels")).by(token)).json();
        (id, channels[0]["channel_id"].as_str().unwrap().to_owned())
    }
}

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
    assert_eq!((head.status, head.header("X-Content-Type-Options")), (200, Some("nosniff")));
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

#[test]
fn alice_posts_and_pages_through_what_she_posted() {
    let instance = Instance::new("https://home.example/chat", Throttles::off());
    let alice = instance.token("alice");
    let (_, channel) = instance.server(&alice);
    let path = format!("/api/rest/channels/{channel}/messages");
    let post = |text: &str| {
        let body = json!({"content": text, "nonce": text}).to_string();
        instance.ask(request("POST", &path).by(&alice).with_json(&body))
    };
    for text in ["one", "two", "three"] {
        assert_eq!(post(text).status, 201);
    }
    let retry = post("two");
    assert_eq!((retry.status, &retry.json()["content"]), (200, &json!("two")));
    let texts = |got: &Got| -> Vec<String> {
        got.json().as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect()
    };
    let first = instance.ask(request("GET", &format!("{path}?limit=2")).by(&alice));
    assert_eq!(texts(&first), ["three", "two"]);
    let link = first.header("Link").unwrap();
    let target = link.strip_prefix("</chat").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let second = instance.ask(request("GET", target).by(&alice));
    assert_eq!(texts(&second), ["one"]);
    assert_eq!(second.header("Link"), None);
    let upwards = instance.ask(request("GET", &format!("{path}?limit=2&after=0")).by(&alice));
    assert_eq!(texts(&upwards), ["two", "one"]);
    assert!(upwards.header("Link").unwrap().contains("limit=2&after="));
}

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
fn metrics_are_for_this_machine_and_administrators() {
    let instance = Instance::free();
    let (admin, other) = (instance.token("alice"), instance.token("bob"));
    let metrics = || request("GET", "/metrics");
    instance.ask(metrics()).is(404, "not_found");
    instance.ask(metrics().by(&other)).is(404, "not_found");
    assert_eq!(instance.ask(metrics().by(&admin)).status, 200);
    let mut near = metrics();
    near.request.local = true;
    assert_eq!(instance.ask(near).status, 200);
    let mut proxied = metrics().with("X-Forwarded-For", "192.0.2.7");
    proxied.request.local = true;
    instance.ask(proxied).is(404, "not_found");
}

#[test]
fn everybody_may_know_the_instance() {
    let instance = Instance::free();
    let facts = instance.ask(request("GET", "/api/rest/instance")).json();
    assert_eq!((&facts["registration"], &facts["setup_required"]), (&json!("open"), &json!(true)));
    assert_eq!(facts["limits"]["password_min"], 10);
    let document = instance.ask(request("GET", "/api/rest/openapi.json")).json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(instance.ask(request("GET", path)).json(), json!({"status": "ok"}));
    }
    assert_eq!(Verb::of(&"HEAD".parse().unwrap()), Some(Verb::Get));
}
