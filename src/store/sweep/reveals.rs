//! What members see since a change of rules, and had been written before, counts as read.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::Step;
use crate::model::authority::Sight;
use crate::model::{Badges, ChannelId, MessageId, RoleId, Rules, ServerId, UserId};
use crate::store::{read_states, roles};

/// Marks what some members gained; none if nothing was revealed.
pub(super) fn step(db: &Connection, rows: i64) -> rusqlite::Result<Option<Step>> {
    let found = db
        .prepare_cached("SELECT reveal_id, server_id, before, user_id FROM reveals LIMIT 1")?
        .query_row([], |row| {
            let before = serde_json::from_str::<Rules>(row.get_ref(2)?.as_str()?);
            Ok((row.get::<_, i64>(0)?, ServerId(row.get(1)?), before, row.get::<_, i64>(3)?))
        })
        .optional()?;
    let Some((reveal, server, before, came_to)) = found else { return Ok(None) };
    let before = before
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into()))?;
    let written = written(db, server, reveal)?;
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
            db.prepare_cached("UPDATE reveals SET user_id = ?2 WHERE reveal_id = ?1")?.execute([reveal, last.0])?
        }
        None => db.prepare_cached("DELETE FROM reveals WHERE reveal_id = ?1")?.execute([reveal])?,
    };
    Ok(Some(Step { read, ..Step::default() }))
}

/// The channels that had messages then, each with its last one of that time.
fn written(db: &Connection, server: ServerId, until: i64) -> rusqlite::Result<Vec<(ChannelId, MessageId)>> {
    db.prepare_cached(
        "SELECT channel_id, (SELECT max(message_id) FROM messages
                             WHERE messages.channel_id = channels.channel_id AND message_id < ?2) AS last
         FROM channels WHERE server_id = ?1 AND NOT deleted AND last IS NOT NULL",
    )?
    .query_map([server.0, until], |row| Ok((ChannelId(row.get(0)?), MessageId(row.get(1)?))))?
    .collect()
}

fn members(db: &Connection, server: ServerId, above: i64, rows: i64) -> rusqlite::Result<Vec<(UserId, Badges)>> {
    let owner: i64 = db
        .prepare_cached("SELECT owner_id FROM servers WHERE server_id = ?1")?
        .query_row([server.0], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM members WHERE server_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
    )?;
    let users = statement.query_map(params![server.0, above, rows], |row| row.get::<_, i64>(0))?;
    users
        .map(|user| {
            let user = UserId(user?);
            let roles: Vec<RoleId> = roles::of_member(db, server, user)?;
            Ok((user, Badges { owner: user.0 == owner, roles }))
        })
        .collect()
}
