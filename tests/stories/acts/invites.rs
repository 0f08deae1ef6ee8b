//! Invites: made, listed, looked at, used, revoked.

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, unless};
use super::model::{Id, Invite, Member, Model, Who};
use super::objects::text;
use super::pick;
use super::servers::joined_at;
use crate::chance::Chance;

/// A server with so many gets no more.
const INVITES: usize = 6;

struct Create {
    server: Id,
    max_uses: Option<Value>,
    expires_in: Option<Value>,
}

pub fn create(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let mut one = |of: [Value; 6]| chance.once_in(2).then(|| of[chance.below(6) as usize].clone());
    let max_uses = one([json!(1), json!(1), json!(2), json!(1000), json!(null), json!(0)]);
    let expires_in = one([json!(3600), json!(86_400), json!(31_536_000), json!(null), json!(null), json!(31_536_001)]);
    let room = model.servers.get(&server).is_none_or(|server| server.invites.len() < INVITES);
    room.then(|| Box::new(Create { server, max_uses, expires_in }) as Box<dyn Act>)
}

impl Act for Create {
    fn request(&self) -> Request {
        let path = format!("/servers/{}/invites", text(self.server));
        if self.max_uses.is_none() && self.expires_in.is_none() {
            return Request::Rest { method: "POST", path, body: None };
        }
        let mut body = json!({});
        if let Some(max_uses) = &self.max_uses {
            body["max_uses"] = max_uses.clone();
        }
        if let Some(expires_in) = &self.expires_in {
            body["expires_in"] = expires_in.clone();
        }
        Request::post(path, body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "create_invite"), FORBIDDEN)?;
        let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64);
        unless(number(&self.max_uses).is_none_or(|uses| (1..=1000).contains(&uses)), INVALID)?;
        unless(number(&self.expires_in).is_none_or(|seconds| (1..=31_536_000).contains(&seconds)), INVALID)?;
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let code = seen.answer["code"].as_str().unwrap().to_owned();
        assert!(code.len() >= 14, "{code} cannot hold 80 random bits");
        let for_ever = self.expires_in == Some(Value::Null);
        let invite = Invite {
            url: format!("/invite/{code}"),
            inviter: who,
            uses: 0,
            max_uses: self.max_uses.as_ref().and_then(Value::as_u64),
            expires_at: (!for_ever).then(|| seen.time("expires_at")),
            created_at: seen.time("created_at"),
            code: code.clone(),
        };
        let server = model.server_mut(self.server);
        let changes = vec![
            ("code", Value::Null, json!(beginning(&code))),
            ("max_uses", Value::Null, json!(invite.max_uses)),
            ("expires_at", Value::Null, json!(invite.expires_at)),
        ];
        server.record(who, "invite_create", None, &seen.reason, changes);
        server.invites.push(invite);
        let server = &model.servers[&self.server];
        Outcome::new(model.invite_object(server, server.invites.last().unwrap()))
    }

    fn audited(&self) -> bool {
        true
    }
}

/// What the audit log shows of a code: too little to join by it.
fn beginning(code: &str) -> String {
    format!("{}…", &code[..4])
}

/// The code of an invite, mostly one that is good.
fn code(model: &Model, chance: &mut Chance) -> String {
    let good: Vec<&String> =
        model.servers.values().flat_map(|server| &server.invites).map(|invite| &invite.code).collect();
    match chance.one(&good) {
        Some(code) if !chance.once_in(15) => code.to_string(),
        _ => chance.one(&model.spent).cloned().unwrap_or("nonsense".into()),
    }
}

struct Join(String);

pub fn join(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Join(code(model, chance))))
}

impl Act for Join {
    fn request(&self) -> Request {
        Request::Rest { method: "POST", path: format!("/invites/{}", self.0), body: None }
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, _) = model.invite(&self.0).ok_or(NOT_FOUND)?;
        unless(!server.bans.contains_key(&who), (403, "banned"))?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let (server, n) = model.invite(&self.0).unwrap();
        let id = server.id;
        if server.members.contains_key(&who) {
            return Outcome::new(model.server_object(server));
        }
        let server = model.server_mut(id);
        server.members.insert(who, Member { joined_at: joined_at(id, seen), ..Member::default() });
        let invite = &mut server.invites[n];
        invite.uses += 1;
        if Some(invite.uses) == invite.max_uses {
            let used_up = server.invites.remove(n);
            model.spent.push(used_up.code);
        }
        model.people[who].servers.push(id);
        let server = &model.servers[&id];
        // What was said before one came is read.
        for channel in server.channels.iter().filter(|channel| server.viewers(channel).contains(&who)) {
            if let Some(last) = model.last.get(&channel.id) {
                model.read.insert((who, channel.id), *last);
            }
        }
        let mut outcome = Outcome::new(model.server_object(server));
        let member = model.member_object(server, who);
        outcome.tell(server.people().into_iter().filter(|other| *other != who), 30, member.clone());
        let mut own = member;
        own["server"] = model.full_server_object(server, who);
        outcome.tell([who], 30, own);
        outcome
    }
}

struct Revoke(String);

pub fn revoke(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Revoke(code(model, chance))))
}

impl Act for Revoke {
    fn request(&self) -> Request {
        Request::delete(format!("/invites/{}", self.0))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, n) = model.invite(&self.0).ok_or(NOT_FOUND)?;
        unless(server.members.contains_key(&who), NOT_FOUND)?;
        unless(server.invites[n].inviter == who || server.may(who, "manage_server"), FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let (server, n) = model.invite(&self.0).unwrap();
        let (id, inviter) = (server.id, model.people[server.invites[n].inviter].id);
        let server = model.server_mut(id);
        server.invites.remove(n);
        let changes =
            vec![("code", json!(beginning(&self.0)), Value::Null), ("inviter_id", json!(text(inviter)), Value::Null)];
        server.record(who, "invite_delete", None, &seen.reason, changes);
        model.spent.push(self.0.clone());
        Outcome::nothing()
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Preview(String);

pub fn preview(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Preview(code(model, chance))))
}

impl Act for Preview {
    fn request(&self) -> Request {
        Request::get(format!("/invites/{}", self.0))
    }

    fn verdict(&self, model: &Model, _: Who) -> Verdict {
        model.invite(&self.0).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, _: Who, _: &Seen<'_>) -> Outcome {
        let (server, n) = model.invite(&self.0).unwrap();
        Outcome::new(model.preview_object(server, &server.invites[n]))
    }
}

struct List(Id);

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(List(pick::server(model, chance))))
}

impl Act for List {
    fn request(&self) -> Request {
        Request::get(format!("/servers/{}/invites", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        model.server_of(self.0, who).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let server = &model.servers[&self.0];
        let all = server.may(who, "manage_server");
        let shown = server.invites.iter().rev().filter(|invite| all || invite.inviter == who);
        Outcome::new(shown.map(|invite| model.invite_object(server, invite)).collect())
    }
}
