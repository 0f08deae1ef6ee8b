//! What administrators ask for and get.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::{InstanceName, Password};
use super::request::Patch;
use super::setting::{Allowed, Registration};
use super::{Timestamp, UserId};

/// An account, for administrators.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AdminUser {
    /// Who.
    pub user_id: UserId,
    /// Unique name; of a closed account the one that nobody else may have.
    pub username: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether they administrate the instance.
    pub is_admin: bool,
    /// Whether they cannot sign in.
    pub disabled: bool,
    /// Whether its owner closed it: it stays disabled.
    pub closed: bool,
    /// Whether others see them there.
    pub online: bool,
    /// How many sign-in sessions they have.
    pub sessions: u64,
    /// When one of these was last used; null without any.
    pub last_used_at: Option<Timestamp>,
    /// What their files take on disk, in bytes.
    pub storage_bytes: u64,
}

/// `PATCH /admin/users/{user_id}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct AdminUserPatch {
    /// Whether they shall not be able to sign in; ends their sessions.
    #[cfg_attr(test, schemars(with = "bool"))]
    pub disabled: Patch<bool>,
    /// Whether they shall administrate the instance.
    #[cfg_attr(test, schemars(with = "bool"))]
    pub is_admin: Patch<bool>,
}

/// A link by which somebody sets a new password, once.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ResetLink {
    /// To be opened by them; absolute if the instance knows its public URL.
    pub url: String,
    /// What it holds, for `POST /auth/reset`.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// `POST /auth/reset`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ResetPassword {
    /// From the link that an administrator made.
    pub token: String,
    /// The one to come.
    pub new_password: Password,
}

/// `DELETE /users/@me`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CloseAccount {
    /// The one in force.
    pub password: Password,
}

/// Where the value of a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// An administrator has set it.
    Stored,
    /// An option: a flag, or a variable of the environment.
    Environment,
    /// Nobody has said anything.
    Default,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(rename = "SettingOf{T}"))]
pub struct Setting<T> {
    /// What counts.
    pub value: T,
    /// Where that comes from.
    pub source: Source,
    /// What counts when nothing is stored.
    pub otherwise: T,
}

/// The settings of the instance.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct InstanceSettings {
    /// One by one.
    pub settings: SettingsByKey,
}

/// Each setting by its key.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SettingsByKey {
    /// The instance's name.
    pub name: Setting<String>,
    /// Who may make an account.
    pub registration: Setting<Registration>,
    /// Who may create servers.
    pub create_servers: Setting<Allowed>,
    /// Whose invites make accounts.
    pub invites_register: Setting<Allowed>,
    /// Characters in a password, at least.
    pub password_min: Setting<u64>,
    /// An upload, at most, in bytes.
    pub upload_bytes: Setting<u64>,
    /// What a user's files may take on disk, in bytes.
    pub user_files_bytes: Setting<u64>,
}

/// `PATCH /admin/settings`: null forgets what was set.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(default)]
pub struct SettingsPatch {
    /// The instance's name.
    pub name: Patch<Option<InstanceName>>,
    /// Who may make an account.
    pub registration: Patch<Option<Registration>>,
    /// Who may create servers.
    pub create_servers: Patch<Option<Allowed>>,
    /// Whose invites make accounts.
    pub invites_register: Patch<Option<Allowed>>,
    /// Characters in a password, at least: 10 to 256.
    #[cfg_attr(test, schemars(with = "Option<u64>", range(min = 10, max = 256)))]
    pub password_min: Patch<Option<u64>>,
    /// An upload, at most, in bytes: 1 MiB to 1 TiB.
    #[cfg_attr(test, schemars(with = "Option<u64>", range(min = 1_048_576, max = 1_099_511_627_776_u64)))]
    pub upload_bytes: Patch<Option<u64>>,
    /// What a user's files may take on disk, in bytes: 1 MiB to 1 TiB.
    #[cfg_attr(test, schemars(with = "Option<u64>", range(min = 1_048_576, max = 1_099_511_627_776_u64)))]
    pub user_files_bytes: Patch<Option<u64>>,
}
