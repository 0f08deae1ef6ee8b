//! Subscriptions: made, replaced, moved, ended with their session.

use serde_json::{Value, json};

use super::service::{Device, Service};
use crate::harness::{PASSWORD, Person, text};

const PATH: &str = "/users/@me/push-subscriptions";

#[track_caller]
fn names(person: &Person<'_>) -> Vec<String> {
    let all = person.get(PATH).expect(200);
    all.as_array().unwrap().iter().map(|one| text(&one["name"])).collect()
}

#[test]
fn the_same_browser_again_is_no_other_and_its_next_user_takes_it_along() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let phone = service.device(&alice, "phone");
    let again = alice.post(PATH, phone.subscription()).expect(200);
    assert_eq!(again["subscription_id"], json!(phone.id));
    assert_eq!((&again["last_success_at"], &again["last_failure"]), (&Value::Null, &Value::Null));
    assert_eq!(again.as_object().unwrap().len(), 6, "neither endpoint nor keys: {again}");
    bob.delete(&format!("{PATH}/{}", phone.id)).refused(404, "not_found");
    bob.post(&format!("{PATH}/{}/test", phone.id), Value::Null).refused(404, "not_found");
    let moved = bob.post(PATH, phone.subscription()).expect(201);
    assert!(names(&alice).is_empty());
    assert_eq!(names(&bob), ["phone"]);
    let path = format!("{PATH}/{}", text(&moved["subscription_id"]));
    assert_eq!(bob.ask("POST", &format!("{path}/test"), None).status, 202);
    assert_eq!(phone.hears().0, "test");
    bob.delete(&path).expect(204);
    bob.delete(&path).refused(404, "not_found");
    assert!(names(&bob).is_empty());
}

#[test]
fn a_subscription_ends_with_its_session() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let dm = alice.opens_dm(&bob);
    let (second, third) = (world.sign_in("bob"), world.sign_in("bob"));
    let (one, two, three) =
        (service.device(&bob, "one"), service.device(&second, "two"), service.device(&third, "three"));
    alice.says(&dm, "to all");
    [&one, &two, &three].into_iter().for_each(|device| device.hears_of("to all"));
    third.ask("POST", "/auth/logout", None).expect(204);
    assert_eq!(names(&bob), ["one", "two"]);
    let change = json!({"current_password": PASSWORD, "new_password": "an entirely new one"});
    bob.post("/auth/password", change).expect(204);
    assert_eq!(names(&bob), ["one"]);
    alice.says(&dm, "to one");
    one.hears_of("to one");
    // What would have come for the others came before this.
    alice.post(PATH, Device::new(&service, "three").subscription()).expect(201);
    let again = alice.post(PATH, three.subscription()).expect(200);
    alice.ask("POST", &format!("{PATH}/{}/test", text(&again["subscription_id"])), None);
    assert_eq!(three.hears().0, "test");
}

#[test]
fn nothing_but_public_addresses_and_good_keys_is_subscribed() {
    let service = Service::start();
    let world = service.world();
    let alice = world.person("alice");
    let good = Device::new(&service, "x").subscription();
    let with = |field: &str, value: Value| {
        let mut asked = good.clone();
        if field == "endpoint" || field == "name" {
            asked[field] = value;
        } else {
            asked["keys"][field] = value;
        }
        asked
    };
    for endpoint in [
        "https://127.0.0.2/x",
        "https://localhost/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "http://push.example.com/x",
        "https://push.example.com:8443/x",
        "https://user@push.example.com/",
        "file:///etc/passwd",
        "",
    ] {
        let answer = alice.post(PATH, with("endpoint", json!(endpoint))).refused(400, "invalid_field");
        assert!(answer["errors"]["endpoint"].is_string(), "{answer}");
    }
    let long = format!("https://push.example.com/{}", "x".repeat(3_000));
    alice.post(PATH, with("endpoint", json!(long))).refused(400, "invalid_field");
    for (field, value) in [("p256dh", "AAAA"), ("p256dh", "!"), ("auth", "AAAA"), ("auth", "")] {
        alice.post(PATH, with(field, json!(value))).refused(400, "invalid_field");
    }
    alice.post(PATH, with("name", json!("x".repeat(101)))).refused(400, "invalid_field");
    for n in 0..20 {
        alice.post(PATH, with("endpoint", json!(format!("https://push.example.com/{n}")))).expect(201);
    }
    alice.post(PATH, good.clone()).refused(409, "too_many_push_subscriptions");
    alice.post(PATH, with("endpoint", json!("https://push.example.com/7"))).expect(200);
}

#[test]
fn they_and_the_instances_key_outlast_a_restart() {
    let service = Service::start();
    let mut world = service.world();
    let key = |world: &crate::harness::World| {
        text(&world.send("GET", "/instance", None, &[], None).expect(200)["push"]["public_key"])
    };
    let before = key(&world);
    let (phone, dm) = {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (home, _) = alice.creates_server("home");
        alice.invites(&home, &[&bob]);
        (service.device(&bob, "phone"), alice.opens_dm(&bob))
    };
    world.restart();
    assert_eq!(key(&world), before);
    world.sign_in("alice").says(&dm, "still there?");
    phone.hears_of("still there?");
}
