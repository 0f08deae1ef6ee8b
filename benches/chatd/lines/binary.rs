//! Size of the binary, stripped as the release profile does.

use super::Scene;
use crate::server::BINARY;
use crate::table::{Budget, Row};
use chatd::bench::Outcome;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let binary = std::fs::metadata(BINARY).map_err(|error| format!("{BINARY}: {error}"))?;
    Ok(vec![scene.row("size, stripped", vec![binary.len() as f64 / 1e6], "MB", Budget::AtMost(8.0))])
}
