//! What comes back: the answers that a row names, and every error that follows from it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::model::Code;
use crate::rest::route::{Access, Answer, RATE_FIELDS, Rate, Route};

/// Errors that may answer any request, from the network edge or when the server is in trouble.
pub(super) const ALWAYS: [Code; 9] = [
    Code::BadRequest,
    Code::MethodNotAllowed,
    Code::RequestTimeout,
    Code::TargetTooLong,
    Code::HeadTooLarge,
    Code::Internal,
    Code::NotImplemented,
    Code::Unavailable,
    Code::VersionNotSupported,
];

const PROBLEM: &str = "application/problem+json";

/// The answers of a route, good and bad, by status.
pub(super) fn responses(route: &Route, schemas: &mut Schemas, problem: &Value) -> Value {
    let mut responses = Map::new();
    for answer in route.answers.iter().flatten() {
        responses.insert(answer.status.to_string(), success(route, answer, schemas));
    }
    for (status, codes) in errors(route) {
        // What every path shares is described once, unless this one has more reasons for the same status.
        let shared = codes.iter().all(|code| ALWAYS.contains(code));
        let response = match codes.first() {
            Some(code) if shared => json!({"$ref": format!("#/components/responses/{code:?}")}),
            _ => failure(status, &codes, route.rate != Rate::Free, problem),
        };
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

fn success(route: &Route, answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut names = Vec::new();
    if route.rate != Rate::Free {
        names.extend(RATE_FIELDS);
    }
    if route.paged {
        names.push("Link");
    }
    if route.sets_cookie {
        names.push("Set-Cookie");
    }
    let mut response = json!({"description": answer.meaning, "headers": header_refs(&names)});
    if let (Some((media_type, schema)), Some(response)) = (answer.content, response.as_object_mut()) {
        let schema = match schema {
            Some(schema) => (schema.make)(&mut schemas.answers).to_value(),
            None if media_type == "application/json" => json!({"type": "object"}),
            None => json!({"type": "string"}),
        };
        response.insert("content".to_owned(), json!({media_type: {"schema": schema}}));
    }
    response
}

/// Every error that the row can lead to, by status.
fn errors(route: &Route) -> BTreeMap<u16, Vec<Code>> {
    let mut codes: Vec<Code> = ALWAYS.to_vec();
    if route.access == Access::SignedIn {
        codes.extend([Code::Unauthenticated, Code::TokenExpired]);
    }
    if route.parameters().next().is_some() {
        codes.push(Code::NotFound);
    }
    if route.body.is_some_and(|body| body.is_raw) {
        codes.extend([Code::InvalidField, Code::TooLarge]);
    } else if route.body.is_some() {
        codes.extend([Code::InvalidJson, Code::InvalidField, Code::TooLarge, Code::UnsupportedMediaType]);
    } else if !route.query.is_empty() {
        codes.push(Code::InvalidField);
    }
    // Whoever waits for argon2 behind too many others is sent away as well, but only on counted routes.
    if route.rate != Rate::Free {
        codes.push(Code::RateLimited);
    }
    // A DM's recipient is the one object that a body names and that can be hidden; its path has a parameter anyway.
    codes.extend(route.errors);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let same = by_status.entry(code.status()).or_default();
        if !same.contains(&code) {
            same.push(code);
        }
    }
    by_status
}

fn failure(status: u16, codes: &[Code], limited: bool, problem: &Value) -> Value {
    let mut names = match status {
        401 => vec!["WWW-Authenticate"],
        405 => vec!["Allow"],
        429 | 503 => vec!["Retry-After"],
        _ => Vec::new(),
    };
    if limited && status == 429 {
        names.extend(RATE_FIELDS);
    }
    let meanings: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let texts: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    json!({
        "description": meanings.join("\n\n"),
        "headers": header_refs(&names),
        "content": {PROBLEM: {"schema": {"allOf": [
            problem,
            {"properties": {"status": {"const": status}, "code": {"enum": texts}}},
        ]}}},
    })
}

/// The errors that every path shares, for `components/responses`.
pub(super) fn always(problem: &Value) -> Map<String, Value> {
    let response = |code: Code| (format!("{code:?}"), failure(code.status(), &[code], false, problem));
    ALWAYS.into_iter().map(response).collect()
}

fn header_refs(names: &[&str]) -> Map<String, Value> {
    let reference = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    names.iter().map(reference).collect()
}

/// The fields of answers, for `components/headers`.
pub(super) fn headers() -> Value {
    let text = |meaning: &str| json!({"description": meaning, "schema": {"type": "string"}});
    let number = |meaning: &str, minimum: u32| json!({"description": meaning, "schema": {"type": "integer", "minimum": minimum}});
    json!({
        "Allow": text("The methods that the path knows."),
        "Link": text("`<path>; rel=\"next\"` while there is a next page; the path is absolute."),
        "Retry-After": number("Seconds after which a retry makes sense.", 1),
        "Set-Cookie": text("In cookie mode: `chatd_refresh`, which no script can read."),
        "WWW-Authenticate": text("`Bearer`."),
        "X-RateLimit-Limit": number("How many fit in a window.", 0),
        "X-RateLimit-Remaining": number("How many more fit now.", 0),
        "X-RateLimit-Reset-After": number("Seconds after which all fit again.", 0),
    })
}
