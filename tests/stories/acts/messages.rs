//! Messages: in channels and in DMs, with nonces, edits and deletions.

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Refusal, Request, Seen, Verdict, unless};
use super::model::{Id, Message, Model, Set, Who};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

/// What somebody may do where messages are; in a DM all that makes sense there.
pub fn may(model: &Model, channel: Id, who: Who) -> Result<Set, Refusal> {
    if model.dm_of(channel, who).is_some() {
        return Ok(["view_channel", "send_messages"].into());
    }
    let (server, channel) = model.channel_of(channel, who).filter(|(_, one)| !one.category).ok_or(NOT_FOUND)?;
    Ok(server.permissions_in(who, channel))
}

/// Whether a block stands between those who write to each other there.
pub fn blocked(model: &Model, channel: Id) -> bool {
    model.dms.get(&channel).is_some_and(|dm| model.blocked(dm.people[0], dm.people[1]))
}

fn server_id(model: &Model, channel: Id) -> Value {
    model.home_of(channel).map_or(Value::Null, |server| json!(text(server.id)))
}

fn path(channel: Id, message: Id) -> String {
    format!("/channels/{}/messages/{}", text(channel), text(message))
}

fn content(chance: &mut Chance) -> String {
    match chance.below(30) {
        0 => String::new(),
        1 => " \n".into(),
        2 => "é".repeat(4000),
        3 => "x".repeat(4001),
        n => ["hello", "  kept as it is\n", "what?", "日本語"][n as usize % 4].into(),
    }
}

fn good(content: &str) -> bool {
    !content.trim().is_empty() && content.chars().count() <= 4000
}

pub struct Post {
    channel: Id,
    content: String,
    nonce: Option<String>,
}

pub fn post(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let (channel, content) = (pick::place(model, chance), content(chance));
    // A bad one only with good content, and the other way round: which of the two is named is open.
    let nonce = (chance.once_in(3) && good(&content)).then(|| match chance.below(20) {
        0 => String::new(),
        1 => "n".repeat(65),
        n => format!("nonce {}", n % 5),
    });
    Some(Box::new(Post { channel, content, nonce }))
}

impl Post {
    pub fn new(channel: Id, content: &str) -> Self {
        Self { channel, content: content.to_owned(), nonce: None }
    }

    fn first_try(&self, model: &Model, who: Who) -> Option<Id> {
        model.nonces.get(&(who, self.channel, self.nonce.clone()?)).copied()
    }
}

impl Act for Post {
    fn request(&self) -> Request {
        let mut body = json!({"content": self.content});
        if let Some(nonce) = &self.nonce {
            body["nonce"] = json!(nonce);
        }
        Request::post(format!("/channels/{}/messages", text(self.channel)), body)
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let may = may(model, self.channel, who)?;
        if let Some(first) = self.first_try(model, who) {
            unless(model.message(self.channel, first).is_some(), (409, "nonce_used"))?;
            return Ok(200);
        }
        unless(may.contains("send_messages"), FORBIDDEN)?;
        unless(!blocked(model, self.channel), (403, "blocked"))?;
        unless(good(&self.content), INVALID)?;
        unless(self.nonce.as_ref().is_none_or(|nonce| (1..=64).contains(&nonce.len())), INVALID)?;
        Ok(201)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        if let Some(first) = self.first_try(model, who) {
            let mut message = model.message_object(self.channel, model.message(self.channel, first).unwrap());
            message["nonce"] = json!(self.nonce);
            return Outcome::new(message);
        }
        let message = Message {
            id: seen.id("message_id"),
            author: who,
            content: self.content.clone(),
            timestamp: seen.time("timestamp"),
            edited_at: None,
        };
        if let Some(nonce) = &self.nonce {
            model.nonces.insert((who, self.channel, nonce.clone()), message.id);
        }
        model.last.insert(self.channel, message.id);
        model.read.insert((who, self.channel), message.id);
        let mut object = model.message_object(self.channel, &message);
        model.messages.entry(self.channel).or_default().push(message);
        if let Some(nonce) = &self.nonce {
            object["nonce"] = json!(nonce);
        }
        let mut outcome = Outcome::new(object.clone());
        // A message brings a DM back, or shows it for the first time.
        if let Some(dm) = model.dms.get_mut(&self.channel) {
            let unaware: Vec<Who> = dm.people.into_iter().filter(|who| dm.shown.insert(*who)).collect();
            outcome.tell(unaware.clone(), 20, model.dm_object(&model.dms[&self.channel]));
            outcome.then();
            // Who writes has read all.
            for other in unaware.into_iter().filter(|other| *other != who) {
                if let Some(state) = model.reappearance(other, self.channel) {
                    outcome.tell([other], 60, state);
                }
            }
            outcome.then();
        }
        outcome.tell(model.hearers(self.channel), 11, object);
        outcome
    }
}

struct Edit {
    channel: Id,
    message: Id,
    content: String,
}

pub fn edit(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = pick::place(model, chance);
    Some(Box::new(Edit { channel, message: pick::message(model, channel, chance), content: content(chance) }))
}

impl Act for Edit {
    fn request(&self) -> Request {
        Request::patch(path(self.channel, self.message), json!({"content": self.content}))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        may(model, self.channel, who)?;
        let message = model.message(self.channel, self.message).ok_or(NOT_FOUND)?;
        unless(message.author == who, FORBIDDEN)?;
        unless(!blocked(model, self.channel), (403, "blocked"))?;
        unless(good(&self.content), INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, _: Who, seen: &Seen<'_>) -> Outcome {
        let messages = model.messages.get_mut(&self.channel).unwrap();
        let message = messages.iter_mut().find(|message| message.id == self.message).unwrap();
        let changed = message.content != self.content;
        if changed {
            message.content = self.content.clone();
            message.edited_at = Some(seen.time("edited_at"));
        }
        let message = model.message(self.channel, self.message).unwrap();
        let object = model.message_object(self.channel, message);
        let mut outcome = Outcome::new(object.clone());
        if changed {
            let mut told = object;
            told.as_object_mut().unwrap().remove("reactions");
            outcome.tell(model.hearers(self.channel), 12, told);
        }
        outcome
    }
}

struct Delete {
    channel: Id,
    message: Id,
}

pub fn delete(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = pick::place(model, chance);
    Some(Box::new(Delete { channel, message: pick::message(model, channel, chance) }))
}

impl Act for Delete {
    fn request(&self) -> Request {
        Request::delete(path(self.channel, self.message))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let may = may(model, self.channel, who)?;
        let message = model.message(self.channel, self.message).ok_or(NOT_FOUND)?;
        unless(message.author == who || may.contains("manage_messages"), FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        let author = model.message(self.channel, self.message).unwrap().author;
        model.messages.get_mut(&self.channel).unwrap().retain(|message| message.id != self.message);
        model.gone.push(self.message);
        if author != who {
            let (home, id) = (model.home_of(self.channel).unwrap().id, model.people[author].id);
            let changes = vec![
                ("channel_id", json!(text(self.channel)), Value::Null),
                ("author_id", json!(text(id)), Value::Null),
            ];
            let server = model.server_mut(home);
            server.record(who, "message_delete", Some(self.message), &seen.reason, changes);
        }
        let mut outcome = Outcome::nothing();
        let (message, channel, server) = (text(self.message), text(self.channel), server_id(model, self.channel));
        let d = json!({"message_id": message, "channel_id": channel, "server_id": server});
        outcome.tell(model.hearers(self.channel), 13, d);
        outcome
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Get {
    channel: Id,
    message: Id,
}

pub fn get(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = pick::place(model, chance);
    Some(Box::new(Get { channel, message: pick::message(model, channel, chance) }))
}

impl Act for Get {
    fn request(&self) -> Request {
        Request::get(path(self.channel, self.message))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        may(model, self.channel, who)?;
        model.message(self.channel, self.message).map(|_| 200).ok_or(NOT_FOUND)
    }

    fn apply(&self, model: &mut Model, _: Who, _: &Seen<'_>) -> Outcome {
        Outcome::new(model.message_object(self.channel, model.message(self.channel, self.message).unwrap()))
    }
}

struct List {
    channel: Id,
    limit: Option<usize>,
    before: Option<Id>,
}

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = pick::place(model, chance);
    let limit = chance.once_in(2).then(|| [1, 3, 10, 100, 0, 101][chance.below(6) as usize]);
    let before = chance.once_in(3).then(|| pick::message(model, channel, chance));
    Some(Box::new(List { channel, limit, before }))
}

impl Act for List {
    fn request(&self) -> Request {
        let mut query = Vec::new();
        query.extend(self.limit.map(|limit| format!("limit={limit}")));
        query.extend(self.before.map(|before| format!("before={}", text(before))));
        Request::get(format!("/channels/{}/messages?{}", text(self.channel), query.join("&")))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        may(model, self.channel, who)?;
        unless(self.limit.is_none_or(|limit| (1..=100).contains(&limit)), INVALID)?;
        unless(self.before.is_none_or(|before| before > 0), INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, _: Who, seen: &Seen<'_>) -> Outcome {
        let limit = self.limit.unwrap_or(50);
        let all = model.messages.get(&self.channel).map(|all| &all[..]).unwrap_or_default();
        let older: Vec<&Message> = all.iter().filter(|one| self.before.is_none_or(|before| one.id < before)).collect();
        assert_eq!(seen.more, older.len() > limit, "whether a Link leads on");
        let page = older.into_iter().rev().take(limit);
        Outcome::new(page.map(|message| model.message_object(self.channel, message)).collect())
    }
}
