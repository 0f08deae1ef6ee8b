//! Private and read-only channels: overrides, who may set them, and what is hidden behind them.

use serde_json::{Value, json};

use crate::company::{
    CHANNEL_CREATE, CHANNEL_UPDATE, Company, MESSAGE_CREATE, MESSAGE_DELETE, MESSAGE_UPDATE, STARTING, TYPING_START,
    first_screen, has_read, sees,
};
use crate::harness::{Person, World, text};

#[test]
fn a_channel_that_is_closed_for_everyone_is_gone_for_whom_no_role_lets_in() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let general = &home.general;
    home.overrides(general, &home.moderator, &["view_channel"], &[]);
    let told = home.told(CHANNEL_UPDATE, general);
    let moderators = json!({"role_id": home.moderator, "allow": ["view_channel"], "deny": []});
    assert_eq!(told.1["overrides"], json!([moderators]));
    home.members_hear(&[told]);
    home.overrides(general, &home.server, &[], &["view_channel"]);
    let told = home.told(CHANNEL_UPDATE, general);
    let everyone = json!({"role_id": home.server, "allow": [], "deny": ["view_channel"]});
    assert_eq!(told.1["overrides"], json!([everyone, moderators]), "ascending by role");
    home.hear(&[("alice mona", &[told]), ("bob", &[home.gone(general)])]);
    // Once more is nothing new.
    home.overrides(general, &home.server, &[], &["view_channel"]);
    home.nobody_hears();
    assert_eq!(sees(&home.mona, &home.server), ["general"]);
    assert_eq!(sees(&home.bob, &home.server), [""; 0]);

    home.alice.delete(&home.r#override(general, &home.server)).expect(204);
    home.hear(&[("alice mona", &[home.told(CHANNEL_UPDATE, general)]), ("bob", &[home.told(CHANNEL_CREATE, general)])]);
    home.alice.delete(&home.r#override(general, &home.server)).refused(404, "not_found");
    home.alice.delete(&home.r#override(general, &home.moderator)).expect(204);
    let told = home.told(CHANNEL_UPDATE, general);
    assert_eq!(told.1["overrides"], json!([]));
    home.members_hear(&[told]);
    assert_eq!(sees(&home.bob, &home.server), ["general"]);
}

#[test]
fn behind_a_closed_door_nothing_is_heard_and_nothing_is_found() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let secret = text(&home.private_channel("secret", &home.moderator)["channel_id"]);
    home.heard();
    let path = format!("/channels/{secret}");
    let messages = format!("{path}/messages");
    let sent = home.mona.post(&messages, json!({"content": "psst"})).expect(201);
    let message = format!("{messages}/{}", text(&sent["message_id"]));
    let mut edited = home.mona.patch(&message, json!({"content": "pssst"})).expect(200);
    edited.as_object_mut().unwrap().remove("reactions");
    let gone = json!({"message_id": sent["message_id"], "channel_id": secret, "server_id": home.server});

    // For bob and oscar it is as if it were not there, whatever they send.
    for person in [&home.bob, &home.oscar] {
        for (method, path, body) in [
            ("GET", path.as_str(), None),
            ("PATCH", &path, Some(json!({"name": 7}))),
            ("DELETE", &path, None),
            ("GET", &messages, None),
            ("POST", &messages, Some(json!({}))),
            ("GET", &message, None),
            ("PATCH", &message, Some(json!({}))),
            ("DELETE", &message, None),
            ("PUT", &format!("{path}/read"), Some(json!({"message_id": "x"}))),
            ("PUT", &home.r#override(&secret, &home.server), Some(json!({"allow": 1}))),
            ("DELETE", &home.r#override(&secret, &home.server), None),
        ] {
            let missing = path.replace(&secret, "1");
            let (mut hidden, mut missing) =
                (person.ask(method, path, body.clone()), person.ask(method, &missing, body));
            for answer in [&mut hidden.json, &mut missing.json] {
                answer.as_object_mut().unwrap().remove("request_id");
            }
            assert_eq!(hidden.json, missing.json, "{method} {path}");
            hidden.refused(404, "not_found");
        }
    }
    home.mona.delete(&message).expect(204);
    home.hear(&[("alice mona", &[(MESSAGE_CREATE, sent.clone()), (MESSAGE_UPDATE, edited), (MESSAGE_DELETE, gone)])]);

    // Typing: bob and oscar neither tell of theirs nor hear of mona's.
    for name in ["bob", "oscar", "mona"] {
        home.types(name, &secret);
    }
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    assert_eq!(on_alice.len(), 1, "{on_alice:?}");
    assert_eq!((on_alice[0].0, &on_alice[0].1["user_id"]), (TYPING_START, &json!(home.mona.id)));
    assert!([on_mona, on_bob, on_oscar].iter().all(Vec::is_empty));

    // All that is in the server is read; what bob does not see has no position of his.
    home.mona.says(&secret, "again");
    home.bob.put(&home.path("/read"), json!({})).expect(204);
    assert_eq!(has_read(&home.bob, &secret), Value::Null);
    home.alice.patch(&path, json!({"topic": "still ours"})).expect(200);
    let [_, on_mona, on_bob, on_oscar] = home.heard();
    assert_eq!(on_mona.iter().map(|(op, _)| *op).collect::<Vec<_>>(), [MESSAGE_CREATE, CHANNEL_UPDATE]);
    assert!(on_bob.is_empty() && on_oscar.is_empty(), "{on_bob:?} {on_oscar:?}");
    home.alice.delete(&path).expect(204);
    home.hear(&[("alice mona", &[home.gone(&secret)])]);
}

#[test]
fn a_channel_is_private_from_its_first_moment() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_channels"]);
    let channels = home.path("/channels");
    let hidden = json!({"role_id": home.server, "deny": ["view_channel"]});
    let shown = json!({"role_id": home.moderator, "allow": ["view_channel", "send_messages"], "deny": []});
    let new = json!({"name": "desk", "overrides": [shown, hidden]});
    home.only_for_some(|person| person.post(&channels, new.clone()));
    let desk = home.mona.post(&channels, new).expect(201);
    let all = json!([{"role_id": home.server, "allow": [], "deny": ["view_channel"]}, shown]);
    assert_eq!(desk["overrides"], all);
    home.mona.says(&text(&desk["channel_id"]), "ours");
    let heard =
        home.heard().map(|events| events.into_iter().filter(|(op, _)| *op != MESSAGE_CREATE).collect::<Vec<_>>());
    let told = (CHANNEL_CREATE, desk.clone());
    assert_eq!(heard, [vec![told.clone()], vec![told], vec![], vec![]]);
    assert_eq!(sees(&home.mona, &home.server), ["general", "desk"]);
    assert_eq!(sees(&home.bob, &home.server), ["general"]);

    // Its maker may shut herself out: then she does not hear of it, although she has made it.
    let shut = home.mona.post(&channels, json!({"name": "shut", "overrides": [hidden]})).expect(201);
    home.hear(&[("alice", &[(CHANNEL_CREATE, shut.clone())])]);
    home.mona.get(&format!("/channels/{}", text(&shut["channel_id"]))).refused(404, "not_found");

    let strong = home.role("strong", &[]);
    home.heard();
    for (overrides, status) in [
        (json!([{"role_id": "1"}]), 400),
        (json!([{"role_id": home.general}]), 400),
        (json!([hidden, hidden]), 400),
        (json!([{"allow": ["view_channel"]}]), 400),
        (json!([{"role_id": strong, "allow": ["view_channel"], "deny": ["view_channel"]}]), 400),
        (json!([{"role_id": strong, "allow": ["fly"]}]), 400),
        (json!({}), 400),
        (json!(null), 400),
        // Nobody allows or denies what they lack.
        (json!([{"role_id": strong, "allow": ["ban_members"]}]), 403),
        (json!([{"role_id": strong, "deny": ["mention_everyone"]}]), 403),
    ] {
        let answer = home.mona.post(&channels, json!({"name": "x", "overrides": overrides}));
        assert_eq!(answer.status, status, "{overrides}: {}", answer.text);
    }
    home.nobody_hears();
    let plain = home.mona.post(&channels, json!({"name": "plain", "overrides": []})).expect(201);
    home.members_hear(&[(CHANNEL_CREATE, plain)]);
}

#[test]
fn a_read_only_channel_is_read_by_all_and_written_by_some() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let deny = json!({"role_id": home.server, "deny": ["send_messages", "add_reactions"]});
    let allow = json!({"role_id": home.moderator, "allow": ["send_messages"]});
    let news = home.channel("news", json!([deny, allow]));
    home.members_hear(&[(CHANNEL_CREATE, news.clone())]);
    let news = text(&news["channel_id"]);
    let messages = format!("/channels/{news}/messages");
    home.only_for_some(|person| person.post(&messages, json!({"content": "mine"})));
    // Whether one may write comes before what one writes.
    home.only_for_some(|person| person.post(&messages, json!({"content": ""})));
    home.types("bob", &news);
    home.types("mona", &news);
    let sent = home.mona.post(&messages, json!({"content": "read this"})).expect(201);
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    for heard in [&on_alice, &on_bob] {
        assert_eq!((heard[0].0, &heard[0].1["user_id"]), (TYPING_START, &json!(home.mona.id)), "{heard:?}");
        assert_eq!(heard[1..], [(MESSAGE_CREATE, sent.clone())]);
    }
    assert_eq!((on_mona, on_oscar), (vec![(MESSAGE_CREATE, sent.clone())], vec![]));
    assert_eq!(home.bob.get(&messages).expect(200)[0]["content"], "read this");
    let shown = |person: &Person<'_>| {
        let screen = first_screen(person);
        let channels = screen["servers"][0]["channels"].as_array().unwrap().clone();
        channels.iter().find(|c| c["channel_id"] == json!(news)).unwrap()["permissions"].clone()
    };
    assert_eq!(shown(&home.bob), json!(["view_channel", "attach_files", "create_invite"]));
    assert_eq!(shown(&home.mona), json!(["view_channel", "send_messages", "attach_files", "create_invite"]));
    assert_eq!(shown(&home.alice).as_array().unwrap().len(), 12, "the owner has all");
    // What bob wrote while he might he may still take back, but in a channel where he may not write say nothing new.
    home.overrides(&news, &home.server, &[], &[]);
    let his = home.bob.says(&news, "first!");
    home.overrides(&news, &home.server, &[], &["send_messages"]);
    home.bob.delete(&format!("{messages}/{his}")).expect(204);
    home.bob.post(&messages, json!({"content": "second"})).refused(403, "forbidden");
}

#[test]
fn in_a_channel_the_roles_together_win_over_everyone_and_an_allowing_role_over_a_denying_one() {
    let world = World::start();
    let home = Company::gather(&world, &["view_channel", "send_messages"]);
    let [allowing, denying] = ["allowing", "denying"].map(|name| home.role(name, &[]));
    let general = &home.general;
    let messages = format!("/channels/{general}/messages");
    let posts = |wanted: u16| assert_eq!(home.bob.post(&messages, json!({"content": "x"})).status, wanted);
    home.gives(&home.bob, &[&denying]);
    posts(201);
    home.overrides(general, &denying, &[], &["send_messages"]);
    posts(403);
    // Everyone's override does not help against a role's; another role's does, whichever stands higher.
    home.overrides(general, &home.server, &["send_messages"], &[]);
    posts(403);
    home.gives(&home.bob, &[&denying, &allowing]);
    posts(403);
    home.overrides(general, &allowing, &["send_messages"], &[]);
    posts(201);
    home.alice.patch(&home.path(&format!("/roles/{denying}")), json!({"position": 3})).expect(200);
    posts(201);
    // Mona's role says so in the server; everyone's denial in the channel counts nevertheless.
    home.overrides(general, &home.server, &[], &["send_messages"]);
    home.mona.post(&messages, json!({"content": "x"})).refused(403, "forbidden");
    // In the server nobody may view anything; here bob may, by one role against the other.
    home.alice.patch(&home.path(&format!("/roles/{}", home.server)), json!({"permissions": []})).expect(200);
    home.bob.get(&messages).refused(404, "not_found");
    home.overrides(general, &denying, &[], &["view_channel"]);
    home.overrides(general, &allowing, &["view_channel", "send_messages"], &[]);
    posts(201);
    home.alice.patch(&home.path(&format!("/roles/{}", home.server)), json!({"permissions": STARTING})).expect(200);
    home.overrides(general, &allowing, &[], &[]);
    posts(404);
}

#[test]
fn overrides_are_set_by_those_who_have_what_they_change() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_channels"]);
    let helper = home.role("helper", &[]);
    let general = &home.general;
    let path = home.r#override(general, &helper);
    home.overrides(general, &helper, &["ban_members"], &["kick_members"]);
    home.heard();
    home.only_for_some(|person| person.put(&path, json!({"allow": ["ban_members"]})));
    home.only_for_some(|person| person.delete(&path));
    for (body, code) in [
        (json!({"allow": ["view_channel"], "deny": ["view_channel"]}), 400),
        (json!({"allow": ["fly"]}), 400),
        (json!({"deny": "view_channel"}), 400),
        (json!({"allow": null}), 400),
        // What she lacks she neither adds nor takes away nor turns round.
        (json!({"allow": ["ban_members", "manage_server"], "deny": ["kick_members"]}), 403),
        (json!({"allow": [], "deny": ["kick_members"]}), 403),
        (json!({"allow": ["ban_members"]}), 403),
        (json!({"allow": ["kick_members"], "deny": ["ban_members"]}), 403),
        (json!({}), 403),
    ] {
        let answer = home.mona.put(&path, body.clone());
        assert_eq!(answer.status, code, "{body}: {}", answer.text);
    }
    home.mona.delete(&path).refused(403, "forbidden");
    for other in [&home.general, "1", "none"] {
        home.mona.put(&home.r#override(general, other), json!({})).refused(404, "not_found");
        home.mona.delete(&home.r#override(general, other)).refused(404, "not_found");
    }
    home.mona.delete(&home.r#override(general, &home.moderator)).refused(404, "not_found");
    home.nobody_hears();
    // What stands there and stays is no matter.
    home.mona.put(&path, json!({"allow": ["ban_members", "send_messages"], "deny": ["kick_members"]})).expect(204);
    home.members_hear(&[home.told(CHANNEL_UPDATE, general)]);

    // It is what she has in the channel that counts, not what she has in the server.
    home.overrides(general, &home.moderator, &[], &["create_invite"]);
    home.mona
        .put(&home.r#override(general, &home.server), json!({"deny": ["create_invite"]}))
        .refused(403, "forbidden");
    home.overrides(general, &home.moderator, &["mention_everyone"], &[]);
    home.mona.put(&home.r#override(general, &home.server), json!({"allow": ["mention_everyone"]})).expect(204);
    home.overrides(general, &home.moderator, &[], &["manage_channels"]);
    home.mona.put(&home.r#override(general, &home.server), json!({})).refused(403, "forbidden");
    home.mona.patch(&format!("/channels/{general}"), json!({"name": "x"})).refused(403, "forbidden");
    assert_eq!(home.heard().map(|heard| heard.len()), [4, 4, 4, 0]);

    // A DM has no roles, and another server's channel no role of this one.
    let dm = home.mona.opens_dm(&home.bob);
    home.mona.put(&home.r#override(&dm, &helper), json!({})).refused(403, "forbidden");
    home.oscar.put(&home.r#override(&dm, &helper), json!({})).refused(404, "not_found");
    let (_, elsewhere) = home.mona.creates_server("hers");
    home.mona.put(&home.r#override(&elsewhere, &helper), json!({})).refused(404, "not_found");
}
