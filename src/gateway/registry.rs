//! Who is connected, and who hears of what. Changed only by the fan-out, in the order of commits, so it is always
//! consistent with the event at hand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::community::Community;
use super::session::{Key, Session};
use crate::chat::connect::Scope;
use crate::model::event::Ended;
use crate::model::object::{Presence, Status};
use crate::model::{Audience, Badges, ChannelId, Effect, ServerId, UserId, limits};

/// Somebody with sessions, or who had some a moment ago.
struct Person {
    sessions: Vec<Arc<Session>>,
    servers: Vec<(ServerId, Badges)>,
    dm_peers: Vec<UserId>,
    chosen: Status,
    told: Status,
    /// Since when no connection is there.
    gone_since: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Registry {
    sessions: HashMap<Key, Arc<Session>>,
    by_id: HashMap<String, Key>,
    people: HashMap<UserId, Person>,
    servers: HashMap<ServerId, Community>,
}

impl Registry {
    /// Sessions, parked ones included, and people.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.sessions.len(), self.people.len())
    }

    /// All sessions.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.values()
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Session>> {
        self.by_id.get(id).and_then(|key| self.sessions.get(key)).cloned()
    }

    /// Takes a session in; `false` if its user has too many connections. The longest parked gives way to it.
    pub(super) fn register(&mut self, session: &Arc<Session>, scope: Scope) -> bool {
        let Some(user) = session.user() else { return false };
        let sessions = self.people.get(&user).map(|person| person.sessions.as_slice()).unwrap_or_default();
        if sessions.iter().filter(|s| s.outbox.is_linked()).count() >= limits::GATEWAYS_PER_USER {
            return false;
        }
        if sessions.len() >= limits::GATEWAYS_PER_USER {
            let parked = sessions.iter().filter_map(|s| s.parked_at().map(|at| (at, s.key)));
            let longest = parked.filter(|(_, key)| !self.is_linked(*key)).min().map(|(_, key)| key);
            longest.into_iter().for_each(|key| drop(self.forget(key)));
        }
        let person = self.people.entry(user).or_insert_with(|| Person {
            sessions: Vec::new(),
            servers: Vec::new(),
            dm_peers: Vec::new(),
            chosen: scope.status,
            told: Status::Offline,
            gone_since: None,
        });
        if person.sessions.is_empty() {
            // They may have left, or lost, servers that nobody kept for them.
            person.servers.clear();
        }
        person.sessions.push(Arc::clone(session));
        person.gone_since = None;
        person.chosen = scope.status;
        // What the scope says is what the events so far have made of it: the first session brings it.
        person.dm_peers = scope.dm_peers;
        for (server, badges, rules) in scope.servers {
            self.servers.entry(server).or_insert_with(|| Community::new(rules));
            self.set_badges(server, user, badges);
        }
        self.sessions.insert(session.key, Arc::clone(session));
        self.by_id.insert(session.id.clone(), session.key);
        true
    }

    /// Puts all sessions of a person where these badges belong.
    fn set_badges(&mut self, server: ServerId, user: UserId, badges: Badges) {
        let (Some(person), Some(community)) = (self.people.get_mut(&user), self.servers.get_mut(&server)) else {
            return;
        };
        let known = person.servers.iter_mut().find(|(known, _)| *known == server);
        if let Some((_, before)) = &known
            && *before != badges
        {
            person.sessions.iter().for_each(|session| community.remove(before, session.key));
        }
        person.sessions.iter().for_each(|session| community.add(&badges, session));
        match known {
            Some((_, before)) => *before = badges,
            None => person.servers.push((server, badges)),
        }
    }

    fn is_linked(&self, key: Key) -> bool {
        self.sessions.get(&key).is_some_and(|session| session.outbox.is_linked())
    }

    /// Ends a session that has no connection; one that was resumed at this very moment stays.
    pub(super) fn forget(&mut self, key: Key) -> Option<Arc<Session>> {
        if !self.sessions.get(&key)?.outbox.end_if_parked() {
            return None;
        }
        let session = self.remove(key)?;
        session.user().into_iter().for_each(|user| self.forget_if_gone(user));
        Some(session)
    }

    /// Ends a session, so that a RESUME under way fails; its connection is for the caller to cut.
    fn remove(&mut self, key: Key) -> Option<Arc<Session>> {
        let session = self.sessions.remove(&key)?;
        session.outbox.end();
        self.by_id.remove(&session.id);
        let person = self.people.get_mut(&session.user()?)?;
        person.sessions.retain(|s| s.key != key);
        for (server, badges) in &person.servers {
            change(&mut self.servers, *server, |community| community.remove(badges, key));
        }
        Some(session)
    }

    /// A session's connection is gone. Whose it is, and whether they have no other.
    pub(super) fn park(&mut self, key: Key, now: Instant) -> Option<(UserId, bool)> {
        let session = self.sessions.get(&key)?;
        if !session.outbox.is_linked() {
            session.set_parked(Some(now));
        }
        let user = session.user()?;
        Some((user, self.mark_gone(user, now)))
    }

    /// Notes that a person has no connection left, if so.
    pub(super) fn mark_gone(&mut self, user: UserId, now: Instant) -> bool {
        let Some(person) = self.people.get_mut(&user) else { return false };
        let gone = !person.sessions.iter().any(|s| s.outbox.is_linked());
        if gone {
            person.gone_since = Some(now);
        }
        gone
    }

    /// Forgets a parked session whose time is over.
    pub(super) fn parked_over(&mut self, key: Key, now: Instant) {
        let parked_at = self.sessions.get(&key).and_then(|session| session.parked_at());
        if parked_at.is_some_and(|at| now.duration_since(at) >= limits::PARKED_TIME) {
            self.forget(key);
        }
    }

    /// How a person is to read to others, if that is another than they were told. From now on it is `told`, or not yet.
    pub(super) fn touch(&mut self, user: UserId, now: Instant, told: bool) -> Option<Status> {
        let person = self.people.get_mut(&user)?;
        let linked: Vec<_> = person.sessions.iter().filter(|s| s.outbox.is_linked()).collect();
        let shown = if linked.is_empty() {
            // A connection may have gone whose Park is still to come: the grace period begins here at the latest.
            let since = *person.gone_since.get_or_insert(now);
            let over = now.duration_since(since) >= limits::PRESENCE_GRACE;
            if over { Status::Offline } else { person.told }
        } else {
            person.gone_since = None;
            linked.iter().for_each(|session| session.set_parked(None));
            match person.chosen {
                Status::Invisible => Status::Offline,
                Status::Dnd => Status::Dnd,
                Status::Idle => Status::Idle,
                _ if linked.iter().all(|session| session.is_away()) => Status::Idle,
                _ => Status::Online,
            }
        };
        let changed = shown != person.told;
        if told {
            person.told = shown;
        }
        changed.then_some(shown)
    }

    /// Forgets a person without sessions who has been told offline.
    pub(super) fn forget_if_gone(&mut self, user: UserId) {
        if self.people.get(&user).is_some_and(|p| p.sessions.is_empty() && p.told == Status::Offline) {
            self.people.remove(&user);
        }
    }

    /// Whether somebody has a channel before their eyes, on any of their devices.
    pub(super) fn looks(&self, user: UserId, channel: ChannelId) -> bool {
        self.people.get(&user).is_some_and(|person| person.sessions.iter().any(|session| session.looks_at(channel)))
    }

    /// Who of those whom a user hears of is there, up to the limit per server.
    pub(super) fn presences(&self, user: UserId) -> Vec<Presence> {
        let Some(person) = self.people.get(&user) else { return Vec::new() };
        let mut found = HashMap::new();
        let there = |user: UserId| self.people.get(&user).map(|p| p.told).filter(|told| *told != Status::Offline);
        for (server, _) in &person.servers {
            let sessions = self.servers.get(server).into_iter().flat_map(Community::sessions);
            let mut seen = std::collections::HashSet::new();
            for other in sessions.filter_map(|session| session.user()) {
                if let Some(status) = there(other)
                    && seen.insert(other)
                {
                    found.insert(other, status);
                    if seen.len() == limits::PRESENCES_PER_SERVER {
                        break;
                    }
                }
            }
        }
        found.extend(person.dm_peers.iter().filter_map(|peer| there(*peer).map(|status| (*peer, status))));
        found.into_iter().map(|(user_id, status)| Presence { user_id, status }).collect()
    }

    /// Calls `tell` with each session of the audience, once.
    pub(super) fn each(&self, audience: &Audience, s: u64, mut tell: impl FnMut(&Arc<Session>)) {
        match audience {
            Audience::Server(server) => self.community(server).flat_map(Community::sessions).for_each(tell),
            Audience::Channel(server, channel) => {
                self.community(server).flat_map(|community| community.seeing(*channel)).for_each(tell);
            }
            Audience::Turned(server, channel, turn) => {
                self.community(server).flat_map(|community| community.turned(*channel, *turn)).for_each(tell);
            }
            Audience::Users(users) => {
                users.iter().filter_map(|user| self.people.get(user)).flat_map(|p| &p.sessions).for_each(tell);
            }
            Audience::Those(servers, users) => self.each_once(servers.iter(), users, s, tell),
            Audience::Acquaintances(user) => {
                let Some(person) = self.people.get(user) else { return };
                person.sessions.iter().filter(|session| session.is_first(s)).for_each(&mut tell);
                self.each_once(person.servers.iter().map(|(server, _)| server), &person.dm_peers, s, tell);
            }
        }
    }

    /// Whether there is anybody in the audience.
    pub(super) fn reaches(&self, audience: &Audience) -> bool {
        match audience {
            Audience::Turned(server, channel, turn) => {
                self.community(server).any(|community| community.turned(*channel, *turn).next().is_some())
            }
            _ => true,
        }
    }

    fn community(&self, server: &ServerId) -> impl Iterator<Item = &Community> {
        self.servers.get(server).into_iter()
    }

    fn each_once<'a>(
        &self,
        servers: impl Iterator<Item = &'a ServerId>,
        users: &[UserId],
        s: u64,
        tell: impl FnMut(&Arc<Session>),
    ) {
        let members = servers.filter_map(|server| self.servers.get(server)).flat_map(Community::sessions);
        let others = users.iter().filter_map(|user| self.people.get(user)).flat_map(|person| &person.sessions);
        members.chain(others).filter(|session| session.is_first(s)).for_each(tell);
    }

    /// What gives: applied before delivery.
    pub(super) fn give(&mut self, effect: &Effect) {
        match effect {
            Effect::Join(server, user, joining) => {
                if self.people.get(user).is_some_and(|person| !person.sessions.is_empty()) {
                    let (badges, rules) = &**joining;
                    self.servers.entry(*server).or_insert_with(|| Community::new(rules.clone()));
                    self.set_badges(*server, *user, badges.clone());
                }
            }
            Effect::Badges(server, user, badges) => self.set_badges(*server, *user, badges.clone()),
            Effect::Rules(server, rules) => {
                if let Some(community) = self.servers.get_mut(server) {
                    community.set_rules((**rules).clone());
                }
            }
            Effect::Acquaint(users) => {
                for user in users {
                    let Some(person) = self.people.get_mut(user) else { continue };
                    for other in users {
                        if other != user && !person.dm_peers.contains(other) {
                            person.dm_peers.push(*other);
                        }
                    }
                }
            }
            Effect::Status(user, status) => {
                if let Some(person) = self.people.get_mut(user) {
                    person.chosen = *status;
                }
            }
            Effect::None
            | Effect::Leave(..)
            | Effect::ServerGone(_)
            | Effect::Estrange(..)
            | Effect::EndSessions(..) => {}
        }
    }

    /// What takes away: applied after delivery. The sessions that end.
    pub(super) fn take_away(&mut self, effect: &Effect) -> Vec<Arc<Session>> {
        match effect {
            Effect::Leave(server, user) => {
                if let Some(person) = self.people.get_mut(user)
                    && let Some(at) = person.servers.iter().position(|(known, _)| known == server)
                {
                    let (_, badges) = person.servers.remove(at);
                    change(&mut self.servers, *server, |community| {
                        person.sessions.iter().for_each(|session| community.remove(&badges, session.key));
                    });
                }
                Vec::new()
            }
            Effect::ServerGone(server) => {
                for session in self.servers.remove(server).iter().flat_map(Community::sessions) {
                    if let Some(person) = session.user().and_then(|user| self.people.get_mut(&user)) {
                        person.servers.retain(|(known, _)| known != server);
                    }
                }
                Vec::new()
            }
            Effect::Estrange(user, others) => {
                if let Some(person) = self.people.get_mut(user) {
                    person.dm_peers.retain(|peer| !others.contains(peer));
                }
                for other in others {
                    if let Some(person) = self.people.get_mut(other) {
                        person.dm_peers.retain(|peer| peer != user);
                    }
                }
                Vec::new()
            }
            Effect::EndSessions(user, ended) => {
                let Some(person) = self.people.get(user) else { return Vec::new() };
                let is_ended = |session: &Arc<Session>| {
                    session.identity().is_some_and(|identity| match ended {
                        Ended::One(id) => identity.session_id == *id,
                        Ended::AllBut(id) => identity.session_id != *id,
                        Ended::All => true,
                    })
                };
                let keys: Vec<_> = person.sessions.iter().filter(|s| is_ended(s)).map(|s| s.key).collect();
                keys.into_iter().filter_map(|key| self.remove(key)).collect()
            }
            Effect::None
            | Effect::Join(..)
            | Effect::Badges(..)
            | Effect::Rules(..)
            | Effect::Acquaint(_)
            | Effect::Status(..) => Vec::new(),
        }
    }
}

/// Changes a server's sessions, and forgets the server when nobody of it is left.
fn change(servers: &mut HashMap<ServerId, Community>, server: ServerId, change: impl FnOnce(&mut Community)) {
    if let Some(community) = servers.get_mut(&server) {
        change(community);
        if community.is_empty() {
            servers.remove(&server);
        }
    }
}

#[cfg(test)]
mod tests;
