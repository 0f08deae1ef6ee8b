//! Who may do what: the one place that decides. Everything is handed out as "what this caller may see".

use super::Reading;
use crate::auth::Claims;
use crate::model::object::{Channel, ChannelKind, Message, Server};
use crate::model::{
    Audience, ChannelId, Code, Error, MessageId, Permission, Permissions, Result, ServerId, SessionId, Standing, UserId,
};
use crate::store;

/// Somebody with a live session.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// By which sign-in.
    pub session_id: SessionId,
    /// Whether they administrate the instance.
    pub is_admin: bool,
}

/// The caller whom verified claims stand for.
///
/// # Errors
/// 401 if the session has ended or the account is disabled.
pub fn caller(cx: &Reading<'_>, claims: &Claims) -> Result<Caller> {
    let is_admin = store::sessions::live(cx.db, claims.session_id, claims.user_id)?;
    let is_admin = is_admin.ok_or_else(|| Error::with_detail(Code::Unauthenticated, "the session has ended"))?;
    Ok(Caller { user_id: claims.user_id, session_id: claims.session_id, is_admin })
}

/// A server that the caller sees: its members do.
#[derive(Debug)]
pub struct SeenServer {
    /// The server.
    pub server: Server,
    /// What decides what the caller may do in it.
    pub standing: Standing,
}

impl SeenServer {
    /// What the caller may do in it.
    pub fn permissions(&self) -> Permissions {
        self.standing.permissions()
    }

    /// # Errors
    /// 403 without the permission.
    pub fn need(&self, permission: Permission) -> Result<()> {
        need(self.permissions(), permission)
    }

    /// The standing of another member, whom the caller acts on.
    ///
    /// # Errors
    /// 404 if they are no member, 403 if the caller does not outrank them.
    pub fn outranked(&self, cx: &Reading<'_>, user: UserId) -> Result<Standing> {
        let other = standing(cx, self.server.server_id, user)?;
        if self.standing.outranks(&other) {
            Ok(other)
        } else {
            Err(Error::with_detail(Code::Forbidden, "their highest role is not below yours"))
        }
    }
}

/// # Errors
/// 404 if the user is no member.
pub(super) fn standing(cx: &Reading<'_>, server: ServerId, user: UserId) -> Result<Standing> {
    store::roles::standing(cx.db, server, user)?.ok_or_else(Error::not_found)
}

/// # Errors
/// 403 unless all of `wanted` are among `own`: nobody gives, or takes, what they lack.
pub(super) fn only_own(own: Permissions, wanted: Permissions) -> Result<()> {
    match wanted.without(own).iter().next() {
        None => Ok(()),
        Some(lacking) => {
            let detail = format!("you lack the permission {} yourself", lacking.as_str());
            Err(Error::with_detail(Code::Forbidden, detail))
        }
    }
}

/// The server, if the caller sees it.
///
/// # Errors
/// 404 if it does not exist or the caller is no member.
pub fn server(cx: &Reading<'_>, caller: &Caller, id: ServerId) -> Result<SeenServer> {
    let standing = standing(cx, id, caller.user_id)?;
    let server = store::servers::get(cx.db, id)?.ok_or_else(Error::not_found)?;
    Ok(SeenServer { server, standing })
}

/// Where a channel that the caller sees stands, and what they may do there: what a write needs, in a few look-ups.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Which.
    pub channel_id: ChannelId,
    /// Its server; none for DMs.
    pub server_id: Option<ServerId>,
    /// Its kind.
    pub kind: ChannelKind,
    /// What the caller may do there.
    pub permissions: Permissions,
}

impl Place {
    /// # Errors
    /// 403 without the permission.
    pub fn need(&self, permission: Permission) -> Result<()> {
        need(self.permissions, permission)
    }

    /// Who is told of what happens there.
    ///
    /// # Errors
    /// Database errors.
    pub fn audience(&self, cx: &Reading<'_>) -> Result<Audience> {
        Ok(match self.server_id {
            Some(server) => Audience::Channel(server, self.channel_id),
            None => dm_audience(cx, self.channel_id)?,
        })
    }

    /// # Errors
    /// 404 for a category: it has no messages.
    pub fn with_messages(self) -> Result<Self> {
        if self.kind == ChannelKind::Category { Err(Error::not_found()) } else { Ok(self) }
    }
}

/// The people of a DM, but for those from whom it is hidden: they have not heard of it yet, or do not want to.
///
/// # Errors
/// Database errors.
pub(super) fn dm_audience(cx: &Reading<'_>, channel: ChannelId) -> Result<Audience> {
    let members = store::dms::members(cx.db, channel)?.into_iter();
    Ok(Audience::Users(members.filter(|(_, hidden)| !hidden).map(|(user, _)| user).collect()))
}

/// In a DM everybody may do what needs no rank.
const IN_DM: Permissions = Permissions::of(&[
    Permission::ViewChannel,
    Permission::SendMessages,
    Permission::AttachFiles,
    Permission::AddReactions,
]);

/// The place of a channel, if the caller sees it.
///
/// # Errors
/// 404 if it does not exist or the caller may not see it.
pub fn place(cx: &Reading<'_>, caller: &Caller, channel_id: ChannelId) -> Result<Place> {
    let (server_id, kind) = store::channels::place(cx.db, channel_id)?.ok_or_else(Error::not_found)?;
    let permissions = match server_id {
        Some(server) => standing(cx, server, caller.user_id)?.in_channel(&store::roles::overrides(cx.db, channel_id)?),
        None => {
            let members = store::dms::members(cx.db, channel_id)?;
            if !members.iter().any(|(user, _)| *user == caller.user_id) {
                return Err(Error::not_found());
            }
            IN_DM
        }
    };
    if !permissions.has(Permission::ViewChannel) {
        return Err(Error::not_found());
    }
    Ok(Place { channel_id, server_id, kind, permissions })
}

/// The channel whole, if the caller sees it.
///
/// # Errors
/// As [`place`].
pub fn channel(cx: &Reading<'_>, caller: &Caller, id: ChannelId) -> Result<(Channel, Place)> {
    let place = place(cx, caller, id)?;
    let channel = store::channels::get(cx.db, id)?.ok_or_else(Error::not_found)?;
    Ok((channel, place))
}

/// A message, if the caller sees its channel.
///
/// # Errors
/// 404 if either does not exist or may not be seen.
pub fn message(cx: &Reading<'_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<(Message, Place)> {
    let place = place(cx, caller, channel)?.with_messages()?;
    let message = store::messages::get(cx.db, caller.user_id, channel, id)?.ok_or_else(Error::not_found)?;
    Ok((message, place))
}

/// The place of a message that the caller sees.
///
/// # Errors
/// As [`message`].
pub fn with_message(cx: &Reading<'_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<Place> {
    let place = place(cx, caller, channel)?.with_messages()?;
    if store::messages::exists(cx.db, channel, id)? { Ok(place) } else { Err(Error::not_found()) }
}

fn need(permissions: Permissions, permission: Permission) -> Result<()> {
    if permissions.has(permission) {
        Ok(())
    } else {
        Err(Error::with_detail(Code::Forbidden, format!("you need the permission {}", permission.as_str())))
    }
}
