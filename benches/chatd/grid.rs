//! Figures of one kind in two directions, such as a cost by size.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::table::{median, number};

/// Cells are the rounds of a measurement; an empty one was not measured.
pub struct Grid {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<Vec<f64>>)>,
}

impl Grid {
    pub fn text(&self) -> String {
        let head = std::iter::once(String::new()).chain(self.columns.iter().cloned()).collect();
        let rows = self.rows.iter().map(|(name, cells)| {
            let cells = cells.iter().map(|rounds| median(rounds).map_or_else(|| "-".to_owned(), number));
            std::iter::once(name.clone()).chain(cells).collect()
        });
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let width =
            |column: usize| lines.iter().filter_map(move |line| line.get(column)).map(|cell| cell.chars().count());
        let widths: Vec<_> = (0..=self.columns.len()).map(|column| width(column).max().unwrap_or(0)).collect();
        let mut text = format!("\n{}\n\n", self.title);
        for line in &lines {
            for (place, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let _ = if place == 0 { write!(text, "{cell:width$}") } else { write!(text, "  {cell:>width$}") };
            }
            text.push('\n');
        }
        text
    }

    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(name, cells)| {
            let figures: Vec<_> = cells.iter().map(|rounds| median(rounds)).collect();
            json!({"name": name, "figures": figures, "rounds": cells})
        });
        json!({"title": self.title, "columns": self.columns, "rows": rows.collect::<Vec<_>>()})
    }
}
