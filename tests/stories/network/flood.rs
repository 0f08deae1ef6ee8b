//! Connections that come and break off, at every stage, by the thousand.
//!
//! `CHATD_TEST_RESETS` says how many, 1,000 unless set.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{HEALTH, Two};
use crate::chance::number;
use crate::process::{PATIENCE, Process};
use crate::tally::tally;

#[test]
fn whoever_breaks_off_leaves_nothing_behind_and_is_not_talked_of() {
    let count = number("CHATD_TEST_RESETS").map_or(1_000, |number| number as usize);
    let folder = tempfile::tempdir().unwrap();
    let mut server = Process::start(&folder.path().join("data"));
    let two = Two::on(&server);
    two.are_served();
    let (connections, descriptors) = (server.connections(), server.descriptors());
    let lines = server.heard().len();
    let upgrade = format!(
        "GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
        two.bob.token
    );
    let body = "POST /api/rest/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 90\r\n\r\n{\"username\":";
    let stages = ["", "GET /hea", HEALTH, body, "\u{16}\u{3}\u{1}", &upgrade];
    for n in 0..count {
        let mut socket = TcpStream::connect(server.address).unwrap();
        let stage = n % stages.len();
        socket.write_all(stages[stage].as_bytes()).unwrap();
        // Some have got an answer, or a part of it, before they go.
        if n % 5 == 0 && stages[stage].ends_with("\r\n\r\n") {
            let _ = socket.read(&mut [0; 40]);
        }
        // Closing then resets instead of saying goodbye.
        rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    }
    server.waits_until(PATIENCE, "all are gone", |server| {
        server.connections() <= connections && server.descriptors() <= descriptors
    });
    two.are_served();
    let said = server.heard()[lines..].to_vec();
    assert!(said.is_empty(), "{} lines: {:#?}", said.len(), &said[..said.len().min(10)]);
    tally("connections that were reset", count);
}
