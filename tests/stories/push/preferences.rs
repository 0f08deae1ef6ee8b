//! What people want to hear of: levels, mutes, quiet hours, blocks.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::service::Service;

#[test]
fn levels_mutes_and_blocks_are_heeded() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, channel) = alice.creates_server("home");
    let (_, end) = alice.creates_server("end");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    let set = |settings| bob.put("/users/@me/settings", settings).expect(204);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let _ = end;

    set(json!({"levels": {(home.clone()): "all"}}));
    alice.says(&channel, "plain");
    phone.hears_of("plain");
    set(json!({"levels": {(home.clone()): "all", (channel.clone()): "none"}}));
    alice.says(&channel, &format!("not even <@{}>", bob.id));
    alice.says(&dm, "one");
    phone.hears_of("one");
    set(json!({"levels": {(dm.clone()): "none"}, "muted": {(home.clone()): true}}));
    alice.says(&channel, &format!("muted <@{}>", bob.id));
    alice.says(&dm, "muted");
    set(json!({"muted": {(home.clone()): now - 1_000, (dm.clone()): now + 3_600_000}}));
    alice.says(&dm, "muted for an hour");
    alice.says(&channel, &format!("the mute has ended <@{}>", bob.id));
    phone.hears_of("the mute has ended @bob");
    // What a client writes there may be anything.
    set(json!({"levels": 7, "muted": {(dm.clone()): "yes"}, "quiet": [], "push": null}));
    alice.says(&dm, "two");
    phone.hears_of("two");

    let carol = world.person("carol");
    alice.invites(&home, &[&carol]);
    bob.ask("PUT", &format!("/users/@me/blocks/{}", carol.id), None).expect(204);
    carol.says(&channel, &format!("<@{}> hello?", bob.id));
    alice.says(&channel, &format!("<@{}> hello!", bob.id));
    phone.hears_of("@bob hello!");
}

#[test]
fn quiet_hours_and_what_a_push_says_are_the_readers_choice() {
    let service = Service::start();
    let world = service.world_with(|options| options.name = "Our place".to_owned());
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    let minutes = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60;
    // Noon for bob, wherever he lives.
    let offset = 720 - (minutes % 1_440) as i64;
    let quiet = |from: &str, to: &str, offset: i64| {
        let set = json!({"quiet": {"from": from, "to": to, "zone": "No/Such", "offset_minutes": offset}});
        bob.put("/users/@me/settings", set).expect(204);
    };
    quiet("11:00", "13:00", offset);
    alice.says(&dm, "he sleeps");
    // Twelve hours on it is midnight there.
    quiet("11:00", "13:00", if offset > 0 { offset - 720 } else { offset + 720 });
    alice.says(&dm, "he does not");
    phone.hears_of("he does not");
    quiet("22:00", "13:30", offset);
    alice.says(&dm, "he sleeps long");
    quiet("22:00", "07:00", offset);
    alice.says(&dm, "he is up");
    phone.hears_of("he is up");
    bob.put("/users/@me/settings", json!({"push": {"content": false}})).expect(204);
    alice.says(&dm, "between us");
    assert_eq!(phone.hears(), ("message".into(), "Our place".into(), String::new()));
}
