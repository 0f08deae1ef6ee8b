//! Everybody whom the matrix knows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::harness::{Person, World};

/// A kind of person, and the one who stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Without a token.
    Anonymous,
    /// The owner, with the token of a session that has been signed out: good until then for everything.
    SignedOut,
    /// Never was a member.
    Outsider,
    /// Was a member, wrote a message, made an invite, and was kicked.
    Kicked,
    /// The same, but banned.
    Banned,
    /// A member without any role.
    Member,
    /// A member who may kick and ban people and manage messages, roles and channels, but not the server.
    Moderator,
    /// The owner of the server.
    Owner,
    /// The administrator of the instance, and no member.
    Admin,
    /// Another member without any role: the one on whom others act.
    Peer,
    /// Another moderator.
    Equal,
}

/// Those with an account, by the name they have. The first account is the administrator's.
const ACCOUNTS: [(Who, &str); 9] = [
    (Who::Admin, "admin"),
    (Who::Owner, "owner"),
    (Who::Moderator, "moderator"),
    (Who::Member, "member"),
    (Who::Banned, "banned"),
    (Who::Kicked, "kicked"),
    (Who::Outsider, "outsider"),
    (Who::Peer, "peer"),
    (Who::Equal, "equal"),
];

impl Who {
    /// The kind that a column of a table is about.
    #[track_caller]
    pub fn named(name: &str) -> Self {
        match name {
            "anonymous" => Self::Anonymous,
            "signed-out" => Self::SignedOut,
            _ => {
                let found = ACCOUNTS.iter().find(|(_, known)| *known == name);
                found.unwrap_or_else(|| panic!("nobody is called {name}")).0
            }
        }
    }

    /// Whether they are in the server: all others see nothing of it.
    pub fn is_member(self) -> bool {
        matches!(self, Self::Member | Self::Moderator | Self::Owner | Self::Peer | Self::Equal)
    }

    /// Whether they have a live session.
    pub fn is_signed_in(self) -> bool {
        !matches!(self, Self::Anonymous | Self::SignedOut)
    }
}

/// All of them, in one world.
pub struct People<'a> {
    pub world: &'a World,
    accounts: BTreeMap<Who, Person<'a>>,
    signed_out: Person<'a>,
    newcomers: AtomicU32,
}

impl<'a> People<'a> {
    /// They all register, and the owner signs in once more, and out.
    pub fn of(world: &'a World) -> Self {
        let accounts = ACCOUNTS.into_iter().map(|(who, name)| (who, world.person(name))).collect();
        let signed_out = world.sign_in("owner");
        signed_out.ask("POST", "/auth/logout", None).expect(204);
        Self { world, accounts, signed_out, newcomers: AtomicU32::new(0) }
    }

    /// Somebody with an account.
    #[track_caller]
    pub fn get(&self, who: Who) -> &Person<'a> {
        self.person(who).unwrap_or_else(|| panic!("{who:?} has no account"))
    }

    /// Somebody, unless they are nobody.
    pub fn person(&self, who: Who) -> Option<&Person<'a>> {
        if who == Who::SignedOut { Some(&self.signed_out) } else { self.accounts.get(&who) }
    }

    /// Signs somebody in anew: they have used their session up.
    pub fn renew(&mut self, who: Who) {
        let (_, name) = ACCOUNTS.into_iter().find(|(known, _)| *known == who).unwrap();
        self.accounts.insert(who, self.world.sign_in(name));
    }

    /// The ID of somebody's session.
    pub fn session_of(&self, who: Who) -> String {
        let sessions = self.get(who).get("/auth/sessions").expect(200);
        let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        current["session_id"].as_str().unwrap().to_owned()
    }

    /// The ID of a push subscription of somebody's: a new one, in the place of those that they had.
    pub fn subscription_of(&self, who: Who) -> String {
        let (person, path) = (self.get(who), "/users/@me/push-subscriptions");
        for old in person.get(path).expect(200).as_array().unwrap() {
            person.delete(&format!("{path}/{}", old["subscription_id"].as_str().unwrap())).expect(204);
        }
        let made = person.post(path, self.new_push_subscription()).expect(201);
        made["subscription_id"].as_str().unwrap().to_owned()
    }

    /// What a browser that nobody has says of its push service, which is not there: RFC 8291's own keys.
    pub fn new_push_subscription(&self) -> Value {
        let keys = json!({
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        });
        json!({"endpoint": format!("https://push.chatd.example/{}", self.new_name()), "keys": keys})
    }

    /// A name that nobody has.
    pub fn new_name(&self) -> String {
        format!("newcomer_{}", self.newcomers.fetch_add(1, Ordering::Relaxed))
    }
}
