//! People: DMs between two, blocks, profiles.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::act::{Act, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, unless};
use super::model::{Dm, Id, Model, Who};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

struct Open(Id);

pub fn open(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Open(pick::person(model, chance))))
}

impl Act for Open {
    fn request(&self) -> Request {
        Request::post("/users/@me/dm-channels".into(), json!({"recipient_id": text(self.0)}))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        unless(self.0 > 0, INVALID)?;
        unless(self.0 != model.people[who].id, INVALID)?;
        let other = model.person(self.0).filter(|other| model.know(who, *other)).ok_or(NOT_FOUND)?;
        if model.dm_between(who, other).is_some() {
            return Ok(200);
        }
        unless(!model.blocked(who, other), (403, "blocked"))?;
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let other = model.person(self.0).unwrap();
        let id = seen.id("channel_id");
        if model.dm_between(who, other).is_none() {
            let shown = BTreeSet::new();
            model.dms.insert(id, Dm { id, people: [who, other], created_at: seen.time("created_at"), shown });
        }
        let id = model.dm_between(who, other).unwrap().id;
        let news = model.dms.get_mut(&id).unwrap().shown.insert(who);
        let dm = model.dm_object(&model.dms[&id]);
        let mut outcome = Outcome::new(dm.clone());
        if news {
            outcome.tell([who], 20, dm);
            outcome.then();
            if let Some(state) = model.reappearance(who, id) {
                outcome.tell([who], 60, state);
            }
        }
        outcome
    }
}

struct ListDms;

pub fn list_dms(_: &Model, _: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(ListDms))
}

impl Act for ListDms {
    fn request(&self) -> Request {
        Request::get("/users/@me/dm-channels".into())
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(json!(model.dm_objects(who)))
    }
}

struct Block {
    user: Id,
    /// Or lifts the block.
    put: bool,
}

pub fn block(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Block { user: pick::person(model, chance), put: true }))
}

pub fn unblock(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Block { user: pick::person(model, chance), put: false }))
}

impl Act for Block {
    fn request(&self) -> Request {
        let path = format!("/users/@me/blocks/{}", text(self.user));
        Request::Rest { method: if self.put { "PUT" } else { "DELETE" }, path, body: None }
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        unless(self.user > 0, NOT_FOUND)?;
        if self.put {
            unless(self.user != model.people[who].id, INVALID)?;
            // Blocked already is blocked, also who is out of sight since.
            let can_be = |other| model.know(who, other) || model.people[who].blocks.contains(&other);
            unless(model.person(self.user).is_some_and(can_be), NOT_FOUND)?;
        }
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let mut outcome = Outcome::nothing();
        let Some(other) = model.person(self.user) else { return outcome };
        let before = model.unread_objects(who);
        let blocks = &mut model.people[who].blocks;
        if blocks.contains(&other) == self.put {
            return outcome;
        }
        if self.put {
            blocks.insert(0, other);
        } else {
            blocks.retain(|one| *one != other);
        }
        outcome.tell([who], 63, json!({"user_id": text(self.user), "blocked": self.put}));
        outcome.then();
        for state in model.unread_objects(who).into_iter().filter(|state| !before.contains(state)) {
            outcome.tell([who], 60, state);
        }
        outcome
    }
}

struct ListBlocks;

pub fn list_blocks(_: &Model, _: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(ListBlocks))
}

impl Act for ListBlocks {
    fn request(&self) -> Request {
        Request::get("/users/@me/blocks".into())
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(model.people[who].blocks.iter().map(|other| model.user_object(*other)).collect())
    }
}

struct Look(Id);

pub fn look(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Look(pick::person(model, chance))))
}

impl Act for Look {
    fn request(&self) -> Request {
        Request::get(format!("/users/{}", text(self.0)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        unless(model.person(self.0).is_some_and(|other| model.know(who, other)), NOT_FOUND)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(model.user_object_for(who, model.person(self.0).unwrap()))
    }
}

/// Is shown under another name from now on.
struct Rename(Value);

pub fn rename(_: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let names = [json!("Ali"), json!("Bibi"), json!("Çelik"), json!(null), json!("x".repeat(33)), json!(" ")];
    Some(Box::new(Rename(chance.one(&names).unwrap().clone())))
}

impl Act for Rename {
    fn request(&self) -> Request {
        Request::patch("/users/@me".into(), json!({"display_name": self.0}))
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        unless(self.0.as_str().is_none_or(|name| (1..=32).contains(&name.trim().chars().count())), INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let name = self.0.as_str().map(str::to_owned);
        let changed = model.people[who].display_name != name;
        model.people[who].display_name = name;
        let mut outcome = Outcome::new(model.own_object(who));
        if changed {
            outcome.tell(model.acquaintances(who), 41, model.user_object(who));
        }
        outcome
    }
}
