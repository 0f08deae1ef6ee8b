//! What devices tell on the way: that somebody types, has read, is here or busy.

use std::time::{Duration, Instant};

use serde_json::json;

use super::act::{Act, FORBIDDEN, INVALID, Outcome, Request, Seen, Verdict, unless};
use super::messages::{blocked, may};
use super::model::{Id, Model, Who};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

struct Type(Id);

/// How often typing is passed on, at most.
const TYPING: Duration = Duration::from_secs(3);
/// Whether so much less or more has passed is not certain, as the program looks at the clock at another moment.
const TOLERANCE: Duration = Duration::from_secs(1);

pub fn type_something(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    // What is no ID at all would cost the connection.
    Some(Box::new(Type(pick::place(model, chance).abs())))
}

impl Type {
    /// How long ago it was last passed on.
    fn since(&self, model: &Model, who: Who) -> Option<Duration> {
        model.typed.get(&(who, self.0)).map(Instant::elapsed)
    }
}

impl Act for Type {
    fn request(&self) -> Request {
        Request::Typing(self.0)
    }

    /// Whether others are told; nothing is answered in either case.
    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        unless(may(model, self.0, who)?.contains("send_messages"), FORBIDDEN)?;
        unless(!blocked(model, self.0), (403, "blocked"))?;
        Ok(0)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let mut outcome = Outcome::nothing();
        if self.since(model, who).is_none_or(|passed| passed > TYPING) {
            model.typed.insert((who, self.0), Instant::now());
            let d = json!({"channel_id": text(self.0), "user_id": text(model.people[who].id)});
            outcome.tell(model.hearers(self.0).into_iter().filter(|other| *other != who), 50, d);
        }
        outcome
    }

    fn certain(&self, model: &Model, who: Who) -> bool {
        let since = self.since(model, who);
        since.is_none_or(|passed| passed + TOLERANCE < TYPING || passed > TYPING + TOLERANCE)
    }
}

struct Read {
    channel: Id,
    message: Id,
}

pub fn read(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = pick::place(model, chance);
    Some(Box::new(Read { channel, message: pick::message(model, channel, chance) }))
}

impl Act for Read {
    fn request(&self) -> Request {
        Request::put(format!("/channels/{}/read", text(self.channel)), json!({"message_id": text(self.message)}))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        may(model, self.channel, who)?;
        unless(self.message > 0, INVALID)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let mut outcome = Outcome::nothing();
        if model.read.insert((who, self.channel), self.message) != Some(self.message) {
            outcome.tell([who], 60, model.read_state_object(who, self.channel, self.message));
        }
        outcome
    }

    /// Only onwards in a server: who has just come to see a channel has read it, but that is noted a moment later.
    fn certain(&self, model: &Model, who: Who) -> bool {
        let there = model.message(self.channel, self.message).is_some();
        let onwards = model.read.get(&(who, self.channel)).is_none_or(|read| *read < self.message);
        there && (onwards || model.dms.contains_key(&self.channel))
    }
}

/// Chooses how one reads to others.
struct Choose(&'static str);

pub fn choose(_: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    Some(Box::new(Choose(["online", "idle", "dnd"][chance.below(3) as usize])))
}

impl Act for Choose {
    fn request(&self) -> Request {
        Request::patch("/users/@me".into(), json!({"status": self.0}))
    }

    fn verdict(&self, _: &Model, _: Who) -> Verdict {
        Ok(200)
    }

    fn apply(&self, model: &mut Model, who: Who, _: &Seen<'_>) -> Outcome {
        let changed = model.people[who].status != self.0;
        model.people[who].status = self.0;
        let mut outcome = Outcome::new(model.own_object(who));
        if changed {
            let d = json!({"user_id": text(model.people[who].id), "status": self.0});
            outcome.tell(model.acquaintances(who), 40, d);
        }
        outcome
    }
}
