//! WebSocket as no client should speak it: each fault has the close code of RFC 6455 §7.4.1, and costs nobody else
//! anything.

use std::io::Read;

use serde_json::json;

use super::Raw;
use crate::harness::{Person, World};
use crate::tally::tally;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const FIN: u8 = 0x80;

/// A client's frame: masked, as it must be, with a mask that changes every byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        short @ ..126 => bytes.push(FIN | short as u8),
        medium @ ..65_536 => {
            bytes.push(FIN | 126);
            bytes.extend((medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(FIN | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A head that declares `length` bytes, of which none come.
fn declared(length: u64) -> Vec<u8> {
    [&[FIN | TEXT, FIN | 127][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

fn handshake(token: &str, more: &str) -> String {
    format!(
        "GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    )
}

impl Raw {
    /// A gateway connection that has got HELLO and CONNECTED, and what the handshake was answered with.
    fn upgraded(who: &Person<'_>, more: &str) -> (Self, String) {
        let mut raw = Self::connect(who.world);
        let answer = raw.send(handshake(&who.token, more)).response(true);
        assert_eq!(answer.status, 101, "{answer:?}");
        assert_eq!((raw.frame().0, raw.frame().0), (FIN | TEXT, FIN | TEXT));
        (raw, answer.head)
    }

    /// The next frame of the server's: its first byte and its payload.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        assert_eq!(head[1] & FIN, 0, "a server masks nothing (RFC 6455 §5.1)");
        let mut longer = vec![0; [0, 2, 8][usize::from(head[1] >= 126) + usize::from(head[1] == 127)]];
        self.0.read_exact(&mut longer).unwrap();
        let length = match head[1] {
            short @ ..126 => usize::from(short),
            _ => longer.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    /// The close code that ends it, whatever comes before; then the socket ends too.
    fn close_code(&mut self) -> u16 {
        loop {
            let (first, payload) = self.frame();
            if first == FIN | CLOSE {
                let rest = self.0.read(&mut [0; 64]).unwrap_or(0);
                assert_eq!(rest, 0, "something came behind the close frame");
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

fn faults() -> Vec<(String, Vec<u8>, u16)> {
    let bad_utf8 = b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80";
    let close = |code: u16| frame(FIN | CLOSE, &code.to_be_bytes());
    let mut rows: Vec<(String, Vec<u8>, u16)> = [
        ("an unmasked text", vec![FIN | TEXT, 2, b'{', b'}'], 1002),
        ("an unmasked ping", vec![FIN | PING, 0], 1002),
        ("an unmasked close", vec![FIN | CLOSE, 2, 3, 232], 1002),
        ("the first reserved bit", frame(FIN | 0x40 | TEXT, b"{}"), 1002),
        ("the second reserved bit", frame(FIN | 0x20 | TEXT, b"{}"), 1002),
        ("the third reserved bit", frame(FIN | 0x10 | TEXT, b"{}"), 1002),
        ("a reserved bit on a ping", frame(FIN | 0x40 | PING, b""), 1002),
        ("a fragmented ping", frame(PING, b""), 1002),
        ("a fragmented close", frame(CLOSE, b"\x03\xe8"), 1002),
        ("a ping of 126 bytes", frame(FIN | PING, &[0; 126]), 1002),
        ("a close of 126 bytes", frame(FIN | CLOSE, &[b'a'; 126]), 1002),
        ("a continuation of nothing", frame(FIN, b"{}"), 1002),
        ("a text within a text", [frame(TEXT, b"{"), frame(FIN | TEXT, b"}")].concat(), 1002),
        ("a binary within a text", [frame(TEXT, b"{"), frame(FIN | BINARY, b"}")].concat(), 1002),
        ("text that is no UTF-8", frame(FIN | TEXT, bad_utf8), 1007),
        ("text that breaks off within a character", frame(FIN | TEXT, b"\"\xc3"), 1007),
        ("no UTF-8 over fragments", [frame(TEXT, &bad_utf8[..5]), frame(FIN, &bad_utf8[5..])].concat(), 1007),
        ("a close with one byte", frame(FIN | CLOSE, b"\x03"), 1002),
        ("a close whose reason is no UTF-8", frame(FIN | CLOSE, &[b"\x03\xe8", &bad_utf8[..]].concat()), 1007),
        ("a message too long", frame(FIN | TEXT, &[b' '; 16_385]), 1009),
        ("a message too long in fragments", [frame(TEXT, &[b' '; 9_000]), frame(FIN, &[b' '; 9_000])].concat(), 1009),
        ("a declared length of 4 GiB", declared(1 << 32), 1009),
        ("a declared length of 2^62", declared(1 << 62), 1009),
        ("a declared length of 2^64 - 1", declared(u64::MAX), 1009),
        ("a binary message", frame(FIN | BINARY, b"{}"), 4002),
        ("no JSON", frame(FIN | TEXT, b"hello"), 4002),
        ("nothing", frame(FIN | TEXT, b""), 4002),
        ("nothing in three fragments", [frame(TEXT, b""), frame(0, b""), frame(FIN, b"")].concat(), 4002),
    ]
    .into_iter()
    .map(|(what, bytes, code)| (what.to_owned(), bytes, code))
    .collect();
    for opcode in (3..8).chain(0xb..0x10) {
        rows.push((format!("the reserved opcode {opcode}"), frame(FIN | opcode, b""), 1002));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        rows.push((format!("the close code {code}"), close(code), 1002));
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 3000, 3999, 4000, 4999] {
        rows.push((format!("the close code {code}, which is one"), close(code), code));
    }
    rows
}

#[test]
fn each_fault_has_the_close_code_of_the_standard_and_costs_nobody_else_anything() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let rows = faults();
    for (what, bytes, code) in &rows {
        let (mut raw, _) = Raw::upgraded(&alice, "");
        assert_eq!(raw.send(bytes).close_code(), *code, "{what}");
    }
    tally("hostile WebSocket frames", rows.len());
    alice.says(&channel, "all is well");
    assert_eq!(on_bob.event_but_presence(11)["content"], "all is well");
}

#[test]
fn what_is_allowed_is_understood() {
    let world = World::start();
    let alice = world.person("alice");
    let (mut raw, _) = Raw::upgraded(&alice, "");
    // A heartbeat byte by byte, in fragments, with a ping between them.
    let (front, back) = (br#"{"op":"#, br#"1}"#);
    let bytes = [frame(TEXT, front), frame(FIN | PING, b"between"), frame(FIN, back)].concat();
    for byte in bytes {
        raw.send([byte]);
    }
    let mut came = [raw.frame(), raw.frame()];
    came.sort();
    let [(text, ack), (pong, payload)] = came;
    assert_eq!((text, pong, payload.as_slice()), (FIN | TEXT, FIN | 10, &b"between"[..]));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&ack).unwrap(), json!({"op": 2, "d": {}}));
    // A pong that nobody asked for is no fault.
    raw.send([frame(FIN | 10, b"unasked"), frame(FIN | PING, &[7; 125])].concat());
    assert_eq!(raw.frame(), (FIN | 10, vec![7; 125]));
    // What comes behind a close frame is not looked at.
    raw.send([frame(FIN | CLOSE, b"\x03\xe8bye"), frame(FIN | TEXT, b"nonsense")].concat());
    assert_eq!(raw.close_code(), 1000);
}

#[test]
fn compression_and_subprotocols_are_never_agreed_to() {
    let world = World::start();
    let alice = world.person("alice");
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n\
                 Sec-WebSocket-Protocol: chat, superchat\r\n";
    let (mut raw, head) = Raw::upgraded(&alice, offer);
    let head = head.to_ascii_lowercase();
    assert!(!head.contains("sec-websocket-extensions") && !head.contains("sec-websocket-protocol"), "{head}");
    // The key's answer is the standard's own example (RFC 6455 §1.3).
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert_eq!(raw.send(frame(FIN | 0x40 | TEXT, b"{}")).close_code(), 1002);
}

#[test]
fn ten_thousand_pings_end_their_own_connection() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let mut on_bob = bob.connects();
    let (mut raw, _) = Raw::upgraded(&alice, "");
    raw.send(frame(FIN | PING, &[0; 100]).repeat(10_000));
    // What was not read resets the connection, which may overtake the close frame.
    let mut answers = 0;
    let code = loop {
        let mut head = [0; 2];
        if raw.0.read_exact(&mut head).is_err() {
            break None;
        }
        let mut payload = vec![0; usize::from(head[1])];
        if raw.0.read_exact(&mut payload).is_err() {
            break None;
        }
        if head[0] == FIN | CLOSE {
            break Some(u16::from_be_bytes([payload[0], payload[1]]));
        }
        answers += 1;
    };
    assert!(matches!(code, None | Some(4008)), "{code:?}");
    assert!(answers <= 121, "{answers} pongs and presences");
    alice.says(&channel, "all is well");
    assert_eq!(on_bob.event_but_presence(11)["content"], "all is well");
}
