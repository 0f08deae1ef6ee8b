//! Gaining and losing sight of channels while connected, away and offline: by roles, overrides and ownership.

use serde_json::{Value, json};

use crate::company::{
    CHANNEL_CREATE, CHANNEL_DELETE, CHANNEL_UPDATE, Company, MEMBER_ADD, MEMBER_UPDATE, MESSAGE_CREATE, ROLES_UPDATE,
    SERVER_UPDATE, STARTING, comes_to_have_read, has_read, sees,
};
use crate::harness::{Person, World, text};

const HIDDEN: [&str; 1] = ["view_channel"];

#[test]
fn a_role_that_is_given_opens_its_channels_and_taken_closes_them() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let friend = home.role("friend", &[]);
    let secret = text(&home.private_channel("secret", &friend)["channel_id"]);
    let before = home.alice.says(&secret, "before bob");
    home.heard();
    let member = home.gives(&home.bob, &[&friend]);
    let opened = home.told(CHANNEL_CREATE, &secret);
    assert_eq!(opened.1["last_message_id"], json!(before));
    let told = (MEMBER_UPDATE, member);
    home.hear(&[("alice mona bob", &[told]), ("bob", &[opened])]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "secret"]);
    assert_eq!(sees(&home.mona, &home.server), ["general"]);

    // What was written before him is there to read, and he hears and writes from now on.
    let messages = format!("/channels/{secret}/messages");
    assert_eq!(home.bob.get(&messages).expect(200)[0]["message_id"], json!(before));
    let said = home.bob.post(&messages, json!({"content": "hello"})).expect(201);
    home.hear(&[("alice bob", &[(MESSAGE_CREATE, said.clone())])]);

    // A role that has nothing to do with it changes nothing of what he sees.
    let other = home.role("other", &[]);
    let told = (MEMBER_UPDATE, home.gives(&home.bob, &[&other, &friend]));
    home.members_hear(&[home.roles_update(), told]);
    let told = (MEMBER_UPDATE, home.gives(&home.bob, &[&other]));
    home.hear(&[("alice mona bob", &[told]), ("bob", &[home.gone(&secret)])]);
    home.bob.get(&messages).refused(404, "not_found");
    home.bob
        .patch(&format!("{messages}/{}", text(&said["message_id"])), json!({"content": "x"}))
        .refused(404, "not_found");
    let said = home.alice.post(&messages, json!({"content": "without him"})).expect(201);
    home.hear(&[("alice", &[(MESSAGE_CREATE, said)])]);
    assert_eq!(sees(&home.bob, &home.server), ["general"]);
}

#[test]
fn what_a_role_may_do_opens_and_closes_channels_for_all_who_hold_it() {
    let world = World::start();
    let home = Company::gather(&world, &["view_channel"]);
    let quiet = home.role("quiet", &[]);
    home.gives(&home.bob, &[&quiet]);
    let hall = home.channel("hall", json!([{"role_id": home.server, "allow": ["view_channel"]}]));
    let attic = text(&home.channel("attic", json!([]))["channel_id"]);
    home.heard();
    let everyone = home.path(&format!("/roles/{}", home.server));
    let quiet = home.path(&format!("/roles/{quiet}"));

    // All channels close but the one that has an override, for all but those whose role lets them in.
    home.alice.patch(&everyone, json!({"permissions": []})).expect(200);
    home.hear(&[("alice mona bob", &[home.roles_update()]), ("bob", &[home.gone(&home.general), home.gone(&attic)])]);
    assert_eq!(sees(&home.bob, &home.server), ["hall"]);
    assert_eq!(sees(&home.mona, &home.server), ["general", "hall", "attic"]);
    home.alice.patch(&quiet, json!({"permissions": ["view_channel"]})).expect(200);
    let opened = [home.told(CHANNEL_CREATE, &home.general), home.told(CHANNEL_CREATE, &attic)];
    home.hear(&[("alice mona bob", &[home.roles_update()]), ("bob", &opened)]);

    // A change of anything else is no change of sight.
    home.alice.patch(&quiet, json!({"permissions": ["view_channel", "manage_roles"], "position": 2})).expect(200);
    home.members_hear(&[home.roles_update()]);
    home.alice.patch(&everyone, json!({"permissions": STARTING})).expect(200);
    home.members_hear(&[home.roles_update()]);
    home.alice.patch(&quiet, json!({"permissions": []})).expect(200);
    home.members_hear(&[home.roles_update()]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "hall", "attic"]);
    assert_eq!(hall["overrides"][0]["allow"], json!(["view_channel"]));
}

#[test]
fn a_deleted_role_takes_its_overrides_with_it() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let [friend, muted] = ["friend", "muted"].map(|name| home.role(name, &[]));
    let secret = text(&home.private_channel("secret", &friend)["channel_id"]);
    let party = text(&home.channel("party", json!([{"role_id": muted, "deny": ["view_channel"]}]))["channel_id"]);
    let told = home.gives(&home.bob, &[&friend, &muted]);
    assert_eq!(told["roles"].as_array().unwrap().len(), 2);
    home.heard();
    assert_eq!(sees(&home.bob, &home.server), ["general", "secret"]);
    // One that let in.
    home.alice.delete(&home.path(&format!("/roles/{friend}"))).expect(204);
    let changed = home.told(CHANNEL_UPDATE, &secret);
    let everyone = json!({"role_id": home.server, "allow": [], "deny": ["view_channel"]});
    assert_eq!(changed.1["overrides"], json!([everyone]));
    let told = home.roles_update();
    home.hear(&[("alice mona bob", &[told]), ("alice", &[changed]), ("bob", &[home.gone(&secret)])]);
    // One that kept out.
    home.alice.delete(&home.path(&format!("/roles/{muted}"))).expect(204);
    let changed = home.told(CHANNEL_UPDATE, &party);
    let opened = home.told(CHANNEL_CREATE, &party);
    assert_eq!(changed.1["overrides"], json!([]));
    let told = home.roles_update();
    home.hear(&[("alice mona bob", &[told]), ("alice mona", &[changed]), ("bob", &[opened])]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "party"]);
    home.bob.says(&party, "at last");
    // One that stood in no channel leaves them all as they are.
    home.heard();
    home.alice.delete(&home.path(&format!("/roles/{}", home.moderator))).expect(204);
    home.members_hear(&[home.roles_update()]);
}

#[test]
fn a_new_owner_sees_everything_and_the_old_one_no_more_than_a_member() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let secret =
        text(&home.channel("secret", json!([{"role_id": home.server, "deny": ["view_channel"]}]))["channel_id"]);
    let desk = text(&home.private_channel("desk", &home.moderator)["channel_id"]);
    let last = home.alice.says(&secret, "mine");
    let opened = [home.told(CHANNEL_CREATE, &secret), home.told(CHANNEL_CREATE, &desk)];
    home.heard();
    let told = home.alice.patch(&home.path(""), json!({"owner_id": home.bob.id})).expect(200);
    let told = (SERVER_UPDATE, told);
    home.hear(&[("alice mona bob", &[told]), ("alice", &[home.gone(&secret), home.gone(&desk)]), ("bob", &opened)]);
    assert_eq!(sees(&home.alice, &home.server), ["general"]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "secret", "desk"]);
    assert_eq!(has_read(&home.bob, &secret), json!(last));
    home.alice.get(&format!("/channels/{secret}/messages")).refused(404, "not_found");
    let said = home.bob.post(&format!("/channels/{secret}/messages"), json!({"content": "now mine"})).expect(201);
    home.hear(&[("bob", &[(MESSAGE_CREATE, said)])]);
    // Back again, and each sees what they saw.
    home.bob.patch(&home.path(""), json!({"owner_id": home.alice.id})).expect(200);
    let [on_alice, on_mona, on_bob, on_oscar] =
        home.heard().map(|heard| heard.iter().map(|(op, _)| *op).collect::<Vec<_>>());
    assert_eq!(on_alice, [SERVER_UPDATE, CHANNEL_CREATE, CHANNEL_CREATE]);
    assert_eq!(on_bob, [SERVER_UPDATE, CHANNEL_DELETE, CHANNEL_DELETE]);
    assert_eq!((on_mona, on_oscar), (vec![SERVER_UPDATE], vec![]));
}

#[test]
fn whoever_joins_is_shown_what_they_may_see() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let desk = text(&home.private_channel("desk", &home.moderator)["channel_id"]);
    let last = home.alice.says(&home.general, "welcome");
    home.alice.says(&desk, "who is oscar?");
    home.heard();
    home.alice.invites(&home.server, &[&home.oscar]);
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    let add = &on_oscar[0];
    assert_eq!((add.0, on_oscar.len()), (MEMBER_ADD, 1));
    let channels = add.1["server"]["channels"].as_array().unwrap();
    assert_eq!((channels.len(), &channels[0]["channel_id"]), (1, &json!(home.general)));
    assert_eq!((&channels[0]["permissions"], &add.1["server"]["permissions"]), (&json!(STARTING), &json!(STARTING)));
    assert_eq!(add.1["server"]["roles"], home.roles_update().1["roles"]);
    for heard in [on_alice, on_mona, on_bob] {
        assert_eq!((heard[0].0, &heard[0].1["user"]["user_id"], heard.len()), (MEMBER_ADD, &json!(home.oscar.id), 1));
    }
    assert_eq!((has_read(&home.oscar, &home.general), has_read(&home.oscar, &desk)), (json!(last), Value::Null));
    // Who was removed and comes back comes without the role that let them in.
    home.gives(&home.oscar, &[&home.moderator]);
    assert_eq!(sees(&home.oscar, &home.server), ["general", "desk"]);
    home.alice.delete(&home.member(&home.oscar)).expect(204);
    home.heard();
    home.alice.invites(&home.server, &[&home.oscar]);
    let said = home.mona.post(&format!("/channels/{desk}/messages"), json!({"content": "again"})).expect(201);
    let [on_alice, _, _, on_oscar] = home.heard();
    assert_eq!(on_alice[1], (MESSAGE_CREATE, said));
    assert_eq!((on_oscar.len(), on_oscar[0].1["server"]["channels"].as_array().unwrap().len()), (1, 1));
}

#[test]
fn a_resume_replays_what_was_visible_when_it_happened() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let friend = home.role("friend", &[]);
    let secret = text(&home.private_channel("secret", &friend)["channel_id"]);
    home.gives(&home.bob, &[&friend]);
    let phone = home.bob.connects();
    let (session, s) = (text(&phone.connected["d"]["session_id"]), json!(phone.last_s));
    phone.vanish();
    let one = home.alice.says(&secret, "one");
    home.gives(&home.bob, &[]);
    home.alice.says(&secret, "two");
    // It was visible when it was written, but not when it was deleted.
    home.alice.delete(&format!("/channels/{secret}/messages/{one}")).expect(204);
    home.alice.patch(&format!("/channels/{secret}"), json!({"topic": "t"})).expect(200);
    home.gives(&home.bob, &[&friend]);
    home.alice.says(&secret, "three");
    home.overrides(&secret, &friend, &[], &HIDDEN);
    home.alice.says(&secret, "four");
    home.alice.delete(&home.path(&format!("/roles/{}", home.moderator))).expect(204);
    let mut phone = home.bob.resumes(&session, &s);
    assert_eq!(phone.event_but_presence(MESSAGE_CREATE)["content"], "one");
    assert_eq!(phone.event_but_presence(MEMBER_UPDATE)["roles"], json!([]));
    assert_eq!(phone.event_but_presence(CHANNEL_DELETE), home.gone(&secret).1);
    assert_eq!(phone.event_but_presence(MEMBER_UPDATE)["roles"], json!([friend]));
    assert_eq!(phone.event_but_presence(CHANNEL_CREATE)["topic"], "t");
    assert_eq!(phone.event_but_presence(MESSAGE_CREATE)["content"], "three");
    assert_eq!(phone.event_but_presence(CHANNEL_DELETE), home.gone(&secret).1);
    phone.event_but_presence(ROLES_UPDATE);
    phone.event_but_presence(5);
    home.alice.says(&secret, "five");
    home.alice.says(&home.general, "six");
    assert_eq!(phone.event_but_presence(MESSAGE_CREATE)["content"], "six");
}

/// Somebody who is a member and has never been connected.
fn offline<'a>(home: &Company<'a>, name: &str) -> Person<'a> {
    let person = home.alice.world.person(name);
    home.alice.invites(&home.server, &[&person]);
    person
}

/// Alice writes some messages; the last.
fn filled(home: &Company<'_>, channel: &str) -> Value {
    let said = ["one", "two", "three"].map(|content| home.alice.says(channel, content));
    json!(said[2])
}

/// An act that opens a channel to everyone.
type Reveal<'a> = &'a dyn Fn(&str);

#[test]
fn a_channel_that_is_revealed_is_read_up_to_its_last_message() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let friend = home.role("friend", &[]);
    let everyone = home.path(&format!("/roles/{}", home.server));
    let reveals: [(&str, Reveal<'_>); 5] = [
        ("everyone's override is deleted", &|channel| {
            home.alice.delete(&home.r#override(channel, &home.server)).expect(204);
        }),
        ("everyone's override is turned round", &|channel| home.overrides(channel, &home.server, &HIDDEN, &[])),
        ("everyone's override is emptied", &|channel| home.overrides(channel, &home.server, &[], &[])),
        ("a role's override lets in", &|channel| home.overrides(channel, &friend, &HIDDEN, &[])),
        ("everyone may view", &|channel| {
            home.alice.patch(&everyone, json!({"permissions": []})).expect(200);
            home.overrides(channel, &home.server, &[], &[]);
            home.alice.patch(&everyone, json!({"permissions": STARTING})).expect(200);
        }),
    ];
    home.gives(&home.bob, &[&friend]);
    for (n, (how, reveal)) in reveals.into_iter().enumerate() {
        let away = offline(&home, &format!("away{n}"));
        home.gives(&away, &[&friend]);
        let deny = json!([{"role_id": home.server, "deny": ["view_channel"]}]);
        let secret = text(&home.channel("secret", deny)["channel_id"]);
        let last = filled(&home, &secret);
        reveal(&secret);
        for person in [&away, &home.bob] {
            comes_to_have_read(person, &secret, &last);
        }
        // From here on it is news.
        filled(&home, &secret);
        let read = [&away, &home.bob].map(|person| has_read(person, &secret));
        assert_eq!(read, [last.clone(), last], "{how}");
    }
}

#[test]
fn a_channel_that_a_role_kept_closed_is_read_once_the_role_is_deleted() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let muted = home.role("muted", &[]);
    let away = offline(&home, "away");
    for person in [&away, &home.bob] {
        home.gives(person, &[&muted]);
    }
    let party = home.channel("party", json!([{"role_id": muted, "deny": ["view_channel"]}]));
    let party = text(&party["channel_id"]);
    let last = filled(&home, &party);
    home.alice.delete(&home.path(&format!("/roles/{muted}"))).expect(204);
    for person in [&away, &home.bob] {
        comes_to_have_read(person, &party, &last);
    }
}

#[test]
fn whoever_gets_a_role_has_read_what_it_opens() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let friend = home.role("friend", &[]);
    let away = offline(&home, "away");
    let secret = text(&home.private_channel("secret", &friend)["channel_id"]);
    let older = home.alice.says(&home.general, "older");
    filled(&home, &home.general);
    let people = [&home.bob, &away];
    for person in people {
        person.put(&format!("/channels/{}/read", home.general), json!({"message_id": older})).expect(204);
    }
    for _ in 0..2 {
        let last = filled(&home, &secret);
        for person in people {
            home.gives(person, &[&friend]);
        }
        assert_eq!(people.map(|person| has_read(person, &secret)), [last.clone(), last.clone()]);
        // Reading on, and being behind again when the door closes: what is written behind it does not count as unread.
        let first_news = filled(&home, &secret);
        home.bob.put(&format!("/channels/{secret}/read"), json!({"message_id": first_news})).expect(204);
        filled(&home, &secret);
        assert_eq!(people.map(|person| has_read(person, &secret)), [first_news, last]);
        for person in people {
            home.gives(person, &[]);
        }
        assert_eq!(people.map(|person| has_read(person, &secret)), [Value::Null, Value::Null]);
    }
    // Of the channels that they saw all the time nothing has changed.
    assert_eq!(people.map(|person| has_read(person, &home.general)), [json!(older), json!(older)]);
}

#[test]
fn what_was_revealed_just_before_a_restart_is_read() {
    let mut world = World::start();
    let (secret, last) = {
        let home = Company::gather(&world, &[]);
        let deny = json!([{"role_id": home.server, "deny": ["view_channel"]}]);
        let secret = text(&home.channel("secret", deny)["channel_id"]);
        let last = filled(&home, &secret);
        home.alice.delete(&home.r#override(&secret, &home.server)).expect(204);
        (secret, last)
    };
    world.restart();
    for name in ["mona", "bob"] {
        comes_to_have_read(&world.sign_in(name), &secret, &last);
    }
}
