//! Nicknames: one's own is free, others' need the right and the rank.

use serde_json::{Value, json};

use crate::company::{Company, MEMBER_UPDATE};
use crate::harness::{World, text};

#[test]
fn ones_own_nickname_is_free_and_every_member_hears_of_it() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let me = home.path("/members/@me");
    let member = home.bob.patch(&me, json!({"nickname": " Bobby  Tables "})).expect(200);
    assert_eq!((&member["nickname"], &member["user"]["user_id"]), (&json!("Bobby  Tables"), &json!(home.bob.id)));
    assert_eq!(home.mona.get(&home.member(&home.bob)).expect(200), member);
    home.members_hear(&[(MEMBER_UPDATE, member)]);
    // His own ID is he, too. The same again, and nothing at all, are no news.
    for same in [json!({"nickname": "Bobby  Tables"}), json!({}), json!({"unknown": 1})] {
        assert_eq!(home.bob.patch(&home.member(&home.bob), same).expect(200)["nickname"], "Bobby  Tables");
    }
    home.oscar.patch(&me, json!({"nickname": "O"})).refused(404, "not_found");
    for bad in ["", " \t ", "a\u{7}b", &"x".repeat(33)] {
        home.bob.patch(&me, json!({"nickname": bad})).refused(400, "invalid_field");
    }
    home.bob.patch(&me, json!({"nickname": 7})).refused(400, "invalid_field");
    home.nobody_hears();

    // It is by the nickname that people find him first; the profile stays as it was.
    let found = home.alice.get(&home.path("/members?query=bobby")).expect(200);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["user"]["username"]), (1, &json!("bob")));
    assert_eq!(home.alice.get(&format!("/users/{}", home.bob.id)).expect(200)["display_name"], Value::Null);
    let longest = home.bob.patch(&me, json!({"nickname": "ß".repeat(32)})).expect(200);
    let cleared = home.bob.patch(&me, json!({"nickname": null})).expect(200);
    assert_eq!((&longest["nickname"], &cleared["nickname"]), (&json!("ß".repeat(32)), &Value::Null));
    home.members_hear(&[(MEMBER_UPDATE, longest), (MEMBER_UPDATE, cleared)]);
    home.bob.patch(&me, json!({"nickname": null})).expect(200);
    home.nobody_hears();
    // Another server has another nickname, and who comes back has none.
    let (other, _) = home.bob.creates_server("his own");
    home.bob.patch(&format!("/servers/{other}/members/@me"), json!({"nickname": "boss"})).expect(200);
    home.bob.patch(&me, json!({"nickname": "guest"})).expect(200);
    home.bob.delete(&me).expect(204);
    home.alice.invites(&home.server, &[&home.bob]);
    assert_eq!(home.bob.get(&me).expect(200)["nickname"], Value::Null);
    assert_eq!(home.bob.get(&format!("/servers/{other}/members/@me")).expect(200)["nickname"], "boss");
}

#[test]
fn others_are_named_by_those_who_manage_the_server_and_outrank_them() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_server"]);
    let peer = home.alice.world.person("peer");
    home.alice.invites(&home.server, &[&peer]);
    home.gives(&peer, &[&home.moderator]);
    home.heard();
    let named = home.mona.patch(&home.member(&home.bob), json!({"nickname": "Bobby"})).expect(200);
    home.members_hear(&[(MEMBER_UPDATE, named)]);
    // Neither the owner nor her equal, whatever the body is; and nobody of those who are no members.
    for (person, body) in
        [(&home.alice, json!({"nickname": "x"})), (&peer, json!({"nickname": "x"})), (&peer, json!({}))]
    {
        home.mona.patch(&home.member(person), body).refused(403, "forbidden");
    }
    home.mona.patch(&home.member(&home.oscar), json!({"nickname": "x"})).refused(404, "not_found");
    // Names are all she may give: of roles she has not the right.
    home.mona.patch(&home.member(&home.bob), json!({"roles": []})).refused(403, "forbidden");
    home.mona.patch(&home.member(&home.bob), json!({"nickname": ""})).refused(400, "invalid_field");
    for body in [json!({"nickname": "x"}), json!({"nickname": 7}), json!({})] {
        home.bob.patch(&home.member(&home.mona), body.clone()).refused(403, "forbidden");
        home.oscar.patch(&home.member(&home.mona), body).refused(404, "not_found");
    }
    home.nobody_hears();
    // The owner names whom she likes. The rank is that of the highest role.
    let chief = home.role("chief", &[]);
    home.alice.patch(&home.path(&format!("/roles/{chief}")), json!({"position": 2})).expect(200);
    home.gives(&home.bob, &[&chief]);
    home.heard();
    home.mona.patch(&home.member(&home.bob), json!({"nickname": null})).refused(403, "forbidden");
    let cleared = home.alice.patch(&home.member(&home.bob), json!({"nickname": null})).expect(200);
    assert_eq!((&cleared["nickname"], &cleared["roles"]), (&Value::Null, &json!([chief])));
    home.members_hear(&[(MEMBER_UPDATE, cleared)]);
}

#[test]
fn a_change_of_name_and_roles_happens_whole_or_not_at_all() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles", "manage_server"]);
    let (helper, strong) = (home.role("helper", &[]), home.role("strong", &["ban_members"]));
    home.heard();
    let bob = home.member(&home.bob);
    for (roles, status) in [(json!([helper, strong]), 403), (json!([helper, "1"]), 400), (json!("x"), 400)] {
        let body = json!({"nickname": "Bobby", "roles": roles});
        assert_eq!(home.mona.patch(&bob, body).status, status, "{roles}");
    }
    let bad = json!({"nickname": "x".repeat(33), "roles": [helper]});
    home.mona.patch(&bob, bad).refused(400, "invalid_field");
    // His name is his own, but what he asks for is one thing, and roles he may not give.
    home.bob.patch(&bob, json!({"nickname": "Bobby", "roles": [helper]})).refused(403, "forbidden");
    let member = home.alice.get(&bob).expect(200);
    assert_eq!((&member["nickname"], &member["roles"]), (&Value::Null, &json!([])));
    home.nobody_hears();
    // Both together are one event.
    let both = home.mona.patch(&bob, json!({"nickname": "Bobby", "roles": [helper]})).expect(200);
    assert_eq!((text(&both["nickname"]), &both["roles"]), ("Bobby".to_owned(), &json!([helper])));
    home.members_hear(&[(MEMBER_UPDATE, both)]);
    // Whoever may only give roles gives no names to others.
    home.alice
        .patch(&home.path(&format!("/roles/{}", home.moderator)), json!({"permissions": ["manage_roles"]}))
        .expect(200);
    home.mona.patch(&bob, json!({"nickname": "Robert"})).refused(403, "forbidden");
    home.mona.patch(&bob, json!({"nickname": "Robert", "roles": []})).refused(403, "forbidden");
    let own = home.mona.patch(&home.path("/members/@me"), json!({"nickname": "Moderator"})).expect(200);
    let taken = home.mona.patch(&bob, json!({"roles": []})).expect(200);
    home.members_hear(&[home.roles_update(), (MEMBER_UPDATE, own), (MEMBER_UPDATE, taken)]);
}
