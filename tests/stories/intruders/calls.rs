//! What the process asks of the system while people use it and others try to get at its files, as strace sees it: no
//! path outside the data folder, and no call that the systemd unit's filter refuses.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::Gateway;
use crate::network::Two;
use crate::nobody::Nobody;
use crate::process::{Process, chatd, run};
use crate::tally::tally;

/// What is read besides: by the C library how many processors there are, to spread memory; and what `/metrics` says of
/// the process's own.
const SYSTEM: [&str; 5] =
    ["/sys/devices/system/cpu/online", "/proc/self/status", "/proc/self/stat", "/proc/self/limits", "/proc/self/fd"];

/// What the C library reads to look up a push service's name, and its own parts that do so.
const RESOLVER: [&str; 7] = [
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/gai.conf",
    "/etc/ld.so.cache",
    "/etc/services",
];

fn is_resolvers(path: &str) -> bool {
    let library = Path::new(path).file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_library = ["/lib/", "/usr/lib/", "/lib64/"].iter().any(|folder| path.starts_with(folder));
    RESOLVER.contains(&path) || (is_library && ["libnss_", "libresolv"].iter().any(|stem| library.starts_with(stem)))
}

/// Paths of requests that want out.
const TRAVERSALS: [&str; 20] = [
    "/../../../../etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cetc%5cpasswd",
    "/....//....//etc/passwd",
    "/..;/..;/etc/passwd",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/etc/passwd%00.js",
    "/assets/../../chatd.db",
    "/assets/x/..%2f..%2fchatd.db",
    "/assets/x/%2e%2e/%2e%2e/key",
    "/files/1/x/../../../key",
    "/files/..%2f..%2fkey/x/y",
    "/files/1/..%2f..%2f..%2fkey/y",
    "/files/1/x/thumbnail/..%2f..%2fkey",
    "/invite/..%2f..%2fkey",
    "/invites/..%2fkey/qr.svg",
    "/api/rest/files/..%2f..%2fkey",
    "/api/rest/channels/..%2f..%2fkey",
];

fn raw(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Uses everything that touches files or the network, then tries to get out of the folder.
fn exercise(server: &Process) {
    let two = Two::on(server);
    let mut on_bob = two.bob_listens();
    two.alice_says("hello");
    on_bob.event_but_presence(11);
    let mut picture = Vec::new();
    let large = image::DynamicImage::new_rgb8(1_500, 1_500);
    large.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    let names = ["large.png", "..%2F..%2F..%2Fetc%2Fcron.d%2Fx", "%2Fetc%2Fpasswd", "..", "a%00b", "C:%5Cx"];
    for name in names {
        let upload = format!(
            "POST /api/rest/uploads?filename={name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: image/png\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            two.alice.token,
            picture.len()
        );
        let mut socket = TcpStream::connect(two.address).unwrap();
        socket.write_all(&[upload.as_bytes(), &picture].concat()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        if let Some(url) = answer.split("\"url\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
            let path = &url[url.find("/files/").unwrap()..];
            let got = raw(two.address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
            assert!(got.starts_with("HTTP/1.1 200 "), "{path}: {got:.100}");
        }
    }
    for path in TRAVERSALS {
        let answer = raw(two.address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        assert!(!answer.contains("root:") && !answer.contains("SQLite format"), "{path}: {answer:.200}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{path}: {answer:.200}");
    }
    tally("paths that want out of the data folder", TRAVERSALS.len() + names.len() - 1);
    // A push service that is not there: its name is looked up.
    let keys = json!({
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    });
    let path = "/users/@me/push-subscriptions";
    let subscription = json!({"endpoint": "https://push.chatd.example/x", "keys": keys});
    let made = two.alice.must(two.address, "POST", path, &subscription, 201);
    let id = made["subscription_id"].as_str().unwrap();
    two.alice.must(two.address, "POST", &format!("{path}/{id}/test"), &serde_json::Value::Null, 202);
    let log = || two.alice.must(two.address, "GET", "/users/@me/push-log", &serde_json::Value::Null, 200);
    while log() == json!([]) {}
    two.alice.must(two.address, "GET", "/search?q=hello", &serde_json::Value::Null, 200);
    let metrics = raw(two.address, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(metrics.starts_with("HTTP/1.1 200 "), "{metrics:.200}");
    let change = json!({"current_password": crate::harness::PASSWORD, "new_password": "an entirely new one"});
    two.alice.must(two.address, "POST", "/auth/password", &change, 204);
    let _ = Gateway::at(two.address, Some("nonsense"), &[]).err();
}

/// A call's name, and the rest of its line: `1234 openat(AT_FDCWD, "/x", O_RDONLY) = 3`.
fn call(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('(')?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_').then_some((name, rest))
}

/// The paths that a call names.
fn paths(arguments: &str) -> impl Iterator<Item = &str> {
    arguments.split('"').skip(1).step_by(2)
}

/// A call, or all calls of a set of systemd's, those of the sets within among them.
fn set(name: &str) -> BTreeSet<String> {
    if !name.starts_with('@') {
        return BTreeSet::from([name.to_owned()]);
    }
    let output = Command::new("systemd-analyze").args(["syscall-filter", "--no-pager", name]).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.flat_map(set).collect()
}

/// What the unit lets through: its lines of `SystemCallFilter=`, in order.
fn allowed() -> BTreeSet<String> {
    let unit = include_str!("../../../chatd.service");
    let mut allowed = BTreeSet::new();
    for line in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        match line.strip_prefix('~') {
            Some(refused) => {
                let refused: BTreeSet<_> = refused.split(' ').flat_map(set).collect();
                allowed.retain(|name| !refused.contains(name));
            }
            None => allowed.extend(line.split(' ').flat_map(set)),
        }
    }
    assert!(allowed.len() > 100, "{allowed:?}");
    allowed
}

#[test]
#[ignore = "needs strace and systemd-analyze"]
fn it_opens_nothing_outside_its_folder_and_calls_nothing_that_the_unit_refuses() {
    let nobody = Nobody::new();
    let (data, trace) = (nobody.path("data"), nobody.path("trace"));
    // The tracer is a grandchild: the server is the one that is stopped.
    let strace = ["strace", "-D", "-f", "-qq", "-s", "4096", "-o"].map(OsStr::new);
    let mut server = nobody.starts(&[&strace[..], &[trace.as_os_str(), OsStr::new("--")]].concat());
    exercise(&server);
    let set = ["config", "set", "name", "Looked at"];
    run(chatd(&set).arg("--data").arg(&data)).well();
    assert_eq!(server.stop().code(), Some(0));
    let trace = std::fs::read_to_string(&trace).unwrap();
    let calls: Vec<_> = trace.lines().filter_map(call).collect();
    assert!(calls.len() > 1_000, "{}", calls.len());

    let allowed = allowed();
    // Its own start is not the program's: systemd does that.
    let names: BTreeSet<_> = calls.iter().map(|(name, _)| *name).filter(|name| *name != "execve").collect();
    let refused: Vec<_> = names.iter().filter(|name| !allowed.contains(**name)).collect();
    assert!(refused.is_empty(), "the unit refuses {refused:?}");

    // From when it listens on, whatever people ask for.
    let listens = calls.iter().position(|(name, rest)| *name == "write" && rest.contains("listens on")).unwrap();
    let inside = |path: &str| {
        (Path::new(path).starts_with(&data) && !path.contains("/..")) || SYSTEM.contains(&path) || is_resolvers(path)
    };
    let files: Vec<_> = calls[listens..].iter().filter(|(name, _)| takes_path(name)).collect();
    let outside: Vec<_> = files.iter().filter(|(_, rest)| paths(rest).any(|path| !inside(path))).collect();
    assert!(outside.is_empty(), "{outside:#?}");
    assert!(files.len() > 10, "the check sees what it opens: {}", files.len());
    eprintln!("{} calls of {} kinds, {} of them with paths", calls.len(), names.len(), files.len());
    tally("system calls looked at", calls.len());
}

/// Whether a call has a path to be opened, made, moved or removed.
fn takes_path(name: &str) -> bool {
    let stems = ["open", "creat", "rename", "unlink", "link", "symlink", "mkdir", "rmdir", "truncate", "exec", "chmod"];
    stems.iter().any(|stem| name.starts_with(stem))
}
