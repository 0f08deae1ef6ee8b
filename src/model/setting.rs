//! What an administrator may change while the instance serves: each setting's name, rule and value.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits;
use super::name::InstanceName;

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Everybody.
    Open,
    /// Who holds a valid invite to a server.
    Invite,
    /// Nobody.
    Closed,
}

impl Registration {
    /// The name in options and in `/instance`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }

    /// Reads that name; the error is the rest of a sentence that begins with the setting's.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = [Self::Open, Self::Invite, Self::Closed];
        let found = all.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| "must be open, invite or closed".to_owned())
    }
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// Everybody who is signed in.
    Everyone,
    /// Administrators alone.
    Admin,
}

impl Allowed {
    /// Administrators alone, or everybody.
    pub const fn admins(alone: bool) -> Self {
        if alone { Self::Admin } else { Self::Everyone }
    }

    /// The name in options and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Admin => "admin",
        }
    }

    /// Reads that name; the error is the rest of a sentence that begins with the setting's.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = [Self::Everyone, Self::Admin].into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| "must be everyone or admin".to_owned())
    }
}

macro_rules! keys {
    ($($name:ident = $text:literal, $flag:literal;)*) => {
        /// Which setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the fields of `Settings` describe them")]
        pub enum Key { $($name,)* }

        impl Key {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the API, in the database and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The option that says what it is while nothing is stored.
            pub const fn flag(self) -> &'static str {
                match self { $(Self::$name => $flag,)* }
            }
        }
    };
}

keys! {
    Name = "name", "name";
    Registration = "registration", "registration";
    CreateServers = "create_servers", "create-servers";
    InvitesRegister = "invites_register", "invites-register";
    PasswordMin = "password_min", "password-min";
    UploadBytes = "upload_bytes", "upload-max";
    UserFilesBytes = "user_files_bytes", "user-files";
}

impl Key {
    /// Reads its name, in which a hyphen is as good as an underscore.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.replace('-', "_");
        Self::ALL.iter().copied().find(|key| key.as_str() == text)
    }
}

/// The settings, as options give them or as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The instance's name.
    pub name: String,
    /// Who may make an account.
    pub registration: Registration,
    /// Whether only administrators create servers.
    pub admins_create_servers: bool,
    /// Whether only administrators' invites make accounts.
    pub admins_invites_register: bool,
    /// Characters in a password, at least.
    pub password_min: usize,
    /// An upload, at most, in bytes.
    pub upload_bytes: u64,
    /// What a user's files may take on disk, in bytes.
    pub user_files_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "chatd".to_owned(),
            registration: Registration::Open,
            admins_create_servers: false,
            admins_invites_register: false,
            password_min: limits::PASSWORD_MIN,
            upload_bytes: limits::UPLOAD_BYTES,
            user_files_bytes: limits::USER_FILES_BYTES,
        }
    }
}

impl Settings {
    /// Sets one from text; the error is the rest of a sentence that begins with the setting's name.
    ///
    /// # Errors
    /// What it must be.
    pub fn set(&mut self, key: Key, text: &str) -> Result<(), String> {
        match key {
            Key::Name => self.name = InstanceName::parse(text)?.as_str().to_owned(),
            Key::Registration => self.registration = Registration::parse(text)?,
            Key::CreateServers => self.admins_create_servers = Allowed::parse(text)? == Allowed::Admin,
            Key::InvitesRegister => self.admins_invites_register = Allowed::parse(text)? == Allowed::Admin,
            Key::PasswordMin => {
                let range = limits::PASSWORD_MIN..=limits::PASSWORD_MAX;
                let number = text.parse().ok().filter(|number| range.contains(number));
                let rule = || format!("must be a number from {} to {}", range.start(), range.end());
                self.password_min = number.ok_or_else(rule)?;
            }
            Key::UploadBytes => self.upload_bytes = bytes(text)?,
            Key::UserFilesBytes => self.user_files_bytes = bytes(text)?,
        }
        Ok(())
    }

    /// One as text, which [`Settings::set`] takes.
    pub fn text(&self, key: Key) -> String {
        match key {
            Key::Name => self.name.clone(),
            Key::Registration => self.registration.as_str().to_owned(),
            Key::CreateServers => Allowed::admins(self.admins_create_servers).as_str().to_owned(),
            Key::InvitesRegister => Allowed::admins(self.admins_invites_register).as_str().to_owned(),
            Key::PasswordMin => self.password_min.to_string(),
            Key::UploadBytes => self.upload_bytes.to_string(),
            Key::UserFilesBytes => self.user_files_bytes.to_string(),
        }
    }
}

/// A number of bytes, or of mebibytes or gibibytes with `MiB` or `GiB` behind.
fn bytes(text: &str) -> Result<u64, String> {
    let units = [("MiB", 1 << 20), ("GiB", 1 << 30)];
    let unit = units.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), unit)));
    let (number, unit) = unit.unwrap_or((text, 1));
    let range = limits::SET_BYTES_MIN..=limits::SET_BYTES_MAX;
    let number = number.parse().ok().and_then(|number: u64| number.checked_mul(unit));
    let rule = || format!("must be a number of bytes from {} to {}, or as in 50MiB", range.start(), range.end());
    number.filter(|number| range.contains(number)).ok_or_else(rule)
}

#[cfg(test)]
mod tests {
    use super::{Key, Settings};

    #[test]
    fn what_is_shown_can_be_set() {
        let before = Settings::default();
        let mut after = Settings { name: String::new(), password_min: 0, ..before.clone() };
        for key in Key::ALL {
            after.set(*key, &before.text(*key)).unwrap();
            assert_eq!(Key::parse(&key.as_str().replace('_', "-")), Some(*key));
        }
        assert_eq!(after, before);
    }

    #[test]
    fn what_breaks_a_rule_changes_nothing() {
        let before = Settings::default();
        for (key, texts) in [
            (Key::Name, &["", "  ", "a\nb", &"x".repeat(101)][..]),
            (Key::Registration, &["", "Open", "maybe"]),
            (Key::CreateServers, &["", "nobody"]),
            (Key::InvitesRegister, &["owner"]),
            (Key::PasswordMin, &["9", "257", "-1", "ten", "", "99999999999999999999"]),
            (Key::UploadBytes, &["0", "1048575", "1MB", "1.5GiB", "1025GiB", "18446744073709551615GiB", "MiB", ""]),
            (Key::UserFilesBytes, &["-5", "1099511627777"]),
        ] {
            for text in texts {
                let mut settings = before.clone();
                assert!(settings.set(key, text).is_err(), "{key:?} {text:?}");
                assert_eq!(settings, before);
            }
        }
    }

    #[test]
    fn sizes_may_be_said_in_larger_units() {
        let mut settings = Settings::default();
        for (text, bytes) in [("1048576", 1 << 20), ("50MiB", 50 << 20), ("2 GiB", 2 << 30), ("1024GiB", 1 << 40)] {
            settings.set(Key::UploadBytes, text).unwrap();
            assert_eq!(settings.upload_bytes, bytes);
        }
    }
}
