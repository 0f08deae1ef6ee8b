//! Invites.

use super::access::{self, Caller};
use super::{Reading, Registration, Writing, audit, members, users};
use crate::auth::random;
use crate::model::object::{Action, Change, Invite, InvitePreview, PreviewServer, Server};
use crate::model::request::{NewInvite, Patch};
use crate::model::{Code, Error, Permission, Result, ServerId, UserId, limits};
use crate::store::{self, invites::Stored};

/// Symbols in a code: 16 of 5.8 bits are over 90 bits.
const CODE_SYMBOLS: usize = 16;

/// Symbols of a code that stand in the audit log.
const CODE_BEGINNING: usize = 4;

/// Creates an invite.
///
/// # Errors
/// 404, 403, 400, 409 `too_many_invites`.
pub fn create(cx: &mut Writing<'_, '_>, caller: &Caller, id: ServerId, new: Result<NewInvite>) -> Result<Invite> {
    let seen = access::server(cx, caller, id)?;
    seen.need(Permission::CreateInvite)?;
    let new = new?;
    if new.max_uses.is_some_and(|uses| !(1..=limits::INVITE_USES).contains(&uses)) {
        return Err(Error::field("max_uses", format!("must be 1 to {}, or null", limits::INVITE_USES)));
    }
    let expires_in = match new.expires_in {
        Patch::Keep => Some(limits::INVITE_SECONDS_DEFAULT),
        Patch::Set(seconds) => seconds,
    };
    if expires_in.is_some_and(|seconds| !(1..=limits::INVITE_SECONDS).contains(&seconds)) {
        return Err(Error::field("expires_in", format!("must be 1 to {} seconds, or null", limits::INVITE_SECONDS)));
    }
    if store::invites::live(cx.db, id, cx.now)? >= limits::INVITES_PER_SERVER {
        return Err(Error::new(Code::TooManyInvites));
    }
    let invite = Stored {
        code: random::code(CODE_SYMBOLS)?,
        server_id: id,
        inviter_id: caller.user_id,
        uses: 0,
        max_uses: new.max_uses,
        expires_at: expires_in.map(|seconds| cx.now.plus_seconds(i64::from(seconds))),
        created_at: cx.now,
    };
    store::invites::add(cx.db, &invite)?;
    let changes = [
        Change::new("code", &(), &beginning(&invite.code)),
        Change::new("max_uses", &(), &invite.max_uses),
        Change::new("expires_at", &(), &invite.expires_at),
    ];
    audit::record(cx, id, caller, (Action::InviteCreate, None), &changes)?;
    whole(cx, invite, seen.server)
}

fn whole(cx: &Reading<'_>, invite: Stored, server: Server) -> Result<Invite> {
    Ok(Invite {
        url: format!("{}/invite/{}", cx.shared.config.public_url, invite.code),
        code: invite.code,
        server,
        inviter: users::author(cx, invite.inviter_id)?,
        uses: invite.uses,
        max_uses: invite.max_uses,
        expires_at: invite.expires_at,
        created_at: invite.created_at,
    })
}

/// The server's live invites, latest first: all of them for whoever manages it, for others their own.
///
/// # Errors
/// 404.
pub fn list(cx: &Reading<'_>, caller: &Caller, id: ServerId) -> Result<Vec<Invite>> {
    let seen = access::server(cx, caller, id)?;
    let all = seen.permissions().has(Permission::ManageServer);
    let invites = store::invites::of(cx.db, id, cx.now)?.into_iter();
    let invites = invites.filter(|invite| all || invite.inviter_id == caller.user_id);
    invites.map(|invite| whole(cx, invite, seen.server.clone())).collect()
}

/// Revokes an invite: one's own, or any with `manage_server`.
///
/// # Errors
/// 404 for who is not a member, 403.
pub fn revoke(cx: &mut Writing<'_, '_>, caller: &Caller, code: &str) -> Result<()> {
    let invite = live(cx, code)?;
    let seen = access::server(cx, caller, invite.server_id)?;
    if invite.inviter_id != caller.user_id {
        seen.need(Permission::ManageServer)?;
    }
    store::invites::delete(cx.db, code)?;
    let changes = [Change::new("code", &beginning(code), &()), Change::new("inviter_id", &invite.inviter_id, &())];
    audit::record(cx, invite.server_id, caller, (Action::InviteDelete, None), &changes)
}

/// Enough of a code to tell which one it is, and too little to join by it.
fn beginning(code: &str) -> String {
    code.chars().take(CODE_BEGINNING).chain(['…']).collect()
}

fn live(cx: &Reading<'_>, code: &str) -> Result<Stored> {
    store::invites::get(cx.db, code, cx.now)?.ok_or_else(Error::not_found)
}

/// What a stranger with the code sees.
///
/// # Errors
/// 404 if it is expired, used up, revoked or never was.
pub fn preview(cx: &Reading<'_>, code: &str) -> Result<InvitePreview> {
    let invite = live(cx, code)?;
    let server = store::servers::get(cx.db, invite.server_id)?.ok_or_else(Error::not_found)?;
    Ok(InvitePreview {
        code: invite.code,
        server: PreviewServer {
            server_id: server.server_id,
            name: server.name,
            icon_url: server.icon_url,
            member_count: server.member_count,
        },
        inviter: users::author(cx, invite.inviter_id)?,
        expires_at: invite.expires_at,
    })
}

/// Joins by an invite. A member's join changes nothing and uses nothing up.
///
/// # Errors
/// 404, 403 `banned`, 409 `too_many_servers`.
pub fn join(cx: &mut Writing<'_, '_>, caller: &Caller, code: &str) -> Result<Server> {
    let server = join_as(cx, caller.user_id, code)?;
    access::server(cx, caller, server).map(|seen| seen.server)
}

pub(super) fn join_as(cx: &mut Writing<'_, '_>, user: UserId, code: &str) -> Result<ServerId> {
    let invite = live(cx, code)?;
    if store::servers::member(cx.db, invite.server_id, user)?.is_none() {
        if store::bans::is_banned(cx.db, invite.server_id, user)? {
            return Err(Error::new(Code::Banned));
        }
        members::may_join_another(cx, user)?;
        members::add(cx, invite.server_id, user)?;
        store::invites::count_use(cx.db, &invite.code)?;
    }
    Ok(invite.server_id)
}

/// Whether an invite is good for somebody who makes an account. Where everybody may, it only has to lead somewhere; else
/// whoever made it must have an account that is not disabled, and perhaps be an administrator.
pub(super) fn for_registration(cx: &Reading<'_>, code: &str) -> Result<bool> {
    let settings = cx.shared.settings.get();
    match live(cx, code) {
        Ok(_) if settings.registration == Registration::Open => Ok(true),
        Ok(invite) => {
            let inviter = store::accounts::get(cx.db, invite.inviter_id)?.filter(|inviter| !inviter.disabled);
            Ok(inviter.is_some_and(|inviter| inviter.is_admin || !settings.admins_invites_register))
        }
        Err(error) if error.code == Code::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
