//! A server that is not root's, also where the tests are: root is refused nothing, and the unit's user is not root.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::process::Process;

/// The user who is nobody, and their group.
pub const ID: u32 = 65_534;

/// A folder for a server that nobody runs.
pub struct Nobody {
    folder: TempDir,
    is_needed: bool,
}

impl Nobody {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_needed = rustix::process::geteuid().is_root();
        let nobody = Self { folder, is_needed };
        // Where cargo builds, nobody may not look.
        std::fs::copy(env!("CARGO_BIN_EXE_chatd"), nobody.path("chatd")).unwrap();
        std::fs::create_dir(nobody.path("data")).unwrap();
        if is_needed {
            std::fs::set_permissions(nobody.folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
            chown(nobody.path("data"), Some(ID), Some(ID)).unwrap();
        }
        nobody
    }

    /// A path beside the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the server, behind the words of another program that runs it.
    pub fn starts(&self, behind: &[&OsStr]) -> Process {
        Process::with(&self.path("data"), |command| {
            let program = self.path("chatd");
            let mut words = behind.iter().copied().chain([program.as_os_str()]).chain(command.get_args());
            let mut other = self.command(words.next().unwrap());
            other.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
            other.stdin(Stdio::null()).stderr(Stdio::piped());
            *command = other;
        })
    }

    /// A command that nobody gives.
    pub fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        if self.is_needed {
            command.uid(ID).gid(ID);
        }
        command
    }
}
