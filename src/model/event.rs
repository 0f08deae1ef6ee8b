//! What happens, to whom it is told, and what it changes in who is told.
//!
//! Events are made by `chat` inside a transaction and leave the store, numbered, when that transaction is on disk.

use std::sync::Arc;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::object::{Channel, FullServer, Member, Message, ReadState, Role, Server, Status, User};
use super::{Badges, ChannelId, MessageId, Pressure, Rules, ServerId, SessionId, Timestamp, UserId};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who is told.
    pub audience: Audience,
    /// How this changes who is told of later events, or who is connected.
    pub effect: Effect,
    /// What they are told; none if only the effect matters.
    pub payload: Option<Payload>,
    /// The one user who is told something else instead (a joiner gets the whole server), or nothing (who types).
    pub instead: Option<(UserId, Option<Payload>)>,
}

impl Event {
    /// An event that only informs.
    pub fn new(audience: Audience, payload: Payload) -> Self {
        Self { audience, effect: Effect::None, payload: Some(payload), instead: None }
    }

    /// The same with an effect.
    pub fn with_effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// An event that tells nobody anything.
    pub fn silent(effect: Effect) -> Self {
        Self { audience: Audience::Users(Vec::new()), effect, payload: None, instead: None }
    }
}

/// Who is told, decided in the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All members of a server.
    Server(ServerId),
    /// The members of a server who see the channel.
    Channel(ServerId, ChannelId),
    /// Of the members of a server, those whose sight of a channel the last [`Effect::Rules`] changed so.
    Turned(ServerId, ChannelId, Turn),
    /// These users.
    Users(Vec<UserId>),
    /// The members of these servers and these users, each once.
    Those(Vec<ServerId>, Vec<UserId>),
    /// A user who is connected, and all who share a server or a DM with them, as the registry knows it.
    Acquaintances(UserId),
}

/// What a change of rules made of somebody's sight of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// They see it from now on.
    Gained,
    /// They saw it until now.
    Lost,
    /// They saw it, and still do.
    Kept,
}

/// What the registry does with an event. What gives is applied before delivery, what takes away after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// The user sees the server from now on: with these badges, under these rules.
    Join(ServerId, UserId, Box<(Badges, Rules)>),
    /// The member has these badges from now on.
    Badges(ServerId, UserId, Badges),
    /// Who sees what in the server is decided by these rules from now on.
    Rules(ServerId, Box<Rules>),
    /// The user no longer sees the server.
    Leave(ServerId, UserId),
    /// Nobody sees the server any more.
    ServerGone(ServerId),
    /// These users know each other from now on (a DM).
    Acquaint(Vec<UserId>),
    /// The user shares no DM with these any more.
    Estrange(UserId, Vec<UserId>),
    /// The user chose this presence.
    Status(UserId, Status),
    /// The user's gateway connections of these sign-in sessions end.
    EndSessions(UserId, Ended),
}

/// Which sign-in sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// This one.
    One(SessionId),
    /// All but this one.
    AllBut(SessionId),
    /// All.
    All,
}

/// Why somebody is no longer a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    /// Of their own will.
    Left,
    /// Somebody removed them.
    Kicked,
    /// Somebody banned them.
    Banned,
}

/// SERVER_MEMBER_ADD.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct MemberAdd {
    /// The new member.
    #[serde(flatten)]
    pub member: Member,
    /// Only to the joiner's own connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<FullServer>,
}

/// The `d` of a dispatched event.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each variant is the gateway event of the same name, described in the op table")]
pub enum Payload {
    MessageCreate(Message),
    MessageUpdate(Message),
    MessageDelete { message_id: MessageId, channel_id: ChannelId, server_id: Option<ServerId> },
    ReactionAdd { channel_id: ChannelId, message_id: MessageId, user_id: UserId, emoji: String },
    ReactionRemove { channel_id: ChannelId, message_id: MessageId, user_id: UserId, emoji: String },
    PinsUpdate { channel_id: ChannelId, message_id: MessageId, pinned: bool },
    ChannelCreate(Channel),
    ChannelUpdate(Channel),
    ChannelDelete { channel_id: ChannelId, server_id: Option<ServerId> },
    ServerMemberAdd(Box<MemberAdd>),
    ServerMemberRemove { server_id: ServerId, user_id: UserId, reason: Removal },
    ServerMemberUpdate(Member),
    ServerUpdate(Server),
    ServerDelete { server_id: ServerId },
    RolesUpdate { server_id: ServerId, roles: Vec<Role> },
    PresenceUpdate { user_id: UserId, status: Status },
    UserUpdate(User),
    TypingStart { channel_id: ChannelId, user_id: UserId, timestamp: Timestamp },
    ReadUpdate(ReadState),
    SettingsUpdate(serde_json::Map<String, serde_json::Value>),
    BlockUpdate { user_id: UserId, blocked: bool },
}

/// Whoever is shown every event once those who are connected have been told, in the same order. Must not wait.
pub trait Witness: Send + Sync + 'static {
    /// Takes an event.
    fn see(&self, event: Box<Event>);
}

/// Where committed events go, in commit order.
pub trait Outlet: Send + Sync + 'static {
    /// Calls `commit`, and if it returns events gives them their numbers and passes them on; all of that under one
    /// lock, so that whoever takes a snapshot under the same lock knows which events it holds.
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>);

    /// By what it is measured how late its events are, for the commits to be measured by too.
    fn pressure(&self) -> Arc<Pressure> {
        Arc::default()
    }
}
