//! Picks at random: mostly what is there, sometimes what is not.

use serde_json::{Value, json};

use super::model::{ALL, Id, Model, Server, Set, Who};
use crate::chance::Chance;

/// How often something is named that is not there: once in so many picks.
const ODD: u64 = 30;

/// An ID that names nothing any more, or never did, or is none.
pub fn odd(model: &Model, chance: &mut Chance) -> Id {
    match chance.below(5) {
        0 => 1,
        1 => Id::MAX,
        2 => -1,
        _ => chance.one(&model.gone).copied().unwrap_or(2),
    }
}

/// A server that several people may be in.
pub fn server(model: &Model, chance: &mut Chance) -> Id {
    let shared: Vec<Id> = model.servers.values().filter(|server| !server.den).map(|server| server.id).collect();
    match chance.one(&shared) {
        Some(id) if !chance.once_in(ODD) => *id,
        _ => odd(model, chance),
    }
}

/// A channel of a server, of whatever kind.
pub fn channel(model: &Model, chance: &mut Chance) -> Id {
    let server = server(model, chance);
    let channels = model.servers.get(&server).map(|server| &server.channels[..]).unwrap_or_default();
    match chance.one(channels) {
        Some(channel) if !chance.once_in(ODD) => channel.id,
        _ => odd(model, chance),
    }
}

/// A channel or a DM.
pub fn place(model: &Model, chance: &mut Chance) -> Id {
    let dms: Vec<Id> = model.dms.keys().copied().collect();
    match chance.one(&dms) {
        Some(id) if chance.once_in(4) => *id,
        _ => channel(model, chance),
    }
}

/// One of the latest messages there.
pub fn message(model: &Model, channel: Id, chance: &mut Chance) -> Id {
    let all = model.messages.get(&channel).map(|all| &all[..]).unwrap_or_default();
    let latest = &all[all.len().saturating_sub(8)..];
    match chance.one(latest) {
        Some(message) if !chance.once_in(ODD) => message.id,
        _ => odd(model, chance),
    }
}

/// A role of the server, `everyone` too, or of another.
pub fn role(model: &Model, server: Id, chance: &mut Chance) -> Id {
    let server = if chance.once_in(ODD) { self::server(model, chance) } else { server };
    let roles = model.servers.get(&server).map(|server| &server.roles[..]).unwrap_or_default();
    match chance.one(roles) {
        Some(role) if !chance.once_in(ODD) => role.id,
        _ => odd(model, chance),
    }
}

/// Anybody.
pub fn person(model: &Model, chance: &mut Chance) -> Id {
    if chance.once_in(ODD) {
        return odd(model, chance);
    }
    model.people[chance.below(model.people.len() as u64) as usize].id
}

/// Mostly somebody who is in the server.
pub fn member(model: &Model, server: Id, chance: &mut Chance) -> Id {
    let members: Vec<Who> = model.servers.get(&server).map(Server::people).unwrap_or_default();
    match chance.one(&members) {
        Some(who) if !chance.once_in(8) => model.people[*who].id,
        _ => person(model, chance),
    }
}

/// A few permissions; the first ones more often, as they are what is seen and heard.
pub fn permissions(chance: &mut Chance) -> Set {
    let many = if chance.once_in(5) { 16 } else { 4 };
    (0..chance.below(many)).map(|_| ALL[(chance.below(12) * (1 + chance.below(2)) / 2) as usize]).collect()
}

/// A list of permissions as a request may have it: now and then one that there is not, or one twice.
pub fn listed(set: &Set, chance: &mut Chance) -> (Value, bool) {
    let mut list: Vec<&str> = set.iter().copied().collect();
    if !chance.once_in(2 * ODD) {
        return (json!(list), true);
    }
    list.push(if chance.once_in(2) { "fly" } else { list.first().copied().unwrap_or("fly") });
    (json!(list), false)
}

/// A name, and what becomes of it; `None` if it cannot be one.
pub fn name(longest: usize, chance: &mut Chance) -> (String, Option<String>) {
    let raw = match chance.below(40) {
        0 => String::new(),
        1 => " \t ".to_owned(),
        2 => "a\nb".to_owned(),
        3 => "x".repeat(longest + 1),
        4 => "é".repeat(longest),
        5 => "  around ".to_owned(),
        n => ["red", "green", "blue", "white", "café", "日本"][n as usize % 6].to_owned(),
    };
    let name = raw.trim();
    let fine = !name.is_empty() && name.chars().count() <= longest && !name.chars().any(char::is_control);
    let name = fine.then(|| name.to_owned());
    (raw, name)
}
