//! The file against the document, and the document against the table, the errors and itself.

use std::collections::HashSet;

use serde_json::Value;

use super::schemas::Schemas;
use super::source::{document, document_with, operation};
use crate::model::{Code, limits};
use crate::rest::routes::ROUTES;

/// What the program carries.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rest/openapi/openapi.json");

#[test]
fn the_file_says_what_the_table_and_its_types_say() {
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("CHATD_TEST_WRITE").is_some() {
        // The program that this test is in still carries the one before.
        std::fs::write(FILE, text).unwrap();
        return;
    }
    let as_it_should_be = super::text().unwrap() == text;
    assert!(as_it_should_be, "CHATD_TEST_WRITE=1 cargo test --lib openapi writes src/rest/openapi/openapi.json anew");
}

#[test]
fn what_is_filled_in_is_what_would_be_made() {
    for (base, password_min) in [("", limits::PASSWORD_MIN), ("/chat", limits::PASSWORD_MIN), ("", 10), ("/a/b", 64)] {
        let mut filled = document();
        super::fill_in(&mut filled, base, password_min);
        assert!(filled == document_with(base, password_min), "{base:?}, {password_min}");
    }
    assert!(document_with("/a", 64) != document_with("/a", 65) && document_with("/a", 64) != document_with("/b", 64));
}

fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = HashSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_row_of_the_table_is_there_with_all_its_parameters() {
    let document = document();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            operations += 1;
            let declared: HashSet<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["in"] == "path")
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            let named: HashSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(declared, named, "{path}");
            let statuses = operation["responses"].as_object().unwrap();
            assert!(statuses.keys().any(|status| status.starts_with('2')));
            let has = |status: &str| statuses.contains_key(status);
            let takes_body = operation["requestBody"]["content"].get("application/json").is_some();
            assert!(!takes_body || (has("400") && has("413") && has("415")), "{path}");
            assert!(named.is_empty() || has("404"), "{path}");
        }
    }
    assert_eq!(operations, ROUTES.len());
}

#[test]
fn what_goes_in_and_out_looks_the_same() {
    let mut schemas = Schemas::new();
    for route in ROUTES {
        operation(route, &mut schemas, &Value::Null);
    }
    let (requests, answers) = (schemas.requests.definitions(), schemas.answers.definitions());
    for (name, schema) in requests {
        assert!(answers.get(name).is_none_or(|other| other == schema), "{name}");
    }
}

#[test]
fn what_may_be_left_out_is_not_required() {
    let document = document_with("/chat", 12);
    assert_eq!(document["servers"][0]["url"], "/chat");
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Register"]["required"], serde_json::json!(["username", "password"]));
    assert_eq!(schemas["Register"]["properties"]["password"]["minLength"], 12);
    assert!(schemas["UserPatch"].get("required").is_none());
    let signed_in = schemas["SignedIn"]["required"].as_array().unwrap();
    assert!(signed_in.contains(&"user".into()) && !signed_in.contains(&"refresh_token".into()));
}

/// It is unpacked on a connection's thread, of which it shall leave most.
#[test]
fn a_connections_stack_carries_it() {
    let stack = crate::model::limits::CONNECTION_STACK / 2;
    let thread =
        std::thread::Builder::new().stack_size(stack).spawn(|| super::document_with("/chat", 12).unwrap().to_string());
    assert!(thread.unwrap().join().unwrap().len() > 10_000);
}

/// 426 is the gateway's, which is no REST.
#[test]
fn every_error_code_is_documented() {
    let text = document().to_string();
    for code in Code::ALL.iter().filter(|code| **code != Code::UpgradeRequired) {
        assert!(text.contains(&format!("\"{}\"", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn every_limited_operation_says_how_often() {
    let document = document();
    for route in ROUTES {
        let verb = format!("{:?}", route.verb).to_lowercase();
        let operation = &document["paths"][route.full_path()][verb];
        let limited = operation["responses"]["429"].is_object();
        assert_eq!(operation["description"].is_string(), limited, "{}", route.name);
    }
}
