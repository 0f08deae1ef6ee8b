//! Members: nicknames and roles, leaving and being removed, the list.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Refusal, Request, Seen, Verdict, unless};
use super::model::{Id, Model, Server, Who, real};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

/// A member of a server, for another one.
pub fn member_of(model: &Model, server: Id, user: Id, who: Who) -> Result<(&Server, Who), Refusal> {
    let server = model.server_of(server, who).ok_or(NOT_FOUND)?;
    let member = model.person(user).filter(|member| server.members.contains_key(member)).ok_or(NOT_FOUND)?;
    Ok((server, member))
}

/// Takes somebody out; everybody is told, the one who goes too.
pub fn go(model: &mut Model, server: Id, member: Who, reason: &str, outcome: &mut Outcome) {
    let id = model.people[member].id;
    let people = model.servers[&server].people();
    outcome.tell(people, 31, json!({"server_id": text(server), "user_id": text(id), "reason": reason}));
    model.server_mut(server).members.remove(&member);
    model.people[member].servers.retain(|one| *one != server);
}

struct Update {
    server: Id,
    user: Id,
    nickname: Option<Value>,
    roles: Option<Vec<Id>>,
}

pub fn update(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let user = pick::member(model, server, chance);
    let nickname = chance.once_in(3).then(|| match chance.below(12) {
        0 => json!("x".repeat(33)),
        1 => json!(" "),
        2 | 3 => Value::Null,
        4 => json!("é".repeat(32)),
        _ => json!(["Al", "Bo", " Cy "][chance.below(3) as usize]),
    });
    let roles = (nickname.is_none() || chance.once_in(4)).then(|| {
        // Mostly one more or one less than they have.
        let found = model.servers.get(&server);
        let mut roles: Vec<Id> = found
            .and_then(|server| Some(server.members.get(&model.person(user)?)?.roles.iter().copied().collect()))
            .unwrap_or_default();
        for _ in 0..=chance.below(2) {
            let role = pick::role(model, server, chance);
            match roles.iter().position(|one| *one == role) {
                Some(at) if !chance.once_in(10) => _ = roles.remove(at),
                // `everyone` belongs to nobody, so that it is seldom worth a try.
                _ if role == server && !chance.once_in(10) => {}
                _ => roles.push(role),
            }
        }
        roles
    });
    Some(Box::new(Update { server, user, nickname, roles }))
}

impl Update {
    /// The nickname as it shall be, if it can be.
    fn nickname(&self) -> Option<Option<String>> {
        match self.nickname.as_ref()? {
            Value::String(raw) => {
                let name = raw.trim();
                (!name.is_empty() && name.chars().count() <= 32).then(|| Some(name.to_owned()))
            }
            _ => Some(None),
        }
    }
}

impl Act for Update {
    fn request(&self) -> Request {
        let mut body = json!({});
        if let Some(nickname) = &self.nickname {
            body["nickname"] = nickname.clone();
        }
        if let Some(roles) = &self.roles {
            body["roles"] = roles.iter().map(|role| text(*role)).collect();
        }
        Request::patch(format!("/servers/{}/members/{}", text(self.server), text(self.user)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, member) = member_of(model, self.server, self.user, who)?;
        let (names, gives) = (server.may(who, "manage_server"), server.may(who, "manage_roles"));
        // Whatever the body: who has no business with others' names or roles, or with this one's.
        unless(member == who || ((names || gives) && server.outranks(who, member)), FORBIDDEN)?;
        unless(self.nickname.is_none() || self.nickname().is_some(), INVALID)?;
        unless(self.roles.iter().flatten().all(|role| *role > 0), INVALID)?;
        unless(self.nickname.is_none() || member == who || names, FORBIDDEN)?;
        if let Some(roles) = &self.roles {
            // Who gives no roles at all does not learn which there are.
            unless(gives, FORBIDDEN)?;
            for role in roles {
                unless(server.position(*role).is_some_and(|position| position > 0), INVALID)?;
            }
            let (old, new) = (&server.members[&member].roles, BTreeSet::from_iter(roles.iter().copied()));
            for role in old.symmetric_difference(&new) {
                unless(server.position(*role).unwrap() < server.top(who), FORBIDDEN)?;
            }
            for role in new.difference(old) {
                let role = &server.roles[server.position(*role).unwrap()];
                unless(role.permissions.is_subset(&server.permissions(who)), FORBIDDEN)?;
            }
        }
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let user = model.person(self.user).unwrap();
        let server = model.server_mut(self.server);
        let before = server.sight();
        let member = server.members.get_mut(&user).unwrap();
        let old = member.clone();
        if let Some(nickname) = self.nickname() {
            member.nickname = nickname;
        }
        if let Some(roles) = &self.roles {
            member.roles = roles.iter().copied().collect();
        }
        let list = |roles: &BTreeSet<Id>| json!(roles.iter().map(|role| text(*role)).collect::<Vec<_>>());
        let changes = vec![
            ("nickname", json!(old.nickname), json!(member.nickname)),
            ("roles", list(&old.roles), list(&member.roles)),
        ];
        let changed = changes.iter().any(|(_, before, after)| before != after);
        if changed {
            server.record(who, "member_update", Some(self.user), &seen.reason, real(changes));
        }
        let server = &model.servers[&self.server];
        let member = model.member_object(server, user);
        let mut outcome = Outcome::new(member.clone());
        if changed {
            outcome.tell(server.people(), 32, member);
            outcome.turn(model, self.server, &before, &[]);
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

/// Leaves, or removes somebody.
struct Remove {
    server: Id,
    user: Id,
    /// Says "@me" for oneself.
    me: bool,
}

pub fn leave(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Remove { server: pick::server(model, chance), user: 0, me: true }))
}

pub fn kick(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    Some(Box::new(Remove { server, user: pick::member(model, server, chance), me: false }))
}

impl Remove {
    fn user(&self, model: &Model, who: Who) -> Id {
        if self.me { model.people[who].id } else { self.user }
    }
}

impl Act for Remove {
    fn request(&self) -> Request {
        let user = if self.me { "@me".to_owned() } else { text(self.user) };
        Request::delete(format!("/servers/{}/members/{user}", text(self.server)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, member) = member_of(model, self.server, self.user(model, who), who)?;
        if member == who {
            unless(server.owner != who, (409, "owner_cannot_leave"))?;
        } else {
            unless(server.may(who, "kick_members") && server.outranks(who, member), FORBIDDEN)?;
        }
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let user = self.user(model, who);
        let member = model.person(user).unwrap();
        let mut outcome = Outcome::nothing();
        go(model, self.server, member, if member == who { "left" } else { "kicked" }, &mut outcome);
        if member != who {
            model.server_mut(self.server).record(who, "member_kick", Some(user), &seen.reason, Vec::new());
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Get {
    server: Id,
    user: Id,
}

pub fn get(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    Some(Box::new(Get { server, user: pick::member(model, server, chance) }))
}

impl Act for Get {
    fn request(&self) -> Request {
        Request::get(format!("/servers/{}/members/{}", text(self.server), text(self.user)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        member_of(model, self.server, self.user, who).map(|_| 200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let (server, member) = member_of(model, self.server, self.user, who).unwrap();
        Outcome::new(model.member_object(server, member))
    }
}

struct List {
    server: Id,
    limit: Option<usize>,
    after: Option<Id>,
    only: Option<Vec<Id>>,
}

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let limit = chance.once_in(2).then(|| [1, 2, 3, 100, 101, 0][chance.below(6) as usize]);
    let after = chance.once_in(3).then(|| pick::member(model, server, chance));
    let only = chance.once_in(5).then(|| (0..3).map(|_| pick::person(model, chance)).collect());
    Some(Box::new(List { server, limit, after, only }))
}

impl Act for List {
    fn request(&self) -> Request {
        let mut query = Vec::new();
        query.extend(self.limit.map(|limit| format!("limit={limit}")));
        query.extend(self.after.map(|after| format!("after={}", text(after))));
        let ids = |ids: &Vec<Id>| ids.iter().map(|id| text(*id)).collect::<Vec<_>>().join(",");
        query.extend(self.only.as_ref().map(|only| format!("user_ids={}", ids(only))));
        Request::get(format!("/servers/{}/members?{}", text(self.server), query.join("&")))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        let limit = self.limit.is_none_or(|limit| (1..=100).contains(&limit));
        let ids = self.after.iter().chain(self.only.iter().flatten()).all(|id| *id > 0);
        unless(limit && ids, INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, _: Who, seen: &Seen<'_>) -> Outcome {
        let server = &model.servers[&self.server];
        let wanted = |who: &Who| {
            let id = model.people[*who].id;
            id > self.after.unwrap_or(0) && self.only.as_ref().is_none_or(|only| only.contains(&id))
        };
        let all: Vec<Who> = server.people().into_iter().filter(wanted).collect();
        let limit = self.limit.unwrap_or(50);
        assert_eq!(seen.more, all.len() > limit, "whether a Link leads on");
        Outcome::new(all.into_iter().take(limit).map(|who| model.member_object(server, who)).collect())
    }
}
