//! Why somebody acts: what may stand in the header of an act, and comes to stand in the audit log.

use serde_json::{Value, json};

use crate::audit::{Log, MOST, change};
use crate::company::{Company, SERVER_UPDATE};
use crate::harness::{Answer, Person, World};

/// A request with a reason, which the story has percent-encoded.
#[track_caller]
fn because(person: &Person<'_>, method: &str, path: &str, body: Option<Value>, reason: &str) -> Answer {
    let body = body.map(|body| body.to_string());
    person.world.send(method, path, Some(&person.token), &[("X-Audit-Log-Reason", reason)], body.as_deref())
}

#[test]
fn a_reason_may_be_given_with_any_act() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let log = Log::of(&home);
    let (mona, name) = (&home.mona, |name: &str| Some(json!({"name": name})));
    let server = because(mona, "PATCH", &home.path(""), name("castle"), "so%20%C3%BCberlegt%2C%20100%25").expect(200);
    // It is for those who read the log alone.
    home.members_hear(&[(SERVER_UPDATE, server)]);
    let changes = |before: &str, after: &str| json!([change("name", before, after)]);
    let why = json!("so überlegt, 100%");
    log.says_why(mona, "server_update", home.server.as_str(), why, changes("home", "castle"));
    because(mona, "PATCH", &home.path(""), name("home"), &"%C3%BC".repeat(512)).expect(200);
    log.says_why(mona, "server_update", home.server.as_str(), json!("ü".repeat(512)), changes("castle", "home"));
    for bad in [&"x".repeat(513), "100%", "%zz", "%FF", "%"] {
        because(mona, "PATCH", &home.path(""), name("x"), bad).refused(400, "invalid_field");
        // Where there is nothing to give a reason for, it is no matter.
        let path = format!("/channels/{}/messages", home.general);
        because(&home.bob, "POST", &path, Some(json!({"content": "x"})), bad).expect(201);
    }
    assert_eq!(log.news(), [Value::Null; 0]);

    // Every kind of act has its reason, and one that is refused or changes nothing leaves none.
    because(mona, "PATCH", &home.path(""), name("home"), "again").expect(200);
    because(mona, "DELETE", &home.member(&home.alice), None, "mutiny").refused(403, "forbidden");
    assert_eq!(log.news(), [Value::Null; 0]);
    let member = home.member(&home.bob);
    let messages = format!("/channels/{}/messages", home.general);
    let roles = home.path("/roles");
    let everyone = home.r#override(&home.general, &home.server);
    let acts: [(&str, String, Option<Value>); 14] = [
        ("POST", roles.clone(), name("helper")),
        ("PATCH", member.clone(), Some(json!({"nickname": "Bobby"}))),
        ("PUT", everyone.clone(), Some(json!({}))),
        ("DELETE", everyone, None),
        ("POST", home.path("/channels"), name("desk")),
        ("PATCH", format!("/channels/{}", home.general), Some(json!({"topic": "t"}))),
        ("POST", home.path("/invites"), Some(json!({}))),
        ("DELETE", format!("{messages}/{}", home.bob.says(&home.general, "oops")), None),
        ("PATCH", format!("{roles}/{}", home.server), Some(json!({"color": 1}))),
        ("DELETE", format!("{roles}/{}", home.role("gone", &[])), None),
        ("DELETE", format!("/channels/{}", home.channel("gone", json!([]))["channel_id"].as_str().unwrap()), None),
        ("DELETE", member, None),
        ("PUT", home.path(&format!("/bans/{}", home.oscar.id)), None),
        ("DELETE", home.path(&format!("/bans/{}", home.oscar.id)), None),
    ];
    log.news();
    for (method, path, body) in acts {
        let answer = because(mona, method, &path, body, "so%20be%20it");
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
        let news = log.news();
        assert_eq!((news.len(), &news[0]["reason"]), (1, &json!("so be it")), "{method} {path}");
    }
}

#[test]
fn a_bans_own_reason_wins() {
    let world = World::start();
    let home = Company::gather(&world, &MOST);
    let log = Log::of(&home);
    let mona = &home.mona;
    let ban = home.path(&format!("/bans/{}", home.bob.id));
    because(mona, "PUT", &ban, Some(json!({"reason": "rude"})), "spam").expect(204);
    log.says_why(mona, "ban_add", home.bob.id.as_str(), json!("rude"), json!([]));
    assert_eq!(mona.get(&home.path("/bans")).expect(200)[0]["reason"], "rude");
    because(mona, "DELETE", &ban, None, "he%20is%20sorry").expect(204);
    log.says_why(mona, "ban_remove", home.bob.id.as_str(), json!("he is sorry"), json!([]));
    because(mona, "PUT", &ban, None, "spam").expect(204);
    log.says_why(mona, "ban_add", home.bob.id.as_str(), json!("spam"), json!([]));
}

#[test]
fn whoever_may_not_act_learns_that_before_what_is_wrong_with_the_reason() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let name = Some(json!({"name": "x"}));
    home.only_for_some(|person| because(person, "PATCH", &home.path(""), name.clone(), "100%"));
    home.only_for_some(|person| because(person, "DELETE", &home.member(&home.mona), None, &"x".repeat(513)));
    because(&home.alice, "DELETE", "/channels/1", None, "100%").refused(404, "not_found");
    home.nobody_hears();
}
