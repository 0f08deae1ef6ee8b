//! Closing one's own account.

use super::access::Caller;
use super::{Reading, Writing, accounts, administration, files, members, users};
use crate::model::event::Removal;
use crate::model::{Audience, Code, Error, Event, Payload, Result};
use crate::store;

/// Closes the caller's account, whose password's hash was verified, for ever.
///
/// What they wrote stays, by a "deleted user": all who may have it on their screen are told. They leave every server;
/// direct messages and groups go on without them, under that name. Nobody else gets their username.
///
/// # Errors
/// 403 if the password was changed meanwhile; 409 `owns_servers`, 409 `last_admin`.
pub fn close(cx: &mut Writing<'_, '_>, caller: &Caller, verified: &str) -> Result<()> {
    let user = caller.user_id;
    if store::accounts::password_hash(cx.db, user)?.as_deref() != Some(verified) {
        return Err(Error::new(Code::WrongPassword));
    }
    may_close(cx, caller)?;
    let servers = store::servers::ids_of(cx.db, user)?;
    let picture = store::accounts::set_avatar(cx.db, user, None)?;
    files::remove_picture(cx, picture.as_deref())?;
    store::resets::remove(cx.db, user)?;
    store::administration::close(cx.db, user)?;
    let account = store::accounts::get(cx.db, user)?.ok_or_else(Error::not_found)?;
    let known = [vec![user], store::dms::peers(cx.db, user)?].concat();
    let payload = Payload::UserUpdate(users::public(cx, account));
    cx.publish(Event::new(Audience::Those(servers.clone(), known), payload));
    for server in servers {
        members::take_out(cx, server, user, Removal::Left)?;
    }
    accounts::end_all(cx, user)?;
    cx.tx.after_commit(move || log::info!("user {user} has closed their account"));
    Ok(())
}

/// # Errors
/// 409 `owns_servers`, 409 `last_admin`.
fn may_close(cx: &Reading<'_>, caller: &Caller) -> Result<()> {
    if store::administration::owns_servers(cx.db, caller.user_id)? {
        return Err(Error::new(Code::OwnsServers));
    }
    if caller.is_admin { administration::is_not_the_last(cx, caller.user_id) } else { Ok(()) }
}
