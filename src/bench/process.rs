//! What the kernel knows of a process that is measured: its CPU time and its memory.

use std::fs;
use std::time::Duration;

use super::Outcome;

/// The memory of a process in bytes (proc(5), `smaps_rollup`).
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// All pages that it has mapped and touched.
    pub resident: f64,
    /// The same, with pages that other processes use too (libc) counted in part.
    pub proportional: f64,
    /// What it has written to or alone has mapped.
    pub private: f64,
}

/// CPU time so far, user and system: the sum over its threads of what the scheduler has counted (nanoseconds, in the
/// first field of `/proc/PID/task/TID/schedstat`). A thread that has ended is not in it, so connections must stay open
/// from one reading to the next.
///
/// # Errors
/// If the process has ended, or the kernel does not count.
pub fn cpu(process: u32) -> Outcome<Duration> {
    let tasks = format!("/proc/{process}/task");
    let tasks = fs::read_dir(&tasks).map_err(|error| format!("{tasks}: {error}"))?;
    let mut nanoseconds = 0;
    for task in tasks.flatten() {
        // A thread may end between listing and reading.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        let count = text.split(' ').next().and_then(|count| count.parse::<u64>().ok());
        nanoseconds += count.ok_or("this kernel has no /proc/PID/task/TID/schedstat")?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Its memory now.
///
/// # Errors
/// If the process has ended, or is somebody else's.
pub fn memory(process: u32) -> Outcome<Memory> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let field = |name: &str| kib(&text, name).ok_or_else(|| format!("{path} has no {name}"));
    Ok(Memory {
        resident: field("Rss:")?,
        proportional: field("Pss:")?,
        private: field("Private_Clean:")? + field("Private_Dirty:")?,
    })
}

/// Bytes of memory that the machine could give to who asks (proc(5), `meminfo`, MemAvailable).
///
/// # Errors
/// If the kernel does not say.
pub fn memory_available() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/meminfo").map_err(|error| format!("/proc/meminfo: {error}"))?;
    kib(&text, "MemAvailable:").ok_or_else(|| "/proc/meminfo has no MemAvailable".to_owned())
}

/// A line's number of KiB, as bytes.
fn kib(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib * 1024.0)
}
