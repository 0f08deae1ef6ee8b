//! Bodies that two readers could understand differently. Behind each stands a request that would make a server: it must
//! never run, neither as part of the body nor after it.

use serde_json::json;

use super::{Raw, post};
use crate::harness::World;
use crate::tally::tally;

/// What is to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Refused with this status; nothing that follows is looked at.
    Refused(u16),
    /// Understood, the rest included: a second request that comes behind it is one of its own.
    Taken,
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
/// A sign-in that fails, as a chunk and as the length of it.
const LOGIN: &str = r#"{"username":"nobody","password":"wrong password"}"#;

/// What, the fields that say where the body ends, and the body.
fn rows() -> Vec<(&'static str, String, String, Then)> {
    use Then::{Refused, Taken};
    let length = |value: &str| format!("Content-Length: {value}\r\n");
    let size = LOGIN.len();
    let whole = format!("{size:x}\r\n{LOGIN}\r\n0\r\n\r\n");
    let chunks = |what, body: String, then| (what, CHUNKED.to_owned(), body, then);
    let declared = |what, fields: String, then| (what, fields, LOGIN.to_owned(), then);
    vec![
        // Lengths.
        declared("no length at all", String::new(), Taken),
        declared("a length with a letter", length(&format!("{size}x")), Refused(400)),
        declared("a length with a plus", length(&format!("+{size}")), Refused(400)),
        declared("a length with a minus", length("-1"), Refused(400)),
        declared("a minus and a nought", length("-0"), Refused(400)),
        declared("a hexadecimal length", length(&format!("0x{size:x}")), Refused(400)),
        declared("a fractional length", length(&format!("{size}.0")), Refused(400)),
        declared("a length with an exponent", length("4e1"), Refused(400)),
        declared("a length in two words", length(&format!("{size} {size}")), Refused(400)),
        declared("a list of lengths", length(&format!("{size}, {size}")), Refused(400)),
        declared("a length with an underscore", length("4_9"), Refused(400)),
        declared("an empty length", length(""), Refused(400)),
        declared("a length behind a vertical tab", length("\x0b49"), Refused(400)),
        declared("2^64", length("18446744073709551616"), Refused(400)),
        declared("2^64 and what it would wrap to", length("18446744073709551665"), Refused(400)),
        declared("2^63", length("9223372036854775808"), Refused(413)),
        declared("2^64 - 1", length("18446744073709551615"), Refused(413)),
        declared("40 digits", length(&"9".repeat(40)), Refused(400)),
        declared("the same length twice", [length("49"), length("49")].concat(), Refused(400)),
        declared("two lengths", [length("49"), length("5")].concat(), Refused(400)),
        declared("two lengths, the first of them nothing", [length("0"), length("49")].concat(), Refused(400)),
        declared("a space before the colon", "Content-Length : 49\r\n".to_owned(), Refused(400)),
        declared("a folded length", "Content-Length:\r\n 49\r\n".to_owned(), Refused(400)),
        declared("a length behind a bare CR", "A: b\rContent-Length: 49\r\n".to_owned(), Refused(400)),
        declared("a length behind a bare LF", "A: b\nContent-Length: 49\r\n".to_owned(), Refused(400)),
        // Both, or neither.
        declared("a length and chunks", [length("49"), CHUNKED.to_owned()].concat(), Refused(400)),
        declared("chunks and a length", [CHUNKED.to_owned(), length("49")].concat(), Refused(400)),
        declared("no length and chunks", [length("0"), CHUNKED.to_owned()].concat(), Refused(400)),
        // Codings that are nearly chunked.
        declared("a coding with a letter more", "Transfer-Encoding: xchunked\r\n".to_owned(), Refused(400)),
        declared("a space before the coding's colon", "Transfer-Encoding : chunked\r\n".to_owned(), Refused(400)),
        declared("a coding behind a vertical tab", "Transfer-Encoding: \x0bchunked\r\n".to_owned(), Refused(400)),
        declared("a coding in quotes", "Transfer-Encoding: \"chunked\"\r\n".to_owned(), Refused(400)),
        declared("a coding with a NUL", "Transfer-Encoding: chunked\0\r\n".to_owned(), Refused(400)),
        declared("chunked, and identity", "Transfer-Encoding: chunked, identity\r\n".to_owned(), Refused(400)),
        declared("identity", "Transfer-Encoding: identity\r\n".to_owned(), Refused(400)),
        declared("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n".to_owned(), Refused(400)),
        declared("gzip before chunked", "Transfer-Encoding: gzip, chunked\r\n".to_owned(), Refused(501)),
        declared("a coding's name in another field", "Transfer_Encoding: chunked\r\n".to_owned(), Taken),
        // Chunks.
        chunks("a size with 0x", whole.replacen("31", "0x31", 1), Refused(400)),
        chunks("a size with a plus", format!("+{whole}"), Refused(400)),
        chunks("a size with a minus", format!("-{whole}"), Refused(400)),
        chunks("a size behind a space", format!(" {whole}"), Refused(400)),
        chunks("a size behind a tab", format!("\t{whole}"), Refused(400)),
        chunks("a size that is no number", whole.replacen("31", "3z", 1), Refused(400)),
        chunks("no size", whole.replacen("31", "", 1), Refused(400)),
        chunks("an extension alone", whole.replacen("31", ";a=b", 1), Refused(400)),
        chunks("a size of 2^64 and more", whole.replacen("31", "10000000000000031", 1), Refused(400)),
        chunks("a size of 16 f", whole.replacen("31", "ffffffffffffffff", 1), Refused(400)),
        chunks(
            "a size behind noughts without end",
            whole.replacen("31", &format!("{}31", "0".repeat(300)), 1),
            Refused(400),
        ),
        chunks("a size of two lines", whole.replacen("31", "3\r\n1", 1), Refused(400)),
        chunks("a size that ends in LF", whole.replacen("31\r\n", "31\n", 1), Refused(400)),
        chunks("a size that ends in CR", whole.replacen("31\r\n", "31\r", 1), Refused(400)),
        chunks("a chunk that ends in LF", whole.replacen("}\r\n", "}\n", 1), Refused(400)),
        chunks("a chunk that goes on", whole.replacen("}\r\n", "}x\r\n", 1), Refused(400)),
        chunks("a chunk without an end", whole.replacen("}\r\n", "}", 1), Refused(400)),
        chunks("a chunk of one byte less", whole.replacen("31", "30", 1), Refused(400)),
        chunks("an extension with a LF", whole.replacen("31", "31;a\nb", 1), Refused(400)),
        chunks("an extension with a NUL", whole.replacen("31", "31;a\0b", 1), Refused(400)),
        chunks("an extension without end", whole.replacen("31", &format!("31;{}", "a".repeat(9_000)), 1), Refused(400)),
        chunks("an extension", whole.replacen("31", "31;a=b", 1), Taken),
        chunks(
            "a trailer without end",
            whole.replacen("0\r\n", &format!("0\r\n{}", "A: b\r\n".repeat(99)), 1),
            Refused(400),
        ),
        chunks("a trailer with a length", whole.replacen("0\r\n", "0\r\nContent-Length: 0\r\n", 1), Taken),
        chunks("a trailer's line that ends in LF", whole.replacen("0\r\n", "0\r\nA: b\n", 1), Refused(400)),
    ]
}

#[test]
fn no_request_runs_out_of_a_body_however_its_end_is_hidden() {
    let world = World::start();
    let alice = world.person("alice");
    let smuggled = post(
        "/api/rest/servers",
        &format!("Authorization: Bearer {}\r\nContent-Length: 19\r\n", alice.token),
        r#"{"name":"smuggled"}"#,
    );
    // It would run where it is a request of its own: the proof that it can.
    let mut raw = Raw::connect(&world);
    assert_eq!(raw.send(&smuggled).answer().status, 201);
    let servers = alice.get("/servers").expect(200);
    assert_eq!(servers.as_array().unwrap().len(), 1);

    let rows = rows();
    let (mut refused, mut taken) = (0, 0);
    for (what, fields, body, then) in &rows {
        // Within the body, where a reader that stops early would find it …
        let inside = body.replacen(LOGIN, &format!("{LOGIN}{smuggled}"), 1);
        // … and behind it, where one that reads too little would.
        for bytes in [&inside, &format!("{body}{smuggled}")] {
            if *then == Then::Taken && bytes == &inside {
                continue;
            }
            let mut raw = Raw::connect(&world);
            raw.send(post("/api/rest/auth/login", fields, bytes));
            let answer = raw.answer();
            match then {
                Then::Refused(status) => {
                    assert_eq!(answer.status, *status, "{what}: {answer:?}");
                    assert!(answer.head.contains("Connection: close\r\n"), "{what}: {answer:?}");
                    raw.is_closed();
                    refused += 1;
                }
                Then::Taken => {
                    assert!(matches!(answer.status, 400 | 401), "{what}: {answer:?}");
                    taken += 1;
                }
            }
        }
    }
    // Where the body was understood, what stood behind it may have been a request: by its own right, and once.
    let servers = alice.get("/servers").expect(200).as_array().unwrap().len();
    assert!(servers <= 1 + taken, "{servers} servers after {taken}");
    assert!(refused >= 60, "{refused}");
    tally("hostile bodies with a request hidden in them", refused);
}

#[test]
fn a_refused_body_gives_nothing_to_the_next_request() {
    let world = World::start();
    let alice = world.person("alice");
    let hidden = post(
        "/api/rest/servers",
        &format!("Authorization: Bearer {}\r\nContent-Length: 19\r\n", alice.token),
        r#"{"name":"smuggled"}"#,
    );
    let fields = |bytes: usize| format!("Content-Length: {bytes}\r\n");
    let token = format!("Authorization: Bearer {}\r\n", alice.token);
    // Refused for their path, method, token, type or syntax: whatever the reason, the body is passed over whole.
    for (head, status) in [
        (post("/api/rest/nowhere", &fields(hidden.len()), &hidden), 404),
        (post("/nowhere", &fields(hidden.len()), &hidden), 404),
        (post("/api/ws", &fields(hidden.len()), &hidden), 405),
        (post("/api/rest/servers", &fields(hidden.len()), &hidden), 401),
        (post("/api/rest/servers", &[fields(hidden.len()), token.clone()].concat(), &hidden), 400),
        (post("/api/rest/auth/login", &fields(hidden.len()), &hidden), 400),
        (post("/healthz", &fields(hidden.len()), &hidden).replacen("POST", "GET", 1), 200),
        (post("/healthz", &fields(hidden.len()), &hidden).replacen("POST", "DELETE", 1), 405),
    ] {
        let mut raw = Raw::connect(&world);
        let answer = raw.send([head.as_str(), super::HEALTH].concat()).answer();
        assert_eq!(answer.status, status, "{head}: {answer:?}");
        let next = raw.answer();
        assert!(next.status == 200 && next.body.contains("ok"), "{head}: {next:?}");
    }
    assert_eq!(alice.get("/servers").expect(200), json!([]));
}
