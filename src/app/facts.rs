//! What is known of an instance from its options, its folder and the disk, whether it runs or not.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Certificate, Options, certificate, folder};
use crate::backup;
use crate::chat::Registration;
use crate::health::process::Process;
use crate::health::{Backups, Device, Exposure, Facts, Room};
use crate::media::Disk;
use crate::model::Timestamp;

/// Where the unit may be that makes chatd a service: the owner's, and a package's.
const UNITS: &[&str] = &["/etc/systemd/system/chatd.service", "/usr/lib/systemd/system/chatd.service"];

/// The facts of this kind.
pub(super) fn of(options: &Options) -> Facts {
    let mut facts = Facts {
        foreign: foreign(&options.data),
        device: Device::of(&options.data),
        room: room(options),
        exposure: exposure(options),
        connections: options.connections as u64,
        ..Facts::default()
    };
    facts.clock.now = Some(Timestamp::now());
    facts.backups = options.backup_folder().map_or_else(Backups::default, |folder| Backups {
        device: Device::of(&folder),
        folder: Some(folder.display().to_string()),
        ..Backups::default()
    });
    facts
}

/// Adds what the system says of the process that serves.
pub(super) fn of_process(facts: &mut Facts, process: &Process) {
    facts.memory_stalled = process.memory_stalled();
    facts.open_files = process.open_files_max();
    facts.tasks = process.tasks_max();
}

/// How large the database's write-ahead log is.
pub(super) fn log(options: &Options) -> u64 {
    size(&options.data.join(format!("{}-wal", backup::DATABASE)))
}

/// How large a file is; 0 if it is not there.
pub(super) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// The unit that makes chatd a service, if it is one.
pub(super) fn unit() -> Option<PathBuf> {
    UNITS.iter().map(PathBuf::from).find(|unit| unit.exists())
}

fn room(options: &Options) -> Room {
    let disk = Disk::of(&options.data).ok();
    Room {
        disk: disk.map(|disk| (disk.free, disk.all)),
        reserve: disk.map_or(0, |disk| disk.reserve(options.disk_reserve)),
        short: false,
        log: Some(log(options)),
    }
}

fn exposure(options: &Options) -> Exposure {
    let certificate = options.certificate().ok().flatten();
    let ends = match &certificate {
        Some(Certificate::Of(files)) => files.ends(),
        Some(Certificate::SelfSigned) => certificate::files(&folder::certificate(&options.data)).ends(),
        None => None,
    };
    Exposure {
        listen: Some(options.listen),
        public_url: options.public_url.clone(),
        proxies: !options.trusted_proxies.is_empty(),
        open: options.registration == Registration::Open,
        setup_required: None,
        rate_limits: options.rate_limits,
        self_signed: options.tls_self_signed,
        certificate_ends: ends,
        is_service: unit().is_some(),
    }
}

/// Something in the data folder that is not its owner's, as what root has made there.
fn foreign(data: &Path) -> Option<(u32, String)> {
    let owner = std::fs::metadata(data).ok()?.uid();
    let mut entries = std::fs::read_dir(data).ok()?.flatten();
    let other = entries.find(|entry| entry.metadata().is_ok_and(|meta| meta.uid() != owner))?;
    Some((owner, other.path().display().to_string()))
}
