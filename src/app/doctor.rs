//! What `chatd doctor` knows of an instance, from outside: its folder, its disk, its unit, and the server if one runs.

use std::io::{Read as _, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::unit::Unit;
use super::{Options, facts, folder};
use crate::backup::{self, Failure};
use crate::health::process::Process;
use crate::health::{Facts, Finding, findings};
use crate::model::measure::Read;
use crate::store::{self, Inspector, OpenError};

/// How long the server may take to say how it does.
const PATIENCE: Duration = Duration::from_secs(5);
/// What it says of itself is shorter.
const ANSWER_BYTES: u64 = 1024 * 1024;

/// What was found, and what could not be looked at.
#[derive(Debug)]
pub struct Examined {
    /// The process that serves the folder; none if none does, or it is not told.
    pub process: Option<u32>,
    /// Whether one does.
    pub served: bool,
    /// What the owner should see to, the worst first.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and how it could.
    pub left_out: Vec<String>,
}

/// The process that serves a data folder.
pub fn serving(data: &Path) -> Option<u32> {
    folder::holder(data)
}

/// What the unit gives the service, if chatd is one, as variables of the environment.
pub fn unit_environment() -> Option<Vec<(String, String)>> {
    Some(Unit::installed()?.environment)
}

/// Looks at an instance. Nothing is changed, and nothing is made as root that would then not be its owner's.
pub fn examine(options: &Options) -> Examined {
    let mut facts = facts::of(options);
    let mut left_out = Vec::new();
    facts.served = folder::is_locked(&options.data);
    let process = serving(&options.data);
    match (process, Unit::installed()) {
        (Some(number), _) => facts::of_process(&mut facts, &Process::numbered(number)),
        (None, Some(unit)) => (facts.open_files, facts.tasks) = (unit.open_files, unit.tasks),
        (None, None) => {}
    }
    match options.certificate() {
        Ok(Some(_)) if facts.served => {
            left_out.push("what only the server knows, as it speaks TLS: see its health page".to_owned());
        }
        _ if facts.served => match ask(options.listen, "/metrics") {
            Some(page) => live(&mut facts, &page, ask(options.listen, "/api/rest/instance").as_deref()),
            None => left_out.push(format!("what only the server knows: {} does not answer here", options.listen)),
        },
        _ => {}
    }
    database(&mut facts, options, &mut left_out);
    Examined { process, served: facts.served, findings: findings(&facts), left_out }
}

/// What the database says, and the backups of its instance.
fn database(facts: &mut Facts, options: &Options, left_out: &mut Vec<String>) {
    let path = options.data.join(backup::DATABASE);
    let Ok(meta) = std::fs::metadata(&path) else {
        facts.empty = Some(options.data.display().to_string());
        return;
    };
    // Opening it makes files beside it.
    let user = rustix::process::geteuid();
    if user.as_raw() != meta.uid() {
        let owner = meta.uid();
        left_out.push(format!("the database and its backups: run this as its owner (sudo -u '#{owner}' chatd doctor)"));
        return;
    }
    let inspector = match Inspector::live(&path) {
        Ok(inspector) => inspector,
        Err(OpenError::Newer { found, .. }) => {
            facts.schema = Some((found, store::VERSION));
            return;
        }
        Err(error) => {
            facts.unreadable = Some(error.to_string());
            return;
        }
    };
    facts.schema = Some((inspector.version(), store::VERSION));
    // An older chatd's may lack what is counted; its next start brings it up to date.
    let Ok(census) = inspector.census() else { return };
    facts.clock.seen = Some(census.seen);
    facts.exposure.setup_required = Some(census.users == 0);
    let lived_s = inspector.lived_s().unwrap_or_default();
    facts.backups.instance_age_s = u64::try_from(lived_s).ok();
    let Some(folder) = options.backup_folder() else { return };
    match backup::list(&folder, Some(census.created_at)) {
        Ok(backups) => {
            let last = backups.last().map(|backup| lived_s.saturating_sub(backup.manifest.lived_s));
            facts.backups.age_s = last.and_then(|age_s| u64::try_from(age_s).ok());
        }
        Err(failure) => facts.backups.error = Some(unread(&failure)),
    }
}

fn unread(failure: &Failure) -> String {
    format!("the backups cannot be read: {failure}")
}

/// Asks the server, from this machine.
fn ask(listens: SocketAddr, path: &str) -> Option<String> {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let mut socket = TcpStream::connect_timeout(&(ip, listens.port()).into(), PATIENCE).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    socket.take(ANSWER_BYTES).read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

/// Adds what the server says of itself: its numbers, and what everybody may know.
fn live(facts: &mut Facts, page: &str, instance: Option<&str>) {
    let value = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse::<f64>().ok()
    };
    facts.writable = value("chatd_writable").map(|writable| writable > 0.0);
    facts.sync = commits(page).and_then(|read| Some((read.percentile(99)? as f64 / 1e6, read.count)));
    let given_up = page.lines().filter_map(|line| line.strip_prefix("chatd_giving_up{what=\"")?.strip_suffix("\"} 1"));
    facts.given_up = given_up.map(str::to_owned).collect();
    let instance = instance.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    // It may have been set otherwise since the start.
    if let Some(registration) = instance.as_ref().and_then(|instance| instance.get("registration")?.as_str()) {
        facts.exposure.open = registration == "open";
    }
    facts.exposure.setup_required = instance.and_then(|instance| instance.get("setup_required")?.as_bool());
}

/// The histogram of commits, in nanoseconds.
fn commits(page: &str) -> Option<Read> {
    let rest = |line: &str| line.strip_prefix("chatd_commit_duration_seconds_").map(str::to_owned);
    let mut read = Read { buckets: Vec::new(), count: 0, sum: 0, max: 0 };
    for line in page.lines().filter_map(rest) {
        let number = line.rsplit_once(' ')?.1.parse::<f64>().ok()?;
        if let Some(bound) = line.strip_prefix("bucket{le=\"").and_then(|rest| rest.split('"').next()) {
            // The last is `+Inf`, which is the count.
            let bound = bound.parse::<f64>().ok()?;
            if bound.is_finite() {
                read.buckets.push(((bound * 1e9) as u64, number as u64));
                read.max = (bound * 1e9) as u64;
            }
        } else if line.starts_with("count ") {
            read.count = number as u64;
        }
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::{Facts, commits, live};

    const PAGE: &str = "# TYPE chatd_writable gauge\nchatd_writable 1\nchatd_giving_up{what=\"typing\"} 1\n\
        chatd_giving_up{what=\"presence\"} 0\nchatd_commit_duration_seconds_bucket{le=\"0.1\"} 90\n\
        chatd_commit_duration_seconds_bucket{le=\"0.25\"} 200\nchatd_commit_duration_seconds_bucket{le=\"+Inf\"} 200\n\
        chatd_commit_duration_seconds_sum 9.5\nchatd_commit_duration_seconds_count 200\n";

    #[test]
    fn what_the_server_says_of_itself_is_understood() {
        let mut facts = Facts::default();
        live(&mut facts, PAGE, Some(r#"{"registration": "open", "setup_required": false}"#));
        assert_eq!((facts.writable, facts.exposure.setup_required), (Some(true), Some(false)));
        assert_eq!((facts.given_up, facts.exposure.open), (vec!["typing".to_owned()], true));
        let (p99_ms, count) = facts.sync.unwrap();
        assert!(count == 200 && (100.0..=250.0).contains(&p99_ms), "{p99_ms}");
    }

    #[test]
    fn nonsense_says_nothing() {
        let mut facts = Facts::default();
        live(&mut facts, "chatd_writable yes\nchatd_commit_duration_seconds_count many\n", Some("<html>"));
        assert!(facts.writable.is_none() && facts.sync.is_none() && facts.exposure.setup_required.is_none());
        assert!(commits("").is_some_and(|read| read.count == 0));
    }
}
