//! Reading on one device tells the others, and whoever has the channel before their eyes is not told at all.

use serde_json::{Value, json};

use super::service::Service;

#[test]
fn what_is_read_on_one_device_is_withdrawn_from_the_others_once() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let laptop_session = world.sign_in("bob");
    let (phone, laptop) = (service.device(&bob, "phone"), service.device(&laptop_session, "laptop"));
    let dm = alice.opens_dm(&bob);
    let read = |message: &str| {
        laptop_session.put(&format!("/channels/{dm}/read"), json!({"message_id": message})).expect(204);
    };
    let first = alice.says(&dm, "one");
    phone.hears_of("one");
    laptop.hears_of("one");
    read(&first);
    for device in [&phone, &laptop] {
        let push = device.next();
        assert_eq!((&push.letter["kind"], &push.letter["message_id"]), (&json!("read"), &json!(first)));
        assert_eq!(push.letter["unread_mentions"], 0);
        assert_eq!(push.headers["urgency"], "low");
        assert!(push.headers["ttl"].parse::<u32>().unwrap() <= 3_600);
    }
    // Nothing is shown any more: reading once more, or what one wrote oneself, withdraws nothing.
    let own = bob.says(&dm, "two");
    read(&own);
    alice.says(&dm, "three");
    phone.hears_of("three");
    // Who answers has read.
    bob.says(&dm, "four");
    assert_eq!(phone.hears().0, "read");
}

#[test]
fn the_number_on_the_icon_is_what_the_other_devices_count() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (home, channel) = alice.creates_server("home");
    alice.invites(&home, &[&bob, &carol]);
    let phone = service.device(&bob, "phone");
    let (with_alice, with_carol) = (alice.opens_dm(&bob), carol.opens_dm(&bob));
    let on_icon = || phone.next().letter["unread_mentions"].clone();
    // What a client counts that connects now.
    let on_screen = || {
        let connected = bob.connects().connected;
        let states = connected["d"]["read_states"].as_array().unwrap().clone();
        let count = |state: &Value, key: &str| state[key].as_array().map_or(0, Vec::len);
        states.iter().map(|state| count(state, "mention_ids").max(count(state, "direct_ids"))).sum::<usize>()
    };
    for (said, dm) in [&with_alice, &with_carol, &with_alice, &with_alice].into_iter().enumerate() {
        let who = if dm == &with_alice { &alice } else { &carol };
        who.says(dm, "hello?");
        assert_eq!((on_icon(), on_screen()), (json!(said + 1), said + 1));
    }
    let last = alice.says(&channel, &format!("<@{}>", bob.id));
    assert_eq!((on_icon(), on_screen()), (json!(5), 5));
    // The first that is said behind what is shown takes its place, whichever channel is read.
    bob.put(&format!("/channels/{channel}/read"), json!({"message_id": last})).expect(204);
    assert_eq!((on_icon(), on_screen()), (json!(4), 4));
    bob.ask("PUT", &format!("/users/@me/blocks/{}", carol.id), None).expect(204);
    assert_eq!((on_icon(), on_screen()), (json!(3), 3), "what carol said is withdrawn");
    alice.says(&with_alice, "and you?");
    assert_eq!((on_icon(), on_screen()), (json!(4), 4));
}

#[test]
fn who_has_the_channel_before_their_eyes_is_not_told() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, channel) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    let mut desk = bob.connects();
    let mut focus = |channel: Value, away: Option<bool>| {
        desk.send(62, json!({"channel_id": channel}));
        if let Some(away) = away {
            desk.send(40, json!({"away": away}));
        }
        desk.send(1, Value::Null);
        while desk.next()["op"] != 2 {}
    };
    focus(json!(dm), None);
    alice.says(&dm, "seen");
    alice.says(&channel, &format!("elsewhere <@{}>", bob.id));
    phone.hears_of("elsewhere @bob");
    focus(json!(dm), Some(true));
    alice.says(&dm, "bob is away");
    phone.hears_of("bob is away");
    focus(json!(dm), Some(false));
    alice.says(&dm, "seen too");
    // Once this has come, that was decided on.
    alice.says(&channel, &format!("again elsewhere <@{}>", bob.id));
    phone.hears_of("again elsewhere @bob");
    focus(Value::Null, None);
    alice.says(&dm, "bob looks elsewhere");
    phone.hears_of("bob looks elsewhere");
    focus(json!("0"), None);
    focus(json!(dm), None);
    desk.close(1000);
    alice.says(&dm, "gone");
    // The connection ends a moment after the goodbye.
    let heard = phone.hears().2;
    assert_eq!(heard, "gone");
    for bad in [json!({"channel_id": 1}), json!({"channel_id": "x"}), json!([]), json!("x")] {
        let mut gateway = bob.connects();
        gateway.send(62, bad);
        assert_eq!(gateway.closed(), 4002);
    }
}

#[test]
fn who_only_seemed_to_look_is_told_once_that_shows() {
    let service = Service::start();
    let world = service.world_with(|options| options.heartbeat_interval = std::time::Duration::from_millis(1_500));
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    // The battery of bob's laptop is empty: it says nothing any more, not even goodbye.
    let looking = || {
        let mut gateway = bob.connects();
        gateway.send(62, json!({"channel_id": dm}));
        gateway.send(1, Value::Null);
        while gateway.next()["op"] != 2 {}
        gateway
    };
    let laptop = looking();
    let told = std::time::Instant::now();
    let id = alice.says(&dm, "are you there?");
    phone.hears_nothing_else(&bob);
    let push = phone.next();
    assert_eq!((&push.letter["kind"], &push.letter["message_id"]), (&json!("message"), &json!(id)));
    assert!(told.elapsed() >= std::time::Duration::from_millis(2_250), "{:?}", told.elapsed());
    // One that reads what it looks at makes no phone ring.
    let desk = looking();
    let next = alice.says(&dm, "there you are");
    bob.put(&format!("/channels/{dm}/read"), json!({"message_id": next})).expect(204);
    assert_eq!(phone.hears().0, "read", "of what it shows");
    desk.close(1000);
    std::thread::sleep(std::time::Duration::from_millis(3_500));
    phone.hears_nothing_else(&bob);
    drop(laptop);
}
