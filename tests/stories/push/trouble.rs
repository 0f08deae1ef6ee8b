//! Push services that fail: tried again in their own time, forgotten when they say so, and no burden for the others.

use std::time::Instant;

use serde_json::{Value, json};

use super::service::{Device, Service};
use crate::harness::{PATIENCE, Person, World, text};

/// The user's log, each delivery in a few words, latest first.
#[track_caller]
fn log(person: &Person<'_>) -> Vec<String> {
    let log = person.get("/users/@me/push-log").expect(200);
    let line = |one: &Value| {
        format!("{} {} {} {}", text(&one["kind"]), text(&one["status"]), one["http_status"], one["attempts"])
    };
    log.as_array().unwrap().iter().map(line).collect()
}

/// Alice, and bob, who share a DM.
fn two(world: &World) -> (Person<'_>, Person<'_>, String) {
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let dm = alice.opens_dm(&bob);
    (alice, bob, dm)
}

#[test]
fn what_a_push_service_cannot_take_now_is_tried_again_when_it_says() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, dm) = two(&world);
    let phone = service.device(&bob, "phone");
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    service.answers("phone", "429 Slow down\r\nRetry-After: 1");
    let id = alice.says(&dm, "hello");
    let times: Vec<_> = (0..3)
        .map(|_| {
            assert_eq!(phone.next().letter["message_id"], json!(id));
            Instant::now()
        })
        .collect();
    assert!(times[2] - times[0] >= std::time::Duration::from_millis(1_900));
    // It is written down a moment after the answer.
    bob.ask("POST", &format!("/users/@me/push-subscriptions/{}/test", phone.id), None);
    assert_eq!(phone.hears().0, "test");
    let log = log(&bob);
    let log = &log[log.len() - 3..];
    assert_eq!(log, ["message sent 201 3", "message retrying 429 2", "message retrying 503 1"]);
    let shown = bob.get("/users/@me/push-log").expect(200).to_string();
    assert!(!shown.contains("hello") && !shown.contains("127.0.0.1"), "{shown}");
    let one = &bob.get("/users/@me/push-subscriptions").expect(200)[0];
    assert!(one["last_success_at"].is_string() && one["last_failure"].is_null(), "{one}");
}

#[test]
fn a_subscription_that_is_gone_is_removed() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, dm) = two(&world);
    let (phone, laptop) = (service.device(&bob, "phone"), service.device(&bob, "laptop"));
    for (answer, status) in [("410 Gone", 410), ("404 Not Found", 404)] {
        service.answers("phone", answer);
        alice.says(&dm, "hello");
        phone.hears_of("hello");
        laptop.hears_of("hello");
        // A moment after the answer; it is removed before that is said.
        let (gone, until) = (format!("message gone {status} 1"), Instant::now() + PATIENCE);
        while !log(&bob).contains(&gone) {
            assert!(Instant::now() < until, "{:?}", log(&bob));
        }
        let left = bob.get("/users/@me/push-subscriptions").expect(200);
        assert_eq!((left.as_array().unwrap().len(), &left[0]["name"]), (1, &json!("laptop")));
        bob.post("/users/@me/push-subscriptions", phone.subscription()).expect(201);
    }
}

#[test]
fn a_refusal_is_no_end_and_what_is_too_large_is_made_shorter_once() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, dm) = two(&world);
    let phone = service.device(&bob, "phone");
    service.answers("phone", "403 Forbidden");
    alice.says(&dm, "one");
    phone.hears_of("one");
    service.answers("phone", "413 Too Large");
    alice.says(&dm, "two");
    phone.hears_of("two");
    phone.hears_of("");
    service.answers("phone", "413 Too Large");
    service.answers("phone", "413 Too Large");
    alice.says(&dm, "three");
    phone.hears_of("three");
    phone.hears_of("");
    alice.says(&dm, "four");
    phone.hears_of("four");
    let log = log(&bob);
    let of_three = &log[log.len() - 3..];
    assert_eq!(of_three, ["message failed 413 1", "message sent 201 1", "message failed 403 1"]);
}

#[test]
fn one_that_redirects_or_is_not_there_holds_up_nobody() {
    let (service, elsewhere) = (Service::start(), Service::start());
    let world = service.world();
    let (alice, bob, dm) = two(&world);
    let phone = service.device(&bob, "phone");
    service.answers("phone", &format!("307 Go there\r\nLocation: {}", elsewhere.endpoint("secret")));
    // Nobody listens on this port any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut dead = Device::new(&service, "dead").subscription();
    dead["endpoint"] = json!(format!("http://127.0.0.1:{port}/dead"));
    bob.post("/users/@me/push-subscriptions", dead).expect(201);
    alice.says(&dm, "one");
    phone.hears_of("one");
    alice.says(&dm, "two");
    phone.hears_of("two");
    let theirs = elsewhere.device(&alice, "secret");
    alice.ask("POST", &format!("/users/@me/push-subscriptions/{}/test", theirs.id), None);
    assert_eq!(theirs.hears().0, "test", "nothing came before it");
    let log = log(&bob);
    assert!(log.contains(&"message failed 307 1".to_owned()), "{log:?}");
    assert!(log.contains(&"message retrying null 1".to_owned()), "{log:?}");
    let metrics = world.send("GET", "/metrics", None, &[], None).text;
    for line in [
        "chatd_push_subscriptions 3\n",
        "chatd_push_waiting 1\n",
        "chatd_push_failed_total 1\n",
        "chatd_push_dropped_total 0\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
}

#[test]
fn a_stop_does_not_wait_for_a_push_service_that_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let service = Service::start();
    let mut world = service.world();
    {
        let (alice, bob, dm) = two(&world);
        let mut asked = Device::new(&service, "x").subscription();
        asked["endpoint"] = json!(format!("http://{}/x", silent.local_addr().unwrap()));
        bob.post("/users/@me/push-subscriptions", asked).expect(201);
        alice.says(&dm, "hello");
    }
    let _socket = silent.accept().unwrap();
    let begun = Instant::now();
    world.stop();
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "{:?}", begun.elapsed());
}
