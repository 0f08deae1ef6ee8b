//! SIGTERM in the midst of it: nobody new, 1001 to every gateway, nothing acknowledged is lost, exit 0 in time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Gateway, text};
use crate::process::{Client, Process};

/// The promise is 5 s; on a busy machine three times that still passes.
const STOPPED: Duration = Duration::from_secs(15);
const SENDERS: usize = 8;
const GATEWAYS: usize = 20;

#[test]
fn a_stop_under_load_tells_everybody_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    let mut alice = Client::new();
    alice.signs_in(server.address, "register", "alice").unwrap();
    let home = text(&alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
    let channels = alice.must(server.address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
    let path = format!("/channels/{}/messages", text(&channels[0]["channel_id"]));

    let mut gateways: Vec<_> =
        (0..GATEWAYS).map(|_| Gateway::at(server.address, Some(&alice.token), &[]).unwrap()).collect();
    let mut idle = super::Raw::at(server.address);
    assert_eq!(idle.send(super::HEALTH).answer().status, 200);
    let (acknowledged, under_way) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let took = std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (client, path, acknowledged, under_way) = (alice.clone(), &path, &acknowledged, &under_way);
            let address = server.address;
            scope.spawn(move || {
                for n in 0.. {
                    let body = json!({"content": format!("{sender}-{n}")});
                    match client.ask(address, "POST", &format!("/api/rest{path}"), Some(&body)) {
                        Ok((201, message)) => acknowledged.lock().unwrap().push(text(&message["message_id"])),
                        // It is going: 503, or no connection any more. Nobody else may be turned away.
                        Ok((503, _)) | Err(_) => return,
                        Ok((status, answer)) => panic!("{status} {answer}"),
                    }
                    under_way.store(acknowledged.lock().unwrap().len() > 200, Ordering::SeqCst);
                }
            });
        }
        while !under_way.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let told = Instant::now();
        let status = server.stop();
        assert_eq!(status.code(), Some(0), "{:?}", server.said);
        told.elapsed()
    });
    assert!(took < STOPPED, "stopped only after {took:?}");
    for gateway in &mut gateways {
        assert_eq!(gateway.closed(), 1001);
    }
    idle.is_closed();
    assert!(std::net::TcpStream::connect(server.address).is_err());
    // It has written its log back and left nothing for the next start to mend.
    let log = std::fs::metadata(data.join("chatd.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "no checkpoint");

    let server = Process::start(&data);
    let acknowledged = acknowledged.into_inner().unwrap();
    for id in &acknowledged {
        alice.must(server.address, "GET", &format!("{path}/{id}"), &Value::Null, 200);
    }
    assert!(acknowledged.len() > 200);
}
