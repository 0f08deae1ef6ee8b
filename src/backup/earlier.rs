//! The latest backup in a folder, while the next one is made: it spares reading and copying what has not changed.

use std::io;
use std::path::{Path, PathBuf};

use super::FILES;
use super::sums::{self, Line, SUMS};
use crate::model::AttachmentId;

/// The files of a backup, walked through in the order of its list.
pub(super) struct Earlier {
    folder: PathBuf,
    lines: Box<dyn Iterator<Item = Line>>,
    /// One that is still to be asked for.
    next: Option<Line>,
}

impl Earlier {
    pub(super) fn open(backup: &Path) -> io::Result<Self> {
        let lines = sums::lines(&backup.join(SUMS))?.map_while(io::Result::ok);
        Ok(Self { folder: backup.to_owned(), lines: Box::new(lines), next: None })
    }

    /// The file of this name, if it has so many bytes, and its sum in hex. To be asked in the order of the IDs.
    pub(super) fn find(&mut self, id: AttachmentId, name: &str, bytes: u64) -> Option<(PathBuf, String)> {
        loop {
            let line = match self.next.take() {
                Some(line) => line,
                None => self.lines.next()?,
            };
            if line.name == name {
                let file = self.folder.join(&line.name);
                let is_same = std::fs::metadata(&file).is_ok_and(|meta| meta.len() == bytes);
                return is_same.then_some((file, line.sum));
            }
            if of(&line.name).is_some_and(|of| of > id) {
                self.next = Some(line);
                return None;
            }
        }
    }
}

/// The ID of a file by its line's name.
fn of(name: &str) -> Option<AttachmentId> {
    let name = name.strip_prefix(FILES)?.strip_prefix('/')?;
    AttachmentId::parse(name.split('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{AttachmentId, Earlier, SUMS};

    #[test]
    fn two_lists_are_walked_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let sum = |n: usize| format!("{n:064x}");
        let names = ["chatd.db", "key", "files/3", "files/3.thumbnail", "files/5", "files/70"];
        let list: String = names.iter().enumerate().map(|(n, name)| format!("{}  {name}\n", sum(n))).collect();
        std::fs::write(folder.path().join(SUMS), list).unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        ["3", "3.thumbnail", "5", "70"].iter().for_each(|name| {
            std::fs::write(folder.path().join("files").join(name), name).unwrap();
        });
        let mut earlier = Earlier::open(folder.path()).unwrap();
        let mut find = |id, name: &str| {
            let found = earlier.find(AttachmentId(id), &format!("files/{name}"), name.len() as u64);
            found.map(|(path, sum)| (path.strip_prefix(folder.path()).unwrap().to_owned(), sum))
        };
        assert_eq!(find(1, "1"), None);
        assert_eq!(find(3, "3"), Some((Path::new("files/3").to_owned(), sum(2))));
        assert_eq!(find(4, "4"), None);
        // A thumbnail that was passed over does not stop it.
        assert_eq!(find(5, "5"), Some((Path::new("files/5").to_owned(), sum(4))));
        assert_eq!(find(69, "69"), None);
        assert_eq!(find(70, "70"), Some((Path::new("files/70").to_owned(), sum(5))));
        assert_eq!(find(71, "71"), None);
        // Another length is another file.
        let mut earlier = Earlier::open(folder.path()).unwrap();
        assert_eq!(earlier.find(AttachmentId(5), "files/5", 2), None);
    }
}
