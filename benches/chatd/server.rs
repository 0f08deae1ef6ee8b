//! The server under test: the release binary, or a peer, as a child process; its CPU time and its memory.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use chatd::bench::Outcome;
use chatd::bench::process::{self, Memory};

/// The binary that cargo has built for the benches, with the release profile.
pub const BINARY: &str = env!("CARGO_BIN_EXE_chatd");
const START_TIME: Duration = Duration::from_secs(20);
const STOP_TIME: Duration = Duration::from_secs(20);
/// Less than a batch of the search index waits for more (`limits::SEARCH_BATCH`).
const INDEX_BATCH: u64 = 512;
const INDEX_TIME: Duration = Duration::from_secs(30);
/// Lines of the server's log that are shown when it fails.
const LOG_LINES: usize = 20;

/// A running server. Dropped without [`Server::stop`] it is killed.
pub struct Server {
    child: Child,
    /// Its name and version, as it says itself.
    pub name: String,
    pub address: SocketAddr,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    /// Starts the server on `data`; returns when it listens.
    pub fn start(data: &Path) -> Outcome<Self> {
        Self::start_with(data, &[])
    }

    /// The same, with more environment variables.
    pub fn start_with(data: &Path, environment: &[(&str, &OsStr)]) -> Outcome<Self> {
        let mut command = Command::new(BINARY);
        // What the caller's shell may have set is not what is measured.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"CHATD_")) {
            command.env_remove(name);
        }
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data).env("CHATD_RATE_LIMITS", "off");
        command.envs(environment.iter().copied());
        Self::spawn(command)
    }

    /// Starts a program that says on standard error where it listens: `NAME listens on http://ADDRESS`, or `https://`.
    pub fn spawn(mut command: Command) -> Outcome<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{program} cannot be started: {error}"))?;
        let stderr = child.stderr.take().expect("it was piped");
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let (told, greeting) = channel();
        let keep = Arc::clone(&log);
        std::thread::spawn(move || read_log(stderr, &keep, &told));
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Self { child, name: String::new(), address: unknown, log };
        let greeting = greeting.recv_timeout(START_TIME);
        (server.name, server.address) = greeting.map_err(|_| server.explain(&format!("{program} did not start")))?;
        Ok(server)
    }

    /// `what`, and the end of the server's log.
    pub fn explain(&self, what: &str) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{what}; its log ends:\n      {}", log.iter().map(String::as_str).collect::<Vec<_>>().join("\n      "))
    }

    /// CPU time so far: see [`process::cpu`].
    pub fn cpu(&self) -> Outcome<Duration> {
        process::cpu(self.id()).map_err(|error| self.explain(&error))
    }

    /// CPU time so far of the threads that live and whose name, with the end of its line, is wanted.
    pub fn cpu_of(&self, is_wanted: impl Fn(&str) -> bool) -> Outcome<Duration> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = fs::read_dir(&tasks).map_err(|error| self.explain(&format!("{tasks}: {error}")))?;
        let mut nanoseconds = 0;
        for task in tasks.flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            if is_wanted(&read("comm")) {
                let counted = read("schedstat").split(' ').next().and_then(|time| time.parse::<u64>().ok());
                nanoseconds += counted.unwrap_or(0);
            }
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time so far with that of threads that have ended, in the kernel's ticks of 10 ms (proc(5), `stat`, fields
    /// 14 and 15): for what takes many of them.
    pub fn cpu_of_all(&self) -> Outcome<Duration> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = fs::read_to_string(&path).map_err(|error| self.explain(&format!("{path}: {error}")))?;
        // The name before it may hold spaces.
        let fields: Vec<_> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<u64>().ok());
        let ticks = ticks(14).zip(ticks(15)).map(|(user, system)| user + system);
        let ticks = ticks.ok_or_else(|| format!("{path} has no CPU times"))?;
        Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()))
    }

    /// How often its threads have gone to sleep so far, which is how often they were woken (proc(5), `status`,
    /// voluntary context switches). A thread that has ended is not in it.
    pub fn sleeps(&self) -> Outcome<u64> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = fs::read_dir(&tasks).map_err(|error| self.explain(&format!("{tasks}: {error}")))?;
        let mut sleeps = 0;
        for task in tasks.flatten() {
            let Ok(text) = fs::read_to_string(task.path().join("status")) else { continue };
            let field = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            let count = field.and_then(|count| count.trim().parse::<u64>().ok());
            sleeps += count.ok_or("this kernel does not count context switches")?;
        }
        Ok(sleeps)
    }

    pub fn memory(&self) -> Outcome<Memory> {
        process::memory(self.id()).map_err(|error| self.explain(&error))
    }

    /// Bytes that it has made the kernel write to disk, or will have (proc(5), `io`).
    pub fn written(&self) -> Outcome<f64> {
        let path = format!("/proc/{}/io", self.child.id());
        let text = fs::read_to_string(&path).map_err(|error| self.explain(&format!("{path}: {error}")))?;
        let bytes = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")).and_then(|n| n.parse().ok());
        bytes.ok_or_else(|| format!("{path} has no write_bytes"))
    }

    /// Waits until all but the beginning of a batch is in the search index.
    pub fn index(&self) -> Outcome<()> {
        let until = Instant::now() + INDEX_TIME;
        while Instant::now() < until {
            let metrics = ureq::get(format!("http://{}/metrics", self.address)).call();
            let metrics = metrics.and_then(|mut answer| answer.body_mut().read_to_string());
            let metrics = metrics.map_err(|error| self.explain(&format!("/metrics: {error}")))?;
            let waiting = metrics.lines().find_map(|line| line.strip_prefix("chatd_search_waiting_messages "));
            match waiting.and_then(|number| number.parse().ok()) {
                Some(0..INDEX_BATCH) => return Ok(()),
                Some(_) => std::thread::sleep(Duration::from_millis(20)),
                None => return Err("/metrics does not tell of the search index".to_owned()),
            }
        }
        Err(self.explain("the search index is not done"))
    }

    /// Stops it as systemd would, and waits until it has ended.
    pub fn stop(mut self) -> Outcome<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .map_err(|error| self.explain(&format!("the server has ended early ({error})")))?;
        let until = Instant::now() + STOP_TIME;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.explain(&format!("the server ended with {status}"))),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => return Err(self.explain("the server did not stop")),
                Err(error) => return Err(format!("the server cannot be waited for: {error}")),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads the server's log to its end, so that a full pipe never stops it, and tells its name and address.
fn read_log(stderr: ChildStderr, keep: &Mutex<VecDeque<String>>, told: &Sender<(String, SocketAddr)>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some((name, url)) = line.split_once(" listens on ")
            && let Some((_, address)) = url.split_once("://")
            && let Ok(address) = address.trim().parse()
        {
            let _ = told.send((name.to_owned(), address));
        }
        let mut keep = keep.lock().unwrap_or_else(PoisonError::into_inner);
        keep.push_back(line);
        if keep.len() > LOG_LINES {
            keep.pop_front();
        }
    }
}
