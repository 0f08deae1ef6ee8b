//! The things that the matrix's people reach for: a server, its roles, a channel and what is in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::people::{People, Who};
use crate::harness::{Person, text};

/// What the moderator may, besides what everyone may.
const MODERATOR: [&str; 6] =
    ["kick_members", "ban_members", "manage_messages", "manage_roles", "manage_channels", "create_invite"];

/// What a channel may take from some, or give to others.
const LOCAL: [&str; 3] = ["manage_channels", "manage_messages", "send_messages"];

/// Who sees the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Every member.
    #[default]
    Everyone,
    /// Those with the moderator's role, and the owner.
    Moderators,
    /// The owner alone.
    Owner,
}

impl Sight {
    /// Whether it lets somebody see the channel.
    pub fn reaches(self, who: Who) -> bool {
        match self {
            Self::Everyone => who.is_member(),
            Self::Moderators => matches!(who, Who::Owner | Who::Moderator | Who::Equal),
            Self::Owner => who == Who::Owner,
        }
    }
}

/// How a stage differs from the usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    pub sight: Sight,
    /// Everyone may only look.
    pub muted: bool,
    /// Moderators may manage the server too.
    pub trusted: bool,
    /// Everyone may what moderators may: members lack nothing but rank.
    pub rankless: bool,
    /// Moderators may no more than everyone: they have nothing but rank.
    pub powerless: bool,
    /// In the channel moderators may not what is in [`LOCAL`].
    pub barred: bool,
    /// In the channel everyone may what is in [`LOCAL`].
    pub favoured: bool,
}

/// A request of the owner's: method, path and body.
type Change = (&'static str, String, Option<Value>);

/// Does for each what need not wait for the others: what is written at once is synced at once.
pub fn at_once<T: Send, R: Send>(each: impl IntoIterator<Item = T>, act: impl Fn(T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let act = &act;
        let acts: Vec<_> = each.into_iter().map(|one| scope.spawn(move || act(one))).collect();
        acts.into_iter().map(|act| act.join().unwrap()).collect()
    })
}

/// A server of the owner's, with all that a row can name.
pub struct Stage {
    pub server: String,
    pub channel: String,
    /// By name. From the weakest: `everyone`, `helpers`, `secretaries`, `moderators`, `seniors`.
    pub roles: BTreeMap<&'static str, String>,
    /// A message of each who could write one.
    pub messages: BTreeMap<Who, String>,
    /// An invite of each who could make one.
    pub invites: BTreeMap<Who, String>,
}

impl Stage {
    /// Sets one up. Who was kicked or banned has been a member before, and who does not see the channel has seen it.
    pub fn set(people: &People<'_>, setting: Setting) -> Self {
        let owner = people.get(Who::Owner);
        let (server, channel) = owner.creates_server("home");
        let mut stage =
            Self { server, channel, roles: BTreeMap::new(), messages: BTreeMap::new(), invites: BTreeMap::new() };
        let joining = [Who::Kicked, Who::Banned, Who::Member, Who::Moderator, Who::Peer, Who::Equal];
        let invite = text(&owner.post(&stage.of_server("invites"), json!({})).expect(201)["code"]);
        let mut things = at_once(joining.into_iter().chain([Who::Owner]), |who| {
            let person = people.get(who);
            person.ask("POST", &format!("/invites/{invite}"), None).expect(200);
            let message = person.says(&stage.channel, "hello");
            let invite = person.post(&stage.of_server("invites"), json!({})).expect(201);
            (who, message, text(&invite["code"]))
        });
        for (who, message, invite) in things.drain(..) {
            stage.messages.insert(who, message);
            stage.invites.insert(who, invite);
        }
        stage.make_roles(owner, setting);
        let mut changes = stage.changes(people);
        changes.extend(stage.limits(setting));
        at_once(changes, |(method, path, body)| {
            let status = owner.ask(method, &path, body).status;
            assert!(matches!(status, 200 | 204), "{method} {path}: {status}");
        });
        stage
    }

    /// A path under the server's.
    pub fn of_server(&self, rest: &str) -> String {
        format!("/servers/{}/{rest}", self.server)
    }

    /// A new role stands below all others, so the strongest is made first.
    fn make_roles(&mut self, owner: &Person<'_>, setting: Setting) {
        let mut moderator = if setting.powerless { Vec::new() } else { MODERATOR.to_vec() };
        if setting.trusted {
            moderator.push("manage_server");
        }
        let roles: [(_, &[&str]); 4] =
            [("seniors", &[]), ("moderators", &moderator), ("secretaries", &["manage_server"]), ("helpers", &[])];
        self.roles.insert("everyone", self.server.clone());
        for (name, permissions) in roles {
            let role = owner.post(&self.of_server("roles"), json!({"name": name, "permissions": permissions}));
            self.roles.insert(name, text(&role.expect(201)["role_id"]));
        }
    }

    /// What makes people what they are.
    fn changes(&self, people: &People<'_>) -> Vec<Change> {
        let path = |of: &str, who: Who| self.of_server(&format!("{of}/{}", people.get(who).id));
        let roles = || Some(json!({"roles": [self.roles["moderators"]]}));
        vec![
            ("PATCH", path("members", Who::Moderator), roles()),
            ("PATCH", path("members", Who::Equal), roles()),
            ("DELETE", path("members", Who::Kicked), None),
            ("PUT", path("bans", Who::Banned), Some(json!({}))),
        ]
    }

    /// Overrides, so that there are some to be deleted, and what the setting says of everyone.
    fn limits(&self, setting: Setting) -> Vec<Change> {
        let rules = |role: &str, rules| {
            ("PUT", format!("/channels/{}/overrides/{}", self.channel, self.roles[role]), Some(rules))
        };
        let mut limits = vec![
            rules("helpers", json!({"allow": ["add_reactions"]})),
            rules("secretaries", json!({"allow": ["manage_server"]})),
        ];
        let view = |is_said| if is_said { vec!["view_channel"] } else { Vec::new() };
        let local = |is_said| if is_said { LOCAL.to_vec() } else { Vec::new() };
        let of_everyone = (local(setting.favoured), view(setting.sight != Sight::Everyone));
        let of_moderators = (view(setting.sight == Sight::Moderators), local(setting.barred));
        for (role, (allow, deny)) in [("everyone", of_everyone), ("moderators", of_moderators)] {
            limits.push(rules(role, json!({"allow": allow, "deny": deny})));
        }
        let everyone = match setting {
            Setting { muted: true, .. } => vec!["view_channel"],
            Setting { rankless: true, .. } => [&MODERATOR[..], &["view_channel", "send_messages"]].concat(),
            _ => return limits,
        };
        let path = self.of_server(&format!("roles/{}", self.roles["everyone"]));
        limits.push(("PATCH", path, Some(json!({"permissions": everyone}))));
        limits
    }

    /// Takes it down, whoever owns it by now, so that nobody knows anybody through it any more.
    pub fn strike(self, people: &People<'_>) {
        let deleted = |who| people.get(who).delete(&format!("/servers/{}", self.server)).status;
        let done = matches!(deleted(Who::Owner), 204 | 404) || deleted(Who::Peer) == 204;
        assert!(done, "the server stays");
    }
}

/// A role and a message in another server of the owner's, and a picture with a thumbnail.
pub struct Elsewhere {
    pub role: String,
    pub message: String,
    /// Its ID and what is secret in its address.
    pub file: (String, String),
}

impl Elsewhere {
    pub fn set(people: &People<'_>) -> Self {
        let owner = people.get(Who::Owner);
        let (server, channel) = owner.creates_server("elsewhere");
        let role = owner.post(&format!("/servers/{server}/roles"), json!({"name": "helpers"})).expect(201);
        let large = crate::files::picture(image::ImageFormat::Jpeg, 1200, 1200);
        let file = owner.uploads("cat.jpg", &large);
        let address = text(&file["url"]);
        let secret = address.split('/').nth(3).unwrap().to_owned();
        Self {
            role: text(&role["role_id"]),
            message: owner.says(&channel, "hello"),
            file: (text(&file["attachment_id"]), secret),
        }
    }
}
