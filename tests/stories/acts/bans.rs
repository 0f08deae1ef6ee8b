//! Bans: who is banned goes, with what they lately wrote, and cannot come back until it is lifted.

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, time, unless};
use super::members::go;
use super::model::{Ban, Id, Model, Who};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

struct Add {
    server: Id,
    user: Id,
    body: Option<Value>,
}

pub fn add(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let user = pick::member(model, server, chance);
    let body = (!chance.once_in(4)).then(|| {
        let mut body = json!({});
        if chance.once_in(2) {
            body["reason"] = match chance.below(8) {
                0 => Value::Null,
                1 => json!("r".repeat(513)),
                2 => json!("r".repeat(512)),
                3 => json!(""),
                _ => json!("spam"),
            };
        }
        if chance.once_in(2) {
            // Nothing, or all that this run has seen: what lies between would depend on how fast it goes.
            body["delete_message_seconds"] = json!([0, 604_800, 86_400, 3600, 604_801, -1][chance.below(6) as usize]);
        }
        body
    });
    Some(Box::new(Add { server, user, body }))
}

impl Act for Add {
    fn request(&self) -> Request {
        let path = format!("/servers/{}/bans/{}", text(self.server), text(self.user));
        Request::Rest { method: "PUT", path, body: self.body.clone() }
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        // What is no ID is nobody's, whoever asks.
        unless(self.user >= 0, NOT_FOUND)?;
        unless(server.may(who, "ban_members"), FORBIDDEN)?;
        let user = model.person(self.user).ok_or(NOT_FOUND)?;
        unless(user != who && user != server.owner, FORBIDDEN)?;
        unless(!server.members.contains_key(&user) || server.outranks(who, user), FORBIDDEN)?;
        let body = self.body.clone().unwrap_or_default();
        unless(body["reason"].as_str().is_none_or(|reason| reason.len() <= 512), INVALID)?;
        unless(body["delete_message_seconds"].as_i64().is_none_or(|s| (0..=604_800).contains(&s)), INVALID)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let user = model.person(self.user).unwrap();
        let mut outcome = Outcome::nothing();
        if model.servers[&self.server].bans.contains_key(&user) {
            return outcome;
        }
        let body = self.body.clone().unwrap_or_default();
        let given = body["reason"].as_str().map(str::to_owned).or(seen.reason.clone());
        let reason = given.filter(|reason| !reason.is_empty());
        if model.servers[&self.server].members.contains_key(&user) {
            go(model, self.server, user, "banned", &mut outcome);
        }
        let seconds = body["delete_message_seconds"].as_i64().unwrap_or(0);
        let server = model.server_mut(self.server);
        let changes =
            if seconds > 0 { vec![("delete_message_seconds", Value::Null, json!(seconds))] } else { Vec::new() };
        server.record(who, "ban_add", Some(self.user), &reason, changes);
        server.bans.insert(user, Ban { reason, by: who, created_at: None });
        if seconds > 0 {
            outcome.some_time_later();
            purge(model, self.server, user, &mut outcome);
        }
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

/// Takes all that somebody wrote in a server out of it.
fn purge(model: &mut Model, server: Id, author: Who, outcome: &mut Outcome) {
    let server = &model.servers[&server];
    for channel in &server.channels {
        let viewers = server.viewers(channel);
        for message in model.messages.entry(channel.id).or_default().extract_if(.., |one| one.author == author) {
            model.gone.push(message.id);
            let d = json!({
                "message_id": text(message.id),
                "channel_id": text(channel.id),
                "server_id": text(server.id),
            });
            outcome.tell(viewers.clone(), 13, d);
        }
    }
}

struct Remove {
    server: Id,
    user: Id,
}

pub fn remove(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let banned: Vec<Who> = model.servers.get(&server).iter().flat_map(|server| server.bans.keys().copied()).collect();
    let user = match chance.one(&banned) {
        Some(who) if !chance.once_in(8) => model.people[*who].id,
        _ => pick::person(model, chance),
    };
    Some(Box::new(Remove { server, user }))
}

impl Act for Remove {
    fn request(&self) -> Request {
        Request::delete(format!("/servers/{}/bans/{}", text(self.server), text(self.user)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        // What is no ID is nobody's, whoever asks.
        unless(self.user >= 0, NOT_FOUND)?;
        unless(server.may(who, "ban_members"), FORBIDDEN)?;
        unless(model.person(self.user).is_some_and(|user| server.bans.contains_key(&user)), NOT_FOUND)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let user = model.person(self.user).unwrap();
        let server = model.server_mut(self.server);
        server.bans.remove(&user);
        server.record(who, "ban_remove", Some(self.user), &seen.reason, Vec::new());
        Outcome::nothing()
    }

    fn audited(&self) -> bool {
        true
    }
}

struct List {
    server: Id,
    limit: Option<usize>,
    after: Option<Id>,
}

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let limit = chance.once_in(2).then(|| [1, 2, 100, 101][chance.below(4) as usize]);
    let after = chance.once_in(3).then(|| pick::person(model, chance));
    Some(Box::new(List { server, limit, after }))
}

impl Act for List {
    fn request(&self) -> Request {
        let mut query = Vec::new();
        query.extend(self.limit.map(|limit| format!("limit={limit}")));
        query.extend(self.after.map(|after| format!("after={}", text(after))));
        Request::get(format!("/servers/{}/bans?{}", text(self.server), query.join("&")))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "ban_members"), FORBIDDEN)?;
        unless(self.limit.is_none_or(|limit| limit <= 100) && self.after.is_none_or(|id| id > 0), INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, _: Who, seen: &Seen<'_>) -> Outcome {
        let people: Vec<Id> = model.people.iter().map(|human| human.id).collect();
        let server = model.server_mut(self.server);
        let limit = self.limit.unwrap_or(50);
        let mut all: Vec<(&Who, &mut Ban)> = server.bans.iter_mut().collect();
        all.retain(|(who, _)| people[**who] > self.after.unwrap_or(0));
        assert_eq!(seen.more, all.len() > limit, "whether a Link leads on");
        all.truncate(limit);
        for ((_, ban), shown) in all.iter_mut().zip(seen.answer.as_array().unwrap()) {
            ban.created_at.get_or_insert_with(|| time(&shown["created_at"]));
        }
        let page: Vec<Who> = all.into_iter().map(|(who, _)| *who).collect();
        let bans = &model.servers[&self.server].bans;
        Outcome::new(page.into_iter().map(|who| model.ban_object(who, &bans[&who])).collect())
    }
}
