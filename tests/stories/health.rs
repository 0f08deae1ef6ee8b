//! How the instance does, as its administrator is told.

use rustix::fs::{CWD, RenameFlags};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, World};

/// What is found of the machine that the story happens to run on.
pub const OF_THE_MACHINE: [&str; 7] =
    ["disk_nearly_full", "disk_slow", "loopback_only", "memory_short", "open_files_few", "tasks_few", "writes_late"];

/// The codes of what was found of the instance.
fn codes(health: &Value) -> Vec<&str> {
    let findings = health["findings"].as_array().unwrap().iter();
    let codes = findings.map(|finding| finding["code"].as_str().unwrap());
    codes.filter(|code| !OF_THE_MACHINE.contains(code)).collect()
}

#[test]
fn the_administrator_sees_how_the_instance_does() {
    let world = World::with(|options| options.backup_after = std::time::Duration::ZERO);
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (server, channel) = alice.creates_server("home");
    alice.invites(&server, &[&bob]);
    let gateway = bob.connects();
    bob.says(&channel, "hello");
    alice.uploads("notes.txt", b"milk, bread");
    bob.get("/admin/health").refused(404, "not_found");
    let health = alice.get("/admin/health").expect(200);
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    for (name, number) in [("users", 2), ("online", 1), ("gateways", 1), ("servers", 1)] {
        assert_eq!(health[name], number, "{name}");
    }
    assert!(health["connections"].as_u64().unwrap() >= 2, "the gateway's and this one");
    assert!(health["memory_bytes"].as_u64().unwrap() > 1_000_000 && health["uptime_s"].as_u64().unwrap() < 60);
    assert!(health["load"]["cores"].as_u64().unwrap() >= 1);
    let disk = |name: &str| health["disk"][name].as_u64().unwrap();
    assert!(disk("free_bytes") <= disk("total_bytes") && disk("log_bytes") > 0 && disk("database_bytes") > 0);
    assert_eq!(disk("files_bytes"), 4096);
    let sync = |name: &str| health["sync"][name].as_f64().unwrap();
    assert!(sync("count") >= 5.0 && sync("p50_ms") <= sync("p99_ms") && sync("p99_ms") <= sync("max_ms"));
    assert_eq!(health["pressure"]["given_up"], json!([]));
    let folder = health["backup"]["folder"].as_str().unwrap();
    assert!(folder.ends_with("/data/backups"), "{folder}");
    // What the story's server is told is what a test's is.
    assert_eq!(codes(&health), ["rate_limits_off", "backups_on_same_disk"]);
    drop(gateway);
}

#[test]
fn a_backup_is_told_of_once_it_is_proven_and_when_it_fails() {
    let world = World::with(|options| {
        options.backup_after = std::time::Duration::ZERO;
        options.backup_every = std::time::Duration::from_millis(1);
    });
    let alice = world.person("alice");
    let until = |is_so: &dyn Fn(&Value) -> bool| {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let health = alice.get("/admin/health").expect(200);
            if is_so(&health) {
                return health;
            }
            assert!(std::time::Instant::now() < deadline, "{health}");
        }
    };
    let made = until(&|health| health["messages_approximate"].is_u64());
    assert!(made["backup"]["age_s"].as_u64().unwrap() < 60 && made["backup"]["last_proven_at"].is_string());
    assert!(made["disk"]["backups_bytes"].as_u64().unwrap() > 0 && made["backup"]["last_error"].is_null());
    // The folder is gone, and something else has its name: at one stroke, because the next backup makes a new folder.
    let folder = std::path::PathBuf::from(made["backup"]["folder"].as_str().unwrap());
    let other = folder.with_extension("old");
    std::fs::write(&other, "no folder").unwrap();
    rustix::fs::renameat_with(CWD, &other, CWD, &folder, RenameFlags::EXCHANGE).unwrap();
    let failed = until(&|health| health["backup"]["last_error"].is_string());
    assert!(codes(&failed).contains(&"backup_failing"), "{failed}");
}

#[test]
fn what_is_set_up_unwisely_is_found() {
    let world = World::with(|options| {
        options.rate_limits = true;
        options.backups = chatd::app::Backups::Off;
        options.trusted_proxies = vec![([10, 0, 0, 0].into(), 8)];
        options.public_url = "http://chat.example".to_owned();
    });
    let alice = world.person("alice");
    let health = alice.get("/admin/health").expect(200);
    assert_eq!(codes(&health), ["backups_off", "registration_open", "plain_http"]);
    assert!(health["backup"]["folder"].is_null() && health["disk"]["backups_bytes"].is_null());
    for finding in health["findings"].as_array().unwrap() {
        assert!(finding["severity"] == "warning" && finding["advice"].as_str().unwrap().len() > 10, "{finding}");
    }
}
