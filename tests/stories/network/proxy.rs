//! Proxies in front: what they say of a request counts if the owner trusts them, and what the owner says counts more.

use serde_json::json;

use crate::harness::{Gateway, PASSWORD, World, text};

const TRUSTED: [bool; 2] = [true, false];

/// What a proxy says that was asked by `https://chat.example`; it changes `Host` too.
const PASSED_ON: [(&str, &str); 2] = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example")];

fn behind(trusted: bool, public_url: &str) -> World {
    World::with(|options| {
        options.public_url = public_url.to_owned();
        if trusted {
            options.trusted_proxies = vec![("127.0.0.1".parse().unwrap(), 32)];
        }
    })
}

#[test]
fn a_proxy_is_believed_if_it_is_trusted() {
    for (trusted, ip) in [(true, "203.0.113.7"), (false, "127.0.0.1")] {
        let world = behind(trusted, "");
        world.person("alice");
        let body = json!({"username": "alice", "password": PASSWORD}).to_string();
        let forwarded = [("X-Forwarded-For", "198.51.100.1, 203.0.113.7")];
        let tokens = world.send("POST", "/auth/login", None, &forwarded, Some(&body)).expect(200);
        let token = text(&tokens["access_token"]);
        let sessions = world.send("GET", "/auth/sessions", Some(&token), &[], None).expect(200);
        let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(current["ip"], ip);
    }
}

#[test]
fn behind_a_proxy_the_first_account_needs_the_code_however_open_registration_is() {
    for world in [behind(true, ""), behind(false, "https://chat.example")] {
        let account = json!({"username": "mallory", "password": PASSWORD});
        world.request("POST", "/auth/register", Some(&account)).refused(403, "registration_closed");
        world.person("alice");
        world.request("POST", "/auth/register", Some(&account)).expect(201);
    }
}

#[test]
fn https_at_a_trusted_proxy_is_https() {
    for trusted in TRUSTED {
        let world = behind(trusted, "");
        world.person("alice");
        let body = json!({"username": "alice", "password": PASSWORD, "cookie": true}).to_string();
        let signed_in = world.send("POST", "/auth/login", None, &PASSED_ON, Some(&body));
        let cookie = signed_in.header("set-cookie").unwrap();
        assert_eq!(cookie.ends_with("; Secure"), trusted, "{cookie}");
        for path in ["/", "/help/gateway"] {
            let page = world.send_to(path, "GET", None, &PASSED_ON, None);
            assert_eq!(page.header("strict-transport-security").is_some(), trusted, "{path}");
            assert_eq!(world.send_root(path, None).header("strict-transport-security"), None, "{path}");
        }
    }
}

#[test]
fn the_public_url_says_more_than_a_proxy() {
    let world = behind(true, "http://pi.local");
    world.person("alice");
    let body = json!({"username": "alice", "password": PASSWORD, "cookie": true}).to_string();
    let signed_in = world.send("POST", "/auth/login", None, &PASSED_ON, Some(&body));
    assert!(!signed_in.header("set-cookie").unwrap().contains("Secure"));
    assert_eq!(world.send_to("/", "GET", None, &PASSED_ON, None).header("strict-transport-security"), None);
}

#[test]
fn the_host_that_a_trusted_proxy_was_asked_for_is_our_own() {
    for trusted in TRUSTED {
        let world = behind(trusted, "");
        for (origin, is_ours) in [("https://chat.example", trusted), ("https://evil.example", false)] {
            let page: Vec<_> = PASSED_ON.into_iter().chain([("Origin", origin)]).collect();
            let refused = Gateway::handshake(&world, None, &page).err();
            assert_eq!(refused, (!is_ours).then_some(403), "{origin}, trusted: {trusted}");
        }
    }
}

#[test]
fn through_a_proxy_only_pages_of_the_public_url_are_our_own() {
    for trusted in TRUSTED {
        let world = behind(trusted, "https://chat.example/chat");
        let own = world.url("");
        for (origin, is_ours) in [
            ("https://chat.example", true),
            ("http://chat.example", false),
            ("https://evil.example", false),
            // At home, past the proxy, it has another name.
            (own.as_str(), !trusted),
        ] {
            let refused = Gateway::handshake(&world, None, &[("Origin", origin)]).err();
            assert_eq!(refused, (!is_ours).then_some(403), "{origin}, trusted: {trusted}");
        }
    }
}
