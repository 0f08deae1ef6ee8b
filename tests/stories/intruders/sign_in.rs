//! A flood of sign-ins: argon2 runs for two at a time, some wait, the rest are told to come back; and whether the name
//! is anybody's makes no difference.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::World;
use crate::tally::tally;

/// Sign-ins at once; two run and 32 wait.
const AT_ONCE: usize = 100;

#[test]
fn a_flood_of_sign_ins_is_turned_away_whether_the_name_is_known_or_not_and_holds_nobody_up() {
    let world = World::start();
    let alice = world.person("alice");
    let (_, channel) = alice.creates_server("home");
    let mut on_alice = alice.connects();
    for name in ["alice", "nobody"] {
        let (start, over) = (Barrier::new(AT_ONCE), AtomicBool::new(false));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let knock = || {
                let body = json!({"username": name, "password": "not the password"});
                start.wait();
                let answer = world.request("POST", "/auth/login", Some(&body));
                if answer.status == 429 {
                    assert!(answer.header("retry-after").is_some(), "{}", answer.text);
                    answer.refused(429, "rate_limited");
                    return 429;
                }
                answer.refused(401, "invalid_credentials");
                401
            };
            let knocks: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(knock)).collect();
            // Whoever is signed in goes on meanwhile.
            scope.spawn(|| {
                for n in 0.. {
                    alice.says(&channel, &format!("{name} {n}"));
                    assert_eq!(on_alice.event_but_presence(11)["content"], format!("{name} {n}"));
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
            let statuses = knocks.into_iter().map(|knock| knock.join().unwrap()).collect();
            over.store(true, Ordering::SeqCst);
            statuses
        });
        let refused = statuses.iter().filter(|status| **status == 429).count();
        // What costs no argon2 could not fill the queue. It is freed while the others come: not all that is over it is
        // turned away.
        assert!((1..AT_ONCE).contains(&refused), "{name}: {refused} of {AT_ONCE}");
    }
    world.sign_in("alice");
    tally("sign-ins in floods", 2 * AT_ONCE);
}
