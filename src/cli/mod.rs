//! The command line: one table of options makes flags, environment variables, help and documentation.

pub mod options;

use std::io::Write;

pub use options::UsageError;

use crate::app::{Ended, Options, StartError};
use crate::model::limits;
use crate::{app, gateway, rest};

/// Exit codes of `sysexits.h`.
pub mod exit {
    /// All went well.
    pub const OK: u8 = 0;
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// Something is not to be had: an address in use, no file descriptor.
    pub const UNAVAILABLE: u8 = 69;
    /// Something broke inside, which a restart mends.
    pub const BROKEN: u8 = 70;
    /// Reading or writing failed.
    pub const IO: u8 = 74;
    /// The configuration, the data folder among it, is not usable.
    pub const CONFIG: u8 = 78;
}

/// Runs the command that `arguments` (without the program's name) ask for; the exit code.
pub fn main(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> u8 {
    let parsed = options::parse_all(arguments, |name| std::env::var(name).ok());
    let (command, options) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("chatd: {error}\nTry 'chatd help'.");
            return exit::USAGE;
        }
    };
    let text = match command {
        options::Command::Serve => return serve(options),
        options::Command::Help(topic) if topic.as_deref() == Some("limits") => limits_text(),
        options::Command::Help(_) => options::help(),
        options::Command::Version => format!("chatd {}\n", env!("CARGO_PKG_VERSION")),
        options::Command::OpenApi => match serde_json::to_string_pretty(&rest::openapi::document("")) {
            Ok(text) => text + "\n",
            Err(error) => {
                eprintln!("chatd: the document cannot be written: {error}");
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
        StartError::Folder(..) | StartError::Locked(_) | StartError::Database(_) => exit::CONFIG,
        StartError::Listen(..) | StartError::System(_) => exit::UNAVAILABLE,
        StartError::Store(_) => exit::IO,
    }
}

fn limits_text() -> String {
    let rows = limits::all();
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, value, why)| format!("{name:width$}  {value}\n{:width$}  {why}\n", "")).collect()
}
