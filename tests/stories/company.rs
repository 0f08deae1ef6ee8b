//! The company of the stories about rank and sight: alice owns the server, mona moderates it with a role, bob is a
//! member, oscar is outside. Each has a connection, so that a story can tell of an act what all four hear of it.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PATIENCE, Person, World, text};

pub const MESSAGE_CREATE: u64 = 11;
pub const MESSAGE_UPDATE: u64 = 12;
pub const MESSAGE_DELETE: u64 = 13;
pub const CHANNEL_CREATE: u64 = 20;
pub const CHANNEL_UPDATE: u64 = 21;
pub const CHANNEL_DELETE: u64 = 22;
pub const MEMBER_ADD: u64 = 30;
pub const MEMBER_REMOVE: u64 = 31;
pub const MEMBER_UPDATE: u64 = 32;
pub const SERVER_UPDATE: u64 = 33;
pub const SERVER_DELETE: u64 = 34;
pub const ROLES_UPDATE: u64 = 35;
pub const PRESENCE_UPDATE: u64 = 40;
pub const USER_UPDATE: u64 = 41;
pub const TYPING_START: u64 = 50;
pub const READ_UPDATE: u64 = 60;
pub const BLOCK_UPDATE: u64 = 63;

/// An event as a story tells it: its op and its `d`.
pub type Event = (u64, Value);

/// What everybody may do in a new server.
pub const STARTING: [&str; 5] = ["view_channel", "send_messages", "attach_files", "add_reactions", "create_invite"];

/// Four people, alice's server with its channel, and mona's role.
pub struct Company<'a> {
    pub alice: Person<'a>,
    pub mona: Person<'a>,
    pub bob: Person<'a>,
    pub oscar: Person<'a>,
    pub server: String,
    pub general: String,
    pub moderator: String,
    /// In the order of `people`. In a cell, because people act while others listen.
    ears: RefCell<[Gateway; 4]>,
    marks: Cell<u32>,
}

impl<'a> Company<'a> {
    /// Mona's role may do this beyond what everyone may. Oscar is the instance's administrator, which gives him nothing.
    pub fn gather(world: &'a World, permissions: &[&str]) -> Self {
        let [oscar, alice, mona, bob] = ["oscar", "alice", "mona", "bob"].map(|name| world.person(name));
        let (server, general) = alice.creates_server("home");
        alice.invites(&server, &[&mona, &bob]);
        let role = json!({"name": "moderator", "permissions": permissions});
        let role = alice.post(&format!("/servers/{server}/roles"), role).expect(201);
        let moderator = text(&role["role_id"]);
        alice.patch(&format!("/servers/{server}/members/{}", mona.id), json!({"roles": [moderator]})).expect(200);
        let ears = RefCell::new([&alice, &mona, &bob, &oscar].map(Person::connects));
        Self { alice, mona, bob, oscar, server, general, moderator, ears, marks: Cell::new(0) }
    }

    /// Those who act and listen, each with their name.
    pub fn people(&self) -> [(&'static str, &Person<'a>); 4] {
        [("alice", &self.alice), ("mona", &self.mona), ("bob", &self.bob), ("oscar", &self.oscar)]
    }

    /// A path below the server's.
    pub fn path(&self, rest: &str) -> String {
        format!("/servers/{}{rest}", self.server)
    }

    /// The path of a member.
    pub fn member(&self, person: &Person<'_>) -> String {
        self.path(&format!("/members/{}", person.id))
    }

    /// The path of a role's override in a channel.
    pub fn r#override(&self, channel: &str, role: &str) -> String {
        format!("/channels/{channel}/overrides/{role}")
    }

    /// Alice makes a role, which enters as the lowest; its ID.
    #[track_caller]
    pub fn role(&self, name: &str, permissions: &[&str]) -> String {
        let role = json!({"name": name, "permissions": permissions});
        text(&self.alice.post(&self.path("/roles"), role).expect(201)["role_id"])
    }

    /// Alice gives somebody these roles and no others; the member.
    #[track_caller]
    pub fn gives(&self, person: &Person<'_>, roles: &[&str]) -> Value {
        self.alice.patch(&self.member(person), json!({"roles": roles})).expect(200)
    }

    /// Alice makes a channel that everyone sees, or with overrides; the channel.
    #[track_caller]
    pub fn channel(&self, name: &str, overrides: Value) -> Value {
        self.alice.post(&self.path("/channels"), json!({"name": name, "overrides": overrides})).expect(201)
    }

    /// Alice makes a channel that she and those with a role see; the channel.
    #[track_caller]
    pub fn private_channel(&self, name: &str, role: &str) -> Value {
        let allow = json!({"role_id": role, "allow": ["view_channel"]});
        self.channel(name, json!([allow, {"role_id": self.server, "deny": ["view_channel"]}]))
    }

    /// Alice sets what a role may do in a channel.
    #[track_caller]
    pub fn overrides(&self, channel: &str, role: &str, allow: &[&str], deny: &[&str]) {
        let path = self.r#override(channel, role);
        self.alice.put(&path, json!({"allow": allow, "deny": deny})).expect(204);
    }

    /// The roles as ROLES_UPDATE tells them now.
    #[track_caller]
    pub fn roles_update(&self) -> Event {
        let roles = self.alice.get(&self.path("/roles")).expect(200);
        (ROLES_UPDATE, json!({"server_id": self.server, "roles": roles}))
    }

    /// An event about a channel as alice sees it now.
    #[track_caller]
    pub fn told(&self, op: u64, channel: &str) -> Event {
        (op, self.alice.get(&format!("/channels/{channel}")).expect(200))
    }

    /// A channel of the server is gone.
    pub fn gone(&self, channel: &str) -> Event {
        (CHANNEL_DELETE, json!({"channel_id": channel, "server_id": self.server}))
    }

    /// Somebody is no member any more.
    pub fn removed(&self, person: &Person<'_>, reason: &str) -> Event {
        (MEMBER_REMOVE, json!({"server_id": self.server, "user_id": person.id, "reason": reason}))
    }

    /// What everyone has heard since this was last asked, presences aside: those come and go on their own time.
    #[track_caller]
    pub fn heard(&self) -> [Vec<Event>; 4] {
        self.heard_of_all().map(|mut heard| {
            heard.retain(|(op, _)| *op != PRESENCE_UPDATE);
            heard
        })
    }

    /// What everyone has heard since this was last asked, presences included. A mark that each sets behind it, in
    /// their own profile, proves that there is nothing more.
    #[track_caller]
    pub fn heard_of_all(&self) -> [Vec<Event>; 4] {
        self.marks.set(self.marks.get() + 1);
        let mark = format!("mark {}", self.marks.get());
        for (_, person) in self.people() {
            person.patch("/users/@me", json!({"bio": mark})).expect(200);
        }
        let mut ears = self.ears.borrow_mut();
        let mut heard = [const { Vec::new() }; 4];
        for (((_, person), ear), heard) in self.people().into_iter().zip(ears.iter_mut()).zip(&mut heard) {
            loop {
                let frame = ear.next();
                let (op, d) = (frame["op"].as_u64().unwrap(), frame["d"].clone());
                let is_mark = op == USER_UPDATE && d["bio"].as_str().is_some_and(|bio| bio.starts_with("mark "));
                if is_mark && (&d["user_id"], &d["bio"]) == (&json!(person.id), &json!(mark)) {
                    break;
                }
                // The others' marks, and answers to heartbeats, are no news.
                if !is_mark && let Some(s) = frame["s"].as_u64() {
                    assert!(s > ear.last_s, "{s} came after {}", ear.last_s);
                    ear.last_s = s;
                    heard.push((op, d));
                }
            }
        }
        heard
    }

    /// Since the last time these people have heard exactly this, and whoever is not named nothing.
    #[track_caller]
    pub fn hear(&self, expected: &[(&str, &[Event])]) {
        for ((name, _), heard) in self.people().into_iter().zip(self.heard()) {
            let for_them = expected.iter().filter(|(names, _)| names.split(' ').any(|one| one == name));
            let wanted: Vec<Event> = for_them.flat_map(|(_, events)| events.iter().cloned()).collect();
            assert_eq!(heard, wanted, "what {name} heard (left) is not what they should have");
        }
    }

    /// All members have heard exactly this, and oscar nothing.
    #[track_caller]
    pub fn members_hear(&self, events: &[Event]) {
        self.hear(&[("alice mona bob", events)]);
    }

    /// Nobody has heard anything since the last time.
    #[track_caller]
    pub fn nobody_hears(&self) {
        self.hear(&[]);
    }

    /// Somebody who has heard everything says that they are typing; the answer to a heartbeat shows that it was read.
    #[track_caller]
    pub fn types(&self, name: &str, channel: &str) {
        let at = self.people().into_iter().position(|(one, _)| one == name).unwrap();
        let ear = &mut self.ears.borrow_mut()[at];
        ear.send(TYPING_START as u8, json!({"channel_id": channel}));
        ear.send(1, Value::Null);
        loop {
            let frame = ear.next();
            if frame["op"] == 2 {
                return;
            }
            assert!(matches!(frame["op"].as_u64(), Some(PRESENCE_UPDATE | USER_UPDATE)), "{frame}");
        }
    }

    /// What an act answers to whoever may not do it: 403 to bob, who is a member, and 404 to oscar.
    #[track_caller]
    pub fn only_for_some(&self, act: impl Fn(&Person<'_>) -> Answer) {
        act(&self.bob).refused(403, "forbidden");
        act(&self.oscar).refused(404, "not_found");
    }
}

/// A first screen, of a device that says goodbye as soon as it has it.
#[track_caller]
pub fn first_screen(person: &Person<'_>) -> Value {
    let mut device = person.connects();
    let screen = device.connected["d"].take();
    device.close(1000);
    screen
}

/// The channels that somebody sees in the server: in the list, and on the first screen.
#[track_caller]
pub fn sees(person: &Person<'_>, server: &str) -> Vec<String> {
    let names = |channels: &Value| channels.as_array().unwrap().iter().map(|c| text(&c["name"])).collect::<Vec<_>>();
    let listed = names(&person.get(&format!("/servers/{server}/channels")).expect(200));
    let screen = first_screen(person);
    let servers = screen["servers"].as_array().unwrap();
    let shown = servers.iter().find(|one| one["server_id"] == server).unwrap();
    assert_eq!(names(&shown["channels"]), listed, "the first screen shows what is listed");
    listed
}

/// How far somebody has read a channel, as their first screen says.
#[track_caller]
pub fn has_read(person: &Person<'_>, channel: &str) -> Value {
    let screen = first_screen(person);
    let states = screen["read_states"].as_array().unwrap();
    let state = states.iter().find(|state| state["channel_id"] == channel);
    state.map_or(Value::Null, |state| state["message_id"].clone())
}

/// Waits until somebody has read a channel up to a message: what many come to see at once counts as read soon after.
#[track_caller]
pub fn comes_to_have_read(person: &Person<'_>, channel: &str, message: &Value) {
    let begun = Instant::now();
    loop {
        let read = has_read(person, channel);
        if read == *message {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "read up to {read} for good, and not up to {message}");
    }
}
