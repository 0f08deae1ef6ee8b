//! Brings a command to whoever holds the data: to the server that runs, or else does it here, with the folder locked.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{Command, Instance};
use super::{Answer, Refusal, address, read_line, write_line};
use crate::app::folder::Folder;
use crate::app::upkeep::{self, UpkeepError};
use crate::app::{Options, StartError, config};
use crate::auth::{Keys, Passwords};
use crate::backup;
use crate::chat::{Chat, Shared};
use crate::model::{Event, Outlet, limits};
use crate::store::Store;

/// How long somebody who starts, stops or works on the folder is waited for, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// How long the server may take for an answer: it hears one after the other.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// Why a command was not done. Each says what to do.
#[derive(Debug)]
pub enum AdministerError {
    /// The data folder cannot be had.
    Upkeep(UpkeepError),
    /// Nothing has ever been kept there.
    NoData(PathBuf),
    /// Somebody works on the folder who does not answer.
    Busy(PathBuf),
    /// The server cannot be asked.
    Lost(std::io::Error),
    /// A rule says no.
    Refused(Refusal),
}

impl std::fmt::Display for AdministerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Upkeep(error) => write!(f, "{error}"),
            Self::NoData(folder) => write!(
                f,
                "there is no chatd in {}: name its folder with --data or CHATD_DATA, or start chatd there once",
                folder.display()
            ),
            Self::Busy(folder) => write!(
                f,
                "another chatd works on {} and takes no commands, as one that starts, stops or restores: try again soon",
                folder.display()
            ),
            Self::Lost(error) if error.kind() == ErrorKind::PermissionDenied => {
                write!(f, "the chatd that serves is somebody else's: run this as its user, or as root (sudo)")
            }
            Self::Lost(error) => {
                write!(f, "the chatd that serves has not answered ({error}): its log may know why; try again")
            }
            Self::Refused(refusal) => f.write_str(&refusal.detail),
        }
    }
}

impl std::error::Error for AdministerError {}

/// Does what a command asks for; the text to be printed.
///
/// # Errors
/// [`AdministerError`].
pub fn administer(options: &Options, command: Command) -> Result<String, AdministerError> {
    match std::fs::metadata(options.data.join(backup::DATABASE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(AdministerError::NoData(options.data.clone())),
        found => found.map_err(AdministerError::Lost)?,
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask(options, &command)? {
            return answer.map_err(AdministerError::Refused);
        }
        match upkeep::lock(options) {
            Err(UpkeepError::Start(StartError::Locked(_))) => {}
            Ok(folder) => return locally(options, &folder, command),
            Err(error) => return Err(AdministerError::Upkeep(error)),
        }
        if Instant::now() >= deadline {
            return Err(AdministerError::Busy(options.data.clone()));
        }
        std::thread::sleep(LOOK);
    }
}

/// Asks the server that runs; none if nobody listens.
fn ask(options: &Options, command: &Command) -> Result<Option<Result<String, Refusal>>, AdministerError> {
    let (address, _folder) = address(&options.data).map_err(AdministerError::Lost)?;
    let mut stream = match UnixStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(AdministerError::Lost(error)),
    };
    let answer = write_line(&mut stream, command).and_then(|()| {
        let line = read_line(&mut stream, limits::CONTROL_ANSWER_BYTES, Instant::now() + ANSWER_TIME)?;
        Ok(serde_json::from_slice(&line)?)
    });
    match answer.map_err(AdministerError::Lost)? {
        Answer::Done(text) => Ok(Some(Ok(text))),
        Answer::Refused(refusal) => Ok(Some(Err(refusal))),
    }
}

/// Commits, and tells nobody, as nobody is connected.
struct Nobody;

impl Outlet for Nobody {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        commit();
    }
}

/// Does it here. The folder is locked, so nobody else does anything meanwhile.
fn locally(options: &Options, folder: &Folder, command: Command) -> Result<String, AdministerError> {
    let start = |error| AdministerError::Upkeep(UpkeepError::Start(error));
    let keys = Keys::from_bytes(&folder.key().map_err(start)?);
    let config = config(options);
    let store = Store::open(&folder.database(), config.base_path(), Arc::new(Nobody));
    let store = store.map_err(|error| start(StartError::Database(error)))?;
    let chat = Chat::new(store, Arc::new(Shared::new(config, keys)));
    let instance = Instance { chat: &chat, options, passwords: &Passwords::new() };
    let done = chat.take_up_settings().and_then(|()| instance.perform(command));
    chat.store().close();
    done.map_err(|error| AdministerError::Refused(error.into()))
}
