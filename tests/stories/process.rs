//! The real program as a process of its own: one that can be killed, starved and lied to; and those who talk to it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{PASSWORD, text};

/// How long anything may take before the story fails instead of waiting for ever.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program, with an environment of its own.
pub fn chatd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatd"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What a command that ends by itself said and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Said {
    /// What it printed, having ended well.
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// The one line that says why it ended with this code.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        let lines: Vec<_> = self.err.lines().collect();
        assert_eq!(lines.len(), 1, "one clear line: {lines:#?}");
        lines[0].to_owned()
    }
}

/// Runs a command to its end, which must come.
#[track_caller]
pub fn run(command: &mut Command) -> Said {
    let begun = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let (ended, end) = channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(3 * PATIENCE) else {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        panic!("{command:?} did not end");
    };
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr), took: begun.elapsed() }
}

/// A server, on a folder that outlives it.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    lines: Receiver<String>,
    /// What it has said so far.
    pub said: Vec<String>,
}

impl Process {
    /// Starts it and returns when it says where it listens.
    pub fn start(data: &Path) -> Self {
        Self::with(data, |_| {})
    }

    /// Starts it with more arguments, or another environment.
    #[track_caller]
    pub fn with(data: &Path, change: impl FnOnce(&mut Command)) -> Self {
        Self::try_with(data, change).unwrap_or_else(|(status, said)| panic!("it ended: {status}: {said:#?}"))
    }

    /// The same; how it ended and what it said if it never listened.
    pub fn try_with(data: &Path, change: impl FnOnce(&mut Command)) -> Result<Self, (ExitStatus, Vec<String>)> {
        let mut command = chatd(&["serve", "--listen", "127.0.0.1:0", "--rate-limits", "off"]);
        command.arg("--data").arg(data);
        change(&mut command);
        let mut process = Self::spawn(&mut command);
        match process.hear(" listens on http") {
            Some(line) => {
                process.address = line.split_once("://").unwrap().1.parse().unwrap();
                Ok(process)
            }
            None => Err((process.child.wait().unwrap(), std::mem::take(&mut process.said))),
        }
    }

    /// Starts a command of which only the log is of interest, for now.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (said, heard) = channel();
        // It reads to the end, so that the program never waits for somebody to read its log.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("panicked") || line.starts_with("error: ") {
                    eprintln!("the server says: {line}");
                }
                let _ = said.send(line);
            }
        });
        Self { child, address: ([127, 0, 0, 1], 0).into(), lines: heard, said: Vec::new() }
    }

    /// Waits for a line with this in it; none if the server ends without it.
    pub fn hear(&mut self, what: &str) -> Option<String> {
        self.listen(|line| line.contains(what))
    }

    fn listen(&mut self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if is_it(&line) {
                        return Some(line);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain; so far: {:#?}", self.said),
            }
        }
    }

    /// All that it has said until now.
    pub fn heard(&mut self) -> &[String] {
        self.said.extend(self.lines.try_iter());
        &self.said
    }

    /// Its number, to look at it from outside.
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// SIGKILL, which no program can catch, and then waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; how it ends.
    pub fn stop(&mut self) -> ExitStatus {
        rustix::process::kill_process(self.pid(), rustix::process::Signal::TERM).unwrap();
        self.wait()
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        // Its log ends with it.
        self.listen(|_| false);
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of whichever process is there.
#[derive(Clone)]
pub struct Client {
    pub agent: ureq::Agent,
    pub token: String,
}

impl Client {
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Self { agent: config.into(), token: String::new() }
    }

    pub fn ask(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), ureq::Error> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{address}{path}"))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json");
        let mut answer = match body {
            Some(body) => self.agent.run(request.body(body.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        }?;
        let body = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    /// A request that a server in good health must grant.
    #[track_caller]
    pub fn must(&self, address: SocketAddr, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let body = Some(body).filter(|body| !body.is_null());
        let (got, answer) = self.ask(address, method, &format!("/api/rest{path}"), body).unwrap();
        assert_eq!(got, status, "{method} {path}: {answer}");
        answer
    }

    pub fn signs_in(&mut self, address: SocketAddr, how: &str, name: &str) -> Result<(), ureq::Error> {
        let body = json!({"username": name, "password": PASSWORD});
        let (status, answer) = self.ask(address, "POST", &format!("/api/rest/auth/{how}"), Some(&body))?;
        assert!(status == 200 || status == 201, "{name} is not let in: {status} {answer}");
        self.token = text(&answer["access_token"]);
        Ok(())
    }
}
