//! `kill -9` under load: what was acknowledged is there, once, whole and in order; a retry never doubles.
//!
//! The server is a process of its own here, as it must die of a real SIGKILL. A sender whose connection breaks sends
//! the same nonce again to the next process until it is acknowledged, so that at the end what is stored must be
//! exactly what was acknowledged.
//!
//! `CHATD_TEST_ROUNDS` sets how often it is killed, `CHATD_TEST_SEED` repeats the moments of another run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::{Chance, number};
use crate::harness::text;
use crate::process::{Client, PATIENCE, Process};
use crate::tally::tally;

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Each sends from this many devices at once: enough for commits of several messages.
const DEVICES: usize = 4;
const ROUNDS: u64 = 10;
/// A round's kill comes after this many acknowledgements, and up to as many more.
const ACKNOWLEDGEMENTS: u64 = 60;
/// The promise is 2 s; on a busy machine three times that still passes.
const READY_AGAIN: Duration = Duration::from_secs(6);

/// What the senders know of the server: which process it is, whether that one was killed, whether to go on.
struct Whereabouts {
    address: SocketAddr,
    generation: u64,
    killed: bool,
    closing: bool,
}

struct World {
    whereabouts: Mutex<Whereabouts>,
    moved: Condvar,
    /// Retries that found the message stored by the first try, whose answer was lost.
    found_again: AtomicU64,
    path: String,
}

impl World {
    fn change(&self, change: impl FnOnce(&mut Whereabouts)) {
        change(&mut self.whereabouts.lock().unwrap());
        self.moved.notify_all();
    }

    /// Where the server is, and how often it was started again.
    fn current(&self) -> (SocketAddr, u64) {
        let now = self.whereabouts.lock().unwrap();
        (now.address, now.generation)
    }

    /// Waits for the process after `generation`, whose connection broke with `error`.
    fn next(&self, generation: u64, error: &ureq::Error) {
        let now = self.whereabouts.lock().unwrap();
        assert!(now.killed || now.generation > generation, "a server that nobody had killed broke off: {error}");
        let waited = self.moved.wait_timeout_while(now, PATIENCE, |now| now.generation == generation).unwrap();
        assert!(!waited.1.timed_out(), "no server came back");
    }
}

impl Client {
    /// Posts until it is acknowledged, with the same nonce each time; the message.
    fn posts(&mut self, world: &World, name: &str, content: &str, nonce: &str) -> Value {
        let body = json!({"content": content, "nonce": nonce});
        let mut tried = false;
        loop {
            let (address, generation) = world.current();
            match self.ask(address, "POST", &world.path, Some(&body)) {
                Ok((201, message)) => return message,
                Ok((200, message)) if tried => {
                    world.found_again.fetch_add(1, Ordering::Relaxed);
                    return message;
                }
                // The access token has lived its 15 minutes, in a run of very many rounds.
                Ok((401, _)) => {
                    if let Err(error) = self.signs_in(address, "login", name) {
                        world.next(generation, &error);
                    }
                }
                Ok((status, answer)) => panic!("{nonce} (sent before: {tried}) was answered {status}: {answer}"),
                Err(error) => {
                    tried = true;
                    world.next(generation, &error);
                }
            }
        }
    }
}

/// A message as its sender was told, or as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    id: i64,
    content: String,
}

impl Kept {
    fn of(message: &Value) -> Self {
        Self { id: text(&message["message_id"]).parse().unwrap(), content: text(&message["content"]) }
    }
}

/// One device, one message after the other until the story closes; tells each acknowledgement.
fn device(world: &World, mut client: Client, name: &str, device: usize, acknowledged: &Sender<(String, Kept)>) {
    let sender = format!("{name}-{device}");
    for n in 0.. {
        if world.whereabouts.lock().unwrap().closing {
            return;
        }
        let nonce = format!("{sender}-{n}");
        // Some are long, so that a commit takes several pages of the log.
        let content = format!("{nonce} {}", "and so on ".repeat(if n % 7 == 0 { 300 } else { n % 5 }));
        let message = client.posts(world, name, content.trim(), &nonce);
        assert_eq!(message["content"], content.trim(), "{nonce} was acknowledged with other content");
        acknowledged.send((sender.clone(), Kept::of(&message))).unwrap();
    }
}

/// What is wrong with `stored` (oldest first), when each sender was told `acknowledged`, in this order.
fn faults(acknowledged: &BTreeMap<String, Vec<Kept>>, stored: &[Kept]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found: BTreeMap<i64, &str> = BTreeMap::new();
    let mut contents = BTreeSet::new();
    for pair in stored.windows(2).filter(|pair| pair[0].id >= pair[1].id) {
        faults.push(format!("{} stands before {}", pair[0].id, pair[1].id));
    }
    for message in stored {
        found.insert(message.id, &message.content);
        // Every content begins with its nonce.
        if !contents.insert(&message.content) {
            faults.push(format!("{:.30} is there twice", message.content));
        }
    }
    for (sender, messages) in acknowledged {
        for pair in messages.windows(2).filter(|pair| pair[0].id >= pair[1].id) {
            faults.push(format!("{sender} posted {} before {}", pair[0].id, pair[1].id));
        }
        for message in messages {
            match found.remove(&message.id) {
                None => faults.push(format!("{} ({:.30}) is lost", message.id, message.content)),
                Some(content) if content != message.content => faults.push(format!("{} is not itself", message.id)),
                Some(_) => {}
            }
        }
    }
    // Nobody gave up before an acknowledgement, so there is nothing else.
    faults.extend(found.keys().map(|id| format!("{id} was acknowledged to nobody")));
    faults
}

/// The whole channel, oldest first, page by page.
fn history(client: &Client, address: SocketAddr, channel: &str) -> Vec<Kept> {
    let mut messages: Vec<Kept> = Vec::new();
    loop {
        let before = messages.last().map(|oldest| format!("&before={}", oldest.id)).unwrap_or_default();
        let path = format!("/channels/{channel}/messages?limit=100{before}");
        let page = client.must(address, "GET", &path, &Value::Null, 200);
        let page = page.as_array().unwrap();
        if page.is_empty() {
            messages.reverse();
            return messages;
        }
        messages.extend(page.iter().map(Kept::of));
    }
}

/// What SQLite itself says about the file that the last kill left behind.
fn check_database(file: &Path, messages: i64) {
    let database = rusqlite::Connection::open(file).unwrap();
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let strays = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(database.query_row(strays, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "foreign keys");
    for (what, count) in [
        ("messages", "SELECT count(*) FROM messages"),
        (
            "nonces",
            "SELECT count(*) FROM (SELECT author_id, channel_id, nonce FROM nonces UNION SELECT author_id, channel_id, nonce
             FROM messages JOIN nonce_mark ON message_id > mark WHERE nonce IS NOT NULL)",
        ),
    ] {
        assert_eq!(database.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), messages, "{what}");
    }
}

/// Waits for `count` more acknowledgements and writes them down.
fn listen(acks: &Receiver<(String, Kept)>, count: u64, acknowledged: &mut BTreeMap<String, Vec<Kept>>) {
    for _ in 0..count {
        let (sender, message) = acks.recv_timeout(PATIENCE).expect("messages are acknowledged");
        acknowledged.entry(sender).or_default().push(message);
    }
}

#[test]
fn kill_9_under_load_loses_and_doubles_nothing() {
    let rounds = number("CHATD_TEST_ROUNDS").unwrap_or(ROUNDS);
    let seed = Chance::seed();
    eprintln!("CHATD_TEST_ROUNDS={rounds} CHATD_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);

    let mut clients: Vec<Client> = PEOPLE.iter().map(|_| Client::new()).collect();
    for (client, name) in clients.iter_mut().zip(PEOPLE) {
        client.signs_in(server.address, "register", name).unwrap();
    }
    let alice = &clients[0];
    let home = text(&alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
    let channels = alice.must(server.address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
    let channel_id = text(&channels[0]["channel_id"]);
    let invite = alice.must(server.address, "POST", &format!("/servers/{home}/invites"), &json!({}), 201);
    for other in &clients[1..] {
        other.must(server.address, "POST", &format!("/invites/{}", text(&invite["code"])), &json!({}), 200);
    }

    let whereabouts = Whereabouts { address: server.address, generation: 0, killed: false, closing: false };
    let path = format!("/api/rest/channels/{channel_id}/messages");
    let world = World { whereabouts: whereabouts.into(), moved: Condvar::new(), found_again: 0.into(), path };
    let mut acknowledged: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    std::thread::scope(|scope| {
        let (sent, acks) = channel();
        for (client, name) in clients.iter().zip(PEOPLE) {
            for n in 0..DEVICES {
                let own = Client { token: client.token.clone(), ..Client::new() };
                let (world, sent) = (&world, sent.clone());
                scope.spawn(move || device(world, own, name, n, &sent));
            }
        }
        drop(sent);
        for _ in 0..rounds {
            listen(&acks, ACKNOWLEDGEMENTS + chance.below(ACKNOWLEDGEMENTS), &mut acknowledged);
            // Anywhere in a commit, not only just behind one.
            (0..chance.below(400_000)).for_each(|_| std::hint::spin_loop());
            world.change(|now| now.killed = true);
            server.kill();
            let died = Instant::now();
            server = Process::start(&data);
            let (ready, _) = Client::new().ask(server.address, "GET", "/readyz", None).unwrap();
            assert_eq!(ready, 200);
            assert!(died.elapsed() < READY_AGAIN, "ready only after {:?}", died.elapsed());
            world.change(|now| {
                *now = Whereabouts { address: server.address, generation: now.generation + 1, ..*now };
                now.killed = false;
            });
        }
        listen(&acks, ACKNOWLEDGEMENTS, &mut acknowledged);
        world.change(|now| now.closing = true);
        acks.iter().for_each(|(sender, message)| acknowledged.entry(sender).or_default().push(message));
    });

    let mut alice = Client::new();
    alice.signs_in(server.address, "login", "alice").unwrap();
    let stored = history(&alice, server.address, &channel_id);
    server.kill();
    let faults = faults(&acknowledged, &stored);
    assert!(faults.is_empty(), "{} faults, seed {seed}: {:#?}", faults.len(), &faults[..faults.len().min(20)]);
    assert_eq!(acknowledged.len(), PEOPLE.len() * DEVICES, "everybody was heard");
    let answers_lost = world.found_again.load(Ordering::Relaxed);
    eprintln!("{} messages; of {answers_lost} the first answer was lost", stored.len());
    check_database(&data.join("chatd.db"), stored.len() as i64);
    tally("crashes under load", usize::try_from(rounds).unwrap());
}

#[test]
fn the_check_sees_what_is_lost_doubled_changed_or_out_of_order() {
    let kept = |id: i64| Kept { id, content: format!("alice-{id}") };
    let told = BTreeMap::from([("alice".to_owned(), vec![kept(1), kept(2), kept(3)])]);
    let whole = [kept(1), kept(2), kept(3)];
    assert_eq!(faults(&told, &whole), Vec::<String>::new());
    assert_eq!(faults(&told, &whole[1..]), ["1 (alice-1) is lost"]);
    let again = Kept { id: 4, ..kept(2) };
    let doubled = [kept(1), kept(2), kept(3), again];
    assert_eq!(faults(&told, &doubled), ["alice-2 is there twice", "4 was acknowledged to nobody"]);
    let changed = [kept(1), Kept { content: "x".into(), ..kept(2) }, kept(3)];
    assert_eq!(faults(&told, &changed), ["2 is not itself"]);
    assert_eq!(faults(&told, &[kept(2), kept(1), kept(3)]), ["2 stands before 1"]);
    let swapped = BTreeMap::from([("alice".to_owned(), vec![kept(2), kept(1), kept(3)])]);
    assert_eq!(faults(&swapped, &whole), ["alice posted 2 before 1"]);
}
