//! Durable messages a second: 64 people post to one channel, each over a keep-alive connection of their own, each
//! message as soon as the last one is answered. An answer means that the message is on disk.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};
use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::effort::{self, Effort};
use chatd::bench::people;
use chatd::bench::posting::{self, Until};

const SENDERS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1500);
/// Alone, a sender cannot post more often than a disk flushes that needs 10 ms.
const LONE_MAX_PER_S: f64 = 105.0;

pub fn this_disk(scene: &Scene) -> Outcome<Vec<Row>> {
    measure(scene, None, Budget::AtLeast(20_000.0))
}

pub fn slow_disk(scene: &Scene) -> Outcome<Vec<Row>> {
    let library = slow_fsync(scene.folder())?;
    measure(scene, Some(&library), Budget::AtLeast(3_000.0))
}

fn measure(scene: &Scene, preload: Option<&Path>, budget: Budget) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    // Whoever registers need not wait for the slow disk.
    let server = Server::start(&data)?;
    let place = people::gather(&mut Client::new(server.address)?, SENDERS)?;
    server.stop()?;

    let preload = preload.map(|library| [("LD_PRELOAD", library.as_os_str())]);
    let environment: &[(&str, &OsStr)] = preload.as_ref().map_or(&[], |one| one.as_slice());
    let server = Server::start_with(&data, environment)?;
    let mut client = Client::new(server.address)?;
    let senders = client.open(SENDERS)?;
    let mut run = |count: usize, time: Duration| {
        let some = senders.start..senders.start + count;
        posting::run(&mut client, some, &place, Until::Time(Instant::now() + time))
            .map(|(posted, took)| posted as f64 / took.as_secs_f64())
            .map_err(|error| server.explain(&error))
    };
    let lone = run(1, Duration::from_millis(500))?;
    if preload.is_some() && lone > LONE_MAX_PER_S {
        return Err(format!("the delay is not in force: one sender alone posted {lone:.0} messages a second"));
    }
    run(SENDERS, Duration::from_millis(300))?;
    let (mut rates, mut cpu_us, mut efforts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (effort, before, begin) = (Effort::begin(), server.cpu()?, Instant::now());
        let rate = run(SENDERS, ROUND)?;
        cpu_us.push((server.cpu()? - before).as_secs_f64() * 1e6 / (rate * begin.elapsed().as_secs_f64()));
        rates.push(rate);
        efforts.push(effort.share());
    }
    server.stop()?;
    let cpu_us = number(median(&cpu_us).unwrap_or(0.0));
    let what = if preload.is_some() { "64 senders, fsync + 10 ms" } else { "64 senders, this disk" };
    let row = scene.row(what, rates, "messages/s", budget);
    Ok(vec![
        row.note(format!("one sender alone: {} messages/s", number(lone)))
            .note(format!("server CPU for a message: {cpu_us} µs; {}", effort::note(&efforts))),
    ])
}

/// Compiles the library that makes fsync and fdatasync slow.
fn slow_fsync(folder: &Path) -> Outcome<PathBuf> {
    let (source, library) = (folder.join("slow_fsync.c"), folder.join("slow_fsync.so"));
    std::fs::write(&source, include_str!("../slow_fsync.c")).map_err(|error| error.to_string())?;
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).output();
    let compiled = compiled.map_err(|error| format!("this line needs a C compiler named cc: {error}"))?;
    if !compiled.status.success() {
        return Err(format!("cc: {}", String::from_utf8_lossy(&compiled.stderr)));
    }
    Ok(library)
}
