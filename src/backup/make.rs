//! Makes a backup while others write: the database of one moment, then the files that it names.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use super::earlier::Earlier;
use super::folder::{self, Workshop, list, make_folder, sync};
use super::manifest::FORMAT;
use super::prove::{Depth, prove};
use super::sums::{self, SUMS};
use super::{Backup, DATABASE, FILES, Failure, KEY, Manifest, SharedWatch, Step};
use crate::media::{Disk, Part, file_name, hold};
use crate::model::{AttachmentId, Timestamp, limits};
use crate::store::Inspector;

/// A backup that is to be made.
pub struct Making<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The folder that it is to stand in; made if it is not there.
    pub into: &'a Path,
    /// Bytes to leave free on the disk; none is what suits it.
    pub reserve: Option<u64>,
    /// See `instance.lived_s`, if somebody knows it better than the database.
    pub lived_s: Option<i64>,
    /// Who waits.
    pub watch: SharedWatch,
}

/// What became of it.
#[derive(Debug)]
pub struct Made {
    /// The backup.
    pub backup: Backup,
    /// Files whose bytes were copied, as there is no link between disks.
    pub copied: u64,
}

/// Makes a backup and proves it.
///
/// # Errors
/// Why there is none; what was begun is removed, and earlier ones stay.
pub fn make(making: &Making<'_>) -> Result<Made, Failure> {
    let database = making.data.join(DATABASE);
    folder::is_there(making.data, &database)?;
    let workshop = Workshop::open(making.into)?;
    let made = build(making, &workshop);
    if made.is_err()
        && let Err(error) = workshop.clear()
    {
        log::warn!("what was begun of a backup is removed by the next: {error}");
    }
    made
}

fn build(making: &Making<'_>, workshop: &Workshop) -> Result<Made, Failure> {
    let part = workshop.part.as_path();
    make_folder(&part.join(FILES)).map_err(Failure::file(part))?;
    // Until the end nobody removes the bytes of a file that the database of then still names.
    let folder = making.data.join(FILES);
    let held = match hold::keep(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        other => Some(other.map_err(Failure::file(&folder))?),
    };
    let now = Timestamp::now();
    let mut manifest = copy_database(making, part)?;
    let earlier = list(making.into, Some(manifest.instance))?;
    manifest.made_at = now.to_string();
    manifest.number = earlier.last().map_or(0, |last| last.manifest.number).saturating_add(1);
    let key = part.join(KEY);
    std::fs::copy(making.data.join(KEY), &key).map_err(Failure::file(&key))?;
    sync(&key)?;

    let list_path = part.join(SUMS);
    let mut list = sums::Writer::create(&list_path).map_err(Failure::file(&list_path))?;
    for name in [DATABASE, KEY] {
        let sum = sums::of(&part.join(name), |_| making.watch.goes_on(Step::Proof, 0, 0))?;
        list.add(&sums::hex(&sum), name).map_err(Failure::file(&list_path))?;
    }
    let mut taking = Taking::new(making, part, earlier.last(), &mut list);
    taking.all(&mut manifest)?;
    let copied = taking.copied;
    drop(held);
    let sum = list.finish().map_err(Failure::file(&list_path))?;
    manifest.sums = sums::hex(&sum);
    manifest.write(part)?;
    [super::manifest::MANIFEST, FILES, "."].iter().try_for_each(|name| sync(&part.join(name)))?;
    prove(part, &manifest, Depth::Counts, &making.watch)?;
    let path = workshop.publish(now)?;
    Ok(Made { backup: Backup { path, manifest }, copied })
}

/// Copies the database as it is now; what the manifest has of it.
fn copy_database(making: &Making<'_>, part: &Path) -> Result<Manifest, Failure> {
    let source = making.data.join(DATABASE);
    let path = part.join(DATABASE);
    let watch = Arc::clone(&making.watch);
    let database = Inspector::live(&source)?.watched(move || watch.goes_on(Step::Proof, 0, 0));
    let database = database.map_err(Failure::database(&source))?;
    let bytes = database.bytes().map_err(Failure::database(&source))?;
    let no_room = || Failure::NoRoom(bytes, making.into.to_owned());
    let has_room = |wanted| Disk::of(part).is_ok_and(|disk| disk.has_room(wanted, making.reserve));
    if !has_room(bytes) {
        return Err(no_room());
    }
    let rows = database.rows().map_err(Failure::database(&source))?;
    let instance = database.created_at().map_err(Failure::database(&source))?;
    let lived_s = making.lived_s.map_or_else(|| database.lived_s(), Ok).map_err(Failure::database(&source))?;
    let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let copy = copy.map_err(Failure::file(&path))?;
    let failed = Cell::new(None);
    let copied = database.copy_to(&path, |done, all| {
        // A little at a time, so that no commit waits for hundreds of megabytes to reach the disk before it.
        if let Err(error) = copy.sync_data() {
            failed.set(Some(Failure::File(path.clone(), error)));
        } else if !has_room(0) {
            failed.set(Some(no_room()));
        } else {
            return making.watch.goes_on(Step::Database, done, all);
        }
        false
    });
    failed.into_inner().map_or(Ok(()), Err)?;
    copied.map_err(Failure::database(&path))?;
    copy.sync_all().map_err(Failure::file(&path))?;
    Ok(Manifest {
        format: FORMAT,
        number: 0,
        instance,
        made_at: String::new(),
        lived_s,
        chatd: env!("CARGO_PKG_VERSION").to_owned(),
        schema: database.version(),
        database_bytes: bytes,
        rows,
        files: 0,
        file_bytes: 0,
        missing_files: 0,
        sums: String::new(),
    })
}

/// Takes the files in that the database names.
struct Taking<'a> {
    making: &'a Making<'a>,
    part: &'a Path,
    list: &'a mut sums::Writer,
    /// The latest backup in the folder.
    earlier: Option<Earlier>,
    done: u64,
    all: u64,
    copied: u64,
}

impl<'a> Taking<'a> {
    fn new(making: &'a Making<'a>, part: &'a Path, earlier: Option<&'a Backup>, list: &'a mut sums::Writer) -> Self {
        // It only spares work: one that cannot be read is not used.
        let earlier = earlier.and_then(|backup| Earlier::open(&backup.path).ok());
        Self { making, part, list, earlier, done: 0, all: 0, copied: 0 }
    }

    fn all(&mut self, manifest: &mut Manifest) -> Result<(), Failure> {
        let path = self.part.join(DATABASE);
        let database = Inspector::sealed(&path)?;
        self.all = database.file_bytes().map_err(Failure::database(&path))?;
        let mut after = AttachmentId(-1);
        loop {
            let rows = database.files(after, limits::SWEEP_ROWS).map_err(Failure::database(&path))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows {
                let Some(bytes) = self.take(row.id, Part::Whole)? else {
                    manifest.missing_files += 1;
                    continue;
                };
                manifest.files += 1;
                manifest.file_bytes += bytes;
                if row.has_thumbnail {
                    manifest.file_bytes += self.take(row.id, Part::Thumbnail)?.unwrap_or(0);
                }
            }
        }
    }

    /// Takes one in; its bytes, if it is there.
    fn take(&mut self, id: AttachmentId, part: Part) -> Result<Option<u64>, Failure> {
        let name = file_name(id, part);
        let from = self.making.data.join(FILES).join(&name);
        let name = format!("{FILES}/{name}");
        let to = self.part.join(&name);
        let bytes = match std::fs::metadata(&from) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Failure::file(&from))?.len(),
        };
        let known = self.earlier.as_mut().and_then(|earlier| earlier.find(id, &name, bytes));
        let linked = std::fs::hard_link(&from, &to).is_ok()
            || known.as_ref().is_some_and(|(file, _)| std::fs::hard_link(file, &to).is_ok());
        let before = self.done;
        // What was summed up once keeps that sum: a file that rots is found by it.
        let sum = match known.filter(|_| linked) {
            Some((_, sum)) => sum,
            None if linked => self.pass(&from, None)?,
            None => {
                if !Disk::of(self.part).is_ok_and(|disk| disk.has_room(bytes, self.making.reserve)) {
                    return Err(Failure::NoRoom(bytes, self.making.into.to_owned()));
                }
                let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
                let mut copy = copy.map_err(Failure::file(&to))?;
                let sum = self.pass(&from, Some(&mut copy))?;
                copy.sync_all().map_err(Failure::file(&to))?;
                self.copied += 1;
                sum
            }
        };
        self.done = before.saturating_add(bytes);
        self.list.add(&sum, &name).map_err(Failure::file(&to))?;
        if self.making.watch.goes_on(Step::Files, self.done, self.all) {
            Ok(Some(bytes))
        } else {
            Err(Failure::Stopped)
        }
    }

    /// Reads a file, into `to` if there is one; its sum.
    fn pass(&mut self, from: &Path, to: Option<&mut File>) -> Result<String, Failure> {
        let file = File::open(from).map_err(Failure::file(from))?;
        let (watch, all, done) = (&self.making.watch, self.all, &mut self.done);
        let sum = sums::pass(file, to, |count| {
            *done = done.saturating_add(count);
            watch.goes_on(Step::Files, *done, all)
        });
        let sum = sum.map_err(Failure::file(from))?.ok_or(Failure::Stopped)?;
        Ok(sums::hex(&sum))
    }
}
