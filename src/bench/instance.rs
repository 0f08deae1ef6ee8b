//! An instance of the load's own: a child process, so that its CPU time and its memory are its alone.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Outcome;
use crate::app::{self, Options};

/// The command that is such a child; people have no use for it.
pub const COMMAND: &str = "bench-instance";

/// An instance that runs. Dropped it is killed: what it has written is only there to be removed.
pub struct Instance {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Instance {
    /// Starts it on this folder; returns when it listens.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(data: &Path) -> Outcome<Self> {
        let program = std::env::current_exe().map_err(|error| format!("where chatd itself is: {error}"))?;
        let mut command = Command::new(&program);
        command.args([COMMAND, "--listen", "127.0.0.1:0", "--rate-limits", "off", "--backups", "off", "--data"]);
        // The environment may be that of the real instance, and Ctrl+C at a terminal is for who has started this.
        command.arg(data).env_clear().process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let mut line = String::new();
        let heard = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let mut instance = Self { child, address: SocketAddr::from(([0, 0, 0, 0], 0)) };
        let told = heard.and_then(Result::ok).and_then(|_| line.trim().parse().ok());
        instance.address = told.ok_or("the instance to be measured did not start")?;
        Ok(instance)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does: serves until its standard input ends, which it does however the process ends that holds it.
///
/// # Errors
/// If it cannot start.
pub fn serve(options: Options) -> Outcome<()> {
    let running = app::run(options).map_err(|error| error.to_string())?;
    println!("{}", running.address());
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    drop(running);
    Ok(())
}
