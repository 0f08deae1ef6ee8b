//! Overrides: private and read-only channels, and whoever sees them no more.

use serde_json::{Value, json};

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, unless};
use super::model::{ALL, Channel, Id, Model, Override, Server, Set, Who, real};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

/// What an override shall be.
pub struct Wish {
    pub allow: Set,
    pub deny: Set,
    /// The two as the request has them, and whether such lists can be.
    listed: [(Value, bool); 2],
}

pub fn wish(chance: &mut Chance) -> Wish {
    let (mut allow, mut deny) = (pick::permissions(chance), pick::permissions(chance));
    // What is seen matters most.
    match chance.below(4) {
        0 => _ = allow.insert("view_channel"),
        1 => _ = deny.insert("view_channel"),
        _ => {}
    }
    if !chance.once_in(15) {
        deny.retain(|permission| !allow.contains(permission));
    }
    let listed = [pick::listed(&allow, chance), pick::listed(&deny, chance)];
    Wish { allow, deny, listed }
}

impl Wish {
    pub fn body(&self) -> Value {
        let mut body = json!({});
        for (name, (list, _)) in ["allow", "deny"].into_iter().zip(&self.listed) {
            // Absent is as good as empty.
            if *list != json!([]) {
                body[name] = list.clone();
            }
        }
        body
    }

    pub fn possible(&self) -> bool {
        self.listed.iter().all(|(_, fine)| *fine) && self.allow.is_disjoint(&self.deny)
    }

    pub fn as_override(&self) -> Override {
        Override { allow: self.allow.clone(), deny: self.deny.clone() }
    }
}

/// What turns an override from one into another.
fn changed(old: &Override, new: &Override) -> Set {
    let turns = |permission: &&str| {
        old.allow.contains(permission) != new.allow.contains(permission)
            || old.deny.contains(permission) != new.deny.contains(permission)
    };
    ALL.into_iter().filter(turns).collect()
}

/// The channel, for somebody who manages it.
fn managed(model: &Model, channel: Id, role: Id, who: Who) -> Result<(&Server, &Channel), super::act::Refusal> {
    unless(role > 0, NOT_FOUND)?;
    unless(model.dm_of(channel, who).is_none(), FORBIDDEN)?;
    let (server, channel) = model.channel_of(channel, who).ok_or(NOT_FOUND)?;
    unless(server.position(role).is_some(), NOT_FOUND)?;
    unless(server.permissions_in(who, channel).contains("manage_channels"), FORBIDDEN)?;
    Ok((server, channel))
}

/// Replaces an override; who sees more or less for it is told.
fn replace(model: &mut Model, channel: Id, role: Id, new: Option<Override>, who: Who, seen: &Seen<'_>) -> Outcome {
    let home = model.home_of(channel).unwrap().id;
    let server = model.server_mut(home);
    let before = server.sight();
    let overrides = &mut server.channel_mut(channel).overrides;
    let old = overrides.remove(&role);
    if let Some(new) = &new {
        overrides.insert(role, new.clone());
    }
    let mut outcome = Outcome::nothing();
    if old == new {
        return outcome;
    }
    let action = if new.is_some() { "override_set" } else { "override_delete" };
    let part = |one: &Option<Override>, part: fn(&Override) -> &Set| one.as_ref().map(|one| part(one).clone());
    let changes = vec![
        ("allow", json!(part(&old, |o| &o.allow)), json!(part(&new, |o| &o.allow))),
        ("deny", json!(part(&old, |o| &o.deny)), json!(part(&new, |o| &o.deny))),
    ];
    let mut changes = real(changes);
    changes.insert(0, ("role_id", json!(old.map(|_| text(role))), json!(new.map(|_| text(role)))));
    server.record(who, action, Some(channel), &seen.reason, changes);
    outcome.turn(model, home, &before, &[channel]);
    outcome
}

struct Put {
    channel: Id,
    role: Id,
    wish: Wish,
}

pub fn put(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = if chance.once_in(20) { pick::place(model, chance) } else { pick::channel(model, chance) };
    let home = model.home_of(channel).map_or(1, |server| server.id);
    let role = if chance.once_in(3) { home } else { pick::role(model, home, chance) };
    Some(Box::new(Put { channel, role, wish: wish(chance) }))
}

impl Act for Put {
    fn request(&self) -> Request {
        Request::put(format!("/channels/{}/overrides/{}", text(self.channel), text(self.role)), self.wish.body())
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, channel) = managed(model, self.channel, self.role, who)?;
        unless(self.wish.possible(), INVALID)?;
        let old = channel.overrides.get(&self.role).cloned().unwrap_or_default();
        unless(changed(&old, &self.wish.as_override()).is_subset(&server.permissions_in(who, channel)), FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        replace(model, self.channel, self.role, Some(self.wish.as_override()), who, seen)
    }

    fn audited(&self) -> bool {
        true
    }
}

struct Delete {
    channel: Id,
    role: Id,
}

pub fn delete(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let channel = if chance.once_in(20) { pick::place(model, chance) } else { pick::channel(model, chance) };
    let home = model.home_of(channel);
    let there: Vec<Id> =
        home.map(|server| server.channel(channel).unwrap().overrides.keys().copied().collect()).unwrap_or_default();
    let role = match chance.one(&there) {
        Some(role) if !chance.once_in(8) => *role,
        _ => pick::role(model, home.map_or(1, |server| server.id), chance),
    };
    Some(Box::new(Delete { channel, role }))
}

impl Act for Delete {
    fn request(&self) -> Request {
        Request::delete(format!("/channels/{}/overrides/{}", text(self.channel), text(self.role)))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let (server, channel) = managed(model, self.channel, self.role, who)?;
        let old = channel.overrides.get(&self.role).ok_or(NOT_FOUND)?;
        unless(changed(old, &Override::default()).is_subset(&server.permissions_in(who, channel)), FORBIDDEN)?;
        Ok(204)
    }

    fn apply(&self, model: &mut Model, who: Who, seen: &Seen<'_>) -> Outcome {
        replace(model, self.channel, self.role, None, who, seen)
    }

    fn audited(&self) -> bool {
        true
    }
}
