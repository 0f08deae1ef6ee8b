//! What is known of the server that runs, for its administrators.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::backups::{Last, Proven};
use super::{Options, StartError, facts};
use crate::backup;
use crate::chat::Chat;
use crate::chat::instance::{self, Census};
use crate::gateway::Gateway;
use crate::health::process::{self, Process};
use crate::health::report::{self, Backup, Late, Sync};
use crate::health::{Facts, Report, findings};
use crate::media::Disk;
use crate::model::measure::Read;
use crate::model::{Timestamp, Work};
use crate::net::Tls;
use crate::push::{Numbers, Push};
use crate::rest::{Metric, Value};
use crate::store;

/// Tells how many connections are open.
type Open = Box<dyn Fn() -> usize + Send + std::marker::Sync>;

/// All that knows something.
pub(super) struct Watch {
    pub(super) options: Options,
    pub(super) chat: Arc<Chat>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) push: Option<Arc<Push>>,
    pub(super) proven: Arc<Proven>,
    pub(super) tls: Option<Arc<Tls>>,
    /// There once it listens.
    pub(super) open: OnceLock<Open>,
    pub(super) started: Instant,
    pub(super) started_at: Timestamp,
}

impl Watch {
    /// How the instance does.
    pub(super) fn report(&self, census: &Census, is_open: bool) -> Report {
        // Once, so that what is found and what is told of the backups are of the same moment.
        let last = self.proven.last();
        let facts = self.facts(census, is_open, &last);
        let now = Instant::now();
        let pressure = self.chat.pressure();
        let (gateways, _) = self.gateway.counts();
        let (free_bytes, total_bytes) = facts.room.disk.unwrap_or_default();
        Report {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            uptime_s: self.started.elapsed().as_secs(),
            users: census.users,
            online: self.chat.shared().presences.count() as u64,
            gateways: gateways as u64,
            connections: self.connections(),
            servers: census.servers,
            messages_approximate: last.messages,
            memory_bytes: Process::own().usage().unwrap_or_default().resident_bytes,
            load: process::load(),
            disk: report::Disk {
                free_bytes,
                total_bytes,
                database_bytes: facts::size(&self.database()),
                log_bytes: facts.room.log.unwrap_or_default(),
                files_bytes: census.files_bytes,
                backups_bytes: self.backups_bytes(census, &facts),
            },
            sync: sync(&self.chat.store().measured().duration.read()),
            pressure: Late {
                late_ms: u64::try_from(pressure.late(now).as_millis()).unwrap_or(u64::MAX),
                given_up: pressure.given_up(now).map(Work::as_str).collect(),
            },
            backup: Backup {
                folder: facts.backups.folder.clone(),
                last_proven_at: last.made_at,
                age_s: facts.backups.age_s,
                last_error: last.error,
            },
            findings: findings(&facts),
        }
    }

    /// Open connections.
    pub(super) fn connections(&self) -> u64 {
        self.open.get().map_or(0, |open| open() as u64)
    }

    /// The database's file.
    pub(super) fn database(&self) -> PathBuf {
        self.options.data.join(backup::DATABASE)
    }

    fn facts(&self, census: &Census, is_open: bool, last: &Last) -> Facts {
        let mut facts = facts::of(&self.options);
        let store = self.chat.store();
        let own = Process::own();
        let read = store.measured().duration.read();
        facts.served = true;
        facts.schema = Some((store::VERSION, store::VERSION));
        facts.writable = Some(self.chat.can_write());
        facts.clock.seen = Some(census.seen);
        facts.room.short = !self.chat.has_room();
        facts.backups.age_s = self.proven.age(store.lived_s()).map(|age| age.as_secs());
        facts.backups.instance_age_s = u64::try_from(store.lived_s()).ok();
        facts.backups.error.clone_from(&last.error);
        facts.exposure.open = is_open;
        facts.exposure.setup_required = Some(census.users == 0);
        facts.exposure.certificate_ends = self.tls.as_ref().and_then(|tls| tls.ends());
        facts.sync = read.percentile(99).map(|p99| (milliseconds(p99), read.count));
        facts.given_up = self.chat.pressure().given_up(Instant::now()).map(|work| work.as_str().to_owned()).collect();
        facts::of_process(&mut facts, &own);
        facts
    }

    /// The numbers for `/metrics`.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let store = self.chat.store();
        let (commits, deliveries) = (store.measured(), self.gateway.measured());
        let (gateways, _) = self.gateway.counts();
        let disk = Disk::of(&self.options.data).ok();
        let files_bytes = self.chat.read(instance::files_bytes).ok();
        let count = |counter: &AtomicU64| Value::Counter(counter.load(Ordering::Relaxed));
        let always = [
            (
                "chatd_commit_duration_seconds",
                "Time that a commit took until it was on disk.",
                Value::Seconds(commits.duration.read()),
            ),
            ("chatd_commit_jobs", "Writes that one commit put on disk together.", Value::Counts(commits.jobs.read())),
            (
                "chatd_delivery_delay_seconds",
                "Time from an event's commit until every socket that took it had it, by the oldest of its turn.",
                Value::Seconds(deliveries.delay.read()),
            ),
            ("chatd_events_total", "Events that were told to whoever is connected.", count(&deliveries.events)),
            ("chatd_messages_total", "Messages that were written since the start.", count(&deliveries.messages)),
            ("chatd_connections", "Open connections.", Value::Gauge(self.connections())),
            (
                "chatd_gateways",
                "Gateway sessions; those that may still be resumed among them.",
                Value::Gauge(gateways as u64),
            ),
            ("chatd_users_online", "People who are there.", Value::Gauge(self.chat.shared().presences.count() as u64)),
            (
                "chatd_search_waiting_messages",
                "Messages that are still to come into the search index; searches look through them one by one.",
                Value::Gauge(store.unindexed() as u64),
            ),
            ("chatd_database_bytes", "The database's file.", Value::Gauge(facts::size(&self.database()))),
            ("chatd_log_bytes", "The database's write-ahead log.", Value::Gauge(facts::log(&self.options))),
        ];
        let maybe = [
            ("chatd_files_bytes", "What people's files take on disk, with thumbnails.", files_bytes),
            ("chatd_disk_free_bytes", "What may still be written to the data's disk.", disk.map(|disk| disk.free)),
            ("chatd_disk_bytes", "The size of the data's disk.", disk.map(|disk| disk.all)),
        ];
        let maybe = maybe.into_iter().filter_map(|(name, help, value)| Some((name, help, Value::Gauge(value?))));
        let pushes = self.push.as_ref().map(|push| pushes(&push.numbers())).into_iter().flatten();
        let metrics =
            always.into_iter().chain(maybe).chain(pushes).map(|(name, help, value)| Metric { name, help, value });
        metrics.chain(self.proven.metric(store.lived_s())).collect()
    }

    /// Backups share files by hard links, and the first of them shares with the data if it is on the same file system.
    fn backups_bytes(&self, census: &Census, facts: &Facts) -> Option<u64> {
        let folder = self.options.backup_folder()?;
        let backups = backup::list(&folder, Some(census.created_at)).ok()?;
        let databases: u64 = backups.iter().map(|backup| backup.manifest.database_bytes).sum();
        let number = |device: &Option<crate::health::Device>| device.as_ref().map(|device| device.number);
        let is_same = number(&facts.device) == number(&facts.backups.device);
        let files = backups.iter().map(|backup| backup.manifest.file_bytes).max().unwrap_or(0);
        Some(databases + if is_same { 0 } else { files })
    }
}

/// How the instance does, for who starts it.
pub(super) fn watch(
    options: &Options,
    chat: &Arc<Chat>,
    gateway: &Arc<Gateway>,
    push: Option<&Arc<Push>>,
    proven: &Arc<Proven>,
    tls: Option<&Arc<Tls>>,
) -> Result<Arc<Watch>, StartError> {
    Ok(Arc::new(Watch {
        options: options.clone(),
        chat: Arc::clone(chat),
        gateway: Arc::clone(gateway),
        push: push.cloned(),
        proven: Arc::clone(proven),
        tls: tls.cloned(),
        open: OnceLock::new(),
        started: Instant::now(),
        started_at: Timestamp::now(),
    }))
}

fn pushes(numbers: &Numbers) -> [(&'static str, &'static str, Value); 5] {
    [
        (
            "chatd_push_subscriptions",
            "Browsers that are told of messages by push.",
            Value::Gauge(numbers.subscriptions),
        ),
        ("chatd_push_waiting", "Pushes that wait to be sent.", Value::Gauge(numbers.queued)),
        ("chatd_push_sent_total", "Pushes that push services have taken.", Value::Counter(numbers.sent)),
        ("chatd_push_failed_total", "Pushes that were given up.", Value::Counter(numbers.failed)),
        ("chatd_push_dropped_total", "Pushes never tried, as there were too many.", Value::Counter(numbers.dropped)),
    ]
}

fn milliseconds(ns: u64) -> f64 {
    // In microseconds, which is more than the buckets tell.
    (ns / 1_000) as f64 / 1_000.0
}

fn sync(read: &Read) -> Sync {
    let percentile = |percent| read.percentile(percent).map(milliseconds);
    let max_ms = (read.count > 0).then(|| milliseconds(read.max));
    Sync { count: read.count, p50_ms: percentile(50), p99_ms: percentile(99), max_ms }
}
