//! What the first bytes of a file say.

/// A raster image that browsers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Png,
    Jpeg,
    Gif,
    WebP,
    Avif,
}

/// So many bytes are enough to tell.
pub(super) const SNIFFED_BYTES: usize = 64;

impl Kind {
    /// What a file that begins so is; none if no picture.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [a, b, c, d, b'f', b't', b'y', b'p', brands @ ..] => {
                // The main brand, a version, and those that it is compatible with.
                let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                let brands = brands.get(..length.saturating_sub(8).min(brands.len())).unwrap_or_default();
                let is_avif = |brand: &[u8]| matches!(brand, b"avif" | b"avis");
                brands.chunks_exact(4).any(is_avif).then_some(Self::Avif)
            }
            _ => None,
        }
    }

    /// Its media type.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
        }
    }
}
