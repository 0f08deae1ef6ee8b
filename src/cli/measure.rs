//! `chatd bench`: what comes next while it measures, and what it found.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::exit;
use crate::app::{self, Options, upkeep};
use crate::bench::board::{self, BoardError, Plan};
use crate::bench::instance;

/// Measures the board for about so many seconds.
pub(super) fn bench(options: &Options, seconds: u64) -> u8 {
    let stop = Arc::new(AtomicBool::new(false));
    match app::signals() {
        Ok(mut signals) => {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                if signals.forever().next().is_some() {
                    stop.store(true, Ordering::Relaxed);
                }
            });
        }
        Err(error) => {
            eprintln!("chatd: {error}");
            return exit::UNAVAILABLE;
        }
    }
    let plan = Plan {
        data: &options.data,
        disk_reserve: options.disk_reserve,
        connections: options.connections,
        time: Duration::from_secs(seconds),
        stop,
    };
    match board::measure(&plan, |what| eprintln!("measuring {what} …")) {
        Ok(figures) => {
            let mut text = figures.text();
            if upkeep::is_served(options) {
                text += "Another chatd serves the data folder: what it did meanwhile is missing in these figures.\n";
            }
            // A reader that has seen enough is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            exit::OK
        }
        Err(error) => {
            eprintln!("chatd: {error}");
            code(&error)
        }
    }
}

fn code(error: &BoardError) -> u8 {
    match error {
        BoardError::Busy(_) => exit::AGAIN,
        BoardError::NoRoom(_) => exit::IO,
        BoardError::Folder(_, error) if super::is_io(error) => exit::IO,
        BoardError::Folder(..) => exit::CONFIG,
        BoardError::Stopped => exit::STOPPED,
        BoardError::Failed(_) => exit::UNAVAILABLE,
    }
}

/// Is the instance that is measured.
pub(super) fn instance(options: Options) -> u8 {
    match instance::serve(options) {
        Ok(()) => exit::OK,
        Err(error) => {
            eprintln!("chatd: {error}");
            exit::UNAVAILABLE
        }
    }
}
