//! A conversation without a socket.

use serde_json::json;

use super::{Got, Instance, request};
use crate::auth::Throttles;

#[test]
fn alice_posts_and_pages_through_what_she_posted() {
    let instance = Instance::new("https://home.example/chat", Throttles::off());
    let alice = instance.token("alice");
    let (_, channel) = instance.server(&alice);
    let path = format!("/api/rest/channels/{channel}/messages");
    let post = |text: &str| {
        let body = json!({"content": text, "nonce": text}).to_string();
        instance.ask(request("POST", &path).by(&alice).with_json(&body))
    };
    for text in ["one", "two", "three"] {
        assert_eq!(post(text).status, 201);
    }
    let retry = post("two");
    assert_eq!((retry.status, &retry.json()["content"]), (200, &json!("two")));
    let texts = |got: &Got| -> Vec<String> {
        got.json().as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect()
    };
    let first = instance.ask(request("GET", &format!("{path}?limit=2")).by(&alice));
    assert_eq!(texts(&first), ["three", "two"]);
    let link = first.header("Link").unwrap();
    let target = link.strip_prefix("</chat").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let second = instance.ask(request("GET", target).by(&alice));
    assert_eq!(texts(&second), ["one"]);
    assert_eq!(second.header("Link"), None);
    let upwards = instance.ask(request("GET", &format!("{path}?limit=2&after=0")).by(&alice));
    assert_eq!(texts(&upwards), ["two", "one"]);
    assert!(upwards.header("Link").unwrap().contains("limit=2&after="));
}
