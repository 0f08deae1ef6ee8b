//! How files are fetched.

use serde_json::json;

use super::{fetch, picture, png};
use crate::harness::{World, text};

const POLICY: &str = "sandbox; default-src 'none'";

#[test]
fn whoever_has_the_address_and_nobody_else_fetches_it() {
    let world = World::start();
    let alice = world.person("alice");
    let file = alice.uploads_as("text/plain", "notes.txt", b"hello").expect(201);
    let url = text(&file["url"]);
    let got = fetch(&world, &file["url"]);
    assert_eq!((got.status, got.bytes.as_slice()), (200, &b"hello"[..]));
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "5"),
        ("content-disposition", "inline; filename=\"notes.txt\"; filename*=UTF-8''notes.txt"),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(got.header(name), Some(value), "{name}");
    }
    assert!(got.header("content-security-policy").unwrap().starts_with(POLICY));
    let head = world.request("HEAD", &url, None);
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, Some("5"), 0));
    let parts: Vec<_> = url.split('/').collect();
    let (id, secret) = (parts[2], parts[3]);
    let other = alice.uploads("other", b"x");
    let other = text(&other["attachment_id"]);
    let near = format!("{}{}", &secret[1..], &secret[..1]);
    for wrong in [
        format!("/files/{id}/{near}/notes.txt"),
        format!("/files/{id}/x/notes.txt"),
        format!("/files/{other}/{secret}/notes.txt"),
        format!("/files/x/{secret}/notes.txt"),
        format!("/files/{id}/{secret}/thumbnail/preview"),
        format!("/files/{id}/..%2F..%2Fchatd.db/notes.txt"),
        format!("/files/..%2Fchatd.db/{secret}/notes.txt"),
    ] {
        world.request("GET", &wrong, None).refused(404, "not_found");
        alice.get(&wrong).refused(404, "not_found");
    }
}

#[test]
fn parts_of_a_file() {
    let world = World::start();
    let alice = world.person("alice");
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    let url = text(&alice.uploads_as("video/mp4", "film.mp4", &bytes).expect(201)["url"]);
    let get = |headers: &[(&str, &str)]| world.send("GET", &url, None, headers, None);
    let tag = get(&[]).header("etag").unwrap().to_owned();
    for (range, content_range, from, to) in [
        ("bytes=0-0", "bytes 0-0/200000", 0, 1),
        ("bytes=100000-", "bytes 100000-199999/200000", 100_000, 200_000),
        ("bytes=199990-300000", "bytes 199990-199999/200000", 199_990, 200_000),
        ("bytes=-10", "bytes 199990-199999/200000", 199_990, 200_000),
    ] {
        let part = get(&[("Range", range), ("If-Range", &tag)]);
        assert_eq!((part.status, part.header("content-range")), (206, Some(content_range)));
        assert_eq!(part.bytes, bytes[from..to], "{range}");
        assert_eq!(part.header("content-type"), Some("video/mp4"));
    }
    let beyond = get(&[("Range", "bytes=200000-")]);
    assert_eq!(beyond.header("content-range"), Some("bytes */200000"));
    beyond.refused(416, "range_not_satisfiable");
    for whole in [
        &[("Range", "bytes=0-1,5-6")][..],
        &[("Range", "lines=1-2")],
        &[("Range", "bytes=0-1"), ("If-Range", "\"other\"")],
    ] {
        let got = get(whole);
        assert_eq!((got.status, got.bytes.len()), (200, bytes.len()));
    }
    let known = get(&[("If-None-Match", &format!("\"x\", {tag}"))]);
    assert_eq!((known.status, known.bytes.len(), known.header("etag")), (304, 0, Some(tag.as_str())));
}

#[test]
fn a_large_picture_comes_with_a_small_one() {
    let world = World::start();
    let alice = world.person("alice");
    let small = alice.uploads("small.png", &png());
    assert_eq!(small.get("thumbnail_url"), None);
    let large = alice.uploads("large.jpg", &picture(image::ImageFormat::Jpeg, 1600, 1200));
    let got = fetch(&world, &large["thumbnail_url"]);
    assert_eq!((got.status, got.header("content-type")), (200, Some("image/jpeg")));
    assert!(got.header("content-security-policy").unwrap().starts_with(POLICY));
    let shown = image::load_from_memory(&got.bytes).unwrap();
    assert_eq!((shown.width(), shown.height()), (800, 600));
    assert_eq!((&large["width"], &large["height"]), (&json!(1600), &json!(1200)));
}

#[test]
fn addresses_stand_below_the_public_url() {
    let world = World::with(|options| options.public_url = "https://friends.example/chat".to_owned());
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let file = alice.uploads("cat.png", &png());
    assert!(text(&file["url"]).starts_with("/chat/files/"), "{}", file["url"]);
    let id = &file["attachment_id"];
    let sent = alice.post(&format!("/channels/{channel}/messages"), json!({"attachments": [id]})).expect(201);
    assert_eq!(sent["attachments"][0]["url"], file["url"]);
    let served = world.request("GET", text(&file["url"]).strip_prefix("/chat").unwrap(), None);
    let whole = world.request("GET", &text(&file["url"]), None);
    assert!([served.status, whole.status].contains(&200), "{} {}", served.status, whole.status);
}
