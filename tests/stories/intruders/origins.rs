//! Pages of other sites: wherever a cookie counts, and at the gateway's door, a browser says whose page it is.

use serde_json::json;

use crate::harness::{Gateway, PASSWORD, World};
use crate::tally::tally;

/// What a browser sends of a page, and whether it is one of ours. `OWN` stands for the server's own origin.
const PAGES: [(&[(&str, &str)], bool); 13] = [
    (&[("Sec-Fetch-Site", "same-origin"), ("Origin", "OWN")], true),
    (&[("Sec-Fetch-Site", "same-origin")], true),
    (&[("Origin", "OWN")], true),
    (&[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")], false),
    (&[("Sec-Fetch-Site", "same-site"), ("Origin", "http://127.0.0.1:1")], false),
    (&[("Sec-Fetch-Site", "cross-site")], false),
    (&[("Sec-Fetch-Site", "same-site")], false),
    (&[("Origin", "https://evil.example")], false),
    (&[("Origin", "null")], false),
    (&[("Origin", "http://127.0.0.1:1")], false),
    (&[("Origin", "OWN.evil.example")], false),
    (&[("Origin", "ftp://OWN")], false),
    (&[("Origin", "http://evil.example/OWN")], false),
];

fn fields(world: &World, page: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let own = world.url("").to_owned();
    let bare = own.strip_prefix("http://").unwrap();
    let value = |value: &str| match value.strip_prefix("ftp://") {
        Some(_) => format!("ftp://{bare}"),
        None => value.replace("OWN", &own),
    };
    page.iter().map(|(name, text)| (*name, value(text))).collect()
}

#[test]
fn a_cookie_works_from_our_own_pages_alone() {
    let world = World::start();
    let body = json!({"username": "alice", "password": PASSWORD, "cookie": true}).to_string();
    let signed_in = world.send("POST", "/auth/register", None, &[], Some(&body));
    let mut cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut tried = 0;
    for (page, is_ours) in PAGES {
        let fields = fields(&world, page);
        let ask = |path: &str, cookie: &str| {
            let mut all = vec![("Cookie", cookie)];
            all.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
            world.send("POST", path, None, &all, None)
        };
        let refreshed = ask("/auth/refresh", &cookie);
        assert_eq!(refreshed.status, if is_ours { 200 } else { 403 }, "{fields:?}: {}", refreshed.text);
        assert_eq!(refreshed.header("access-control-allow-origin"), None, "{fields:?}");
        if is_ours {
            cookie = refreshed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        } else {
            refreshed.refused(403, "bad_origin");
            // Neither can it sign anybody out.
            ask("/auth/logout", &cookie).refused(403, "bad_origin");
            tried += 2;
        }
    }
    // Nothing of that has hurt the session; and the cookie is good for nothing but the two paths.
    let own = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    world.send("GET", "/auth/me", None, &own, None).refused(401, "unauthenticated");
    world.send("POST", "/servers", None, &own, Some("{}")).refused(401, "unauthenticated");
    world.send("POST", "/auth/refresh", None, &own, None).expect(200);
    tally("requests from pages of other sites", tried);
}

#[test]
fn the_gateways_door_opens_to_our_own_pages_and_those_that_are_allowed() {
    let world = World::with(|options| options.allowed_origins = vec!["https://friend.example".to_owned()]);
    for (page, is_ours) in PAGES {
        let fields = fields(&world, page);
        let page: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = Gateway::handshake(&world, None, &page).err();
        assert_eq!(refused, (!is_ours).then_some(403), "{fields:?}");
    }
    let friend = [("Origin", "https://friend.example"), ("Sec-Fetch-Site", "cross-site")];
    assert!(Gateway::handshake(&world, None, &friend).is_ok());
    // What is no browser says nothing; what a person typed says "none".
    for nobody in [&[][..], &[("Sec-Fetch-Site", "none")]] {
        assert!(Gateway::handshake(&world, None, nobody).is_ok());
    }
    tally("handshakes from pages of other sites", PAGES.iter().filter(|(_, is_ours)| !is_ours).count());
}
