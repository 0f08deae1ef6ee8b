//! Power cuts: everything that the server writes is written down, and cut off at many points. What was not synced by
//! then is kept, dropped or torn, and what is left must be a sound database with all that was acknowledged.
//!
//! `CHATD_TEST_CUTS` sets how many cuts there are, `CHATD_TEST_SEED` repeats those of another run over its own trace.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::faults::{Fault, Faults};
use super::replay::{Disk, records};
use crate::chance::{Chance, number};
use crate::harness::text;
use crate::process::{Client, PATIENCE, Process};
use crate::tally::tally;

const CUTS: u64 = 60;
/// The log is checkpointed at 4 MB, which must have happened.
const TRACE_BYTES: u64 = 7_000_000;
/// More than go into the search index at once, which is written without a sync.
const MESSAGES: usize = chatd::model::limits::SEARCH_BATCH + 50;
/// A sync takes so much longer, so that an answer which does not wait for it is found out.
const SYNC_US: i64 = 1_000;
const WRITERS: usize = 6;

/// What was acknowledged, when so much of the trace was written.
struct Acknowledged {
    id: i64,
    content: String,
    /// The file that it has: its ID and what is in it.
    file: Option<(String, String)>,
    trace: u64,
}

/// One who writes until all is said.
struct Writer<'a> {
    client: Client,
    server: SocketAddr,
    path: &'a str,
    faults: &'a Faults,
    acknowledged: &'a Mutex<Vec<Acknowledged>>,
}

impl Writer<'_> {
    fn says(&self, content: &str, file: Option<(String, String)>) {
        let attachments: Vec<&String> = file.iter().map(|(id, _)| id).collect();
        let body = json!({"content": content, "attachments": attachments});
        let message = self.client.must(self.server, "POST", self.path, &body, 201);
        // Before anything else: what it was answered for must be on disk by now.
        let trace = std::fs::metadata(self.faults.trace_path()).unwrap().len();
        let id = text(&message["message_id"]).parse().unwrap();
        self.acknowledged.lock().unwrap().push(Acknowledged { id, content: content.to_owned(), file, trace });
    }

    fn uploads(&self, content: &str) -> (String, String) {
        let uri = format!("http://{}/api/rest/uploads?filename=x", self.server);
        let request = ureq::http::Request::post(uri)
            .header("Authorization", format!("Bearer {}", self.client.token))
            .header("Content-Type", "text/plain")
            .body(content);
        let mut answer = self.client.agent.run(request.unwrap()).unwrap();
        let file: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        (text(&file["attachment_id"]), content.to_owned())
    }
}

/// A life of the server, with a restart in it; what was acknowledged.
fn live(data: &Path, faults: &Faults) -> Vec<Acknowledged> {
    let start = || Process::with(data, |command| faults.trace(command));
    faults.set(Fault::SyncMicroseconds, SYNC_US);
    let mut server = start();
    let mut alice = Client::new();
    alice.signs_in(server.address, "register", "alice").unwrap();
    let home = text(&alice.must(server.address, "POST", "/servers", &json!({"name": "home"}), 201)["server_id"]);
    let channels = alice.must(server.address, "GET", &format!("/servers/{home}/channels"), &Value::Null, 200);
    let path = format!("/channels/{}/messages", text(&channels[0]["channel_id"]));
    let acknowledged = Mutex::new(Vec::new());
    let write = |server: &Process, writers: usize, until: u64| {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for n in 0..writers {
                let client = Client { token: alice.token.clone(), ..Client::new() };
                let (done, acknowledged, path) = (&done, &acknowledged, path.as_str());
                let writer = Writer { client, server: server.address, path, faults, acknowledged };
                scope.spawn(move || {
                    for round in 0.. {
                        let file = (round % 16 == 0).then(|| writer.uploads(&format!("file {n} {round} {until}")));
                        let content = format!("{n} {round} {until} {}", "and so on ".repeat(round % 150));
                        writer.says(content.trim(), file);
                        let trace = std::fs::metadata(faults.trace_path()).unwrap().len();
                        let many = acknowledged.lock().unwrap().len() > MESSAGES;
                        if trace > until && many || done.load(Ordering::Relaxed) {
                            done.store(true, Ordering::Relaxed);
                            return;
                        }
                    }
                });
            }
        });
    };
    write(&server, WRITERS, TRACE_BYTES);
    // What follows must be synced again.
    let database = rusqlite::Connection::open(data.join("chatd.db")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while database.query_row("SELECT mark FROM search_mark", [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        assert!(Instant::now() < deadline, "nothing is indexed");
    }
    drop(database);
    write(&server, WRITERS, TRACE_BYTES + 200_000);
    // A stop writes all of the log into the database and removes it.
    assert!(server.stop().success());
    server = start();
    write(&server, 1, TRACE_BYTES + 400_000);
    write(&server, WRITERS, TRACE_BYTES + 800_000);
    server.kill();
    acknowledged.into_inner().unwrap()
}

/// What is wrong with what a power cut left in `folder`, when all of `acknowledged` had been told.
fn faults_of(folder: &Path, acknowledged: &[&Acknowledged]) -> Result<(), String> {
    let path = folder.join("chatd.db");
    if !path.exists() {
        return if acknowledged.is_empty() { Ok(()) } else { Err("there is no database".to_owned()) };
    }
    let database = rusqlite::Connection::open(path).unwrap();
    let check = |sql: &str| -> Result<String, String> {
        database.query_row(sql, [], |row| row.get::<_, String>(0)).map_err(|error| format!("{sql}: {error}"))
    };
    let integrity = check("PRAGMA integrity_check")?;
    if integrity != "ok" {
        return Err(integrity);
    }
    let strays = check("SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_check")?;
    if strays != "0" {
        return Err(format!("{strays} foreign keys"));
    }
    if check("SELECT CAST(count(*) AS TEXT) FROM sqlite_schema WHERE name = 'messages'")? == "0" {
        return if acknowledged.is_empty() { Ok(()) } else { Err("the database is empty".to_owned()) };
    }
    let mut find = database.prepare("SELECT content FROM messages WHERE message_id = ?1").unwrap();
    for message in acknowledged {
        let found = find.query_row([message.id], |row| row.get::<_, String>(0));
        if found.as_ref() != Ok(&message.content) {
            return Err(format!("'{:.20}' was acknowledged and is {found:?}", message.content));
        }
        if let Some((id, content)) = &message.file {
            let found = std::fs::read_to_string(folder.join("files").join(id));
            if found.as_ref().ok() != Some(content) {
                return Err(format!("the file of '{:.20}' was acknowledged and is {found:?}", message.content));
            }
        }
    }
    // No row without its bytes, acknowledged or not.
    let mut files = database.prepare("SELECT file_id, size FROM files").unwrap();
    let files = files.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
    for (id, size) in files.map(Result::unwrap) {
        let found = std::fs::metadata(folder.join("files").join(id.to_string())).map(|meta| meta.len());
        if found.as_ref().ok() != Some(&size.cast_unsigned()) {
            return Err(format!("file {id} has {found:?} bytes instead of {size}"));
        }
    }
    Ok(())
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let (cuts, seed) = (number("CHATD_TEST_CUTS").unwrap_or(CUTS), Chance::seed());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().canonicalize().unwrap().join("data");
    let faults = Faults::new(&data);
    let acknowledged = live(&data, &faults);
    let (records, ends) = records(&faults.trace_path());
    let syncs: Vec<usize> = (0..records.len()).filter(|at| records[*at].is_sync()).collect();
    eprintln!(
        "CHATD_TEST_CUTS={cuts} CHATD_TEST_SEED={seed}: {} operations, {} syncs, {} messages",
        records.len(),
        syncs.len(),
        acknowledged.len()
    );
    assert!(acknowledged.len() > 100 && syncs.len() > 50);
    // How many operations there had been when each was acknowledged.
    let told_at: Vec<usize> =
        acknowledged.iter().map(|message| ends.partition_point(|end| *end <= message.trace)).collect();

    let mut chance = Chance::new(seed);
    let mut at: Vec<usize> = (0..cuts)
        .map(|_| match chance.below(4) {
            0 => chance.below(records.len() as u64 + 1) as usize,
            // Just when something was acknowledged, and on both sides of a sync.
            1 | 2 => *chance.one(&told_at).unwrap(),
            _ => chance.one(&syncs).unwrap() + chance.below(2) as usize,
        })
        .collect();
    at.sort_unstable();
    let mut disk = Disk::default();
    let mut done = 0;
    for cut in at {
        for (index, record) in records.iter().enumerate().take(cut).skip(done) {
            disk.apply(index as u64, record);
        }
        done = cut;
        let left = tempfile::tempdir().unwrap();
        disk.cut(&mut chance, left.path());
        let told: Vec<_> =
            acknowledged.iter().zip(&told_at).filter(|(_, told)| **told <= cut).map(|(message, _)| message).collect();
        if let Err(fault) = faults_of(left.path(), &told) {
            panic!("cut after {cut} of {} operations, seed {seed}: {fault}", records.len());
        }
    }
    // The program itself starts on what the last one left.
    let left = tempfile::tempdir().unwrap();
    disk.cut(&mut chance, left.path());
    let server = Process::start(left.path());
    let mut alice = Client::new();
    alice.signs_in(server.address, "login", "alice").unwrap();
    tally("power cuts", usize::try_from(cuts).unwrap());
}
