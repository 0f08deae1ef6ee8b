//! The one table of options.

use std::ffi::OsString;
use std::time::Duration;

use crate::app::Options;
use crate::chat::Registration;
use crate::model::limits;
use crate::net::parse_cidr;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve, the default.
    Serve,
    /// Explain the command line, or a topic.
    Help(Option<String>),
    /// Print the version.
    Version,
    /// Print the OpenAPI document.
    OpenApi,
    /// Print the gateway's reference.
    GatewayReference,
}

/// A row of the table. The environment variable is the flag's name in capitals behind `CHATD_`.
struct Row {
    flag: &'static str,
    value: &'static str,
    default: &'static str,
    about: &'static str,
    set: fn(&mut Options, &str) -> Result<(), String>,
}

/// Bytes in what sizes are counted in, and how many of them an option takes: a tebibyte.
const MEBIBYTE: u64 = 1024 * 1024;
const MEBIBYTES: usize = 1024 * 1024;

const TABLE: &[Row] = &[
    Row {
        flag: "listen",
        value: "ADDR",
        default: "127.0.0.1:8080",
        about: "address and port to listen on; [::]:8080 is every address, port 0 a free one",
        set: |o, v| parse(v, "an address and port, as in 0.0.0.0:8080").map(|v| o.listen = v),
    },
    Row {
        flag: "data",
        value: "DIR",
        default: "$STATE_DIRECTORY, else ./data",
        about: "the folder that holds everything; made if it is not there",
        set: |o, v| not_empty(v).map(|v| o.data = v.into()),
    },
    Row {
        flag: "name",
        value: "TEXT",
        default: "chatd",
        about: "the instance's name, as people see it",
        set: |o, v| not_empty(v).map(|v| o.name = v),
    },
    Row {
        flag: "registration",
        value: "MODE",
        default: "open",
        about: "who may make an account: open (everybody), invite (with an invite to a server) or closed",
        set: |o, v| {
            o.registration = match v {
                "open" => Registration::Open,
                "invite" => Registration::Invite,
                "closed" => Registration::Closed,
                _ => return Err("must be open, invite or closed".to_owned()),
            };
            Ok(())
        },
    },
    Row {
        flag: "setup-code",
        value: "CODE",
        default: "printed at the first start",
        about: "the code that lets the first account, the administrator's, in",
        set: |o, v| not_empty(v).map(|v| o.setup_code = Some(v)),
    },
    Row {
        flag: "public-url",
        value: "URL",
        default: "none",
        about: "where people reach the instance, as in https://chat.example/friends; its path is honoured everywhere",
        set: |o, v| {
            if !v.is_empty() && !is_url(v) {
                return Err("must be http:// or https:// with a host, as in https://chat.example/friends".to_owned());
            }
            v.trim_end_matches('/').clone_into(&mut o.public_url);
            Ok(())
        },
    },
    Row {
        flag: "allowed-origins",
        value: "LIST",
        default: "none",
        about: "origins of other sites whose pages may use this one, as in https://site.example, separated by commas",
        set: |o, v| {
            if let Some(bad) = list(v).find(|origin| !is_origin(origin)) {
                return Err(format!("{bad} is no origin, as in https://site.example"));
            }
            o.allowed_origins = list(v).map(str::to_owned).collect();
            Ok(())
        },
    },
    Row {
        flag: "trusted-proxies",
        value: "LIST",
        default: "none",
        about: "addresses or networks of proxies whose X-Forwarded-For counts, separated by commas",
        set: |o, v| {
            let parse = |v| parse_cidr(v).ok_or_else(|| format!("{v} is no address or network (10.0.0.0/8)"));
            list(v).map(parse).collect::<Result<_, _>>().map(|v| o.trusted_proxies = v)
        },
    },
    Row {
        flag: "rate-limits",
        value: "on|off",
        default: "on",
        about: "off is for tests only",
        set: |o, v| on_off(v).map(|v| o.rate_limits = v),
    },
    Row {
        flag: "create-servers",
        value: "WHO",
        default: "everyone",
        about: "who may create servers: everyone or admin",
        set: |o, v| everyone_admin(v).map(|v| o.admins_create_servers = v),
    },
    Row {
        flag: "invites-register",
        value: "WHO",
        default: "everyone",
        about: "whose invites let people make accounts: everyone's or admin's",
        set: |o, v| everyone_admin(v).map(|v| o.admins_invites_register = v),
    },
    Row {
        flag: "password-min",
        value: "N",
        default: "10",
        about: "characters in a password, at least",
        set: |o, v| number(v, 1, limits::PASSWORD_MAX).map(|v| o.password_min = v),
    },
    Row {
        flag: "heartbeat-interval",
        value: "MS",
        default: "30000",
        about: "what gateway clients are told, in milliseconds",
        set: |o, v| number(v, 100, 600_000).map(|v| o.heartbeat_interval = Duration::from_millis(v as u64)),
    },
    Row {
        flag: "connections",
        value: "N",
        default: "10000",
        about: "connections in all",
        set: |o, v| number(v, 1, 1_000_000).map(|v| o.connections = v),
    },
    Row {
        flag: "connections-per-address",
        value: "N",
        default: "200",
        about: "connections per address; loopback and trusted proxies are exempt",
        set: |o, v| number(v, 1, 1_000_000).map(|v| o.connections_per_address = v),
    },
    Row {
        flag: "upload-max",
        value: "MIB",
        default: "25",
        about: "the largest file that people may upload, in MiB",
        set: |o, v| number(v, 1, MEBIBYTES).map(|v| o.upload_max = v as u64 * MEBIBYTE),
    },
    Row {
        flag: "user-files",
        value: "MIB",
        default: "1024",
        about: "what the files of one user may take on disk, in MiB",
        set: |o, v| number(v, 1, MEBIBYTES).map(|v| o.user_files = v as u64 * MEBIBYTE),
    },
    Row {
        flag: "disk-reserve",
        value: "MIB",
        default: "500, or 5 % of a disk under 10 GB",
        about: "uploads are refused when the disk has less than this left, in MiB, so that messages still work",
        set: |o, v| number(v, 0, MEBIBYTES).map(|v| o.disk_reserve = Some(v as u64 * MEBIBYTE)),
    },
    Row {
        flag: "static",
        value: "DIR",
        default: "the client in the binary",
        about: "serve the web client from this folder, for its development",
        set: |o, v| not_empty(v).map(|v| o.static_dir = Some(v.into())),
    },
];

fn parse<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("must be {what}"))
}

/// A URL that can stand in a cookie's path and in links: no query, no fragment, nothing to be escaped.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with('/')
            && rest.contains(|c: char| c.is_ascii_alphanumeric())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:[]/%".contains(&b))
    })
}

fn is_origin(text: &str) -> bool {
    is_url(text) && text.bytes().filter(|b| *b == b'/').count() == 2
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

fn everyone_admin(text: &str) -> Result<bool, String> {
    match text {
        "everyone" => Ok(false),
        "admin" => Ok(true),
        _ => Err("must be everyone or admin".to_owned()),
    }
}

fn number(text: &str, min: usize, max: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| format!("must be a number from {min} to {max}"))
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
    for row in TABLE {
        let name = variable(row.flag);
        if let Some(value) = environment(&name) {
            (row.set)(&mut options, &value).map_err(|rule| UsageError(format!("{name} {rule}")))?;
        }
    }
    let mut words = Vec::new();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(|error| UsageError(error.to_string()))? {
        match argument {
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => return Ok((Command::Help(None), options)),
            lexopt::Arg::Long("version") | lexopt::Arg::Short('V') => return Ok((Command::Version, options)),
            lexopt::Arg::Long(flag) => {
                let row = TABLE.iter().find(|row| row.flag == flag);
                let row = row.ok_or_else(|| UsageError(format!("there is no option --{flag}")))?;
                let value = parser.value().map_err(|error| UsageError(error.to_string()))?;
                let value = value.to_str().ok_or_else(|| UsageError(format!("--{} must be UTF-8", row.flag)))?;
                (row.set)(&mut options, value).map_err(|rule| UsageError(format!("--{} {rule}", row.flag)))?;
            }
            lexopt::Arg::Short(flag) => return Err(UsageError(format!("there is no option -{flag}"))),
            lexopt::Arg::Value(word) => words.push(word.to_string_lossy().into_owned()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = match words.as_slice() {
        [] | ["serve"] => Command::Serve,
        ["help"] => Command::Help(None),
        ["help", topic @ "limits"] => Command::Help(Some((*topic).to_owned())),
        ["version"] => Command::Version,
        ["openapi"] => Command::OpenApi,
        ["gateway-reference"] => Command::GatewayReference,
        other => return Err(UsageError(format!("there is no command '{}'", other.join(" ")))),
    };
    Ok((command, options))
}

fn variable(flag: &str) -> String {
    format!("CHATD_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

/// What `chatd help` prints.
pub fn help() -> String {
    let mut text = format!(
        "chatd {}: a chat server for you and your friends\n\n\
         chatd [serve]            serve, until SIGTERM or SIGINT\n\
         chatd openapi            print the REST API as an OpenAPI 3.1 document\n\
         chatd gateway-reference  print the gateway's ops and close codes as HTML\n\
         chatd version            print the version\n\
         chatd help [limits]      print this, or every limit and its why\n\n\
         Options, each also as an environment variable:\n",
        env!("CARGO_PKG_VERSION")
    );
    for row in TABLE {
        let variable = variable(row.flag);
        text +=
            &format!("  --{} {}  ({variable})\n      {}; default: {}\n", row.flag, row.value, row.about, row.default);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Command, Registration, help, parse_all};

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
    fn help_names_every_option() {
        for row in super::TABLE {
            assert!(help().contains(&format!("--{}", row.flag)), "{}", row.flag);
        }
    }
}
