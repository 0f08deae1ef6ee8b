//! JSON from outside, checked before anything is made of it: nesting, duplicate keys, U+0000.
//!
//! serde_json itself refuses what is not JSON (NaN, 1e999, lone surrogates, bytes behind the value); its own nesting
//! limit of 128 overflows small stacks, so nesting is counted before it runs.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::model::{Code, Error, Result, limits};

/// Checks that `bytes` are one JSON value that is safe to take apart.
///
/// # Errors
/// 400 `invalid_json`, saying what is wrong.
pub fn check(bytes: &[u8]) -> Result<()> {
    let wrong = |what: &dyn fmt::Display| Error::with_detail(Code::InvalidJson, format!("not valid JSON: {what}"));
    if depth(bytes) > limits::JSON_DEPTH {
        return Err(wrong(&format_args!("nested deeper than {} levels", limits::JSON_DEPTH)));
    }
    serde_json::from_slice::<Checked>(bytes).map(drop).map_err(|error| wrong(&error))
}

/// How deep arrays and objects are nested, without recursion.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A value that was looked through and forgotten.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Check)
    }
}

struct Check;

impl<'de> Visitor<'de> for Check {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Checked, E> {
        if text.contains('\0') { Err(E::custom("U+0000 in a string")) } else { Ok(Checked) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        while items.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Checked, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom("U+0000 in a key"));
            }
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice")));
            }
            keys.insert(key);
            entries.next_value::<Checked>()?;
        }
        Ok(Checked)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_is_safe_passes() {
        for good in
            ["{}", "null", " [1, -2.5e3, true, \"\\ud83d\\ude00\", {\"a\": {\"b\": []}}] ", "\"[[[[[[[[[[[[[[[[[[[[\""]
        {
            check(good.as_bytes()).unwrap();
        }
        check(format!("{}{}", "[".repeat(16), "]".repeat(16)).as_bytes()).unwrap();
    }

    #[test]
    fn what_is_hostile_does_not() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        for bad in [
            "",
            " ",
            "{",
            "{} {}",
            "nul",
            "NaN",
            "1e999",
            "-",
            "01",
            "{\"a\":1,}",
            "[1,]",
            "'a'",
            "{a:1}",
            "\"\u{1}\"",
            "{\"a\":1,\"a\":2}",
            "{\"x\":{\"a\":1,\"\\u0061\":2}}",
            "\"\\u0000\"",
            "{\"\\u0000\":1}",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            &deep(17),
            &deep(200_000),
            &"{\"a\":".repeat(100_000),
            "\u{feff}{}",
        ] {
            assert!(check(bad.as_bytes()).is_err(), "{:.40}", bad);
        }
        assert!(check(b"\"\xff\"").is_err() && check(b"\"\xed\xa0\x80\"").is_err());
    }
}
