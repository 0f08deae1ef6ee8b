//! Reads the command line: which command, with which options of the table.

use std::ffi::OsString;
use std::path::PathBuf;

use super::administer::{self, Wish};
use super::exit;
use super::table::{Row, TABLE};
use crate::app::{Given, Options, Told, variable};
use crate::bench;

/// How long a board is measured, and how long at most: whoever listens must not miss a heartbeat.
const BENCH_SECONDS: u64 = 10;
const BENCH_SECONDS_MAX: u64 = 60;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve, the default.
    Serve,
    /// Make a backup, in this folder if one is named.
    Backup(Option<PathBuf>),
    /// Put a backup into the data folder.
    Restore {
        /// The backup.
        from: PathBuf,
        /// Whether what is there may be put aside.
        replace: bool,
    },
    /// Say how the data folder is, or the backup that is named.
    Check(Option<PathBuf>),
    /// Say what is wrong with the instance, and what to do.
    Doctor,
    /// Administrate the instance.
    Administer(Wish),
    /// Measure what the board can carry.
    Bench {
        /// About how long it may take.
        seconds: u64,
    },
    /// Be the instance that is measured.
    BenchInstance,
    /// Explain the command line, or a topic.
    Help(Option<String>),
    /// Print the version.
    Version,
    /// Print the OpenAPI document.
    OpenApi,
    /// Print the gateway's reference.
    GatewayReference,
}

/// What is wrong with the command line or the environment.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Reads the command line over the environment over the defaults.
///
/// # Errors
/// A sentence that names the option and says what it takes.
pub fn parse_all(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(Command, Options), UsageError> {
    let mut options = Options::default();
    if let Some(folder) = environment("STATE_DIRECTORY") {
        options.data = folder.into();
    }
    options.told = TABLE.iter().map(|row| Told { flag: row.flag, given: None, default: row.default }).collect();
    for row in TABLE {
        let name = variable(row.flag);
        if let Some(value) = environment(&name) {
            (row.set)(&mut options, &value).map_err(|rule| UsageError(format!("{name} {rule}")))?;
            tell(&mut options, row, Given::Environment, &value);
        }
    }
    let (mut words, mut replace, mut seconds, mut server) = (Vec::new(), false, None, None);
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(|error| UsageError(error.to_string()))? {
        match argument {
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => return Ok((Command::Help(None), options)),
            lexopt::Arg::Long("version") | lexopt::Arg::Short('V') => return Ok((Command::Version, options)),
            lexopt::Arg::Long("replace") => replace = true,
            lexopt::Arg::Long("server") => {
                let value = parser.value().ok().and_then(|value| value.into_string().ok());
                server = Some(value.ok_or_else(|| UsageError("--server needs the ID of a server".to_owned()))?);
            }
            lexopt::Arg::Long("seconds") => {
                let value = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
                let value = value.filter(|value| (1..=BENCH_SECONDS_MAX).contains(value));
                let rule = || UsageError(format!("--seconds must be a number from 1 to {BENCH_SECONDS_MAX}"));
                seconds = Some(value.ok_or_else(rule)?);
            }
            lexopt::Arg::Long(flag) => {
                let row = TABLE.iter().find(|row| row.flag == flag);
                let row = row.ok_or_else(|| UsageError(format!("there is no option --{flag}")))?;
                let value = parser.value().map_err(|error| UsageError(error.to_string()))?;
                let value = value.to_str().ok_or_else(|| UsageError(format!("--{} must be UTF-8", row.flag)))?;
                (row.set)(&mut options, value).map_err(|rule| UsageError(format!("--{} {rule}", row.flag)))?;
                tell(&mut options, row, Given::Flag, value);
            }
            lexopt::Arg::Short(flag) => return Err(UsageError(format!("there is no option -{flag}"))),
            lexopt::Arg::Value(word) => words.push(word),
        }
    }
    let mut command = command(&words, replace)?;
    match (&mut command, seconds) {
        (_, None) => {}
        (Command::Bench { seconds }, Some(said)) => *seconds = said,
        _ => return Err(UsageError("--seconds belongs to bench".to_owned())),
    }
    match (&mut command, server) {
        (_, None) => {}
        (Command::Administer(Wish::CreateInvite { server }), said) => *server = said,
        _ => return Err(UsageError("--server belongs to invite create".to_owned())),
    }
    options.certificate().map_err(|rule| UsageError(rule.to_owned()))?;
    Ok((command, options))
}

/// Notes what an option was given, for `chatd config`.
fn tell(options: &mut Options, row: &Row, given: Given, value: &str) {
    let value = if row.flag == "setup-code" { "(not shown)" } else { value };
    for told in options.told.iter_mut().filter(|told| told.flag == row.flag) {
        told.given = Some((given, value.to_owned()));
    }
}

/// What the words that are no options ask for.
fn command(words: &[OsString], replace: bool) -> Result<Command, UsageError> {
    // A path may be any bytes; only then is a word not as it was typed.
    let text: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let text: Vec<&str> = text.iter().map(AsRef::as_ref).collect();
    let path = words.get(1).map(PathBuf::from);
    let command = match (text.as_slice(), path) {
        ([] | ["serve"], _) => Command::Serve,
        (["backup"] | ["backup", _], into) => Command::Backup(into),
        (["restore", _], Some(from)) => return Ok(Command::Restore { from, replace }),
        (["restore"], _) => return Err(UsageError("restore needs the folder of a backup".to_owned())),
        (["check"] | ["check", _], backup) => Command::Check(backup),
        (["doctor"], _) => Command::Doctor,
        ([subject @ ("user" | "invite" | "config"), rest @ ..], _) => {
            Command::Administer(administer::parse(subject, rest).map_err(UsageError)?)
        }
        (["bench"], _) => Command::Bench { seconds: BENCH_SECONDS },
        ([bench::instance::COMMAND], _) => Command::BenchInstance,
        (["help"], _) => Command::Help(None),
        (["help", topic @ ("limits" | "man" | "env")], _) => Command::Help(Some((*topic).to_owned())),
        (["version"], _) => Command::Version,
        (["openapi"], _) => Command::OpenApi,
        (["gateway-reference"], _) => Command::GatewayReference,
        (other, _) => return Err(UsageError(format!("there is no command '{}'", other.join(" ")))),
    };
    if replace { Err(UsageError("--replace belongs to restore".to_owned())) } else { Ok(command) }
}

/// Every command, as it is typed, and what it does.
pub(super) const COMMANDS: &[(&str, &str)] = &[
    ("[serve]", "serve, until SIGTERM or SIGINT"),
    ("backup [DIR]", "put a proven backup into DIR, or where --backups says; also while chatd serves"),
    ("restore BACKUP", "put a backup into the data folder; --replace: what is there is kept aside"),
    ("check [BACKUP]", "say how the data folder is, or a backup; also while chatd serves"),
    ("doctor", "say what is wrong with the instance, and what to do; also while chatd serves"),
    (
        "user ACT",
        "list | add NAME | passwd NAME | reset-link NAME | sign-out NAME | disable NAME | enable NAME | \
         admin NAME [on|off]: accounts, also while chatd serves; a password is asked for, or read from standard input",
    ),
    ("invite ACT", "list | create [--server ID] | revoke CODE: invites, also while chatd serves"),
    (
        "config [ACT]",
        "show every setting and option, and where it comes from; set KEY VALUE | unset KEY: over what options say, at \
         once, also while chatd serves",
    ),
    ("bench", "measure this board, and say what it can carry; --seconds N: about 10 unless said"),
    ("openapi", "print the REST API as an OpenAPI 3.1 document"),
    ("gateway-reference", "print the gateway's ops and close codes as HTML"),
    ("version", "print the version"),
    (
        "help [limits|man|env]",
        "print this; or every limit and its why, the manual page, a file of the options for the service",
    ),
];

/// A command with what it does beside it, in lines that a terminal of 100 columns takes.
fn entry(usage: &str, about: &str) -> String {
    let mut text = format!("{usage:26}");
    let mut column = text.len();
    for word in about.split(' ') {
        if column + word.len() > 98 {
            text += &format!("\n{:26}", "");
            column = 26;
        }
        text += " ";
        text += word;
        column += word.len() + 1;
    }
    text + "\n"
}

/// What `chatd help` prints.
pub fn help() -> String {
    let mut text = format!(
        "chatd {}: a chat server for you and your friends\n\n\
         {}\nOptions, each also as an environment variable:\n",
        env!("CARGO_PKG_VERSION"),
        COMMANDS.iter().map(|(usage, about)| entry(&format!("chatd {usage}"), about)).collect::<String>()
    );
    for row in TABLE {
        let variable = variable(row.flag);
        text +=
            &format!("  --{} {}  ({variable})\n      {}; default: {}\n", row.flag, row.value, row.about, row.default);
    }
    text + "\nExit codes (sysexits.h):\n" + &exit::ALL.map(|(code, why)| format!("  {code:3}  {why}\n")).concat()
}

#[cfg(test)]
mod tests {
    use super::{Command, help, parse_all};
    use crate::chat::Registration;

    fn parse(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(Command, crate::app::Options), String> {
        let environment = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        parse_all(arguments.iter().map(Into::into), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_defaults() {
        let (command, options) = parse(&[], &[]).unwrap();
        assert_eq!((command, options.listen.port()), (Command::Serve, 8080));
        let environment = [("CHATD_LISTEN", "0.0.0.0:1"), ("CHATD_REGISTRATION", "invite"), ("STATE_DIRECTORY", "/s")];
        let (_, options) = parse(&["serve", "--listen", "[::1]:2"], &environment).unwrap();
        assert_eq!(options.listen.to_string(), "[::1]:2");
        assert_eq!((options.registration, options.data.to_str()), (Registration::Invite, Some("/s")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            parse(&["--listen", "x"], &[]).unwrap_err(),
            "--listen must be an address and port, as in 0.0.0.0:8080"
        );
        assert_eq!(parse(&[], &[("CHATD_RATE_LIMITS", "maybe")]).unwrap_err(), "CHATD_RATE_LIMITS must be on or off");
        assert_eq!(parse(&["frobnicate"], &[]).unwrap_err(), "there is no command 'frobnicate'");
        assert!(parse(&["--data"], &[]).is_err() && parse(&["--nope", "1"], &[]).is_err());
    }

    #[test]
    fn urls_and_origins_are_what_they_say() {
        let takes = |flag: &str, value: &str| parse(&[flag, value], &[]).is_ok();
        for url in ["", "http://pi.local:8080", "https://chat.example/friends/", "https://[::1]:8"] {
            assert!(takes("--public-url", url), "{url}");
        }
        for bad in
            ["chat.example", "https://", "https:///x", "https://a b", "https://a/;x", "https://a/?q", "https://a#x"]
        {
            assert!(!takes("--public-url", bad), "{bad}");
        }
        assert!(takes("--allowed-origins", "https://a.example, http://b:81"));
        for bad in ["*", "a.example", "https://a.example/", "https://a.example/x"] {
            assert!(!takes("--allowed-origins", bad), "{bad}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let wrong = |words: &[&str]| parse(words, &[]).unwrap_err();
        assert!(wrong(&["--tls-cert", "a"]).contains("--tls-key"));
        assert!(wrong(&["--tls-key", "a"]).contains("--tls-cert"));
        assert!(wrong(&["--tls-cert", "a", "--tls-key", "b", "--tls", "self-signed"]).contains("leave"));
        assert!(wrong(&["--http-listen", "[::]:80"]).contains("--tls"));
        assert!(wrong(&["--tls", "self-signed", "--public-url", "http://a"]).contains("--public-url"));
        for right in [&["--tls-cert", "a", "--tls-key", "b", "--tls", "off"][..], &["--tls", "self-signed"]] {
            let (_, options) = parse(right, &[]).unwrap();
            assert!(options.certificate().unwrap().is_some());
        }
    }

    #[test]
    fn help_names_every_option() {
        for row in super::TABLE {
            assert!(help().contains(&format!("--{}", row.flag)), "{}", row.flag);
        }
    }

    #[test]
    fn a_board_is_measured_for_as_long_as_is_said() {
        let command = |words: &[&str]| parse(words, &[]).map(|(command, _)| command);
        assert_eq!(command(&["bench"]), Ok(Command::Bench { seconds: 10 }));
        assert_eq!(command(&["bench", "--seconds", "1"]), Ok(Command::Bench { seconds: 1 }));
        for bad in [&["--seconds", "1"][..], &["bench", "--seconds"], &["bench", "--seconds", "0"], &["bench", "now"]] {
            assert!(command(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn backups_go_where_they_are_told() {
        let command = |words: &[&str]| parse(words, &[]).map(|(command, _)| command);
        assert_eq!(command(&["backup"]), Ok(Command::Backup(None)));
        assert_eq!(command(&["backup", "/mnt"]), Ok(Command::Backup(Some("/mnt".into()))));
        let restore = |replace| Ok(Command::Restore { from: "/mnt/b".into(), replace });
        assert_eq!(command(&["restore", "/mnt/b"]), restore(false));
        assert_eq!(command(&["restore", "--replace", "/mnt/b"]), restore(true));
        assert_eq!(command(&["check", "/mnt/b"]), Ok(Command::Check(Some("/mnt/b".into()))));
        for bad in [&["restore"][..], &["backup", "a", "b"], &["check", "--replace"], &["--replace"]] {
            assert!(command(bad).is_err(), "{bad:?}");
        }
        let folder = |value: &str| {
            let (_, options) = parse(&["--data", "/d", "--backups", value], &[]).unwrap();
            options.backup_folder()
        };
        assert_eq!((folder("/mnt"), folder("off")), (Some("/mnt".into()), None));
        assert_eq!(parse(&["--data", "/d"], &[]).unwrap().1.backup_folder(), Some("/d/backups".into()));
        assert!(parse(&["--backup-keep", "0"], &[]).is_err());
    }
}
