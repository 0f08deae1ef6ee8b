//! The one thing in EXIF that a picture needs: which way is up (CIPA DC-008, TIFF 6.0).

/// EXIF that holds nothing but an orientation: a TIFF file of one entry.
pub(super) fn minimal(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    if let Some(value) = tiff.get_mut(19) {
        *value = orientation;
    }
    tiff
}

/// The orientation in EXIF, with or without its `Exif\0\0` before: 1 (upright) to 8; 1 if it says none.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    read(tiff).filter(|value| (1..=8).contains(value)).and_then(|value| u8::try_from(value).ok()).unwrap_or(1)
}

fn read(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| -> Option<usize> {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }).ok()
    };
    let directory = long(4)?;
    let entries = usize::from(short(directory)?);
    let mut at = (0..entries).map(|entry| directory.saturating_add(2 + entry * 12));
    // Tag 0x0112, a single SHORT.
    let entry = at.find(|at| short(*at) == Some(0x0112) && short(at.saturating_add(2)) == Some(3))?;
    short(entry.saturating_add(8))
}

#[cfg(test)]
mod tests {
    use super::{minimal, orientation};

    #[test]
    fn orientations() {
        for value in 1..=8 {
            assert_eq!(orientation(&minimal(value)), value);
            assert_eq!(orientation(&[&b"Exif\0\0"[..], &minimal(value)].concat()), value);
        }
        let little = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(orientation(little), 6);
        for cut in 0..little.len() {
            orientation(&little[..cut]);
        }
        for bad in [&b""[..], b"Exif\0\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", &minimal(9)] {
            assert_eq!(orientation(bad), 1);
        }
    }
}
