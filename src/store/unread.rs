//! What somebody has not read, and which of it speaks to them.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::model::{ChannelId, MessageId, RoleId, UserId, limits};

/// The messages of a channel behind `position` that mention the user, by name or by one of these roles, oldest first; at
/// most [`limits::UNREAD_COUNTED`]. Their own do not count, nor those of whom they have blocked.
pub fn mentions(
    db: &Connection,
    user: UserId,
    roles: &[RoleId],
    channel: ChannelId,
    position: MessageId,
) -> rusqlite::Result<Vec<MessageId>> {
    // Every role's mentions are looked at, and few are: there is no list to bind. CROSS JOIN has SQLite begin with what
    // mentions somebody; by itself it begins with the messages, a million of them if need be.
    let mut statement = db.prepare_cached(
        "SELECT message_id, NULL FROM mentions CROSS JOIN messages USING (channel_id, message_id)
         WHERE user_id = ?1 AND channel_id = ?2 AND message_id > ?3 AND author_id <> ?1
           AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = ?1 AND blocked_id = author_id)
         UNION ALL
         SELECT message_id, role_id FROM role_mentions CROSS JOIN messages USING (channel_id, message_id)
         WHERE channel_id = ?2 AND message_id > ?3 AND author_id <> ?1
           AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = ?1 AND blocked_id = author_id) LIMIT ?4",
    )?;
    let mut found = BTreeSet::new();
    let mut rows = statement.query(params![user.0, channel.0, position.0, limits::UNREAD_LOOKED_AT as i64])?;
    while found.len() < limits::UNREAD_COUNTED
        && let Some(row) = rows.next()?
    {
        let role: Option<i64> = row.get(1)?;
        if role.is_none_or(|role| roles.contains(&RoleId(role))) {
            found.insert(MessageId(row.get(0)?));
        }
    }
    Ok(found.into_iter().collect())
}

/// The messages of a channel behind `position` that others wrote whom the user has not blocked, oldest first; at most
/// [`limits::UNREAD_COUNTED`].
pub fn others(
    db: &Connection,
    user: UserId,
    channel: ChannelId,
    position: MessageId,
) -> rusqlite::Result<Vec<MessageId>> {
    db.prepare_cached(
        "SELECT message_id FROM messages WHERE channel_id = ?1 AND message_id > ?2 AND author_id <> ?3
           AND NOT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?3 AND blocked_id = author_id)
         ORDER BY message_id LIMIT ?4",
    )?
    .query_map(params![channel.0, position.0, user.0, limits::UNREAD_COUNTED as i64], |row| row.get(0).map(MessageId))?
    .collect()
}

/// Whether all that stands in a channel behind `position` was written by those whom the user has blocked.
pub fn is_unheard(db: &Connection, user: UserId, channel: ChannelId, position: MessageId) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = author_id)
         FROM messages WHERE channel_id = ?2 AND message_id > ?3 LIMIT ?4",
    )?;
    let mut rows = statement.query(params![user.0, channel.0, position.0, limits::UNREAD_LOOKED_AT as i64])?;
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        if !row.get::<_, bool>(0)? {
            return Ok(false);
        }
        looked_at += 1;
    }
    Ok((1..limits::UNREAD_LOOKED_AT).contains(&looked_at))
}

/// The messages of a channel behind `from` and up to `to` that others wrote whom the user has not blocked, latest first; a
/// few.
pub fn latest(
    db: &Connection,
    user: UserId,
    channel: ChannelId,
    (from, to): (MessageId, MessageId),
) -> rusqlite::Result<Vec<MessageId>> {
    db.prepare_cached(
        "SELECT message_id FROM messages WHERE channel_id = ?1 AND message_id > ?2 AND message_id <= ?3
           AND author_id <> ?4 AND NOT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?4 AND blocked_id = author_id)
         ORDER BY message_id DESC LIMIT 20",
    )?
    .query_map(params![channel.0, from.0, to.0, user.0], |row| row.get(0).map(MessageId))?
    .collect()
}

/// The channels of a user's servers and their DMs where there is something behind the position that is on disk, with that
/// position and the last message; those where something was said last come first.
pub fn channels(db: &Connection, user: UserId) -> rusqlite::Result<Vec<(ChannelId, MessageId, MessageId)>> {
    db.prepare_cached(
        "SELECT channel_id, position, last FROM (
           SELECT places.channel_id,
             coalesce((SELECT message_id FROM read_states
               WHERE read_states.user_id = ?1 AND read_states.channel_id = places.channel_id), 0) AS position,
             (SELECT max(message_id) FROM messages WHERE messages.channel_id = places.channel_id) AS last
           FROM (SELECT channel_id FROM dm_members WHERE user_id = ?1 AND NOT hidden
                 UNION ALL
                 SELECT channel_id FROM members JOIN channels USING (server_id)
                 WHERE members.user_id = ?1 AND type = 'text' AND NOT deleted) AS places) AS reader
         WHERE last > position ORDER BY last DESC",
    )?
    .query_map([user.0], |row| Ok((ChannelId(row.get(0)?), MessageId(row.get(1)?), MessageId(row.get(2)?))))?
    .collect()
}
