//! `cargo bench`: the budgets of `chatd`, measured against the release binary as users run it.
//!
//! ```text
//! cargo bench                      the default lines, under four minutes
//! cargo bench -- fanout memory     the lines whose name contains one of these
//! cargo bench -- all               every line, ten minutes
//! cargo bench -- --list            which lines there are
//! cargo bench -- --json FILE       the same table as JSON too
//! ```
//!
//! Each line starts its own server as a child process on a folder of its own on the real disk, loads it from one
//! thread (see [`chatd::bench`]), and reads CPU time and memory of the server's process from `/proc` (see [`server`]).
//! What is noisy is measured in rounds; the figure is their median, and the table's notes tell the spread. How busy the
//! load generator was stands there too: what a saturated generator measures is itself.
//!
//! A budget that is missed is told, not an error: on a busy machine every figure is worse. The exit code is 1 if a line
//! could not be measured or the server did something wrong, such as losing a delivery.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench may end with a message; what it indexes it made itself"
)]

mod crowd;
mod grid;
mod lines;
mod machine;
mod messages;
mod requests;
mod server;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatd::bench::{Outcome, client};
use lines::{LINES, Line};
use table::{Row, Table};

#[derive(Default)]
struct Arguments {
    /// Cargo says `--bench` when it is `cargo bench` that runs this, and does not in `cargo test --all-targets`.
    is_bench: bool,
    list: bool,
    json: Option<PathBuf>,
    names: Vec<String>,
}

impl Arguments {
    fn parse() -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                lexopt::Arg::Long("bench") => arguments.is_bench = true,
                lexopt::Arg::Long("list") => arguments.list = true,
                lexopt::Arg::Long("json") => arguments.json = Some(parser.value()?.into()),
                lexopt::Arg::Value(name) => arguments.names.push(name.to_string_lossy().into_owned()),
                other => return Err(other.unexpected()),
            }
        }
        Ok(arguments)
    }

    fn picks(&self, line: &Line) -> bool {
        let named = |name: &String| name == "all" || line.name.contains(name.as_str());
        if self.names.is_empty() { line.by_default } else { self.names.iter().any(named) }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\nTry: cargo bench -- [--list] [--json FILE] [all | NAME…]");
            return ExitCode::from(64);
        }
    };
    if arguments.list {
        for line in LINES {
            let when = if line.by_default { "" } else { " (only when named)" };
            println!("{:22} {}{when}", line.name, line.about);
        }
        return ExitCode::SUCCESS;
    }
    if !arguments.is_bench {
        println!("measuring is for `cargo bench`: nothing done");
        return ExitCode::SUCCESS;
    }
    let picked: Vec<_> = LINES.iter().filter(|line| arguments.picks(line)).collect();
    if picked.is_empty() {
        eprintln!("no line has such a name; see: cargo bench -- --list");
        return ExitCode::from(64);
    }
    match bench(&picked, arguments.json.as_deref()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures the lines and prints the table; whether all went well.
fn bench(lines: &[&Line], json: Option<&Path>) -> Outcome<bool> {
    client::raise_file_limit();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut table = Table::new(machine::describe(root));
    for line in lines {
        eprintln!("{} …", line.name);
        match lines::run(line, root) {
            Ok(rows) => table.rows.extend(rows),
            Err(error) => table.rows.push(Row::failed(line.name, error)),
        }
    }
    print!("{}", table.text());
    if let Some(path) = json {
        std::fs::write(path, table.json()).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    Ok(table.is_sound())
}
