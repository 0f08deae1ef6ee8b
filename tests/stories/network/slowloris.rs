//! Slowloris in its three forms as others attack with it: slowhttptest (Debian's package) opens 1,000 connections that
//! trickle their heads, their bodies or their reading, and holds each open for as long as the server lets it.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::Two;
use super::slow::large_file;
use crate::process::Process;
use crate::tally::tally;

const CONNECTIONS: usize = 1_000;
/// So many may be there besides: alice's, bob's, and the two of a fresh client.
const OTHERS: usize = 4;
/// Slow readers are cut after 15 s, and each has megabytes put into the kernel before: the first go while the last come.
const READERS_AT_ONCE: usize = CONNECTIONS / 2;
/// It must have lost all of its connections before.
const SECONDS: u64 = 180;

/// Attacks; a fresh client is served while so many are there at once, and goes on to be until the last is gone.
fn attack(server: &Process, two: &Two, form: &str, at_once: usize, arguments: &[&str]) {
    let mut attacker = Command::new("slowhttptest");
    let (count, seconds) = (CONNECTIONS.to_string(), SECONDS.to_string());
    attacker.args(["-c", &count, "-r", "250", "-i", "1", "-l", &seconds, "-p", "3"]).args(arguments);
    let child = attacker.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = std::thread::spawn(move || child.wait_with_output().unwrap());
    server.waits_until(Duration::from_secs(SECONDS), "they are there", |server| {
        assert!(!reader.is_finished(), "{form}: {at_once} connections were never there at once");
        server.connections() >= at_once
    });
    let mut served = 0;
    while served == 0 || !reader.is_finished() {
        two.are_served();
        served += 1;
        std::thread::park_timeout(Duration::from_secs(1));
    }
    let output = reader.join().unwrap();
    // It colours what it says.
    let said = String::from_utf8_lossy(&output.stdout).replace('\u{1b}', "");
    assert!(said.contains("No open connections left"), "{form}: {said}");
    assert!(said.contains("YES") && !said.contains("mNO"), "{form}: its own probe was not answered: {said}");
    server.waits_until(Duration::from_secs(SECONDS), "no thread is left", |server| server.connections() <= OTHERS);
    two.are_served();
    let end = said.lines().find(|line| line.contains("Test ended")).unwrap_or_default();
    eprintln!("{form}: {CONNECTIONS} connections, {served} fresh clients served meanwhile. {end}");
    tally(form, CONNECTIONS);
}

#[test]
#[ignore = "needs slowhttptest"]
fn a_thousand_slow_connections_of_each_form_are_ended_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&folder.path().join("data"));
    let two = Two::on(&server);
    let url = |path: &str| format!("http://{}{path}", server.address);
    attack(&server, &two, "slow heads", CONNECTIONS, &["-H", "-u", &url("/healthz")]);
    let login = url("/api/rest/auth/login");
    attack(&server, &two, "slow bodies", CONNECTIONS, &["-B", "-f", "application/json", "-s", "200000", "-u", &login]);
    let file = large_file(&server, &two.alice);
    let file = file.split_once("/files/").map_or(file.clone(), |(_, rest)| url(&format!("/files/{rest}")));
    // They do take something, 512 bytes a second, so that the server always gets on with its writing.
    attack(
        &server,
        &two,
        "slow readers",
        READERS_AT_ONCE,
        &["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "512", "-u", &file],
    );
}
