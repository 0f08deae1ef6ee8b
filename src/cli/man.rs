//! The manual page chatd(1), made of the same tables as the help: `chatd help man | man -l -`.

use std::fmt::Write as _;

use super::exit;
use super::options::COMMANDS;
use super::table::TABLE;
use crate::app::variable;

/// What is kept where.
const FILES: &[(&str, &str)] = &[
    ("/etc/chatd/chatd.env", "options of the service, as variables of the environment"),
    ("/var/lib/chatd", "the data folder of the service: systemd makes it, and tells chatd by STATE_DIRECTORY"),
    ("chatd.db, chatd.db-wal, chatd.db-shm", "in the data folder: the database, its log and the log's index"),
    ("files", "in the data folder: what people uploaded"),
    ("key", "in the data folder: what signs tokens; whoever has it can be anybody"),
    ("backups", "in the data folder: a backup of each day, unless --backups says otherwise"),
    ("tls", "in the data folder: the certificate that --tls self-signed makes"),
    ("reserve", "in the data folder: room that is given up when the disk is full"),
    ("lock", "in the data folder: says who serves it"),
    ("control", "in the data folder: the socket by which the command line asks the chatd that serves"),
];

/// Variables that are no options.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("STATE_DIRECTORY", "the data folder, unless CHATD_DATA or --data says otherwise; systemd sets it"),
    ("NOTIFY_SOCKET, WATCHDOG_USEC", "where systemd is told that chatd is ready, and alive (sd_notify(3))"),
    ("JOURNAL_STREAM", "if it is set, lines of the log begin with their priority (sd-daemon(3))"),
];

/// The page in roff, for man(7).
pub(super) fn page() -> String {
    let mut page = format!(
        ".\\\" Made by 'chatd help man'.\n.TH CHATD 1 \"\" \"chatd {}\" \"User Commands\"\n\
         .SH NAME\nchatd \\- a chat server for you and your friends\n.SH SYNOPSIS\n",
        env!("CARGO_PKG_VERSION")
    );
    for (at, (usage, _)) in COMMANDS.iter().enumerate() {
        let between = if at == 0 { "" } else { ".br\n" };
        // Writing to a String does not fail.
        let _ = writeln!(page, "{between}.B chatd\n{}", text(usage));
    }
    page.push_str(
        ".SH DESCRIPTION\nchatd serves a chat with its web client at one address, from one folder of data.\n\
         While it runs, the manual for people and owners is at\n.IR /help .\n.SH COMMANDS\n",
    );
    entries(&mut page, COMMANDS.iter().map(|(usage, about)| (format!("chatd {usage}"), (*about).to_owned())));
    page.push_str(
        ".SH OPTIONS\nEach is also a variable of the environment, which stands behind it. What is on the command line\n\
         goes over the environment.\n",
    );
    entries(
        &mut page,
        TABLE.iter().map(|row| {
            let name = format!("--{} {} ({})", row.flag, row.value, variable(row.flag));
            (name, format!("{}; default: {}", row.about, row.default))
        }),
    );
    page.push_str(".SH SIGNALS\n");
    let signals = [
        ("SIGTERM, SIGINT", "stop: what runs is finished, what waits is written"),
        ("SIGHUP", "read the certificate of --tls-cert anew; nobody is dropped"),
    ];
    let owned = |(name, about): &(&str, &str)| ((*name).to_owned(), (*about).to_owned());
    entries(&mut page, signals.iter().map(owned));
    page.push_str(".SH EXIT STATUS\n");
    entries(&mut page, exit::ALL.iter().map(|(code, why)| (code.to_string(), (*why).to_owned())));
    page.push_str(".SH ENVIRONMENT\n");
    entries(&mut page, ENVIRONMENT.iter().map(owned));
    page.push_str(".SH FILES\n");
    entries(&mut page, FILES.iter().map(owned));
    page + ".SH SEE ALSO\n.BR systemctl (1),\n.BR journalctl (1),\n.BR sysexits (3)\n"
}

/// A list of names and what is said of them.
fn entries(page: &mut String, entries: impl Iterator<Item = (String, String)>) {
    for (name, about) in entries {
        // Writing to a String does not fail.
        let _ = writeln!(page, ".TP\n.B {}\n{}", text(&name), text(&about));
    }
}

/// Text that roff takes as it is: no escape, no request at a line's beginning, and hyphens that can be copied.
fn text(plain: &str) -> String {
    let escaped = plain.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, TABLE, exit, page, text, variable};

    /// The owner's manual, with its list of options between two marks.
    const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/static/help/en/owner.html");
    const MARKS: [&str; 2] = ["<!-- options -->\n", "<!-- end of options -->\n"];

    #[test]
    fn the_manual_has_the_table_of_options_as_it_is() {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let rows = TABLE.iter().map(|row| {
            let (flag, value, variable) = (row.flag, escaped(row.value), variable(row.flag));
            let (about, default) = (escaped(row.about), escaped(row.default));
            format!("<dt><code>--{flag} {value}</code> (<code>{variable}</code>)</dt>\n<dd>{about}; default: {default}</dd>\n")
        });
        let list = format!("<dl>\n{}</dl>\n", rows.collect::<String>());
        let manual = std::fs::read_to_string(MANUAL).unwrap();
        let (before, rest) = manual.split_once(MARKS[0]).unwrap();
        let (there, after) = rest.split_once(MARKS[1]).unwrap();
        if std::env::var_os("CHATD_TEST_WRITE").is_some() {
            std::fs::write(MANUAL, format!("{before}{}{list}{}{after}", MARKS[0], MARKS[1])).unwrap();
        } else {
            assert!(there == list, "CHATD_TEST_WRITE=1 cargo test the_manual_has_the_table writes it anew");
        }
    }

    #[test]
    fn the_page_has_every_command_option_and_exit_code() {
        let page = page();
        for (usage, about) in COMMANDS {
            assert!(page.contains(&format!(".B {}\n{}\n", text(&format!("chatd {usage}")), text(about))), "{usage}");
        }
        for row in TABLE {
            assert!(page.contains(&text(&variable(row.flag))), "{}", row.flag);
        }
        for (code, why) in exit::ALL {
            assert!(page.contains(&format!(".B {code}\n{}\n", text(why))), "{code}");
        }
    }

    #[test]
    fn nothing_in_it_is_a_request_by_accident() {
        assert_eq!(text(".so \\n --x 'y"), "\\&.so \\en \\-\\-x 'y");
    }
}
