//! What administrators see and set: accounts as they are, and the settings of the instance.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{ServerId, Timestamp, UserId};

/// An account as its instance's administrators see it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Who.
    pub user_id: UserId,
    /// Folded; of a closed account too.
    pub username: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// Where the picture is fetched.
    pub avatar_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Runs the instance.
    pub is_admin: bool,
    /// Cannot sign in.
    pub disabled: bool,
    /// Was closed by its owner.
    pub closed: bool,
    /// Sign-in sessions.
    pub sessions: u64,
    /// When one of them was last used.
    pub last_used_at: Option<Timestamp>,
    /// What its files take of its quota, in bytes.
    pub storage_bytes: u64,
}

/// An account.
pub fn get(db: &Connection, user: UserId) -> rusqlite::Result<Option<Record>> {
    db.prepare_cached(
        "SELECT users.user_id, username, display_name, file_url(avatar), users.created_at, is_admin, disabled, closed,
           (SELECT count(*) FROM sessions WHERE sessions.user_id = users.user_id),
           (SELECT max(last_used_at) FROM sessions WHERE sessions.user_id = users.user_id),
           coalesce((SELECT room FROM file_rooms WHERE file_rooms.user_id = users.user_id), 0)
         FROM users WHERE users.user_id = ?1",
    )?
    .query_row([user.0], record)
    .optional()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        user_id: UserId(row.get(0)?),
        username: row.get(1)?,
        display_name: row.get(2)?,
        avatar_url: row.get(3)?,
        created_at: Timestamp(row.get(4)?),
        is_admin: row.get(5)?,
        disabled: row.get(6)?,
        closed: row.get(7)?,
        sessions: row.get::<_, i64>(8)?.cast_unsigned(),
        last_used_at: row.get::<_, Option<i64>>(9)?.map(Timestamp),
        storage_bytes: row.get::<_, i64>(10)?.max(0).cast_unsigned(),
    })
}

/// Calls `visit` with the username and the display name of each account above `after`, ascending. Ends when it returns
/// `false`.
pub fn each_name(
    db: &Connection,
    after: i64,
    mut visit: impl FnMut(UserId, [Option<&str>; 2]) -> bool,
) -> rusqlite::Result<()> {
    let mut statement =
        db.prepare_cached("SELECT user_id, username, display_name FROM users WHERE user_id > ?1 ORDER BY user_id")?;
    let mut rows = statement.query([after])?;
    while let Some(row) = rows.next()? {
        let names = [Some(row.get_ref(1)?.as_str()?), row.get_ref(2)?.as_str_or_null()?];
        if !visit(UserId(row.get(0)?), names) {
            break;
        }
    }
    Ok(())
}

/// Who has, or had, this (folded) username.
pub fn by_name(db: &Connection, username: &str) -> rusqlite::Result<Option<UserId>> {
    db.prepare_cached("SELECT user_id FROM users WHERE username = ?1")?
        .query_row([username], |row| Ok(UserId(row.get(0)?)))
        .optional()
}

/// Whether somebody other than `user` administrates the instance and can sign in.
pub fn has_another_administrator(db: &Connection, user: UserId) -> rusqlite::Result<bool> {
    db.query_row(
        "SELECT EXISTS (SELECT 1 FROM users WHERE is_admin AND NOT disabled AND user_id <> ?1)",
        [user.0],
        |row| row.get(0),
    )
}

/// Sets whether an account is disabled, and whether it administrates the instance.
pub fn set(db: &Connection, user: UserId, disabled: bool, is_admin: bool) -> rusqlite::Result<()> {
    db.execute("UPDATE users SET disabled = ?2, is_admin = ?3 WHERE user_id = ?1", params![user.0, disabled, is_admin])
        .map(drop)
}

/// Closes an account for ever: what it told of its owner goes, but for what they wrote, and for the name, which nobody
/// else shall have.
pub fn close(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE users SET closed = 1, disabled = 1, is_admin = 0, password_hash = '', display_name = NULL, bio = '',
         status = 'online' WHERE user_id = ?1",
        [user.0],
    )?;
    for sql in ["DELETE FROM settings WHERE user_id = ?1", "DELETE FROM blocks WHERE user_id = ?1"] {
        db.execute(sql, [user.0])?;
    }
    Ok(())
}

/// Whether a user owns a server.
pub fn owns_servers(db: &Connection, user: UserId) -> rusqlite::Result<bool> {
    // An owner is a member, so their memberships lead to all that they own.
    db.query_row(
        "SELECT EXISTS (SELECT 1 FROM members JOIN servers USING (server_id)
           WHERE members.user_id = ?1 AND owner_id = ?1 AND NOT deleted)",
        [user.0],
        |row| row.get(0),
    )
}

/// What was set: keys and values.
pub fn settings(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT key, value FROM instance_settings ORDER BY key")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Sets the value of a key, or forgets it.
pub fn set_setting(db: &Connection, key: &str, value: Option<&str>) -> rusqlite::Result<()> {
    match value {
        Some(value) => db.execute(
            "INSERT INTO instance_settings (key, value) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET value = excluded.value",
            [key, value],
        ),
        None => db.execute("DELETE FROM instance_settings WHERE key = ?1", [key]),
    }
    .map(drop)
}

/// All servers, ascending.
pub fn servers(db: &Connection) -> rusqlite::Result<Vec<ServerId>> {
    db.prepare("SELECT server_id FROM servers WHERE NOT deleted ORDER BY server_id")?
        .query_map([], |row| Ok(ServerId(row.get(0)?)))?
        .collect()
}
