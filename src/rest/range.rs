//! `Range` (RFC 9110 §14.2): a single range of bytes. Several at once, or what is no range, mean the whole.

use std::ops::Range;

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that it does not have: 416.
    Nothing,
}

/// Reads the field for a file of `size` bytes.
pub fn wanted(field: Option<&str>, size: u64) -> Wanted {
    let Some(range) = field.and_then(parse) else { return Wanted::Whole };
    let part = match range {
        (Some(first), last) => first..last.map_or(size, |last| last.saturating_add(1).min(size)),
        (None, Some(count)) => size.saturating_sub(count)..size,
        (None, None) => return Wanted::Whole,
    };
    if part.is_empty() { Wanted::Nothing } else { Wanted::Part(part) }
}

fn parse(field: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = field.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| match text {
        "" => Some(None),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(text.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    let (first, last) = (number(first)?, number(last)?);
    let is_backwards = first.zip(last).is_some_and(|(first, last)| last < first);
    (unit.trim().eq_ignore_ascii_case("bytes") && !is_backwards).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, wanted};

    #[test]
    fn single_ranges() {
        for (field, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..10),
            ("Bytes=2-5", 2..6),
            ("bytes=9-99", 9..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=0-99999999999999999999", 0..10),
        ] {
            assert_eq!(wanted(Some(field), 10), Wanted::Part(part), "{field}");
        }
        for field in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(wanted(Some(field), 10), Wanted::Nothing, "{field}");
        }
        for field in
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "bytes=a-b", "lines=0-1", "bytes=+1-2"]
        {
            assert_eq!(wanted(Some(field), 10), Wanted::Whole, "{field}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }
}
