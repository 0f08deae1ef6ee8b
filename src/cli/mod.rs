//! The command line: one table of options makes flags, environment variables, help and documentation.

mod administer;
mod doctor;
mod env;
mod man;
mod measure;
pub mod options;
mod secret;
mod table;
mod upkeep;

use std::fmt::Debug;
use std::io::{ErrorKind, Write};

pub use options::UsageError;

use crate::app::{Ended, Options, StartError};
use crate::model::limits;
use crate::{app, gateway, rest};

/// Exit codes of `sysexits.h`.
pub mod exit {
    macro_rules! codes {
        ($($name:ident = $code:literal: $why:literal;)*) => {
            $(#[doc = $why] pub const $name: u8 = $code;)*

            /// All of them, for `chatd help`.
            pub const ALL: [(u8, &str); [$($code),*].len()] = [$(($code, $why)),*];
        };
    }

    codes! {
        OK = 0: "All went well.";
        FOUND = 1: "The doctor found something that the owner should see to.";
        USAGE = 64: "The command line, or a variable of the environment, is wrong.";
        DAMAGED = 65: "The data, or a backup, is damaged.";
        NO_INPUT = 66: "There is nothing to back up, to check or to administrate, or no such backup.";
        NO_USER = 67: "There is no such account, server or invite.";
        UNAVAILABLE = 69: "Something is not to be had: an address in use, no file descriptor.";
        BROKEN = 70: "Something broke inside, which a restart mends.";
        IO = 74: "Reading or writing failed: the disk is full or broken.";
        AGAIN = 75: "Another backup is being made there, or another measurement, or chatd just starts: try again later.";
        REFUSED = 77: "A rule says no, as to a name that is taken, or to the last administrator's going.";
        CONFIG = 78: "The data folder, or the certificate, cannot be used so: not readable, in use, or a newer chatd's.";
        STOPPED = 130: "Ctrl+C, or SIGTERM, stopped a measurement, or a question for a password.";
    }
}

/// Runs the command that `arguments` (without the program's name) ask for; the exit code.
pub fn main(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> u8 {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let parsed = options::parse_all(arguments.iter().cloned(), |name| std::env::var(name).ok());
    let (command, options) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("chatd: {error}\nTry 'chatd help'.");
            return exit::USAGE;
        }
    };
    let text = match command {
        options::Command::Serve => return serve(options),
        options::Command::Backup(into) => return upkeep::backup(&options, into.as_deref()),
        options::Command::Restore { from, replace } => return upkeep::restore(&options, &from, replace),
        options::Command::Check(backup) => return upkeep::check(&options, backup.as_deref()),
        options::Command::Doctor => return doctor::doctor(&arguments, options),
        options::Command::Administer(wish) => return administer::administer(&options, wish),
        options::Command::Bench { seconds } => return measure::bench(&options, seconds),
        options::Command::BenchInstance => return measure::instance(options),
        options::Command::Help(topic) => match topic.as_deref() {
            Some("limits") => limits_text(),
            Some("man") => man::page(),
            Some("env") => env::text(),
            _ => options::help(),
        },
        options::Command::Version => format!("chatd {}\n", env!("CARGO_PKG_VERSION")),
        options::Command::OpenApi => match rest::openapi::text() {
            Ok(text) => text,
            Err(error) => {
                eprintln!("chatd: the document is damaged: {error}");
                return exit::IO;
            }
        },
        options::Command::GatewayReference => gateway::reference_page() + "\n",
    };
    // A reader that has seen enough (`chatd help | head`) is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    exit::OK
}

fn serve(options: Options) -> u8 {
    app::log::start();
    match app::signals().and_then(|signals| Ok((app::run(options)?, signals))) {
        Ok((running, signals)) => match running.wait_for(signals) {
            Ended::Asked => exit::OK,
            Ended::Broken => exit::BROKEN,
        },
        Err(error) => {
            log::error!("{error}");
            exit_code(&error)
        }
    }
}

fn exit_code(error: &StartError) -> u8 {
    match error {
        StartError::Folder(_, error) if is_io(error) => exit::IO,
        StartError::Database(error) if error.is_io() => exit::IO,
        StartError::Database(error) if error.is_damage() => exit::DAMAGED,
        StartError::Folder(..) | StartError::Locked(_) | StartError::Database(_) | StartError::Tls(_) => exit::CONFIG,
        StartError::Listen(..) | StartError::System(_) => exit::UNAVAILABLE,
        StartError::Store(_) => exit::IO,
    }
}

/// Whether the disk failed or is full. EIO has no kind of its own.
fn is_io(error: &std::io::Error) -> bool {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    full || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

fn limits_text() -> String {
    let width = limits::ALL.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let row = |(name, value, why): &(&str, &(dyn Debug + Sync), &str)| {
        format!("{name:width$}  {value:?}\n{:width$}  {}\n", "", why.trim())
    };
    limits::ALL.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use rusqlite::ffi;

    use super::{StartError, exit, exit_code};
    use crate::store::OpenError;

    #[test]
    fn the_exit_code_says_whether_a_restart_may_help() {
        let folder = |error: io::Error| StartError::Folder(PathBuf::new(), error);
        let database = |code| {
            StartError::Database(OpenError::Database(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)))
        };
        let newer = OpenError::Newer { path: PathBuf::new(), found: 99 };
        for (error, code) in [
            (folder(io::ErrorKind::PermissionDenied.into()), exit::CONFIG),
            (folder(io::ErrorKind::ReadOnlyFilesystem.into()), exit::CONFIG),
            (folder(io::Error::from_raw_os_error(5)), exit::IO),
            (folder(io::ErrorKind::StorageFull.into()), exit::IO),
            (database(ffi::SQLITE_IOERR_FSYNC), exit::IO),
            (database(ffi::SQLITE_FULL), exit::IO),
            (database(ffi::SQLITE_CORRUPT), exit::DAMAGED),
            (database(ffi::SQLITE_NOTADB), exit::DAMAGED),
            (database(ffi::SQLITE_READONLY), exit::CONFIG),
            (database(ffi::SQLITE_CANTOPEN), exit::CONFIG),
            (StartError::Database(newer), exit::CONFIG),
            (StartError::Locked(PathBuf::new()), exit::CONFIG),
        ] {
            assert_eq!(exit_code(&error), code, "{error}");
        }
    }
}
