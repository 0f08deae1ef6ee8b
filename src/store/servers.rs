//! Servers and their members.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::accounts::{self, Account};
use super::roles;
use crate::model::name::{Description, ServerName};
use crate::model::object::Server;
use crate::model::{Permissions, ServerId, Timestamp, UserId};

/// A row of `members` with its user.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Who.
    pub account: Account,
    /// Name to show there.
    pub nickname: Option<String>,
    /// Since when.
    pub joined_at: Timestamp,
}

const COLUMNS: &str = "server_id, name, description, owner_id, member_count, created_at, file_url(icon)";

fn server(row: &Row<'_>) -> rusqlite::Result<Server> {
    Ok(Server {
        server_id: ServerId(row.get(0)?),
        name: row.get(1)?,
        description: row.get(2)?,
        icon_url: row.get(6)?,
        owner_id: UserId(row.get(3)?),
        member_count: row.get(4)?,
        created_at: Timestamp(row.get(5)?),
    })
}

fn membership(row: &Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership { nickname: row.get(0)?, joined_at: Timestamp(row.get(1)?), account: accounts::account_at(row, 2)? })
}

/// Adds a server without members.
pub fn add(
    db: &Connection,
    id: ServerId,
    name: &ServerName,
    description: &str,
    owner: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO servers (server_id, name, description, owner_id, member_count, created_at) VALUES (?1, ?2, ?3, ?4, 0, ?5)")?
        .execute(params![id.0, name.as_str(), description, owner.0, now.0])?;
    db.prepare_cached("INSERT INTO roles (role_id, server_id, name, color, position, permissions) VALUES (?1, ?1, 'everyone', 0, 0, ?2)")?
        .execute(params![id.0, Permissions::EVERYONE.bits()])
        .map(drop)
}

/// A server that is not deleted.
pub fn get(db: &Connection, id: ServerId) -> rusqlite::Result<Option<Server>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM servers WHERE server_id = ?1 AND NOT deleted"))?
        .query_row([id.0], server)
        .optional()
}

/// The servers of a user, in order of joining.
pub fn of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<Server>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM members JOIN servers USING (server_id) WHERE user_id = ?1 AND NOT deleted
         ORDER BY members.joined_at, server_id"
    ))?
    .query_map([user.0], server)?
    .collect()
}

/// The IDs of the servers of a user.
pub fn ids_of(db: &Connection, user: UserId) -> rusqlite::Result<Vec<ServerId>> {
    db.prepare_cached(
        "SELECT server_id FROM members JOIN servers USING (server_id) WHERE user_id = ?1 AND NOT deleted",
    )?
    .query_map([user.0], |row| Ok(ServerId(row.get(0)?)))?
    .collect()
}

/// Sets name, description and owner.
pub fn set(db: &Connection, server: &Server) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE servers SET name = ?2, description = ?3, owner_id = ?4 WHERE server_id = ?1",
        params![server.server_id.0, server.name, server.description, server.owner_id.0],
    )
    .map(drop)
}

/// Sets or clears where the picture is, below `/files/`; where it was.
pub fn set_icon(db: &Connection, id: ServerId, place: Option<&str>) -> rusqlite::Result<Option<String>> {
    let before =
        db.query_row("SELECT icon FROM servers WHERE server_id = ?1", [id.0], |row| row.get::<_, Option<String>>(0))?;
    db.execute("UPDATE servers SET icon = ?2 WHERE server_id = ?1", params![id.0, place])?;
    Ok(before)
}

/// The description as stored text.
pub fn description(description: Option<&Description>) -> &str {
    description.map_or("", Description::as_str)
}

/// Makes a server invisible; its rows are swept later.
pub fn delete(db: &Connection, id: ServerId) -> rusqlite::Result<()> {
    db.execute("UPDATE servers SET deleted = 1 WHERE server_id = ?1", [id.0])?;
    // Invites are looked up by code: they must not outlive the server for a moment.
    db.execute("DELETE FROM invites WHERE server_id = ?1", [id.0]).map(drop)
}

/// Adds a member.
pub fn add_member(db: &Connection, id: ServerId, user: UserId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO members (server_id, user_id, joined_at) VALUES (?1, ?2, ?3)")?
        .execute(params![id.0, user.0, now.0])?;
    db.prepare_cached("UPDATE servers SET member_count = member_count + 1 WHERE server_id = ?1")?
        .execute([id.0])
        .map(drop)
}

/// Sets a member's nickname.
pub fn set_nickname(db: &Connection, id: ServerId, user: UserId, nickname: Option<&str>) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE members SET nickname = ?3 WHERE server_id = ?1 AND user_id = ?2",
        params![id.0, user.0, nickname],
    )
    .map(drop)
}

/// Removes a member, who was one, with their roles.
pub fn remove_member(db: &Connection, id: ServerId, user: UserId) -> rusqlite::Result<()> {
    roles::take_all(db, id, user)?;
    db.prepare_cached("DELETE FROM members WHERE server_id = ?1 AND user_id = ?2")?.execute([id.0, user.0])?;
    db.prepare_cached("UPDATE servers SET member_count = member_count - 1 WHERE server_id = ?1")?
        .execute([id.0])
        .map(drop)
}

/// A member.
pub fn member(db: &Connection, id: ServerId, user: UserId) -> rusqlite::Result<Option<Membership>> {
    db.prepare_cached(&format!(
        "SELECT members.nickname, members.joined_at, {} FROM members JOIN users USING (user_id)
         WHERE server_id = ?1 AND user_id = ?2",
        accounts::COLUMNS
    ))?
    .query_row([id.0, user.0], membership)
    .optional()
}

/// Up to `limit` members above `after`, ascending by user.
pub fn members(db: &Connection, id: ServerId, after: i64, limit: usize) -> rusqlite::Result<Vec<Membership>> {
    db.prepare_cached(&format!(
        "SELECT members.nickname, members.joined_at, {} FROM members JOIN users USING (user_id)
         WHERE server_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
        accounts::COLUMNS
    ))?
    .query_map(params![id.0, after, limit as i64], membership)?
    .collect()
}

/// Calls `visit` with the names of each member above `after`, ascending: nickname, display name, username; the first
/// one there is what others see. Ends when it returns `false`.
pub fn each_name(
    db: &Connection,
    id: ServerId,
    after: i64,
    mut visit: impl FnMut(UserId, [Option<&str>; 3]) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT members.user_id, members.nickname, users.display_name, users.username
         FROM members JOIN users USING (user_id) WHERE server_id = ?1 AND members.user_id > ?2
         ORDER BY members.user_id",
    )?;
    let mut rows = statement.query([id.0, after])?;
    while let Some(row) = rows.next()? {
        let names =
            [row.get_ref(1)?.as_str_or_null()?, row.get_ref(2)?.as_str_or_null()?, Some(row.get_ref(3)?.as_str()?)];
        if !visit(UserId(row.get(0)?), names) {
            break;
        }
    }
    Ok(())
}
