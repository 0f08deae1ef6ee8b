//! Push subscriptions, and what has to be looked up for a push.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::push::{PushKeys, PushSubscription};
use crate::model::{ChannelId, RoleId, ServerId, SessionId, SubscriptionId, Timestamp, UserId, limits};

/// A subscription, as it is used.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// Whose.
    pub user_id: UserId,
    /// Where pushes go.
    pub endpoint: String,
    /// With what they are sealed.
    pub keys: PushKeys,
    /// Whether the last push went through, and when.
    pub last_success_at: Option<Timestamp>,
    /// See the table.
    pub last_failure: Option<String>,
    /// See the table.
    pub failing_since: Option<i64>,
}

/// How a subscription fares.
#[derive(Clone, Copy, Debug)]
pub enum Fares<'a> {
    /// Something was taken.
    Well(Timestamp),
    /// Something was not; refusals, and nothing else, have come since `instance.lived_s` was this, if they have.
    Badly(&'a str, Option<i64>),
}

const STORED: &str = "subscription_id, user_id, endpoint, p256dh, auth, last_success_at, last_failure, failing_since";

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        subscription_id: SubscriptionId(row.get(0)?),
        user_id: UserId(row.get(1)?),
        endpoint: row.get(2)?,
        keys: PushKeys { p256dh: row.get(3)?, auth: row.get(4)? },
        last_success_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        last_failure: row.get(6)?,
        failing_since: row.get(7)?,
    })
}

/// A subscription whose session lives, unused for no longer than sessions may be, and whose account is enabled.
pub fn live(db: &Connection, id: SubscriptionId, lived_s: i64) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(&format!(
        "SELECT {STORED} FROM push_subscriptions WHERE subscription_id = ?1 AND EXISTS (
           SELECT 1 FROM sessions JOIN users USING (user_id)
           WHERE sessions.session_id = push_subscriptions.session_id AND used_lived_s >= ?2 AND NOT users.disabled)"
    ))?
    .query_row([id.0, lived_s.saturating_sub(limits::REFRESH_TOKEN_S)], stored)
    .optional()
}

/// The subscription at an endpoint, whosever it is.
pub fn at(db: &Connection, endpoint: &str) -> rusqlite::Result<Option<(SubscriptionId, UserId)>> {
    db.prepare_cached("SELECT subscription_id, user_id FROM push_subscriptions WHERE endpoint = ?1")?
        .query_row([endpoint], |row| Ok((SubscriptionId(row.get(0)?), UserId(row.get(1)?))))
        .optional()
}

/// How many a user has.
pub fn count(db: &Connection, user: UserId) -> rusqlite::Result<usize> {
    db.prepare_cached("SELECT count(*) FROM push_subscriptions WHERE user_id = ?1")?
        .query_row([user.0], |row| Ok(row.get::<_, u32>(0)? as usize))
}

/// How many there are.
pub fn count_all(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("SELECT count(*) FROM push_subscriptions", [], |row| row.get::<_, u32>(0).map(u64::from))
}

/// Adds one, or puts it in the place of the one with the same ID.
pub fn set(
    db: &Connection,
    new: &PushSubscription,
    (user, session): (UserId, SessionId),
    endpoint: &str,
    keys: &PushKeys,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO push_subscriptions (subscription_id, user_id, session_id, endpoint, p256dh, auth, name, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (subscription_id) DO UPDATE SET session_id = excluded.session_id, p256dh = excluded.p256dh,
           auth = excluded.auth, name = excluded.name",
    )?
    .execute(params![
        new.subscription_id.0,
        user.0,
        session.0,
        endpoint,
        keys.p256dh,
        keys.auth,
        new.name,
        new.created_at.0
    ])
    .map(drop)
}

/// A user's subscriptions, oldest first, each with its endpoint in the place of the origin.
pub fn list(db: &Connection, user: UserId) -> rusqlite::Result<Vec<PushSubscription>> {
    db.prepare_cached(
        "SELECT subscription_id, name, endpoint, created_at, last_success_at, last_failure FROM push_subscriptions
         WHERE user_id = ?1 ORDER BY subscription_id",
    )?
    .query_map([user.0], |row| {
        Ok(PushSubscription {
            subscription_id: SubscriptionId(row.get(0)?),
            name: row.get(1)?,
            origin: row.get(2)?,
            created_at: Timestamp(row.get(3)?),
            last_success_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
            last_failure: row.get(5)?,
        })
    })?
    .collect()
}

/// Removes one of a user's; whether it was there.
pub fn remove(db: &Connection, id: SubscriptionId, user: UserId) -> rusqlite::Result<bool> {
    let rows = db
        .prepare_cached("DELETE FROM push_subscriptions WHERE subscription_id = ?1 AND user_id = ?2")?
        .execute([id.0, user.0])?;
    Ok(rows > 0)
}

/// Notes how one fares.
pub fn note(db: &Connection, id: SubscriptionId, fares: Fares<'_>) -> rusqlite::Result<()> {
    let (at, failure, since) = match fares {
        Fares::Well(at) => (Some(at.0), None, None),
        Fares::Badly(why, since) => (None, Some(why), since),
    };
    db.prepare_cached(
        "UPDATE push_subscriptions SET last_success_at = coalesce(?2, last_success_at), last_failure = ?3,
         failing_since = ?4 WHERE subscription_id = ?1",
    )?
    .execute(params![id.0, at, failure, since])
    .map(drop)
}

/// Who has subscriptions.
pub fn subscribers(db: &Connection) -> rusqlite::Result<Vec<UserId>> {
    db.prepare_cached("SELECT DISTINCT user_id FROM push_subscriptions")?
        .query_map([], |row| Ok(UserId(row.get(0)?)))?
        .collect()
}

/// Whether somebody is a member of a server.
pub fn is_member(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM members WHERE server_id = ?1 AND user_id = ?2)")?
        .query_row([server.0, user.0], |row| row.get(0))
}

/// Who holds a role.
pub fn holders(db: &Connection, role: RoleId) -> rusqlite::Result<Vec<UserId>> {
    db.prepare_cached("SELECT user_id FROM member_roles WHERE role_id = ?1")?
        .query_map([role.0], |row| Ok(UserId(row.get(0)?)))?
        .collect()
}

/// The server of a channel, and the channel's and the server's name; none if it is deleted.
pub fn names(db: &Connection, channel: ChannelId) -> rusqlite::Result<Option<(Option<ServerId>, String, String)>> {
    db.prepare_cached(
        "SELECT channels.server_id, channels.name, coalesce(servers.name, '') FROM channels
         LEFT JOIN servers USING (server_id) WHERE channel_id = ?1 AND NOT channels.deleted",
    )?
    .query_row([channel.0], |row| Ok((row.get::<_, Option<i64>>(0)?.map(ServerId), row.get(1)?, row.get(2)?)))
    .optional()
}

/// A member's nickname.
pub fn nickname(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT nickname FROM members WHERE server_id = ?1 AND user_id = ?2")?
        .query_row([server.0, user.0], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

/// A role's name.
pub fn role_name(db: &Connection, role: RoleId) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT name FROM roles WHERE role_id = ?1")?.query_row([role.0], |row| row.get(0)).optional()
}
