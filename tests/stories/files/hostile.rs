//! Files that want to be something else.

use super::{fetch, png};
use crate::harness::{World, text};

const OCTETS: &str = "application/octet-stream";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
const HTML: &[u8] = b"<!doctype html><script>alert(1)</script>";

#[test]
fn only_what_cannot_run_is_shown() {
    let world = World::start();
    let alice = world.person("alice");
    let png = png();
    let script = b"GIF89a=1;alert(1)//";
    let zip = b"PK\x03\x04and so on";
    for (declared, bytes, kept, served, shown) in [
        ("text/html", HTML, "text/html", OCTETS, "attachment"),
        ("application/xhtml+xml", HTML, "application/xhtml+xml", OCTETS, "attachment"),
        ("image/svg+xml", SVG, "image/svg+xml", OCTETS, "attachment"),
        ("text/xml", SVG, "text/xml", OCTETS, "attachment"),
        ("text/javascript", b"alert(1)", "text/javascript", OCTETS, "attachment"),
        ("text/css", b"*{color:red}", "text/css", OCTETS, "attachment"),
        ("application/wasm", b"\0asm\x01\0\0\0", "application/wasm", OCTETS, "attachment"),
        ("application/pdf", b"%PDF-1.7", "application/pdf", OCTETS, "attachment"),
        ("application/zip", zip, "application/zip", OCTETS, "attachment"),
        ("text/event-stream", b"data: x\n\n", "text/event-stream", OCTETS, "attachment"),
        ("multipart/x-mixed-replace", b"x", "multipart/x-mixed-replace", OCTETS, "attachment"),
        // Who says picture must show one.
        ("image/png", HTML, OCTETS, OCTETS, "attachment"),
        ("image/jpeg", b"\xff\xd8\xff<script>alert(1)</script>", OCTETS, OCTETS, "attachment"),
        ("image/gif", script, OCTETS, OCTETS, "attachment"),
        ("image/avif", b"", OCTETS, OCTETS, "attachment"),
        ("not a type", b"x", OCTETS, OCTETS, "attachment"),
        // And a picture is one, whatever else it is said to be.
        ("text/html", &png, "image/png", "image/png", "inline"),
        ("text/plain", HTML, "text/plain", "text/plain; charset=utf-8", "inline"),
        ("text/plain; charset=utf-7", b"+ADw-script", "text/plain", "text/plain; charset=utf-8", "inline"),
        ("audio/ogg", b"OggS", "audio/ogg", "audio/ogg", "inline"),
        ("video/mp4", HTML, "video/mp4", "video/mp4", "inline"),
    ] {
        let file = alice.uploads_as(declared, "file.html", bytes).expect(201);
        assert_eq!(file["content_type"], kept, "{declared}");
        let got = fetch(&world, &file["url"]);
        assert_eq!(got.header("content-type"), Some(served), "{declared}");
        let disposition = got.header("content-disposition").unwrap();
        assert!(disposition.starts_with(&format!("{shown}; ")), "{declared}: {disposition}");
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert!(got.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'"));
        let picture = file.get("width").is_some();
        assert_eq!(picture, kept.starts_with("image/") && kept != "image/svg+xml", "{declared}");
    }
}

#[test]
fn nobody_learns_where_a_picture_was_taken() {
    let world = World::start();
    let alice = world.person("alice");
    let place = b"52.5163N 13.3777E";
    let plain = super::picture(image::ImageFormat::Jpeg, 1200, 600);
    // EXIF that says the picture stands on its side, and where it was taken.
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let exif = [&b"Exif\0\0"[..], tiff, place].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let telling = [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..], place].concat();
    let file = alice.uploads_as("image/jpeg", "me.jpg", &telling).expect(201);
    let tells = |bytes: &[u8]| bytes.windows(place.len()).any(|window| window == place);
    assert!(tells(&telling));
    let whole = fetch(&world, &file["url"]).bytes;
    let small = fetch(&world, &file["thumbnail_url"]).bytes;
    assert!(!tells(&whole) && !tells(&small));
    assert_eq!(file["size"], whole.len());
    // As it is seen: upright.
    assert_eq!((&file["width"], &file["height"]), (&600.into(), &1200.into()));
    let shown = image::load_from_memory(&small).unwrap();
    assert_eq!((shown.width(), shown.height()), (400, 800));

    let boxed = |name: &[u8; 4], data: &[u8]| [&(data.len() as u32 + 8).to_be_bytes()[..], name, data].concat();
    let size = boxed(b"ispe", &[0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 30]);
    let avif = |more: &[u8]| {
        let meta = boxed(b"meta", &[&size[..], more].concat());
        [boxed(b"ftyp", b"avif\0\0\0\0mif1"), meta, boxed(b"mdat", b"pixels")].concat()
    };
    for (bytes, shown) in [(avif(b""), "inline"), (avif(b"infeExif"), "attachment")] {
        let file = alice.uploads_as("image/avif", "me.avif", &bytes).expect(201);
        assert_eq!((file["content_type"].as_str(), file["width"].as_u64()), (Some("image/avif"), Some(40)));
        assert_eq!(file.get("thumbnail_url"), None);
        let got = fetch(&world, &file["url"]);
        assert!(got.header("content-disposition").unwrap().starts_with(shown));
        assert_eq!(got.header("content-type"), Some("image/avif"));
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_not_decoded() {
    let world = World::start();
    let alice = world.person("alice");
    let mut bomb = png();
    bomb[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let file = alice.uploads("bomb.png", &bomb);
    assert_eq!((file["width"].as_u64(), file.get("color"), file.get("thumbnail_url")), (Some(0x7fff_ffff), None, None));
    // And the next one is.
    assert_eq!(text(&alice.uploads("red.png", &png())["color"]), "#c8141e");
}
