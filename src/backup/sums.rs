//! `SHA256SUMS`: a line for each file of a backup, as `sha256sum` writes them. Files stand in the order of their IDs,
//! so that two lists are walked side by side, whatever their length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use hmac_sha256::Hash;

use super::Failure;

/// The list's file.
pub(super) const SUMS: &str = "SHA256SUMS";
/// Read and written at once, in bytes: what copying takes of memory.
const BUFFER_BYTES: usize = 128 * 1024;

/// A SHA-256 hash.
pub(super) type Sum = [u8; 32];

/// In lower-case hex.
pub(super) fn hex(sum: &Sum) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads all of `from`, into `to` if there is one; its sum. `goes_on` is asked now and then, with the bytes since.
pub(super) fn pass(
    mut from: impl Read,
    mut to: Option<&mut File>,
    mut goes_on: impl FnMut(u64) -> bool,
) -> io::Result<Option<Sum>> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut hash = Hash::new();
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(Some(hash.finalize())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        hash.update(bytes);
        if let Some(to) = &mut to {
            to.write_all(bytes)?;
        }
        if !goes_on(count as u64) {
            return Ok(None);
        }
    }
}

/// The sum of a file.
pub(super) fn of(path: &Path, goes_on: impl FnMut(u64) -> bool) -> Result<Sum, Failure> {
    let file = File::open(path).map_err(Failure::file(path))?;
    pass(file, None, goes_on).map_err(Failure::file(path))?.ok_or(Failure::Stopped)
}

/// A list that is being written.
pub(super) struct Writer {
    file: BufWriter<File>,
    hash: Hash,
}

impl Writer {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(File::create_new(path)?), hash: Hash::new() })
    }

    pub(super) fn add(&mut self, sum: &str, name: &str) -> io::Result<()> {
        let line = format!("{sum}  {name}\n");
        self.hash.update(&line);
        self.file.write_all(line.as_bytes())
    }

    /// Puts it on disk; its own sum.
    pub(super) fn finish(self) -> io::Result<Sum> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(self.hash.finalize())
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In hex.
    pub(super) sum: String,
    /// Below the backup's folder.
    pub(super) name: String,
}

/// The lines of a list.
pub(super) fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>> + use<>> {
    let lines = BufReader::new(File::open(path)?).lines();
    Ok(lines.map(|line| {
        let line = line?;
        let (sum, name) = line.split_once("  ").ok_or(io::ErrorKind::InvalidData)?;
        // What is outside of the backup is none of its business.
        let is_inside = !name.starts_with('/') && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let is_sum = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_inside || !is_sum {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Line { sum: sum.to_owned(), name: name.to_owned() })
    }))
}
