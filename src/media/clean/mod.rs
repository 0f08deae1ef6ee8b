//! Takes out of a picture what is no picture: where it was taken, by whom, with what; and whatever somebody put behind
//! its end. What is left is copied as it is, without decoding, in constant memory; the way up is kept.
//!
//! Only what is known to be harmless is kept, so that a kind of metadata that nobody thought of goes too.

mod avif;
mod exif;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};

use super::kind::Kind;

/// What a picture says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// In pixels, as it is to be shown.
    pub(super) width: u32,
    pub(super) height: u32,
    /// How it must be turned to be shown, as EXIF counts: 1 is not at all.
    pub(super) orientation: u8,
    /// Whether it may tell more than what one sees.
    pub(super) metadata: bool,
}

impl Found {
    /// A picture whose rows of pixels are so long and so many.
    fn new(width: u32, height: u32, orientation: u8) -> io::Result<Self> {
        if width == 0 || height == 0 {
            return Err(damaged());
        }
        // From 5 on it lies on its side.
        let (width, height) = if orientation >= 5 { (height, width) } else { (width, height) };
        Ok(Self { width, height, orientation, metadata: false })
    }
}

/// Writes what may be shown of a picture to `output`, which nothing is written to for AVIF. Pictures that break off
/// are good as far as they go.
///
/// # Errors
/// `InvalidData` or `UnexpectedEof` if it is no picture after all; what the disk says.
pub(super) fn clean(kind: Kind, input: &File, output: Option<&File>) -> io::Result<Found> {
    let input = &mut BufReader::new(input);
    let Some(output) = output else { return avif::look(input) };
    let mut output = BufWriter::new(output);
    let found = match kind {
        Kind::Png => png::clean(input, &mut output),
        Kind::Jpeg => jpeg::clean(input, &mut output),
        Kind::Gif => gif::clean(input, &mut output),
        Kind::WebP => webp::clean(input, &mut output),
        Kind::Avif => avif::look(input),
    }?;
    output.flush()?;
    Ok(found)
}

/// Whether an error says that a picture is none, rather than that the disk is broken.
pub(super) fn is_damaged(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

fn damaged() -> io::Error {
    ErrorKind::InvalidData.into()
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next byte; none at the end.
fn byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    let next = input.fill_buf()?.first().copied();
    input.consume(usize::from(next.is_some()));
    Ok(next)
}

/// Copies `count` bytes; whether there were so many.
fn copy(input: &mut impl Read, output: &mut impl Write, count: u64) -> io::Result<bool> {
    Ok(io::copy(&mut input.take(count), output)? == count)
}

fn skip(input: &mut impl Read, count: u64) -> io::Result<bool> {
    copy(input, &mut io::sink(), count)
}

/// Reads `count` bytes, of which at most `most` are kept: a declared length allocates nothing.
fn head(input: &mut impl Read, count: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(count.min(most)).read_to_end(&mut bytes)?;
    skip(input, count.saturating_sub(most))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
