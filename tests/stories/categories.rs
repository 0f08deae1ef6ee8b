//! Categories: what stands in them, how the list of channels is ordered, and what is hidden of it.

use serde_json::{Value, json};

use crate::company::{CHANNEL_CREATE, CHANNEL_UPDATE, Company, sees};
use crate::harness::{World, text};

/// Alice makes a category; its ID.
#[track_caller]
fn category(home: &Company<'_>, name: &str) -> String {
    text(&home.alice.post(&home.path("/channels"), json!({"name": name, "type": "category"})).expect(201)["channel_id"])
}

/// Changes a channel as alice; the channel.
#[track_caller]
fn change(home: &Company<'_>, channel: &str, change: Value) -> Value {
    home.alice.patch(&format!("/channels/{channel}"), change).expect(200)
}

#[test]
fn channels_go_into_a_category_and_out_again() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_channels"]);
    let channels = home.path("/channels");
    let new = json!({"name": "Rooms", "type": "category", "topic": "downstairs"});
    home.only_for_some(|person| person.post(&channels, new.clone()));
    let rooms = home.mona.post(&channels, new).expect(201);
    let wanted = (&json!("category"), &Value::Null, &json!(1), &Value::Null);
    assert_eq!((&rooms["type"], &rooms["parent_id"], &rooms["position"], &rooms["last_message_id"]), wanted);
    let kitchen = json!({"name": "kitchen", "parent_id": rooms["channel_id"]});
    let kitchen = home.mona.post(&channels, kitchen).expect(201);
    assert_eq!((&kitchen["parent_id"], &kitchen["position"]), (&rooms["channel_id"], &json!(2)));
    home.members_hear(&[(CHANNEL_CREATE, rooms.clone()), (CHANNEL_CREATE, kitchen.clone())]);

    let path = format!("/channels/{}", text(&kitchen["channel_id"]));
    let out = home.mona.patch(&path, json!({"parent_id": null})).expect(200);
    assert_eq!(out["parent_id"], Value::Null);
    // In again, and to another place: that is one change of this channel, besides those that make room.
    let back = home.mona.patch(&path, json!({"parent_id": rooms["channel_id"], "position": 1})).expect(200);
    assert_eq!((&back["parent_id"], &back["position"]), (&rooms["channel_id"], &json!(1)));
    let moved = home.told(CHANNEL_UPDATE, &text(&rooms["channel_id"]));
    assert_eq!(moved.1["position"], 2);
    home.members_hear(&[(CHANNEL_UPDATE, out), (CHANNEL_UPDATE, back.clone()), moved]);
    assert_eq!(home.mona.patch(&path, json!({"parent_id": rooms["channel_id"]})).expect(200), back);

    // Nothing stands in what is no category of this server, no category in another, and none is written to.
    let (elsewhere, _) = home.mona.creates_server("elsewhere");
    let foreign = json!({"name": "foreign", "type": "category"});
    let foreign = home.mona.post(&format!("/servers/{elsewhere}/channels"), foreign).expect(201);
    home.heard();
    for bad in [&json!(home.general), &foreign["channel_id"], &json!("1"), &kitchen["channel_id"], &json!(1)] {
        home.mona.patch(&path, json!({"parent_id": bad})).refused(400, "invalid_field");
        home.mona.post(&channels, json!({"name": "x", "parent_id": bad})).refused(400, "invalid_field");
    }
    let attic = category(&home, "Attic");
    let told = home.told(CHANNEL_CREATE, &attic);
    home.mona
        .patch(&format!("/channels/{attic}"), json!({"parent_id": rooms["channel_id"]}))
        .refused(400, "invalid_field");
    home.mona.post(&format!("/channels/{attic}/messages"), json!({"content": "x"})).refused(404, "not_found");
    home.mona.put(&format!("/channels/{attic}/read"), json!({"message_id": "1"})).refused(404, "not_found");
    home.members_hear(&[told]);
}

#[test]
fn each_channel_that_moves_is_told_to_those_who_see_it() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let secret = text(&home.private_channel("secret", &home.moderator)["channel_id"]);
    let [hall, attic] = ["hall", "attic"].map(|name| text(&home.channel(name, json!([]))["channel_id"]));
    home.heard();
    let moved = change(&home, &attic, json!({"position": 1}));
    assert_eq!(moved["position"], 1);
    let told = [&attic, &secret, &hall].map(|channel| home.told(CHANNEL_UPDATE, channel));
    assert_eq!(told.each_ref().map(|(_, channel)| channel["position"].clone()), [json!(1), json!(2), json!(3)]);
    let [first, second, third] = told;
    home.hear(&[("alice mona", &[first.clone(), second, third.clone()]), ("bob", &[first, third])]);
    assert_eq!(sees(&home.mona, &home.server), ["general", "attic", "secret", "hall"]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "attic", "hall"]);
    // Behind the last is last; where it is already is no move.
    assert_eq!(change(&home, &hall, json!({"position": 99}))["position"], 3);
    home.nobody_hears();
    // What bob does not see moves without a word to him, but he hears of what makes room for it.
    change(&home, &secret, json!({"position": 3}));
    let told = [&hall, &secret].map(|channel| home.told(CHANNEL_UPDATE, channel));
    home.hear(&[("alice mona", &told), ("bob", &told[..1])]);
    // A deleted channel leaves a gap that is nobody's news.
    home.alice.delete(&format!("/channels/{attic}")).expect(204);
    home.members_hear(&[home.gone(&attic)]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "hall"]);
    let last = text(&home.channel("last", json!([]))["channel_id"]);
    home.members_hear(&[home.told(CHANNEL_CREATE, &last)]);
    assert_eq!(sees(&home.alice, &home.server), ["general", "hall", "secret", "last"]);
}

#[test]
fn what_stood_in_a_deleted_category_stands_free() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_channels"]);
    let rooms = category(&home, "Rooms");
    let secret = text(&home.private_channel("secret", &home.moderator)["channel_id"]);
    let hall = text(&home.channel("hall", json!([]))["channel_id"]);
    for channel in [&secret, &hall] {
        change(&home, channel, json!({"parent_id": rooms}));
    }
    let message = home.alice.says(&hall, "still here");
    home.heard();
    home.only_for_some(|person| person.delete(&format!("/channels/{rooms}")));
    home.nobody_hears();
    home.mona.delete(&format!("/channels/{rooms}")).expect(204);
    let freed = [&secret, &hall].map(|channel| home.told(CHANNEL_UPDATE, channel));
    assert!(freed.iter().all(|(_, channel)| channel["parent_id"].is_null()));
    home.hear(&[("alice mona bob", &[home.gone(&rooms)]), ("alice mona", &freed), ("bob", &freed[1..])]);
    home.mona.get(&format!("/channels/{rooms}")).refused(404, "not_found");
    assert_eq!(home.bob.get(&format!("/channels/{hall}/messages")).expect(200)[0]["message_id"], json!(message));
    home.mona.patch(&format!("/channels/{hall}"), json!({"parent_id": rooms})).refused(400, "invalid_field");
}

#[test]
fn a_hidden_category_hides_itself_and_not_what_stands_in_it() {
    let world = World::start();
    let home = Company::gather(&world, &["manage_channels"]);
    let rooms = category(&home, "Rooms");
    let hall = text(&home.channel("hall", json!([]))["channel_id"]);
    change(&home, &hall, json!({"parent_id": rooms}));
    home.heard();
    home.overrides(&rooms, &home.server, &[], &["view_channel"]);
    home.hear(&[("alice", &[home.told(CHANNEL_UPDATE, &rooms)]), ("mona bob", &[home.gone(&rooms)])]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "hall"]);
    home.bob.says(&hall, "I am still in");
    // For mona it is not there: not to change, not to delete, not to put anything in.
    let path = format!("/channels/{rooms}");
    home.mona.get(&path).refused(404, "not_found");
    home.mona.patch(&path, json!({"name": 7})).refused(404, "not_found");
    home.mona.delete(&path).refused(404, "not_found");
    home.mona
        .put(&home.r#override(&rooms, &home.moderator), json!({"allow": ["view_channel"]}))
        .refused(404, "not_found");
    home.heard();
    for body in [json!({"name": "x", "parent_id": rooms}), json!({"name": "x", "parent_id": "1"})] {
        home.mona.post(&home.path("/channels"), body.clone()).refused(400, "invalid_field");
        home.mona.patch(&format!("/channels/{}", home.general), body).refused(400, "invalid_field");
    }
    home.nobody_hears();
    // What stands in it she may change, and take out, after which she cannot put it back.
    let renamed = home.mona.patch(&format!("/channels/{hall}"), json!({"name": "Hall"})).expect(200);
    let out = home.mona.patch(&format!("/channels/{hall}"), json!({"parent_id": null})).expect(200);
    home.members_hear(&[(CHANNEL_UPDATE, renamed), (CHANNEL_UPDATE, out)]);
    home.mona.patch(&format!("/channels/{hall}"), json!({"parent_id": rooms})).refused(400, "invalid_field");

    // Let in again, they get it as a new one.
    home.overrides(&rooms, &home.moderator, &["view_channel"], &[]);
    home.hear(&[("alice", &[home.told(CHANNEL_UPDATE, &rooms)]), ("mona", &[home.told(CHANNEL_CREATE, &rooms)])]);
    let back = home.mona.patch(&format!("/channels/{hall}"), json!({"parent_id": rooms})).expect(200);
    home.members_hear(&[(CHANNEL_UPDATE, back)]);
    // The deletion of what bob does not see he hears by what it frees alone.
    home.mona.delete(&path).expect(204);
    let freed = home.told(CHANNEL_UPDATE, &hall);
    home.hear(&[("alice mona", &[home.gone(&rooms)]), ("alice mona bob", &[freed])]);
}

#[test]
fn a_category_is_private_from_its_first_moment_as_a_channel_is() {
    let world = World::start();
    let home = Company::gather(&world, &[]);
    let hidden = json!([{"role_id": home.server, "deny": ["view_channel"]}]);
    let body = json!({"name": "Staff", "type": "category", "overrides": hidden});
    let staff = home.alice.post(&home.path("/channels"), body).expect(201);
    home.hear(&[("alice", &[(CHANNEL_CREATE, staff.clone())])]);
    // What is made in it is as open as it says itself.
    let desk = json!({"name": "desk", "parent_id": staff["channel_id"]});
    let desk = home.alice.post(&home.path("/channels"), desk).expect(201);
    assert_eq!((&desk["overrides"], &desk["parent_id"]), (&json!([]), &staff["channel_id"]));
    home.members_hear(&[(CHANNEL_CREATE, desk)]);
    assert_eq!(sees(&home.bob, &home.server), ["general", "desk"]);
    assert_eq!(sees(&home.alice, &home.server), ["general", "Staff", "desk"]);
}
