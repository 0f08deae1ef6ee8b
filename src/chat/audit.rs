//! Who did what in a server, to whom, and why.

use super::access::{self, Caller};
use super::{Reading, Slice, Writing};
use crate::model::name::Reason;
use crate::model::object::{Action, AuditEntry, Change};
use crate::model::request::{Cursor, Page};
use crate::model::{EntryId, Permission, Result, ServerId};
use crate::store::{self, audit::NewEntry};

/// Writes an entry in the act's own transaction.
///
/// # Errors
/// Database errors.
pub(super) fn record(
    cx: &mut Writing<'_, '_>,
    server: ServerId,
    caller: &Caller,
    (action, target): (Action, Option<i64>),
    changes: &[Change],
) -> Result<()> {
    let entry_id = EntryId(cx.next_id());
    let entry = NewEntry {
        entry_id,
        actor: caller.user_id,
        action,
        target,
        reason: cx.reason.as_ref().map(Reason::as_str).filter(|reason| !reason.is_empty()),
        changes,
        created_at: cx.now,
    };
    Ok(store::audit::add(cx.db, server, &entry)?)
}

/// The audit log of a server, newest first.
///
/// # Errors
/// 404, 403, 400.
pub fn list(cx: &Reading<'_>, caller: &Caller, id: ServerId, page: Result<Page>) -> Result<Slice<AuditEntry>> {
    access::server(cx, caller, id)?.need(Permission::ManageServer)?;
    let Page { cursor, limit } = page?;
    let before = match cursor {
        Cursor::Before(position) => position,
        _ => i64::MAX,
    };
    Ok(Slice::cut(store::audit::list(cx.db, id, before, limit + 1)?, limit))
}
