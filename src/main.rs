//! The program: everything is in the library, so that tests start what users start.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(chatd::cli::main(std::env::args_os().skip(1)))
}
