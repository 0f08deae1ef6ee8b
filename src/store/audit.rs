//! Who did what in a server.

use rusqlite::{Connection, Row, params};

use super::accounts;
use crate::model::object::{Action, AuditEntry, Change};
use crate::model::{EntryId, ServerId, Timestamp, UserId};

/// An entry to be written.
#[derive(Debug)]
pub struct NewEntry<'a> {
    /// Its ID.
    pub entry_id: EntryId,
    /// Who did it.
    pub actor: UserId,
    /// What.
    pub action: Action,
    /// To what.
    pub target: Option<i64>,
    /// Why.
    pub reason: Option<&'a str>,
    /// What changed.
    pub changes: &'a [Change],
    /// When.
    pub created_at: Timestamp,
}

/// Writes an entry.
pub fn add(db: &Connection, server: ServerId, new: &NewEntry<'_>) -> rusqlite::Result<()> {
    let changes =
        serde_json::to_string(new.changes).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    db.prepare_cached(
        "INSERT INTO audit_log (server_id, entry_id, actor_id, action, target_id, reason, changes, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        server.0,
        new.entry_id.0,
        new.actor.0,
        new.action.as_str(),
        new.target,
        new.reason,
        changes,
        new.created_at.0
    ])
    .map(drop)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let unknown = |column| rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text);
    let action = row.get_ref(1)?.as_str()?;
    let action = Action::ALL.iter().copied().find(|known| known.as_str() == action);
    Ok(AuditEntry {
        entry_id: EntryId(row.get(0)?),
        action: action.ok_or_else(|| unknown(1))?,
        target_id: row.get::<_, Option<i64>>(2)?.map(|id| id.to_string()),
        reason: row.get(3)?,
        changes: serde_json::from_str(row.get_ref(4)?.as_str()?).map_err(|_| unknown(4))?,
        created_at: Timestamp(row.get(5)?),
        actor: accounts::author_at(row, 6)?,
    })
}

/// Up to `limit` entries below `before`, newest first.
pub fn list(db: &Connection, server: ServerId, before: i64, limit: usize) -> rusqlite::Result<Vec<AuditEntry>> {
    db.prepare_cached(&format!(
        "SELECT entry_id, action, target_id, reason, changes, audit_log.created_at, {}
         FROM audit_log JOIN users ON users.user_id = actor_id
         WHERE server_id = ?1 AND entry_id < ?2 ORDER BY entry_id DESC LIMIT ?3",
        accounts::AUTHOR
    ))?
    .query_map(params![server.0, before, limit as i64], entry)?
    .collect()
}
