//! PNG (W3C, third edition): chunks. Kept are pixels, animation and what decides on colours.

use std::io::{self, BufRead, Write};

use super::{Found, array, copy, damaged, exif, head, skip};

const KEPT: [&[u8; 4]; 17] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
    b"cICP", b"acTL", b"fcTL", b"fdAT", b"mDCV",
];
/// EXIF that is read; more is thrown away unread.
const EXIF: u64 = 64 * 1024;

pub(super) fn clean(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Found> {
    output.write_all(&array::<8>(input)?)?;
    let (length, name) = (u32::from_be_bytes(array(input)?), array::<4>(input)?);
    let header = array::<13>(input)?;
    if (length, &name) != (13, b"IHDR") {
        return Err(damaged());
    }
    chunk(output, b"IHDR", &header)?;
    skip(input, 4)?;
    let (mut orientation, mut has_pixels) = (1, false);
    loop {
        let start =
            array::<4>(input).and_then(|length| Ok((u64::from(u32::from_be_bytes(length)), array::<4>(input)?)));
        let (length, name) = match start {
            Ok(start) => start,
            // Broken off: what is there can be shown.
            Err(error) if has_pixels && error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        };
        match &name {
            b"IEND" => {
                chunk(output, b"IEND", &[])?;
                break;
            }
            b"eXIf" if orientation == 1 => {
                orientation = exif::orientation(&head(input, length, EXIF)?);
                skip(input, 4)?;
                if orientation != 1 {
                    chunk(output, b"eXIf", &exif::minimal(orientation))?;
                }
            }
            _ if KEPT.contains(&&name) => {
                has_pixels |= &name == b"IDAT";
                output.write_all(&u32::try_from(length).unwrap_or_default().to_be_bytes())?;
                output.write_all(&name)?;
                copy(input, output, length + 4)?;
            }
            _ => drop(skip(input, length + 4)?),
        }
    }
    let [a, b, c, d, e, f, g, h, ..] = header;
    Found::new(u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]), orientation)
}

fn chunk(output: &mut impl Write, name: &[u8; 4], data: &[u8]) -> io::Result<()> {
    output.write_all(&u32::try_from(data.len()).unwrap_or_default().to_be_bytes())?;
    output.write_all(name)?;
    output.write_all(data)?;
    output.write_all(&checksum(name.iter().chain(data)).to_be_bytes())
}

/// CRC-32 as in PNG's annex D, for the few bytes of a chunk of ours.
fn checksum<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
