//! Ownership: handing a server over, and deleting it.

use serde_json::json;

use crate::company::{Company, MEMBER_ADD, SERVER_DELETE, SERVER_UPDATE, first_screen};
use crate::harness::{Person, World};

const NEARLY_ALL: [&str; 5] = ["manage_server", "manage_roles", "manage_channels", "kick_members", "ban_members"];

#[test]
fn a_server_is_handed_over_by_its_owner_to_a_member() {
    let world = World::start();
    let home = Company::gather(&world, &NEARLY_ALL);
    let path = home.path("");
    let to = |id: &str| json!({"owner_id": id});
    for person in [&home.alice, &home.mona, &home.bob] {
        home.mona.patch(&path, to(&person.id)).refused(403, "forbidden");
    }
    home.only_for_some(|person| person.patch(&path, to(&person.id)));
    for bad in [json!(home.oscar.id), json!("1"), json!("none"), json!(null), json!(1)] {
        home.alice.patch(&path, json!({"owner_id": bad})).refused(400, "invalid_field");
    }
    // A change that is refused is refused whole.
    home.alice.patch(&path, json!({"name": "hers", "owner_id": home.oscar.id})).refused(400, "invalid_field");
    home.mona.patch(&path, json!({"name": "hers", "owner_id": home.mona.id})).refused(403, "forbidden");
    // To herself is no change.
    assert_eq!(home.alice.patch(&path, to(&home.alice.id)).expect(200)["name"], "home");
    home.nobody_hears();

    let server = home.alice.patch(&path, json!({"owner_id": home.bob.id, "name": "bob's"})).expect(200);
    assert_eq!((&server["owner_id"], &server["name"]), (&json!(home.bob.id), &json!("bob's")));
    assert_eq!(home.mona.get(&path).expect(200), server);
    home.members_hear(&[(SERVER_UPDATE, server)]);

    // Alice, without a role, is a member like others now, and bob is above all, without any role.
    home.alice.patch(&path, to(&home.alice.id)).refused(403, "forbidden");
    home.alice.patch(&path, json!({"name": "mine"})).refused(403, "forbidden");
    home.alice.post(&home.path("/channels"), json!({"name": "x"})).refused(403, "forbidden");
    home.alice.delete(&path).refused(403, "forbidden");
    home.alice.delete(&home.member(&home.bob)).refused(403, "forbidden");
    home.mona.delete(&home.member(&home.bob)).refused(403, "forbidden");
    home.mona.patch(&home.member(&home.bob), json!({"nickname": "x"})).refused(403, "forbidden");
    home.bob.delete(&home.path("/members/@me")).refused(409, "owner_cannot_leave");
    home.nobody_hears();
    // Now mona outranks alice, who may leave as well; who is no member any more gets nothing back.
    home.mona.delete(&home.member(&home.alice)).expect(204);
    home.bob.patch(&path, to(&home.alice.id)).refused(400, "invalid_field");
    home.members_hear(&[home.removed(&home.alice, "kicked")]);
    home.alice.get(&path).refused(404, "not_found");
    let server = home.bob.patch(&path, to(&home.mona.id)).expect(200);
    home.hear(&[("mona bob", &[(SERVER_UPDATE, server)])]);
    home.bob.delete(&home.path("/members/@me")).expect(204);
    home.hear(&[("mona bob", &[home.removed(&home.bob, "left")])]);
}

#[test]
fn the_first_screen_of_the_new_owner_shows_all_permissions() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let permissions = |person: &Person<'_>| {
        let screen = first_screen(person);
        let server = &screen["servers"][0];
        [&server["permissions"], &server["channels"][0]["permissions"]].map(|all| all.as_array().unwrap().len())
    };
    assert_eq!((permissions(&home.alice), permissions(&home.bob)), ([12, 12], [5, 5]));
    home.alice.patch(&home.path(""), json!({"owner_id": home.bob.id})).expect(200);
    assert_eq!((permissions(&home.alice), permissions(&home.bob)), ([5, 5], [12, 12]));
}

#[test]
fn a_server_is_deleted_by_its_owner_alone_and_for_all_at_once() {
    let world = World::start();
    let home = Company::gather(&world, &NEARLY_ALL);
    home.channel("secret", json!([{"role_id": home.server, "deny": ["view_channel"]}]));
    home.mona.put(&home.path(&format!("/bans/{}", home.oscar.id)), json!({})).expect(204);
    home.heard();
    home.mona.delete(&home.path("")).refused(403, "forbidden");
    home.only_for_some(|person| person.delete(&home.path("")));
    home.nobody_hears();
    home.alice.delete(&home.path("")).expect(204);
    // One event, and none about what was in it.
    home.members_hear(&[(SERVER_DELETE, json!({"server_id": home.server}))]);
    for rest in ["", "/channels", "/roles", "/bans", "/members", "/audit-log", "/invites"] {
        for (_, person) in home.people() {
            person.get(&home.path(rest)).refused(404, "not_found");
        }
    }
    home.alice.patch(&home.member(&home.bob), json!({"roles": []})).refused(404, "not_found");
    home.alice.put(&home.r#override(&home.general, &home.server), json!({})).refused(404, "not_found");
    home.alice.post(&home.path("/roles"), json!({"name": "x"})).refused(404, "not_found");
    // Whoever shared nothing else does not know the others any more, and hears nothing of them.
    home.bob.get(&format!("/users/{}", home.alice.id)).refused(404, "not_found");
    home.mona.patch("/users/@me", json!({"status": "dnd"})).expect(200);
    let [on_alice, _, on_bob, on_oscar] = home.heard_of_all();
    assert!([on_alice, on_bob, on_oscar].iter().all(Vec::is_empty));
    home.bob.creates_server("his own");
    let [on_alice, on_mona, on_bob, on_oscar] = home.heard();
    assert_eq!((on_bob.len(), on_bob[0].0), (1, MEMBER_ADD));
    assert!([on_alice, on_mona, on_oscar].iter().all(Vec::is_empty));
}
