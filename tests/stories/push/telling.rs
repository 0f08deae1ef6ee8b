//! Who is told of what, and what it says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_simple::algorithms::{ECDSAP256PublicKeyLike, ES256PublicKey};
use jwt_simple::claims::NoCustomClaims;
use serde_json::{Value, json};

use super::service::Service;
use crate::harness::text;

#[test]
fn a_dm_is_told_sealed_and_signed() {
    let service = Service::start();
    let world = service.world_with(|options| options.public_url = "https://chat.example/friends".to_owned());
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    let id = alice.says(&dm, "**hi** <@1> ||secret||\nsee you");
    let push = phone.next();
    assert_eq!(
        push.letter,
        json!({"kind": "message", "channel_id": dm, "server_id": null, "message_id": id, "title": "alice",
            "body": "hi @… ▮▮▮ see you", "icon": null, "url": format!("/friends/channels/@me/{dm}/{id}"),
            "unread_mentions": 1})
    );
    let header = |name: &str| push.headers[name].as_str();
    assert_eq!((header("content-encoding"), header("urgency")), ("aes128gcm", "high"));
    assert!((86_000..=86_400).contains(&header("ttl").parse::<u32>().unwrap()), "a day");
    let topic = header("topic").to_owned();
    assert!(topic.len() == 32 && !topic.contains(&dm), "{topic}");

    let key = text(&world.send("GET", "/instance", None, &[], None).expect(200)["push"]["public_key"]);
    let (token, by) = header("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(by, key);
    let key = ES256PublicKey::from_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    let claims = key.verify_token::<NoCustomClaims>(token, None).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("https://chat.example/friends"));
    let audience = json!(claims.audiences.unwrap().into_string().unwrap());
    assert_eq!(audience, json!(service.endpoint("").trim_end_matches('/')));

    // Each of the same length and topic, whatever it says.
    alice.says(&dm, "x");
    let next = phone.next();
    assert_eq!((next.length, &next.headers["topic"]), (push.length, &topic));
    assert_eq!(next.letter["unread_mentions"], 2);
}

#[test]
fn in_servers_those_are_told_who_are_named_or_whose_role_is_or_everybody() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (home, channel) = alice.creates_server("home");
    alice.invites(&home, &[&bob, &carol]);
    let (phone, hers, own) = (service.device(&bob, "b"), service.device(&carol, "c"), service.device(&alice, "a"));
    let helpers = alice.post(&format!("/servers/{home}/roles"), json!({"name": "helpers"})).expect(201);
    let helpers = text(&helpers["role_id"]);
    bob.patch(&format!("/servers/{home}/members/@me"), json!({"nickname": "Bobby"})).expect(200);
    let member = format!("/servers/{home}/members/{}", bob.id);
    alice.patch(&member, json!({"roles": [helpers]})).expect(200);

    alice.says(&channel, "nobody in particular");
    alice.says(&channel, &format!("hello <@{}>", bob.id));
    assert_eq!(phone.hears(), ("message".into(), "alice · #general · home".into(), "hello @Bobby".into()));
    let normal = alice.says(&channel, "for @everyone");
    let push = phone.next();
    assert_eq!((&push.letter["body"], &push.letter["message_id"]), (&json!("for @everyone"), &json!(normal)));
    hers.hears_of("for @everyone");
    alice.says(&channel, &format!("<@&{helpers}>: help"));
    phone.hears_of("@helpers: help");
    // Nobody is told of what they wrote: bob's answer is the first that alice's phone hears of.
    bob.says(&channel, &format!("<@{}> coming", alice.id));
    assert_eq!(own.hears().2, "@alice coming");
    bob.says(&channel, &format!("<@{}> you too?", carol.id));
    hers.hears_of("@carol you too?");
}

#[test]
fn whoever_may_not_see_it_when_it_is_sent_is_not_told() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, channel) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let private = json!({"name": "private", "overrides": [{"role_id": home, "deny": ["view_channel"]}]});
    let private = text(&alice.post(&format!("/servers/{home}/channels"), private).expect(201)["channel_id"]);
    bob.put("/users/@me/settings", json!({"levels": {(home.clone()): "all", (private.clone()): "all"}})).expect(204);
    for text in ["secret @everyone".to_owned(), "secret".to_owned(), format!("secret <@{}>", bob.id)] {
        alice.says(&private, &text);
    }
    alice.says(&channel, "public");
    phone.hears_of("public");

    // Sight that is lost while it waits: the first try fails, and by the second bob is out.
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    alice.says(&channel, "not for long");
    phone.hears_of("not for long");
    Service::waits(&world, 1);
    bob.delete(&format!("/servers/{home}/members/@me")).expect(204);
    phone.hears_nothing_else(&bob);
}

#[test]
fn what_was_deleted_is_withdrawn_or_never_told() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    let id = alice.says(&dm, "oops");
    phone.hears_of("oops");
    alice.delete(&format!("/channels/{dm}/messages/{id}")).expect(204);
    let push = phone.next();
    assert_eq!((&push.letter["kind"], &push.letter["channel_id"]), (&json!("read"), &json!(dm)));
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    let id = alice.says(&dm, "oops again");
    phone.hears_of("oops again");
    Service::waits(&world, 1);
    alice.delete(&format!("/channels/{dm}/messages/{id}")).expect(204);
    phone.hears_nothing_else(&bob);
}

#[test]
fn what_is_not_to_be_told_takes_nothing_else_away() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob, &carol]);
    let phone = service.device(&bob, "phone");
    let people = json!({"recipient_ids": [bob.id, carol.id]});
    let group = text(&alice.post("/users/@me/dm-channels", people).expect(201)["channel_id"]);
    bob.ask("PUT", &format!("/users/@me/blocks/{}", carol.id), None).expect(204);
    // While the first waits, there comes one of somebody whom bob does not hear.
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    let first = alice.says(&group, "who comes?");
    phone.hears_of("who comes?");
    Service::waits(&world, 1);
    carol.says(&group, "not me");
    phone.hears_of("who comes?");
    // The next one is gone before it is told, and the first is told already.
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    let second = alice.says(&group, "and whit?");
    phone.hears_of("and whit?");
    Service::waits(&world, 1);
    alice.delete(&format!("/channels/{group}/messages/{second}")).expect(204);
    phone.hears_nothing_else(&bob);
    // One more that is gone again: bob has read the first meanwhile, so it is withdrawn.
    service.answers("phone", "503 Busy\r\nRetry-After: 1");
    let third = alice.says(&group, "and what?");
    phone.hears_of("and what?");
    Service::waits(&world, 1);
    bob.put(&format!("/channels/{group}/read"), json!({"message_id": first})).expect(204);
    alice.delete(&format!("/channels/{group}/messages/{third}")).expect(204);
    let push = phone.next();
    assert_eq!((&push.letter["kind"], &push.letter["message_id"]), (&json!("read"), &json!(first)));
    phone.hears_nothing_else(&bob);
}

#[test]
fn who_is_not_to_be_disturbed_is_not() {
    let service = Service::start();
    let world = service.world();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, channel) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    bob.patch("/users/@me", json!({"status": "dnd"})).expect(200);
    alice.says(&dm, "psst");
    alice.says(&channel, "all of you: @everyone");
    phone.hears_nothing_else(&bob);
    bob.patch("/users/@me", json!({"status": "invisible"})).expect(200);
    alice.says(&dm, "now?");
    phone.hears_of("now?");
}

#[test]
fn an_instance_may_say_nothing_and_send_nothing() {
    let service = Service::start();
    let world = service.world_with(|options| {
        options.push_content = false;
        options.name = "Our place".to_owned();
    });
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (home, _) = alice.creates_server("home");
    alice.invites(&home, &[&bob]);
    let phone = service.device(&bob, "phone");
    let dm = alice.opens_dm(&bob);
    alice.says(&dm, "secret");
    let push = phone.next();
    assert_eq!((&push.letter["title"], &push.letter["body"]), (&json!("Our place"), &json!("")));
    assert_eq!(push.letter["channel_id"], json!(dm), "by which it is withdrawn");

    let silent = service.world_with(|options| options.push = false);
    let carol = silent.person("carol");
    assert_eq!(silent.send("GET", "/instance", None, &[], None).expect(200)["push"], Value::Null);
    let asked = super::service::Device::new(&service, "c").subscription();
    carol.post("/users/@me/push-subscriptions", asked).refused(403, "push_off");
    assert_eq!(carol.get("/users/@me/push-subscriptions").expect(200), json!([]));
    assert_eq!(carol.get("/users/@me/push-log").expect(200), json!([]));
}
