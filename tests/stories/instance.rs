//! The instance's own pages, and HTTP as everybody meets it.

use serde_json::json;

use crate::harness::World;

#[test]
fn the_instance_introduces_itself() {
    let world = World::with(|options| options.name = "Our place".to_owned());
    let instance = world.request("GET", "/instance", None).expect(200);
    assert_eq!((&instance["name"], &instance["registration"]), (&json!("Our place"), &json!("open")));
    assert_eq!(instance["setup_required"], true);
    assert_eq!(instance["version"], env!("CARGO_PKG_VERSION"));
    assert!(instance["limits"].as_object().unwrap().len() > 10);
    world.person("alice");
    assert_eq!(world.request("GET", "/instance", None).expect(200)["setup_required"], false);
    assert_eq!(world.request("GET", "/healthz", None).status, 200);
    assert_eq!(world.request("GET", "/readyz", None).status, 200);
}

#[test]
fn paths_and_methods_are_exact() {
    let world = World::start();
    let alice = world.person("alice");
    for path in ["/nothing", "/servers/", "/auth/login/", "/", "/servers/1/nothing", "//servers", "/servers/%2e%2e"] {
        alice.get(path).refused(404, "not_found");
    }
    let answer = alice.ask("PUT", "/servers", Some(json!({})));
    let mut allowed: Vec<_> = answer.header("allow").unwrap().split(", ").map(str::to_owned).collect();
    allowed.sort();
    assert_eq!(allowed, ["GET", "HEAD", "OPTIONS", "POST"]);
    answer.refused(405, "method_not_allowed");
    let options = world.request("OPTIONS", "/servers", None);
    assert_eq!((options.status, options.header("access-control-allow-origin")), (204, None));
    assert!(options.header("allow").is_some());
    let head = alice.ask("HEAD", "/auth/me", None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[test]
fn a_person_who_opens_an_address_without_a_page_is_told_so() {
    let world = World::start();
    let open = |path: &str, accept: &str| world.send_to(path, "GET", None, &[("Accept", accept)], None);
    let page = open("/channels/7", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(page.text.contains("There is no page at this address"), "{}", page.text);
    // A program asks for no page, and the API has none.
    open("/channels/7", "*/*").refused(404, "not_found");
    open("/api/rest/nothing", "text/html").refused(404, "not_found");
}

#[test]
fn the_order_of_checks_is_that_of_the_contract() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (_, channel) = alice.creates_server("home");
    let path = format!("/channels/{channel}/messages");
    let send = |token: Option<&str>, method: &str, kind: &str, body: &str| {
        world.send(method, &path, token, &[("Content-Type", kind)], Some(body))
    };
    send(None, "PUT", "text/plain", "{").refused(405, "method_not_allowed");
    send(None, "POST", "text/plain", "{").refused(401, "unauthenticated");
    send(Some(&bob.token), "POST", "text/plain", "{").refused(404, "not_found");
    send(Some(&alice.token), "POST", "text/plain", "{").refused(415, "unsupported_media_type");
    send(Some(&alice.token), "POST", "application/json", "{").refused(400, "invalid_json");
}

#[test]
fn a_path_in_the_public_url_is_honoured() {
    let world = World::with(|options| options.public_url = "https://home.example/chat".to_owned());
    world.person("alice");
    let body = json!({"username": "alice", "password": crate::harness::PASSWORD, "cookie": true}).to_string();
    let answer = world.send("POST", "/auth/login", None, &[], Some(&body));
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("Path=/chat/api/rest/auth") && cookie.contains("Secure"), "{cookie}");
    let alice = world.sign_in("alice");
    let (server, _) = alice.creates_server("home");
    let invite = alice.post(&format!("/servers/{server}/invites"), json!({})).expect(201);
    assert!(invite["url"].as_str().unwrap().starts_with("https://home.example/chat/invite/"));
}

#[test]
fn a_restart_keeps_accounts_sessions_and_history() {
    let mut world = World::start();
    let (token, refresh, channel) = {
        let alice = world.person("alice");
        let (_, channel) = alice.creates_server("home");
        for n in 0..20 {
            alice.says(&channel, &n.to_string());
        }
        (alice.token.clone(), alice.refresh_token.clone(), channel)
    };
    world.restart();
    let history = world.send("GET", &format!("/channels/{channel}/messages"), Some(&token), &[], None).expect(200);
    let contents: Vec<_> =
        history.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(contents, (0..20).rev().map(|n| n.to_string()).collect::<Vec<_>>());
    world.request("POST", "/auth/refresh", Some(&json!({"refresh_token": refresh}))).expect(200);
}

#[test]
fn a_second_process_on_the_folder_is_refused() {
    let world = World::start();
    let options = chatd::app::Options {
        listen: ([127, 0, 0, 1], 0).into(),
        data: world.folder.path().join("data"),
        ..chatd::app::Options::default()
    };
    let error = chatd::app::run(options).err().expect("two on one folder");
    assert!(matches!(error, chatd::app::StartError::Locked(_)), "{error}");
}

#[test]
fn a_stop_says_1001_to_every_gateway() {
    let mut world = World::start();
    let mut gateways: Vec<_> = {
        let alice = world.person("alice");
        (0..5).map(|_| alice.connects()).collect()
    };
    world.stop();
    for gateway in &mut gateways {
        assert_eq!(gateway.closed(), 1001);
    }
}

#[test]
fn pages_of_configured_origins_may_use_the_api() {
    let world = World::with(|options| options.allowed_origins = vec!["https://friend.example".to_owned()]);
    let friend = [("Origin", "https://friend.example"), ("Access-Control-Request-Method", "PATCH")];
    let preflight = world.send("OPTIONS", "/servers", None, &friend, None);
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://friend.example"));
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("Authorization"));
    let answer = world.send("GET", "/instance", None, &friend, None);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://friend.example"));
    let evil = world.send("GET", "/instance", None, &[("Origin", "https://evil.example")], None);
    assert_eq!(evil.header("access-control-allow-origin"), None);
}

#[test]
fn numbers_are_for_this_machine_alone() {
    let world = World::start();
    let alice = world.person("alice");
    let bob = world.person("bob");
    let near = world.send("GET", "/metrics", None, &[], None);
    assert!(near.status == 200 && near.text.contains("chatd_rest_answers_total"), "{}", near.text);
    // Whoever comes through a proxy is not this machine, but may be its administrator.
    let proxied = [("X-Forwarded-For", "192.0.2.7")];
    world.send("GET", "/metrics", None, &proxied, None).refused(404, "not_found");
    world.send("GET", "/metrics", Some(&bob.token), &proxied, None).refused(404, "not_found");
    assert_eq!(world.send("GET", "/metrics", Some(&alice.token), &proxied, None).status, 200);
}

#[test]
fn links_honour_the_path_of_the_public_url() {
    let world = World::with(|options| options.public_url = "https://home.example/chat".to_owned());
    let alice = world.person("alice");
    let (server, channel) = alice.creates_server("home");
    let bob = world.person("bob");
    alice.invites(&server, &[&bob]);
    for text in ["one", "two"] {
        alice.says(&channel, text);
    }
    for list in [format!("/channels/{channel}/messages"), format!("/servers/{server}/members")] {
        let link = alice.get(&format!("{list}?limit=1")).header("link").unwrap().to_owned();
        assert!(link.starts_with(&format!("</chat/api/rest{list}?limit=1&")), "{link}");
    }
    // A proxy may leave the path in front.
    let inside = world.send("GET", "/api/rest/auth/me", Some(&alice.token), &[], None).expect(200);
    let outside = world.send("GET", "/chat/api/rest/auth/me", Some(&alice.token), &[], None).expect(200);
    assert_eq!(inside, outside);
}
