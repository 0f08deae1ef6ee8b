//! The client as a browser meets it.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::net::{Body, Front};

fn ask_with(web: &Web, method: Method, path: &str, fields: &[(&str, &str)]) -> Option<ResponseBox> {
    ask(web, method, path, fields).map(|answer| answer.unwrap())
}

fn ask(web: &Web, method: Method, path: &str, fields: &[(&str, &str)]) -> Option<Result<ResponseBox>> {
    web.answer(&request(method, path, fields))
}

fn request(method: Method, path: &str, fields: &[(&str, &str)]) -> Request {
    Request {
        method,
        path: path.to_owned(),
        query: None,
        headers: fields.iter().map(|(name, value)| Header::from_bytes(*name, *value).unwrap()).collect(),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        local: true,
        front: Front::default(),
        content_length: Some(0),
        body: Body::from_bytes(Vec::new()),
    }
}

fn get(web: &Web, path: &str) -> Option<ResponseBox> {
    ask_with(web, Method::Get, path, &[])
}

fn field(response: &ResponseBox, name: &'static str) -> Option<String> {
    response.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
}

fn body(response: ResponseBox) -> Vec<u8> {
    let mut bytes = Vec::new();
    response.into_reader().read_to_end(&mut bytes).unwrap();
    bytes
}

fn text(response: ResponseBox) -> String {
    String::from_utf8(body(response)).unwrap()
}

fn embedded_web() -> Web {
    Web::new("", false, None)
}

fn address(key: &str) -> String {
    format!("/assets/{}/{key}", embedded::version())
}

#[test]
fn the_manual_needs_no_script_and_finds_what_it_names() {
    for (base, web) in [("", embedded_web()), ("/chat", Web::new("/chat", false, None))] {
        for path in ["/help", "/help/owner"] {
            let answer = get(&web, path).unwrap();
            assert_eq!(field(&answer, "Content-Type").as_deref(), Some("text/html; charset=utf-8"));
            assert_eq!(field(&answer, "Cache-Control").as_deref(), Some("no-cache"));
            assert!(
                field(&answer, "Content-Security-Policy").is_some_and(|policy| policy.contains("default-src 'none'"))
            );
            let tag = field(&answer, "ETag").unwrap();
            let page = text(answer);
            assert!(!page.contains("{{") && !page.contains("<script") && !page.contains("style="), "{path}");
            let sheet = page.split('"').find(|part| part.ends_with("/help/help.css")).unwrap();
            assert!(get(&web, sheet.strip_prefix(base).unwrap()).is_some(), "{sheet}");
            let again = ask_with(&web, Method::Get, path, &[("If-None-Match", &tag)]).unwrap();
            assert_eq!(again.status_code().0, 304);
            // Within the page, each link leads somewhere.
            for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(page.contains(&format!("id=\"{link}\"")), "{path} has no {link}");
            }
        }
    }
    assert!(get(&embedded_web(), &address("help/en/owner.html")).is_none());
    let from_folder = Web::new("", false, Some("static".into()));
    assert!(text(get(&from_folder, "/help").unwrap()).contains("/assets/dev/help/help.css"));
}

#[test]
fn the_service_worker_stands_beside_the_page_with_a_policy_of_its_own() {
    for web in [embedded_web(), Web::new("/chat", true, None)] {
        let answer = get(&web, "/push-worker.js").unwrap();
        assert_eq!(field(&answer, "Content-Type").as_deref(), Some("text/javascript; charset=utf-8"));
        assert_eq!(
            field(&answer, "Cache-Control").as_deref(),
            Some("no-cache"),
            "a new one is found at the next visit"
        );
        let policy = field(&answer, "Content-Security-Policy").unwrap();
        assert!(policy.contains("default-src 'none'; connect-src 'self'") && policy.contains("trusted-types 'none'"));
        let tag = field(&answer, "ETag").unwrap();
        let script = text(answer);
        assert!(!script.contains("{{") && script.contains(embedded::version()));
        assert!(!script.contains("\"fetch\""), "what is fetched does not go through it");
        let again = ask_with(&web, Method::Get, "/push-worker.js", &[("If-None-Match", &tag)]).unwrap();
        assert_eq!(again.status_code().0, 304);
    }
    assert!(get(&embedded_web(), &address("push-worker.js")).is_none(), "it is nowhere else");
    let from_folder = Web::new("", false, Some("static".into()));
    let answer = get(&from_folder, "/push-worker.js").unwrap();
    assert!(field(&answer, "Content-Security-Policy").is_some());
    assert!(text(answer).contains("assets/dev/"));
    assert!(get(&from_folder, "/assets/dev/push-worker.js").is_none());
}

#[test]
fn the_program_that_browsers_install_has_its_pictures() {
    let web = embedded_web();
    let manifest = text(get(&web, &address("manifest.webmanifest")).unwrap());
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    // Both lead from the assets' folder to the base path, whatever that is; so does the ID, which is the former.
    assert_eq!((&manifest["start_url"], &manifest["scope"]), (&"../../".into(), &"../../".into()));
    let icons = manifest["icons"].as_array().unwrap();
    for (size, purpose) in [("192x192", "any"), ("512x512", "any"), ("192x192", "maskable"), ("512x512", "maskable")] {
        let has = |icon: &&serde_json::Value| icon["sizes"] == size && icon["purpose"] == purpose;
        let icon = icons.iter().find(has).unwrap();
        let picture = get(&web, &address(icon["src"].as_str().unwrap())).unwrap();
        assert_eq!(field(&picture, "Content-Type").as_deref(), Some("image/png"), "{size} {purpose}");
        assert!(body(picture).starts_with(b"\x89PNG"));
    }
}

#[test]
fn the_page_names_only_what_is_there() {
    let web = embedded_web();
    let page = text(get(&web, "/").unwrap());
    assert!(!page.contains("{{") && !page.contains("<!-- modulepreload"), "all marks are filled");
    let links: Vec<_> =
        page.split('"').filter(|part| part.starts_with("/assets/")).map(|link| (link, get(&web, link))).collect();
    for (link, answer) in &links {
        assert_eq!(answer.as_ref().map(|answer| answer.status_code().0), Some(200), "{link}");
    }
    let named = |key: &str| links.iter().any(|(link, _)| *link == address(key));
    assert!(named("lib/core.js"), "all that the first screen needs is in one module");
    assert!(!named("lib/api.js") && !named("strings/de.js"), "the rest is fetched when it is needed");
    assert!(named("app.css") && named("icon.svg"));
}

#[test]
fn the_base_path_stands_in_every_link() {
    for base in ["/chat", "/chat/"] {
        let page = text(get(&Web::new(base, true, None), "/channels/1/2").unwrap());
        assert!(page.contains(&format!("\"/chat/assets/{}/lib/core.js\"", embedded::version())));
        assert!(!page.contains("\"/assets/"));
    }
    let hostile = text(get(&Web::new("/a\"><b", false, None), "/").unwrap());
    assert!(hostile.contains("/a&quot;>&lt;b/assets/"));
}

#[test]
fn types_and_sources_of_the_type_checker_stay_home() {
    let web = embedded_web();
    for (key, kind) in [
        ("lib/core.js", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        assert_eq!(field(&get(&web, &address(key)).unwrap(), "Content-Type").unwrap(), kind);
    }
    for key in [
        "types.d.ts",
        "index.html",
        "styles/base.css",
        "",
        "lib",
        "lib/",
        "./app.js",
        "lib/../app.js",
        "app.js/",
        "APP.JS",
    ] {
        assert!(get(&web, &address(key)).is_none(), "{key}");
    }
    for path in ["/app.js", "/assets/app.js", "/assets//app.js", "/assets/0/app.js", "/assets", "/index.html"] {
        assert!(get(&web, path).is_none(), "{path}");
    }
}

#[test]
fn assets_stay_in_the_cache_and_the_page_is_asked_for() {
    let web = embedded_web();
    let page = get(&web, "/").unwrap();
    assert_eq!(field(&page, "Cache-Control").unwrap(), "no-cache");
    assert_eq!(field(&page, "Content-Type").unwrap(), "text/html; charset=utf-8");
    assert_eq!(field(&get(&web, &address("lib/core.js")).unwrap(), "Cache-Control").unwrap(), FOREVER);
    for path in ["/".to_owned(), address("lib/core.js")] {
        let tag = field(&get(&web, &path).unwrap(), "ETag").unwrap();
        let again = ask_with(&web, Method::Get, &path, &[("If-None-Match", &tag)]).unwrap();
        assert_eq!((again.status_code().0, field(&again, "ETag")), (304, Some(tag)));
        assert!(field(&again, "Cache-Control").is_some());
        assert!(body(again).is_empty());
        let other = ask_with(&web, Method::Get, &path, &[("If-None-Match", "\"other\"")]).unwrap();
        assert_eq!(other.status_code().0, 200);
    }
}

#[test]
fn pages_of_different_bases_have_different_tags() {
    let tag = |base| field(&get(&Web::new(base, false, None), "/").unwrap(), "ETag").unwrap();
    assert_ne!(tag(""), tag("/chat"));
}

#[test]
fn gzip_goes_to_those_who_accept_it() {
    let web = embedded_web();
    let path = address("lib/core.js");
    let packed = ask_with(&web, Method::Get, &path, &[("Accept-Encoding", "gzip, br")]).unwrap();
    let plain = ask_with(&web, Method::Get, &path, &[("Accept-Encoding", "gzip;q=0")]).unwrap();
    assert_eq!(field(&packed, "Content-Encoding").unwrap(), "gzip");
    assert_eq!(field(&plain, "Content-Encoding"), None);
    assert_eq!(field(&packed, "Vary").unwrap(), "Accept-Encoding");
    assert_eq!(field(&plain, "Vary").unwrap(), "Accept-Encoding");
    assert_ne!(field(&packed, "ETag"), field(&plain, "ETag"));
    let tag = field(&packed, "ETag").unwrap();
    let fields = [("Accept-Encoding", "gzip"), ("If-None-Match", &*tag)];
    assert_eq!(ask_with(&web, Method::Get, &path, &fields).unwrap().status_code().0, 304);
    let (packed, plain) = (body(packed), body(plain));
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < plain.len());
    assert!(std::str::from_utf8(&plain).unwrap().contains("import"));
}

#[test]
fn every_answer_carries_the_security_fields() {
    for https in [false, true] {
        let web = Web::new("", https, None);
        for (method, path) in [
            (Method::Get, "/"),
            (Method::Head, "/"),
            (Method::Get, &address("lib/core.js")),
            (Method::Get, &address("icon.svg")),
        ] {
            let answer = ask_with(&web, method, path, &[]).unwrap();
            for name in ["X-Content-Type-Options", "Cross-Origin-Resource-Policy"] {
                assert!(field(&answer, name).is_some(), "{path} {name}");
            }
            let is_code = path.ends_with(".js");
            assert_eq!(field(&answer, "Content-Security-Policy").is_none(), is_code, "{path}: documents have a policy");
            assert_eq!(field(&answer, "Strict-Transport-Security").is_some(), https);
        }
    }
}

#[test]
fn only_reading_is_allowed() {
    let web = embedded_web();
    for path in ["/".to_owned(), address("lib/core.js")] {
        let refused = ask(&web, Method::Post, &path, &[]).unwrap().err().unwrap();
        assert_eq!((refused.code, refused.allow.as_deref()), (Code::MethodNotAllowed, Some(ALLOW)));
        let options = ask_with(&web, Method::Options, &path, &[]).unwrap();
        assert_eq!((options.status_code().0, field(&options, "Allow").unwrap().as_str()), (204, ALLOW));
        assert_eq!(ask_with(&web, Method::Head, &path, &[]).unwrap().status_code().0, 200);
    }
    assert!(ask_with(&web, Method::Post, "/elsewhere", &[]).is_none());
}

#[test]
fn a_folder_is_read_at_each_request_and_never_left() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("static");
    std::fs::create_dir_all(folder.join("styles")).unwrap();
    std::fs::create_dir_all(folder.join("components/a-b")).unwrap();
    std::fs::write(outer.path().join("secret.js"), "secret").unwrap();
    std::fs::write(folder.join("index.html"), "<!-- modulepreload --><script src=\"{{assets}}/app.js\">").unwrap();
    let app = "import {\n  one,\n} from \"./lib/one.js\";\nconst later = () => import(\"./lib/later.js\");\n";
    std::fs::write(folder.join("app.js"), app).unwrap();
    std::fs::create_dir(folder.join("lib")).unwrap();
    std::fs::write(folder.join("lib/one.js"), "import \"../components/a-b/a-b.js\";\nimport \"../../secret.js\";")
        .unwrap();
    std::fs::write(folder.join("lib/later.js"), "later").unwrap();
    std::fs::write(folder.join("x.d.ts"), "types").unwrap();
    std::fs::write(folder.join("x.test.js"), "test").unwrap();
    std::fs::write(folder.join(".hidden.js"), "hidden").unwrap();
    for (key, sheet) in
        [("components/a-b/a-b", "4"), ("styles/base", "3"), ("styles/tokens", "2"), ("styles/reset", "1")]
    {
        std::fs::write(folder.join(format!("{key}.css")), sheet).unwrap();
    }
    std::fs::write(folder.join("components/a-b/a-b.js"), "component").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outer.path().join("secret.js"), folder.join("link.js")).unwrap();
        std::os::unix::fs::symlink(outer.path(), folder.join("up")).unwrap();
    }
    let web = Web::new("/chat", false, Some(folder.clone()));

    let page = get(&web, "/").unwrap();
    assert_eq!(field(&page, "Cache-Control").unwrap(), "no-store");
    let expected = "<link rel=\"modulepreload\" href=\"/chat/assets/dev/components/a-b/a-b.js\">\n\
                    <link rel=\"modulepreload\" href=\"/chat/assets/dev/lib/one.js\">\
                    <script src=\"/chat/assets/dev/app.js\">";
    assert_eq!(text(page), expected);
    assert_eq!(text(get(&web, "/assets/dev/app.css").unwrap()), "1\n2\n3\n4\n", "joined in order");
    assert_eq!(text(get(&web, "/assets/dev/app.js").unwrap()), app);
    std::fs::write(folder.join("app.js"), "two").unwrap();
    assert_eq!(text(get(&web, "/assets/dev/app.js").unwrap()), "two");
    for key in [
        "../secret.js",
        "..%2fsecret.js",
        "link.js",
        "up/secret.js",
        "x.d.ts",
        "x.test.js",
        ".hidden.js",
        "index.html",
        "components/../../secret.js",
        "/etc/passwd",
        "",
    ] {
        assert!(get(&web, &format!("/assets/dev/{key}")).is_none(), "{key}");
    }
    assert!(get(&web, "/nothing").is_none());
}

#[test]
fn a_person_who_comes_to_nothing_is_told_so_and_a_program_gets_its_problem() {
    let asked = |web: &Web, method, path: &str, fields: &[(&str, &str)]| web.nowhere(&request(method, path, fields));
    let web = Web::new("/chat", true, None);
    let browser = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let answer = asked(&web, Method::Get, "/channels/7", &[browser]).unwrap();
    assert_eq!((answer.status_code().0, field(&answer, "Content-Type").as_deref()), (404, Some(PAGE_KIND)));
    assert!(field(&answer, "Content-Security-Policy").is_some());
    let page = text(answer);
    assert!(
        page.contains("lang=\"en\"") && page.contains("There is no page") && page.contains("href=\"/chat/\""),
        "{page}"
    );
    let german = asked(&web, Method::Get, "/x", &[browser, ("Accept-Language", "de-AT,de;q=0.9,en;q=0.8")]).unwrap();
    assert!(text(german).contains("lang=\"de\""));
    for (method, path, fields) in [
        (Method::Get, "/channels/7", &[][..]),
        (Method::Get, "/channels/7", &[("Accept", "*/*")]),
        (Method::Get, "/channels/7", &[("Accept", "application/json")]),
        (Method::Post, "/channels/7", &[browser]),
        (Method::Get, "/api", &[browser]),
        (Method::Get, "/api/rest/x", &[browser]),
        (Method::Get, "/assets/x/app.js", &[browser]),
    ] {
        assert!(asked(&web, method, path, fields).is_none(), "{path} {fields:?}");
    }
}
