//! The one table of options.

use std::time::Duration;

use crate::app::{Backups, Options};
use crate::model::limits;
use crate::model::setting::{Allowed, Registration};
use crate::net::parse_cidr;
use crate::push::Local;

/// A row of the table. The environment variable is the flag's name in capitals behind `CHATD_`.
pub(super) struct Row {
    pub(super) flag: &'static str,
    pub(super) value: &'static str,
    pub(super) default: &'static str,
    pub(super) about: &'static str,
    pub(super) set: fn(&mut Options, &str) -> Result<(), String>,
}

/// Bytes in what sizes are counted in, and how many of them an option takes: a tebibyte.
const MEBIBYTE: u64 = 1024 * 1024;
const MEBIBYTES: usize = 1024 * 1024;

/// Every option.
pub(super) const TABLE: &[Row] = &[
    Row {
        flag: "listen",
        value: "ADDR",
        default: "127.0.0.1:8080",
        about: "address and port to listen on; [::]:8080 is every address, port 0 a free one",
        set: |o, v| parse(v, "an address and port, as in 0.0.0.0:8080").map(|v| o.listen = v),
    },
    Row {
        flag: "tls-cert",
        value: "FILE",
        default: "none: plain HTTP",
        about: "speak TLS, with this certificate and those it rests on, in PEM; SIGHUP reads it anew",
        set: |o, v| not_empty(v).map(|v| o.tls_cert = Some(v.into())),
    },
    Row {
        flag: "tls-key",
        value: "FILE",
        default: "none",
        about: "the private key of that certificate, in PEM",
        set: |o, v| not_empty(v).map(|v| o.tls_key = Some(v.into())),
    },
    Row {
        flag: "tls",
        value: "self-signed|off",
        default: "off, unless there is a certificate",
        about: "self-signed: speak TLS with a certificate that chatd makes; its fingerprint is printed at every start",
        set: |o, v| {
            o.tls_self_signed = match v {
                "self-signed" => true,
                "off" => false,
                _ => return Err("must be self-signed or off".to_owned()),
            };
            Ok(())
        },
    },
    Row {
        flag: "http-listen",
        value: "ADDR",
        default: "none",
        about: "with TLS: listen here too, as in [::]:80, and send whoever comes to https",
        set: |o, v| parse(v, "an address and port, as in [::]:80").map(|v| o.http_listen = Some(v)),
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
        set: |o, v| Registration::parse(v).map(|v| o.registration = v),
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
        about: "addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host count, separated by commas",
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
        about: "uploads and backups leave so much of the disk free, in MiB, so that messages still work",
        set: |o, v| number(v, 0, MEBIBYTES).map(|v| o.disk_reserve = Some(v as u64 * MEBIBYTE)),
    },
    Row {
        flag: "backups",
        value: "DIR|off",
        default: "the folder backups in the data folder",
        about: "where a backup is put every day while chatd serves; another disk is safer",
        set: |o, v| {
            o.backups = match v {
                "off" => Backups::Off,
                folder => Backups::In(not_empty(folder)?.into()),
            };
            Ok(())
        },
    },
    Row {
        flag: "backup-keep",
        value: "N",
        default: "7",
        about: "so many backups are kept there; the oldest go when a new one is proven",
        set: |o, v| number(v, 1, 10_000).map(|v| o.backup_keep = v),
    },
    Row {
        flag: "push",
        value: "on|off",
        default: "on",
        about: "whether people may have themselves notified by their browsers' push services",
        set: |o, v| on_off(v).map(|v| o.push = v),
    },
    Row {
        flag: "push-contact",
        value: "URL",
        default: "the public URL, if it is https",
        about: "what push services are told of whom to write to: mailto:you@chat.example, or https://",
        set: |o, v| {
            let is_mail = v.strip_prefix("mailto:").is_some_and(|mail| mail.contains('@'));
            let is_plain = v.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
            if !is_plain || !(is_mail || v.starts_with("https://") && is_url(v)) {
                return Err("must be mailto: with an address, or an https:// URL".to_owned());
            }
            v.clone_into(&mut o.push_contact);
            Ok(())
        },
    },
    Row {
        flag: "push-content",
        value: "on|off",
        default: "on",
        about: "off: pushes say only that there is something new, whatever people want",
        set: |o, v| on_off(v).map(|v| o.push_content = v),
    },
    Row {
        flag: "push-local",
        value: "LIST",
        default: "none",
        about: "hosts, addresses or networks of push services of your own (UnifiedPush, ntfy), over http too, each with its \
                port if that is not 80 or 443 (ntfy.lan:2586), by commas",
        set: |o, v| {
            let parse =
                |v| Local::parse(v).ok_or_else(|| format!("{v} is no host, address or network (10.0.0.0/8:2586)"));
            list(v).map(parse).collect::<Result<_, _>>().map(|v| o.push_local = v)
        },
    },
    Row {
        flag: "push-roots",
        value: "FILE",
        default: "the system's",
        about: "certificates, in PEM, that those of push services must rest on",
        set: |o, v| not_empty(v).map(|v| o.push_roots = Some(v.into())),
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
    Allowed::parse(text).map(|who| who == Allowed::Admin)
}

fn number(text: &str, min: usize, max: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| format!("must be a number from {min} to {max}"))
}
