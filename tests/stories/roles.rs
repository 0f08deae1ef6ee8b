//! Roles: making, changing, moving, deleting and giving them, and who may.

use serde_json::{Value, json};

use crate::company::{Company, MEMBER_UPDATE, STARTING, first_screen};
use crate::harness::{Person, World, text};

/// Names and positions of the roles as somebody gets them.
fn order(person: &Person<'_>, server: &str) -> Vec<(String, u64)> {
    let roles = person.get(&format!("/servers/{server}/roles")).expect(200);
    let order = roles.as_array().unwrap().iter();
    order.map(|role| (text(&role["name"]), role["position"].as_u64().unwrap())).collect()
}

fn named(order: &[(&str, u64)]) -> Vec<(String, u64)> {
    order.iter().map(|(name, position)| ((*name).to_owned(), *position)).collect()
}

#[test]
fn a_role_is_made_changed_and_deleted_and_every_member_hears_of_it() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles", "kick_members"]);
    let roles = home.path("/roles");
    let first = json!([
        {"role_id": home.moderator, "name": "moderator", "color": 0, "position": 1,
         "permissions": ["kick_members", "manage_roles"]},
        {"role_id": home.server, "name": "everyone", "color": 0, "position": 0, "permissions": STARTING},
    ]);
    assert_eq!(home.bob.get(&roles).expect(200), first, "any member sees them, strongest first");
    home.oscar.get(&roles).refused(404, "not_found");
    home.only_for_some(|person| person.post(&roles, json!({"name": "painter"})));

    let new = json!({"name": " painter ", "color": 0xFF_88_00, "permissions": ["kick_members", "view_channel"]});
    let mut painter = home.mona.post(&roles, new).expect(201);
    let path = format!("{roles}/{}", text(&painter["role_id"]));
    let made = json!({"role_id": painter["role_id"], "name": "painter", "color": 0xFF_88_00, "position": 1,
                      "permissions": ["view_channel", "kick_members"]});
    assert_eq!(painter, made);
    let told = home.roles_update();
    assert_eq!(told.1["roles"][1], painter);
    home.members_hear(&[told]);
    assert_eq!(order(&home.bob, &home.server), named(&[("moderator", 2), ("painter", 1), ("everyone", 0)]));

    home.only_for_some(|person| person.patch(&path, json!({"name": "poet"})));
    for (change, value) in [("name", json!("poet")), ("color", json!(1)), ("permissions", json!([]))] {
        painter[change] = value.clone();
        assert_eq!(home.mona.patch(&path, json!({change: value})).expect(200), painter);
        home.members_hear(&[home.roles_update()]);
        // Once more changes nothing.
        assert_eq!(home.mona.patch(&path, json!({change: value})).expect(200), painter);
    }
    home.mona.patch(&path, json!({})).expect(200);
    home.nobody_hears();

    home.only_for_some(|person| person.delete(&path));
    home.mona.delete(&path).expect(204);
    let told = home.roles_update();
    assert_eq!(told.1["roles"], first, "what it had pushed up has come down again");
    home.members_hear(&[told]);
    home.mona.delete(&path).refused(404, "not_found");
    home.mona.patch(&path, json!({"name": "gone"})).refused(404, "not_found");
    home.nobody_hears();
}

#[test]
fn positions_stay_dense_wherever_a_role_goes() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let [a, b, c] = ["a", "b", "c"].map(|name| home.role(name, &[]));
    let is = |wanted: [&str; 4]| {
        let wanted: Vec<_> = wanted.into_iter().chain(["everyone"]).zip((0..5).rev()).collect();
        assert_eq!(order(&home.bob, &home.server), named(&wanted));
    };
    let goes = |role: &str, position: u64, to: u64| {
        let path = home.path(&format!("/roles/{role}"));
        assert_eq!(home.alice.patch(&path, json!({"position": position})).expect(200)["position"], to);
        home.members_hear(&[home.roles_update()]);
    };
    is(["moderator", "a", "b", "c"]);
    home.heard();
    goes(&c, 3, 3);
    is(["moderator", "c", "a", "b"]);
    goes(&c, 1, 1);
    is(["moderator", "a", "b", "c"]);
    // Above the highest is the highest, which is told as what it is.
    goes(&b, 4_000_000_000, 4);
    is(["b", "moderator", "a", "c"]);
    goes(&a, 3, 3);
    is(["b", "a", "moderator", "c"]);
    home.alice.patch(&home.path(&format!("/roles/{b}")), json!({"position": 99})).expect(200);
    home.nobody_hears();
    home.alice.delete(&home.path(&format!("/roles/{a}"))).expect(204);
    home.members_hear(&[home.roles_update()]);
    assert_eq!(
        order(&home.bob, &home.server),
        named(&[("b", 3), ("moderator", 2), ("c", 1), ("everyone", 0)]),
        "no gap stays"
    );
}

#[test]
fn nobody_touches_a_role_that_is_not_below_their_own() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles"]);
    let (chief, helper) = (home.role("chief", &[]), home.role("helper", &[]));
    let path = |role: &str| home.path(&format!("/roles/{role}"));
    home.alice.patch(&path(&chief), json!({"position": 3})).expect(200);
    home.heard();
    // Equal is not below.
    for role in [&chief, &home.moderator] {
        home.mona.patch(&path(role), json!({"name": "mine"})).refused(403, "forbidden");
        home.mona.delete(&path(role)).refused(403, "forbidden");
    }
    // Nor does one lift another role to one's own place, or above all.
    for position in [2, 3, 9] {
        home.mona.patch(&path(&helper), json!({"position": position})).refused(403, "forbidden");
    }
    // What is malformed is so whatever the rank, once one may act on the role at all.
    home.mona.patch(&path(&helper), json!({"position": 0})).refused(400, "invalid_field");
    home.mona.patch(&path(&chief), json!({"position": 0})).refused(403, "forbidden");
    home.nobody_hears();
    home.mona.patch(&path(&helper), json!({"name": "assistant", "position": 1})).expect(200);
    home.members_hear(&[home.roles_update()]);
    assert_eq!(home.mona.post(&home.path("/roles"), json!({"name": "new"})).expect(201)["position"], 1);
    home.members_hear(&[home.roles_update()]);
    // The owner stands above all, without any role.
    let gone = [&chief, &home.moderator].map(|role| {
        home.alice.delete(&path(role)).expect(204);
        home.roles_update()
    });
    home.members_hear(&gone);
    home.mona.post(&home.path("/roles"), json!({"name": "new"})).refused(403, "forbidden");
}

#[test]
fn nobody_grants_what_they_lack() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles", "kick_members"]);
    let strong = home.role("strong", &["ban_members", "kick_members"]);
    home.heard();
    let roles = home.path("/roles");
    let path = format!("{roles}/{strong}");
    home.mona.post(&roles, json!({"name": "x", "permissions": ["ban_members"]})).refused(403, "forbidden");
    for more in [json!(["ban_members", "manage_server"]), json!(["ban_members", "kick_members", "manage_channels"])] {
        home.mona.patch(&path, json!({"permissions": more})).refused(403, "forbidden");
    }
    home.mona
        .patch(&home.path(&format!("/members/{}", home.bob.id)), json!({"roles": [strong]}))
        .refused(403, "forbidden");
    home.mona.patch(&home.path("/members/@me"), json!({"roles": [home.moderator, strong]})).refused(403, "forbidden");
    home.nobody_hears();
    // What is there may stay, whether one has it or not, and be taken away; then it is gone for her.
    home.mona.patch(&path, json!({"permissions": ["ban_members", "manage_roles"]})).expect(200);
    home.members_hear(&[home.roles_update()]);
    home.mona.patch(&path, json!({"permissions": ["manage_roles"]})).expect(200);
    home.members_hear(&[home.roles_update()]);
    home.mona.patch(&path, json!({"permissions": ["ban_members"]})).refused(403, "forbidden");
    // What she lost with her role's change she cannot give any more, from that moment on.
    home.alice.patch(&format!("{roles}/{}", home.moderator), json!({"permissions": ["kick_members"]})).expect(200);
    home.members_hear(&[home.roles_update()]);
    home.mona.patch(&path, json!({"permissions": []})).refused(403, "forbidden");
    home.mona.post(&roles, json!({"name": "x"})).refused(403, "forbidden");
    home.nobody_hears();
}

#[test]
fn everyone_has_rules_of_its_own() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles"]);
    let path = home.path(&format!("/roles/{}", home.server));
    for same in [json!({"name": "everyone"}), json!({"position": 0}), json!({"permissions": STARTING})] {
        home.mona.patch(&path, same).expect(200);
    }
    for bad in [json!({"name": "all"}), json!({"position": 1}), json!({"name": null})] {
        home.mona.patch(&path, bad).refused(400, "invalid_field");
    }
    home.alice.delete(&path).refused(403, "forbidden");
    home.only_for_some(|person| person.delete(&path));
    home.only_for_some(|person| person.patch(&path, json!({"color": 1})));
    for person in [&home.bob, &home.mona] {
        home.alice.patch(&home.member(person), json!({"roles": [home.server]})).refused(400, "invalid_field");
    }
    home.nobody_hears();

    // It holds for whoever has no role, and for mona, whose role does not give what it takes.
    let post = |person: &Person<'_>| {
        person.post(&format!("/channels/{}/messages", home.general), json!({"content": "hi"})).status
    };
    home.alice.patch(&path, json!({"color": 5, "permissions": ["view_channel"]})).expect(200);
    let told = home.roles_update();
    assert_eq!(
        (&told.1["roles"][1]["color"], &told.1["roles"][1]["permissions"]),
        (&json!(5), &json!(["view_channel"]))
    );
    home.members_hear(&[told]);
    assert_eq!([&home.bob, &home.mona].map(post), [403, 403]);
    home.bob.post(&home.path("/invites"), json!({})).refused(403, "forbidden");
    home.nobody_hears();
    // Nobody grants what they lack: now mona lacks it as well.
    home.mona.patch(&path, json!({"permissions": ["view_channel", "send_messages"]})).refused(403, "forbidden");
    assert_eq!(post(&home.alice), 201, "the owner has all");
}

#[test]
fn what_cannot_be_a_role_is_refused() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles"]);
    let roles = home.path("/roles");
    let helper = home.role("helper", &[]);
    // A role of another server is none here.
    let (other, _) = home.alice.creates_server("other");
    let foreign = home.alice.post(&format!("/servers/{other}/roles"), json!({"name": "foreign"})).expect(201);
    let foreign = text(&foreign["role_id"]);
    home.heard();
    for (make, change) in [
        (json!({"name": ""}), json!({"name": ""})),
        (json!({"name": " \t"}), json!({"name": " \t"})),
        (json!({"name": "x".repeat(101)}), json!({"name": "x".repeat(101)})),
        (json!({"name": "a\u{7}b"}), json!({"name": null})),
        (json!({"name": "x", "color": 0x100_0000}), json!({"color": 0x100_0000})),
        (json!({"name": "x", "color": -1}), json!({"color": null})),
        (json!({"name": "x", "color": "red"}), json!({"position": -1})),
        (json!({"name": "x", "permissions": ["fly"]}), json!({"permissions": ["fly"]})),
        (json!({"name": "x", "permissions": "kick_members"}), json!({"permissions": null})),
        (json!({}), json!({"position": 0})),
    ] {
        for person in [&home.alice, &home.mona] {
            person.post(&roles, make.clone()).refused(400, "invalid_field");
            person.patch(&format!("{roles}/{helper}"), change.clone()).refused(400, "invalid_field");
        }
    }
    for missing in ["1", "none", &foreign] {
        for (_, person) in home.people() {
            person.patch(&format!("{roles}/{missing}"), json!({"name": "x"})).refused(404, "not_found");
            person.delete(&format!("{roles}/{missing}")).refused(404, "not_found");
        }
        home.alice.patch(&home.member(&home.bob), json!({"roles": [missing]})).refused(400, "invalid_field");
    }
    home.nobody_hears();
    // What is as long as it may be.
    let longest = json!({"name": "ü".repeat(100), "color": 0xFF_FF_FF, "unknown": 1});
    assert_eq!(home.mona.post(&roles, longest).expect(201)["name"], "ü".repeat(100));
}

#[test]
fn two_hundred_and_fifty_roles_are_enough() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles"]);
    for n in 2..250 {
        home.role(&n.to_string(), &[]);
    }
    let last = home.alice.get(&home.path("/roles")).expect(200);
    assert_eq!((last.as_array().unwrap().len(), &last[0]["position"]), (250, &json!(249)));
    home.heard();
    home.alice.post(&home.path("/roles"), json!({"name": "one more"})).refused(409, "too_many_roles");
    home.mona.post(&home.path("/roles"), json!({"name": ""})).refused(400, "invalid_field");
    let beyond = json!({"name": "x", "permissions": ["ban_members"]});
    home.mona.post(&home.path("/roles"), beyond).refused(403, "forbidden");
    home.nobody_hears();
    home.alice.delete(&home.path(&format!("/roles/{}", text(&last[7]["role_id"])))).expect(204);
    home.role("one more", &[]);
}

#[test]
fn roles_are_given_and_taken_below_ones_own_and_to_those_one_outranks() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_roles"]);
    let [chief, helper, painter] = ["chief", "helper", "painter"].map(|name| home.role(name, &[]));
    home.alice.patch(&home.path(&format!("/roles/{chief}")), json!({"position": 4})).expect(200);
    home.heard();
    let bob = home.member(&home.bob);
    let set = |member: &Value| -> Vec<String> {
        let mut roles: Vec<_> = member["roles"].as_array().unwrap().iter().map(text).collect();
        roles.sort();
        roles
    };
    let both = home.mona.patch(&bob, json!({"roles": [painter, helper, painter]})).expect(200);
    let mut wanted = [painter.clone(), helper.clone()];
    wanted.sort();
    assert_eq!(set(&both), wanted, "doubles are one");
    assert_eq!(home.bob.get(&bob).expect(200), both);
    home.oscar.get(&bob).refused(404, "not_found");
    home.members_hear(&[(MEMBER_UPDATE, both)]);
    home.mona.patch(&bob, json!({"roles": [helper, painter]})).expect(200);
    home.mona.patch(&bob, json!({})).expect(200);
    home.nobody_hears();
    let one = home.mona.patch(&bob, json!({"roles": [painter]})).expect(200);
    assert_eq!(set(&one), std::slice::from_ref(&painter));
    home.members_hear(&[(MEMBER_UPDATE, one)]);

    // Not above her own, not away from above her own, not what is no role; and then nothing changes.
    for (roles, status) in
        [(json!([chief]), 403), (json!([home.moderator]), 403), (json!([helper, "1"]), 400), (json!(null), 400)]
    {
        assert_eq!(home.mona.patch(&bob, json!({"roles": roles})).status, status, "{roles}");
    }
    home.mona.patch(&home.member(&home.alice), json!({"roles": [helper]})).refused(403, "forbidden");
    home.mona.patch(&home.path("/members/@me"), json!({"roles": [helper]})).refused(403, "forbidden");
    home.mona.patch(&home.member(&home.oscar), json!({"roles": []})).refused(404, "not_found");
    for person in [&home.alice, &home.mona] {
        // Whoever may act on no other member learns that first, whatever the body.
        home.bob.patch(&home.member(person), json!({"roles": 7})).refused(403, "forbidden");
    }
    home.bob.patch(&bob, json!({"roles": []})).refused(403, "forbidden");
    home.oscar.patch(&bob, json!({"roles": 7})).refused(404, "not_found");
    home.nobody_hears();

    // Herself she may give what is below her; once bob stands above her she can do nothing with him.
    let mona = home.mona.patch(&home.path("/members/@me"), json!({"roles": [home.moderator, helper]})).expect(200);
    let bob_is_chief = home.gives(&home.bob, &[&chief, &painter]);
    home.members_hear(&[(MEMBER_UPDATE, mona), (MEMBER_UPDATE, bob_is_chief)]);
    home.mona.patch(&bob, json!({"roles": [chief]})).refused(403, "forbidden");
    // A deleted role is nobody's any more, without a word about each of those who had it.
    home.alice.delete(&home.path(&format!("/roles/{chief}"))).expect(204);
    home.members_hear(&[home.roles_update()]);
    assert_eq!(set(&home.alice.get(&bob).expect(200)), [painter]);
    home.mona.patch(&bob, json!({"roles": []})).expect(200);
}

#[test]
fn a_role_gives_what_it_says_from_the_moment_it_is_held() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let keeper = home.role("keeper", &["manage_channels"]);
    let make = || home.bob.post(&home.path("/channels"), json!({"name": "bob's"})).status;
    let own = || {
        let screen = first_screen(&home.bob);
        let server = screen["servers"][0].clone();
        assert_eq!(server["channels"][0]["permissions"], server["permissions"]);
        (
            server["permissions"].as_array().unwrap().contains(&json!("manage_channels")),
            server["member"]["roles"].clone(),
        )
    };
    assert_eq!((make(), own()), (403, (false, json!([]))));
    home.gives(&home.bob, &[&keeper]);
    assert_eq!((make(), own()), (201, (true, json!([keeper]))));
    home.alice.patch(&home.path(&format!("/roles/{keeper}")), json!({"permissions": ["kick_members"]})).expect(200);
    assert_eq!((make(), own()), (403, (false, json!([keeper]))));
    home.alice.patch(&home.path(&format!("/roles/{keeper}")), json!({"permissions": ["manage_channels"]})).expect(200);
    assert_eq!(make(), 201);
    home.alice.delete(&home.path(&format!("/roles/{keeper}"))).expect(204);
    assert_eq!((make(), own()), (403, (false, json!([]))));
    // Whoever comes back comes without their roles.
    let helper = home.role("helper", &[]);
    home.gives(&home.bob, &[&helper]);
    home.bob.delete(&home.path("/members/@me")).expect(204);
    home.alice.invites(&home.server, &[&home.bob]);
    assert_eq!(own(), (false, json!([])));
}
