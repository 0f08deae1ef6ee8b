//! What members see since a change of rules, and had been written before, counts as read. That may concern every member,
//! so the sweep sees to it; who connects meanwhile is looked after by [`of`].

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::read_states::{self, Position};
use super::roles;
use crate::model::authority::Sight;
use crate::model::{Badges, ChannelId, MessageId, Rules, ServerId, UserId};

/// A change that let members see more.
struct Reveal {
    id: i64,
    server: ServerId,
    before: Rules,
    /// How far the sweep has come.
    came_to: i64,
}

fn reveal(row: &Row<'_>) -> rusqlite::Result<Reveal> {
    let before = serde_json::from_str(row.get_ref(2)?.as_str()?);
    let before = before
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(Reveal { id: row.get(0)?, server: ServerId(row.get(1)?), before, came_to: row.get(3)? })
}

/// Remembers that, by rules that replaced `before`, members may see more than they did: what was written until `id`
/// counts as read for them.
pub fn add(db: &Connection, server: ServerId, id: i64, before: &Rules) -> rusqlite::Result<()> {
    let before =
        serde_json::to_string(before).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    db.prepare_cached("INSERT INTO reveals (reveal_id, server_id, before, user_id) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![id, server.0, before])
        .map(drop)
}

/// What a member came to see and the sweep has not marked read yet.
pub fn of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<(ChannelId, MessageId)>> {
    let waiting: Vec<Reveal> = db
        .prepare_cached(
            "SELECT reveal_id, reveals.server_id, before, reveals.user_id
             FROM reveals CROSS JOIN members ON members.server_id = reveals.server_id AND members.user_id = ?1
             WHERE reveals.user_id < ?1",
        )?
        .query_map([user.0], reveal)?
        .collect::<rusqlite::Result<_>>()?;
    let mut gained = Vec::new();
    for reveal in waiting {
        let (owner, now) = (owner(db, reveal.server)?, roles::rules(db, reveal.server)?);
        let badges = badges(db, reveal.server, user, owner)?;
        let (saw, sees) = (reveal.before.sight(&badges), now.sight(&badges));
        let written = written(db, reveal.server, reveal.id)?.into_iter();
        gained.extend(written.filter(|(channel, _)| sees.has(*channel) && !saw.has(*channel)));
    }
    Ok(gained)
}

/// Finds what some members, of the first reveal that waits, are to have marked as read: about `rows` positions. None
/// if there is no reveal.
pub(super) fn step(db: &Connection, rows: i64) -> rusqlite::Result<Option<Vec<Position>>> {
    let found = db
        .prepare_cached("SELECT reveal_id, server_id, before, user_id FROM reveals LIMIT 1")?
        .query_row([], reveal)
        .optional()?;
    let Some(Reveal { id, server, before, came_to }) = found else { return Ok(None) };
    let written = written(db, server, id)?;
    // Each member may have gained each of the channels.
    let rows = (rows / (written.len() as i64).max(1)).max(1);
    let members = members(db, server, came_to, rows)?;
    let now = roles::rules(db, server)?;
    let mut sights = HashMap::<Badges, (Sight, Sight)>::new();
    let mut read = Vec::new();
    for (user, badges) in &members {
        let (saw, sees) = sights.entry(badges.clone()).or_insert_with(|| (before.sight(badges), now.sight(badges)));
        for (channel, last) in written.iter().filter(|(channel, _)| sees.has(*channel) && !saw.has(*channel)) {
            // They may have read on since.
            if read_states::position(db, *user, *channel)?.is_none_or(|at| at < *last) {
                read.push((*user, *channel, *last));
            }
        }
    }
    match members.last().filter(|_| members.len() as i64 == rows) {
        Some((last, _)) => {
            db.prepare_cached("UPDATE reveals SET user_id = ?2 WHERE reveal_id = ?1")?.execute([id, last.0])?
        }
        None => db.prepare_cached("DELETE FROM reveals WHERE reveal_id = ?1")?.execute([id])?,
    };
    Ok(Some(read))
}

/// The channels that had messages then, each with its last one of that time, be it gone: clients compare with that.
fn written(db: &Connection, server: ServerId, until: i64) -> rusqlite::Result<Vec<(ChannelId, MessageId)>> {
    db.prepare_cached(
        "SELECT channel_id, max(coalesce((SELECT max(message_id) FROM messages
                                          WHERE messages.channel_id = channels.channel_id AND message_id < ?2), 0),
                                iif(last_gone < ?2, last_gone, 0)) AS last
         FROM channels WHERE server_id = ?1 AND NOT deleted AND last > 0",
    )?
    .query_map([server.0, until], |row| Ok((ChannelId(row.get(0)?), MessageId(row.get(1)?))))?
    .collect()
}

fn owner(db: &Connection, server: ServerId) -> rusqlite::Result<UserId> {
    db.prepare_cached("SELECT owner_id FROM servers WHERE server_id = ?1")?
        .query_row([server.0], |row| row.get(0).map(UserId))
}

/// The rules that were may know a role that is gone: who held it holds it here.
fn badges(db: &Connection, server: ServerId, user: UserId, owner: UserId) -> rusqlite::Result<Badges> {
    Ok(Badges { owner: user == owner, roles: roles::held(db, server, user)? })
}

fn members(db: &Connection, server: ServerId, above: i64, rows: i64) -> rusqlite::Result<Vec<(UserId, Badges)>> {
    let owner = owner(db, server)?;
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM members WHERE server_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
    )?;
    let users = statement.query_map(params![server.0, above, rows], |row| row.get(0).map(UserId))?;
    users.map(|user| user.and_then(|user| Ok((user, badges(db, server, user, owner)?)))).collect()
}
