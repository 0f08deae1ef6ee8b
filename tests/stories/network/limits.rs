//! The system gives no more: no file descriptors, no threads. The server waits, says so once a second, goes on for
//! those who are there, and takes newcomers again as soon as it can.

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{HEALTH, Raw, Two};
use crate::nobody::Nobody;
use crate::process::{PATIENCE, Process};

/// The promise is 2 s; on a busy machine three times that still passes.
const HEALTHY_AGAIN: Duration = Duration::from_secs(6);

/// Sets the limit that a server has for now; the most that it may be set to stays.
fn limit(server: &Process, mut prlimit: Command, what: &str) {
    prlimit.arg(format!("--pid={}", server.pid())).arg(format!("--{what}:"));
    assert!(prlimit.status().unwrap().success(), "{prlimit:?}");
}

/// How often it said this, which must not be more often than once a second.
#[track_caller]
fn said_at_most_once_a_second(server: &mut Process, what: &str, since: Instant) {
    let times = server.heard().iter().filter(|line| line.contains(what)).count() as u64;
    let seconds = since.elapsed().as_secs() + 1;
    assert!((1..=seconds).contains(&times), "{times} times in {seconds} s: {:#?}", server.said);
}

#[test]
fn without_file_descriptors_those_who_are_there_go_on_and_newcomers_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Process::start(&folder.path().join("data"));
    let two = Two::on(&server);
    let mut on_bob = two.bob_listens();
    let began = Instant::now();
    limit(&server, Command::new("prlimit"), &format!("nofile={}", server.descriptors() + 30));
    let mut crowd: Vec<_> = (0..60).map(|_| Raw::at(server.address)).collect();
    server.hear("connections cannot be accepted").unwrap();
    // The database still writes, and what it writes is told.
    for n in 0..20 {
        two.alice_says(&n.to_string());
        assert_eq!(on_bob.event_but_presence(11)["content"], n.to_string());
    }
    // Those who got a place are served, and it goes on saying that there is no other.
    assert_eq!(crowd[0].send(HEALTH).answer().status, 200);
    server.hear("connections cannot be accepted").unwrap();
    said_at_most_once_a_second(&mut server, "connections cannot be accepted", began);
    let last = crowd.last_mut().unwrap();
    last.send(HEALTH);
    crowd.drain(..59);
    let free = Instant::now();
    assert_eq!(crowd[0].answer().status, 200, "who waited is served after all");
    two.are_served();
    assert!(free.elapsed() < HEALTHY_AGAIN, "{:?}", free.elapsed());
}

#[test]
fn without_threads_newcomers_are_turned_away_and_the_others_go_on() {
    // The kernel limits nobody's threads who is root.
    let nobody = Nobody::new();
    let mut server = nobody.starts(&[]);
    let two = Two::on(&server);
    let mut on_bob = two.bob_listens();
    two.alice_says("still here");
    assert_eq!(on_bob.event_but_presence(11)["content"], "still here");

    let began = Instant::now();
    // Only its own user may.
    let prlimit = || nobody.command("prlimit".as_ref());
    limit(&server, prlimit(), "nproc=1");
    for n in 0..20 {
        let mut newcomer = TcpStream::connect(server.address).unwrap();
        newcomer.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(newcomer.read(&mut [0; 16]).unwrap_or(0), 0, "it is turned away");
        two.alice_says(&n.to_string());
        assert_eq!(on_bob.event_but_presence(11)["content"], n.to_string());
    }
    said_at_most_once_a_second(&mut server, "a connection got no thread", began);
    let most = rustix::process::getrlimit(rustix::process::Resource::Nproc).current;
    limit(&server, prlimit(), &format!("nproc={}", most.map_or("unlimited".to_owned(), |most| most.to_string())));
    let free = Instant::now();
    two.are_served();
    assert!(free.elapsed() < HEALTHY_AGAIN, "{:?}", free.elapsed());
    assert!(!server.heard().iter().any(|line| line.contains("panicked")), "{:#?}", server.said);
}
