//! What a file is called, where it is fetched, and what kind of thing it is.

use super::{AttachmentId, limits, percent};

/// The name of an uploaded file: one line, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Cuts path parts and what turns the direction of writing (it makes `exe.gpj` of `jpg.exe`); refuses the rest that
    /// is no name. The error is the rest of a sentence that begins with the field's name.
    ///
    /// # Errors
    /// For control characters, more than [`limits::FILE_NAME_BYTES`], and what is empty or only dots.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters".to_owned());
        }
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let name: String = last.chars().filter(|c| !turns(*c)).collect();
        let name = name.trim();
        if name.chars().all(|c| c == '.') {
            return Err("must name a file".to_owned());
        }
        if name.len() > limits::FILE_NAME_BYTES {
            return Err(format!("must be at most {} bytes", limits::FILE_NAME_BYTES));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a file is fetched, below `/files/`.
pub fn place(id: AttachmentId, secret: &str, name: &str) -> String {
    format!("{id}/{secret}/{}", percent::encode(name))
}

/// Where a picture's thumbnail is fetched, below `/files/`.
pub fn thumbnail_place(id: AttachmentId, secret: &str) -> String {
    format!("{id}/{secret}/thumbnail/preview")
}

/// The raster images that browsers show and nothing in which can run.
pub const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// What a file is if nothing better is known.
pub const OCTETS: &str = "application/octet-stream";

/// The type of a file of which its bytes say that it is no picture: as declared (RFC 9110 §8.3.1, without parameters),
/// if that is well-formed and does not claim a picture.
pub fn declared_type(declared: Option<&str>) -> String {
    let essence = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| {
        let is_in_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&b);
        !part.is_empty() && part.bytes().all(is_in_token)
    };
    let is_type = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    let fits = essence.len() <= limits::MEDIA_TYPE_BYTES;
    if is_type && fits && !PICTURES.contains(&essence.as_str()) { essence } else { OCTETS.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{FileName, OCTETS, declared_type};

    #[test]
    fn names_have_no_path_and_no_tricks() {
        for (given, name) in [
            ("cat.png", "cat.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cat.png", "cat.png"),
            (" \"a\"; b='c'.txt ", "\"a\"; b='c'.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("猫 ❤.png", "猫 ❤.png"),
            (".bashrc", ".bashrc"),
        ] {
            assert_eq!(FileName::parse(given).unwrap().as_str(), name);
        }
        let long = "x".repeat(256);
        for bad in ["", " ", ".", "..", "a/", "a/..", "\u{202e}", "a\r\nb", "a\0", "\u{7f}", &long] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_declared_type_is_well_formed_and_no_picture() {
        for (given, kept) in [
            ("Text/Plain; charset=utf-8", "text/plain"),
            ("image/svg+xml", "image/svg+xml"),
            ("audio/ogg", "audio/ogg"),
            ("image/png", OCTETS),
            ("text", OCTETS),
            ("text/", OCTETS),
            ("*/*", OCTETS),
            ("a/b/c", OCTETS),
            ("a b/c", OCTETS),
            (&format!("a/{}", "b".repeat(126)), OCTETS),
            ("", OCTETS),
        ] {
            assert_eq!(declared_type(Some(given)), kept, "{given}");
        }
        assert_eq!(declared_type(None), OCTETS);
    }
}
