//! The log: lines on standard error with journald's priorities, safe to read, never a flood.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines per second and place in the code; what is over is counted and told later.
const LINES_PER_SECOND: u32 = 10;

struct Log {
    /// Behind systemd each line begins with its priority (sd-daemon(3)).
    journal: bool,
    places: Mutex<HashMap<(&'static str, u32), Place>>,
}

struct Place {
    since: Instant,
    lines: u32,
}

/// Starts logging; once per process, later calls do nothing.
pub fn start() {
    start_at(log::LevelFilter::Info);
}

/// The same, but only what is wrong is told: whoever typed a command knows what they do.
pub fn start_quiet() {
    start_at(log::LevelFilter::Warn);
}

fn start_at(level: log::LevelFilter) {
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = Log { journal, places: Mutex::default() };
    if log::set_boxed_logger(Box::new(log)).is_ok() {
        log::set_max_level(level);
    }
}

impl Log {
    /// How many lines of this place were left out, or `None` if this one is to be.
    fn admit(&self, record: &log::Record<'_>) -> Option<u32> {
        let place = (record.file_static().unwrap_or("?"), record.line().unwrap_or(0));
        let now = Instant::now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(place).or_insert(Place { since: now, lines: 0 });
        let mut left_out = 0;
        if now.duration_since(place.since) >= Duration::from_secs(1) {
            left_out = place.lines.saturating_sub(LINES_PER_SECOND);
            *place = Place { since: now, lines: 0 };
        }
        place.lines += 1;
        (place.lines <= LINES_PER_SECOND).then_some(left_out)
    }
}

/// One line: control characters are escaped, so that nobody outside writes lines of their own.
fn line(journal: bool, level: log::Level, text: &str) -> String {
    let priority = match (journal, level) {
        (true, log::Level::Error) => "<3>",
        (true, log::Level::Warn) => "<4>",
        (true, log::Level::Info) => "<6>",
        (true, _) => "<7>",
        (false, log::Level::Error) => "error: ",
        (false, log::Level::Warn) => "warning: ",
        (false, _) => "",
    };
    let mut line = priority.to_owned();
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line.push('\n');
    line
}

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("chatd")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let Some(left_out) = self.admit(record) else { return };
        let mut text = record.args().to_string();
        if left_out > 0 {
            text += &format!(" ({left_out} lines like this were left out)");
        }
        // Nobody is left to tell if standard error is closed.
        let _ = std::io::stderr().write_all(line(self.journal, record.level(), &text).as_bytes());
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{LINES_PER_SECOND, Log, line};

    #[test]
    fn a_flood_of_one_line_is_cut_and_others_still_come() {
        let log = Log { journal: false, places: Mutex::default() };
        let record = |line| log::Record::builder().file_static(Some("here.rs")).line(Some(line)).build();
        let began = std::time::Instant::now();
        let written = (0..1_000).filter(|_| log.admit(&record(1)).is_some()).count() as u64;
        let seconds = began.elapsed().as_secs() + 1;
        assert!((1..=seconds * u64::from(LINES_PER_SECOND)).contains(&written), "{written} in {seconds} s");
        assert_eq!(log.admit(&record(2)), Some(0), "another place");
        // A second later it says how many were left out.
        log.places.lock().unwrap().values_mut().for_each(|place| place.since -= std::time::Duration::from_secs(1));
        assert!(log.admit(&record(1)).is_some_and(|left_out| left_out > 0));
        assert_eq!(log.admit(&record(1)), Some(0));
    }

    #[test]
    fn nobody_writes_lines_of_their_own() {
        assert_eq!(line(false, log::Level::Info, "a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J\n");
        assert_eq!(line(true, log::Level::Error, "x"), "<3>x\n");
    }
}
