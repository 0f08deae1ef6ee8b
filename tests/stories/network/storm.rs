//! A server restarts, and everybody comes back at once: each with every message exactly once.
//!
//! `CHATD_TEST_STORM` says how many come back, 200 unless set.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::number;
use crate::harness::{Gateway, Person, World, text};
use crate::tally::tally;

/// Devices of one person: as many as may be connected at once.
const DEVICES: usize = 20;
/// Messages before the restart, while everybody comes back, and afterwards.
const MESSAGES: usize = 30;
/// The promise is 10 s for 1,000; on a busy machine three times that still passes.
const BACK: Duration = Duration::from_secs(30);

/// What a device knows of the channel.
struct Device {
    gateway: Gateway,
    token: String,
    session: String,
    s: u64,
    seen: Vec<String>,
}

impl Device {
    fn connects(person: &Person<'_>) -> Self {
        let gateway = person.connects();
        let session = text(&gateway.connected["d"]["session_id"]);
        Self { s: gateway.last_s, token: person.token.clone(), session, seen: Vec::new(), gateway }
    }

    /// Reads until it has seen so many messages.
    fn reads_until(&mut self, count: usize) {
        while self.seen.len() < count {
            let frame = self.gateway.next();
            self.s = frame["s"].as_u64().unwrap_or(self.s);
            if frame["op"] == 11 {
                self.seen.push(text(&frame["d"]["message_id"]));
            }
        }
    }

    /// Comes back as a client does: RESUME, and as the server has forgotten the session, IDENTIFY; then it fetches what
    /// is between the last message that it has seen and the first screen's.
    fn comes_back(&mut self, world: &World, channel: &str) {
        self.gateway = Gateway::open(world, None);
        self.gateway.frame(0);
        self.gateway.send(4, json!({"token": self.token, "session_id": self.session, "s": self.s}));
        self.gateway.frame(6);
        self.gateway.send(3, json!({"token": self.token}));
        let connected = self.gateway.frame(10);
        let channels = &connected["d"]["servers"][0]["channels"];
        let here = channels.as_array().unwrap().iter().find(|one| one["channel_id"] == channel).unwrap();
        let newest: i64 = text(&here["last_message_id"]).parse().unwrap();
        let last = self.seen.last().unwrap();
        let path = format!("/channels/{channel}/messages?limit=100&after={last}");
        let missed = world.send("GET", &path, Some(&self.token), &[], None).expect(200);
        let missed = missed.as_array().unwrap().iter().rev().map(|message| text(&message["message_id"]));
        self.seen.extend(missed.filter(|id| id.parse::<i64>().unwrap() <= newest));
    }
}

#[test]
fn everybody_comes_back_after_a_restart_with_every_message_once() {
    let clients = number("CHATD_TEST_STORM").map_or(200, |number| number as usize);
    let mut world = World::start();
    let people = clients.div_ceil(DEVICES);
    let (tokens, channel, mut devices, mut sent) = {
        let people: Vec<_> = (0..people).map(|n| world.person(&format!("person_{n}"))).collect();
        let (server, channel) = people[0].creates_server("home");
        people[0].invites(&server, &people[1..].iter().collect::<Vec<_>>());
        let mut devices: Vec<_> = (0..clients).map(|n| Device::connects(&people[n % people.len()])).collect();
        let sent: Vec<_> = (0..MESSAGES).map(|n| people[n % people.len()].says(&channel, &n.to_string())).collect();
        devices.iter_mut().for_each(|device| device.reads_until(MESSAGES));
        (people.iter().map(|person| person.token.clone()).collect::<Vec<_>>(), channel, devices, sent)
    };
    world.restart();
    let says = |n: usize| {
        let body = json!({"content": n.to_string()}).to_string();
        let path = format!("/channels/{channel}/messages");
        let token = Some(tokens[n % tokens.len()].as_str());
        text(&world.send("POST", &path, token, &[], Some(&body)).expect(201)["message_id"])
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for device in &mut devices {
            let (world, channel) = (&world, &channel);
            let small = std::thread::Builder::new().stack_size(512 * 1024);
            small.spawn_scoped(scope, move || device.comes_back(world, channel)).unwrap();
        }
        sent.extend((MESSAGES..2 * MESSAGES).map(says));
    });
    let took = began.elapsed();
    sent.extend((2 * MESSAGES..3 * MESSAGES).map(says));
    for device in &mut devices {
        device.reads_until(sent.len());
        // One too many would come before the answer to a heartbeat.
        device.gateway.send(1, Value::Null);
        loop {
            let frame = device.gateway.next();
            assert_ne!(frame["op"], 11, "a message more than there are: {frame}");
            if frame["op"] == 2 {
                break;
            }
        }
        assert_eq!(device.seen, sent);
    }
    eprintln!("{clients} clients were back after {took:?}");
    assert!(took < BACK, "back only after {took:?}");
    tally("clients that came back after a restart with every message once", clients);
}
