//! What the owner at the machine may ask for, and what comes of it: text to be printed.

use serde::{Deserialize, Serialize};

use super::text;
use crate::app::Options;
use crate::auth::{Passwords, password};
use crate::chat::Chat;
use crate::chat::administration::{Actor, accounts, invites, resets, settings};
use crate::model::administration::AdminUserPatch;
use crate::model::name::{Password, Username};
use crate::model::request::{Cursor, Page, Patch};
use crate::model::{Code, Error, Key, Result, ServerId, UserId, limits};

/// A command, as a line of JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Show every setting and option, and where it comes from.
    ShowConfig,
    /// Set a setting, or forget what was set.
    SetConfig {
        /// Which.
        key: String,
        /// To what; none: what options say.
        value: Option<String>,
    },
    /// Show all accounts.
    ListUsers,
    /// Make an account.
    AddUser {
        /// Its username.
        name: String,
        /// Its password.
        password: String,
    },
    /// Set somebody's password.
    SetPassword {
        /// Whose.
        name: String,
        /// The one to come.
        password: String,
    },
    /// Make a link by which somebody sets a new password.
    MakeResetLink {
        /// Who.
        name: String,
    },
    /// Sign somebody out everywhere.
    SignUserOut {
        /// Whom.
        name: String,
    },
    /// Disable an account, or enable it.
    SetDisabled {
        /// Whose.
        name: String,
        /// Which of the two.
        disabled: bool,
    },
    /// Make an account an administrator's, or not.
    SetAdministrator {
        /// Whose.
        name: String,
        /// Which of the two.
        is_admin: bool,
    },
    /// Show all invites.
    ListInvites,
    /// Make an invite.
    CreateInvite {
        /// To this server; to the only one if none is named.
        server: Option<String>,
    },
    /// Revoke an invite.
    RevokeInvite {
        /// Its code.
        code: String,
    },
}

/// The instance that a command is about.
pub(super) struct Instance<'a> {
    pub(super) chat: &'a Chat,
    pub(super) options: &'a Options,
    /// Not those of people's sign-ins: however many of these wait, the owner does not.
    pub(super) passwords: &'a Passwords,
}

impl Instance<'_> {
    /// Does what a command asks for, by the rules that administrators go by too.
    pub(super) fn perform(&self, command: Command) -> Result<String> {
        let chat = self.chat;
        match command {
            Command::ShowConfig => {
                let settings = chat.read(|cx| settings::get(cx, Actor::Owner))?;
                Ok(text::config(&settings, &self.options.told))
            }
            Command::SetConfig { key, value } => self.set_config(&key, value),
            Command::ListUsers => self.list_users(),
            Command::AddUser { name, password } => self.add_user(&name, &password),
            Command::SetPassword { name, password } => self.set_password(&name, &password),
            Command::MakeResetLink { name } => {
                let link = self.write_on(name, |cx, user| resets::make(cx, Actor::Owner, user))?;
                Ok(text::link(&link, self.chat.config()))
            }
            Command::SignUserOut { name } => {
                let done = format!("{name} is signed out everywhere\n");
                self.write_on(name, |cx, user| accounts::sign_out(cx, Actor::Owner, user)).map(|()| done)
            }
            Command::SetDisabled { name, disabled } => {
                let patch = AdminUserPatch { disabled: Patch::Set(disabled), ..AdminUserPatch::default() };
                self.change(name, patch)
            }
            Command::SetAdministrator { name, is_admin } => {
                let patch = AdminUserPatch { is_admin: Patch::Set(is_admin), ..AdminUserPatch::default() };
                self.change(name, patch)
            }
            Command::ListInvites => Ok(text::invites(&chat.read(|cx| invites::list(cx, Actor::Owner))?)),
            Command::CreateInvite { server } => {
                let server =
                    server.map(|id| ServerId::parse(&id).ok_or_else(|| Error::field("server", "must be an ID")));
                let server = server.transpose()?;
                let invite = chat.write(move |cx| invites::create(cx, Actor::Owner, server))?;
                Ok(text::invite(&invite, self.chat.config()))
            }
            Command::RevokeInvite { code } => {
                chat.write(move |cx| invites::revoke(cx, Actor::Owner, &code))?;
                Ok("it lets nobody in any more\n".to_owned())
            }
        }
    }

    /// Runs a rule on whoever has this username.
    fn write_on<T: Send + 'static>(
        &self,
        name: String,
        rule: impl FnOnce(&mut crate::chat::Writing<'_, '_>, UserId) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.chat.write(move |cx| {
            let user = accounts::named(cx, Actor::Owner, &name)?;
            rule(cx, user)
        })
    }

    fn change(&self, name: String, patch: AdminUserPatch) -> Result<String> {
        let user = self.write_on(name, |cx, user| accounts::update(cx, Actor::Owner, user, Ok(patch)))?;
        Ok(text::user(&user))
    }

    fn set_config(&self, key: &str, value: Option<String>) -> Result<String> {
        let known = || Key::ALL.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ");
        let unknown = || {
            let detail =
                format!("there is no setting {key}; there are: {}; all else is an option of the start", known());
            Error::with_detail(Code::InvalidField, detail)
        };
        let key = Key::parse(key).ok_or_else(unknown)?;
        self.chat.write(move |cx| settings::set(cx, Actor::Owner, Ok(vec![(key, value)])))?;
        Ok(format!("{} is now {}\n", key.as_str(), text::cell(&self.chat.settings().text(key))))
    }

    fn list_users(&self) -> Result<String> {
        let mut all = Vec::new();
        loop {
            let cursor = all.last().map_or(Cursor::Start, |user: &_| last(user));
            let page = Page { cursor, limit: limits::PAGE };
            let wanted = accounts::Wanted { page, prefix: String::new() };
            let slice = self.chat.read(|cx| accounts::list(cx, Actor::Owner, Ok(wanted)))?;
            all.extend(slice.items);
            if !slice.more {
                return Ok(text::users(&all));
            }
        }
    }

    fn add_user(&self, name: &str, password: &str) -> Result<String> {
        let name = Username::parse(name).map_err(|rule| Error::field("username", rule))?;
        // Before the costly hashing, and before anybody wonders what is wrong with the password.
        if self.chat.read(|cx| accounts::named(cx, Actor::Owner, name.as_str())).is_ok() {
            return Err(Error::new(Code::UsernameTaken));
        }
        let hash = self.hash(&name, password)?;
        let user = self.chat.write(move |cx| accounts::add(cx, Actor::Owner, &name, &hash))?;
        Ok(text::user(&user))
    }

    fn set_password(&self, name: &str, password: &str) -> Result<String> {
        let user = self.chat.read(|cx| {
            let user = accounts::named(cx, Actor::Owner, name)?;
            accounts::get(cx, Actor::Owner, user)
        })?;
        let username = Username::parse(&user.username).map_err(Error::internal)?;
        let hash = self.hash(&username, password)?;
        self.chat.write(move |cx| accounts::set_password(cx, Actor::Owner, user.user_id, &hash))?;
        Ok(format!("{} has a new password, and is signed out everywhere\n", username.as_str()))
    }

    fn hash(&self, name: &Username, password: &str) -> Result<String> {
        let password = Password::parse(password).map_err(|rule| Error::field("password", rule))?;
        password::check_new(&password, name, self.chat.settings().password_min)?;
        self.passwords.hash(&password)
    }
}

/// Behind somebody, in a list ascending by user.
fn last(user: &crate::model::administration::AdminUser) -> Cursor {
    Cursor::After(user.user_id.0)
}
