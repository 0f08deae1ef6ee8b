//! JSON that is no JSON, or that is meant to hurt: 400 over REST, 4002 over the gateway, and nobody else notices.

use serde_json::json;

use crate::harness::{Gateway, World};
use crate::tally::tally;

/// Values that must not be taken, to stand where a value stands.
fn values() -> Vec<(&'static str, String)> {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let rows: &[(&str, &str)] = &[
        ("nothing", ""),
        ("NaN", "NaN"),
        ("infinity", "Infinity"),
        ("a number too large for any", "1e999"),
        ("a negative one", "-1e999"),
        ("a leading nought", "01"),
        ("a plus", "+1"),
        ("a point without digits", "1."),
        ("a hexadecimal number", "0x10"),
        ("a lone high surrogate", r#""\ud800""#),
        ("a lone low surrogate", r#""\udc00""#),
        ("surrogates the wrong way round", r#""\udc00\ud800""#),
        ("a NUL, escaped", r#""\u0000""#),
        ("a NUL, bare", "\"\0\""),
        ("a control character", "\"\u{1}\""),
        ("a NUL in a key", r#"{"\u0000":1}"#),
        ("a key twice", r#"{"a":1,"a":2}"#),
        ("a key twice, once escaped", r#"{"a":1,"\u0061":2}"#),
        ("a comma too many", "[1,]"),
        ("single quotes", "'a'"),
        ("a key without quotes", "{a:1}"),
        ("a comment", "1/**/"),
        ("an escape that is none", r#""\x41""#),
        ("a string without end", "\"a"),
        ("an array without end", "["),
    ];
    let mut rows: Vec<_> = rows.iter().map(|(what, text)| (*what, (*text).to_owned())).collect();
    rows.push(("nested deeper than allowed", deep(17)));
    rows.push(("nested as deep as a frame is long", deep(7_000)));
    rows.push(("a nest without an end", "[".repeat(14_000)));
    rows.push(("objects nested", "{\"a\":".repeat(2_500)));
    rows
}

#[test]
fn json_that_is_meant_to_hurt_is_refused() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let path = format!("/channels/{channel}/messages");
    let mut rows = values();
    // A frame takes no more, a body does.
    let too_long_for_a_frame = [
        ("200,000 levels", "[".repeat(200_000)),
        ("100,000 levels, closed", "[".repeat(100_000) + &"]".repeat(100_000)),
    ];
    let frames = rows.len();
    rows.extend(too_long_for_a_frame);
    for (at, (what, value)) in rows.iter().enumerate() {
        let body = format!(r#"{{"content":"hello","nonce":{value}}}"#);
        let answer = world.send("POST", &path, Some(&alice.token), &[], Some(&body));
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        let whole = world.send("POST", &path, Some(&alice.token), &[], Some(value));
        assert_eq!(whole.status, 400, "{what}: {}", whole.text);
        if at < frames {
            let mut gateway = Gateway::open(&world, None);
            gateway.frame(0);
            gateway.send_text(&format!(r#"{{"op":1,"d":{value}}}"#));
            assert_eq!(gateway.closed(), 4002, "{what}");
        }
    }
    for bytes in [&b"{\"content\":\"\xff\"}"[..], b"{\"content\":\"\xed\xa0\x80\"}", b"\xef\xbb\xbf{\"content\":\"a\"}"]
    {
        let json = [("Content-Type", "application/json")];
        world.send_bytes("POST", &path, Some(&alice.token), &json, Some(bytes)).refused(400, "invalid_json");
    }
    tally("hostile JSON texts, over REST and the gateway", 2 * rows.len() + frames + 3);
    // Nothing of it is there, and those who behave go on.
    assert_eq!(alice.get(&path).expect(200), json!([]));
    alice.says(&channel, "hello");
    assert_eq!(on_bob.event_but_presence(11)["content"], "hello");
}
