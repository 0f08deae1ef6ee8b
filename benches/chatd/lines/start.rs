//! From starting the program to its first answer (`GET /healthz`), with an empty database.

use std::path::Path;
use std::time::Instant;

use super::Scene;
use crate::server::Server;
use crate::table::{Budget, Row};
use chatd::bench::Outcome;
use chatd::bench::client::Client;

const ROUNDS: usize = 10;
const BUDGET: Budget = Budget::AtMost(50.0);

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let folders: Vec<_> = (0..ROUNDS).map(|round| scene.folder().join(format!("data{round}"))).collect();
    let first = folders.iter().map(|folder| start(folder)).collect::<Outcome<Vec<_>>>()?;
    let again = folders.iter().map(|folder| start(folder)).collect::<Outcome<Vec<_>>>()?;
    Ok(vec![
        scene.row("first start, to the first answer", first, "ms", BUDGET).note("makes folder, key and database"),
        scene.row("next start, to the first answer", again, "ms", BUDGET),
    ])
}

/// How long that takes on this folder, in milliseconds.
pub fn start(data: &Path) -> Outcome<f64> {
    let begin = Instant::now();
    let server = Server::start(data)?;
    let mut client = Client::new(server.address)?;
    let connection = client.open(1)?;
    client.ask(connection.start, "GET", "/healthz", None, None).map_err(|error| server.explain(&error))?;
    let took = begin.elapsed();
    server.stop()?;
    Ok(took.as_secs_f64() * 1e3)
}
