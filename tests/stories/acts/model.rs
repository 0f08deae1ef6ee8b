//! The reference: what the instance holds, in plain sets and lists, and who may do what by the contract's words.
//!
//! It is written from the contract and shares no code with the program: slow, obvious, and the other opinion.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

/// An ID as a number. A negative one stands for text that is no ID at all.
pub type Id = i64;
/// Somebody, as a place in [`Model::people`].
pub type Who = usize;
/// Names of permissions.
pub type Set = BTreeSet<&'static str>;
/// For each channel who sees it.
pub type Sight = BTreeMap<Id, BTreeSet<Who>>;

pub const ALL: [&str; 12] = [
    "view_channel",
    "send_messages",
    "attach_files",
    "add_reactions",
    "mention_everyone",
    "manage_messages",
    "manage_channels",
    "create_invite",
    "kick_members",
    "ban_members",
    "manage_roles",
    "manage_server",
];
/// What `everyone` starts with.
pub const FIRST: [&str; 5] = ["view_channel", "send_messages", "attach_files", "add_reactions", "create_invite"];

#[derive(Default)]
pub struct Model {
    pub people: Vec<Human>,
    pub servers: BTreeMap<Id, Server>,
    pub dms: BTreeMap<Id, Dm>,
    /// By channel, oldest first.
    pub messages: BTreeMap<Id, Vec<Message>>,
    /// The last message that a channel ever had.
    pub last: BTreeMap<Id, Id>,
    /// How far somebody has read a channel.
    pub read: BTreeMap<(Who, Id), Id>,
    /// Which message a nonce made, by author and channel.
    pub nonces: BTreeMap<(Who, Id, String), Id>,
    /// When it was last passed on that somebody types in a channel.
    pub typed: BTreeMap<(Who, Id), Instant>,
    /// IDs of what is no more.
    pub gone: Vec<Id>,
    /// Codes that let nobody in any more.
    pub spent: Vec<String>,
}

pub struct Human {
    pub id: Id,
    pub name: String,
    pub display_name: Option<String>,
    pub created_at: String,
    /// The first account is the administrator.
    pub is_admin: bool,
    /// As others see it: everybody is always connected.
    pub status: &'static str,
    /// In order of joining; the first is the den.
    pub servers: Vec<Id>,
    /// Latest first.
    pub blocks: Vec<Who>,
}

pub struct Server {
    pub id: Id,
    pub name: String,
    pub description: String,
    pub owner: Who,
    pub created_at: String,
    pub members: BTreeMap<Who, Member>,
    /// Each at its position: `everyone` is the first.
    pub roles: Vec<Role>,
    /// By position.
    pub channels: Vec<Channel>,
    /// Oldest first.
    pub invites: Vec<Invite>,
    pub bans: BTreeMap<Who, Ban>,
    /// Oldest first.
    pub log: Vec<Entry>,
    /// Somebody's own: nobody else ever comes in, and its owner leaves it as it is.
    pub den: bool,
}

#[derive(Clone, Default)]
pub struct Member {
    pub joined_at: String,
    pub nickname: Option<String>,
    pub roles: BTreeSet<Id>,
}

#[derive(Clone, PartialEq)]
pub struct Role {
    pub id: Id,
    pub name: String,
    pub color: u64,
    pub permissions: Set,
}

#[derive(Clone, PartialEq)]
pub struct Channel {
    pub id: Id,
    pub category: bool,
    pub parent: Option<Id>,
    pub name: String,
    pub topic: String,
    pub position: u64,
    pub created_at: String,
    pub overrides: BTreeMap<Id, Override>,
}

#[derive(Clone, Default, Debug, PartialEq)]
pub struct Override {
    pub allow: Set,
    pub deny: Set,
}

pub struct Invite {
    pub code: String,
    pub url: String,
    pub inviter: Who,
    pub uses: u64,
    pub max_uses: Option<u64>,
    pub expires_at: Option<String>,
    pub created_at: String,
}

pub struct Ban {
    pub reason: Option<String>,
    pub by: Who,
    /// Known once somebody has looked.
    pub created_at: Option<String>,
}

/// Field, before, after.
pub type Change = (&'static str, Value, Value);

pub struct Entry {
    pub actor: Who,
    pub action: &'static str,
    pub target: Option<Id>,
    pub reason: Option<String>,
    pub changes: Vec<Change>,
    /// ID and time: known once somebody has looked.
    pub seen: Option<(Id, String)>,
}

#[derive(Clone)]
pub struct Message {
    pub id: Id,
    pub author: Who,
    pub content: String,
    pub timestamp: String,
    pub edited_at: Option<String>,
}

/// A conversation of two.
pub struct Dm {
    pub id: Id,
    pub people: [Who; 2],
    pub created_at: String,
    /// Who has it in the list: not who has not heard of it yet, nor who has hidden it.
    pub shown: BTreeSet<Who>,
}

impl Server {
    pub fn channel(&self, id: Id) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub fn channel_mut(&mut self, id: Id) -> &mut Channel {
        self.channels.iter_mut().find(|channel| channel.id == id).unwrap()
    }

    /// A role's position.
    pub fn position(&self, role: Id) -> Option<usize> {
        self.roles.iter().position(|one| one.id == role)
    }

    pub fn people(&self) -> Vec<Who> {
        self.members.keys().copied().collect()
    }

    /// The position of somebody's highest role; nothing is above an owner.
    pub fn top(&self, who: Who) -> usize {
        if self.owner == who {
            return usize::MAX;
        }
        let mut top = 0;
        for role in &self.members[&who].roles {
            top = top.max(self.position(*role).unwrap());
        }
        top
    }

    pub fn outranks(&self, one: Who, other: Who) -> bool {
        other != self.owner && self.top(one) > self.top(other)
    }

    /// What a member may do in the server.
    pub fn permissions(&self, who: Who) -> Set {
        if self.owner == who {
            return ALL.into();
        }
        let mut may = Set::new();
        for role in &self.roles {
            if role.id == self.id || self.members[&who].roles.contains(&role.id) {
                may.extend(&role.permissions);
            }
        }
        may
    }

    pub fn may(&self, who: Who, permission: &str) -> bool {
        self.permissions(who).contains(permission)
    }

    /// What a member may do in a channel; nothing at all if they do not see it.
    pub fn permissions_in(&self, who: Who, channel: &Channel) -> Set {
        if self.owner == who {
            return ALL.into();
        }
        let mut may = self.permissions(who);
        if let Some(everyone) = channel.overrides.get(&self.id) {
            for denied in &everyone.deny {
                may.remove(denied);
            }
            may.extend(&everyone.allow);
        }
        let of_roles = || channel.overrides.iter().filter(|(role, _)| self.members[&who].roles.contains(role));
        for (_, one) in of_roles() {
            for denied in &one.deny {
                may.remove(denied);
            }
        }
        for (_, one) in of_roles() {
            may.extend(&one.allow);
        }
        if may.contains("view_channel") { may } else { Set::new() }
    }

    pub fn viewers(&self, channel: &Channel) -> BTreeSet<Who> {
        let sees = |who: &Who| self.permissions_in(*who, channel).contains("view_channel");
        self.members.keys().copied().filter(sees).collect()
    }

    /// Who sees what, to compare with later.
    pub fn sight(&self) -> Sight {
        self.channels.iter().map(|channel| (channel.id, self.viewers(channel))).collect()
    }

    /// Writes an entry into the audit log.
    pub fn record(
        &mut self,
        actor: Who,
        action: &'static str,
        target: Option<Id>,
        reason: &Option<String>,
        changes: Vec<Change>,
    ) {
        self.log.push(Entry { actor, action, target, reason: reason.clone(), changes, seen: None });
    }
}

/// Those changes that change something.
pub fn real(mut changes: Vec<Change>) -> Vec<Change> {
    changes.retain(|(_, before, after)| before != after);
    changes
}

impl Model {
    pub fn person(&self, id: Id) -> Option<Who> {
        self.people.iter().position(|human| human.id == id)
    }

    /// The server, for somebody who is in it.
    pub fn server_of(&self, id: Id, who: Who) -> Option<&Server> {
        self.servers.get(&id).filter(|server| server.members.contains_key(&who))
    }

    pub fn server_mut(&mut self, id: Id) -> &mut Server {
        self.servers.get_mut(&id).unwrap()
    }

    /// The server that has a channel.
    pub fn home_of(&self, channel: Id) -> Option<&Server> {
        self.servers.values().find(|server| server.channel(channel).is_some())
    }

    /// A channel of a server, for somebody who sees it.
    pub fn channel_of(&self, id: Id, who: Who) -> Option<(&Server, &Channel)> {
        let server = self.home_of(id)?;
        let channel = server.channel(id)?;
        server.viewers_contain(channel, who).then_some((server, channel))
    }

    /// A DM, for somebody who is in it.
    pub fn dm_of(&self, id: Id, who: Who) -> Option<&Dm> {
        self.dms.get(&id).filter(|dm| dm.people.contains(&who))
    }

    pub fn dm_between(&self, one: Who, other: Who) -> Option<&Dm> {
        self.dms.values().find(|dm| dm.people.contains(&one) && dm.people.contains(&other))
    }

    /// Whether they share a server or a DM, or are the same.
    pub fn know(&self, one: Who, other: Who) -> bool {
        let meet = |server: &Server| server.members.contains_key(&one) && server.members.contains_key(&other);
        one == other || self.servers.values().any(meet) || self.dm_between(one, other).is_some()
    }

    /// Everybody who shares a server or a DM with somebody, who is one of them.
    pub fn acquaintances(&self, who: Who) -> Vec<Who> {
        (0..self.people.len()).filter(|other| self.know(who, *other)).collect()
    }

    /// Whether one of the two has blocked the other.
    pub fn blocked(&self, one: Who, other: Who) -> bool {
        self.people[one].blocks.contains(&other) || self.people[other].blocks.contains(&one)
    }

    pub fn message(&self, channel: Id, id: Id) -> Option<&Message> {
        self.messages.get(&channel)?.iter().find(|message| message.id == id)
    }

    /// Who hears what is said in a channel or DM.
    pub fn hearers(&self, channel: Id) -> Vec<Who> {
        if let Some(dm) = self.dms.get(&channel) {
            return dm.shown.iter().copied().collect();
        }
        let server = self.home_of(channel).unwrap();
        server.viewers(server.channel(channel).unwrap()).into_iter().collect()
    }

    /// The server with an invite, and where there.
    pub fn invite(&self, code: &str) -> Option<(&Server, usize)> {
        self.servers.values().find_map(|server| Some((server, server.invites.iter().position(|i| i.code == code)?)))
    }
}

impl Server {
    fn viewers_contain(&self, channel: &Channel, who: Who) -> bool {
        self.members.contains_key(&who) && self.permissions_in(who, channel).contains("view_channel")
    }
}
