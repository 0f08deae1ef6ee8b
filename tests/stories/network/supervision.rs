//! What systemd is told, and when it is told nothing: a socket in its place.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use crate::process::{PATIENCE, Process};

/// systemd's end of `NOTIFY_SOCKET`.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// Listens, and starts a server that is told of it.
    fn starts(folder: &Path, watchdog: Option<Duration>) -> (Self, Process) {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let server = Process::with(&folder.join("data"), |command| {
            command.env("NOTIFY_SOCKET", &path);
            if let Some(time) = watchdog {
                command.env("WATCHDOG_USEC", time.as_micros().to_string());
            }
        });
        (Self(socket), server)
    }

    /// The next thing it is told; nothing if nothing comes.
    fn hears(&self) -> Option<String> {
        let mut bytes = [0; 256];
        match self.0.recv(&mut bytes) {
            Ok(count) => Some(String::from_utf8_lossy(&bytes[..count]).into_owned()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[track_caller]
    fn must_hear(&self, what: &str) {
        assert_eq!(self.hears().as_deref(), Some(what));
    }
}

#[test]
fn systemd_hears_that_all_is_well_only_while_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let time = Duration::from_millis(600);
    let (supervisor, mut server) = Supervisor::starts(folder.path(), Some(time));
    supervisor.must_hear("READY=1");
    for _ in 0..3 {
        supervisor.must_hear("WATCHDOG=1");
    }
    // Somebody else holds the database's only lock for writing: the committer waits for it, and answers nobody.
    let other = rusqlite::Connection::open(folder.path().join("data/chatd.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    supervisor.0.set_read_timeout(Some(3 * time)).unwrap();
    let mut pings = 0;
    while let Some(said) = supervisor.hears() {
        assert_eq!(said, "WATCHDOG=1");
        pings += 1;
    }
    // The one that was under way, and one that had been asked for already.
    assert!(pings <= 2, "{pings}");
    other.execute_batch("ROLLBACK").unwrap();
    supervisor.0.set_read_timeout(Some(PATIENCE)).unwrap();
    supervisor.must_hear("WATCHDOG=1");
    assert_eq!(server.stop().code(), Some(0));
    while let Some(said) = supervisor.hears() {
        if said == "STOPPING=1" {
            return;
        }
        assert_eq!(said, "WATCHDOG=1");
    }
    panic!("nobody said that it stops");
}

#[test]
fn nothing_ticks_where_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (supervisor, mut server) = Supervisor::starts(folder.path(), None);
    supervisor.must_hear("READY=1");
    // A thread that has not run yet has its process's name.
    let named = |server: &Process, name: &str| server.threads().iter().filter(|thread| *thread == name).count();
    server.waits_until(PATIENCE, "all threads have their names", |server| {
        named(server, "fanout") == 1 && named(server, "chatd") == 1
    });
    assert_eq!(named(&server, "watchdog"), 0, "{:?}", server.threads());
    assert_eq!(server.stop().code(), Some(0));
    supervisor.must_hear("STOPPING=1");
}

/// The value of a setting in the unit.
fn setting(name: &str) -> String {
    let unit = include_str!("../../../chatd.service");
    let mut lines = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = lines.next().unwrap_or_else(|| panic!("the unit does not set {name}"));
    assert_eq!(lines.next(), None, "{name} stands twice");
    value.to_owned()
}

#[test]
fn the_unit_has_room_for_as_many_connections_as_the_program_takes() {
    let connections = chatd::model::limits::CONNECTIONS;
    let number = |name| setting(name).parse::<usize>().unwrap();
    // A thread and a socket each. Beside them the program's own threads, and files that are sent or received.
    assert!(number("TasksMax") >= connections + 100);
    assert!(number("LimitNOFILE") >= connections + connections / 4);
    let named = [("Type", "notify"), ("Restart", "always"), ("NotifyAccess", "main"), ("UMask", "0077")];
    for (name, value) in named {
        assert_eq!(setting(name), value, "{name}");
    }
    // The database waits 10 s for a lock, and a slow disk may take seconds for a sync: that is no hang.
    assert!(number("WatchdogSec") >= 30);
}
