//! Texts with rules. A value of one of these types has passed its rule, so nobody checks again.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use unicode_normalization::UnicodeNormalization;

use super::limits;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($min:expr, $max:expr) = $parse:path, $pattern:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Applies the rule; the error is the rest of a sentence that begins with the field's name.
            pub fn parse(text: &str) -> Result<Self, String> {
                $parse(text, $min, $max).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        #[cfg(test)]
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "minLength": $min, "maxLength": $max, "pattern": $pattern})
            }
        }
    )*};
}

/// For the schemas: what [`name`] takes, as a regular expression of ECMA-262. Characters at the ends that are trimmed
/// may be refused by it.
#[cfg(test)]
const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// What [`prose`] takes.
#[cfg(test)]
const PROSE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";
/// What [`content`] takes.
#[cfg(test)]
const CONTENT: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";
/// What [`nonce`] takes.
#[cfg(test)]
const NONCE: &str = r"^[^\u0000]*$";

texts! {
    /// A display name.
    DisplayName(1, limits::DISPLAY_NAME) = name, NAME;
    /// A name to show in one server.
    Nickname(1, limits::DISPLAY_NAME) = name, NAME;
    /// The name of a role.
    RoleName(1, limits::NAME) = name, NAME;
    /// The name of the instance.
    InstanceName(1, limits::NAME) = name, NAME;
    /// Why somebody did something; may be empty.
    Reason(0, limits::REASON) = prose, PROSE;
    /// The name of a server.
    ServerName(1, limits::NAME) = name, NAME;
    /// The name of a channel.
    ChannelName(1, limits::NAME) = name, NAME;
    /// What a server is about; may be empty.
    Description(0, limits::DESCRIPTION) = prose, PROSE;
    /// What a channel is about; may be empty.
    Topic(0, limits::TOPIC) = prose, PROSE;
    /// What a user says of themselves; may be empty.
    Bio(0, limits::BIO) = prose, PROSE;
    /// What a message says, kept as it is.
    Content(1, limits::CONTENT) = content, CONTENT;
    /// What a message with files says, kept as it is; may be empty. Whether it may is decided where its files are known.
    Caption(0, limits::CONTENT) = nonce, NONCE;
    /// A client's own mark on a message, for retries.
    Nonce(1, limits::NONCE) = nonce, NONCE;
}

/// A username: `a-z 0-9 _ .`, folded to lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Folds and checks; the error is the rest of a sentence that begins with "username".
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = text.to_ascii_lowercase();
        if !folded.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.') {
            return Err("may hold only the letters a to z, digits, '_' and '.'".to_owned());
        }
        check_length(&folded, limits::USERNAME_MIN, limits::USERNAME_MAX)?;
        Ok(Self(folded))
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
impl JsonSchema for Username {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Username".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9_.]{2,32}$", "minLength": limits::USERNAME_MIN,
            "maxLength": limits::USERNAME_MAX, "description": "Folded to lower case."})
    }
}

/// A password in NFC (so that every keyboard's way of typing it is the same), never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Normalises and checks the upper limit; the minimum and the common list are `auth`'s, as they are options.
    pub fn parse(text: &str) -> Result<Self, String> {
        let normal: String = text.nfc().collect();
        if normal.chars().count() > limits::PASSWORD_MAX {
            return Err(format!("must be at most {} characters", limits::PASSWORD_MAX));
        }
        if normal.contains('\0') {
            return Err("must not contain U+0000".to_owned());
        }
        Ok(Self(normal))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
impl JsonSchema for Password {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Password".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "password", "maxLength": limits::PASSWORD_MAX})
    }
}

fn check_length(text: &str, min: usize, max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        Ok(())
    } else if min == 0 {
        Err(format!("must be at most {max} characters"))
    } else {
        Err(format!("must be {min} to {max} characters"))
    }
}

/// One line: trimmed, no control characters, not only white space.
fn name(text: &str, min: usize, max: usize) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    check_length(trimmed, min, max)?;
    Ok(trimmed.to_owned())
}

/// Some lines: trimmed, no control characters but line breaks and tabs.
fn prose(text: &str, min: usize, max: usize) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters".to_owned());
    }
    check_length(trimmed, min, max)?;
    Ok(trimmed.to_owned())
}

/// Kept as it is; not only white space, no U+0000.
fn content(text: &str, min: usize, max: usize) -> Result<String, String> {
    check_length(text, min, max)?;
    if text.trim().is_empty() {
        return Err("must not be only white space".to_owned());
    }
    nonce(text, min, max)
}

/// Kept as it is; no U+0000.
fn nonce(text: &str, min: usize, max: usize) -> Result<String, String> {
    check_length(text, min, max)?;
    if text.contains('\0') {
        return Err("must not contain U+0000".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{ChannelName, Content, Password, Topic, Username};

    #[test]
    fn usernames_fold_and_refuse() {
        assert_eq!(Username::parse("Alice_1.x").unwrap().as_str(), "alice_1.x");
        for bad in ["", "a", "ä b", "al ice", "K\u{212A}", &"x".repeat(33)] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_trimmed_lines() {
        assert_eq!(ChannelName::parse("  general ").unwrap().as_str(), "general");
        for bad in ["", "   ", "a\nb", "\u{7}", &"é".repeat(101)] {
            assert!(ChannelName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ChannelName::parse(&"é".repeat(100)).is_ok());
        assert!(Topic::parse("").is_ok() && Topic::parse("two\nlines").is_ok() && Topic::parse("\u{1b}[2J").is_err());
    }

    #[test]
    fn content_is_kept_as_it_is() {
        assert_eq!(Content::parse("  hi \n").unwrap().as_str(), "  hi \n");
        for bad in ["", " \n\t ", "a\0b", &"x".repeat(4001)] {
            assert!(Content::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_the_same_however_typed_and_never_printed() {
        assert_eq!(Password::parse("Zu\u{308}rich").unwrap(), Password::parse("Z\u{fc}rich").unwrap());
        assert_eq!(format!("{:?}", Password::parse("secret").unwrap()), "Password(…)");
    }
}
