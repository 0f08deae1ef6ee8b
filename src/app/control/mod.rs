//! What the command line asks of a server that runs: a socket in the data folder, which is its owner's alone. A line of
//! JSON asks, a line of JSON answers. So the one process that holds the database does what is asked, by the rules and
//! the committer that everybody goes by, and whoever is connected hears of it at once.

mod ask;
mod command;
mod text;

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use ask::{AdministerError, administer};
pub use command::Command;
use command::Instance;
use serde::{Deserialize, Serialize};

use super::Options;
use crate::auth::Passwords;
use crate::chat::Chat;
use crate::model::{Code, Error, limits};

/// The socket's name.
const SOCKET: &str = "control";

/// When nothing can be accepted, for want of file descriptors, it is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// It is done: this is to be printed.
    Done(String),
    /// It is refused.
    Refused(Refusal),
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// As in the API.
    pub code: String,
    /// A sentence for whoever reads it.
    pub detail: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = error.code.as_str().to_owned();
        match error.code {
            Code::Internal | Code::Unavailable => {
                log::error!("a command failed: {error}");
                Self { code, detail: error.code.meaning().to_owned() }
            }
            _ => Self { code, detail: error.detail },
        }
    }
}

/// A socket's address has room for so many bytes (unix(7)).
const ADDRESS_BYTES: usize = 107;

/// Where the socket of a data folder is. A path that is too long for an address goes by the open folder, which is to be
/// held as long as the address is used.
fn address(folder: &Path) -> io::Result<(PathBuf, Option<std::fs::File>)> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= ADDRESS_BYTES {
        return Ok((path, None));
    }
    let open = std::fs::File::open(folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&open);
    Ok((PathBuf::from(format!("/proc/self/fd/{number}/{SOCKET}")), Some(open)))
}

/// Reads up to a line's end, or the other's.
fn read_line(stream: &mut UnixStream, limit: usize, deadline: Instant) -> io::Result<Vec<u8>> {
    let (mut line, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let read = stream.read(&mut part)?;
        line.extend(part.iter().take(read));
        if read == 0 || line.ends_with(b"\n") {
            return Ok(line);
        }
        if line.len() > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}

fn write_line(stream: &mut UnixStream, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    stream.set_write_timeout(Some(limits::CONTROL_TIME))?;
    stream.write_all(&line)
}

/// The thread that listens; it ends when this is stopped.
pub(super) struct Control {
    path: PathBuf,
    listener: Arc<UnixListener>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Listens in a data folder that this process has locked.
    pub(super) fn start(options: &Options, chat: Arc<Chat>) -> io::Result<Self> {
        let path = options.data.join(SOCKET);
        // What a process left that was killed: the lock says that there is no other.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (address, _folder) = address(&options.data)?;
        let listener = Arc::new(UnixListener::bind(address)?);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let ends = Arc::new(AtomicBool::new(false));
        let work = Work {
            listener: Arc::clone(&listener),
            ends: Arc::clone(&ends),
            chat,
            options: options.clone(),
            passwords: Passwords::new(),
        };
        let thread = std::thread::Builder::new().name("control".into()).stack_size(limits::CONNECTION_STACK);
        let thread = thread.spawn(move || work.run())?;
        Ok(Self { path, listener, ends, thread: Some(thread) })
    }

    /// Ends it: what is being done is done.
    pub(super) fn stop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        if let Err(error) = rustix::net::shutdown(self.listener.as_fd(), rustix::net::Shutdown::Both) {
            log::warn!("the control socket cannot be shut: {error}");
        }
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                log::error!("who listens to the command line had ended by a panic");
            }
            // Gone with whoever listened; the next start would remove it too.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

struct Work {
    listener: Arc<UnixListener>,
    ends: Arc<AtomicBool>,
    chat: Arc<Chat>,
    options: Options,
    passwords: Passwords,
}

impl Work {
    fn run(&self) {
        while !self.ends.load(Ordering::SeqCst) {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    if let Err(error) = self.hear(stream) {
                        log::warn!("a command of the command line was cut off: {error}");
                    }
                }
                Err(_) if self.ends.load(Ordering::SeqCst) => return,
                Err(error) => {
                    log::warn!("the command line cannot be heard: {error}");
                    std::thread::park_timeout(AGAIN);
                }
            }
        }
    }

    fn hear(&self, mut stream: UnixStream) -> io::Result<()> {
        let line = read_line(&mut stream, limits::CONTROL_BYTES, Instant::now() + limits::CONTROL_TIME)?;
        if line.is_empty() {
            return Ok(());
        }
        let answer = match serde_json::from_slice(&line) {
            Ok(command) => self.perform(command),
            Err(_) => Answer::Refused(Refusal {
                code: Code::InvalidJson.as_str().to_owned(),
                detail: "the chatd that serves is another version and does not know this: restart it".to_owned(),
            }),
        };
        write_line(&mut stream, &answer)
    }

    fn perform(&self, command: Command) -> Answer {
        let instance = Instance { chat: &self.chat, options: &self.options, passwords: &self.passwords };
        let done = catch_unwind(AssertUnwindSafe(|| instance.perform(command)))
            .unwrap_or_else(|_| Err(Error::internal("a command panicked")));
        match done {
            Ok(text) => Answer::Done(text),
            Err(error) => Answer::Refused(error.into()),
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop();
    }
}
