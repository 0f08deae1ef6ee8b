//! The bytes of files: on disk, looked into, cleaned, made smaller. Knows no SQL and no HTTP.
//!
//! A file is named by its ID alone. It comes as `ID.part`, is cleaned into `ID.clean`, and stands under its `ID` when all
//! of it is on disk: only then may there be a row of it. A thumbnail is `ID.thumbnail`.

mod clean;
mod decoder;
mod disk;
pub mod hold;
mod kind;
mod receive;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use decoder::Decoder;
pub use disk::Disk;
pub use hold::Hold;
pub use receive::{Incoming, Received};

use crate::model::{AttachmentId, Code, Error, Pressure, Result};

/// Everything that a file may be called on disk behind its ID.
const ENDINGS: [&str; 4] = ["", THUMBNAIL, PART, CLEAN];
const THUMBNAIL: &str = ".thumbnail";
const PART: &str = ".part";
const CLEAN: &str = ".clean";

/// Which of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The smaller picture.
    Thumbnail,
}

/// What a file is called in the folder.
pub fn file_name(id: AttachmentId, part: Part) -> String {
    match part {
        Part::Whole => id.to_string(),
        Part::Thumbnail => format!("{id}{THUMBNAIL}"),
    }
}

/// The folder of files, and the thread that decodes pictures.
pub struct Media {
    folder: PathBuf,
    /// Bytes that uploads leave on the disk; none: what suits the disk.
    reserve: Option<u64>,
    decoder: Decoder,
}

impl Media {
    /// Opens the folder, making it if need be. `reserve`: how many bytes uploads leave on its disk; none is what suits it.
    /// While `pressure` is high pictures are not decoded.
    ///
    /// # Errors
    /// If the folder cannot be made or there is no thread.
    pub fn open(folder: &Path, reserve: Option<u64>, pressure: Arc<Pressure>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned(), reserve, decoder: Decoder::start(pressure)? })
    }

    fn path(&self, id: AttachmentId, ending: &str) -> PathBuf {
        self.folder.join(format!("{id}{ending}"))
    }

    fn create(&self, id: AttachmentId, ending: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(self.path(id, ending))
    }

    /// Puts names on disk: a file that is synced may still be nowhere after a power cut if its folder is not.
    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// A file that is on disk, and how many bytes it has.
    ///
    /// # Errors
    /// If it is not there.
    pub fn read(&self, id: AttachmentId, part: Part) -> io::Result<(File, u64)> {
        let file = File::open(self.folder.join(file_name(id, part)))?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    /// Lets files be removed while the answer lives; none while somebody copies them.
    ///
    /// # Errors
    /// What the system says.
    pub fn clearing(&self) -> io::Result<Option<Hold>> {
        hold::alone(&self.folder)
    }

    /// Removes all that there is of a file.
    ///
    /// # Errors
    /// What the file system says, but for what is gone already.
    pub fn remove(&self, id: AttachmentId) -> io::Result<()> {
        for ending in ENDINGS {
            match std::fs::remove_file(self.path(id, ending)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what was on its way in when an earlier process ended, whose IDs are below `end`; the IDs of the rest that
    /// is below it, in no order, some twice.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn leftovers(&self, end: AttachmentId) -> io::Result<impl Iterator<Item = AttachmentId>> {
        let entries = std::fs::read_dir(&self.folder)?.filter_map(std::result::Result::ok);
        Ok(entries.filter_map(move |entry| {
            let name = entry.file_name();
            let (id, ending) = name.to_str().map(|name| name.split_at(name.find('.').unwrap_or(name.len())))?;
            let id = AttachmentId::parse(id).filter(|id| *id < end)?;
            if ending == PART || ending == CLEAN {
                let removed = std::fs::remove_file(entry.path());
                removed.unwrap_or_else(|error| log::warn!("what is left of an upload cannot be removed: {error}"));
            }
            Some(id)
        }))
    }

    /// Whether the disk can take `wanted` bytes more without touching the reserve.
    ///
    /// # Errors
    /// 503.
    pub fn has_room(&self, wanted: u64) -> Result<()> {
        let disk = Disk::of(&self.folder).map_err(Error::unavailable)?;
        if disk.has_room(wanted, self.reserve) { Ok(()) } else { Err(no_room()) }
    }
}

/// Uploads stop before all else does.
fn no_room() -> Error {
    let detail = "the server's disk has no room for more files; messages without files still work";
    Error { retry_after_s: Some(60), ..Error::with_detail(Code::Unavailable, detail) }
}
