//! The settings that a user's clients share.

use serde_json::json;

use crate::harness::World;

#[test]
fn settings_follow_to_every_device_and_to_no_one_else() {
    let mut world = World::start();
    let (path, stored) = ("/users/@me/settings", json!({"theme": "dark", "mutes": {"7": [1, 2, null]}}));
    {
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        assert_eq!(alice.get(path).expect(200), json!({}));
        let mut on_alice = alice.connects();
        assert_eq!(on_alice.connected["d"]["settings"], json!({}));
        alice.put(path, stored.clone()).expect(204);
        assert_eq!(on_alice.event_but_presence(61), stored);
        alice.put(path, stored.clone()).expect(204);
        alice.put(path, json!({"theme": "light"})).expect(204);
        assert_eq!(on_alice.event_but_presence(61), json!({"theme": "light"}), "the same again is no event");
        alice.put(path, stored.clone()).expect(204);
        for bad in [json!([]), json!("dark"), json!(null), json!(1)] {
            alice.put(path, bad).refused(400, "invalid_json");
        }
        let large = json!({"notes": "x".repeat(16 * 1024)});
        alice.put(path, large).refused(413, "too_large");
        assert_eq!(bob.get(path).expect(200), json!({}));
    }
    world.restart();
    let alice = world.sign_in("alice");
    assert_eq!(alice.get(path).expect(200), stored);
    assert_eq!(alice.connects().connected["d"]["settings"], stored);
}
