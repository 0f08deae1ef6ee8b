//! `chatd doctor`: what is wrong with an instance, and what to do.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;

use super::options::{Command, parse_all};
use super::{UsageError, exit};
use crate::app::doctor::{self, Examined};
use crate::app::{Backups, Options};
use crate::health::Severity;
use crate::health::process::Process;

/// Looks at the instance that `arguments` name, as it is served or would be.
pub(super) fn doctor(arguments: &[OsString], options: Options) -> u8 {
    let options = match as_served(arguments, options) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("chatd: {error}; it stands in what the server was started with");
            return exit::USAGE;
        }
    };
    let examined = doctor::examine(&options);
    // A reader that has seen enough is no error.
    let _ = std::io::stdout().write_all(page(&options, &examined).as_bytes());
    code(&examined)
}

/// 1 unless all is well; what is good to know is no illness.
fn code(examined: &Examined) -> u8 {
    let is_ill = examined.findings.iter().any(|finding| finding.severity != Severity::Notice);
    if is_ill { exit::FOUND } else { exit::OK }
}

fn page(options: &Options, examined: &Examined) -> String {
    let folder = options.data.display();
    let mut page = match (examined.process, examined.served) {
        (Some(process), _) => format!("process {process} serves {folder}\n"),
        (None, true) => format!("a chatd serves {folder}\n"),
        (None, false) => format!("nobody serves {folder}\n"),
    };
    for finding in &examined.findings {
        let (severity, code) = (finding.severity.as_str(), finding.code);
        // Writing to a String does not fail.
        let _ = write!(page, "\n{severity}: {}\n  to do: {}\n  [{code}]\n", finding.text, finding.advice);
    }
    if examined.findings.is_empty() {
        page.push_str("all is well\n");
    }
    for what in &examined.left_out {
        let _ = write!(page, "\nnot looked at: {what}\n");
    }
    page
}

/// The options that the server was started with, if one runs and may be asked; else those that its unit gives it, if
/// nothing else says where the data is. What is said here goes over both.
fn as_served(arguments: &[OsString], options: Options) -> Result<Options, UsageError> {
    let own = |name: &str| std::env::var(name).ok();
    let options = match doctor::unit_environment().filter(|_| !options.data.exists()) {
        None => options,
        Some(unit) => {
            let given = |name: &str| unit.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone());
            parse_all(arguments.iter().cloned(), |name| own(name).or_else(|| given(name)))?.1
        }
    };
    let Some(number) = doctor::serving(&options.data) else { return Ok(options) };
    let process = Process::numbered(number);
    let Some(theirs) = process.arguments() else { return Ok(options) };
    // The one command that holds the lock for long; elsewhere the word may be an option's value.
    let last = theirs.len().saturating_sub(1);
    let theirs = theirs.into_iter().enumerate().filter(|(at, word)| word != "serve" || !(*at == 0 || *at == last));
    let theirs = theirs.map(|(_, word)| OsString::from(word));
    let all = theirs.chain(arguments.iter().cloned());
    let (command, mut served) = parse_all(all, |name| own(name).or_else(|| process.variable(name)))?;
    debug_assert_eq!(command, Command::Doctor);
    // Their folder was relative to theirs, perhaps.
    if let (Backups::In(folder), Some(place)) = (&served.backups, process.folder()) {
        served.backups = Backups::In(place.join(folder));
    }
    Ok(Options { data: options.data, ..served })
}

#[cfg(test)]
mod tests {
    use super::{Examined, Options, code, exit, page};
    use crate::health::{Finding, Severity};

    #[test]
    fn what_is_found_is_told_with_what_to_do_and_only_illness_is_an_exit_code() {
        let finding = |severity| {
            let (text, advice) = ("it is wet".to_owned(), "dry it".to_owned());
            Finding { severity, code: "wet", text, advice }
        };
        let mut examined =
            Examined { process: Some(7), served: true, findings: Vec::new(), left_out: vec!["the roof".to_owned()] };
        let options = Options { data: "/d".into(), ..Options::default() };
        let said = page(&options, &examined);
        assert_eq!(said, "process 7 serves /d\nall is well\n\nnot looked at: the roof\n");
        assert_eq!(code(&examined), exit::OK);
        examined.findings = vec![finding(Severity::Notice)];
        assert_eq!(code(&examined), exit::OK);
        examined.findings = vec![finding(Severity::Warning)];
        assert!(page(&options, &examined).contains("\nwarning: it is wet\n  to do: dry it\n  [wet]\n"));
        assert_eq!(code(&examined), exit::FOUND);
    }
}
