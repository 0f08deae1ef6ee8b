//! The objects of the API, as they go out. Field order is the order on the wire.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttachmentId, ChannelId, EntryId, MessageId, Permissions, RoleId, ServerId, SessionId, Timestamp, UserId};

/// What others see of somebody's presence, and what its owner sees of it (`invisible`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Here.
    Online,
    /// Away.
    Idle,
    /// Do not disturb.
    Dnd,
    /// Chosen by the user; reads `offline` to everybody else.
    Invisible,
    /// Not connected.
    #[default]
    Offline,
}

/// A person.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct User {
    /// Who.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// A few words.
    pub bio: String,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Presence; only the user's own may read `invisible`.
    pub status: Status,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Only in the caller's own user, in REST answers and CONNECTED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
}

/// A person as they stand beside a message.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Author {
    /// Who.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
}

/// A server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Server {
    /// Which.
    pub server_id: ServerId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Picture.
    pub icon_url: Option<String>,
    /// Who owns it.
    pub owner_id: UserId,
    /// How many are in it.
    pub member_count: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The kinds of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Messages of a server.
    Text,
    /// A heading over other channels; has no messages.
    Category,
    /// Messages between two people.
    Dm,
    /// Messages between up to ten people.
    GroupDm,
}

/// What a role may do in one channel beyond, or short of, what it may do in the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Override {
    /// For whom.
    pub role_id: RoleId,
    /// Added.
    pub allow: Permissions,
    /// Taken away.
    pub deny: Permissions,
}

/// A channel of a server, or a DM.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Channel {
    /// Which.
    pub channel_id: ChannelId,
    /// Null for DMs.
    pub server_id: Option<ServerId>,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ChannelKind,
    /// The category it stands in.
    pub parent_id: Option<ChannelId>,
    /// Empty for DMs between two.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Order in the list.
    pub position: u32,
    /// The latest message, also if it was deleted since.
    pub last_message_id: Option<MessageId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Per role; empty for DMs.
    pub overrides: Vec<Override>,
    /// DMs only: everybody in it, the reader included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<User>>,
    /// Only in CONNECTED and SERVER_MEMBER_ADD: what the reader may do here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
}

/// What a reply shows of the message it answers.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Reply {
    /// Which.
    pub message_id: MessageId,
    /// By whom; absent once it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Its first 200 characters; absent once it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// `true` once it is deleted, else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// A file of a message.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Attachment {
    /// Which.
    pub attachment_id: AttachmentId,
    /// What its uploader called it.
    pub filename: String,
    /// Its media type: of pictures as their bytes say, of all else as its uploader said.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// Of pictures, in pixels, as they are to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// As `width`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Of pictures: their average colour, `#rrggbb`, to show until they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Of large pictures: where to fetch a smaller one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Where to fetch it.
    pub url: String,
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// How many.
    pub count: u32,
    /// Whether the reader is among them.
    pub me: bool,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Message {
    /// Which; its order is the order of commit.
    pub message_id: MessageId,
    /// Where.
    pub channel_id: ChannelId,
    /// By whom.
    pub author: Author,
    /// The text.
    pub content: String,
    /// When it was written.
    pub timestamp: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// The message it answers.
    pub reply_to: Option<Reply>,
    /// Who is mentioned and can see the channel.
    pub mentions: Vec<UserId>,
    /// The same, with their names.
    pub mentioned_users: Vec<Author>,
    /// Which roles are mentioned.
    pub mention_roles: Vec<RoleId>,
    /// Whether everybody is mentioned.
    pub mention_everyone: bool,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// In order of first use; left out of MESSAGE_UPDATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Vec<Reaction>>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Only in the answer to POST and in MESSAGE_CREATE: the sender's mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// A message that a search has found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Found {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Where in the content that stands which was searched for: `[start, length]` in Unicode code points.
    pub highlight: Vec<[usize; 2]>,
}

/// Somebody in a server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Member {
    /// Who.
    pub user: User,
    /// Where.
    pub server_id: ServerId,
    /// Name to show there.
    pub nickname: Option<String>,
    /// Roles beside `everyone`.
    pub roles: Vec<RoleId>,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A role of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Role {
    /// Which; `everyone` has the server's ID.
    pub role_id: RoleId,
    /// Its name.
    pub name: String,
    /// 0 to 0xFFFFFF.
    pub color: u32,
    /// Higher is stronger; `everyone` is 0.
    pub position: u32,
    /// What it allows.
    pub permissions: Permissions,
}

/// Somebody who may not come into a server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Ban {
    /// Who.
    pub user: Author,
    /// Why.
    pub reason: Option<String>,
    /// By whom.
    pub banned_by: Author,
    /// Since when.
    pub created_at: Timestamp,
}

/// One thing that an act changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Change {
    /// The field's name in the object.
    pub field: Cow<'static, str>,
    /// What it was; null if there was nothing.
    pub before: serde_json::Value,
    /// What it is; null if there is nothing any more.
    pub after: serde_json::Value,
}

/// Who did what in a server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AuditEntry {
    /// Which; its order is the order of commit.
    pub entry_id: EntryId,
    /// Who did it.
    pub actor: Author,
    /// What was done.
    pub action: Action,
    /// To which user, channel, role, message or server; null for invites, whose codes are secrets.
    #[cfg_attr(test, schemars(with = "Option<UserId>"))]
    pub target_id: Option<String>,
    /// Why, if whoever did it said so.
    pub reason: Option<String>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// When.
    pub created_at: Timestamp,
}

impl Change {
    /// What became of a field.
    pub fn new(field: &'static str, before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { field: field.into(), before: json(before), after: json(after) }
    }
}

/// None of our types fails to become JSON.
fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What stands in an audit log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(test, derive(JsonSchema))]
        pub enum Action { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As stored and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

actions! {
    /// Name, description or picture of the server.
    ServerUpdate = "server_update",
    /// The server was handed over.
    OwnerChange = "owner_change",
    /// A channel was made.
    ChannelCreate = "channel_create",
    /// A channel was changed or moved.
    ChannelUpdate = "channel_update",
    /// A channel was deleted.
    ChannelDelete = "channel_delete",
    /// What a role may do in a channel was set.
    OverrideSet = "override_set",
    /// What a role may do in a channel is what it may do in the server again.
    OverrideDelete = "override_delete",
    /// A role was made.
    RoleCreate = "role_create",
    /// A role was changed or moved.
    RoleUpdate = "role_update",
    /// A role was deleted.
    RoleDelete = "role_delete",
    /// Nickname or roles of a member.
    MemberUpdate = "member_update",
    /// Somebody was removed.
    MemberKick = "member_kick",
    /// Somebody was banned.
    BanAdd = "ban_add",
    /// A ban was lifted.
    BanRemove = "ban_remove",
    /// An invite was made.
    InviteCreate = "invite_create",
    /// An invite was revoked.
    InviteDelete = "invite_delete",
    /// Somebody else's message was deleted.
    MessageDelete = "message_delete",
    /// A message was pinned.
    MessagePin = "message_pin",
    /// A message was unpinned.
    MessageUnpin = "message_unpin",
}

/// A server as its member first sees it: everything to draw it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FullServer {
    /// The server.
    #[serde(flatten)]
    pub server: Server,
    /// The channels that the reader sees, each with the reader's permissions.
    pub channels: Vec<Channel>,
    /// Strongest first.
    pub roles: Vec<Role>,
    /// What the reader may do in the server.
    pub permissions: Permissions,
    /// The reader as a member.
    pub member: Member,
}

/// An invite, as its maker sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Invite {
    /// The code to hand out.
    pub code: String,
    /// Where it leads: absolute with a configured public URL, else a path.
    pub url: String,
    /// Into which server.
    pub server: Server,
    /// Whose.
    pub inviter: Author,
    /// How many joined by it.
    pub uses: u32,
    /// How many may.
    pub max_uses: Option<u32>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What a stranger with an invite's code sees of the server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PreviewServer {
    /// Which.
    pub server_id: ServerId,
    /// Its name.
    pub name: String,
    /// Picture.
    pub icon_url: Option<String>,
    /// How many are in it.
    pub member_count: u32,
}

/// An invite, as an invited stranger sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct InvitePreview {
    /// The code.
    pub code: String,
    /// Into which server.
    pub server: PreviewServer,
    /// Whose.
    pub inviter: Author,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// A sign-in session: one browser or client of a user.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Session {
    /// Which (the access token's `sid`).
    pub session_id: SessionId,
    /// What the client called itself.
    pub user_agent: String,
    /// The address that last used it.
    pub ip: String,
    /// Signed in.
    pub created_at: Timestamp,
    /// Last sign-in or refresh.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How far a user has read a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ReadState {
    /// Where.
    pub channel_id: ChannelId,
    /// The last message read.
    pub message_id: MessageId,
    /// Unread messages that mention the user, counted up to 100.
    pub mentions: u32,
    /// Which: so that clients can go on counting when one of them is edited or deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mention_ids: Vec<MessageId>,
    /// In a DM, its unread messages by others, up to 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub direct_ids: Vec<MessageId>,
}

/// Somebody's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Presence {
    /// Who.
    pub user_id: UserId,
    /// How they read to others.
    pub status: Status,
}

/// The first screen: what CONNECTED carries.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Connected {
    /// The gateway session, for RESUME.
    pub session_id: String,
    /// The reader.
    pub user: User,
    /// The reader's servers, in order of joining.
    pub servers: Vec<FullServer>,
    /// The reader's DMs, latest first.
    pub dm_channels: Vec<Channel>,
    /// How far the reader has read.
    pub read_states: Vec<ReadState>,
    /// Who is there, up to 1,000 per server.
    pub presences: Vec<Presence>,
    /// The settings that the reader's clients share.
    pub settings: serde_json::Map<String, serde_json::Value>,
}
