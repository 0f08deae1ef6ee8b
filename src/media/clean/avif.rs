//! AVIF (ISO/IEC 23000-22): boxes that point into each other. It is looked at but not rewritten.

use std::io::{self, BufRead};

use super::{Found, array, damaged, head, skip};

/// Boxes are looked into up to here; one that is larger may hide anything.
const BOX: u64 = 1024 * 1024;
/// Any of these names in a box of descriptions says that there may be metadata: EXIF, XMP, user data.
const METADATA: [&[u8]; 4] = [b"Exif", b"rdf+xml", b"udta", b"uuid"];

pub(super) fn look(input: &mut impl BufRead) -> io::Result<Found> {
    let (mut size, mut metadata) = (None, false);
    while !input.fill_buf()?.is_empty() {
        let short = u64::from(u32::from_be_bytes(array(input)?));
        let name = array::<4>(input)?;
        let length = match short {
            // To the end of the file.
            0 => u64::MAX,
            1 => u64::from_be_bytes(array(input)?).checked_sub(16).ok_or_else(damaged)?,
            _ => short.checked_sub(8).ok_or_else(damaged)?,
        };
        if &name == b"mdat" {
            skip(input, length)?;
            continue;
        }
        let bytes = head(input, length, BOX)?;
        let has = |word: &&[u8]| bytes.windows(word.len()).any(|window| window == *word);
        metadata |= length > BOX || METADATA.iter().any(has) || METADATA.contains(&&name[..]);
        let sizes = bytes.windows(16).filter_map(dimensions);
        size = sizes.chain(size).max_by_key(|(width, height)| u64::from(*width) * u64::from(*height));
    }
    let (width, height) = size.ok_or_else(damaged)?;
    Ok(Found { metadata, ..Found::new(width, height, 1)? })
}

/// The size in pixels, if this is an `ispe` box from its name on.
fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let [b'i', b's', b'p', b'e', 0, 0, 0, 0, a, b, c, d, e, f, g, h] = bytes else { return None };
    Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])))
}
