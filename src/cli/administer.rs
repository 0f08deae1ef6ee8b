//! `chatd user`, `invite` and `config`: what is asked for, and how it ends.

use std::io::Write;

use super::{exit, secret, upkeep};
use crate::app::control::{self, AdministerError, Command};
use crate::app::{self, Options};

/// For `chatd help`.
pub(super) const HELP: &str = "\
chatd user …             list | add NAME | passwd NAME | reset-link NAME | sign-out NAME | disable NAME | enable NAME |
                         admin NAME [on|off]; a password is asked for, or read from standard input
chatd invite …           list | create [--server ID] | revoke CODE
chatd config             show every setting and option, and where it comes from
chatd config …           set KEY VALUE | unset KEY: over what options say, at once
                         (all three also while chatd serves)
";

/// What is asked for, but for the password, which never stands on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    ShowConfig,
    SetConfig { key: String, value: Option<String> },
    ListUsers,
    AddUser(String),
    SetPassword(String),
    MakeResetLink(String),
    SignUserOut(String),
    SetDisabled(String, bool),
    SetAdministrator(String, bool),
    ListInvites,
    CreateInvite { server: Option<String> },
    RevokeInvite(String),
}

/// Reads the words behind `user`, `invite` or `config`.
///
/// # Errors
/// A sentence that says what there is.
pub(super) fn parse(subject: &str, words: &[&str]) -> Result<Wish, String> {
    let text = |word: &str| word.to_owned();
    Ok(match (subject, words) {
        ("config", []) => Wish::ShowConfig,
        ("config", ["set", key, value]) => Wish::SetConfig { key: text(key), value: Some(text(value)) },
        ("config", ["unset", key]) => Wish::SetConfig { key: text(key), value: None },
        ("config", _) => return Err("config takes nothing, set KEY VALUE or unset KEY".to_owned()),
        ("user", ["list"]) => Wish::ListUsers,
        ("user", ["add", name]) => Wish::AddUser(text(name)),
        ("user", ["passwd", name]) => Wish::SetPassword(text(name)),
        ("user", ["reset-link", name]) => Wish::MakeResetLink(text(name)),
        ("user", ["sign-out", name]) => Wish::SignUserOut(text(name)),
        ("user", ["disable", name]) => Wish::SetDisabled(text(name), true),
        ("user", ["enable", name]) => Wish::SetDisabled(text(name), false),
        ("user", ["admin", name] | ["admin", name, "on"]) => Wish::SetAdministrator(text(name), true),
        ("user", ["admin", name, "off"]) => Wish::SetAdministrator(text(name), false),
        // What stands behind a name may be a password, which shall not be said again.
        ("user", ["add" | "passwd", _, ..]) => {
            return Err("the password does not belong on the command line: it is asked for, or read from standard \
                        input"
                .to_owned());
        }
        ("user", _) => {
            return Err(
                "user takes list, add NAME, passwd NAME, reset-link NAME, sign-out NAME, disable NAME, enable \
                        NAME or admin NAME [on|off]"
                    .to_owned(),
            );
        }
        ("invite", ["list"]) => Wish::ListInvites,
        ("invite", ["create"]) => Wish::CreateInvite { server: None },
        ("invite", ["revoke", code]) => Wish::RevokeInvite(text(code)),
        _ => return Err("invite takes list, create [--server ID] or revoke CODE".to_owned()),
    })
}

/// Asks for what is missing, and has it done.
pub(super) fn administer(options: &Options, wish: Wish) -> u8 {
    let command = match command(wish) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("chatd: no password was read: {error}");
            return exit::NO_INPUT;
        }
    };
    app::log::start_quiet();
    match control::administer(options, command) {
        Ok(text) => {
            // A reader that has seen enough is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            exit::OK
        }
        Err(error) => {
            eprintln!("chatd: {error}");
            code(&error)
        }
    }
}

fn command(wish: Wish) -> std::io::Result<Command> {
    Ok(match wish {
        Wish::ShowConfig => Command::ShowConfig,
        Wish::SetConfig { key, value } => Command::SetConfig { key, value },
        Wish::ListUsers => Command::ListUsers,
        Wish::AddUser(name) => Command::AddUser { password: secret::new_password(&name)?, name },
        Wish::SetPassword(name) => Command::SetPassword { password: secret::new_password(&name)?, name },
        Wish::MakeResetLink(name) => Command::MakeResetLink { name },
        Wish::SignUserOut(name) => Command::SignUserOut { name },
        Wish::SetDisabled(name, disabled) => Command::SetDisabled { name, disabled },
        Wish::SetAdministrator(name, is_admin) => Command::SetAdministrator { name, is_admin },
        Wish::ListInvites => Command::ListInvites,
        Wish::CreateInvite { server } => Command::CreateInvite { server },
        Wish::RevokeInvite(code) => Command::RevokeInvite { code },
    })
}

fn code(error: &AdministerError) -> u8 {
    match error {
        AdministerError::Upkeep(error) => upkeep::code(error),
        AdministerError::NoData(_) => exit::NO_INPUT,
        AdministerError::Busy(_) => exit::AGAIN,
        AdministerError::Lost(error) if error.kind() == std::io::ErrorKind::PermissionDenied => exit::CONFIG,
        AdministerError::Lost(_) => exit::UNAVAILABLE,
        AdministerError::Refused(refusal) => match refusal.code.as_str() {
            "invalid_field" => exit::USAGE,
            "not_found" => exit::NO_USER,
            "rate_limited" => exit::AGAIN,
            "unavailable" => exit::IO,
            "internal" => exit::BROKEN,
            "invalid_json" => exit::UNAVAILABLE,
            _ => exit::REFUSED,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Wish, parse};

    #[test]
    fn words_become_wishes() {
        let name = || "alice".to_owned();
        for (words, wish) in [
            (&["user", "list"][..], Wish::ListUsers),
            (&["user", "passwd", "alice"], Wish::SetPassword(name())),
            (&["user", "disable", "alice"], Wish::SetDisabled(name(), true)),
            (&["user", "enable", "alice"], Wish::SetDisabled(name(), false)),
            (&["user", "admin", "alice"], Wish::SetAdministrator(name(), true)),
            (&["user", "admin", "alice", "off"], Wish::SetAdministrator(name(), false)),
            (&["invite", "create"], Wish::CreateInvite { server: None }),
            (&["config"], Wish::ShowConfig),
            (&["config", "set", "name", "x"], Wish::SetConfig { key: "name".into(), value: Some("x".into()) }),
            (&["config", "unset", "name"], Wish::SetConfig { key: "name".into(), value: None }),
        ] {
            assert_eq!(parse(words[0], &words[1..]), Ok(wish));
        }
        for bad in [&["user"][..], &["user", "add"], &["user", "admin", "a", "maybe"], &["invite"], &["config", "set"]]
        {
            assert!(parse(bad[0], &bad[1..]).is_err(), "{bad:?}");
        }
        let said = parse("user", &["passwd", "alice", "my secret"]).unwrap_err();
        assert!(said.contains("standard input") && !said.contains("my secret"));
    }
}
