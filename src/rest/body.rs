//! Request bodies: from bytes to a checked request type, or an error that names the field.

use serde::de::DeserializeOwned;

use crate::model::{Code, Error, Result};
use crate::net::{Request, json};

/// A sentence longer than this quotes what was sent.
const DETAIL_BYTES: usize = 256;

/// Reads a body that must be there.
///
/// # Errors
/// 415 unless it is declared as JSON, 413 over `limit`, 400 for anything but a `T`.
pub fn read<T: DeserializeOwned>(request: &mut Request, limit: usize) -> Result<T> {
    check_media_type(request)?;
    parse(&request.read_body(limit)?)
}

/// Reads a body that may be left out: no bytes are `None`, and then need no `Content-Type`.
///
/// # Errors
/// As [`read`].
pub fn read_optional<T: DeserializeOwned>(request: &mut Request, limit: usize) -> Result<Option<T>> {
    if request.content_length == Some(0) {
        return Ok(None);
    }
    let declared = check_media_type(request);
    if request.content_length.is_some() {
        declared?;
        return parse(&request.read_body(limit)?).map(Some);
    }
    // A chunked body may turn out to be empty.
    let bytes = request.read_body(limit)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    declared?;
    parse(&bytes).map(Some)
}

fn check_media_type(request: &Request) -> Result<()> {
    let unsupported = || Error::new(Code::UnsupportedMediaType);
    if request.header("Content-Encoding").is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        return Err(Error::with_detail(Code::UnsupportedMediaType, "the body must not have a content coding"));
    }
    let declared = request.header("Content-Type").ok_or_else(unsupported)?;
    if is_json(declared) { Ok(()) } else { Err(unsupported()) }
}

/// `application/json`, in UTF-8 if a charset is named; other parameters mean nothing here (RFC 8259 §11).
fn is_json(declared: &str) -> bool {
    let mut parts = declared.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
                charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Turns the bytes of a body into what the route asks for.
///
/// # Errors
/// 400.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    json::check(bytes).map_err(without_quotes)?;
    // serde would read a struct from an array too, field by field.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Error::with_detail(Code::InvalidJson, "the body must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        field_error(&path, &error.into_inner().to_string())
    })
}

/// The check names a key that stands twice, however long it is.
fn without_quotes(error: Error) -> Error {
    if error.detail.len() <= DETAIL_BYTES { error } else { Error::new(error.code) }
}

/// A field's error in the contract's words. serde's own quote what was sent, at any length, and speak of Rust's types.
fn field_error(path: &str, message: &str) -> Error {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("missing field") {
        let name = quoted(message);
        let full = if path == "." { name } else { format!("{path}.{name}") };
        return Error::field(&full, "is missing");
    }
    let expected = message.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) if message.starts_with("unknown variant") => {
            let names: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
            Error::field(path, format_args!("must be one of {}", names.join(", ")))
        }
        Some(expected) if message.starts_with("invalid ") => {
            Error::field(path, format_args!("must be {}", in_words(expected)))
        }
        _ => Error::field(path, message),
    }
}

fn in_words(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number from 0",
        "a string" => "a string",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ => "of another type",
    }
}

#[cfg(test)]
mod tests {
    use super::{is_json, parse, read, read_optional};
    use crate::model::request::{
        ChannelPatch, Login, NewChannel, NewDm, NewInvite, NewMessage, Patch, Refresh, Register, ServerPatch, UserPatch,
    };
    use crate::model::{Code, Error};
    use crate::rest::tests::request;

    fn refused<T: serde::de::DeserializeOwned>(body: &str) -> Error {
        match parse::<T>(body.as_bytes()) {
            Ok(_) => panic!("taken: {body}"),
            Err(error) => error,
        }
    }

    #[test]
    fn media_types() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; x=y",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/problem+json",
            "application/jsonx",
            "application/json; charset=latin1",
            "*/*",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn a_body_is_declared_small_and_json_in_this_order() {
        let mut undeclared = request("POST", "/").with_body(&"x".repeat(99)).build();
        assert_eq!(read::<Login>(&mut undeclared, 9).unwrap_err().code, Code::UnsupportedMediaType);
        let mut large = request("POST", "/").with_json(&"x".repeat(99)).build();
        assert_eq!(read::<Login>(&mut large, 9).unwrap_err().code, Code::TooLarge);
        let mut empty = request("POST", "/").with_json("").build();
        assert_eq!(read::<Login>(&mut empty, 9).unwrap_err().code, Code::InvalidJson);
        let mut zipped = request("POST", "/").with_json("{}").with("Content-Encoding", "gzip").build();
        assert_eq!(read::<Refresh>(&mut zipped, 9).unwrap_err().code, Code::UnsupportedMediaType);
    }

    #[test]
    fn a_body_may_be_left_out_where_the_contract_says_so() {
        assert!(read_optional::<Refresh>(&mut request("POST", "/").build(), 9).unwrap().is_none());
        let mut chunked_and_empty = request("POST", "/").build();
        chunked_and_empty.content_length = None;
        assert!(read_optional::<Refresh>(&mut chunked_and_empty, 9).unwrap().is_none());
        let mut undeclared = request("POST", "/").with_body("{}").build();
        assert_eq!(read_optional::<Refresh>(&mut undeclared, 9).unwrap_err().code, Code::UnsupportedMediaType);
        let mut given = request("POST", "/").with_json("{}").build();
        assert!(read_optional::<Refresh>(&mut given, 9).unwrap().is_some());
    }

    #[test]
    fn bodies_that_are_no_json_object() {
        for bad in [
            "",
            "null",
            "1",
            "\"a\"",
            "[]",
            r#"["alice","long enough pass"]"#,
            "{} {}",
            r#"{"username":"a","username":"b"}"#,
        ] {
            assert_eq!(refused::<Login>(bad).code, Code::InvalidJson, "{bad}");
        }
    }

    #[test]
    fn errors_name_the_field_and_its_rule() {
        let password = "a-long-enough-one";
        let table = [
            (refused::<Register>("{}"), "username", "username is missing"),
            (refused::<Register>(r#"{"username":"alice"}"#), "password", "password is missing"),
            (
                refused::<Register>(r#"{"username":"a","password":"x"}"#),
                "username",
                "username must be 2 to 32 characters",
            ),
            (refused::<Register>(r#"{"username":7}"#), "username", "username must be a string"),
            (refused::<Register>(r#"{"username":null}"#), "username", "username must be a string"),
            (refused::<Login>(r#"{"username":"alice","password":["x"]}"#), "password", "password must be a string"),
            (
                refused::<Login>(&format!(r#"{{"username":"alice","password":"{password}","cookie":1}}"#)),
                "cookie",
                "cookie must be true or false",
            ),
            (refused::<NewMessage>(r#"{"content":{"a":1}}"#), "content", "content must be a string"),
            (
                refused::<NewChannel>(r#"{"name":"a","type":"voice at line 1"}"#),
                "type",
                "type must be one of text, category",
            ),
            (refused::<NewChannel>(r#"{"name":"a","parent_id":5}"#), "parent_id", "parent_id must be a string"),
            (
                refused::<NewDm>(r#"{"recipient_ids":["1","x"]}"#),
                "recipient_ids[1]",
                "recipient_ids[1] must be an ID: a decimal number in a string",
            ),
            (refused::<NewDm>(r#"{"recipient_ids":"1"}"#), "recipient_ids", "recipient_ids must be a list"),
            (
                refused::<NewInvite>(r#"{"max_uses":-1}"#),
                "max_uses",
                "max_uses must be a whole number from 0 to 4294967295",
            ),
            (
                refused::<NewInvite>(r#"{"expires_in":1.5}"#),
                "expires_in",
                "expires_in must be a whole number from 0 to 4294967295",
            ),
            (refused::<ServerPatch>(r#"{"name":null}"#), "name", "name must be a string"),
            (
                refused::<ChannelPatch>(r#"{"position":null}"#),
                "position",
                "position must be a whole number from 0 to 4294967295",
            ),
            (
                refused::<UserPatch>(r#"{"status":"away"}"#),
                "status",
                "status must be one of online, idle, dnd, invisible",
            ),
        ];
        for (error, field, detail) in table {
            assert_eq!((error.code, error.detail.as_str()), (Code::InvalidField, detail));
            assert_eq!(error.field.as_deref(), Some(field));
        }
    }

    #[test]
    fn null_clears_and_absence_leaves() {
        let patch: UserPatch = parse(br#"{"display_name":null,"unknown":[{}]}"#).unwrap();
        assert_eq!((patch.display_name, patch.bio), (Patch::Set(None), Patch::Keep));
    }

    #[test]
    fn what_was_sent_is_never_quoted_back() {
        let error = refused::<UserPatch>(&format!(r#"{{"status":"{}"}}"#, "secret".repeat(1000)));
        assert!(error.detail.len() < 200 && !error.detail.contains("secret"));
    }
}
