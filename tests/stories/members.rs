//! Coming in and going: invites, members, leaving.

use serde_json::{Value, json};

use crate::harness::{World, text};

#[test]
fn bob_is_invited_looks_and_joins() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.says(&channel, "before bob");
    let last = alice.says(&channel, "still before");
    let mut on_alice = alice.connects();
    let mut on_bob = bob.connects();
    let invite = alice.post(&format!("/servers/{server}/invites"), json!({"max_uses": 2})).expect(201);
    let code = text(&invite["code"]);
    assert_eq!(invite["url"], json!(format!("/invite/{code}")));
    assert_eq!((&invite["uses"], &invite["max_uses"]), (&json!(0), &json!(2)));
    assert!(invite["expires_at"].is_string(), "a week by default");
    let preview = world.request("GET", &format!("/invites/{code}"), None).expect(200);
    assert_eq!(preview["server"], json!({"server_id": server, "name": "home", "icon_url": null, "member_count": 1}));
    assert_eq!(preview["inviter"]["username"], "alice");

    let joined = bob.ask("POST", &format!("/invites/{code}"), None).expect(200);
    assert_eq!((&joined["server_id"], &joined["member_count"]), (&json!(server), &json!(2)));
    let told = on_alice.event_but_presence(30);
    assert_eq!((&told["user"]["username"], told.get("server")), (&json!("bob"), None));
    assert_eq!(told["user"]["status"], "online");
    let own = on_bob.event_but_presence(30);
    assert_eq!(own["server"]["channels"][0]["channel_id"], json!(channel));
    assert_eq!(own["server"]["channels"][0]["last_message_id"], json!(last));
    // Joining marks as read, and from now on bob hears everything.
    let snapshot = bob.connects().connected;
    assert!(
        snapshot["d"]["read_states"]
            .as_array()
            .unwrap()
            .contains(&json!({"channel_id": channel, "message_id": last, "mentions": 0}))
    );
    alice.says(&channel, "welcome");
    assert_eq!(on_bob.event_but_presence(11)["content"], "welcome");
    // Again changes nothing, and uses nothing up.
    bob.ask("POST", &format!("/invites/{code}"), None).expect(200);
    world.person("carol").ask("POST", &format!("/invites/{code}"), None).expect(200);
    assert_eq!(on_alice.event_but_presence(11)["content"], "welcome");
    assert_eq!(on_alice.event_but_presence(30)["user"]["username"], "carol");
    world.person("dave").ask("POST", &format!("/invites/{code}"), None).refused(404, "not_found");
    world.request("GET", &format!("/invites/{code}"), None).refused(404, "not_found");
}

#[test]
fn what_cannot_be_an_invite_is_refused() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/invites");
    for bad in [
        json!({"max_uses": 0}),
        json!({"max_uses": 1001}),
        json!({"expires_in": 0}),
        json!({"expires_in": 31_536_001}),
        json!({"max_uses": "1"}),
    ] {
        alice.post(&path, bad).refused(400, "invalid_field");
    }
    let forever = alice.post(&path, json!({"max_uses": null, "expires_in": null})).expect(201);
    assert_eq!((&forever["expires_at"], &forever["max_uses"]), (&Value::Null, &Value::Null));
    bob.post(&path, json!({})).refused(404, "not_found");
    bob.ask("POST", "/invites/nonsense", None).refused(404, "not_found");
    world.request("POST", &format!("/invites/{}", text(&forever["code"])), None).refused(401, "unauthenticated");
}

#[test]
fn invites_are_seen_and_revoked_by_their_makers_and_by_the_owner() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/invites");
    let hers = alice.post(&path, json!({})).expect(201);
    bob.post(&format!("/invites/{}", text(&hers["code"])), json!({})).expect(200);
    let his = bob.post(&path, json!({"max_uses": 1})).expect(201);
    let codes = |answer: Value| answer.as_array().unwrap().iter().map(|i| text(&i["code"])).collect::<Vec<_>>();
    let (first, second) = (text(&hers["code"]), text(&his["code"]));
    assert_eq!(codes(bob.get(&path).expect(200)), [second.as_str()]);
    let all = alice.get(&path).expect(200);
    assert_eq!((all[1]["uses"].clone(), all[1]["inviter"]["username"].clone()), (json!(1), json!("alice")));
    assert_eq!(codes(all), [second.clone(), first.clone()]);
    carol.get(&path).refused(404, "not_found");
    carol.delete(&format!("/invites/{first}")).refused(404, "not_found");
    bob.delete(&format!("/invites/{first}")).refused(403, "forbidden");
    alice.delete(&format!("/invites/{second}")).expect(204);
    alice.delete(&format!("/invites/{second}")).refused(404, "not_found");
    carol.post(&format!("/invites/{second}"), json!({})).refused(404, "not_found");
    // A used-up invite is no more, for nobody.
    let once = text(&bob.post(&path, json!({"max_uses": 1})).expect(201)["code"]);
    carol.post(&format!("/invites/{once}"), json!({})).expect(200);
    bob.delete(&format!("/invites/{once}")).refused(404, "not_found");
    assert_eq!(codes(bob.get(&path).expect(200)), [""; 0]);
}

#[test]
fn whoever_leaves_or_is_removed_hears_nothing_more() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    let (mut on_alice, mut on_bob, mut on_carol) = (alice.connects(), bob.connects(), carol.connects());
    let members = format!("/servers/{server}/members");
    bob.delete(&format!("{members}/{}", carol.id)).refused(403, "forbidden");
    bob.delete(&format!("{members}/{}", alice.id)).refused(403, "forbidden");
    bob.delete(&format!("{members}/@me")).expect(204);
    let left = json!({"server_id": server, "user_id": bob.id, "reason": "left"});
    assert_eq!(on_bob.event_but_presence(31), left);
    assert_eq!(on_alice.event_but_presence(31), left);
    alice.delete(&format!("{members}/{}", carol.id)).expect(204);
    let kicked = json!({"server_id": server, "user_id": carol.id, "reason": "kicked"});
    assert_eq!(on_carol.event_but_presence(31), left);
    assert_eq!(on_carol.event_but_presence(31), kicked);
    alice.says(&channel, "alone");
    carol.get(&format!("/channels/{channel}/messages")).refused(404, "not_found");
    alice.delete(&format!("{members}/{}", bob.id)).refused(404, "not_found");
    // The next that bob and carol hear is something else: of the message they heard nothing.
    bob.creates_server("his own");
    assert_eq!(on_bob.event_but_presence(30)["server"]["name"], "his own");
    carol.creates_server("her own");
    assert_eq!(on_carol.event_but_presence(30)["server"]["name"], "her own");
}

#[test]
fn members_come_in_pages_by_prefix_and_by_presence() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, _) = alice.creates_server("home");
    let others: Vec<_> = ["anna", "bob", "carol", "dave"].map(|name| world.person(name)).into_iter().collect();
    alice.invites(&server, &others.iter().collect::<Vec<_>>());
    others[0].patch("/users/@me", json!({"display_name": "Zoe"})).expect(200);
    let path = format!("/servers/{server}/members");
    let names = |answer: Value| -> Vec<String> {
        answer.as_array().unwrap().iter().map(|m| text(&m["user"]["username"])).collect()
    };
    let first = alice.get(&format!("{path}?limit=2"));
    assert!(first.header("link").is_some());
    let first = first.expect(200);
    let last = text(&first[1]["user"]["user_id"]);
    let mut all = names(first);
    all.extend(names(alice.get(&format!("{path}?limit=3&after={last}")).expect(200)));
    assert_eq!(all, ["alice", "anna", "bob", "carol", "dave"]);
    assert_eq!(names(alice.get(&format!("{path}?query=a")).expect(200)), ["alice", "anna"]);
    assert_eq!(names(alice.get(&format!("{path}?query=zo")).expect(200)), ["anna"]);
    assert_eq!(names(alice.get(&format!("{path}?query=%25")).expect(200)), [""; 0]);
    let two = format!("{path}?user_ids={},{},1", others[1].id, others[2].id);
    assert_eq!(names(alice.get(&two).expect(200)), ["bob", "carol"]);
    let mut on_bob = others[1].connects();
    on_bob.send(1, Value::Null);
    on_bob.frame(2);
    assert_eq!(names(alice.get(&format!("{path}?online=true")).expect(200)), ["bob"]);
    let member = alice.get(&format!("{path}/{}", others[1].id)).expect(200);
    assert_eq!(
        (&member["user"]["status"], &member["nickname"], &member["roles"]),
        (&json!("online"), &Value::Null, &json!([]))
    );
    alice.get(&format!("{path}/1")).refused(404, "not_found");
    for bad in ["limit=0", "user_ids=x", "online=maybe", "after=x"] {
        alice.get(&format!("{path}?{bad}")).refused(400, "invalid_field");
    }
}

#[test]
fn whom_a_prefix_fits_best_comes_first_and_alone() {
    let world = World::start();
    let (alice, bob, carol) = (world.person("alice"), world.person("sam_b"), world.person("samson"));
    let (server, _) = alice.creates_server("home");
    alice.invites(&server, &[&bob, &carol]);
    // Shown as Bob, so "sam" fits him less than her, who is shown as samson.
    bob.patch("/users/@me", json!({"display_name": "Bob"})).expect(200);
    let path = format!("/servers/{server}/members");
    let ids = format!("{},{}", bob.id, carol.id);
    for query in ["query=sam", "query=SAM&limit=2", &format!("query=sam&user_ids={ids}")] {
        let page = alice.get(&format!("{path}?{query}"));
        assert_eq!(page.header("link"), None, "best first has no next page");
        let page = page.expect(200);
        assert_eq!((&page[0]["user"]["username"], &page[1]["user"]["username"]), (&json!("samson"), &json!("sam_b")));
    }
    let best = alice.get(&format!("{path}?query=sam&limit=1"));
    assert_eq!(best.header("link"), None);
    assert_eq!(best.expect(200)[0]["user"]["username"], "samson");
}

#[test]
fn an_expired_invite_is_no_invite() {
    let world = World::start();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/invites");
    let code = text(&alice.post(&path, json!({"expires_in": 1})).expect(201)["code"]);
    let begun = std::time::Instant::now();
    while world.request("GET", &format!("/invites/{code}"), None).status == 200 {
        assert!(begun.elapsed().as_secs() < 10, "it never ends");
    }
    bob.ask("POST", &format!("/invites/{code}"), None).refused(404, "not_found");
    // For its maker, who is a member, too.
    alice.ask("POST", &format!("/invites/{code}"), None).refused(404, "not_found");
}

#[test]
fn a_hundred_invites_are_enough() {
    let world = World::start();
    let alice = world.person("alice");
    let (server, _) = alice.creates_server("home");
    let path = format!("/servers/{server}/invites");
    for _ in 0..100 {
        alice.ask("POST", &path, None).expect(201);
    }
    alice.ask("POST", &path, None).refused(409, "too_many_invites");
}
