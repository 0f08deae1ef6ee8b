//! The owner at the machine: `chatd user`, `invite` and `config`, beside a server that runs and without one.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Gateway, PASSWORD, text};
use crate::process::{Client, Process, Said, chatd, run};

/// A command on a data folder.
fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = chatd(words);
    command.arg("--data").arg(data);
    command
}

#[track_caller]
fn says(data: &Path, words: &[&str]) -> Said {
    run(&mut command(data, words))
}

/// A command that reads a password.
#[track_caller]
fn says_with(data: &Path, words: &[&str], password: &str) -> Said {
    let path = data.with_extension("password");
    File::create(&path).unwrap().write_all(password.as_bytes()).unwrap();
    run(command(data, words).stdin(File::open(path).unwrap()))
}

/// The line of a table that begins with this.
#[track_caller]
fn line<'a>(table: &'a str, begins: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.split_whitespace().next() == Some(begins));
    line.unwrap_or_else(|| panic!("no {begins} in\n{table}")).split_whitespace().collect()
}

fn instance(server: &Process) -> Value {
    Client::new().must(server.address, "GET", "/instance", &Value::Null, 200)
}

#[test]
fn beside_a_running_server_what_is_done_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    let mode = std::fs::metadata(data.join("control")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // The first account is the administrator's here too.
    assert!(says_with(&data, &["user", "add", "Alice"], PASSWORD).well().contains("administrator"));
    assert!(says_with(&data, &["user", "add", "bob"], &format!("{PASSWORD}\n")).well().starts_with("bob (ID "));
    let (mut alice, mut bob) = (Client::new(), Client::new());
    alice.signs_in(server.address, "login", "alice").unwrap();
    bob.signs_in(server.address, "login", "bob").unwrap();
    assert_eq!(alice.must(server.address, "GET", "/auth/me", &Value::Null, 200)["is_admin"], true);
    let list = says(&data, &["user", "list"]).well();
    assert_eq!(line(&list, "alice")[1..3], ["administrator", "1"], "{list}");

    // Who is disabled is out at once, and comes back only when he is enabled.
    let mut on_bob = Gateway::at(server.address, Some(&bob.token), &[]).ok().unwrap();
    on_bob.frame(0);
    on_bob.frame(10);
    assert!(says(&data, &["user", "disable", "BOB"]).well().ends_with(": disabled\n"));
    assert_eq!(on_bob.closed(), 4004);
    bob.must(server.address, "GET", "/auth/me", &Value::Null, 401);
    assert!(says(&data, &["user", "enable", "bob"]).well().ends_with(": enabled\n"));
    bob.signs_in(server.address, "login", "bob").unwrap();
    says(&data, &["user", "sign-out", "bob"]).well();
    bob.must(server.address, "GET", "/auth/me", &Value::Null, 401);

    // Passwords and links.
    says_with(&data, &["user", "passwd", "bob"], "an entirely new one\n").well();
    let signs_in = |password: &str, status| {
        let account = json!({"username": "bob", "password": password});
        Client::new().must(server.address, "POST", "/auth/login", &account, status)
    };
    signs_in(PASSWORD, 401);
    signs_in("an entirely new one", 200);
    let said = says(&data, &["user", "reset-link", "bob"]).well();
    let token = said.lines().next().unwrap().strip_prefix("/#reset=").unwrap().to_owned();
    let reset = json!({"token": token, "new_password": "one by the link"});
    Client::new().must(server.address, "POST", "/auth/reset", &reset, 204);
    signs_in("one by the link", 200);

    // Settings, and where they come from: as the server has them, not as this shell would.
    assert_eq!(says(&data, &["config", "set", "name", "Our place"]).well(), "name is now Our place\n");
    assert_eq!(instance(&server)["name"], "Our place");
    says(&data, &["config", "set", "upload-bytes", "50MiB"]).well();
    assert_eq!(instance(&server)["limits"]["upload_bytes"], 50 * 1024 * 1024);
    let shown = run(command(&data, &["config"]).env("CHATD_REGISTRATION", "closed")).well();
    assert_eq!(line(&shown, "name")[1..4], ["Our", "place", "stored"], "{shown}");
    assert_eq!(line(&shown, "registration")[1..3], ["open", "default"], "{shown}");
    assert_eq!(line(&shown, "rate-limits")[1..3], ["off", "--rate-limits"], "{shown}");
    says(&data, &["config", "unset", "name"]).well();
    assert_eq!(instance(&server)["name"], "chatd");
    assert_eq!(server.stop().code(), Some(0));
    assert!(!data.join("control").exists(), "the socket goes with whoever listened");
    // Each act is one line of the log, and none has a secret.
    let acts: Vec<_> = server.said.iter().filter(|line| line.starts_with("administration: ")).collect();
    assert_eq!(acts.len(), 10, "{acts:#?}");
    assert!(acts.iter().all(|line| line.contains("the owner, at the machine,")), "{acts:#?}");
    let secrets = [PASSWORD, "an entirely new one", &token];
    assert!(!server.said.iter().any(|line| secrets.iter().any(|secret| line.contains(secret))), "{:#?}", server.said);
}

#[test]
fn without_a_server_the_same_is_done_and_the_next_start_goes_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let nothing = says(&data, &["user", "list"]).refused(66);
    assert!(nothing.contains("there is no chatd in") && nothing.contains("--data"), "{nothing}");
    assert!(!data.exists(), "looking makes nothing");
    drop(Process::start(&data));
    // It was killed: its socket is left, and nobody listens.
    assert!(data.join("control").exists());
    says_with(&data, &["user", "add", "alice"], PASSWORD).well();
    says_with(&data, &["user", "add", "bob"], PASSWORD).well();
    says(&data, &["user", "admin", "bob"]).well();
    says(&data, &["user", "admin", "alice", "off"]).well();
    says(&data, &["user", "disable", "alice"]).well();
    says(&data, &["config", "set", "name", "Set in the quiet"]).well();
    let shown = run(command(&data, &["config"]).env("CHATD_REGISTRATION", "closed")).well();
    assert_eq!(line(&shown, "registration")[1..3], ["closed", "CHATD_REGISTRATION"], "{shown}");
    let list = says(&data, &["user", "list"]).well();
    assert_eq!((line(&list, "alice")[1], line(&list, "bob")[1]), ("disabled", "administrator"), "{list}");

    let server = Process::start(&data);
    assert_eq!(instance(&server)["name"], "Set in the quiet");
    assert_eq!(instance(&server)["setup_required"], false);
    let mut bob = Client::new();
    bob.signs_in(server.address, "login", "bob").unwrap();
    assert_eq!(bob.must(server.address, "GET", "/auth/me", &Value::Null, 200)["is_admin"], true);
    let account = json!({"username": "alice", "password": PASSWORD});
    Client::new().must(server.address, "POST", "/auth/login", &account, 403);
}

#[test]
fn a_setting_that_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    let mut alice = Client::new();
    alice.signs_in(server.address, "register", "alice").unwrap();
    for n in 0..3 {
        let (by_rest, by_command) = (format!("by REST {n}"), (11 + n).to_string());
        alice.must(server.address, "PATCH", "/admin/settings", &json!({"name": by_rest}), 200);
        // Who administrates over REST has a line in the log too.
        assert!(server.hear("administration: administrator ").unwrap().ends_with(&format!("set name to {by_rest}")));
        says(&data, &["config", "set", "password_min", &by_command]).well();
        server.kill();
        server = Process::start(&data);
        let instance = instance(&server);
        assert_eq!((&instance["name"], &instance["limits"]["password_min"]), (&json!(by_rest), &json!(11 + n)));
    }
}

#[test]
fn invites_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Process::with(&data, |command| {
        command.args(["--public-url", "https://home.example"]).env("CHATD_SETUP_CODE", "let-me-in");
    });
    let mut alice = Client::new();
    let shown = says(&data, &["config"]).well();
    assert_eq!(line(&shown, "setup-code")[1..], ["(not", "shown)", "CHATD_SETUP_CODE"], "{shown}");
    assert!(!shown.contains("let-me-in"), "{shown}");
    says_with(&data, &["user", "add", "alice"], PASSWORD).well();
    alice.signs_in(server.address, "login", "alice").unwrap();
    let none = says(&data, &["invite", "create"]).refused(67);
    assert!(none.contains("there is no server yet"), "{none}");
    let home = alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201);
    let home = text(&home["server_id"]);
    let said = says(&data, &["invite", "create"]).well();
    let code = said.lines().next().unwrap().strip_prefix("https://home.example/invite/").unwrap().to_owned();
    alice.must(server.address, "GET", &format!("/invites/{code}"), &Value::Null, 200);
    let list = says(&data, &["invite", "list"]).well();
    assert_eq!(line(&list, &code)[1..3], ["home", "alice"], "{list}");
    // The audit log of the server says whose hand it was.
    let log = alice.must(server.address, "GET", &format!("/servers/{home}/audit-log"), &Value::Null, 200);
    assert!(text(&log[0]["reason"]).contains("command line"), "{log}");
    let away = alice.must(server.address, "POST", "/servers", &json!({"name": "away"}), 201);
    let which = says(&data, &["invite", "create"]).refused(64);
    assert!(which.contains(&home) && which.contains(&text(&away["server_id"])), "{which}");
    says(&data, &["invite", "create", "--server", &home]).well();
    says(&data, &["invite", "create", "--server", "1"]).refused(67);
    says(&data, &["invite", "revoke", &code]).well();
    alice.must(server.address, "GET", &format!("/invites/{code}"), &Value::Null, 404);
    says(&data, &["invite", "revoke", &code]).refused(67);
}

#[test]
fn what_is_refused_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    says_with(&data, &["user", "add", "alice"], PASSWORD).well();
    for is_served in [true, false] {
        if !is_served {
            assert_eq!(server.stop().code(), Some(0));
        }
        let refused = |words: &[&str], code, what: &str| {
            let line = says_with(&data, words, PASSWORD).refused(code);
            assert!(line.starts_with("chatd: ") && line.contains(what), "{words:?}: {line}");
        };
        refused(&["user", "add", "alice"], 77, "has this username already");
        refused(&["user", "add", "a b"], 64, "username may hold only");
        refused(&["user", "passwd", "carol"], 67, "there is no account 'carol'");
        refused(&["user", "disable", "alice"], 77, "make somebody an administrator first");
        refused(&["user", "admin", "alice", "off"], 77, "make somebody an administrator first");
        refused(&["config", "set", "registration", "maybe"], 64, "registration must be open, invite or closed");
        refused(&["config", "set", "listen", "x"], 64, "there is no setting listen");
        let short = says_with(&data, &["user", "passwd", "alice"], "short").refused(64);
        assert!(short.contains("password must be at least 10 characters"), "{short}");
        let empty = says_with(&data, &["user", "passwd", "alice"], "").refused(66);
        assert!(empty.contains("no password was read"), "{empty}");
    }
    // A password on the command line would stand in the shell's history: it is not taken, and not said again.
    let said = says(&data, &["user", "passwd", "alice", "my own secret"]);
    assert!(
        said.code == Some(64) && said.err.contains("standard input") && !said.err.contains("secret"),
        "{}",
        said.err
    );
}

#[test]
fn whoever_holds_the_folder_without_listening_is_waited_for_and_then_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Process::start(&data);
    assert_eq!(server.stop().code(), Some(0));
    let lock = File::open(data.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let line = says(&data, &["user", "list"]).refused(75);
    assert!(line.contains("another chatd works on") && line.contains("try again"), "{line}");
    drop(lock);
    says(&data, &["user", "list"]).well();
}

#[test]
fn nonsense_on_the_socket_is_refused_and_others_are_heard() {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    let folder = tempfile::tempdir().unwrap();
    // Too long for the address of a socket.
    let data = folder.path().join("d".repeat(120)).join("data");
    let server = Process::start(&data);
    let open = File::open(&data).unwrap();
    let address = format!("/proc/self/fd/{}/control", std::os::fd::AsRawFd::as_raw_fd(&open));
    for nonsense in
        ["\n", "{}\n", "null\n", "{\"command\":\"obey\"}\n", "\u{0}", &"[".repeat(15_000), &"x".repeat(100_000)]
    {
        let mut stream = UnixStream::connect(&address).unwrap();
        // Who says too much is cut off in the midst of it.
        let _ = stream.write_all(nonsense.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.contains("\"refused\""), "{nonsense:.40}: {answer}");
    }
    drop(UnixStream::connect(&address).unwrap());
    assert!(says(&data, &["user", "list"]).well().starts_with("NAME"));
    drop(server);
}
