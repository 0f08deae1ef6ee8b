//! Says how a data folder, or a backup, is: plainly, for people.

use std::path::Path;
use std::sync::Arc;

use super::folder::{self, list};
use super::prove::{Depth, prove};
use super::{DATABASE, FILES, Failure, Manifest, SharedWatch, Step};
use crate::media::{Part, file_name};
use crate::model::{AttachmentId, limits};
use crate::store::{Inspector, VERSION};

/// Missing files that are named.
const NAMED: usize = 10;

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub subject: &'static str,
    /// How that is.
    pub finding: String,
    /// Whether something is wrong.
    pub is_fault: bool,
}

impl Line {
    fn well(subject: &'static str, finding: String) -> Self {
        Self { subject, finding, is_fault: false }
    }

    fn fault(subject: &'static str, finding: String) -> Self {
        Self { subject, finding, is_fault: true }
    }

    /// What is wrong, or that nothing is.
    fn of(subject: &'static str, findings: Vec<String>, well: impl FnOnce() -> String) -> Vec<Self> {
        if findings.is_empty() {
            return vec![Self::well(subject, well())];
        }
        findings.into_iter().map(|finding| Self::fault(subject, finding)).collect()
    }
}

/// Checks a data folder, also while it is served; `backups` is where its backups are.
///
/// # Errors
/// If there is nothing to check, or it cannot be read.
pub fn check(data: &Path, backups: Option<&Path>, watch: &SharedWatch) -> Result<Vec<Line>, Failure> {
    let path = data.join(DATABASE);
    folder::is_there(data, &path)?;
    let failed = || Failure::database(&path);
    let database = match Inspector::live(&path) {
        Err(error) if error.is_damage() => return Ok(vec![Line::fault("database", error.to_string())]),
        other => other?,
    };
    let asked = Arc::clone(watch);
    let database = database.watched(move || asked.goes_on(Step::Proof, 0, 0)).map_err(failed())?;
    let integrity = database.integrity().map_err(failed())?;
    if !integrity.is_empty() {
        // What else it says would be no use.
        return Ok(Line::of("database", integrity, String::new));
    }
    let rows = database.rows().map_err(failed())?;
    let count = |table: &str| rows.get(table).copied().unwrap_or(0);
    let mut report = vec![Line::well(
        "database",
        format!(
            "ok, schema version {}: {} messages, {} users, {} servers",
            database.version(),
            count("messages"),
            count("users"),
            count("servers")
        ),
    )];
    if database.version() < VERSION {
        report.push(Line::well("", format!("the next start brings its schema up to version {VERSION}")));
    }
    let strays = database.foreign_keys().map_err(failed())?;
    report.extend(Line::of("foreign keys", strays, || "ok".to_owned()));
    if let Some(index) = database.search_index().map_err(failed())? {
        let mut faults = Vec::new();
        if index.missing > 0 {
            faults.push(format!("{} messages cannot be found by searching", index.missing));
        }
        if index.stray > 0 {
            faults.push(format!("it has {} messages that are not there", index.stray));
        }
        let waiting = count("messages").saturating_sub(index.messages);
        let well = || format!("ok: {} messages in it, {waiting} still to come into it", index.messages);
        report.extend(Line::of("search index", faults, well));
    }
    report.extend(files(&database, data, watch)?);
    let instance = database.created_at().map_err(failed())?;
    drop(database);
    report.extend(backups.map(|folder| last_backup(folder, instance)).transpose()?);
    Ok(report)
}

fn files(database: &Inspector, data: &Path, watch: &SharedWatch) -> Result<Vec<Line>, Failure> {
    let path = data.join(DATABASE);
    let folder = data.join(FILES);
    let length = |id, part| std::fs::metadata(folder.join(file_name(id, part))).ok().map(|meta| meta.len());
    let (mut present, mut bytes, mut faults) = (0_u64, 0_u64, Vec::new());
    let all = database.file_bytes().map_err(Failure::database(&path))?;
    let mut after = AttachmentId(-1);
    loop {
        let rows = database.files(after, limits::SWEEP_ROWS).map_err(Failure::database(&path))?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in rows {
            let whole = length(row.id, Part::Whole);
            let has_thumbnail = !row.has_thumbnail || length(row.id, Part::Thumbnail).is_some();
            match whole {
                Some(length) if length == row.size && has_thumbnail => {
                    present += 1;
                    bytes = bytes.saturating_add(length);
                }
                // It may have been deleted since.
                _ if !is_named_now(&path, row.id)? => {}
                Some(length) if length != row.size => {
                    faults.push(format!("{FILES}/{} has {length} bytes instead of {}", row.id, row.size));
                }
                Some(_) => faults.push(format!("{FILES}/{} is missing", file_name(row.id, Part::Thumbnail))),
                None => faults.push(format!("{FILES}/{} is missing", row.id)),
            }
        }
        if !watch.goes_on(Step::Files, bytes, all) {
            return Err(Failure::Stopped);
        }
    }
    let left = leftovers(&path, &folder)?;
    let count = faults.len();
    let mut report = vec![Line::well(
        "files",
        format!("{present} present ({}), {count} missing or wrong, {left} left over", mebibytes(bytes)),
    )];
    if left > 0 {
        report
            .push(Line::well("", "what is left over is removed when nobody needs it, or at the next start".to_owned()));
    }
    report.extend(faults.into_iter().take(NAMED).map(|fault| Line::fault("files", fault)));
    if count > NAMED {
        report.push(Line::fault("files", format!("and {} more", count - NAMED)));
    }
    Ok(report)
}

/// Whether a row names the file, now rather than at the moment that is being checked.
fn is_named_now(path: &Path, id: AttachmentId) -> Result<bool, Failure> {
    let now = Inspector::live(path)?;
    let rows = now.files(AttachmentId(id.0.saturating_sub(1)), 1).map_err(Failure::database(path))?;
    Ok(rows.first().is_some_and(|row| row.id == id))
}

/// Counts what no row names: of uploads that were cut off, or that are coming in.
fn leftovers(path: &Path, folder: &Path) -> Result<u64, Failure> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(0) };
    let database = Inspector::live(path)?;
    let mut left = 0;
    for entry in entries {
        let name = entry.map_err(Failure::file(folder))?.file_name();
        let id = name.to_str().and_then(|name| AttachmentId::parse(name.split('.').next().unwrap_or_default()));
        let is_known = id.map(|id| database.knows_file(id)).transpose().map_err(Failure::database(path))?;
        left += u64::from(is_known == Some(false));
    }
    Ok(left)
}

fn last_backup(folder: &Path, instance: i64) -> Result<Line, Failure> {
    let backups = list(folder, Some(instance))?;
    let finding = match backups.last() {
        Some(last) => format!(
            "{} in {}, the last one {} with {} messages",
            backups.len(),
            folder.display(),
            last.path.file_name().unwrap_or_default().display(),
            last.manifest.rows_of("messages")
        ),
        None => format!("none in {}", folder.display()),
    };
    Ok(Line::well("backups", finding))
}

/// Checks every byte of a backup.
///
/// # Errors
/// If it is none, or cannot be read.
pub fn check_backup(backup: &Path, watch: &SharedWatch) -> Result<Vec<Line>, Failure> {
    let manifest = Manifest::read(backup)?;
    match prove(backup, &manifest, Depth::Bytes, watch) {
        Err(Failure::Damaged(_, findings)) => Ok(Line::of("backup", findings, String::new)),
        Err(Failure::Open(error)) if error.is_damage() => Ok(vec![Line::fault("database", error.to_string())]),
        Err(other) => Err(other),
        Ok(()) => {
            let mut report = vec![
                Line::well("backup", format!("ok: made {} by chatd {}", manifest.made_at, manifest.chatd)),
                Line::well(
                    "database",
                    format!(
                        "ok, schema version {}: {} messages, {} users, {} servers",
                        manifest.schema,
                        manifest.rows_of("messages"),
                        manifest.rows_of("users"),
                        manifest.rows_of("servers")
                    ),
                ),
                Line::well("files", format!("{} ({}), as they were", manifest.files, mebibytes(manifest.file_bytes))),
            ];
            if manifest.missing_files > 0 {
                report.push(Line::well("", format!("{} were missing already", manifest.missing_files)));
            }
            Ok(report)
        }
    }
}

/// Bytes for people.
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}
