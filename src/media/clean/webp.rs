//! WebP (RFC 9649): chunks in a RIFF file. Its size and its flags stand at the start and are set at the end.

use std::io::{self, BufRead, Seek, SeekFrom, Write};

use super::{Found, array, copy, damaged, exif, head, skip};

const KEPT: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// In the flags: there are EXIF and XMP.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
/// Where the flags stand, if the first chunk has them.
const FLAGS_AT: u64 = 20;
/// EXIF that is read; more is thrown away unread.
const EXIF: u64 = 64 * 1024;
/// What of a chunk tells the picture's size.
const SIZE: u64 = 10;

pub(super) fn clean(input: &mut impl BufRead, output: &mut (impl Write + Seek)) -> io::Result<Found> {
    output.write_all(&array::<12>(input)?)?;
    let (mut size, mut flags, mut orientation, mut has_pixels) = (None, None, 1, false);
    loop {
        let start = array::<4>(input).and_then(|name| Ok((name, u64::from(u32::from_le_bytes(array(input)?)))));
        let (name, length) = match start {
            Ok(start) => start,
            // The end; or broken off: what is there can be shown.
            Err(error) if has_pixels && error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        };
        let padded = length + length % 2;
        match &name {
            b"EXIF" if orientation == 1 => {
                orientation = exif::orientation(&head(input, length, EXIF)?);
                skip(input, padded - length)?;
            }
            _ if KEPT.contains(&&name) => {
                let start = head(input, length.min(SIZE), SIZE)?;
                size = size.or_else(|| dimensions(&name, &start));
                if &name == b"VP8X" && flags.is_none() && !has_pixels {
                    flags = start.first().copied();
                }
                has_pixels |= matches!(&name, b"VP8 " | b"VP8L" | b"ANMF");
                output.write_all(&name)?;
                output.write_all(&u32::try_from(length).unwrap_or_default().to_le_bytes())?;
                output.write_all(&start)?;
                copy(input, output, padded.saturating_sub(SIZE.min(length)))?;
            }
            _ => drop(skip(input, padded)?),
        }
    }
    if let Some(flags) = flags {
        let exif = if orientation == 1 { 0 } else { HAS_EXIF };
        if orientation != 1 {
            output.write_all(b"EXIF\x1a\0\0\0")?;
            output.write_all(&exif::minimal(orientation))?;
        }
        output.seek(SeekFrom::Start(FLAGS_AT))?;
        output.write_all(&[flags & !(HAS_EXIF | HAS_XMP) | exif])?;
    } else {
        orientation = 1;
    }
    let end = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(4))?;
    output.write_all(&u32::try_from(end.saturating_sub(8)).map_err(|_| damaged())?.to_le_bytes())?;
    let (width, height) = size.ok_or_else(damaged)?;
    Found::new(width, height, orientation)
}

/// The size in pixels, as the first bytes of a chunk tell it.
fn dimensions(name: &[u8; 4], start: &[u8]) -> Option<(u32, u32)> {
    match (name, start) {
        (b"VP8X", [_, _, _, _, a, b, c, d, e, f]) => {
            Some((u32::from_le_bytes([*a, *b, *c, 0]) + 1, u32::from_le_bytes([*d, *e, *f, 0]) + 1))
        }
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d]) => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((side(*a, *b), side(*c, *d)))
        }
        (b"VP8L", [0x2f, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => None,
    }
}
