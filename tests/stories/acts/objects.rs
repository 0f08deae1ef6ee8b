//! The API's objects, as the reference says that they must read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{Ban, Channel, Dm, Entry, Id, Invite, Message, Model, Server, Who};

/// An ID as the API prints it.
pub fn text(id: Id) -> String {
    if id < 0 { "no-id".to_owned() } else { id.to_string() }
}

pub fn maybe(id: Option<Id>) -> Value {
    id.map_or(Value::Null, |id| json!(text(id)))
}

impl Model {
    pub fn author_object(&self, who: Who) -> Value {
        let human = &self.people[who];
        json!({
            "user_id": text(human.id),
            "username": human.name,
            "display_name": human.display_name,
            "avatar_url": null,
        })
    }

    /// As others see them.
    pub fn user_object(&self, who: Who) -> Value {
        let human = &self.people[who];
        json!({
            "user_id": text(human.id),
            "username": human.name,
            "display_name": human.display_name,
            "bio": "",
            "avatar_url": null,
            "status": human.status,
            "created_at": human.created_at,
        })
    }

    /// As they see themselves.
    pub fn own_object(&self, who: Who) -> Value {
        let mut user = self.user_object(who);
        user["is_admin"] = json!(self.people[who].is_admin);
        user
    }

    /// As `reader` sees them.
    pub fn user_object_for(&self, reader: Who, who: Who) -> Value {
        if reader == who { self.own_object(who) } else { self.user_object(who) }
    }

    pub fn server_object(&self, server: &Server) -> Value {
        json!({
            "server_id": text(server.id),
            "name": server.name,
            "description": server.description,
            "icon_url": null,
            "owner_id": text(self.people[server.owner].id),
            "member_count": server.members.len(),
            "created_at": server.created_at,
        })
    }

    pub fn channel_object(&self, server: &Server, channel: &Channel) -> Value {
        let overrides = channel.overrides.iter();
        let overrides = overrides.map(|(role, o)| json!({"role_id": text(*role), "allow": o.allow, "deny": o.deny}));
        json!({
            "channel_id": text(channel.id),
            "server_id": text(server.id),
            "type": if channel.category { "category" } else { "text" },
            "parent_id": maybe(channel.parent),
            "name": channel.name,
            "topic": channel.topic,
            "position": channel.position,
            "last_message_id": maybe(self.last.get(&channel.id).copied()),
            "created_at": channel.created_at,
            "overrides": overrides.collect::<Vec<_>>(),
        })
    }

    pub fn dm_object(&self, dm: &Dm) -> Value {
        json!({
            "channel_id": text(dm.id),
            "server_id": null,
            "type": "dm",
            "parent_id": null,
            "name": "",
            "topic": "",
            "position": 0,
            "last_message_id": maybe(self.last.get(&dm.id).copied()),
            "created_at": dm.created_at,
            "overrides": [],
            "recipients": dm.people.map(|who| self.user_object(who)),
        })
    }

    /// Somebody's DMs, latest first.
    pub fn dm_objects(&self, who: Who) -> Vec<Value> {
        let mut dms: Vec<&Dm> = self.dms.values().filter(|dm| dm.shown.contains(&who)).collect();
        dms.sort_by_key(|dm| std::cmp::Reverse(self.last.get(&dm.id).copied().unwrap_or(dm.id)));
        dms.into_iter().map(|dm| self.dm_object(dm)).collect()
    }

    pub fn role_object(&self, server: &Server, position: usize) -> Value {
        let role = &server.roles[position];
        json!({
            "role_id": text(role.id),
            "name": role.name,
            "color": role.color,
            "position": position,
            "permissions": role.permissions,
        })
    }

    /// Strongest first.
    pub fn role_objects(&self, server: &Server) -> Vec<Value> {
        (0..server.roles.len()).rev().map(|position| self.role_object(server, position)).collect()
    }

    pub fn member_object(&self, server: &Server, who: Who) -> Value {
        let member = &server.members[&who];
        json!({
            "user": self.user_object(who),
            "server_id": text(server.id),
            "nickname": member.nickname,
            "roles": member.roles.iter().map(|role| text(*role)).collect::<Vec<_>>(),
            "joined_at": member.joined_at,
        })
    }

    /// A server as its member first sees it.
    pub fn full_server_object(&self, server: &Server, who: Who) -> Value {
        let mut channels = Vec::new();
        for channel in server.channels.iter().filter(|channel| server.viewers(channel).contains(&who)) {
            let mut object = self.channel_object(server, channel);
            object["permissions"] = json!(server.permissions_in(who, channel));
            channels.push(object);
        }
        let mut object = self.server_object(server);
        object["channels"] = json!(channels);
        object["roles"] = json!(self.role_objects(server));
        object["permissions"] = json!(server.permissions(who));
        object["member"] = self.member_object(server, who);
        object
    }

    /// How far somebody who connects has read what they see.
    fn read_state_objects(&self, who: Who) -> Vec<Value> {
        let seen = |channel: &Id| self.channel_of(*channel, who).is_some() || self.has_dm(*channel, who);
        let read = self.read.keys().filter(|(reader, _)| *reader == who).map(|(_, channel)| *channel);
        let written: BTreeSet<Id> = self.last.keys().copied().chain(read).collect();
        let mut objects = Vec::new();
        for channel in written.into_iter().filter(seen) {
            let position = self.read.get(&(who, channel)).copied();
            // Who has read nothing there has no position, but may be waited for.
            let from = position.unwrap_or(0);
            let object = self.first_read_state_object(who, channel, from);
            let is_unheard = self.is_unheard(who, channel, from);
            if position.is_some() || is_unheard || object.get("direct_ids").is_some() {
                objects.push(object);
            }
        }
        objects
    }

    /// The same of a channel, whatever there is to say of it.
    fn first_read_state_object(&self, who: Who, channel: Id, position: Id) -> Value {
        let mut object = self.read_state_object(who, channel, position);
        if self.is_unheard(who, channel, position) {
            object["message_id"] = json!(text(self.last[&channel]));
        }
        object
    }

    /// The same of all channels that they see and have not read.
    pub fn unread_objects(&self, who: Who) -> Vec<Value> {
        let seen = |channel: &Id| self.channel_of(*channel, who).is_some() || self.has_dm(*channel, who);
        let position = |channel: Id| self.read.get(&(who, channel)).copied().unwrap_or(0);
        let channels = self.last.keys().copied().filter(seen).map(|channel| (channel, position(channel)));
        let unread = channels.filter(|(channel, position)| self.behind(*channel, *position).next().is_some());
        unread.map(|(channel, position)| self.first_read_state_object(who, channel, position)).collect()
    }

    /// What somebody is told of a channel that they have read up to there. Nobody mentions anybody.
    pub fn read_state_object(&self, who: Who, channel: Id, position: Id) -> Value {
        let mut object = json!({"channel_id": text(channel), "message_id": text(position), "mentions": 0});
        let heard = |message: &&Message| message.author != who && !self.people[who].blocks.contains(&message.author);
        let direct: Vec<_> = self.behind(channel, position).filter(heard).map(|message| text(message.id)).collect();
        if self.dms.contains_key(&channel) && !direct.is_empty() {
            object["direct_ids"] = json!(direct);
        }
        object
    }

    /// What is told of a DM that is shown again, besides a message that may have brought it back.
    pub fn reappearance(&self, who: Who, dm: Id) -> Option<Value> {
        let position = self.read.get(&(who, dm)).copied();
        let object = self.read_state_object(who, dm, position.unwrap_or(0));
        let waiting = object["direct_ids"].as_array().map_or(0, Vec::len);
        (position.is_some() || waiting > 1).then_some(object)
    }

    fn behind(&self, channel: Id, position: Id) -> impl Iterator<Item = &Message> {
        self.messages.get(&channel).into_iter().flatten().filter(move |message| message.id > position)
    }

    /// Whether all behind a position is by those whom they have blocked.
    fn is_unheard(&self, who: Who, channel: Id, position: Id) -> bool {
        let mut behind = self.behind(channel, position).peekable();
        behind.peek().is_some() && behind.all(|message| self.people[who].blocks.contains(&message.author))
    }

    fn has_dm(&self, channel: Id, who: Who) -> bool {
        self.dms.get(&channel).is_some_and(|dm| dm.shown.contains(&who))
    }

    /// CONNECTED without the session.
    pub fn connected_object(&self, who: Who) -> Value {
        let servers = self.people[who].servers.iter();
        let servers: Vec<Value> = servers.map(|id| self.full_server_object(&self.servers[id], who)).collect();
        let presences = self.acquaintances(who);
        let presence =
            |other: Who| json!({"user_id": text(self.people[other].id), "status": self.people[other].status});
        json!({
            "user": self.own_object(who),
            "servers": servers,
            "dm_channels": self.dm_objects(who),
            "read_states": self.read_state_objects(who),
            "presences": presences.into_iter().map(presence).collect::<Vec<_>>(),
            "settings": {},
        })
    }

    pub fn invite_object(&self, server: &Server, invite: &Invite) -> Value {
        json!({
            "code": invite.code,
            "url": invite.url,
            "server": self.server_object(server),
            "inviter": self.author_object(invite.inviter),
            "uses": invite.uses,
            "max_uses": invite.max_uses,
            "expires_at": invite.expires_at,
            "created_at": invite.created_at,
        })
    }

    pub fn preview_object(&self, server: &Server, invite: &Invite) -> Value {
        json!({
            "code": invite.code,
            "server": {
                "server_id": text(server.id),
                "name": server.name,
                "icon_url": null,
                "member_count": server.members.len(),
            },
            "inviter": self.author_object(invite.inviter),
            "expires_at": invite.expires_at,
        })
    }

    pub fn ban_object(&self, who: Who, ban: &Ban) -> Value {
        json!({
            "user": self.author_object(who),
            "reason": ban.reason,
            "banned_by": self.author_object(ban.by),
            "created_at": ban.created_at,
        })
    }

    pub fn entry_object(&self, entry: &Entry) -> Value {
        let change = |(field, before, after): &(&str, Value, Value)| {
            let (before, after) = (before.clone(), after.clone());
            json!({"field": field, "before": before, "after": after})
        };
        json!({
            "entry_id": entry.seen.as_ref().map(|(id, _)| text(*id)),
            "actor": self.author_object(entry.actor),
            "action": entry.action,
            "target_id": maybe(entry.target),
            "reason": entry.reason,
            "changes": entry.changes.iter().map(change).collect::<Vec<_>>(),
            "created_at": entry.seen.as_ref().map(|(_, time)| time),
        })
    }

    pub fn message_object(&self, channel: Id, message: &Message) -> Value {
        json!({
            "message_id": text(message.id),
            "channel_id": text(channel),
            "author": self.author_object(message.author),
            "content": message.content,
            "timestamp": message.timestamp,
            "edited_at": message.edited_at,
            "reply_to": null,
            "mentions": [],
            "mentioned_users": [],
            "mention_roles": [],
            "mention_everyone": false,
            "attachments": [],
            "reactions": [],
            "pinned": false,
        })
    }
}

/// The same without what has no order by the contract: names of permissions, a member's roles, a DM's people.
pub fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(in_order).collect(),
        Value::Object(fields) => {
            let mut fields: serde_json::Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), in_order(value))).collect();
            for (name, value) in &mut fields {
                let unordered = ["permissions", "allow", "deny", "recipients", "presences", "read_states"];
                let Value::Array(list) = value else { continue };
                // What the audit log says of such a field, too.
                let unordered_text = ["roles", "before", "after"];
                let of_text = unordered_text.contains(&name.as_str()) && list.iter().all(Value::is_string);
                if of_text || unordered.contains(&name.as_str()) {
                    list.sort_by_key(Value::to_string);
                }
            }
            Value::Object(fields)
        }
        other => other.clone(),
    }
}

/// Where two values differ, as paths with what was expected and what came.
pub fn differences(path: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => differences(&format!("{path}.{name}"), one, other, found),
                    (Some(one), None) => found.push(format!("{path}.{name}: expected {one}, is not there")),
                    (_, other) => found.push(format!("{path}.{name}: expected none, got {}", other.unwrap())),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (n, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}[{n}]"), one, other, found);
            }
        }
        _ if expected == got => {}
        _ => found.push(format!("{path}: expected {expected}, got {got}")),
    }
}
