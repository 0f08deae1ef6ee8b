//! What follows from the facts: one pure function for each thing that may be the matter.

use super::report::Severity::{Error, Notice, Warning};
use super::{Facts, Finding, Severity};
use crate::model::Timestamp;

type Rule = fn(&Facts) -> Option<Finding>;

/// Every rule.
const RULES: &[Rule] = &[
    empty,
    unreadable,
    newer,
    unwritable,
    full,
    nearly_full,
    clock_behind,
    foreign,
    backups_off,
    backup_failing,
    backup_old,
    backups_beside,
    slow_disk,
    log_large,
    late,
    memory,
    open_files,
    tasks,
    rate_limits_off,
    registration_open,
    setup_required,
    no_public_url,
    plain_http,
    certificate_ends,
    loopback_only,
    stopped,
];

/// A backup is made every day; half a day more is patience.
const BACKUP_OLD_S: u64 = 36 * 3600;
/// Commits that a judgement of the disk needs.
const COMMITS: u64 = 100;
/// A commit may take so long; a person notices more.
const SLOW_MS: f64 = 100.0;
/// The log is cleared from 4 MB on, when nobody reads what is in it: ten times that is none of its moods.
const LOG_BYTES: u64 = 64 * 1024 * 1024;
/// Uploads and backups stop at the reserve; the owner hears of it when twice as much is left.
const NEARLY: u64 = 2;
/// Percent of a minute in which something waited for memory.
const STALLED: f64 = 10.0;
/// Connections and what else needs a descriptor, or a thread: the unit's numbers for 10,000 connections.
const SPARE: u64 = 100;
/// A given certificate is renewed weeks before it ends; our own at the first start in its last 60 days.
const ENDS_DAYS: i64 = 14;
const DAY_MS: i64 = 86_400_000;
/// No chatd is older than this: a clock that says an earlier day is wrong.
const FIRST_DAY: &str = "2026-11-01T00:00:00Z";
/// IDs, which tell the latest time that was seen, are reserved a minute ahead; clocks are also set by hand.
const BEHIND_MS: i64 = 10 * 60_000;

/// What the owner should know, the worst first.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<_> = RULES.iter().filter_map(|rule| rule(facts)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn found(
    severity: Severity,
    code: &'static str,
    text: impl Into<String>,
    advice: impl Into<String>,
) -> Option<Finding> {
    Some(Finding { severity, code, text: text.into(), advice: advice.into() })
}

/// Bytes for people.
fn said(bytes: u64) -> String {
    const GB: u64 = 1_000_000_000;
    if bytes >= 10 * GB { format!("{} GB", bytes / GB) } else { format!("{} MB", bytes / 1_000_000) }
}

fn empty(facts: &Facts) -> Option<Finding> {
    let folder = facts.empty.as_ref().filter(|_| !facts.served)?;
    let advice = "name the folder that is meant (--data or CHATD_DATA); the first start makes what is not there";
    found(Warning, "no_data", format!("there is no database in {folder}"), advice)
}

fn unreadable(facts: &Facts) -> Option<Finding> {
    let why = facts.unreadable.as_ref()?;
    let advice = "'chatd check' says more, and 'chatd restore --replace BACKUP' brings a backup back";
    found(Error, "database_unreadable", format!("the database cannot be read: {why}"), advice)
}

fn newer(facts: &Facts) -> Option<Finding> {
    let (version, known) = facts.schema.filter(|(version, known)| version > known)?;
    found(
        Error,
        "database_newer",
        format!("the data is of version {version}, and this chatd knows up to {known}: a newer chatd wrote it"),
        "install that chatd or a later one; the way back is a backup from before the update",
    )
}

fn unwritable(facts: &Facts) -> Option<Finding> {
    facts.writable.filter(|writable| !writable && !facts.room.short)?;
    let advice = "look at the journal for why; if the disk is read-only or broken, restore the last backup on another";
    found(Error, "not_writable", "writing fails: nobody can send anything", advice)
}

fn full(facts: &Facts) -> Option<Finding> {
    facts.room.short.then_some(())?;
    let advice = "delete what else is on the disk, or move to a larger one; deleting messages and files still works";
    found(Error, "disk_full", "the disk is full: messages wait until there is room", advice)
}

fn nearly_full(facts: &Facts) -> Option<Finding> {
    let (free, all) = facts.room.disk.filter(|_| !facts.room.short)?;
    (free < facts.room.reserve.saturating_mul(NEARLY)).then_some(())?;
    let (free, all, reserve) = (said(free), said(all), said(facts.room.reserve));
    found(
        Warning,
        "disk_nearly_full",
        format!("{free} of the disk's {all} are free; at {reserve} uploads and backups stop"),
        "make room: keep fewer backups (--backup-keep) or elsewhere (--backups), or move to a larger disk",
    )
}

fn clock_behind(facts: &Facts) -> Option<Finding> {
    let now = facts.clock.now?;
    let first = Timestamp::parse(FIRST_DAY)?;
    let seen = facts.clock.seen.filter(|seen| seen.0.saturating_sub(now.0) > BEHIND_MS);
    let why = match seen {
        Some(seen) => format!("it was {seen} once"),
        None if now < first => "chatd is younger than that".to_owned(),
        None => return None,
    };
    found(
        Warning,
        "clock_behind",
        format!("the clock says {now}, but {why}: times of messages are wrong, and certificates may seem to be"),
        "set the clock: 'timedatectl' says whether it is synchronised; a Raspberry Pi needs a network for it, or a battery",
    )
}

fn foreign(facts: &Facts) -> Option<Finding> {
    let (owner, path) = facts.foreign.as_ref()?;
    found(
        Error,
        "foreign_files",
        format!("{path} is not of user {owner}, whose the data folder is: chatd may fail on it"),
        format!("chown it to user {owner}, and run commands as that user (sudo -u '#{owner}' chatd …)"),
    )
}

fn backups_off(facts: &Facts) -> Option<Finding> {
    facts.backups.folder.is_none().then_some(())?;
    let advice = "name a folder on another disk (--backups), unless something else saves the data";
    found(Warning, "backups_off", "no backups are made", advice)
}

fn backup_failing(facts: &Facts) -> Option<Finding> {
    let (folder, why) = (facts.backups.folder.as_ref()?, facts.backups.error.as_ref()?);
    found(
        Error,
        "backup_failing",
        format!("the last backup into {folder} failed: {why}"),
        "mend that; it is tried again every hour, and 'chatd backup' tries at once",
    )
}

fn backup_old(facts: &Facts) -> Option<Finding> {
    let folder = facts.backups.folder.as_ref()?;
    let (code, text) = match (facts.backups.age_s, facts.backups.instance_age_s) {
        (Some(age_s), _) if age_s > BACKUP_OLD_S => {
            ("backup_old", format!("the last backup in {folder} is {} hours old", age_s / 3600))
        }
        (None, Some(age_s)) if age_s > BACKUP_OLD_S => ("backup_never", format!("there is no backup in {folder}")),
        _ => return None,
    };
    found(Warning, code, text, "'chatd backup' makes one now; while chatd serves it makes one every day")
}

fn backups_beside(facts: &Facts) -> Option<Finding> {
    let (data, backups) = (facts.device.as_ref()?, facts.backups.device.as_ref()?);
    facts.backups.folder.as_ref().filter(|_| data.is_same(backups))?;
    let advice = "put them on another disk, such as a USB stick (--backups), or copy the folder away every day";
    found(
        Notice,
        "backups_on_same_disk",
        "the backups are on the disk that the data is on: they would die with it",
        advice,
    )
}

fn slow_disk(facts: &Facts) -> Option<Finding> {
    let (p99_ms, _) = facts.sync.filter(|(p99_ms, count)| *count >= COMMITS && *p99_ms > SLOW_MS)?;
    let is_card = facts.device.as_ref().is_some_and(|device| device.is_card);
    let text = format!("of 100 writes one takes {p99_ms:.0} ms or more until it is on disk");
    let (text, advice) = if is_card {
        (
            format!("{text}; the data is on an SD card"),
            "use a card of class A2, or better an SSD: 'chatd bench' measures it",
        )
    } else {
        (
            text,
            "see what else writes to the disk ('iotop'), and whether it is about to fail ('smartctl'); 'chatd bench' measures it",
        )
    };
    found(Warning, "disk_slow", text, advice)
}

fn log_large(facts: &Facts) -> Option<Finding> {
    let log = facts.room.log.filter(|log| *log > LOG_BYTES)?;
    found(
        Warning,
        "log_large",
        format!(
            "the database's write-ahead log has {}: something reads it for long, and it cannot be cleared",
            said(log)
        ),
        "end what else has the database open (a backup, 'sqlite3', litestream); a restart clears it",
    )
}

fn late(facts: &Facts) -> Option<Finding> {
    facts.given_up.first()?;
    let what = facts.given_up.join(", ");
    let advice = "wait; if it comes back, the disk or the machine is too slow for what is written: see 'chatd bench'";
    found(Warning, "writes_late", format!("writes are late, and meanwhile given up are: {what}"), advice)
}

fn memory(facts: &Facts) -> Option<Finding> {
    let percent = facts.memory_stalled.filter(|percent| *percent >= STALLED)?;
    found(
        Warning,
        "memory_short",
        format!("in {percent:.0} % of the last minute something had to wait for memory"),
        "end what else runs on the machine, or lower --connections",
    )
}

fn open_files(facts: &Facts) -> Option<Finding> {
    let most = facts.open_files.filter(|most| *most < facts.connections.saturating_add(SPARE))?;
    too_few(facts, "open_files_few", "file descriptors", most, "LimitNOFILE")
}

fn tasks(facts: &Facts) -> Option<Finding> {
    let most = facts.tasks.filter(|most| *most < facts.connections.saturating_add(SPARE))?;
    too_few(facts, "tasks_few", "threads", most, "TasksMax")
}

fn too_few(facts: &Facts, code: &'static str, what: &str, most: u64, setting: &str) -> Option<Finding> {
    let connections = facts.connections;
    found(
        Warning,
        code,
        format!("{connections} connections are allowed, but only {most} {what}: each connection needs one"),
        format!("raise {setting} of the service ('systemctl edit chatd'), or lower --connections"),
    )
}

fn rate_limits_off(facts: &Facts) -> Option<Finding> {
    (facts.exposure.listen.is_some() && !facts.exposure.rate_limits).then_some(())?;
    let severity = if facts.exposure.is_loopback() && !facts.exposure.is_public() { Warning } else { Error };
    let advice = "leave --rate-limits out: off is for tests only";
    found(
        severity,
        "rate_limits_off",
        "rates are not limited: passwords can be guessed as fast as the machine allows",
        advice,
    )
}

fn registration_open(facts: &Facts) -> Option<Finding> {
    (facts.exposure.open && facts.exposure.is_public()).then_some(())?;
    let advice = "let in only whom somebody has invited (--registration invite), unless that is what you want";
    found(Warning, "registration_open", "everybody on the internet may make an account", advice)
}

fn setup_required(facts: &Facts) -> Option<Finding> {
    facts.exposure.setup_required.filter(|required| *required)?;
    let advice = "make it now, in a browser; the set-up code that it may ask for was printed at the start \
                  ('journalctl -u chatd')";
    found(Notice, "setup_required", "there is no account yet: the first becomes the administrator", advice)
}

fn no_public_url(facts: &Facts) -> Option<Finding> {
    (facts.exposure.proxies && facts.exposure.public_url.is_empty()).then_some(())?;
    let advice = "say where people reach it (--public-url): invites, cookies and the gateway's origin follow from it";
    found(
        Warning,
        "no_public_url",
        "a proxy is trusted, but no public URL is set: what the proxy says is believed",
        advice,
    )
}

fn plain_http(facts: &Facts) -> Option<Finding> {
    let url = &facts.exposure.public_url;
    (url.starts_with("http://") && facts.exposure.is_public_name()).then_some(())?;
    let advice = "use https: chatd speaks TLS itself (--tls-cert, --tls-key), or a proxy does";
    found(
        Warning,
        "plain_http",
        format!("people come by {url}: whoever is between reads passwords and messages"),
        advice,
    )
}

fn certificate_ends(facts: &Facts) -> Option<Finding> {
    let (now, ends) = (facts.clock.now?, facts.exposure.certificate_ends?);
    let days = ends.0.saturating_sub(now.0).div_euclid(DAY_MS);
    (days < ENDS_DAYS).then_some(())?;
    let advice = if facts.exposure.self_signed {
        "restart chatd: it makes another one ('systemctl restart chatd')"
    } else {
        "renew it and reload ('systemctl reload chatd'); see why nothing does so by itself ('certbot renew --dry-run')"
    };
    let date = ends.to_string();
    let date = date.split('T').next().unwrap_or_default();
    if days < 0 {
        found(Error, "certificate_ended", format!("the certificate ended on {date}: browsers refuse it"), advice)
    } else {
        found(Warning, "certificate_ends", format!("the certificate ends on {date}, in {days} days"), advice)
    }
}

fn loopback_only(facts: &Facts) -> Option<Finding> {
    let exposure = &facts.exposure;
    (exposure.is_service && exposure.is_loopback() && !exposure.proxies && exposure.public_url.is_empty())
        .then_some(())?;
    let advice = "listen on all addresses (--listen [::]:8080), or set up a proxy and trust it (--trusted-proxies)";
    found(Warning, "loopback_only", "it listens on this machine alone: nobody else reaches it", advice)
}

fn stopped(facts: &Facts) -> Option<Finding> {
    (!facts.served && facts.empty.is_none()).then_some(())?;
    let advice = "start it ('systemctl start chatd'); if it does not stay up, 'journalctl -u chatd' says why";
    found(
        if facts.exposure.is_service { Warning } else { Notice },
        "not_running",
        "no chatd serves this folder",
        advice,
    )
}

#[cfg(test)]
mod tests;
