//! The audit log: who did what to whom, and why.

use super::act::{Act, FORBIDDEN, INVALID, NOT_FOUND, Outcome, Request, Seen, Verdict, id, time, unless};
use super::model::{Entry, Id, Model, Who};
use super::objects::text;
use super::pick;
use crate::chance::Chance;

struct List {
    server: Id,
    limit: Option<usize>,
    before: Option<Id>,
}

pub fn list(model: &Model, chance: &mut Chance) -> Option<Box<dyn Act>> {
    let server = pick::server(model, chance);
    let limit = chance.once_in(2).then(|| [1, 5, 100, 101][chance.below(4) as usize]);
    let log = model.servers.get(&server).map(|server| &server.log[..]).unwrap_or_default();
    let known: Vec<Id> = log.iter().filter_map(|entry| entry.seen.as_ref()).map(|(id, _)| *id).collect();
    let before = chance.once_in(3).then(|| match chance.one(&known) {
        Some(id) if !chance.once_in(6) => *id,
        _ => [1, Id::MAX, -1][chance.below(3) as usize],
    });
    Some(Box::new(List { server, limit, before }))
}

impl Act for List {
    fn request(&self) -> Request {
        let mut query = Vec::new();
        query.extend(self.limit.map(|limit| format!("limit={limit}")));
        query.extend(self.before.map(|before| format!("before={}", text(before))));
        Request::get(format!("/servers/{}/audit-log?{}", text(self.server), query.join("&")))
    }

    fn verdict(&self, model: &Model, who: Who) -> Verdict {
        let server = model.server_of(self.server, who).ok_or(NOT_FOUND)?;
        unless(server.may(who, "manage_server"), FORBIDDEN)?;
        unless(self.limit.is_none_or(|limit| limit <= 100) && self.before.is_none_or(|id| id > 0), INVALID)?;
        Ok(200)
    }

    fn apply(&self, model: &mut Model, _: Who, seen: &Seen<'_>) -> Outcome {
        let server = model.server_mut(self.server);
        let limit = self.limit.unwrap_or(50);
        let end = match self.before {
            None => server.log.len(),
            // The IDs of entries that nobody has seen yet are not known, but their order is.
            Some(before) => {
                let known = |entry: &Entry| entry.seen.as_ref().is_some_and(|(id, _)| *id == before);
                server.log.iter().position(known).unwrap_or(if before == Id::MAX { server.log.len() } else { 0 })
            }
        };
        let all: Vec<usize> = (0..end).rev().collect();
        assert_eq!(seen.more, all.len() > limit, "whether a Link leads on");
        let page = &all[..all.len().min(limit)];
        for (n, shown) in page.iter().zip(seen.answer.as_array().unwrap()) {
            server.log[*n].seen.get_or_insert_with(|| (id(&shown["entry_id"]), time(&shown["created_at"])));
        }
        let known = server.log.iter().filter_map(|entry| entry.seen.as_ref()).map(|(id, _)| *id).collect::<Vec<_>>();
        assert!(known.is_sorted_by(|one, next| one < next), "entries are in order");
        let log = &model.servers[&self.server].log;
        Outcome::new(page.iter().map(|n| model.entry_object(&log[*n])).collect())
    }
}
