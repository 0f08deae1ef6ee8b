//! Counts what tests have tried, for the summary at the end of `tests/run`.

use std::io::Write;

/// Notes that `count` of `what` were tried, and passed. One line to the file in `CHATD_TEST_TALLY`, if there is one.
pub fn tally(what: &str, count: usize) {
    let Some(path) = std::env::var_os("CHATD_TEST_TALLY") else { return };
    // One write of one short line: the lines of tests that run at once do not mix.
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(format!("{count}\t{what}\n").as_bytes())).unwrap();
}
