//! How answers to the owner at the machine read: tables and short sentences.

use crate::app::{Given, Told, variable};
use crate::chat::Config;
use crate::model::administration::{AdminUser, InstanceSettings, ResetLink, Setting, Source};
use crate::model::object::Invite;
use crate::model::{Key, Timestamp};

/// What stands in a cell: nothing that a terminal would take for more than text.
pub(super) fn cell(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        if c.is_control() { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Rows under headings, each column as wide as its widest cell.
fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = rows.into_iter().map(|row| row.map(|text| cell(&text))).collect();
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(&rows);
    let mut widths = [0; N];
    for row in all() {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells: String = row.iter().zip(widths).map(|(text, width)| format!("{text:width$}  ")).collect();
        format!("{}\n", cells.trim_end())
    };
    all().map(line).collect()
}

/// The settings and the options, each with its value and where that comes from.
pub(super) fn config(settings: &InstanceSettings, told: &[Told]) -> String {
    let all = &settings.settings;
    let given = |key: Key| told.iter().find(|told| told.flag == key.flag()).and_then(|told| told.given.as_ref());
    let row = |key: Key, (value, source, otherwise): (String, Source, String)| {
        let option = match given(key) {
            Some((given, _)) => from(*given, key.flag()),
            None => "default".to_owned(),
        };
        let (source, otherwise) = match source {
            Source::Stored => ("stored".to_owned(), format!("{otherwise} ({option})")),
            Source::Environment if given(key).is_none() => ("environment".to_owned(), String::new()),
            Source::Environment | Source::Default => (option, String::new()),
        };
        [key.as_str().to_owned(), value, source, otherwise]
    };
    let named = |key: Key| match key {
        Key::Name => row(key, parts(&all.name, String::clone)),
        Key::Registration => row(key, parts(&all.registration, |value| value.as_str().to_owned())),
        Key::CreateServers => row(key, parts(&all.create_servers, |value| value.as_str().to_owned())),
        Key::InvitesRegister => row(key, parts(&all.invites_register, |value| value.as_str().to_owned())),
        Key::PasswordMin => row(key, parts(&all.password_min, u64::to_string)),
        Key::UploadBytes => row(key, parts(&all.upload_bytes, u64::to_string)),
        Key::UserFilesBytes => row(key, parts(&all.user_files_bytes, u64::to_string)),
    };
    let settings = table(["SETTING", "VALUE", "FROM", "OTHERWISE"], Key::ALL.iter().map(|key| named(*key)));
    let is_setting = |told: &&Told| Key::ALL.iter().any(|key| key.flag() == told.flag);
    let options = told.iter().filter(|told| !is_setting(told)).map(|told| match &told.given {
        Some((given, value)) => [told.flag.to_owned(), value.clone(), from(*given, told.flag)],
        None => [told.flag.to_owned(), told.default.to_owned(), "default".to_owned()],
    });
    format!(
        "{settings}\nThese count at once: 'chatd config set KEY VALUE', 'chatd config unset KEY'.\n\n{}\n\
         These are read at the start: 'chatd help' says what each does.\n",
        table(["OPTION", "VALUE", "FROM"], options)
    )
}

fn parts<T>(setting: &Setting<T>, text: impl Fn(&T) -> String) -> (String, Source, String) {
    (text(&setting.value), setting.source, text(&setting.otherwise))
}

fn from(given: Given, flag: &str) -> String {
    match given {
        Given::Flag => format!("--{flag}"),
        Given::Environment => variable(flag),
    }
}

/// All accounts.
pub(super) fn users(users: &[AdminUser]) -> String {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let rows = users.iter().map(|user| {
        [
            user.username.clone(),
            state(user),
            user.sessions.to_string(),
            time(user.last_used_at),
            mebibytes(user.storage_bytes),
            user.user_id.to_string(),
        ]
    });
    table(["NAME", "STATE", "SESSIONS", "LAST USED", "FILES", "ID"], rows)
}

fn state(user: &AdminUser) -> String {
    let words = [
        (user.is_admin, "administrator"),
        (user.closed, "closed"),
        (user.disabled && !user.closed, "disabled"),
        (user.online, "online"),
    ];
    words.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

/// One account.
pub(super) fn user(user: &AdminUser) -> String {
    let state = Some(state(user)).filter(|state| !state.is_empty()).unwrap_or_else(|| "enabled".to_owned());
    format!("{} (ID {}): {state}\n", user.username, user.user_id)
}

/// A link for somebody who has forgotten their password.
pub(super) fn link(link: &ResetLink, config: &Config) -> String {
    format!(
        "{}\n{}It sets a new password once, until {}; an older link is void. Give it to nobody else.\n",
        link.url,
        relative(config),
        link.expires_at
    )
}

/// One invite.
pub(super) fn invite(invite: &Invite, config: &Config) -> String {
    format!("{}\n{}It leads into {}.\n", invite.url, relative(config), cell(&invite.server.name))
}

/// What to do with an address that is only a path.
fn relative(config: &Config) -> &'static str {
    match config.public_url.is_empty() {
        true => "(behind the address that people open; with CHATD_PUBLIC_URL it would stand here whole)\n",
        false => "",
    }
}

/// All invites.
pub(super) fn invites(invites: &[Invite]) -> String {
    let or = |value: Option<String>, none: &str| value.unwrap_or_else(|| none.to_owned());
    let rows = invites.iter().map(|invite| {
        [
            invite.code.clone(),
            invite.server.name.clone(),
            invite.inviter.username.clone(),
            format!("{} of {}", invite.uses, or(invite.max_uses.map(|max| max.to_string()), "any number")),
            or(invite.expires_at.map(|at| at.to_string()), "never"),
        ]
    });
    table(["CODE", "SERVER", "BY", "USED", "EXPIRES"], rows)
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_need_be_and_nothing_reaches_the_terminal() {
        let rows = [["ä".to_owned(), "x\u{1b}[2J\ny".to_owned()], ["longer".to_owned(), String::new()]];
        assert_eq!(table(["A", "B"], rows), "A       B\nä       x\\u{1b}[2J\\ny\nlonger\n");
    }
}
