//! What a row asks for, word for word: the things that its path names, and its body.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::Operation;
use super::grid::Row;
use super::people::{People, Who};
use super::stage::{Elsewhere, Setting, Stage};
use crate::harness::{Answer, PASSWORD};

/// A request, still to be sent.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    template: String,
    /// The parameters of the path.
    pub named: Vec<(String, String)>,
    pub body: Option<Value>,
    /// What follows the path.
    query: String,
    headers: Vec<(&'static str, &'static str)>,
}

/// How a request differs from one that is well-formed.
#[derive(Clone, Debug, Default)]
pub struct Flaw {
    /// What follows the path.
    pub query: &'static str,
    /// The body, or none; the request's own if this is absent.
    pub body: Option<Option<String>>,
    pub header: Option<(&'static str, &'static str)>,
}

impl Request {
    /// The same with something else in the path.
    pub fn naming(&self, parameter: &str, value: &str) -> Self {
        let mut other = self.clone();
        for (_, old) in other.named.iter_mut().filter(|(name, _)| name == parameter) {
            value.clone_into(old);
        }
        other
    }

    /// The path with what it names.
    pub fn path(&self) -> String {
        let named = self.named.iter();
        named.fold(self.template.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    }

    /// Sends it.
    pub fn send(&self, people: &People<'_>, who: Who) -> Answer {
        self.send_with(people, who, &Flaw::default())
    }

    /// Sends it with a flaw.
    pub fn send_with(&self, people: &People<'_>, who: Who, flaw: &Flaw) -> Answer {
        let token = people.person(who).map(|person| person.token.as_str());
        let body = flaw.body.clone().unwrap_or_else(|| self.body.as_ref().map(Value::to_string));
        let headers: Vec<_> = self.headers.iter().copied().chain(flaw.header).collect();
        let flaw_query = if self.query.is_empty() { flaw.query.to_owned() } else { flaw.query.replacen('?', "&", 1) };
        let path = self.path() + &self.query + &flaw_query;
        people.world.send(&self.method, &path, token, &headers, body.as_deref())
    }
}

/// The words behind the path of a row.
pub struct Words(Vec<&'static str>);

impl Words {
    pub fn of(row: &Row) -> Self {
        Self(row.words[2..].to_vec())
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    /// The setting that they ask for.
    pub fn setting(&self) -> Setting {
        Setting {
            muted: self.has("muted"),
            trusted: self.has("trusted"),
            rankless: self.has("rankless"),
            powerless: self.has("powerless"),
            barred: self.has("barred"),
            favoured: self.has("favoured"),
            ..Setting::default()
        }
    }

    fn asked_for(&self) -> &'static str {
        let known = ["nickname", "roles", "granting", "raising", "handover", "in-server", "in-channel"];
        known.into_iter().find(|word| self.has(word)).unwrap_or_default()
    }
}

/// All that a request is made from.
pub struct Scene<'a> {
    pub people: &'a People<'a>,
    pub stage: &'a Stage,
    pub elsewhere: &'a Elsewhere,
    pub who: Who,
}

impl Scene<'_> {
    /// The request of a row.
    pub fn request(&self, operation: &Operation, words: &Words) -> Request {
        let named = operation.parameters().map(|name| (name.to_owned(), self.thing(name, words))).collect();
        let body = self.body(&operation.name(), words);
        assert!(body.is_some() || !operation.needs_body, "{} needs a body", operation.name());
        let headers = if words.has("proxied") { vec![("X-Forwarded-For", "192.0.2.7")] } else { Vec::new() };
        let query = match (operation.name().as_str(), words.asked_for()) {
            ("GET /search", "in-server") => format!("?q=hello&server_id={}", self.stage.server),
            ("GET /search", "in-channel") => format!("?q=hello&channel_id={}", self.stage.channel),
            ("GET /search", _) => "?q=hello".to_owned(),
            ("POST /uploads", _) => "?filename=cat.png".to_owned(),
            _ => String::new(),
        };
        let (method, template) = (operation.method.clone(), operation.full_path.clone());
        Request { method, template, named, body, query, headers }
    }

    /// What stands for a parameter.
    fn thing(&self, parameter: &str, words: &Words) -> String {
        let one_of = |known: &[&'static str]| {
            let found = known.iter().find(|word| words.has(word)).copied();
            found.unwrap_or_else(|| panic!("a row for {{{parameter}}} must have one of {known:?}"))
        };
        match parameter {
            "server_id" => self.stage.server.clone(),
            "channel_id" => self.stage.channel.clone(),
            "user_id" => match one_of(&["@me", "peer", "equal", "owner", "stranger", "banned"]) {
                "@me" => "@me".to_owned(),
                "stranger" => self.people.get(Who::Outsider).id.clone(),
                name => self.people.get(Who::named(name)).id.clone(),
            },
            "role_id" => match one_of(&["everyone", "helpers", "secretaries", "moderators", "elsewhere"]) {
                "elsewhere" => self.elsewhere.role.clone(),
                name => self.stage.roles[name].clone(),
            },
            "message_id" if words.has("elsewhere") => self.elsewhere.message.clone(),
            "message_id" => self.stage.messages[&self.whose(words, &self.stage.messages)].clone(),
            // 👍, percent-encoded.
            "emoji" => "%F0%9F%91%8D".to_owned(),
            "code" => self.stage.invites[&self.whose(words, &self.stage.invites)].clone(),
            "session_id" if words.has("own") && self.who.is_signed_in() => self.people.session_of(self.who),
            "session_id" => self.people.session_of(Who::Peer),
            "subscription_id" if words.has("own") && self.who.is_signed_in() => self.people.subscription_of(self.who),
            "subscription_id" => self.people.subscription_of(Who::Peer),
            "attachment_id" => self.elsewhere.file.0.clone(),
            "secret" => self.elsewhere.file.1.clone(),
            "filename" => "cat.png".to_owned(),
            _ => panic!("nothing is known to stand for {{{parameter}}}"),
        }
    }

    /// Whose thing is meant: the asker's own if they have one, else another's.
    fn whose(&self, words: &Words, things: &BTreeMap<Who, String>) -> Who {
        assert!(words.has("own") || words.has("another's"), "a row must say whose");
        match self.who {
            who if words.has("own") && things.contains_key(&who) => who,
            Who::Peer => Who::Equal,
            _ => Who::Peer,
        }
    }

    fn body(&self, route: &str, words: &Words) -> Option<Value> {
        let role = |name: &str| &self.stage.roles[name];
        let peer = &self.people.get(Who::Peer).id;
        Some(match (route, words.asked_for()) {
            ("POST /auth/register", _) => json!({"username": self.people.new_name(), "password": PASSWORD}),
            ("POST /auth/login", _) => json!({"username": "peer", "password": PASSWORD}),
            ("POST /auth/refresh", _) => json!({"refresh_token": self.people.person(self.who)?.refresh_token}),
            ("POST /auth/password", _) => json!({"current_password": PASSWORD, "new_password": PASSWORD}),
            ("POST /auth/reset", _) => {
                let newcomer = self.people.world.person(&self.people.new_name());
                let path = format!("/admin/users/{}/reset-link", newcomer.id);
                let link = self.people.get(Who::Admin).ask("POST", &path, None).expect(201);
                json!({"token": link["token"], "new_password": PASSWORD})
            }
            ("DELETE /users/{user_id}", _) => json!({"password": "not the password"}),
            ("PATCH /admin/users/{user_id}", _) => json!({"disabled": false}),
            ("PATCH /admin/settings", _) => json!({"name": "The matrix"}),
            ("POST /servers", _) => json!({"name": "new"}),
            ("PATCH /servers/{server_id}", "handover") => json!({"owner_id": peer}),
            ("PATCH /servers/{server_id}", _) => json!({"name": "changed"}),
            ("PATCH /servers/{server_id}/members/{user_id}", what) => match what {
                "nickname" => json!({"nickname": "changed"}),
                // Moderators must keep the role that they hold, as it is not theirs to take.
                "roles" if words.has("@me") && self.who == Who::Moderator => {
                    json!({"roles": [role("moderators"), role("helpers")]})
                }
                "roles" => json!({"roles": [role("helpers")]}),
                "granting" => json!({"roles": [role("secretaries")]}),
                "raising" => json!({"roles": [role("seniors")]}),
                _ => return None,
            },
            ("PUT /servers/{server_id}/bans/{user_id}", _) => json!({"reason": "spam"}),
            ("POST /servers/{server_id}/roles", "granting") => json!({"name": "new", "permissions": ["manage_server"]}),
            ("POST /servers/{server_id}/roles", _) => json!({"name": "new"}),
            ("PATCH /servers/{server_id}/roles/{role_id}", "granting") => json!({"permissions": ["manage_server"]}),
            ("PATCH /servers/{server_id}/roles/{role_id}", "raising") => json!({"position": 3}),
            ("PATCH /servers/{server_id}/roles/{role_id}", _) => json!({"color": 255}),
            ("POST /servers/{server_id}/channels", "granting") => {
                json!({"name": "new", "overrides": [{"role_id": role("helpers"), "allow": ["manage_server"]}]})
            }
            ("POST /servers/{server_id}/channels", _) => json!({"name": "new"}),
            ("PATCH /channels/{channel_id}", _) => json!({"topic": "changed"}),
            ("PUT /channels/{channel_id}/read", _) => json!({"message_id": self.stage.messages[&Who::Peer]}),
            ("PUT /channels/{channel_id}/overrides/{role_id}", "granting") => json!({"allow": ["manage_server"]}),
            ("PUT /channels/{channel_id}/overrides/{role_id}", _) => json!({"deny": ["send_messages"]}),
            ("POST /channels/{channel_id}/messages", _) => json!({"content": "new"}),
            ("PATCH /channels/{channel_id}/messages/{message_id}", _) => json!({"content": "changed"}),
            ("POST /uploads", _) => json!("any bytes"),
            ("PUT /users/@me/settings", _) => json!({"theme": "dark"}),
            ("POST /users/@me/push-subscriptions", _) => self.people.new_push_subscription(),
            ("PATCH /users/{user_id}", _) => json!({"bio": "changed"}),
            ("POST /users/{user_id}/dm-channels", _) => json!({"recipient_id": peer}),
            _ => return None,
        })
    }
}
