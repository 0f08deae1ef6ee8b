//! Slowloris in its three forms, all at once: heads, bodies and readers that trickle. Each holds a thread for a bounded
//! time, however diligently it sends or takes a byte now and then; others are served meanwhile.
//!
//! `CHATD_TEST_SLOW` says how many of each there are, 100 unless set; a tenth as many read slowly, as the kernel keeps
//! megabytes for each.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use chatd::model::limits;

use super::Two;
use crate::chance::number;
use crate::process::{Client, Process};
use crate::tally::tally;

/// The longest that any of them may hold on is the write time-out of 15 s, and then the time in which a connection
/// lingers (5 s); on a busy machine three times that still passes.
const GONE: Duration = Duration::from_secs(60);
/// How long a slow one waits before its next byte: far less than any time-out, so that no time-out of a single read or
/// write would ever end it.
const BETWEEN_BYTES: Duration = Duration::from_millis(250);

/// What the server does not get rid of at once: more than the kernel takes by itself.
const FILE_BYTES: usize = 12 << 20;

fn slow(address: SocketAddr, begin: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(begin.as_bytes()).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// What has come on a socket by now.
fn rest(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it is still open"),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The address of a large file, uploaded by somebody.
pub(super) fn large_file(server: &Process, client: &Client) -> String {
    let uri = format!("http://{}/api/rest/uploads?filename=large.bin", server.address);
    let request = ureq::http::Request::post(uri)
        .header("Authorization", format!("Bearer {}", client.token))
        .header("Content-Type", "application/octet-stream");
    let mut answer = client.agent.run(request.body(vec![7_u8; FILE_BYTES]).unwrap()).unwrap();
    assert_eq!(answer.status(), 201);
    let file: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    file["url"].as_str().unwrap().to_owned()
}

#[test]
fn what_trickles_is_given_up_and_others_are_served_meanwhile() {
    let count = number("CHATD_TEST_SLOW").map_or(100, |number| number as usize);
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&folder.path().join("data"));
    let two = Two::on(&server);
    let url = large_file(&server, &two.alice);
    let path = url.split_once("/files/").map_or(url.clone(), |(_, rest)| format!("/files/{rest}"));
    let before = server.connections();

    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nA: ";
    let body = "POST /api/rest/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 9000\r\n\r\n{\"username\":\"";
    let get = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let many = |count: usize, begin: &str| (0..count).map(|_| slow(server.address, begin)).collect::<Vec<_>>();
    let (mut heads, mut bodies, mut readers) = (many(count, head), many(count, body), many(count.div_ceil(10), &get));
    let all = heads.len() + bodies.len() + readers.len();
    server.waits_until(GONE, "all have a thread", |server| server.connections() >= before + all);

    let began = Instant::now();
    let mut last_look = Instant::now();
    while server.connections() > before {
        assert!(began.elapsed() < GONE, "after {GONE:?} there are still {}", server.connections() - before);
        for socket in heads.iter_mut().chain(&mut bodies) {
            // Refused once the server has given up.
            let _ = socket.write(b"a");
        }
        for reader in &mut readers {
            let _ = reader.read(&mut [0]);
        }
        if last_look.elapsed() > Duration::from_secs(2) {
            two.are_served();
            last_look = Instant::now();
        }
        std::thread::park_timeout(BETWEEN_BYTES);
    }
    for socket in heads.iter_mut().chain(&mut bodies) {
        let answer = rest(socket);
        // Whoever kept sending into the closed connection may have lost the answer.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    for reader in &mut readers {
        let got = rest(reader).len();
        assert!(got < FILE_BYTES, "all of it came: {got}");
    }
    two.are_served();
    tally("connections that trickled heads, bodies or reading", all);
}

#[test]
fn whoever_reads_slowly_but_fast_enough_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&folder.path().join("data"));
    let two = Two::on(&server);
    let url = large_file(&server, &two.alice);
    let path = url.split_once("/files/").map_or(url.clone(), |(_, rest)| format!("/files/{rest}"));
    let mut socket = TcpStream::connect(server.address).unwrap();
    // With a buffer so small, what nobody reads stays in the server.
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
    socket.set_read_timeout(Some(GONE)).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    // Twice as fast as the slowest who is waited for, for longer than whoever takes nothing has.
    let began = Instant::now();
    while began.elapsed() < limits::WRITE_TIME + Duration::from_secs(3) {
        let mut some = [0; limits::BODY_BYTES_PER_S as usize / 2];
        socket.read_exact(&mut some).unwrap();
        std::thread::park_timeout(BETWEEN_BYTES);
    }
}
