//! The OpenAPI document as a tool reads it.

use crate::harness::World;

#[test]
fn the_document_is_served_and_whole() {
    let world = World::start();
    let document = world.request("GET", "/openapi.json", None).expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    // Every line of the seed.
    for (method, path) in [
        ("post", "/auth/register"),
        ("post", "/auth/login"),
        ("post", "/auth/logout"),
        ("post", "/auth/refresh"),
        ("get", "/auth/me"),
        ("get", "/servers"),
        ("post", "/servers"),
        ("get", "/servers/{server_id}"),
        ("patch", "/servers/{server_id}"),
        ("delete", "/servers/{server_id}"),
        ("get", "/servers/{server_id}/channels"),
        ("post", "/servers/{server_id}/channels"),
        ("get", "/channels/{channel_id}/messages"),
        ("post", "/channels/{channel_id}/messages"),
        ("delete", "/channels/{channel_id}/messages/{message_id}"),
        ("get", "/users/{user_id}"),
        ("patch", "/users/{user_id}"),
        ("get", "/users/{user_id}/dm-channels"),
        ("post", "/users/{user_id}/dm-channels"),
    ] {
        let found = paths.iter().find(|(name, _)| name.trim_start_matches("/api/rest") == path);
        let (_, item) = found.unwrap_or_else(|| panic!("{path} is missing"));
        assert!(item[method]["operationId"].is_string(), "{method} {path}");
    }
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_chatd")).arg("openapi").output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed, document);
}
