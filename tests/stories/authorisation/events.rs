//! Who hears of what happens where: every event of a channel reaches those who see it, and nobody else.
//!
//! In the rows stands who sees the channel: `all` members, the `moderators`, the `owner` alone; `theirs` is a DM of the
//! peer's and the equal's. `x` hears of every act there, `-` of nothing. All have been connected since before they
//! joined, were kicked, or banned.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::grid;
use super::people::{People, Who};
use super::stage::{Setting, Sight, Stage};
use crate::harness::{Gateway, Person, World};

const TABLE: &str = "
               outsider    member    admin
                   kicked     moderator  equal
                      banned     owner      peer

all            -   -   -   x   x   x   -  x  x
moderators     -   -   -   -   x   x   -  x  -
owner          -   -   -   -   -   x   -  -  -
theirs         -   -   -   -   -   -   -  x  x
";

/// Lets somebody's connection come up to now, by an event of their own; the frames that came before it.
fn until_now(person: &Person<'_>, gateway: &mut Gateway, now: &str) -> Vec<Value> {
    person.patch("/users/@me", json!({"bio": now})).expect(200);
    let mut frames = Vec::new();
    loop {
        let frame = gateway.next();
        let d = &frame["d"];
        if frame["op"] == 41 && d["user_id"] == json!(person.id) && d["bio"] == now {
            return frames;
        }
        frames.push(frame);
    }
}

/// Writes, edits and deletes a message, types, and in a server changes the channel. How many events that makes.
fn act(person: &Person<'_>, channel: &str, in_server: bool) -> usize {
    let message = format!("/channels/{channel}/messages/{}", person.says(channel, "hello"));
    person.patch(&message, json!({"content": "changed"})).expect(200);
    person.delete(&message).expect(204);
    if in_server {
        person.patch(&format!("/channels/{channel}"), json!({"topic": "changed"})).expect(200);
    }
    if in_server { 4 } else { 3 }
}

#[test]
fn what_happens_is_told_to_those_who_see_it() {
    let world = World::start();
    let people = People::of(&world);
    let rows = grid::parse(TABLE);
    let everybody = rows[0].cells.iter().map(|(column, _)| Who::named(column));
    let mut gateways: BTreeMap<_, _> = everybody.map(|who| (who, people.get(who).connects())).collect();
    for row in &rows {
        let sight = match row.name().as_str() {
            "moderators" => Sight::Moderators,
            "owner" => Sight::Owner,
            _ => Sight::Everyone,
        };
        let stage = Stage::set(&people, Setting { sight, ..Setting::default() });
        let in_server = row.name() != "theirs";
        let (actor, channel) = if in_server {
            (people.get(Who::Owner), stage.channel)
        } else {
            let dm = people.get(Who::Peer).opens_dm(people.get(Who::Equal));
            people.get(Who::Peer).says(&dm, "hello");
            (people.get(Who::Peer), dm)
        };
        for (who, gateway) in &mut gateways {
            until_now(people.get(*who), gateway, &format!("before {}", row.name()));
        }
        let told = act(actor, &channel, in_server);
        for (column, cell) in &row.cells {
            let who = Who::named(column);
            let gateway = gateways.get_mut(&who).unwrap();
            let mut frames = until_now(people.get(who), gateway, &format!("after {}", row.name()));
            // How far one has read is told to oneself.
            frames.retain(|frame| frame["op"] != 60 && frame.to_string().contains(&channel));
            let expected = if *cell == "x" { told } else { 0 };
            assert_eq!(frames.len(), expected, "{}, {column}: {frames:?}", row.name());
        }
    }
}
