//! Errors as the client sees them: RFC 9457 problem documents.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::reply::Reply;
use crate::model::{Code, Error};

/// An error's document. `code` is what programs look at.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Problem {
    /// Always `about:blank`: `code` says what is meant.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// What went wrong, stable and documented.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// For field errors: the rule that each field breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeMap<String, String>>,
    /// For errors of the server: what to look for in its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Renders an error, and logs it if it is the server's own. Nothing internal is shown.
pub fn reply(error: &Error) -> Reply {
    let status = error.code.status();
    // 501 and 505 are the client's doing.
    let request_id = matches!(error.code, Code::Internal | Code::Unavailable).then(|| log_it(error));
    // An internal error's own sentence may quote what is internal.
    let detail = if error.code == Code::Internal { error.code.meaning().to_owned() } else { error.detail.clone() };
    let problem = Problem {
        kind: "about:blank",
        title: error.code.title(),
        status,
        code: error.code.as_str(),
        errors: error.field.as_ref().map(|field| BTreeMap::from([(field.clone(), detail.clone())])),
        detail,
        request_id,
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut reply = Reply::new(status, "application/problem+json", body);
    if status == 401 {
        reply = reply.with("WWW-Authenticate", "Bearer");
    }
    if error.code == Code::UpgradeRequired {
        reply = reply.with("Sec-WebSocket-Version", "13");
    }
    let retry_after_s = error.retry_after_s.or_else(|| matches!(status, 429 | 503).then_some(1));
    if let Some(seconds) = retry_after_s {
        reply = reply.with("Retry-After", &seconds.max(1).to_string());
    }
    if let Some(allow) = &error.allow {
        reply = reply.with("Allow", allow);
    }
    reply
}

/// Logs the error under a number that the client gets too, so that a report leads to the line.
fn log_it(error: &Error) -> String {
    let id = format!("{:016x}", getrandom::u64().unwrap_or_default());
    match error.code {
        Code::Unavailable => log::warn!("request {id}: {error}"),
        _ => log::error!("request {id}: {error}"),
    }
    id
}

#[cfg(test)]
mod tests {
    use super::reply;
    use crate::model::{Code, Error};

    fn json(error: &Error) -> serde_json::Value {
        serde_json::from_slice(reply(error).body()).unwrap()
    }

    #[test]
    fn a_field_error_is_the_contracts_example() {
        assert_eq!(
            json(&Error::field("username", "must be 2 to 32 characters")),
            serde_json::json!({"type": "about:blank", "title": "Bad Request", "status": 400, "code": "invalid_field",
                "detail": "username must be 2 to 32 characters",
                "errors": {"username": "username must be 2 to 32 characters"}})
        );
    }

    #[test]
    fn what_is_internal_stays_inside() {
        let error = Error { detail: "no such table: secrets".into(), ..Error::internal("disk at /home/pi is broken") };
        let text = json(&error).to_string();
        assert!(!text.contains("secrets") && !text.contains("/home/pi") && text.contains("request_id"));
        assert!(!json(&Error::unavailable("disk at /home/pi is full")).to_string().contains("/home/pi"));
    }

    #[test]
    fn fields_that_belong_to_a_status() {
        assert_eq!(reply(&Error::new(Code::Unauthenticated)).header("WWW-Authenticate"), Some("Bearer"));
        assert_eq!(reply(&Error::new(Code::RateLimited)).header("Retry-After"), Some("1"));
        let allow = Error { allow: Some("GET, HEAD".into()), ..Error::new(Code::MethodNotAllowed) };
        assert_eq!(reply(&allow).header("Allow"), Some("GET, HEAD"));
        let soon = Error { retry_after_s: Some(0), ..Error::new(Code::Unavailable) };
        assert_eq!(reply(&soon).header("Retry-After"), Some("1"));
    }
}
