//! A data folder that cannot be used: one clear line, at once, and nothing in it is touched.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{command, contents, data};
use crate::harness::World;
use crate::nobody;
use crate::process::{Process, Said, run};

/// The promise is 1 s; on a busy machine three times that still passes.
const AT_ONCE: Duration = Duration::from_secs(3);

fn serve(data: &Path) -> Command {
    command(data, &["serve", "--listen", "127.0.0.1:0"])
}

/// The line with which it refuses.
#[track_caller]
fn refused(said: Said) -> String {
    assert!(said.took < AT_ONCE, "it took {:?}", said.took);
    said.refused(78)
}

#[test]
fn a_second_process_on_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Process::start(&data);
    let line = refused(run(&mut serve(&data)));
    assert!(line.starts_with("error: another chatd runs on ") && line.contains("stop it first"), "{line}");
    drop(first);
    // Whose process died holds nothing.
    Process::start(&data);
}

#[test]
fn a_newer_database_is_refused_by_both_versions_and_left_alone() {
    let mut world = World::start();
    world.person("alice");
    world.stop();
    let database = rusqlite::Connection::open(data(&world).join("chatd.db")).unwrap();
    let ours: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    // As a process that was killed leaves it: the latest still stands in the log.
    let keep_log = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    database.set_db_config(keep_log, true).unwrap();
    database.pragma_update(None, "user_version", ours + 1).unwrap();
    drop(database);
    let kept = || {
        let mut found = contents(&data(&world));
        found.retain(|(path, _)| !path.to_str().unwrap().ends_with("-shm"));
        found
    };
    let before = kept();
    assert!(before.iter().any(|(path, bytes)| path.ends_with("chatd.db-wal") && !bytes.is_empty()));
    let newer =
        format!("has schema version {}, this chatd ({}) knows up to {ours}", ours + 1, env!("CARGO_PKG_VERSION"));
    for command in [&mut serve(&data(&world)), &mut command(&data(&world), &["check"])] {
        let line = refused(run(command));
        assert!(line.contains(&newer), "{line}");
    }
    assert!(kept() == before, "the refused database was changed");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let is_root = rustix::process::geteuid().is_root();
    let owner = if is_root { nobody::ID } else { rustix::process::geteuid().as_raw() };
    // Where the server can be reached by anybody.
    let program = folder.path().join("chatd");
    std::fs::copy(env!("CARGO_BIN_EXE_chatd"), &program).unwrap();
    let open = |path: &Path, mode: u32| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    [folder.path(), &program].iter().for_each(|path| open(path, 0o755));
    let serve = |data: &Path| {
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).env_clear();
        if is_root {
            command.uid(nobody::ID).gid(nobody::ID);
        }
        command
    };
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    // Somebody else's, where the test can make it so: a folder of the system's that nobody may change.
    let foreign = if is_root { data.as_path() } else { Path::new("/usr") };
    let line = refused(run(&mut serve(foreign)));
    assert!(line.contains("cannot be used") && line.contains("give chatd a folder that it owns"), "{line}");
    // A folder within one's own, in a folder that is closed.
    if is_root {
        chown(&data, Some(nobody::ID), Some(nobody::ID)).unwrap();
    }
    open(&data, 0o500);
    let line = refused(run(&mut serve(&data.join("deeper"))));
    assert!(line.contains("cannot be used: Permission denied"), "{line}");
    // A file of the database that belongs to somebody else, or is closed.
    open(&data, 0o700);
    std::fs::write(data.join("chatd.db"), "").unwrap();
    open(&data.join("chatd.db"), 0o400);
    if std::fs::metadata(data.join("chatd.db")).unwrap().uid() == owner {
        // What is one's own is opened to oneself, or refused: never half used.
        let said = run(serve(&data).args(["--listen", "192.0.2.1:1"]));
        assert!(matches!(said.code, Some(69 | 78)), "{:?} {}", said.code, said.err);
    } else {
        let line = refused(run(&mut serve(&data)));
        assert!(line.contains("the database cannot be opened") || line.contains("cannot be used"), "{line}");
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    let line = refused(run(&mut serve(&folder.path().join("file"))));
    assert!(line.contains("cannot be used"), "{line}");
}
