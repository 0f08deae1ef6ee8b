//! Servers: made, changed, handed over, deleted, looked at.

use serde_json::json;

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, id, time, unless};
use super::model::{Channel, FIRST, Id, Member, Model, Role, Server, Who, real};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

/// More than these are not made.
const SERVERS: usize = 3;

pub struct Create {
    raw: String,
    name: Option<String>,
}

pub fn create(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let (raw, name) = pick::name(100, chance);
    let room = model.servers.values().filter(|server| !server.den).count() < SERVERS;
    room.then(|| Box::new(Create { raw, name }) as Box<dyn Act>)
}

impl Create {
    /// A den: a server for oneself.
    pub fn den() -> Self {
        Self { raw: "den".to_owned(), name: Some("den".to_owned()) }
    }
}

impl Act for Create {
    fn request(&self) -> Request {
        Request::post("/servers".into(), json!({"name": self.raw}))
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        unless(self.name.is_some(), INVALID)?;
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let server = seen.id("server_id");
        let general = &(seen.look)(&format!("/servers/{}/channels", text(server)))[0];
        let general = Channel {
            id: id(&general["channel_id"]),
            category: false,
            parent: None,
            name: "general".into(),
            topic: String::new(),
            position: 0,
            created_at: time(&general["created_at"]),
            overrides: [].into(),
        };
        let everyone = Role { id: server, name: "everyone".into(), color: 0, permissions: FIRST.into() };
        let mut new = Server {
            id: server,
            name: self.name.clone().unwrap(),
            description: String::new(),
            owner: who,
            created_at: seen.time("created_at"),
            members: [].into(),
            roles: vec![everyone],
            channels: vec![general],
            invites: Vec::new(),
            bans: [].into(),
            log: Vec::new(),
            den: model.people[who].servers.is_empty(),
        };
        new.members.insert(who, Member { joined_at: joined_at(server, seen), ..Member::default() });
        model.people[who].servers.push(server);
        model.servers.insert(server, new);
        let server = &model.servers[&server];
        let mut outcome = Outcome::new(model.server_object(server));
        let mut member = model.member_object(server, who);
        member["server"] = model.full_server_object(server, who);
        outcome.tell([who], 30, member);
        outcome
    }
}

/// Since when the one who acts is in a server.
pub fn joined_at(server: Id, seen: &Seen<'_>) -> String {
    time(&(seen.look)(&format!("/servers/{}/members/@me", text(server)))["joined_at"])
}

struct Delete(Id);

pub fn delete(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Delete(pick::server(model, chance))))
}

impl Act for Delete {
    fn request(&self) -> Request {
        Request::delete(format!("/servers/{}", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.0, who).ok_or(NOT_FOUND)?;
        unless(server.owner == who, FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, _: Who, _: &Seen<'_>) -> Outcome {
        let server = model.servers.remove(&self.0).unwrap();
        model.gone.push(server.id);
        model.gone.extend(server.channels.iter().map(|channel| channel.id));
        model.gone.extend(server.roles.iter().map(|role| role.id));
        model.spent.extend(server.invites.iter().map(|invite| invite.code.clone()));
        for human in &mut model.people {
            human.servers.retain(|one| *one != server.id);
        }
        let mut outcome = Outcome::nothing();
        outcome.tell(server.people(), 34, json!({"server_id": text(server.id)}));
        outcome
    }
}

struct Update {
    server: Id,
    name: Option<(String, Option<String>)>,
    description: Option<String>,
    owner: Option<Id>,
}

pub fn update(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let owner = chance.once_in(4).then(|| pick::member(model, server, chance));
    let name = (owner.is_none() || chance.once_in(4)).then(|| pick::name(100, chance));
    let description = chance.once_in(4).then(|| "d".repeat([0, 1, 1024, 1025][chance.below(4) as usize]));
    Some(Box::new(Update { server, name, description, owner }))
}

impl Act for Update {
    fn request(&self) -> Request {
        let mut body = json!({});
        if let Some((raw, _)) = &self.name {
            body["name"] = json!(raw);
        }
        if let Some(description) = &self.description {
            body["description"] = json!(description);
        }
        if let Some(owner) = self.owner {
            body["owner_id"] = json!(text(owner));
        }
        Request::patch(format!("/servers/{}", text(self.server)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "manage_server"), FORBIDDEN)?;
        unless(self.name.as_ref().is_none_or(|(_, name)| name.is_some()), INVALID)?;
        unless(self.description.as_ref().is_none_or(|text| text.len() <= 1024), INVALID)?;
        if let Some(owner) = self.owner {
            unless(owner > 0, INVALID)?;
            // Whomever is named: it is nobody else's to hand over.
            unless(server.owner == who, FORBIDDEN)?;
            let member = model.person(owner).is_some_and(|owner| server.members.contains_key(&owner));
            unless(member, INVALID)?;
        }
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let owner = self.owner.and_then(|id| model.person(id));
        let people: Vec<Id> = model.people.iter().map(|human| human.id).collect();
        let server = model.server_mut(self.server);
        let before = server.sight();
        let old = (server.name.clone(), server.description.clone(), server.owner);
        server.name = self.name.as_ref().map_or(old.0.clone(), |(_, name)| name.clone().unwrap());
        server.description = self.description.clone().unwrap_or(old.1.clone());
        server.owner = owner.unwrap_or(old.2);
        let changes =
            vec![("name", json!(old.0), json!(server.name)), ("description", json!(old.1), json!(server.description))];
        if changes.iter().any(|(_, before, after)| before != after) {
            server.record(who, "server_update", Some(server.id), &seen.reason, real(changes));
        }
        if server.owner != old.2 {
            let (one, other) = (people[old.2], people[server.owner]);
            let change = ("owner_id", json!(text(one)), json!(text(other)));
            server.record(who, "owner_change", Some(other), &seen.reason, vec![change]);
        }
        let changed = (server.name.clone(), server.description.clone(), server.owner) != old;
        let server = &model.servers[&self.server];
        let mut outcome = Outcome::new(model.server_object(server));
        if changed {
            outcome.tell(server.people(), 33, model.server_object(server));
            outcome.turn(model, self.server, &before, &[]);
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct List;

pub fn list(_: &Model, _: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(List))
}

impl Act for List {
    fn request(&self) -> Request {
        Request::get("/servers".into())
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let servers = model.people[who].servers.iter();
        Outcome::new(servers.map(|id| model.server_object(&model.servers[id])).collect())
    }
}

struct Get(Id);

pub fn get(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Get(pick::server(model, chance))))
}

impl Act for Get {
    fn request(&self) -> Request {
        Request::get(format!("/servers/{}", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        model.server_of(self.0, who).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, _: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(model.server_object(&model.servers[&self.0]))
    }
}
