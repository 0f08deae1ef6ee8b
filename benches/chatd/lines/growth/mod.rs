//! What things cost as an instance grows: flat, or by its logarithm, or it does not last for years.

mod members;
mod messages;

pub use members::measure as members;
pub use messages::measure as messages;

use chatd::bench::Outcome;
use chatd::bench::client::Client;
use chatd::bench::people::{self, Place};

use super::Scene;
use crate::grid::Grid;
use crate::server::Server;
use crate::table::{Budget, Row, median, number};

const ROUNDS: usize = 3;
/// Times that everybody connects and leaves in a round.
const CONNECTS: usize = 50;
/// What 1,000 times as many may cost more if it goes by the logarithm: as much again.
const GROWTH_MAX: f64 = 2.0;

/// Costs by what is done and by size.
struct Growth<'a> {
    /// Of what there are so many.
    of: &'static str,
    sizes: &'a [u64],
    /// The place of the size that growth is counted from: below it, answers grow because there is more to tell.
    base: usize,
    costs: Vec<(&'static str, Vec<Vec<f64>>)>,
}

impl Growth<'_> {
    /// Takes another round at the size of this place.
    fn add(&mut self, what: &'static str, size: usize, cost: f64) {
        let place = self.costs.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
            self.costs.push((what, vec![Vec::new(); self.sizes.len()]));
            self.costs.len() - 1
        });
        self.costs[place].1[size].push(cost);
    }

    /// A row for each thing that is done, the grid under the last.
    fn rows(self, scene: &Scene) -> Vec<Row> {
        let (from, to) = (self.sizes[self.base], self.sizes[self.sizes.len() - 1]);
        let columns: Vec<_> = self.sizes.iter().map(|size| number(*size as f64)).collect();
        let row = |(what, costs): &(&'static str, Vec<Vec<f64>>)| {
            let ratio = median(&costs[costs.len() - 1]).zip(median(&costs[self.base])).map(|(to, from)| to / from);
            let what = format!("{what}: {} {} against {}", number(to as f64), self.of, number(from as f64));
            scene
                .row(what, ratio.into_iter().collect(), "times", Budget::AtMost(GROWTH_MAX))
                .note("1 is flat, 2 is logarithmic")
        };
        let mut rows: Vec<_> = self.costs.iter().map(row).collect();
        let grid = Grid {
            title: format!("{}: server CPU in µs, by {}", scene.name, self.of),
            columns,
            rows: self.costs.into_iter().map(|(what, costs)| (what.to_owned(), costs)).collect(),
        };
        if let Some(last) = rows.pop() {
            rows.push(last.grid(grid));
        }
        rows
    }
}

/// CPU time of the server for somebody who connects, gets CONNECTED and leaves, in µs.
fn connect_us(server: &Server, client: &mut Client, place: &Place) -> Outcome<f64> {
    let before = server.cpu_of_all()?;
    for _ in 0..CONNECTS {
        let gateways = people::connect(client, place, 1)?;
        client.leave(gateways)?;
    }
    Ok((server.cpu_of_all()? - before).as_secs_f64() * 1e6 / (CONNECTS * place.tokens.len()) as f64)
}
