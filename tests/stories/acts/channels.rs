//! Channels and categories: made, private from the first moment or not, changed, moved, deleted, looked at.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, gone, unless};
use super::model::{Channel, Id, Model, Override, Who, real};
use super::objects::{maybe, text};
use super::overrides::{Wish, wish};
use super::pick;
use crate::chance::Chance;

/// A server with so many gets no more.
const CHANNELS: usize = 9;

struct Create {
    server: Id,
    name: (String, Option<String>),
    kind: &'static str,
    topic: Option<String>,
    parent: Option<Id>,
    overrides: Vec<(Id, Wish)>,
}

/// Mostly a category of the server.
fn parent(model: &Model, server: Option<Id>, chance: &mut Chance) -> Id {
    let channels = server.and_then(|server| model.servers.get(&server)).map(|server| &server.channels[..]);
    let categories: Vec<Id> =
        channels.unwrap_or_default().iter().filter(|channel| channel.category).map(|channel| channel.id).collect();
    match chance.one(&categories) {
        Some(id) if !chance.once_in(8) => *id,
        _ => pick::channel(model, chance),
    }
}

fn topic(chance: &mut Chance) -> Option<String> {
    chance
        .once_in(3)
        .then(|| ["", "food", "food", "t"][chance.below(4) as usize].repeat([1, 1, 1, 1025][chance.below(4) as usize]))
}

pub fn create(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let name = pick::name(100, chance);
    let kind = ["text", "text", "category", "text", "text", "category", "text", "dm"][chance.below(8) as usize];
    let topic = topic(chance);
    let parent = chance.once_in(3).then(|| parent(model, Some(server), chance));
    let mut overrides = Vec::new();
    while chance.once_in(2) && overrides.len() < 3 {
        overrides.push((pick::role(model, server, chance), wish(chance)));
    }
    let room = model.servers.get(&server).is_none_or(|server| server.channels.len() < CHANNELS);
    room.then(|| Box::new(Create { server, name, kind, topic, parent, overrides }) as Box<dyn Act>)
}

impl Act for Create {
    fn request(&self) -> Request {
        let mut body = json!({"name": self.name.0, "type": self.kind});
        if let Some(topic) = &self.topic {
            body["topic"] = json!(topic);
        }
        if let Some(parent) = self.parent {
            body["parent_id"] = json!(text(parent));
        }
        if !self.overrides.is_empty() {
            let all = self.overrides.iter().map(|(role, wish)| {
                let mut one = wish.body();
                one["role_id"] = json!(text(*role));
                one
            });
            body["overrides"] = all.collect();
        }
        Request::post(format!("/servers/{}/channels", text(self.server)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "manage_channels"), FORBIDDEN)?;
        unless(self.name.1.is_some() && self.kind != "dm", INVALID)?;
        unless(self.topic.as_ref().is_none_or(|topic| topic.len() <= 1024), INVALID)?;
        if let Some(parent) = self.parent {
            unless(self.kind == "text" && is_category(model, self.server, parent, who), INVALID)?;
        }
        for (n, (role, wish)) in self.overrides.iter().enumerate() {
            unless(wish.possible(), INVALID)?;
            unless(server.position(*role).is_some(), INVALID)?;
            unless(self.overrides[..n].iter().all(|(other, _)| other != role), INVALID)?;
        }
        let own = server.permissions(who);
        for (_, wish) in &self.overrides {
            unless(wish.allow.is_subset(&own) && wish.deny.is_subset(&own), FORBIDDEN)?;
        }
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let server = model.server_mut(self.server);
        let overrides = self.overrides.iter();
        let overrides: BTreeMap<Id, Override> = overrides.map(|(role, wish)| (*role, wish.as_override())).collect();
        let channel = Channel {
            id: seen.id("channel_id"),
            category: self.kind == "category",
            parent: self.parent,
            name: self.name.1.clone().unwrap(),
            topic: self.topic.clone().unwrap_or_default(),
            position: server.channels.last().map_or(0, |last| last.position + 1),
            created_at: seen.time("created_at"),
            overrides,
        };
        let all = channel.overrides.iter();
        let all = all.map(|(role, o)| json!({"role_id": text(*role), "allow": o.allow, "deny": o.deny}));
        let changes = vec![
            ("name", Value::Null, json!(channel.name)),
            ("type", Value::Null, json!(self.kind)),
            ("overrides", Value::Null, all.collect()),
        ];
        server.record(who, "channel_create", Some(channel.id), &seen.reason, changes);
        let id = channel.id;
        server.channels.push(channel);
        let server = &model.servers[&self.server];
        let channel = server.channel(id).unwrap();
        let mut outcome = Outcome::new(model.channel_object(server, channel));
        outcome.tell(server.viewers(channel), 20, model.channel_object(server, channel));
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

/// Whether somebody sees it as a category of the server.
fn is_category(model: &Model, server: Id, id: Id, who: Who) -> bool {
    model.channel_of(id, who).is_some_and(|(home, channel)| home.id == server && channel.category)
}

struct Update {
    channel: Id,
    name: Option<(String, Option<String>)>,
    topic: Option<String>,
    position: Option<i64>,
    parent: Option<Option<Id>>,
}

pub fn update(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = if chance.once_in(20) { pick::place(model, chance) } else { pick::channel(model, chance) };
    let home = model.home_of(channel).map(|server| server.id);
    let name = chance.once_in(3).then(|| pick::name(100, chance));
    let topic = topic(chance);
    let position = chance.once_in(2).then(|| chance.below(CHANNELS as u64 + 2) as i64 - i64::from(chance.once_in(10)));
    let parent = chance.once_in(3).then(|| (!chance.once_in(3)).then(|| parent(model, home, chance)));
    Some(Box::new(Update { channel, name, topic, position, parent }))
}

impl Act for Update {
    fn request(&self) -> Request {
        let mut body = json!({});
        if let Some((raw, _)) = &self.name {
            body["name"] = json!(raw);
        }
        if let Some(topic) = &self.topic {
            body["topic"] = json!(topic);
        }
        if let Some(position) = self.position {
            body["position"] = json!(position);
        }
        if let Some(parent) = self.parent {
            body["parent_id"] = maybe(parent);
        }
        Request::patch(format!("/channels/{}", text(self.channel)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        unless(model.dm_of(self.channel, who).is_none(), FORBIDDEN)?;
        let (server, channel) = model.channel_of(self.channel, who).ok_or(NOT_FOUND)?;
        unless(server.permissions_in(who, channel).contains("manage_channels"), FORBIDDEN)?;
        unless(self.name.as_ref().is_none_or(|(_, name)| name.is_some()), INVALID)?;
        unless(self.topic.as_ref().is_none_or(|topic| topic.len() <= 1024), INVALID)?;
        unless(self.position.is_none_or(|position| position >= 0), INVALID)?;
        if let Some(Some(parent)) = self.parent {
            unless(!channel.category && is_category(model, server.id, parent, who), INVALID)?;
        }
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let home = model.home_of(self.channel).unwrap().id;
        let server = model.server_mut(home);
        let before = server.channels.clone();
        let mut channel = server.channel(self.channel).unwrap().clone();
        if let Some((_, name)) = &self.name {
            channel.name = name.clone().unwrap();
        }
        if let Some(topic) = &self.topic {
            channel.topic = topic.clone();
        }
        if let Some(parent) = self.parent {
            channel.parent = parent;
        }
        *server.channel_mut(self.channel) = channel.clone();
        if let Some(position) = self.position {
            // Out of the list, in again at its place, and all are counted anew.
            server.channels.retain(|one| one.id != self.channel);
            let place = server.channels.len().min(position as usize);
            server.channels.insert(place, channel);
            for (position, one) in server.channels.iter_mut().enumerate() {
                one.position = position as u64;
            }
        }
        let (old, new) =
            (before.iter().find(|one| one.id == self.channel).unwrap(), server.channel(self.channel).unwrap());
        let changes = vec![
            ("name", json!(old.name), json!(new.name)),
            ("topic", json!(old.topic), json!(new.topic)),
            ("position", json!(old.position), json!(new.position)),
            ("parent_id", maybe(old.parent), maybe(new.parent)),
        ];
        if server.channels != before {
            server.record(who, "channel_update", Some(self.channel), &seen.reason, real(changes));
        }
        let server = &model.servers[&home];
        let mut outcome = Outcome::new(model.channel_object(server, server.channel(self.channel).unwrap()));
        for channel in server.channels.iter().filter(|channel| !before.contains(channel)) {
            outcome.tell(server.viewers(channel), 21, model.channel_object(server, channel));
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Delete(Id);

pub fn delete(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Delete(pick::place(model, chance))))
}

impl Act for Delete {
    fn request(&self) -> Request {
        Request::delete(format!("/channels/{}", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        if model.dm_of(self.0, who).is_some() {
            return Ok(204);
        }
        let (server, channel) = model.channel_of(self.0, who).ok_or(NOT_FOUND)?;
        unless(server.permissions_in(who, channel).contains("manage_channels"), FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let mut outcome = Outcome::nothing();
        if let Some(dm) = model.dms.get_mut(&self.0) {
            // It is hidden, not deleted.
            if dm.shown.remove(&who) {
                outcome.tell([who], 22, json!({"channel_id": text(self.0), "server_id": null}));
            }
            return outcome;
        }
        let home = model.home_of(self.0).unwrap().id;
        model.gone.push(self.0);
        let server = model.server_mut(home);
        let channel = server.channel(self.0).unwrap().clone();
        outcome.tell(server.viewers(&channel), 22, gone(server, &channel));
        let kind = if channel.category { "category" } else { "text" };
        let changes = vec![("name", json!(channel.name), Value::Null), ("type", json!(kind), Value::Null)];
        server.record(who, "channel_delete", Some(channel.id), &seen.reason, changes);
        server.channels.retain(|one| one.id != self.0);
        let mut freed = Vec::new();
        for child in server.channels.iter_mut().filter(|child| child.parent == Some(self.0)) {
            child.parent = None;
            freed.push(child.id);
        }
        let server = &model.servers[&home];
        for child in freed {
            let child = server.channel(child).unwrap();
            outcome.tell(server.viewers(child), 21, model.channel_object(server, child));
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct List(Id);

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(List(pick::server(model, chance))))
}

impl Act for List {
    fn request(&self) -> Request {
        Request::get(format!("/servers/{}/channels", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        model.server_of(self.0, who).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let server = &model.servers[&self.0];
        let seen = server.channels.iter().filter(|channel| server.viewers(channel).contains(&who));
        Outcome::new(seen.map(|channel| model.channel_object(server, channel)).collect())
    }
}

struct Get(Id);

pub fn get(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Get(pick::place(model, chance))))
}

impl Act for Get {
    fn request(&self) -> Request {
        Request::get(format!("/channels/{}", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let there = model.dm_of(self.0, who).is_some() || model.channel_of(self.0, who).is_some();
        unless(there, NOT_FOUND)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        if let Some(dm) = model.dms.get(&self.0) {
            return Outcome::new(model.dm_object(dm));
        }
        let (server, channel) = model.channel_of(self.0, who).unwrap();
        Outcome::new(model.channel_object(server, channel))
    }
}
