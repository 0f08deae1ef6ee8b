//! What administrators may do: with accounts, with the settings, and with the links that set new passwords.
//!
//! Whoever acts is an [`Actor`], which only an administrator's session gives, or the owner at the machine, who asks by
//! the command line. Both go by the same rules. To everybody else none of this exists: 404. They see nothing that
//! membership does not give: accounts are all that is shown. Each act is a line in the log, once it is on disk.

pub mod accounts;
pub mod invites;
pub mod resets;
pub mod settings;

use super::access::Caller;
use super::{Reading, Writing};
use crate::model::{Code, Error, Result, UserId};
use crate::store;
use crate::store::administration::Record;

/// Who administrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator.
    Administrator(UserId),
    /// The owner at the machine, whom the data folder belongs to.
    Owner,
}

impl Actor {
    /// The caller, if they administrate the instance.
    ///
    /// # Errors
    /// 404.
    pub fn of(caller: &Caller) -> Result<Self> {
        if caller.is_admin { Ok(Self::Administrator(caller.user_id)) } else { Err(Error::not_found()) }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Administrator(user) => write!(f, "administrator {user}"),
            Self::Owner => f.write_str("the owner, at the machine,"),
        }
    }
}

/// Logs what somebody did, once it is on disk.
fn note(cx: &mut Writing<'_, '_>, actor: Actor, what: impl std::fmt::Display) {
    let line = format!("administration: {actor} {what}");
    cx.tx.after_commit(move || log::info!("{line}"));
}

/// An account.
///
/// # Errors
/// 404.
fn record(cx: &Reading<'_>, user: UserId) -> Result<Record> {
    store::administration::get(cx.db, user)?.ok_or_else(Error::not_found)
}

/// An account that is not closed.
///
/// # Errors
/// 404, 409 `account_closed`.
fn open_record(cx: &Reading<'_>, user: UserId) -> Result<Record> {
    let record = record(cx, user)?;
    if record.closed { Err(Error::new(Code::AccountClosed)) } else { Ok(record) }
}

/// # Errors
/// 409 `last_admin` if nobody else administrates the instance who can sign in.
pub(super) fn is_not_the_last(cx: &Reading<'_>, user: UserId) -> Result<()> {
    if store::administration::has_another_administrator(cx.db, user)? {
        Ok(())
    } else {
        Err(Error::new(Code::LastAdmin))
    }
}
