//! `chatd backup`, `restore` and `check`: how far they are, and what came of it.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{exit, exit_code};
use crate::app::upkeep::{self, UpkeepError};
use crate::app::{self, Options};
use crate::backup::{Failure, Line, Step, Watch, rest_after};

/// How often a terminal is told, and how often a log is.
const TERMINAL_EVERY: Duration = Duration::from_millis(200);
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Tells on standard error how far it is, once it takes long.
struct Progress {
    is_terminal: bool,
    rests: bool,
    state: Mutex<State>,
}

struct State {
    told_at: Instant,
    rested_at: Instant,
    told: bool,
}

impl Progress {
    fn new(rests: bool) -> Arc<Self> {
        let now = Instant::now();
        let state = Mutex::new(State { told_at: now, rested_at: now, told: false });
        Arc::new(Self { is_terminal: std::io::stderr().is_terminal(), rests, state })
    }

    /// Ends the line that a terminal shows.
    fn end(&self) {
        if self.is_terminal && self.state.lock().unwrap_or_else(PoisonError::into_inner).told {
            eprint!("\r\u{1b}[K");
        }
    }
}

impl Watch for Progress {
    fn goes_on(&self, step: Step, done: u64, all: u64) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.rests
            && let Some(rest) = rest_after(state.rested_at.elapsed())
        {
            std::thread::sleep(rest);
            state.rested_at = Instant::now();
        }
        if state.told_at.elapsed() >= if self.is_terminal { TERMINAL_EVERY } else { LOG_EVERY } {
            state.told_at = Instant::now();
            state.told = true;
            let line = said(step, done, all);
            if self.is_terminal { eprint!("\r{line}\u{1b}[K") } else { eprintln!("{line}") }
        }
        true
    }
}

/// How far it is.
fn said(step: Step, done: u64, all: u64) -> String {
    let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100).min(100);
    match step {
        Step::Database => format!("copying the database: {percent} %"),
        Step::Files => format!("files: {percent} %"),
        Step::Proof => "checking the database".to_owned(),
    }
}

/// `chatd backup`.
pub(super) fn backup(options: &Options, into: Option<&Path>) -> u8 {
    run(options, |watch| {
        let made = upkeep::backup(options, into, watch)?;
        let manifest = &made.backup.manifest;
        println!(
            "{}\nproven: {} messages, {} users, {} files ({} copied, the others linked)",
            made.backup.path.display(),
            manifest.rows_of("messages"),
            manifest.rows_of("users"),
            manifest.files,
            made.copied
        );
        if manifest.missing_files > 0 {
            println!("{} files were missing already: 'chatd check' names them", manifest.missing_files);
        }
        Ok(exit::OK)
    })
}

/// `chatd restore`.
pub(super) fn restore(options: &Options, from: &Path, replace: bool) -> u8 {
    run(options, |watch| {
        let restored = upkeep::restore(options, from, replace, watch)?;
        let manifest = &restored.manifest;
        println!(
            "restored {} into {}: {} messages, {} users, {} files, as of {}",
            from.display(),
            options.data.display(),
            manifest.rows_of("messages"),
            manifest.rows_of("users"),
            manifest.files,
            manifest.made_at
        );
        if let Some(aside) = restored.aside {
            println!("what was there is kept in {}; remove it when you need it no more", aside.display());
        }
        Ok(exit::OK)
    })
}

/// `chatd check`.
pub(super) fn check(options: &Options, backup: Option<&Path>) -> u8 {
    run(options, |watch| {
        let report = upkeep::check(options, backup, &watch)?;
        let is_well = report.iter().all(|line| !line.is_fault);
        let text: String = report.iter().map(row).collect();
        // A reader that has seen enough is no error.
        let _ = std::io::stdout().write_all(text.as_bytes());
        match (is_well, backup) {
            (true, _) => {
                println!("all is well");
                return Ok(exit::OK);
            }
            (false, None) => println!("something is wrong: 'chatd restore --replace BACKUP' brings a backup back"),
            (false, Some(_)) => println!("something is wrong: use another backup"),
        }
        Ok(exit::DAMAGED)
    })
}

fn row(line: &Line) -> String {
    let mark = if line.is_fault { "WRONG: " } else { "" };
    format!("{:13} {mark}{}\n", line.subject, line.finding)
}

fn run(options: &Options, work: impl FnOnce(Arc<dyn Watch>) -> Result<u8, UpkeepError>) -> u8 {
    app::log::start();
    let progress = Progress::new(upkeep::is_served(options));
    let done = work(Arc::clone(&progress) as _);
    progress.end();
    done.unwrap_or_else(|error| {
        eprintln!("chatd: {error}");
        code(&error)
    })
}

pub(super) fn code(error: &UpkeepError) -> u8 {
    match error {
        UpkeepError::Start(error) => exit_code(error),
        UpkeepError::Owner(..) | UpkeepError::Off => exit::CONFIG,
        UpkeepError::Failure(Failure::Busy(_)) => exit::AGAIN,
        UpkeepError::Failure(Failure::NoBackup(_) | Failure::NoData(_)) => exit::NO_INPUT,
        UpkeepError::Failure(failure) if failure.is_damage() => exit::DAMAGED,
        UpkeepError::Failure(failure) if failure.is_io() => exit::IO,
        UpkeepError::Failure(_) => exit::CONFIG,
    }
}
