//! Whatever happens to roles, overrides, members and ownership: what people hear agrees with what they see.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::company::{
    CHANNEL_CREATE, CHANNEL_DELETE, CHANNEL_UPDATE, Company, Event, MEMBER_ADD, MEMBER_REMOVE, MESSAGE_CREATE,
    PRESENCE_UPDATE, USER_UPDATE, sees,
};
use crate::harness::{Person, World, text};

/// How many acts of chance there are in each round, and how many rounds.
const ACTS: usize = 12;
const ROUNDS: usize = 8;

/// A generator of numbers that look random and are the same in each run (xorshift).
struct Chance(u64);

impl Chance {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Each of some with even odds.
    fn some(&mut self, of: &[String]) -> Vec<String> {
        of.iter().filter(|_| self.below(2) == 0).cloned().collect()
    }

    /// Whether a role may view a channel, may not, or neither.
    fn sight(&mut self) -> Value {
        let bits = ["view_channel"];
        match self.below(3) {
            0 => json!({"allow": bits}),
            1 => json!({"deny": bits}),
            _ => json!({"deny": ["add_reactions"]}),
        }
    }
}

/// What alice may do to: roles and channels as they come and go.
struct Things {
    roles: Vec<String>,
    channels: Vec<String>,
    count: usize,
}

/// One act of chance by whoever owns the server. What is refused is as good as what is done.
fn act(home: &Company<'_>, owner: &Person<'_>, things: &mut Things, chance: &mut Chance) {
    let people = [&home.alice, &home.mona, &home.bob, &home.oscar];
    let (roles, channels) = (home.path("/roles"), home.path("/channels"));
    let everyone = [things.roles.as_slice(), std::slice::from_ref(&home.server)].concat();
    let permissions = |chance: &mut Chance| json!({"permissions": chance.some(&["view_channel".to_owned()])});
    things.count += 1;
    match chance.below(12) {
        0 if things.roles.len() < 5 => {
            let mut role = permissions(chance);
            role["name"] = json!(things.count.to_string());
            things.roles.push(text(&owner.post(&roles, role).expect(201)["role_id"]));
        }
        1 if things.channels.len() < 6 => {
            let overrides: Vec<_> = everyone.iter().map(|role| (role, chance.sight())).collect();
            let overrides = overrides.into_iter().map(|(role, mut sight)| {
                sight["role_id"] = json!(role);
                sight
            });
            let body = json!({"name": things.count.to_string(), "overrides": overrides.collect::<Vec<_>>()});
            things.channels.push(text(&owner.post(&channels, body).expect(201)["channel_id"]));
        }
        2 if things.roles.len() > 2 => {
            let role = things.roles.swap_remove(chance.below(things.roles.len()));
            owner.delete(&format!("{roles}/{role}")).expect(204);
        }
        3 if things.channels.len() > 3 => {
            let channel = things.channels.swap_remove(chance.below(things.channels.len()));
            owner.delete(&format!("/channels/{channel}")).expect(204);
        }
        4 => drop(owner.patch(&format!("{roles}/{}", chance.one(&everyone)), permissions(chance)).expect(200)),
        5 => drop(owner.delete(&home.r#override(&chance.one(&things.channels), &chance.one(&everyone)))),
        6 => {
            let channel = format!("/channels/{}", chance.one(&things.channels));
            owner.patch(&channel, json!({"topic": things.count.to_string(), "position": chance.below(4)})).expect(200);
        }
        7 => {
            // Whoever is outside comes in, and whoever is inside goes; the owner stays.
            let person = chance.one(&people);
            if owner.delete(&home.member(person)).status == 404 {
                owner.invites(&home.server, &[person]);
            }
        }
        8 if chance.below(3) == 0 => {
            owner.patch(&home.path(""), json!({"owner_id": chance.one(&people).id}));
        }
        9 | 10 => {
            let held = chance.some(&things.roles);
            owner.patch(&home.member(chance.one(&people)), json!({"roles": held}));
        }
        _ => {
            let path = home.r#override(&chance.one(&things.channels), &chance.one(&everyone));
            owner.put(&path, chance.sight()).expect(204);
        }
    }
}

/// Whoever owns the server by now.
fn owner<'a, 'b>(home: &'a Company<'b>) -> &'a Person<'b> {
    let people = home.people().into_iter().map(|(_, person)| person);
    let owns = |person: &&Person<'_>| person.get(&home.path("")).json["owner_id"] == json!(person.id);
    people.into_iter().find(owns).unwrap()
}

/// The channels of the server that somebody sees; none if they are not in it.
fn listed(home: &Company<'_>, person: &Person<'_>) -> BTreeSet<String> {
    let channels = person.get(&home.path("/channels")).json;
    channels.as_array().into_iter().flatten().map(|channel| text(&channel["channel_id"])).collect()
}

/// What an event makes of the channels that somebody knows of.
fn follow(known: &mut BTreeSet<String>, me: &str, (op, d): &Event) {
    let channel = d["channel_id"].as_str().unwrap_or_default().to_owned();
    match *op {
        CHANNEL_CREATE => assert!(known.insert(channel), "it was there already: {d}"),
        CHANNEL_DELETE => assert!(known.remove(&channel), "it was not there: {d}"),
        CHANNEL_UPDATE | MESSAGE_CREATE => assert!(known.contains(&channel), "it is none of theirs: {d}"),
        MEMBER_ADD if d["user"]["user_id"] == me => {
            assert!(known.is_empty());
            let channels = d["server"]["channels"].as_array().unwrap();
            known.extend(channels.iter().map(|channel| text(&channel["channel_id"])));
        }
        MEMBER_REMOVE if d["user_id"] == me => known.clear(),
        _ => {}
    }
}

fn the_walk(seed: u64) {
    let world = World::start();
    let home = Company::gather(&world, &["view_channel"]);
    let mut chance = Chance(seed);
    let mut things = Things { roles: vec![home.moderator.clone()], channels: vec![home.general.clone()], count: 0 };
    let people = home.people();
    let mut known: BTreeMap<_, _> = people.map(|(name, person)| (name, listed(&home, person))).into();
    for _ in 0..ROUNDS {
        home.heard();
        // Each has a second device, which is away for this round and hears of it afterwards.
        let away = people.map(|(_, person)| {
            let device = person.connects();
            let session = (text(&device.connected["d"]["session_id"]), json!(device.last_s));
            device.vanish();
            session
        });
        let mut heard = [const { Vec::new() }; 4];
        for _ in 0..ACTS {
            act(&home, owner(&home), &mut things, &mut chance);
            // By what is said somewhere it shows who hears it.
            owner(&home).says(&chance.one(&things.channels), "and now?");
            for (((name, person), news), heard) in people.into_iter().zip(home.heard()).zip(&mut heard) {
                let known = known.get_mut(name).unwrap();
                news.iter().for_each(|event| follow(known, &person.id, event));
                assert_eq!(*known, listed(&home, person), "seed {seed}: what {name} knows of, and what is there");
                heard.extend(news);
            }
        }
        for (((name, person), (session, s)), heard) in people.into_iter().zip(away).zip(heard) {
            let mut device = person.resumes(&session, &s);
            let mut replayed = Vec::new();
            loop {
                let frame = device.next();
                match frame["op"].as_u64().unwrap() {
                    5 => break,
                    6 => panic!("seed {seed}: the session of {name} is lost"),
                    PRESENCE_UPDATE | USER_UPDATE => {}
                    op => replayed.push((op, frame["d"].clone())),
                }
            }
            assert_eq!(replayed, heard, "seed {seed}: what {name} missed, and what was there to hear");
            device.close(1000);
        }
    }
    // The first screen of whoever is still in shows the same.
    for (_, person) in people.into_iter().filter(|(_, person)| person.get(&home.path("")).status == 200) {
        sees(person, &home.server);
    }
}

#[test]
fn what_people_hear_agrees_with_what_they_see_live_and_after_a_resume() {
    for seed in [1, 0x9E37_79B9, 0x2545_F491_4F6C_DD1D] {
        the_walk(seed);
    }
}
