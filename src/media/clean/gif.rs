//! GIF (GIF89a): blocks of sub-blocks. Kept are pictures, their timing, and how often they repeat.

use std::io::{self, BufRead, ErrorKind, Write};

use super::{Found, array, byte, copy, damaged};

const TRAILER: u8 = 0x3b;
const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

pub(super) fn clean(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Found> {
    let head = array::<13>(input)?;
    output.write_all(&head)?;
    let [_, _, _, _, _, _, a, b, c, d, flags, ..] = head;
    copy(input, output, colors(flags))?;
    let mut pictures = 0;
    loop {
        match block(input, output) {
            Ok(TRAILER) => break,
            Ok(IMAGE) => pictures += 1,
            Ok(_) => {}
            // Broken off: what is there can be shown.
            Err(error) if pictures > 0 && error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    output.write_all(&[TRAILER])?;
    Found::new(u16::from_le_bytes([a, b]).into(), u16::from_le_bytes([c, d]).into(), 1)
}

/// The bytes of a table of colours.
fn colors(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Copies a block, or leaves it out; what it was.
fn block(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<u8> {
    let kind = byte(input)?.ok_or(ErrorKind::UnexpectedEof)?;
    match kind {
        TRAILER => {}
        IMAGE => {
            let head = array::<9>(input)?;
            output.write_all(&[IMAGE])?;
            output.write_all(&head)?;
            let [.., flags] = head;
            // The colours, and the width of the first code.
            copy(input, output, colors(flags) + 1)?;
            sub_blocks(input, output, None)?;
        }
        EXTENSION => {
            let label = array::<1>(input)?;
            let first = sub_block(input)?;
            let is_kept = match label {
                [GRAPHIC_CONTROL] => true,
                [APPLICATION] => matches!(first.as_slice(), b"NETSCAPE2.0" | b"ANIMEXTS1.0"),
                _ => false,
            };
            if is_kept {
                output.write_all(&[EXTENSION])?;
                output.write_all(&label)?;
                sub_blocks(input, output, Some(first))?;
            } else if !first.is_empty() {
                sub_blocks(input, &mut io::sink(), None)?;
            }
        }
        _ => return Err(damaged()),
    }
    Ok(kind)
}

fn sub_block(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let length = byte(input)?.ok_or(ErrorKind::UnexpectedEof)?;
    let mut bytes = vec![0; usize::from(length)];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Copies sub-blocks up to the empty one; `first` was read already.
fn sub_blocks(input: &mut impl BufRead, output: &mut impl Write, first: Option<Vec<u8>>) -> io::Result<()> {
    let mut next = first;
    loop {
        let bytes = match next.take() {
            Some(bytes) => bytes,
            None => sub_block(input)?,
        };
        output.write_all(&[u8::try_from(bytes.len()).unwrap_or_default()])?;
        output.write_all(&bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
    }
}
