//! A table written as text, as the tables of this folder are: they are read more often than they are changed.

use std::collections::BTreeSet;

/// A row: what it speaks of, and what is expected in each column.
pub struct Row {
    /// The words before the cells.
    pub words: Vec<&'static str>,
    /// One per column: its name and what stands there.
    pub cells: Vec<(&'static str, &'static str)>,
}

impl Row {
    /// The row as a failure names it.
    pub fn name(&self) -> String {
        self.words.join(" ")
    }
}

/// Takes a table apart. Its first lines, up to an empty one, name the columns, in as many lines as long names need;
/// they are ordered by where they begin. Lines that begin with `#` are headings.
pub fn parse(table: &'static str) -> Vec<Row> {
    let mut lines = table.lines().skip_while(|line| line.trim().is_empty());
    let mut columns = BTreeSet::new();
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        columns.extend(line.split_whitespace().map(|name| (line.find(name).unwrap(), name)));
    }
    let rows = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let mut words: Vec<_> = line.split_whitespace().collect();
        assert!(words.len() > columns.len(), "a row needs a cell per column: {line}");
        let cells = words.split_off(words.len() - columns.len());
        Row { words, cells: columns.iter().map(|(_, name)| *name).zip(cells).collect() }
    })
    .collect()
}
