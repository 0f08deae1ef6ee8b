//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Name and value, in the order of the table's head.
pub type Facts = Vec<(&'static str, String)>;

/// The machine, the versions, and the disk under `folder`.
pub fn describe(folder: &Path) -> Facts {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().take(1).collect::<String>();
    vec![
        ("machine", format!("{}, {cores} cores, {} of memory", cpu_model(), memory())),
        ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ("load before", format!("{load} (what else runs makes every figure worse)")),
        ("disk", disk(folder)),
        ("commit", commit()),
        ("versions", format!("chatd {}, SQLite {}, {}", env!("CARGO_PKG_VERSION"), rusqlite::version(), rustc())),
    ]
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn cpu_model() -> String {
    // Arm kernels name the board instead.
    field(&read("/proc/cpuinfo"), "model name")
        .or_else(|| Some(read("/proc/device-tree/model").trim_end_matches('\0').to_owned()).filter(|m| !m.is_empty()))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn memory() -> String {
    let total = field(&read("/proc/meminfo"), "MemTotal");
    let kib = total.and_then(|total| total.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or_else(|| "?".to_owned(), |kib| format!("{:.1} GB", kib * 1024.0 / 1e9))
}

/// The file system that holds `folder`: durable figures mean nothing on one that is memory.
fn disk(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = read("/proc/mounts");
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(point).then_some((point.len(), device, kind))
    });
    match mounts.max_by_key(|(length, ..)| *length) {
        Some((_, _, kind @ ("tmpfs" | "ramfs"))) => format!("{kind}: MEMORY, NOT A DISK; set CARGO_TARGET_DIR to one"),
        Some((_, device, kind)) => format!("{kind} on {device}"),
        None => "unknown".to_owned(),
    }
}

/// What was measured, and whether it is just that.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed { commit + ", changed" } else { commit }
}

fn rustc() -> String {
    let asked = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version").output();
    asked.map_or_else(|_| "rustc ?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
