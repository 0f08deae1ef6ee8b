//! What a message takes from the heap, counted under the real server, SQLite included: a number that does not depend on
//! how fast the machine is, unlike a time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chatd::bench::client::{Client, Id};
use chatd::bench::people::{self, Place};
use chatd::bench::posting;
use chatd::bench::wire::{Piece, expect_success};

const PATIENCE: Duration = Duration::from_secs(30);
/// Those who are connected with one device each, and then with some more.
const PEOPLE: usize = 4;
const EACH: usize = 10;
/// Of these, the window with the fewest counts: what grows seldom (a ring, a page of the index) is in few of them.
const WINDOWS: usize = 12;
const MESSAGES: u64 = 20;
/// For a message that one person posts: the request's head, body and JSON, the job, SQLite's statements and pages, the
/// message, its event, frame and answer. What is new here is paid for with each message that anybody ever writes: it
/// should be worth it.
const POST_MAX: u64 = 95;

/// A server under which is counted.
struct Counted {
    child: Child,
    address: SocketAddr,
    count: PathBuf,
}

impl Counted {
    fn start(folder: &Path) -> Self {
        let (library, count) = (folder.join("count.so"), folder.join("count"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/allocations/count.c");
        let mut compile = Command::new("cc");
        compile.args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
        assert!(compile.status().expect("a C compiler").success());
        fs::write(&count, [0; 8]).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatd"));
        command.args(["--listen", "127.0.0.1:0", "--rate-limits", "off", "--backups", "off"]);
        // Nobody here sends heartbeats, however slow the machine is.
        command.args(["--heartbeat-interval", "600000", "--data"]).arg(folder.join("data"));
        command.env_clear().env("LD_PRELOAD", &library).env("ALLOCATIONS_COUNT", &count);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let greeting = lines.find(|line| line.contains(" listens on http://")).expect("it listens");
        std::thread::spawn(move || lines.for_each(drop));
        let address = greeting.split_once("http://").unwrap().1.trim().parse().unwrap();
        Self { child, address, count }
    }

    fn count(&self) -> u64 {
        u64::from_ne_bytes(fs::read(&self.count).unwrap().try_into().unwrap())
    }

    /// The fewest that some messages took, to these listeners.
    fn of_messages(&self, client: &mut Client, place: &Place, sender: Id, listeners: &Range<Id>) -> u64 {
        let windows = (0..WINDOWS).map(|_| {
            let before = self.count();
            (0..MESSAGES).for_each(|_| one(client, place, sender, listeners));
            self.count() - before
        });
        windows.min().unwrap()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Posts a message and waits until everybody has it, and its sender the answer.
fn one(client: &mut Client, place: &Place, sender: Id, listeners: &Range<Id>) {
    client.send(sender, |out| posting::post(out, place, 0, &"hello ".repeat(20))).unwrap();
    let (mut left, mut is_answered) = (listeners.len(), false);
    while left > 0 || !is_answered {
        let come = client.turn(Instant::now() + PATIENCE, |_, piece| {
            match piece {
                Piece::Answer { status, body } => {
                    expect_success(status, body)?;
                    is_answered = true;
                }
                Piece::Text(text) => left -= usize::from(text.starts_with(b"{\"op\":11,")),
            }
            Ok(())
        });
        assert!(come.unwrap(), "{left} deliveries did not come");
    }
}

#[test]
fn a_recipient_costs_no_allocation_and_a_message_few() {
    let folder = tempfile::tempdir().unwrap();
    let server = Counted::start(folder.path());
    let mut client = Client::new(server.address).unwrap();
    let place = people::gather(&mut client, PEOPLE).unwrap();
    let sender = client.open(1).unwrap().start;
    let few = people::connect(&mut client, &place, 1).unwrap();
    let with_few = server.of_messages(&mut client, &place, sender, &few);
    let more = people::connect(&mut client, &place, EACH).unwrap();
    let all = few.start..more.end;
    let with_all = server.of_messages(&mut client, &place, sender, &all);

    assert!(with_few >= MESSAGES, "nothing is counted: {with_few}");
    let (each, recipients) = (with_few.div_ceil(MESSAGES), more.len() as u64);
    println!("{each} allocations for a message; {with_few} for {MESSAGES} of them, {with_all} with {recipients} more");
    // One for each recipient would be 20 × 40 more, one for each message 20. Fewer are what others do meanwhile.
    assert!(with_all < with_few + MESSAGES, "{with_few} to {}, {with_all} to {}", few.len(), all.len());
    assert!(each <= POST_MAX, "{each} for a message");
}
