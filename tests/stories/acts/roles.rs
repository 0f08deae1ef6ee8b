//! Roles: made, changed, moved, deleted, listed, by those who may and those who may not.

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Refusal, Request, Seen, Verdict, unless};
use super::model::{Change, Id, Model, Role, Server, Set, Who, real};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

/// A server with so many, `everyone` included, gets no more.
const ROLES: usize = 7;
const COLORS: [u64; 4] = [0, 0xFF_0000, 0xFF_FFFF, 0x100_0000];

/// What the audit log says of a role's change, its making or its end.
fn changes(old: Option<(&Role, usize)>, new: Option<(&Role, usize)>) -> Vec<Change> {
    let field = |of: fn(&Role, usize) -> Value| {
        let value = |one: Option<(&Role, usize)>| one.map_or(Value::Null, |(role, position)| of(role, position));
        (value(old), value(new))
    };
    let (name, color) = (field(|role, _| json!(role.name)), field(|role, _| json!(role.color)));
    let (position, permissions) = (field(|_, n| json!(n)), field(|role, _| json!(role.permissions)));
    real(vec![
        ("name", name.0, name.1),
        ("color", color.0, color.1),
        ("position", position.0, position.1),
        ("permissions", permissions.0, permissions.1),
    ])
}

/// `d` of ROLES_UPDATE.
fn told(model: &Model, server: &Server) -> Value {
    json!({"server_id": text(server.id), "roles": model.role_objects(server)})
}

struct Create {
    server: Id,
    name: (String, Option<String>),
    color: Option<u64>,
    permissions: Option<(Set, (Value, bool))>,
}

pub fn create(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let name = pick::name(100, chance);
    let color = chance.once_in(2).then(|| COLORS[chance.below(4) as usize]);
    let permissions = (!chance.once_in(4)).then(|| {
        let set = pick::permissions(chance);
        let listed = pick::listed(&set, chance);
        (set, listed)
    });
    let room = model.servers.get(&server).is_none_or(|server| server.roles.len() < ROLES);
    room.then(|| Box::new(Create { server, name, color, permissions }) as Box<dyn Act>)
}

impl Act for Create {
    fn request(&self) -> Request {
        let mut body = json!({"name": self.name.0});
        if let Some(color) = self.color {
            body["color"] = json!(color);
        }
        if let Some((_, (list, _))) = &self.permissions {
            body["permissions"] = list.clone();
        }
        Request::post(format!("/servers/{}/roles", text(self.server)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "manage_roles") && server.top(who) >= 1, FORBIDDEN)?;
        unless(self.name.1.is_some() && self.color.is_none_or(|color| color <= 0xFF_FFFF), INVALID)?;
        if let Some((set, (_, fine))) = &self.permissions {
            unless(*fine, INVALID)?;
            unless(set.is_subset(&server.permissions(who)), FORBIDDEN)?;
        }
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let role = Role {
            id: seen.id("role_id"),
            name: self.name.1.clone().unwrap(),
            color: self.color.unwrap_or(0),
            permissions: self.permissions.as_ref().map(|(set, _)| set.clone()).unwrap_or_default(),
        };
        let server = model.server_mut(self.server);
        server.record(who, "role_create", Some(role.id), &seen.reason, changes(None, Some((&role, 1))));
        server.roles.insert(1, role);
        let server = &model.servers[&self.server];
        let mut outcome = Outcome::new(model.role_object(server, 1));
        outcome.tell(server.people(), 35, told(model, server));
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

/// The server and the role's position, for somebody who stands above the role.
fn ruled(model: &Model, server: Id, role: Id, who: Who) -> Result<(&Server, usize), Refusal> {
    let server = model.server_of(server, who).ok_or(NOT_FOUND)?;
    let position = server.position(role).ok_or(NOT_FOUND)?;
    unless(server.may(who, "manage_roles") && position < server.top(who), FORBIDDEN)?;
    Ok((server, position))
}

struct Update {
    server: Id,
    role: Id,
    name: Option<(String, Option<String>)>,
    color: Option<u64>,
    position: Option<usize>,
    permissions: Option<(Set, (Value, bool))>,
}

pub fn update(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let role = pick::role(model, server, chance);
    let name = chance.once_in(4).then(|| pick::name(100, chance));
    let color = chance.once_in(4).then(|| COLORS[chance.below(4) as usize]);
    let position = chance.once_in(3).then(|| chance.below(ROLES as u64 + 1) as usize);
    // Mostly a little more or less than what it has, so that a server does not lose all life.
    let permissions = chance.once_in(2).then(|| {
        let found = model.servers.get(&server).and_then(|server| server.roles.iter().find(|one| one.id == role));
        let mut set = found.map(|role| role.permissions.clone()).unwrap_or_default();
        for permission in pick::permissions(chance) {
            if !set.remove(permission) {
                set.insert(permission);
            }
        }
        let listed = pick::listed(&set, chance);
        (set, listed)
    });
    Some(Box::new(Update { server, role, name, color, position, permissions }))
}

impl Act for Update {
    fn request(&self) -> Request {
        let mut body = json!({});
        if let Some((raw, _)) = &self.name {
            body["name"] = json!(raw);
        }
        if let Some(color) = self.color {
            body["color"] = json!(color);
        }
        if let Some(position) = self.position {
            body["position"] = json!(position);
        }
        if let Some((_, (list, _))) = &self.permissions {
            body["permissions"] = list.clone();
        }
        Request::patch(format!("/servers/{}/roles/{}", text(self.server), text(self.role)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, now) = ruled(model, self.server, self.role, who)?;
        unless(self.name.as_ref().is_none_or(|(_, name)| name.is_some()), INVALID)?;
        unless(self.color.is_none_or(|color| color <= 0xFF_FFFF), INVALID)?;
        unless(self.permissions.as_ref().is_none_or(|(_, (_, fine))| *fine), INVALID)?;
        if now == 0 {
            unless(self.name.as_ref().is_none_or(|(_, name)| name.as_deref() == Some("everyone")), INVALID)?;
            unless(self.position.is_none_or(|position| position == 0), INVALID)?;
        } else if let Some(position) = self.position {
            unless(position != 0, INVALID)?;
            unless(position.min(server.roles.len() - 1) < server.top(who), FORBIDDEN)?;
        }
        if let Some((set, _)) = &self.permissions {
            let added: Set = set.difference(&server.roles[now].permissions).copied().collect();
            unless(added.is_subset(&server.permissions(who)), FORBIDDEN)?;
        }
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let server = model.server_mut(self.server);
        let before = server.sight();
        let old_roles = server.roles.clone();
        let now = server.position(self.role).unwrap();
        let old = server.roles[now].clone();
        let mut new = old.clone();
        if let Some((_, name)) = &self.name {
            new.name = name.clone().unwrap();
        }
        new.color = self.color.unwrap_or(new.color);
        if let Some((set, _)) = &self.permissions {
            new.permissions = set.clone();
        }
        let place = self.position.unwrap_or(now).min(server.roles.len() - 1);
        server.roles.remove(now);
        server.roles.insert(place, new.clone());
        let changed = server.roles != old_roles;
        if changed {
            let changes = changes(Some((&old, now)), Some((&new, place)));
            server.record(who, "role_update", Some(self.role), &seen.reason, changes);
        }
        let server = &model.servers[&self.server];
        let mut outcome = Outcome::new(model.role_object(server, place));
        if changed {
            outcome.tell(server.people(), 35, told(model, server));
            outcome.turn(model, self.server, &before, &[]);
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Delete {
    server: Id,
    role: Id,
}

pub fn delete(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    Some(Box::new(Delete { server, role: pick::role(model, server, chance) }))
}

impl Act for Delete {
    fn request(&self) -> Request {
        Request::delete(format!("/servers/{}/roles/{}", text(self.server), text(self.role)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (_, position) = ruled(model, self.server, self.role, who)?;
        unless(position != 0, FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        model.gone.push(self.role);
        let server = model.server_mut(self.server);
        let before = server.sight();
        let position = server.position(self.role).unwrap();
        let old = server.roles.remove(position);
        server.record(who, "role_delete", Some(old.id), &seen.reason, changes(Some((&old, position)), None));
        for member in server.members.values_mut() {
            member.roles.remove(&self.role);
        }
        let mut changed = Vec::new();
        for channel in &mut server.channels {
            if channel.overrides.remove(&self.role).is_some() {
                changed.push(channel.id);
            }
        }
        let server = &model.servers[&self.server];
        let mut outcome = Outcome::nothing();
        outcome.tell(server.people(), 35, told(model, server));
        outcome.turn(model, self.server, &before, &changed);
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
        Request::get(format!("/servers/{}/roles", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        model.server_of(self.0, who).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, _: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(json!(model.role_objects(&model.servers[&self.0])))
    }
}
