//! Proves a backup: opens it, checks it, and counts what is in it against its manifest.

use std::path::Path;
use std::sync::Arc;

use super::sums::{self, SUMS};
use super::{DATABASE, FILES, Failure, Manifest, SharedWatch, Step};
use crate::media::{Part, file_name};
use crate::model::{AttachmentId, limits};
use crate::store::Inspector;

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The whole database; of files that they are there and how large they are.
    Counts,
    /// Every byte.
    Bytes,
}

/// Says what is wrong with a backup, if something is.
pub(super) fn prove(backup: &Path, manifest: &Manifest, depth: Depth, watch: &SharedWatch) -> Result<(), Failure> {
    let mut findings = Vec::new();
    // First, as only a schema of ours is worth reading on.
    database(backup, manifest, watch, &mut findings)?;
    let list = backup.join(SUMS);
    let sum = sums::of(&list, |_| watch.goes_on(Step::Proof, 0, 0));
    match sum {
        Ok(sum) if manifest.has_sums(&sum) => {}
        Ok(_) => findings.push(format!("{SUMS} is not the list that was made with it")),
        Err(Failure::File(_, error)) => findings.push(format!("{SUMS}: {error}")),
        Err(other) => return Err(other),
    }
    if findings.is_empty() && depth == Depth::Bytes {
        bytes(backup, manifest, watch, &mut findings)?;
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::Damaged(backup.to_owned(), findings)) }
}

fn database(
    backup: &Path,
    manifest: &Manifest,
    watch: &SharedWatch,
    findings: &mut Vec<String>,
) -> Result<(), Failure> {
    let path = backup.join(DATABASE);
    let asked = Arc::clone(watch);
    let database = Inspector::sealed(&path)?.watched(move || asked.goes_on(Step::Proof, 0, 0));
    let database = database.map_err(Failure::database(&path))?;
    findings.extend(database.integrity().map_err(Failure::database(&path))?);
    if !findings.is_empty() {
        return Ok(());
    }
    findings.extend(database.foreign_keys().map_err(Failure::database(&path))?);
    let length = std::fs::metadata(&path).map_err(Failure::file(&path))?.len();
    if (database.version(), length) != (manifest.schema, manifest.database_bytes) {
        findings.push(format!("{DATABASE} has {length} bytes instead of {}", manifest.database_bytes));
    }
    let rows = database.rows().map_err(Failure::database(&path))?;
    if rows != manifest.rows {
        let differs = |(table, rows): (&String, &u64)| {
            let expected = manifest.rows.get(table).filter(|expected| *expected != rows)?;
            Some(format!("{table} has {rows} rows instead of {expected}"))
        };
        findings.push(rows.iter().find_map(differs).unwrap_or_else(|| "its tables are others".to_owned()));
    }
    files(&database, backup, manifest, watch, findings)
}

/// Counts the files that the database names.
fn files(
    database: &Inspector,
    backup: &Path,
    manifest: &Manifest,
    watch: &SharedWatch,
    findings: &mut Vec<String>,
) -> Result<(), Failure> {
    let folder = backup.join(FILES);
    let length = |id, part| std::fs::metadata(folder.join(file_name(id, part))).ok().map(|meta| meta.len());
    let (mut count, mut bytes, mut missing) = (0_u64, 0_u64, 0_u64);
    let mut after = AttachmentId(-1);
    loop {
        let rows = database.files(after, limits::SWEEP_ROWS).map_err(Failure::database(backup))?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in rows {
            match length(row.id, Part::Whole) {
                Some(whole) => {
                    let thumbnail = row.has_thumbnail.then(|| length(row.id, Part::Thumbnail)).flatten();
                    count += 1;
                    bytes = bytes.saturating_add(whole).saturating_add(thumbnail.unwrap_or(0));
                }
                None => missing += 1,
            }
        }
        if !watch.goes_on(Step::Files, bytes, manifest.file_bytes) {
            return Err(Failure::Stopped);
        }
    }
    let expected = (manifest.files, manifest.file_bytes, manifest.missing_files);
    if (count, bytes, missing) != expected {
        findings.push(format!(
            "it has {count} files of {bytes} bytes, {missing} are missing, instead of {} of {}, {} missing",
            expected.0, expected.1, expected.2
        ));
    }
    Ok(())
}

/// Reads everything that is listed.
fn bytes(backup: &Path, manifest: &Manifest, watch: &SharedWatch, findings: &mut Vec<String>) -> Result<(), Failure> {
    let all = manifest.file_bytes.saturating_add(manifest.database_bytes);
    let mut done = 0_u64;
    let list = backup.join(SUMS);
    for line in sums::lines(&list).map_err(Failure::file(&list))? {
        let line = line.map_err(Failure::file(&list))?;
        let sum = sums::of(&backup.join(&line.name), |count| {
            done = done.saturating_add(count);
            watch.goes_on(Step::Files, done, all)
        });
        match sum {
            Ok(sum) if sums::hex(&sum) == line.sum => {}
            Ok(_) => findings.push(format!("{} has changed since", line.name)),
            Err(Failure::File(_, error)) => findings.push(format!("{}: {error}", line.name)),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
