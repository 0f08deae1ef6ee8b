//! What others make of the same task: servers of `benches/peers` that hand on what comes to all who listen, and store
//! nothing. npm installs them when they are first needed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chatd::bench::Outcome;
use chatd::bench::client::{Client, Id};
use chatd::bench::deliveries::{Said, content};
use chatd::bench::flight::{Sent, Way};
use chatd::bench::{posting, wire};

use crate::server::Server;

/// Downloading Bun takes this long at the most.
const INSTALL_TIME: Duration = Duration::from_secs(180);

/// What they are called when they are not there to say it themselves.
pub const NAMES: [&str; 2] = ["Bun", "ws"];

/// Starts all of them, in the order of [`NAMES`].
pub fn start() -> [Outcome<Server>; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    if let Err(error) = install(&folder) {
        return [Err(error.clone()), Err(error)];
    }
    let run = |program: PathBuf, script: &str| {
        let mut command = Command::new(program);
        command.arg(script).current_dir(&folder);
        Server::spawn(command)
    };
    [bun(&folder).and_then(|bun| run(bun, "bun.js")), run("node".into(), "ws.js")]
}

/// The program in the one package for this system that npm has chosen: no script of a package needs to run for it.
fn bun(folder: &Path) -> Outcome<PathBuf> {
    let packages = folder.join("node_modules/@oven").read_dir().map_err(|error| format!("no Bun: {error}"))?;
    let mut programs = packages.flatten().map(|package| package.path().join("bin/bun"));
    programs.find(|program| program.exists()).ok_or_else(|| "there is no Bun for this system".to_owned())
}

/// Lets npm install what the lock file says, unless it has.
fn install(folder: &Path) -> Outcome<()> {
    let changed = |path: &str| folder.join(path).metadata().and_then(|file| file.modified()).ok();
    if changed("node_modules/.package-lock.json") >= changed("package-lock.json") {
        return Ok(());
    }
    eprintln!("  installing the peers: npm ci in {}", folder.display());
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut npm = command.spawn().map_err(|error| format!("npm cannot be started: {error}"))?;
    let until = Instant::now() + INSTALL_TIME;
    loop {
        match npm.try_wait().map_err(|error| format!("npm: {error}"))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("npm ended with {status}")),
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(100)),
            None => {
                let _ = npm.kill();
                let _ = npm.wait();
                return Err(format!("npm took more than {INSTALL_TIME:?}"));
            }
        }
    }
}

/// Connects `count` times at this path; the numbers of the connections follow on each other.
pub fn connect(client: &mut Client, path: &str, count: usize) -> Outcome<std::ops::Range<Id>> {
    let opened = client.open(count)?;
    for id in opened.clone() {
        client.send(id, |out| wire::upgrade_at(out, path, None))?;
    }
    client.await_upgrades(count)?;
    Ok(opened)
}

/// Messages in flight that come as WebSocket frames, each slot by a connection of its own.
pub struct Publishes {
    pub senders: std::ops::Range<Id>,
    pub length: usize,
}

impl Way for Publishes {
    fn send(&mut self, client: &mut Client, slot: usize, number: u64) -> Outcome<Option<Sent>> {
        let text = content(number, self.length);
        client.send(self.senders.start + slot, |out| wire::text_frame(out, text.as_bytes()))?;
        Ok(Some(Sent { is_answered: false, except: None }))
    }

    fn read(&self, text: &[u8]) -> Outcome<Option<Said>> {
        // They publish in the form of chatd's own event.
        posting::read(text)
    }

    fn slot(&self, _: Id) -> Option<usize> {
        None
    }
}
