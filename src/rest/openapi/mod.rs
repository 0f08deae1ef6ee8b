//! The OpenAPI 3.1 document. A test makes it from the route table and its types (`source.rs`) and fails where
//! `openapi.json` says otherwise; the program carries that file and fills in what an instance may have otherwise.

mod described;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod source;
#[cfg(test)]
mod tests;

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

pub use self::described::{Described, SchemaOf};
use crate::model::{Error, Result};

/// `openapi.json`, as `build.rs` compresses it.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.gz"));

/// Where passwords are chosen: their minimum is an option of the owner's, so the types do not know it.
const CHOSEN_PASSWORDS: [&str; 3] = [
    "/components/schemas/Register/properties/password",
    "/components/schemas/ChangePassword/properties/new_password",
    "/components/schemas/ResetPassword/properties/new_password",
];

/// The document for an instance at the root whose options are as they come: the file, to be read.
pub fn text() -> std::io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut text)?;
    Ok(text)
}

/// The document for an instance under `base` (empty, or like `/chat`) that asks for passwords of `password_min`
/// characters.
pub fn document_with(base: &str, password_min: usize) -> Result<Value> {
    let text = text().map_err(|error| Error::internal(format!("the document is damaged: {error}")))?;
    let mut document = serde_json::from_str(&text).map_err(Error::internal)?;
    fill_in(&mut document, base, password_min);
    Ok(document)
}

/// What differs between instances.
fn fill_in(document: &mut Value, base: &str, password_min: usize) {
    for chosen in CHOSEN_PASSWORDS {
        if let Some(schema) = document.pointer_mut(chosen).and_then(Value::as_object_mut) {
            schema.insert("minLength".to_owned(), json!(password_min));
        }
    }
    if !base.is_empty()
        && let Some(document) = document.as_object_mut()
    {
        document.insert("servers".to_owned(), json!([{"url": base}]));
    }
}
