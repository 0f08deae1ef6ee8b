//! What an act is: a request, the reference's verdict on it, and what must follow.

use serde_json::{Value, json};

use super::model::{Channel, Id, Model, Server, Sight, Who};
use super::objects::text;

/// What is sent, and by which way.
pub enum Request {
    Rest {
        method: &'static str,
        path: String,
        body: Option<Value>,
    },
    /// Over the gateway, which answers nothing.
    Typing(Id),
}

impl Request {
    pub fn get(path: String) -> Self {
        Self::Rest { method: "GET", path, body: None }
    }

    pub fn post(path: String, body: Value) -> Self {
        Self::Rest { method: "POST", path, body: Some(body) }
    }

    pub fn patch(path: String, body: Value) -> Self {
        Self::Rest { method: "PATCH", path, body: Some(body) }
    }

    pub fn put(path: String, body: Value) -> Self {
        Self::Rest { method: "PUT", path, body: Some(body) }
    }

    pub fn delete(path: String) -> Self {
        Self::Rest { method: "DELETE", path, body: None }
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rest { method, path, body: Some(body) } => write!(f, "{method} {path} {}", short(body)),
            Self::Rest { method, path, body: None } => write!(f, "{method} {path}"),
            Self::Typing(channel) => write!(f, "types in {}", text(*channel)),
        }
    }
}

/// The same with long texts cut short.
fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > 40 => {
            json!(format!("{}… ({})", text.chars().take(10).collect::<String>(), text.chars().count()))
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), short(value))).collect(),
        other => other.clone(),
    }
}

/// The status and code of a problem.
pub type Refusal = (u16, &'static str);
/// The status of a success, or a refusal.
pub type Verdict = Result<u16, Refusal>;

pub const NOT_FOUND: Refusal = (404, "not_found");
pub const FORBIDDEN: Refusal = (403, "forbidden");
pub const INVALID: Refusal = (400, "invalid_field");

/// Turns what is wrong into a refusal.
pub fn unless(fine: bool, refusal: Refusal) -> Result<(), Refusal> {
    if fine { Ok(()) } else { Err(refusal) }
}

/// Something that somebody may try.
pub trait Act {
    fn request(&self) -> Request;

    /// What the contract says to it.
    fn verdict(&self, model: &Model, who: Who) -> Verdict;

    /// Changes the reference after a success, taking over what only the program can decide: IDs and times.
    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome;

    /// Whether it can be known what must follow at this very moment.
    fn certain(&self, _: &Model, _: Who) -> bool {
        true
    }

    /// Whether a reason may go with it into the audit log.
    fn audited(&self) -> bool {
        false
    }
}

/// What the one who acts sees of it.
pub struct Seen<'a> {
    pub answer: &'a Value,
    /// Whether a further page is announced.
    pub more: bool,
    /// What was given as a reason.
    pub reason: Option<String>,
    /// A GET by the one who acts.
    pub look: &'a dyn Fn(&str) -> Value,
}

impl Seen<'_> {
    /// A new ID, newer than all before.
    pub fn id(&self, field: &str) -> Id {
        id(&self.answer[field])
    }

    pub fn time(&self, field: &str) -> String {
        time(&self.answer[field])
    }
}

pub fn id(value: &Value) -> Id {
    let id = value.as_str().and_then(|text| text.parse().ok()).filter(|id: &Id| *id > 0 && json!(text(*id)) == *value);
    id.unwrap_or_else(|| panic!("not an ID: {value}"))
}

pub fn time(value: &Value) -> String {
    let time = value.as_str().filter(|text| text.len() == 24 && text.as_bytes()[10] == b'T' && text.ends_with('Z'));
    time.unwrap_or_else(|| panic!("not a time: {value}")).to_owned()
}

/// An event and who must hear it.
pub struct Told {
    pub to: Vec<Who>,
    pub op: u64,
    pub d: Value,
}

/// Events that may come in any order.
#[derive(Default)]
pub struct Stage {
    pub told: Vec<Told>,
    /// They come a moment later, from what is done behind the scenes.
    pub swept: bool,
}

/// What follows from an act.
pub struct Outcome {
    pub answer: Value,
    /// One after the other.
    pub stages: Vec<Stage>,
}

impl Outcome {
    pub fn new(answer: Value) -> Self {
        Self { answer, stages: vec![Stage::default()] }
    }

    /// An answer without a body.
    pub fn nothing() -> Self {
        Self::new(Value::Null)
    }

    pub fn tell(&mut self, to: impl IntoIterator<Item = Who>, op: u64, d: Value) {
        self.stages.last_mut().unwrap().told.push(Told { to: to.into_iter().collect(), op, d });
    }

    /// What is told from here on comes after what was told before.
    pub fn then(&mut self) {
        self.stages.push(Stage::default());
    }

    /// What is told from here on comes some time after what was told before.
    pub fn some_time_later(&mut self) {
        self.stages.push(Stage { swept: true, ..Stage::default() });
    }

    /// What changed in who sees what since `before` is told: to whoever lost sight of a channel that it is gone, to
    /// whoever gained it that it is there, to whoever kept it that it changed, if it is one of `changed`. Who gained
    /// it has read it.
    pub fn turn(&mut self, model: &mut Model, server: Id, before: &Sight, changed: &[Id]) {
        self.then();
        let server = &model.servers[&server];
        for channel in &server.channels {
            let (then, now) = (&before[&channel.id], server.viewers(channel));
            self.tell(then.difference(&now).copied(), 22, gone(server, channel));
            self.tell(now.difference(then).copied(), 20, model.channel_object(server, channel));
            if changed.contains(&channel.id) {
                self.tell(then.intersection(&now).copied(), 21, model.channel_object(server, channel));
            }
            if let Some(last) = model.last.get(&channel.id) {
                model.read.extend(now.difference(then).map(|who| ((*who, channel.id), *last)));
            }
        }
    }
}

/// `d` of CHANNEL_DELETE.
pub fn gone(server: &Server, channel: &Channel) -> Value {
    json!({"channel_id": text(channel.id), "server_id": text(server.id)})
}
