//! `chatd help env`: the table of options as a file for the service, `/etc/chatd/chatd.env`.

use super::table::{Row, TABLE};
use crate::app::variable;

/// Every option with what it does and its default, none of them set.
pub(super) fn text() -> String {
    TABLE.iter().map(paragraph).collect::<Vec<_>>().join("\n")
}

fn paragraph(row: &Row) -> String {
    let value = literal(row).unwrap_or(row.value);
    format!("# {}\n# {}; default: {}\n#{}={value}\n", row.about, row.value, row.default, variable(row.flag))
}

/// The default, where it is a value and no description of one.
fn literal(row: &Row) -> Option<&'static str> {
    let is_value = row.default != "none" && !row.default.contains(char::is_whitespace);
    is_value.then_some(row.default)
}

#[cfg(test)]
mod tests {
    use super::{TABLE, literal, text, variable};
    use crate::app::Options;

    #[test]
    fn every_option_is_there_once_and_none_is_set() {
        let text = text();
        for row in TABLE {
            let lines: Vec<_> =
                text.lines().filter(|line| line.contains(&format!("{}=", variable(row.flag)))).collect();
            assert_eq!(lines.len(), 1, "{}: {lines:?}", row.flag);
            assert!(text.contains(row.about) && text.contains(row.default), "{}", row.flag);
        }
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    }

    #[test]
    fn what_is_written_as_a_default_changes_nothing() {
        let rows: Vec<_> = TABLE.iter().filter_map(|row| Some((row, literal(row)?))).collect();
        assert!(rows.len() > TABLE.len() / 3, "only {} options have a value as their default", rows.len());
        for (row, value) in rows {
            let mut options = Options::default();
            (row.set)(&mut options, value).unwrap();
            assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()), "{}", row.flag);
        }
    }
}
