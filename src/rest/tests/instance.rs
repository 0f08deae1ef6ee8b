//! The pages of the instance.

use serde_json::json;

use super::{Instance, request};
use crate::rest::route::Verb;

#[test]
fn metrics_are_for_this_machine_and_administrators() {
    let instance = Instance::free();
    let (admin, other) = (instance.token("alice"), instance.token("bob"));
    let metrics = || request("GET", "/metrics");
    instance.ask(metrics()).is(404, "not_found");
    instance.ask(metrics().by(&other)).is(404, "not_found");
    assert_eq!(instance.ask(metrics().by(&admin)).status, 200);
    let mut near = metrics();
    near.request.local = true;
    assert_eq!(instance.ask(near).status, 200);
    let mut proxied = metrics().with("X-Forwarded-For", "192.0.2.7");
    proxied.request.local = true;
    instance.ask(proxied).is(404, "not_found");
}

#[test]
fn everybody_may_know_the_instance() {
    let instance = Instance::free();
    let facts = instance.ask(request("GET", "/api/rest/instance")).json();
    assert_eq!((&facts["registration"], &facts["setup_required"]), (&json!("open"), &json!(true)));
    assert_eq!(facts["limits"]["password_min"], 10);
    let document = instance.ask(request("GET", "/api/rest/openapi.json")).json();
    assert_eq!(document["openapi"], "3.1.0");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(instance.ask(request("GET", path)).json(), json!({"status": "ok"}));
    }
    assert_eq!(Verb::of(&"HEAD".parse().unwrap()), Some(Verb::Get));
}
