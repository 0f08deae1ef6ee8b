//! `chatd bench`: measures the board and the disk that an owner has, with an instance of its own beside the data.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Outcome;
use super::capacity::Figures;
use super::client::{self, Client};
use super::figures::{median, quantile_ms};
use super::flight::{self, Flown};
use super::instance::Instance;
use super::pace::Pace;
use super::people::{self, Place};
use super::posting::{self, Posts, Until};
use super::process;
use super::scratch::{self, Scratch};
use crate::auth::Passwords;
use crate::media::Disk;
use crate::model::limits;
use crate::model::name::Password;

/// What all of it writes at most, on a fast disk.
const ROOM_BYTES: u64 = 256 * 1024 * 1024;
/// Few register, as a small board hashes for long; all their devices are connected.
const PEOPLE: usize = 10;
const SENDERS: usize = 64;
/// A figure between one at a time, which nobody waits for, and many, which share their writes.
const IN_FLIGHT: usize = 4;
const LENGTH: usize = 128;
/// A page of the database's log, and how much of the file is written before it begins anew.
const PAGE: usize = 4096;
const PAGES: u64 = 4096;
/// So many syncs and hashes are needed to say anything, however long they take.
const SYNCS_MIN: usize = 20;
const HASHES_MIN: usize = 3;
/// The server comes to rest.
const REST: Duration = Duration::from_millis(300);

/// What to measure.
pub struct Plan<'a> {
    /// The data folder, beside whose data it takes place.
    pub data: &'a Path,
    /// What must stay free on its disk, if it is not what suits its size.
    pub disk_reserve: Option<u64>,
    /// Connections that the instance lets in.
    pub connections: usize,
    /// About how long it may take.
    pub time: Duration,
    /// Set when it is to stop.
    pub stop: Arc<AtomicBool>,
}

/// Why nothing was measured. Each says what to do.
#[derive(Debug)]
pub enum BoardError {
    /// Another one measures there.
    Busy(PathBuf),
    /// The disk has not so much room.
    NoRoom(PathBuf),
    /// No folder can be made there.
    Folder(PathBuf, io::Error),
    /// It was to stop.
    Stopped,
    /// Something did not work.
    Failed(String),
}

impl std::fmt::Display for BoardError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy(folder) => write!(f, "another chatd bench runs in {}: wait until it is done", folder.display()),
            Self::NoRoom(folder) => write!(
                f,
                "the disk of {} has no room: it must have {} MiB free beside what chatd leaves free (--disk-reserve)",
                folder.display(),
                ROOM_BYTES / 1024 / 1024
            ),
            Self::Folder(folder, error) => write!(
                f,
                "{} cannot be measured: {error}; run this as the user that owns it, or name another --data folder",
                folder.display()
            ),
            Self::Stopped => f.write_str("stopped; nothing is left behind"),
            Self::Failed(why) => write!(f, "the measurement failed: {why}"),
        }
    }
}

impl std::error::Error for BoardError {}

/// Measures; `tell` is told what comes next.
///
/// # Errors
/// [`BoardError`].
pub fn measure(plan: &Plan<'_>, tell: impl FnMut(&str)) -> Result<Figures, BoardError> {
    let unusable = |error| BoardError::Folder(plan.data.to_owned(), error);
    let root = scratch::root(plan.data).map_err(unusable)?;
    if !Disk::of(&root).map_err(unusable)?.has_room(ROOM_BYTES, plan.disk_reserve) {
        return Err(BoardError::NoRoom(root));
    }
    let scratch = Scratch::make(plan.data).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => BoardError::Busy(root),
        _ => unusable(error),
    })?;
    let measured = in_folder(plan, scratch.path(), tell);
    match measured {
        // Whatever fails when it is to stop fails for that.
        _ if plan.stop.load(Ordering::Relaxed) => Err(BoardError::Stopped),
        measured => measured.map_err(BoardError::Failed),
    }
}

fn in_folder(plan: &Plan<'_>, folder: &Path, mut tell: impl FnMut(&str)) -> Outcome<Figures> {
    client::raise_file_limit();
    let part = |share: f64| plan.time.mul_f64(share);
    tell("the disk");
    let mut syncs = syncs(plan, folder, part(0.15))?;
    tell("passwords");
    let password_ms = password_ms(plan, part(0.1))?;
    let data = folder.join("data");
    tell("messages");
    let (place, posted) = post(plan, &data, part(0.2))?;

    // Started anew: what hashing has left behind would hide what connections take.
    let instance = Instance::start(&data)?;
    let mut client = Client::new(instance.address)?;
    client.stop_when(&plan.stop);
    tell("connections");
    client.drain(REST)?;
    let free_bytes = process::memory_available()?;
    let before = process::memory(instance.id())?;
    let listeners = people::connect(&mut client, &place, limits::GATEWAYS_PER_USER)?;
    client.heartbeat(listeners.clone())?;
    client.drain(REST)?;
    let memory = process::memory(instance.id())?.proportional - before.proportional;
    let count = listeners.len() as f64;

    tell("deliveries");
    let mut posts = Posts { place: &many(&place), senders: client.open(SENDERS)?, length: LENGTH };
    let (cpu, listening) = (process::cpu(instance.id())?, listeners.clone());
    let few = sound(flight::fly(&mut client, &listening, &mut posts, IN_FLIGHT, part(0.1))?)?;
    let cpu = process::cpu(instance.id())?.saturating_sub(cpu);
    let most = sound(flight::fly(&mut client, &listening, &mut posts, SENDERS / 2, part(0.15))?)?;
    client.heartbeat(listeners.clone())?;
    let mut figures = Figures {
        sync_ms: (quantile_ms(&mut syncs, 0.5), quantile_ms(&mut syncs, 0.99)),
        password_ms,
        connection_bytes: memory / count,
        free_bytes,
        cores: std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64),
        connections_max: plan.connections as f64,
        posts_per_s: posted.per_s,
        post_us: posted.us,
        deliveries_per_s: most.delivered as f64 / most.took.as_secs_f64(),
        delivery_us: cpu.as_secs_f64() * 1e6 / few.delivered.max(1) as f64,
        listeners: count,
        trial_per_s: 0.0,
        latency_ms: (0.0, 0.0),
        is_saturated: false,
    };
    figures.trial_per_s = figures.trial_per_s();
    tell("latency");
    client.drain(Duration::from_millis(50))?;
    let place = many(&place);
    let pace = Pace {
        place: &place,
        senders: posts.senders,
        receivers: listeners,
        per_second: figures.trial_per_s,
        length: LENGTH,
    };
    let mut times = Vec::new();
    let paced = pace.run(&mut client, part(0.3), &mut |time| times.push(time))?;
    paced.faults.wrong().map_or(Ok(()), Err)?;
    figures.latency_ms = (quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99));
    figures.is_saturated = paced.effort.is_saturated();
    Ok(figures)
}

/// The same people again and again, as so many who write.
fn many(place: &Place) -> Place {
    Place { messages: place.messages.clone(), tokens: place.tokens.iter().cycle().take(SENDERS).cloned().collect() }
}

fn sound(flown: Flown) -> Outcome<Flown> {
    flown.faults.wrong().map_or(Ok(flown), Err)
}

/// How long syncs take, of what SQLite would write to its log.
fn syncs(plan: &Plan<'_>, folder: &Path, time: Duration) -> Outcome<Vec<Duration>> {
    let failed = |error: io::Error| format!("writing in {}: {error}", folder.display());
    let file = File::create_new(folder.join("syncs")).map_err(failed)?;
    let (page, begin, mut times) = ([1; PAGE], Instant::now(), Vec::new());
    while begin.elapsed() < time || times.len() < SYNCS_MIN {
        going_on(plan)?;
        let place = times.len() as u64 % PAGES * PAGE as u64;
        file.write_all_at(&page, place).map_err(failed)?;
        let synced = Instant::now();
        file.sync_data().map_err(failed)?;
        times.push(synced.elapsed());
    }
    Ok(times)
}

fn password_ms(plan: &Plan<'_>, time: Duration) -> Outcome<f64> {
    let (passwords, password) = (Passwords::new(), Password::parse("correct horse battery")?);
    let (begin, mut times) = (Instant::now(), Vec::new());
    while begin.elapsed() < time || times.len() < HASHES_MIN {
        going_on(plan)?;
        let hashing = Instant::now();
        passwords.hash(&password).map_err(|error| error.to_string())?;
        times.push(hashing.elapsed().as_secs_f64() * 1e3);
    }
    median(&times).ok_or_else(|| "no password was hashed".to_owned())
}

fn going_on(plan: &Plan<'_>) -> Outcome<()> {
    if plan.stop.load(Ordering::Relaxed) { Err("it was to stop".to_owned()) } else { Ok(()) }
}

struct Posted {
    per_s: f64,
    us: f64,
}

/// People in a server, and how fast they write when nobody listens.
fn post(plan: &Plan<'_>, data: &Path, time: Duration) -> Outcome<(Place, Posted)> {
    let instance = Instance::start(data)?;
    let mut client = Client::new(instance.address)?;
    client.stop_when(&plan.stop);
    let place = people::gather(&mut client, PEOPLE)?;
    let (senders, writers) = (client.open(SENDERS)?, many(&place));
    let mut run = |time| posting::run(&mut client, senders.clone(), &writers, Until::Time(Instant::now() + time));
    run(time.mul_f64(0.2))?;
    let cpu = process::cpu(instance.id())?;
    let (count, took) = run(time.mul_f64(0.8))?;
    let cpu = process::cpu(instance.id())?.saturating_sub(cpu);
    let posted = Posted { per_s: count as f64 / took.as_secs_f64(), us: cpu.as_secs_f64() * 1e6 / count.max(1) as f64 };
    Ok((place, posted))
}
