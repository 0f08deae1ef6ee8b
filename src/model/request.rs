//! What clients ask for, already checked: every field's type carries its rule. Unknown fields are ignored.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::name::{
    Bio, Caption, ChannelName, Description, DisplayName, Nickname, Nonce, Password, Reason, RoleName, ServerName,
    Topic, Username,
};
use super::object::Status;
use super::{AttachmentId, ChannelId, MessageId, Permissions, RoleId, UserId};

/// A field of a PATCH: absent leaves what is there. `null` reaches `T`, so it clears only an `Option`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not in the request.
    #[default]
    Keep,
    /// In the request.
    Set(T),
}

impl<T> Patch<T> {
    /// The value asked for, if any.
    pub fn into_set(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Set)
    }
}

#[cfg(test)]
impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// `POST /auth/register`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Register {
    /// The name to sign in with.
    pub username: Username,
    /// The password.
    pub password: Password,
    /// The name to show.
    pub display_name: Option<DisplayName>,
    /// The code of a server's invite.
    pub invite: Option<String>,
    /// What the first start printed: for the first account, unless registration is open.
    pub setup_code: Option<String>,
    /// Whether the refresh token shall come as a cookie.
    #[serde(default)]
    pub cookie: bool,
}

/// `POST /auth/login`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Login {
    /// Any text: what cannot be a username is simply wrong.
    pub username: String,
    /// The password.
    pub password: Password,
    /// Whether the refresh token shall come as a cookie.
    #[serde(default)]
    pub cookie: bool,
}

/// `POST /auth/refresh`, and `POST /auth/logout` where there is no access token.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Refresh {
    /// The refresh token; without it the cookie's is taken.
    pub refresh_token: Option<String>,
}

/// `POST /auth/password`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ChangePassword {
    /// The one in force.
    pub current_password: Password,
    /// The one to come.
    pub new_password: Password,
}

/// `POST /servers`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewServer {
    /// Its name.
    pub name: ServerName,
    /// What it is about.
    pub description: Option<Description>,
}

/// `PATCH /servers/{server_id}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
#[derive(Default)]
pub struct ServerPatch {
    /// Its name.
    pub name: Patch<ServerName>,
    /// What it is about.
    pub description: Patch<Description>,
    /// An unused image of the caller's, or null.
    pub icon: Patch<Option<AttachmentId>>,
    /// The new owner: a member; only the owner may.
    pub owner_id: Patch<UserId>,
}

/// `POST /servers/{server_id}/channels`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewChannel {
    /// Its name.
    pub name: ChannelName,
    /// `text` (the default) or `category`.
    #[serde(rename = "type")]
    pub kind: Option<NewChannelKind>,
    /// What it is about.
    pub topic: Option<Topic>,
    /// The category it stands in.
    pub parent_id: Option<ChannelId>,
    /// What roles may do in it from its first moment.
    #[serde(default)]
    pub overrides: Vec<NewOverride>,
}

/// An override of a channel that is to be made.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewOverride {
    /// For whom.
    pub role_id: RoleId,
    /// Added.
    #[serde(default)]
    pub allow: Permissions,
    /// Taken away.
    #[serde(default)]
    pub deny: Permissions,
}

/// `PUT /channels/{channel_id}/overrides/{role_id}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SetOverride {
    /// Added.
    #[serde(default)]
    pub allow: Permissions,
    /// Taken away.
    #[serde(default)]
    pub deny: Permissions,
}

/// The kinds of channel that somebody makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NewChannelKind {
    /// Messages.
    #[default]
    Text,
    /// A heading over other channels; has no messages.
    Category,
}

/// `PATCH /channels/{channel_id}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct ChannelPatch {
    /// Its name.
    pub name: Patch<ChannelName>,
    /// What it is about.
    pub topic: Patch<Topic>,
    /// Its place in the list, from 0.
    pub position: Patch<u32>,
    /// The category it stands in, or null.
    pub parent_id: Patch<Option<ChannelId>>,
}

/// `POST /channels/{channel_id}/messages`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewMessage {
    /// The text; may be left out, or be empty, if there are files.
    pub content: Option<Caption>,
    /// Up to ten files that the caller uploaded within the last hour and has not used yet.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 10)))]
    pub attachments: Vec<AttachmentId>,
    /// A message of the same channel that it answers.
    pub reply_to: Option<MessageId>,
    /// The client's own mark: a retry with the same mark does not double.
    pub nonce: Option<Nonce>,
}

/// `PATCH /channels/{channel_id}/messages/{message_id}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct EditMessage {
    /// The new text; may be empty if the message has files.
    pub content: Caption,
}

/// `PUT /channels/{channel_id}/read`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct MarkRead {
    /// The last message read; an earlier one marks unread.
    pub message_id: MessageId,
}

/// `POST /servers/{server_id}/invites`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct NewInvite {
    /// 1 to 1,000, or null for no limit.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    pub max_uses: Option<u32>,
    /// 1 to 31,536,000 seconds, or null for ever; a week unless given.
    #[cfg_attr(test, schemars(range(min = 1, max = 31_536_000)))]
    pub expires_in: Patch<Option<u32>>,
}

/// `PATCH /servers/{server_id}/members/{user_id}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct MemberPatch {
    /// Name to show there, or null.
    pub nickname: Patch<Option<Nickname>>,
    /// All roles that the member shall have; doubles are passed over.
    pub roles: Patch<Vec<RoleId>>,
}

/// `PUT /servers/{server_id}/bans/{user_id}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct NewBan {
    /// Why.
    pub reason: Option<Reason>,
    /// 0 to 604,800: messages of so many seconds go with them.
    #[cfg_attr(test, schemars(range(min = 0, max = 604_800)))]
    pub delete_message_seconds: Option<u32>,
}

/// `POST /servers/{server_id}/roles`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewRole {
    /// Its name.
    pub name: RoleName,
    /// 0 to 0xFFFFFF.
    #[serde(default)]
    #[cfg_attr(test, schemars(range(min = 0, max = 16_777_215)))]
    pub color: u32,
    /// What it allows.
    #[serde(default)]
    pub permissions: Permissions,
}

/// `PATCH /servers/{server_id}/roles/{role_id}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct RolePatch {
    /// Its name.
    pub name: Patch<RoleName>,
    /// 0 to 0xFFFFFF.
    #[cfg_attr(test, schemars(with = "u32", range(min = 0, max = 16_777_215)))]
    pub color: Patch<u32>,
    /// From 1; higher is stronger.
    pub position: Patch<u32>,
    /// What it allows.
    pub permissions: Patch<Permissions>,
}

/// `PATCH /users/{user_id}`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct UserPatch {
    /// The name to sign in with.
    pub username: Patch<Username>,
    /// The name to show, or null.
    pub display_name: Patch<Option<DisplayName>>,
    /// A few words.
    pub bio: Patch<Bio>,
    /// An unused image of the caller's, or null.
    pub avatar: Patch<Option<AttachmentId>>,
    /// The presence to keep.
    pub status: Patch<ChosenStatus>,
}

/// What somebody may choose to be: offline is who is not connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChosenStatus {
    /// Here.
    Online,
    /// Away.
    Idle,
    /// Do not disturb.
    Dnd,
    /// Reads `offline` to everybody else.
    Invisible,
}

impl From<ChosenStatus> for Status {
    fn from(chosen: ChosenStatus) -> Self {
        match chosen {
            ChosenStatus::Online => Self::Online,
            ChosenStatus::Idle => Self::Idle,
            ChosenStatus::Dnd => Self::Dnd,
            ChosenStatus::Invisible => Self::Invisible,
        }
    }
}

/// `POST /users/{user_id}/dm-channels`: one of the two.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
#[cfg_attr(test, schemars(extend("oneOf" = [{"required": ["recipient_id"]}, {"required": ["recipient_ids"]}])))]
pub struct NewDm {
    /// The other person.
    pub recipient_id: Option<UserId>,
    /// The other people, up to nine; doubles and oneself are passed over.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub recipient_ids: Option<Vec<UserId>>,
}

/// Where in an ordered list a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The newest (or the first, in an ascending list).
    Start,
    /// Older than this position.
    Before(i64),
    /// Newer than this position.
    After(i64),
    /// Around this position.
    Around(i64),
}

/// A page asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where.
    pub cursor: Cursor,
    /// How many, 1 to 100.
    pub limit: usize,
}

/// `GET /servers/{server_id}/members`.
#[derive(Clone, Debug)]
pub struct MemberQuery {
    /// `after` and `limit`, ascending by user.
    pub page: Page,
    /// A prefix of nickname, display name or username.
    pub prefix: Option<String>,
    /// Only these.
    pub user_ids: Option<Vec<UserId>>,
    /// Only those who are there.
    pub online: bool,
}
