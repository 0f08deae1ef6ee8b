//! The table: rows, verdicts, grids, and how they are printed.

use std::fmt::Write;

pub use chatd::bench::figures::{median, number};
use serde_json::{Value, json};

use crate::grid::Grid;
use crate::machine::Facts;

/// What a figure is allowed to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Anything: it is there to be known.
    None,
    AtLeast(f64),
    AtMost(f64),
}

/// A measured figure.
pub struct Row {
    pub line: &'static str,
    /// What was measured, in a few words.
    pub what: String,
    /// One value a round; the figure is their median.
    pub rounds: Vec<f64>,
    pub unit: &'static str,
    pub budget: Budget,
    /// What one needs to know to believe the figure.
    pub notes: Vec<String>,
    /// Why the figure does not count: the server was wrong, or nothing was measured.
    pub wrong: Option<String>,
    /// More of the same, printed under the table.
    pub grid: Option<Grid>,
}

impl Row {
    pub fn new(
        line: &'static str,
        what: impl Into<String>,
        rounds: Vec<f64>,
        unit: &'static str,
        budget: Budget,
    ) -> Self {
        Self { line, what: what.into(), rounds, unit, budget, notes: Vec::new(), wrong: None, grid: None }
    }

    /// A line that could not be measured.
    pub fn failed(line: &'static str, error: String) -> Self {
        Self { wrong: Some(error), ..Self::new(line, "could not be measured", Vec::new(), "", Budget::None) }
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn grid(mut self, grid: Grid) -> Self {
        self.grid = Some(grid);
        self
    }

    fn figure(&self) -> Option<f64> {
        median(&self.rounds)
    }

    fn verdict(&self) -> &'static str {
        match (&self.wrong, self.figure(), self.budget) {
            (Some(_), ..) | (_, None, _) => "WRONG",
            (_, _, Budget::None) => "-",
            (_, Some(figure), Budget::AtLeast(budget)) if figure >= budget => "held",
            (_, Some(figure), Budget::AtMost(budget)) if figure <= budget => "held",
            _ => "MISSED",
        }
    }

    fn cells(&self) -> [String; 4] {
        let Some(figure) = self.figure() else {
            return [format!("{}: {}", self.line, self.what), "-".into(), "-".into(), self.verdict().into()];
        };
        let budget = match self.budget {
            Budget::None => "-".to_owned(),
            Budget::AtLeast(budget) => format!("≥ {} {}", number(budget), self.unit),
            Budget::AtMost(budget) => format!("≤ {} {}", number(budget), self.unit),
        };
        [
            format!("{}: {}", self.line, self.what),
            format!("{} {}", number(figure), self.unit),
            budget,
            self.verdict().into(),
        ]
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(wrong) = &self.wrong {
            remarks.push(format!("WRONG: {wrong}"));
        }
        if self.rounds.len() > 1 {
            let (least, most) = self.rounds.iter().fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
            remarks.push(format!("median of {} rounds, {} to {}", self.rounds.len(), number(least), number(most)));
        }
        remarks.extend(self.notes.iter().cloned());
        remarks
    }

    fn json(&self) -> Value {
        let budget = match self.budget {
            Budget::None => Value::Null,
            Budget::AtLeast(budget) => json!({"at_least": budget}),
            Budget::AtMost(budget) => json!({"at_most": budget}),
        };
        let verdict = Some(self.verdict().to_lowercase()).filter(|verdict| verdict != "-");
        json!({
            "line": self.line, "what": self.what, "figure": self.figure(), "unit": self.unit, "rounds": self.rounds,
            "budget": budget, "verdict": verdict, "notes": self.remarks(), "grid": self.grid.as_ref().map(Grid::json),
        })
    }
}

/// The whole table.
pub struct Table {
    facts: Facts,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn new(facts: Facts) -> Self {
        Self { facts, rows: Vec::new() }
    }

    /// Whether every line was measured and nothing was wrong.
    pub fn is_sound(&self) -> bool {
        self.rows.iter().all(|row| row.verdict() != "WRONG")
    }

    pub fn text(&self) -> String {
        let mut text = String::from("\n");
        for (name, value) in &self.facts {
            let _ = writeln!(text, "{name:12} {value}");
        }
        let head = ["line", "figure", "budget", "verdict"].map(str::to_owned);
        let cells: Vec<_> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (a, b, c) = (width(0), width(1), width(2));
        text.push('\n');
        for row in &cells {
            let _ = writeln!(text, "{:a$}  {:>b$}  {:>c$}  {}", row[0], row[1], row[2], row[3]);
        }
        text.push('\n');
        for row in self.rows.iter().filter(|row| !row.remarks().is_empty()) {
            let _ = writeln!(text, "{}: {}\n    {}", row.line, row.what, row.remarks().join("\n    "));
        }
        for grid in self.rows.iter().filter_map(|row| row.grid.as_ref()) {
            text += &grid.text();
        }
        text
    }

    pub fn json(&self) -> String {
        let facts: serde_json::Map<_, _> =
            self.facts.iter().map(|(name, value)| (name.replace(' ', "_"), json!(value))).collect();
        let rows: Vec<_> = self.rows.iter().map(Row::json).collect();
        format!("{:#}\n", json!({"measured_on": facts, "lines": rows}))
    }
}
