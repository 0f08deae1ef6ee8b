//! Invites, for the owner at the machine: who has nobody to ask can still let somebody in.

use super::super::{Caller, Reading, Writing, invites};
use super::Actor;
use crate::model::name::Reason;
use crate::model::object::Invite;
use crate::model::request::NewInvite;
use crate::model::{Code, Error, Result, ServerId, SessionId, UserId};
use crate::store;

/// All live invites, server by server.
///
/// # Errors
/// Database errors.
pub fn list(cx: &Reading<'_>, _: Actor) -> Result<Vec<Invite>> {
    let mut all = Vec::new();
    for server in store::administration::servers(cx.db)? {
        all.extend(invites::list(cx, &owner(cx, server)?, server)?);
    }
    Ok(all)
}

/// Makes an invite to a server, in the name of its owner; the server need not be named if there is only one.
///
/// # Errors
/// 404 for no server, 400 if one of several must be named, 409 `too_many_invites`.
pub fn create(cx: &mut Writing<'_, '_>, _: Actor, server: Option<ServerId>) -> Result<Invite> {
    let server = match (server, store::administration::servers(cx.db)?.as_slice()) {
        (Some(server), _) => server,
        (None, [only]) => *only,
        (None, []) => {
            return Err(Error::with_detail(Code::NotFound, "there is no server yet: sign in and make one"));
        }
        (None, several) => {
            let ids: Vec<_> = several.iter().take(20).map(ToString::to_string).collect();
            return Err(Error::field("server", format_args!("must be one of {}", ids.join(", "))));
        }
    };
    let owner = owner(cx, server)?;
    at_the_machine(cx);
    invites::create(cx, &owner, server, Ok(NewInvite::default()))
}

/// Revokes an invite.
///
/// # Errors
/// 404.
pub fn revoke(cx: &mut Writing<'_, '_>, _: Actor, code: &str) -> Result<()> {
    let unknown = || Error::with_detail(Code::NotFound, "there is no such invite, or it is over");
    let invite = store::invites::get(cx.db, code, cx.now)?.ok_or_else(unknown)?;
    let owner = owner(cx, invite.server_id)?;
    at_the_machine(cx);
    invites::revoke(cx, &owner, code)
}

/// The audit log of the server says that it was not the owner's own hand.
fn at_the_machine(cx: &mut Writing<'_, '_>) {
    cx.because(Reason::parse("by the command line, at the machine").ok());
}

/// The owner of a server, who may do all in it.
fn owner(cx: &Reading<'_>, server: ServerId) -> Result<Caller> {
    let unknown = || Error::with_detail(Code::NotFound, format!("there is no server {server}"));
    let server = store::servers::get(cx.db, server)?.ok_or_else(unknown)?;
    let user_id: UserId = server.owner_id;
    Ok(Caller { user_id, session_id: SessionId(0), is_admin: false })
}
