//! JPEG (ITU T.81): segments, then scans. Kept is what decoding needs: JFIF's head, a colour profile, Adobe's mark.

use std::io::{self, BufRead, Write};

use super::{Found, array, byte, damaged, exif, head};

const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
/// The longest segment.
const SEGMENT: u64 = 65_533;

pub(super) fn clean(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Found> {
    output.write_all(&array::<2>(input)?)?;
    let (mut size, mut orientation, mut scans) = (None, 1, 0);
    let mut next = marker(input)?;
    loop {
        match next {
            Some(EOI) => break,
            // Broken off: what is there can be shown.
            None if scans > 0 => break,
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some(0x00..=0x01 | 0xd0..=0xd8) => return Err(damaged()),
            Some(code) => {
                let length = u64::from(u16::from_be_bytes(array(input)?));
                let payload = head(input, length.checked_sub(2).ok_or_else(damaged)?, SEGMENT)?;
                if payload.len() as u64 + 2 != length {
                    next = None;
                    continue;
                }
                match code {
                    0xe1 if payload.starts_with(b"Exif\0\0") && orientation == 1 => {
                        orientation = exif::orientation(&payload);
                        if orientation != 1 {
                            write(output, code, &[&b"Exif\0\0"[..], &exif::minimal(orientation)].concat())?;
                        }
                    }
                    0xe0 if payload.starts_with(b"JFIF\0") => {
                        // Without its own thumbnail, which may show what was cut away since.
                        let start = payload.get(..12).ok_or_else(damaged)?;
                        write(output, code, &[start, &[0, 0]].concat())?;
                    }
                    0xe0..=0xef | 0xfe if !is_needed(code, &payload) => {}
                    0xc0..=0xcf | 0xda..=0xdf | 0xe2 | 0xee => write(output, code, &payload)?,
                    _ => return Err(damaged()),
                }
                if matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc) {
                    size = size.or_else(|| dimensions(&payload));
                }
                if code == SOS {
                    scans += 1;
                    next = scan(input, output)?;
                } else {
                    next = marker(input)?;
                }
            }
        }
    }
    output.write_all(&[0xff, EOI])?;
    let (width, height) = size.ok_or_else(damaged)?;
    Found::new(width, height, orientation)
}

/// Whether an application's segment changes what one sees.
fn is_needed(code: u8, payload: &[u8]) -> bool {
    match code {
        0xe2 => payload.starts_with(b"ICC_PROFILE\0"),
        0xee => payload.starts_with(b"Adobe"),
        _ => false,
    }
}

fn dimensions(frame: &[u8]) -> Option<(u32, u32)> {
    let [_, high, low, left, right, ..] = frame else { return None };
    Some((u16::from_be_bytes([*left, *right]).into(), u16::from_be_bytes([*high, *low]).into()))
}

fn write(output: &mut impl Write, code: u8, payload: &[u8]) -> io::Result<()> {
    let length = u16::try_from(payload.len() + 2).map_err(|_| damaged())?;
    output.write_all(&[0xff, code])?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(payload)
}

/// The next marker; none at the end.
fn marker(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    match byte(input)? {
        None => Ok(None),
        Some(0xff) => code(input),
        Some(_) => Err(damaged()),
    }
}

/// What comes behind 0xff, which may stand many times.
fn code(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        match byte(input)? {
            Some(0xff) => {}
            other => return Ok(other),
        }
    }
}

/// Copies the bytes of a scan; the marker behind it.
fn scan(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Option<u8>> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let plain = bytes.iter().position(|byte| *byte == 0xff);
        let count = plain.unwrap_or(bytes.len());
        output.write_all(bytes.get(..count).unwrap_or_default())?;
        input.consume(count);
        if plain.is_some() {
            byte(input)?;
            match code(input)? {
                // A byte of data, or a mark to start afresh.
                Some(code @ (0x00 | 0xd0..=0xd7)) => output.write_all(&[0xff, code])?,
                other => return Ok(other),
            }
        }
    }
}
