//! Order: everybody sees the same events of a channel, in the order of their message IDs, none twice, none missing,
//! also those who connect in the middle.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{World, text};

const WRITERS: usize = 8;
const EACH: usize = 50;

#[test]
fn everybody_sees_one_order() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, channel) = alice.creates_server("home");
    let writers: Vec<_> = (0..WRITERS).map(|n| world.person(&format!("writer{n}"))).collect();
    alice.invites(&server, &writers.iter().collect::<Vec<_>>());
    let mut readers: Vec<_> = (0..4).map(|_| alice.connects()).collect();
    let path = format!("/channels/{channel}/messages");
    std::thread::scope(|scope| {
        for writer in &writers {
            let path = &path;
            scope.spawn(move || {
                for n in 0..EACH {
                    writer.post(path, json!({"content": n.to_string()})).expect(201);
                }
            });
        }
    });
    let mut orders: Vec<Vec<i64>> = Vec::new();
    for reader in &mut readers {
        let next = |_| text(&reader.event_but_presence(11)["message_id"]).parse().unwrap();
        orders.push((0..WRITERS * EACH).map(next).collect());
    }
    assert!(orders[0].windows(2).all(|pair| pair[0] < pair[1]), "delivered out of order");
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "two readers saw different orders");
}

#[test]
fn nothing_falls_between_a_snapshot_and_its_events() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let path = format!("/channels/{channel}/messages");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                alice.says(&channel, "on and on");
            }
        });
        for _ in 0..30 {
            let mut gateway = alice.connects();
            let last = &gateway.connected["d"]["servers"][0]["channels"][0]["last_message_id"];
            let last: i64 = last.as_str().unwrap_or("0").parse().unwrap();
            let id = |message: &serde_json::Value| text(&message["message_id"]).parse::<i64>().unwrap();
            let first = id(&gateway.event_but_presence(11));
            let stored = alice.get(&format!("{path}?limit=100&after={last}")).expect(200);
            let oldest_after_snapshot = stored.as_array().unwrap().iter().map(id).min();
            assert_eq!(oldest_after_snapshot, Some(first), "the first event is the first message after the snapshot");
            gateway.close(1000);
        }
        done.store(true, Ordering::Relaxed);
    });
}
