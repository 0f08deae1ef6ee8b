//! Growth by messages: pages of a channel's history, a post, a search, and coming back, from 1,000 to 1,000,000.

use chatd::bench::client::Client;
use chatd::bench::people::Place;
use chatd::bench::{Outcome, posting};
use chatd::model::MessageId;

use super::{Growth, ROUNDS, connect_us};
use crate::crowd::{Crowd, Plan};
use crate::lines::{Scene, start};
use crate::messages::{self, word};
use crate::requests;
use crate::server::Server;
use crate::table::{Budget, Row};

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const LENGTH: usize = 100;
const PEOPLE: usize = 10;
/// Of each kind in a round.
const REQUESTS: u64 = 200;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let data = scene.folder().join("data");
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: PEOPLE, channels: 2, roles: 0 })?;
    let place = crowd.place()?;
    let mut growth = Growth { of: "messages", sizes: &SIZES, base: 0, costs: Vec::new() };
    let mut ids: Vec<MessageId> = Vec::new();
    let mut starts = Vec::new();
    for (size, count) in SIZES.into_iter().enumerate() {
        let whose = |number: u64| (crowd.channels[1], crowd.members[number as usize % PEOPLE]);
        ids.extend(messages::write(&data, ids.len() as u64..count, LENGTH, whose)?);
        starts = (0..ROUNDS).map(|_| start::start(&data)).collect::<Outcome<_>>()?;
        let server = Server::start(&data)?;
        let middle = ids[ids.len() / 2];
        at(&server, &place, middle, &mut growth, size).map_err(|error| server.explain(&error))?;
        server.stop()?;
    }
    let latest = growth.costs.first().and_then(|(_, costs)| costs.last()).cloned().unwrap_or_default();
    let latest = latest.iter().map(|us| us / 1e3).collect();
    let mut rows = vec![
        scene.row("start to the first answer, 1,000,000 messages", starts, "ms", Budget::AtMost(50.0)),
        scene.row("CPU for the latest 50 of 1,000,000 messages", latest, "ms", Budget::AtMost(0.25)),
    ];
    rows.extend(growth.rows(scene));
    Ok(rows)
}

/// What is done at the size of this place.
fn at(server: &Server, place: &Place, middle: MessageId, growth: &mut Growth<'_>, size: usize) -> Outcome<()> {
    let mut client = Client::new(server.address)?;
    let one = client.open(1)?;
    let count = SIZES[size];
    let (messages, token) = (&place.messages, &place.tokens[0]);
    // As often said whatever the size, so that as much is found: about 90 times.
    let seldom = |n: u64| format!("/api/rest/search?q=%22{}%22", word(count / 50 + n % (count / 500)));
    let often = |n: u64| format!("/api/rest/search?q=%22{}%22", word(1 + n % 10));
    for round in 0..=ROUNDS {
        // The first one warms up.
        let mut add = |what, cost| {
            if round > 0 {
                growth.add(what, size, cost);
            }
        };
        let mut get = |path: &dyn Fn(u64) -> String| requests::cpu_us(server, &mut client, &one, REQUESTS, token, path);
        add("the latest 50 messages", get(&|_| format!("{messages}?limit=50"))?);
        add("50 messages from the middle", get(&|_| format!("{messages}?limit=50&before={middle}"))?);
        add("a search for what was said 90 times", get(&seldom)?);
        add("a search for what is often said", get(&often)?);
        let before = server.cpu()?;
        requests::in_turn(&mut client, &one, REQUESTS, |out, person, number| {
            posting::post(out, place, person, &messages::content(number, LENGTH));
        })?;
        add("a post", (server.cpu()? - before).as_secs_f64() * 1e6 / REQUESTS as f64);
        add("connecting and leaving", connect_us(server, &mut client, place)?);
    }
    Ok(())
}
