//! Growth by members: coming in, a post, and who is there, in servers of 10 to 10,000 members.

use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};
use chatd::bench::{Outcome, posting};

use super::{Growth, ROUNDS, connect_us};
use crate::crowd::{Crowd, Plan};
use crate::lines::Scene;
use crate::requests;
use crate::server::Server;
use crate::table::Row;

const SIZES: [u64; 4] = [10, 100, 1_000, 10_000];
const LENGTH: usize = 128;
/// Who is connected, whatever the size.
const CONNECTED: usize = 10;
/// Of each kind in a round.
const REQUESTS: u64 = 200;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    // Ten members are a tenth of a page.
    let mut growth = Growth { of: "members", sizes: &SIZES, base: 1, costs: Vec::new() };
    for (size, count) in SIZES.into_iter().enumerate() {
        let data = scene.folder().join(format!("data{count}"));
        Server::start(&data)?.stop()?;
        let crowd = Crowd::gather(&data, Plan { members: count as usize, channels: 100, roles: 50 })?;
        let mut place = crowd.place()?;
        place.tokens.truncate(CONNECTED);
        let base = format!("/api/rest/servers/{}/members?limit=100", crowd.server);
        let late = crowd.members[crowd.members.len().saturating_sub(150)];
        let pages = [
            ("100 members, the first page", base.clone()),
            ("100 members, a late page", format!("{base}&after={late}")),
        ];
        let server = Server::start(&data)?;
        at(&server, &place, &pages, &mut growth, size).map_err(|error| server.explain(&error))?;
        server.stop()?;
    }
    Ok(growth.rows(scene))
}

/// What is done at the size of this place.
fn at(
    server: &Server,
    place: &Place,
    pages: &[(&'static str, String)],
    growth: &mut Growth<'_>,
    size: usize,
) -> Outcome<()> {
    let mut client = Client::new(server.address)?;
    let one = client.open(1)?;
    for round in 0..=ROUNDS {
        // The first one warms up.
        let mut add = |what, cost| {
            if round > 0 {
                growth.add(what, size, cost);
            }
        };
        for (what, path) in pages {
            add(what, requests::cpu_us(server, &mut client, &one, REQUESTS, &place.tokens[0], |_| path.clone())?);
        }
        add("connecting and leaving", connect_us(server, &mut client, place)?);
        let gateways = people::connect(&mut client, place, 1)?;
        let before = server.cpu()?;
        requests::in_turn(&mut client, &one, REQUESTS, |out, person, number| {
            posting::post(out, place, person, &chatd::bench::deliveries::content(number, LENGTH));
        })?;
        add("a post to 10 who are connected", (server.cpu()? - before).as_secs_f64() * 1e6 / REQUESTS as f64);
        client.leave(gateways)?;
    }
    Ok(())
}
