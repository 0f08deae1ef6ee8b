//! What a large file takes of memory, coming and going. `CHATD_TEST_UPLOAD_MIB` sets how large it is.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::harness::{World, text};

/// Large enough that keeping any part of it would show.
const MIB: u64 = 96;
/// Growth that buffers, threads and the test itself may cause.
const GROWTH: u64 = 16 * 1024 * 1024;

/// Forgets what memory this process has had before.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most memory that this process has had, in bytes; the server is in it, and each story has a process of its own.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// Reads a head; what stands in it and what came behind it.
fn head(socket: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 1024];
        let count = socket.read(&mut some).unwrap();
        assert!(count > 0, "closed: {}", String::from_utf8_lossy(&bytes));
        bytes.extend(&some[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (String::from_utf8(bytes).unwrap(), rest);
        }
    }
}

#[test]
fn a_large_file_does_not_grow_memory() {
    let mib = std::env::var("CHATD_TEST_UPLOAD_MIB").ok().map_or(MIB, |mib| mib.parse().unwrap());
    let size = mib * 1024 * 1024;
    let world = World::with(|options| {
        options.upload_max = size;
        options.user_files = 2 * size;
    });
    let alice = world.person("alice");
    alice.uploads("small", &[7; 100_000]);
    reset_peak();
    let before = peak();
    let block: Vec<u8> = (0..65_536_u32).map(|at| (at % 251) as u8).collect();
    let mut socket = TcpStream::connect(world.running().address()).unwrap();
    let request = format!(
        "POST /api/rest/uploads?filename=film.mp4 HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: video/mp4\r\nContent-Length: {size}\r\n\r\n",
        world.running().address(),
        alice.token
    );
    socket.write_all(request.as_bytes()).unwrap();
    for _ in 0..size / block.len() as u64 {
        socket.write_all(&block).unwrap();
    }
    let (answer, body) = head(&mut socket);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let file: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(file["size"], size);

    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", text(&file["url"]), world.running().address());
    socket.write_all(request.as_bytes()).unwrap();
    let (answer, start) = head(&mut socket);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (mut came, mut some) = (start.len() as u64, vec![0; 65_536]);
    while came < size {
        let count = socket.read(&mut some).unwrap();
        assert!(count > 0, "closed after {came} bytes");
        let at = (came % 65_536) as usize;
        let expected = block.iter().cycle().skip(at).take(count);
        assert!(some[..count].iter().eq(expected), "at {came}");
        came += count as u64;
    }
    let grown = peak() - before;
    eprintln!("{mib} MiB up and down took {} KiB of memory", grown / 1024);
    assert!(grown < GROWTH, "{mib} MiB took {grown} bytes of memory");
}
