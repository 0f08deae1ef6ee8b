//! What is answered while writes are late.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Instance, request};
use crate::model::{Line, Work, limits};

impl Instance {
    /// Something was so late, and is what counts until the test is over.
    fn is_late(&self, late: Duration) {
        let (pressure, now) = (self.rest.chat.pressure(), Instant::now());
        pressure.taken(Line::Feed, Some(now), None);
        pressure.done(Line::Feed, now + late);
    }
}

#[test]
fn all_else_is_refused_before_messages_are() {
    let instance = Instance::free();
    let alice = instance.token("alice");
    let (server, channel) = instance.server(&alice);
    let ask = |method: &str, path: &str, body: Value| {
        instance.ask(request(method, path).by(&alice).with_json(&body.to_string()))
    };
    let post = || ask("POST", &format!("/api/rest/channels/{channel}/messages"), json!({"content": "hello"}));
    let rename = || ask("PATCH", &format!("/api/rest/servers/{server}"), json!({"name": "home"}));
    let read = || ask("GET", &format!("/api/rest/servers/{server}"), Value::Null);
    let refresh = || ask("POST", "/api/rest/auth/refresh", json!({"refresh_token": "x"}));
    let ready = || instance.ask(request("GET", "/readyz"));
    assert_eq!((rename().status, post().status), (200, 201));

    instance.is_late(limits::LATE_FOR_PRESENCE);
    let given_up = ["thumbnails", "search_indexing", "typing", "presence", "other_writes"];
    assert_eq!(ready().json(), json!({"status": "degraded", "given_up": given_up[..4]}));
    assert_eq!((rename().status, post().status), (200, 201));

    instance.is_late(limits::LATE_FOR_OTHER_WRITES);
    let refused = rename();
    refused.is(503, "unavailable");
    assert_eq!(refused.header("Retry-After"), Some(limits::LATE_RETRY_S.to_string().as_str()));
    let login = json!({"username": "alice", "password": "correct horse battery"});
    ask("POST", "/api/rest/auth/login", login).is(503, "unavailable");
    ask("DELETE", &format!("/api/rest/servers/{server}"), Value::Null).is(503, "unavailable");
    assert_eq!((read().status, post().status), (200, 201));
    refresh().is(401, "unauthenticated");
    assert_eq!(ready().json(), json!({"status": "degraded", "given_up": given_up}));

    instance.is_late(limits::LATE_FOR_MESSAGES);
    for refused in [rename(), post(), refresh(), ready()] {
        refused.is(503, "unavailable");
        assert_eq!(refused.header("Retry-After"), Some("5"));
    }
    assert_eq!(read().status, 200, "reads are never refused");
    assert_eq!(instance.ask(request("GET", "/healthz")).status, 200);
    let counted = Work::ALL.map(|work| instance.rest.chat.pressure().counted(work));
    assert_eq!(counted[4..], [4, 2]);
}
