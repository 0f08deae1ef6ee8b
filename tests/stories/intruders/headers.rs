//! What every answer forbids a browser, as a table: field by field, over what is served.

use crate::harness::{Answer, World};

/// What an answer must say of a field.
enum Says {
    Is(&'static str),
    Has(&'static str),
    Nothing,
}

use Says::{Has, Is, Nothing};

/// What every answer says.
const ALWAYS: &[(&str, Says)] =
    &[("x-content-type-options", Is("nosniff")), ("cross-origin-resource-policy", Is("same-origin"))];

/// What a document says besides: it may be framed by nobody, and runs nothing but our own scripts.
const DOCUMENT: &[(&str, Says)] = &[
    ("content-security-policy", Has("default-src 'none'")),
    ("content-security-policy", Has("frame-ancestors 'none'")),
    ("content-security-policy", Has("require-trusted-types-for 'script'")),
    ("content-security-policy", Has("base-uri 'none'")),
    ("referrer-policy", Is("no-referrer")),
    ("permissions-policy", Has("camera=()")),
];

/// What an answer of the API says besides: it is kept nowhere.
const API: &[(&str, Says)] = &[("cache-control", Is("no-store")), ("referrer-policy", Is("no-referrer"))];

/// What somebody's file says besides: whatever it is, it runs nothing.
const FILE: &[(&str, Says)] = &[("content-security-policy", Has("sandbox")), ("referrer-policy", Is("no-referrer"))];

const PLAIN: &[(&str, Says)] = &[("strict-transport-security", Nothing), ("cross-origin-opener-policy", Nothing)];

const HTTPS: &[(&str, Says)] =
    &[("strict-transport-security", Has("max-age=31536000")), ("cross-origin-opener-policy", Is("same-origin"))];

#[track_caller]
fn check(what: &str, answer: &Answer, tables: &[&[(&str, Says)]]) {
    for (name, says) in tables.iter().copied().flatten() {
        let found = answer.header(name);
        let is_right = match says {
            Is(value) => found == Some(value),
            Has(part) => found.is_some_and(|value| value.split("; ").any(|one| one.contains(part))),
            Nothing => found.is_none(),
        };
        assert!(is_right, "{what}: {name} is {found:?}");
    }
    // Nothing tells which version of what runs here.
    assert_eq!(answer.header("server"), Some("chatd"), "{what}");
    assert_eq!(answer.header("x-powered-by"), None);
}

#[test]
fn every_answer_says_what_a_browser_must_not_do() {
    for https in [false, true] {
        let world = World::with(|options| {
            if https {
                options.public_url = "https://home.example".to_owned();
            }
        });
        let alice = world.person("alice");
        let files: Vec<_> = [("page.html", &b"<script>alert(1)</script>"[..]), ("note.txt", b"hello")]
            .map(|(name, bytes)| alice.uploads(name, bytes)["url"].as_str().unwrap().to_owned())
            .into_iter()
            .map(|url| url.replace("https://home.example", ""))
            .collect();
        let get = |path: &str| world.send_root(path, Some(&alice.token));
        let transport = if https { HTTPS } else { PLAIN };
        let page = get("/");
        for (path, answer) in [("/", page), ("/help/gateway", get("/help/gateway")), ("/settings", get("/settings"))] {
            assert_eq!(answer.status, 200, "{path}");
            check(path, &answer, &[ALWAYS, DOCUMENT, transport]);
        }
        let page = get("/").text;
        let script = page.split('"').find(|part| part.ends_with(".js")).expect("a script").to_owned();
        let script = get(&script.replace("https://home.example", ""));
        assert_eq!(script.status, 200);
        check("a script", &script, &[ALWAYS]);
        for path in
            ["/api/rest/instance", "/api/rest/auth/me", "/api/rest/nowhere", "/api/nowhere", "/healthz", "/metrics"]
        {
            check(path, &get(path), &[ALWAYS, API]);
        }
        for path in &files {
            let answer = get(path);
            assert_eq!(answer.status, 200, "{path}");
            check(path, &answer, &[ALWAYS, FILE]);
        }
        assert!(get(&files[0]).header("content-disposition").unwrap().starts_with("attachment"));
    }
}
