//! A request as it comes on a socket: its head, in one piece and in two, and then its body.
#![no_main]

use std::io::Read;

use chatd::model::limits;
use chatd::net::Body;
use chatd::net::head::{Head, end, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let whole = end(bytes, 0);
    let cut = usize::from(cut).min(bytes.len());
    // Whoever looks again when more has come finds the same.
    match (end(&bytes[..cut], 0), &whole) {
        (Ok(None), Ok(found)) => assert_eq!(end(bytes, cut).unwrap(), *found),
        (Ok(None), Err(_)) => assert!(end(bytes, cut).is_err()),
        (Ok(Some(early)), Ok(found)) => assert_eq!(Some(early), *found),
        (Ok(Some(_)), Err(error)) => panic!("a head that had ended is refused: {error}"),
        (Err(_), whole) => assert!(whole.is_err()),
    }
    let Ok(Some(end)) = whole else { return };
    assert!(end <= limits::HEAD_BYTES);
    let Ok(head) = parse(&bytes[..end]) else { return };
    check(&head);
    let mut read = Vec::new();
    let mut body = Body::framed(bytes[end..].to_vec(), head.framing);
    let _ = body.read_to_end(&mut read);
    assert!(read.len() + body.into_rest().len() <= bytes.len() - end);
});

/// What the rooms above rely on; and that a head which is written as it was understood is understood so again.
fn check(head: &Head) {
    let query = head.query.iter().map(|query| format!("?{query}")).collect::<String>();
    let fields = head.headers.iter().map(|field| format!("{field}\r\n")).collect::<String>();
    let version = if head.may_upgrade { "1.1" } else { "1.0" };
    let written = format!("{} {}{query} HTTP/{version}\r\n{fields}\r\n", head.method, head.path);
    assert_eq!(format!("{:?}", parse(written.as_bytes()).unwrap()), format!("{head:?}"));
    assert!(head.path.starts_with('/') && head.path.is_ascii() && head.path.len() <= limits::TARGET_BYTES);
    assert!(!head.path.contains(['?', '#', ' ', '\r', '\n']));
    assert!(head.headers.len() <= limits::HEAD_FIELDS);
    assert!(head.headers.iter().all(|field| !field.value.as_str().contains(['\r', '\n', '\0'])));
}
