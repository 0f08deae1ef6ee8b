//! Users.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::name::{Bio, DisplayName, Username};
use crate::model::object::{Author, Status};
use crate::model::{Timestamp, UserId};

/// A row of `users`, but for the password.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub user_id: UserId,
    /// Folded.
    pub username: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// A few words.
    pub bio: String,
    /// The presence the user chose.
    pub status: Status,
    /// Runs the instance.
    pub is_admin: bool,
    /// Cannot sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where the picture is fetched.
    pub avatar_url: Option<String>,
}

/// The columns that [`account_at`] reads, of a table named `users`. The name of a closed account is nobody's business, and
/// what stands in its place can be no name.
pub(super) const COLUMNS: &str = "users.user_id, CASE WHEN users.closed THEN 'deleted user' ELSE users.username END, users.display_name, users.bio, users.status, users.is_admin, users.disabled, users.created_at, file_url(users.avatar)";

/// The columns that [`author_at`] reads, of a table named `users`.
pub(super) const AUTHOR: &str = "users.user_id, CASE WHEN users.closed THEN 'deleted user' ELSE users.username END, users.display_name, file_url(users.avatar)";

/// Reads [`COLUMNS`] from column `at` on.
pub(super) fn account_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Account> {
    Ok(Account {
        user_id: UserId(row.get(at)?),
        username: row.get(at + 1)?,
        display_name: row.get(at + 2)?,
        bio: row.get(at + 3)?,
        status: status(row.get_ref(at + 4)?.as_str()?),
        is_admin: row.get(at + 5)?,
        disabled: row.get(at + 6)?,
        created_at: Timestamp(row.get(at + 7)?),
        avatar_url: row.get(at + 8)?,
    })
}

/// Reads [`AUTHOR`] from column `at` on.
pub(super) fn author_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Author> {
    Ok(Author {
        user_id: UserId(row.get(at)?),
        username: row.get(at + 1)?,
        display_name: row.get(at + 2)?,
        avatar_url: row.get(at + 3)?,
    })
}

fn status(text: &str) -> Status {
    match text {
        "idle" => Status::Idle,
        "dnd" => Status::Dnd,
        "invisible" => Status::Invisible,
        _ => Status::Online,
    }
}

fn status_text(status: Status) -> &'static str {
    match status {
        Status::Idle => "idle",
        Status::Dnd => "dnd",
        Status::Invisible => "invisible",
        Status::Online | Status::Offline => "online",
    }
}

/// How many accounts there are, up to one: whether the instance has been set up.
pub fn any(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?.query_row([], |row| row.get(0))
}

/// Adds an account; the username is known to be free.
pub fn add(
    db: &Connection,
    user: UserId,
    username: &Username,
    password_hash: &str,
    display_name: Option<&DisplayName>,
    is_admin: bool,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO users (user_id, username, password_hash, display_name, is_admin, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![user.0, username.as_str(), password_hash, display_name.map(DisplayName::as_str), is_admin, now.0])
    .map(drop)
}

/// An account.
pub fn get(db: &Connection, user: UserId) -> rusqlite::Result<Option<Account>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE user_id = ?1"))?
        .query_row([user.0], |row| account_at(row, 0))
        .optional()
}

/// A person as they stand beside a message.
pub fn author(db: &Connection, user: UserId) -> rusqlite::Result<Option<Author>> {
    db.prepare_cached(&format!("SELECT {AUTHOR} FROM users WHERE user_id = ?1"))?
        .query_row([user.0], |row| author_at(row, 0))
        .optional()
}

/// Whether somebody has this (folded) username, or had it when they closed their account.
pub fn is_taken(db: &Connection, username: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE username = ?1)")?
        .query_row([username], |row| row.get(0))
}

/// Who has this (folded) username, with the password's hash; nobody has that of a closed account.
pub fn credentials(db: &Connection, username: &str) -> rusqlite::Result<Option<(UserId, String)>> {
    db.prepare_cached("SELECT user_id, password_hash FROM users WHERE username = ?1 AND NOT closed")?
        .query_row([username], |row| Ok((UserId(row.get(0)?), row.get(1)?)))
        .optional()
}

/// The hash of a user's password.
pub fn password_hash(db: &Connection, user: UserId) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT password_hash FROM users WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get(0))
        .optional()
}

/// Sets the hash of a user's password.
pub fn set_password_hash(db: &Connection, user: UserId, hash: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE users SET password_hash = ?2 WHERE user_id = ?1")?
        .execute(params![user.0, hash])
        .map(drop)
}

/// Sets the username, known to be free.
pub fn set_username(db: &Connection, user: UserId, name: &Username) -> rusqlite::Result<()> {
    db.execute("UPDATE users SET username = ?2 WHERE user_id = ?1", params![user.0, name.as_str()]).map(drop)
}

/// Sets or clears the display name.
pub fn set_display_name(db: &Connection, user: UserId, name: Option<&DisplayName>) -> rusqlite::Result<()> {
    db.execute("UPDATE users SET display_name = ?2 WHERE user_id = ?1", params![user.0, name.map(DisplayName::as_str)])
        .map(drop)
}

/// Sets the bio.
pub fn set_bio(db: &Connection, user: UserId, bio: &Bio) -> rusqlite::Result<()> {
    db.execute("UPDATE users SET bio = ?2 WHERE user_id = ?1", params![user.0, bio.as_str()]).map(drop)
}

/// Sets or clears where the picture is, below `/files/`; where it was.
pub fn set_avatar(db: &Connection, user: UserId, place: Option<&str>) -> rusqlite::Result<Option<String>> {
    let before =
        db.query_row("SELECT avatar FROM users WHERE user_id = ?1", [user.0], |row| row.get::<_, Option<String>>(0))?;
    db.execute("UPDATE users SET avatar = ?2 WHERE user_id = ?1", params![user.0, place])?;
    Ok(before)
}

/// Sets the presence the user chose.
pub fn set_status(db: &Connection, user: UserId, status: Status) -> rusqlite::Result<()> {
    db.execute("UPDATE users SET status = ?2 WHERE user_id = ?1", params![user.0, status_text(status)]).map(drop)
}

/// Whether `one` shares a server or a DM with `other`, who has not closed their account.
pub fn acquainted(db: &Connection, one: UserId, other: UserId) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM users WHERE user_id = ?2 AND NOT closed) AND (EXISTS (
           SELECT 1 FROM members AS mine JOIN members AS theirs USING (server_id) JOIN servers USING (server_id)
           WHERE mine.user_id = ?1 AND theirs.user_id = ?2 AND NOT servers.deleted)
         OR EXISTS (
           SELECT 1 FROM dm_members AS mine JOIN dm_members AS theirs USING (channel_id)
           WHERE mine.user_id = ?1 AND theirs.user_id = ?2))",
    )?
    .query_row([one.0, other.0], |row| row.get(0))
}
