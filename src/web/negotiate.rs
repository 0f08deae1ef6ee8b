//! What the browser has already, and which form it wants.

use crate::net::Header;

/// Whether gzip is welcome (RFC 9110 §12.5.3): named with a weight above 0, or covered by `*`.
pub(super) fn accepts_gzip(headers: &[Header]) -> bool {
    let (mut named, mut any) = (None, None);
    for item in items(headers, "Accept-Encoding") {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let welcome = weight.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            named = Some(welcome);
        } else if coding == "*" {
            any = Some(welcome);
        }
    }
    named.or(any).unwrap_or(false)
}

/// Whether the browser holds this entity tag already (`If-None-Match`, weak comparison, RFC 9110 §13.1.2).
pub(super) fn has_already(headers: &[Header], tag: &str) -> bool {
    items(headers, "If-None-Match").any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

/// The items of a list field, which may stand in several lines.
fn items<'a>(headers: &'a [Header], name: &'static str) -> impl Iterator<Item = &'a str> {
    let fields = headers.iter().filter(move |header| header.field.equiv(name));
    fields.flat_map(|header| header.value.as_str().split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, values: &[&str]) -> Vec<Header> {
        values.iter().map(|value| Header::from_bytes(name, *value).unwrap()).collect()
    }

    #[test]
    fn gzip_is_sent_to_those_who_accept_it() {
        for accepting in ["gzip", "br, GZIP;q=0.5", "deflate, gzip ; q=1.0", "*", "br;q=1, *;q=0.1", "x-gzip"] {
            assert!(accepts_gzip(&fields("Accept-Encoding", &[accepting])), "{accepting}");
        }
        for refusing in ["", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzippy", "br;q=1.0", "gzip;q=much"] {
            assert!(!accepts_gzip(&fields("Accept-Encoding", &[refusing])), "{refusing}");
        }
        assert!(!accepts_gzip(&[]));
        assert!(accepts_gzip(&fields("accept-encoding", &["br", "gzip"])), "a list may stand in several lines");
    }

    #[test]
    fn an_entity_tag_is_recognised() {
        for known in ["\"a\"", "W/\"a\"", "\"x\", \"a\"", "*"] {
            assert!(has_already(&fields("If-None-Match", &[known]), "\"a\""), "{known}");
        }
        for unknown in ["a", "\"A\"", "\"ab\"", ""] {
            assert!(!has_already(&fields("If-None-Match", &[unknown]), "\"a\""), "{unknown}");
        }
    }
}
