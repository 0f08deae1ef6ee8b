//! Puts a backup in the place of what is in a data folder, which is kept aside.
//!
//! The backup is verified and copied whole into `restoring.part`, which becomes `restoring` when all of it is on disk.
//! From then on it goes one way: what is still in `restoring` takes the place of what stands there, and whoever locks
//! the folder next, be it the server, finishes what was cut off. The database comes last, behind the old one's log,
//! which must never meet it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::folder::{make_folder, remove_all, sync, unused};
use super::prove::{Depth, prove};
use super::sums::{self, SUMS};
use super::{DATABASE, FILES, Failure, KEY, Manifest, SharedWatch, Step};
use crate::media::Disk;
use crate::model::Timestamp;

const PART: &str = "restoring.part";
const WHOLE: &str = "restoring";
/// In there: the name of the folder for what is replaced.
const ASIDE: &str = "aside";
/// The database's own files, which go with it.
const BESIDE: [&str; 3] = ["chatd.db-wal", "chatd.db-shm", "chatd.db-journal"];

/// A backup that is to be restored.
pub struct Restoring<'a> {
    /// The data folder, which the caller has locked.
    pub data: &'a Path,
    /// The backup.
    pub from: &'a Path,
    /// Whether what is in the data folder may be put aside.
    pub replace: bool,
    /// Who waits.
    pub watch: SharedWatch,
}

/// What became of it.
#[derive(Debug)]
pub struct Restored {
    /// What was restored.
    pub manifest: Manifest,
    /// Where that is kept now which was there.
    pub aside: Option<PathBuf>,
}

/// Restores a backup.
///
/// # Errors
/// Why it cannot be; then nothing is changed. If it is cut off, the next start of chatd finishes it.
pub fn restore(restoring: &Restoring<'_>) -> Result<Restored, Failure> {
    let Restoring { data, from, replace, watch } = restoring;
    let manifest = Manifest::read(from)?;
    let is_occupied = is_there(&data.join(DATABASE)) || is_there(&data.join(KEY)) || has_entries(&data.join(FILES));
    if is_occupied && !replace {
        return Err(Failure::Occupied((*data).to_owned()));
    }
    prove(from, &manifest, Depth::Bytes, watch)?;
    let part = data.join(PART);
    remove_all(&part).map_err(Failure::file(&part))?;
    let copied = copy(restoring, &manifest, &part);
    if copied.is_err()
        && let Err(error) = remove_all(&part)
    {
        log::warn!("{} can be removed: {error}", part.display());
    }
    copied?;
    let whole = data.join(WHOLE);
    std::fs::rename(&part, &whole).map_err(Failure::file(&whole))?;
    sync(data)?;
    let aside = finish(data).map_err(Failure::file(data))?;
    Ok(Restored { manifest, aside })
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn has_entries(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Copies all that is listed, to disk. Files, which never change, are linked if they can be.
fn copy(restoring: &Restoring<'_>, manifest: &Manifest, part: &Path) -> Result<(), Failure> {
    let Restoring { data, from, watch, .. } = restoring;
    make_folder(&part.join(FILES)).map_err(Failure::file(part))?;
    let room = |wanted| match Disk::of(data) {
        Ok(disk) if disk.has_room(wanted, Some(0)) => Ok(()),
        Ok(_) => Err(Failure::NoRoom(wanted, (*data).to_owned())),
        Err(error) => Err(Failure::File((*data).to_owned(), error)),
    };
    room(manifest.database_bytes)?;
    let all = manifest.file_bytes.saturating_add(manifest.database_bytes);
    let mut done = 0_u64;
    let list = from.join(SUMS);
    for line in sums::lines(&list).map_err(Failure::file(&list))? {
        let line = line.map_err(Failure::file(&list))?;
        let (source, to) = (from.join(&line.name), part.join(&line.name));
        if line.name.starts_with(FILES) && std::fs::hard_link(&source, &to).is_ok() {
            continue;
        }
        let bytes = std::fs::metadata(&source).map_err(Failure::file(&source))?.len();
        room(bytes)?;
        let file = File::open(&source).map_err(Failure::file(&source))?;
        let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
        let mut copy = copy.map_err(Failure::file(&to))?;
        let sum = sums::pass(file, Some(&mut copy), |count| {
            done = done.saturating_add(count);
            watch.goes_on(Step::Files, done, all)
        });
        let sum = sum.map_err(Failure::file(&to))?.ok_or(Failure::Stopped)?;
        if sums::hex(&sum) != line.sum {
            return Err(Failure::Damaged(
                (*from).to_owned(),
                vec![format!("{} cannot be read twice alike", line.name)],
            ));
        }
        copy.sync_all().map_err(Failure::file(&to))?;
    }
    let aside = unused(data, "replaced-", Timestamp::now());
    let aside = aside.file_name().unwrap_or_default().as_encoded_bytes();
    std::fs::write(part.join(ASIDE), aside).map_err(Failure::file(part))?;
    [ASIDE, FILES, "."].iter().try_for_each(|name| sync(&part.join(name)))
}

/// Finishes a restore that was cut off, if one was; where that is now which it replaced. The caller has locked the
/// folder.
///
/// # Errors
/// What the file system says; it can be tried again.
pub fn finish(data: &Path) -> io::Result<Option<PathBuf>> {
    let whole = data.join(WHOLE);
    let aside = match std::fs::read_to_string(whole.join(ASIDE)) {
        Ok(name) => data.join(name),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Its note goes last but for the folder itself.
            return if is_there(&whole) { std::fs::remove_dir(&whole).map(|()| None) } else { Ok(None) };
        }
        Err(error) => return Err(error),
    };
    let put_aside = |name: &str| {
        if !is_there(&data.join(name)) {
            return Ok(());
        }
        make_folder(&aside)?;
        std::fs::rename(data.join(name), aside.join(name))
    };
    let sync = |folder: &Path| File::open(folder)?.sync_all();
    for name in [FILES, KEY, DATABASE] {
        // What is not in there any more has its place already.
        if !is_there(&whole.join(name)) {
            continue;
        }
        if name == DATABASE {
            BESIDE.iter().try_for_each(|name| put_aside(name))?;
            sync(data)?;
        }
        put_aside(name)?;
        std::fs::rename(whole.join(name), data.join(name))?;
        sync(data)?;
    }
    let kept = is_there(&aside).then_some(aside);
    if let Some(aside) = &kept {
        sync(aside)?;
    }
    std::fs::remove_file(whole.join(ASIDE))?;
    std::fs::remove_dir(&whole)?;
    sync(data)?;
    Ok(kept)
}
