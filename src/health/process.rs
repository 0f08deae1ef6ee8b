//! What the system says of a process, and of the machine.

use std::path::{Path, PathBuf};

use rustix::param::clock_ticks_per_second;
use rustix::system::sysinfo;

use super::report::Load;

/// What the kernel counts for a process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Virtual memory in bytes.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// CPU time in seconds, the user's and the system's.
    pub cpu_s: f64,
    /// Open file descriptors.
    pub open_files: u64,
}

/// A process, as it stands under `/proc`.
#[derive(Clone, Debug)]
pub struct Process(PathBuf);

impl Process {
    /// This process.
    pub fn own() -> Self {
        Self(PathBuf::from("/proc/self"))
    }

    /// The process of this number.
    pub fn numbered(number: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{number}")))
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(name)).ok()
    }

    /// What it uses.
    pub fn usage(&self) -> Option<Usage> {
        let status = self.read("status")?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let stat = self.read("stat")?;
        Some(Usage {
            resident_bytes: number("VmRSS:")?.saturating_mul(1024),
            virtual_bytes: number("VmSize:")?.saturating_mul(1024),
            threads: number("Threads:")?,
            cpu_s: cpu_s(&stat, clock_ticks_per_second())?,
            open_files: std::fs::read_dir(self.0.join("fd")).map_or(0, |files| files.count() as u64),
        })
    }

    /// How many file descriptors it may have; none if any number.
    pub fn open_files_max(&self) -> Option<u64> {
        let limits = self.read("limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// The folder of its control group, where there are such (version 2).
    fn group(&self) -> Option<PathBuf> {
        let groups = self.read("cgroup")?;
        let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        Some(Path::new("/sys/fs/cgroup").join(path))
    }

    /// How many threads its service may have; none if any number.
    pub fn tasks_max(&self) -> Option<u64> {
        std::fs::read_to_string(self.group()?.join("pids.max")).ok()?.trim().parse().ok()
    }

    /// In how much of the last minute something of its service waited for memory, in percent.
    pub fn memory_stalled(&self) -> Option<f64> {
        let group = self.group().map(|group| group.join("memory.pressure"));
        let places = group.into_iter().chain([PathBuf::from("/proc/pressure/memory")]);
        places.filter_map(|place| std::fs::read_to_string(place).ok()).find_map(|text| stalled(&text))
    }

    /// Its arguments, without the program's name.
    pub fn arguments(&self) -> Option<Vec<String>> {
        let text = self.read("cmdline")?;
        Some(text.split_terminator('\0').skip(1).map(str::to_owned).collect())
    }

    /// The folder that it works in.
    pub fn folder(&self) -> Option<PathBuf> {
        std::fs::read_link(self.0.join("cwd")).ok()
    }

    /// A variable of its environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        let text = self.read("environ")?;
        let found = text.split_terminator('\0').find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned)
    }
}

/// Fields 14 and 15 of `/proc/…/stat`, counted behind the name, which may have anything in it.
fn cpu_s(stat: &str, ticks_per_second: u64) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    // Exact for 285 million years.
    Some(ticks as f64 / ticks_per_second.max(1) as f64)
}

/// `some avg10=0.00 avg60=1.25 avg300=…`
fn stalled(pressure: &str) -> Option<f64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split(' ').find_map(|field| field.strip_prefix("avg60="))?.parse().ok()
}

/// How busy the machine is.
pub fn load() -> Option<Load> {
    let [one_minute, ..] = sysinfo().loads;
    let cores = std::thread::available_parallelism().ok()?;
    // The kernel gives it in 65536ths, rounded here to what people say.
    let one_minute = (f64::from(u32::try_from(one_minute).ok()?) / 65_536.0 * 100.0).round() / 100.0;
    Some(Load { one_minute, cores: cores.get() as u64 })
}

#[cfg(test)]
mod tests {
    use super::{Process, cpu_s, load, stalled};

    #[test]
    fn the_kernels_tables_are_read_as_they_are_documented() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 1 0 250 50 0 0 20 0 5 0 100 1 2";
        assert_eq!(cpu_s(stat, 100), Some(3.0));
        assert_eq!((cpu_s("7 (a", 100), cpu_s("7 (a) S", 100)), (None, None));
        let pressure = "some avg10=0.00 avg60=12.50 avg300=1.00 total=9\nfull avg10=0.00 avg60=1.00 avg300=0 total=2\n";
        assert_eq!((stalled(pressure), stalled("some")), (Some(12.5), None));
    }

    #[test]
    fn this_process_is_known() {
        let usage = Process::own().usage().unwrap();
        assert!(usage.resident_bytes > 1_000_000 && usage.virtual_bytes >= usage.resident_bytes);
        assert!(usage.threads >= 1 && usage.open_files >= 1, "{usage:?}");
        assert!(load().is_some_and(|load| load.cores >= 1));
        assert!(Process::own().variable("PATH").is_some() && Process::own().variable("NO_SUCH_THING").is_none());
        assert!(Process::numbered(u32::MAX).usage().is_none());
    }
}
