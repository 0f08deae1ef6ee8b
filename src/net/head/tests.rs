//! What is a head and what is not, as a table: each row would be read differently by some other server or proxy.

use super::{Framing, Head, end, parse};
use crate::model::{Code, Error, Result, limits};
use crate::tally::tally;

/// Reads a head as a connection does, with all of it there.
fn read(bytes: &[u8]) -> Result<Head> {
    match end(bytes, 0)? {
        Some(end) => parse(&bytes[..end]),
        None => Err(Error::with_detail(Code::RequestTimeout, "not a whole head")),
    }
}

fn get(fields: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").into_bytes()
}

fn post(fields: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").into_bytes()
}

fn target(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

#[test]
fn hostile_heads_are_refused() {
    let many = |count: usize| get(&"A: b\r\n".repeat(count));
    let rows: Vec<(&str, Code, Vec<u8>)> = vec![
        // Lines.
        ("LF alone ends a line", Code::BadRequest, b"GET / HTTP/1.1\nHost: x\n\n".to_vec()),
        ("LF alone ends one line", Code::BadRequest, b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n".to_vec()),
        ("LF alone ends the head", Code::BadRequest, b"GET / HTTP/1.1\r\nHost: x\r\n\n".to_vec()),
        ("LF before the request", Code::BadRequest, b"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("CR within a value", Code::BadRequest, get("A: b\rc\r\n")),
        ("CR twice", Code::BadRequest, get("A: b\r\r\n")),
        ("CR within the request line", Code::BadRequest, b"GET /\r HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("NUL within a value", Code::BadRequest, get("A: b\0c\r\n")),
        ("NUL within a name", Code::BadRequest, get("A\0: b\r\n")),
        ("NUL within the target", Code::BadRequest, target("/\0")),
        ("NUL first", Code::BadRequest, b"\0GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("nothing but an empty line", Code::BadRequest, b"\r\n\r\n\r\n".to_vec()),
        ("a folded line", Code::BadRequest, get("A: b\r\n c\r\n")),
        ("a folded first line", Code::BadRequest, b"GET / HTTP/1.1\r\n Host: x\r\n\r\n".to_vec()),
        ("a TLS handshake", Code::BadRequest, vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
        // The request line.
        ("no version", Code::BadRequest, b"GET /\r\nHost: x\r\n\r\n".to_vec()),
        ("no target", Code::BadRequest, b"GET HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("two spaces", Code::BadRequest, b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a tab for a space", Code::BadRequest, b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a space in the target", Code::BadRequest, target("/a b")),
        ("a space behind the version", Code::BadRequest, b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n".to_vec()),
        ("a space before the method", Code::BadRequest, b" GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a method that is no token", Code::BadRequest, b"GE(T / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("HTTP/2.0", Code::VersionNotSupported, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n".to_vec()),
        ("HTTP/1.2", Code::VersionNotSupported, b"GET / HTTP/1.2\r\nHost: x\r\n\r\n".to_vec()),
        ("HTTP/2's preface", Code::VersionNotSupported, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("another protocol", Code::BadRequest, b"GET / ICAP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a small version", Code::BadRequest, b"GET / http/1.1\r\nHost: x\r\n\r\n".to_vec()),
        // The target.
        ("authority form", Code::BadRequest, b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("asterisk form", Code::BadRequest, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("another host", Code::BadRequest, target("http://y/")),
        ("another host behind a user", Code::BadRequest, target("http://x@y/")),
        ("another scheme", Code::BadRequest, target("ftp://x/")),
        ("a relative path", Code::BadRequest, target("api")),
        ("a fragment", Code::BadRequest, target("/#a")),
        ("bytes beyond ASCII", Code::BadRequest, target("/é")),
        ("a long target", Code::TargetTooLong, target(&format!("/{}", "a".repeat(limits::TARGET_BYTES)))),
        ("an endless target", Code::TargetTooLong, format!("GET /{}", "a".repeat(9_000)).into_bytes()),
        // Host.
        ("no Host", Code::BadRequest, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("two Hosts", Code::BadRequest, get("Host: x\r\n")),
        ("two different Hosts", Code::BadRequest, get("host: y\r\n")),
        ("an empty Host", Code::BadRequest, b"GET / HTTP/1.1\r\nHost:\r\n\r\n".to_vec()),
        ("a list of Hosts", Code::BadRequest, b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n".to_vec()),
        ("a path in Host", Code::BadRequest, b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n".to_vec()),
        // Fields.
        ("a space before the colon", Code::BadRequest, post("Content-Length : 0\r\n")),
        ("a field without colon", Code::BadRequest, get("Accept\r\n")),
        ("a field without name", Code::BadRequest, get(": b\r\n")),
        ("a name that is no token", Code::BadRequest, get("A(: b\r\n")),
        ("a control character", Code::BadRequest, get("A: b\x01\r\n")),
        ("DEL", Code::BadRequest, get("A: b\x7f\r\n")),
        ("101 fields", Code::HeadTooLarge, many(limits::HEAD_FIELDS)),
        ("a large field", Code::HeadTooLarge, get(&format!("A: {}\r\n", "b".repeat(limits::HEAD_BYTES)))),
        ("an endless field", Code::HeadTooLarge, get(&"A: bbbbbb\r\n".repeat(1_500))),
        // Where the body ends.
        ("a length with a letter", Code::BadRequest, post("Content-Length: 3x\r\n")),
        ("a length with a plus", Code::BadRequest, post("Content-Length: +3\r\n")),
        ("a length with a minus", Code::BadRequest, post("Content-Length: -1\r\n")),
        ("a hexadecimal length", Code::BadRequest, post("Content-Length: 0x3\r\n")),
        ("a fractional length", Code::BadRequest, post("Content-Length: 3.0\r\n")),
        ("a length in two words", Code::BadRequest, post("Content-Length: 3 3\r\n")),
        ("no length", Code::BadRequest, post("Content-Length:\r\n")),
        ("2^64", Code::BadRequest, post("Content-Length: 18446744073709551616\r\n")),
        ("40 digits", Code::BadRequest, post(&format!("Content-Length: {}\r\n", "9".repeat(40)))),
        ("digits of another script", Code::BadRequest, post("Content-Length: \u{663}\r\n")),
        ("the same length twice", Code::BadRequest, post("Content-Length: 3\r\nContent-Length: 3\r\n")),
        ("two lengths", Code::BadRequest, post("Content-Length: 3\r\ncontent-length: 4\r\n")),
        ("a list of lengths", Code::BadRequest, post("Content-Length: 3, 3\r\n")),
        ("a length and chunks", Code::BadRequest, post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")),
        ("chunks and a length", Code::BadRequest, post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")),
        ("chunks twice", Code::BadRequest, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
        ("an unknown coding", Code::BadRequest, post("Transfer-Encoding: xchunked\r\n")),
        ("identity", Code::BadRequest, post("Transfer-Encoding: identity\r\n")),
        ("chunked, then another", Code::BadRequest, post("Transfer-Encoding: chunked, gzip\r\n")),
        ("a coding with a control character", Code::BadRequest, post("Transfer-Encoding: \x0bchunked\r\n")),
        ("a coding in quotes", Code::BadRequest, post("Transfer-Encoding: \"chunked\"\r\n")),
        ("an empty coding", Code::BadRequest, post("Transfer-Encoding:\r\n")),
        ("a coding that we lack", Code::NotImplemented, post("Transfer-Encoding: gzip, chunked\r\n")),
        ("chunks in HTTP/1.0", Code::BadRequest, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
    ];
    assert!(rows.len() >= 60, "{}", rows.len());
    tally("hostile heads", rows.len());
    for (what, code, bytes) in rows {
        match read(&bytes) {
            Err(error) => assert_eq!(error.code, code, "{what}: {error}"),
            Ok(head) => panic!("{what} was taken as {head:?}"),
        }
    }
}

#[test]
fn good_heads_are_understood() {
    let head = read(b"GET /api/rest/servers?limit=3?&x HTTP/1.1\r\nHost: [::1]:8080\r\nA:\tb \r\n\r\n").unwrap();
    assert_eq!((head.path.as_str(), head.query.as_deref()), ("/api/rest/servers", Some("limit=3?&x")));
    assert_eq!(head.headers.iter().find(|field| field.field.equiv("a")).unwrap().value.as_str(), "b");
    assert!(head.keep_alive && head.may_upgrade && !head.expects_continue);
    assert_eq!(head.framing, Framing::Length(0));

    assert_eq!(read(&post("content-length: 007\r\n")).unwrap().framing, Framing::Length(7));
    assert_eq!(read(&post("transfer-encoding: Chunked\r\n")).unwrap().framing, Framing::Chunked);
    assert!(read(&post("Content-Length: 1\r\nExpect: 100-Continue\r\n")).unwrap().expects_continue);
    assert!(!read(&get("Connection: TE, Close\r\n")).unwrap().keep_alive);
    assert!(!read(b"GET / HTTP/1.0\r\n\r\n").unwrap().keep_alive);
    assert_eq!(read(&target("http://X/a?b")).unwrap().path, "/a");
    assert_eq!(read(&target("http://x")).unwrap().path, "/");
    assert_eq!(read(&get("User-Agent: Zo\u{eb}\r\n")).unwrap().headers[1].value.as_str(), "Zo??");
    // One empty line before the request line is forgiven (RFC 9112 §2.2).
    assert_eq!(read(b"\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n").unwrap().path, "/a");
    assert!(read(&get(&"A: b\r\n".repeat(limits::HEAD_FIELDS - 1))).is_ok());
    assert!(read(&target(&format!("/{}", "a".repeat(limits::TARGET_BYTES - 1)))).is_ok());
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let bytes = get("A: b\r\n");
    let whole = bytes.len();
    let with_more = [bytes.as_slice(), b"POST"].concat();
    for cut in 0..whole {
        assert_eq!(end(&with_more[..cut], cut.saturating_sub(1)).unwrap(), None, "{cut}");
    }
    assert_eq!(end(&with_more[..whole], whole - 1).unwrap(), Some(whole));
    for checked in 0..whole {
        assert_eq!(end(&with_more, checked).unwrap(), Some(whole), "{checked}");
    }
    // A bare LF is seen as soon as it comes, wherever the cut was.
    let bad = b"GET / HTTP/1.1\r\nHost: x\nA: b";
    let at = bad.iter().rposition(|byte| *byte == b'\n').unwrap();
    assert!(end(&bad[..at], at - 1).unwrap().is_none());
    assert!(end(&bad[..=at], at).is_err());
}
