//! A refusal tells nothing but itself: it does not depend on what is asked, nor on whether the thing is there.

use serde_json::Value;

use super::people::{People, Who};
use super::requests::{Flaw, Request};
use crate::harness::Answer;

/// What stands for nothing: an ID that nothing has, and what is none.
pub const MISSING: [&str; 2] = ["9223372036854775807", "nonsense"];

/// Ways to ask badly. Whoever is refused may not learn that they have asked badly either.
pub fn flaws(request: &Request) -> Vec<Flaw> {
    let reason = Flaw { header: Some(("X-Audit-Log-Reason", "%zz")), ..Flaw::default() };
    let query = Flaw { query: "?limit=0&before=x&after=x", ..Flaw::default() };
    if request.method == "GET" {
        return vec![query];
    }
    if !["POST", "PUT", "PATCH"].contains(&request.method.as_str()) {
        return vec![reason];
    }
    let body = |body: Option<&str>| Flaw { body: Some(body.map(str::to_owned)), ..Flaw::default() };
    let text = Flaw { header: Some(("Content-Type", "text/plain")), ..body(Some("hello")) };
    let wrong_types = wrong_types(request.body.as_ref()).to_string();
    vec![body(None), body(Some("{")), body(Some("[]")), body(Some(&wrong_types)), text, reason]
}

/// The body with something in every field that fits none.
fn wrong_types(body: Option<&Value>) -> Value {
    let fields = body.and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, _)| (name.clone(), serde_json::json!([[{}]]))).collect()
}

/// All that is shown, but for what differs from answer to answer.
fn shown(answer: &Answer) -> (u16, &str, Vec<(&str, &str)>) {
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut headers: Vec<_> = headers.filter(|(name, _)| *name != "date").collect();
    headers.sort_unstable();
    (answer.status, &answer.text, headers)
}

/// The requests for something that is not there: each thing of the path on its own, and all of them.
fn missing(request: &Request) -> Vec<Request> {
    let mut requests = Vec::new();
    for value in MISSING {
        let each = request.named.iter().map(|(name, _)| request.naming(name, value));
        requests.extend(each);
        requests.push(request.named.iter().fold(request.clone(), |request, (name, _)| request.naming(name, value)));
    }
    // `@me` is never missing.
    requests.retain(|other| other.named.iter().any(|(_, value)| MISSING.contains(&value.as_str())));
    requests
}

/// Asks again what was refused whatever the body: with flaws, and unless it is a 403, which only those get who see the
/// thing, for things that are missing.
///
/// # Errors
/// The first answer that is not alike.
pub fn check(people: &People<'_>, who: Who, request: &Request, first: &Answer) -> Result<(), String> {
    let missing = if first.status == 403 { Vec::new() } else { missing(request) };
    for other in &missing {
        alike(first, other, &other.send(people, who))?;
    }
    for flaw in flaws(request) {
        let flawed = request.send_with(people, who, &flaw);
        if (flawed.status, &flawed.text) != (first.status, &first.text) {
            return Err(format!("{flaw:?} makes it {} {}", flawed.status, flawed.text));
        }
        // The last one has nothing in its path that is there.
        if let Some(other) = missing.last() {
            alike(&flawed, other, &other.send_with(people, who, &flaw))?;
        }
    }
    Ok(())
}

/// Asks again what was 404 for a thing that the body names: for one that is not there.
///
/// # Errors
/// An answer that is not alike.
pub fn check_named(people: &People<'_>, who: Who, request: &Request, first: &Answer) -> Result<(), String> {
    let fields = request.body.as_ref().and_then(Value::as_object).into_iter().flatten();
    let missing: Value = fields.map(|(name, _)| (name.clone(), Value::from(MISSING[0]))).collect();
    let flaw = Flaw { body: Some(Some(missing.to_string())), ..Flaw::default() };
    alike(first, request, &request.send_with(people, who, &flaw))
}

fn alike(first: &Answer, other: &Request, answer: &Answer) -> Result<(), String> {
    if shown(answer) == shown(first) {
        return Ok(());
    }
    Err(format!("{} tells more: {:?} instead of {:?}", other.path(), shown(answer), shown(first)))
}
