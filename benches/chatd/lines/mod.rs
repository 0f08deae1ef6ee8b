//! The lines of the table, one file a subject.

mod binary;
mod client;
mod crowd;
mod fanout;
mod faults;
mod growth;
mod history;
mod latency;
mod memory;
mod push;
mod rest;
mod search;
mod start;
mod throughput;
mod tls;
mod written;

use std::path::Path;

use tempfile::TempDir;

use crate::table::Row;
use chatd::bench::Outcome;

/// Something to measure.
pub struct Line {
    pub name: &'static str,
    pub about: &'static str,
    /// Whether it runs when nothing is named.
    pub by_default: bool,
    measure: fn(&Scene) -> Outcome<Vec<Row>>,
}

/// Every line, in the order of the table.
pub const LINES: &[Line] = &[
    Line {
        name: "throughput",
        about: "durable messages a second from 64 senders, on this disk",
        by_default: true,
        measure: throughput::this_disk,
    },
    Line {
        name: "throughput-slow-disk",
        about: "the same with 10 ms more for each fsync, as on an SD card",
        by_default: true,
        measure: throughput::slow_disk,
    },
    Line {
        name: "fanout",
        about: "server CPU for one delivery to 32 and 500 members with 1, 4 and 32 in flight; peers beside it",
        by_default: true,
        measure: fanout::measure,
    },
    Line {
        name: "latency",
        about: "from send to delivery, 100 members, 500 messages a second",
        by_default: true,
        measure: latency::measure,
    },
    Line {
        name: "memory",
        about: "memory of the idle server, and of each of 2,000 idle gateway connections",
        by_default: true,
        measure: memory::measure,
    },
    Line {
        name: "connections",
        about: "10,000 gateway connections held, and their memory",
        by_default: false,
        measure: memory::ten_thousand,
    },
    Line {
        name: "tls",
        about: "memory of a gateway, a delivery and a handshake over TLS, beside the same without",
        by_default: true,
        measure: tls::measure,
    },
    Line {
        name: "rest",
        about: "wake-ups of the server while 100 people are connected and nobody does anything",
        by_default: true,
        measure: rest::measure,
    },
    Line { name: "start", about: "from exec to the first answer", by_default: true, measure: start::measure },
    Line { name: "binary", about: "size of the stripped binary", by_default: true, measure: binary::measure },
    Line {
        name: "client",
        about: "what the web client loads for its first screen, compressed",
        by_default: true,
        measure: client::measure,
    },
    Line {
        name: "crowd",
        about: "a server of 10,000 members: a permission check, connecting, and pages of members",
        by_default: true,
        measure: crowd::measure,
    },
    Line {
        name: "history",
        about: "server CPU for the latest 50 messages of a channel of 100,000",
        by_default: true,
        measure: history::measure,
    },
    Line {
        name: "written",
        about: "bytes that a message of 200 makes the server write, the search index included",
        by_default: true,
        measure: written::measure,
    },
    Line {
        name: "written-paced",
        about: "the same when 50 messages a second come, each on its own",
        by_default: false,
        measure: written::paced,
    },
    Line {
        name: "push",
        about: "server CPU of a message with 1,000 subscribed members, apart from push's own threads; a push sent",
        by_default: false,
        measure: push::measure,
    },
    Line {
        name: "search",
        about: "searches over 1,000,000 messages, of several kinds",
        by_default: false,
        measure: search::measure,
    },
    Line {
        name: "growth-messages",
        about: "what pages, a post, a search, coming back and a start cost with 1,000 to 1,000,000 messages",
        by_default: false,
        measure: growth::messages,
    },
    Line {
        name: "growth-members",
        about: "what coming in, a post and a page of members cost in a server of 10 to 10,000",
        by_default: false,
        measure: growth::members,
    },
    Line {
        name: "faults-backup",
        about: "sends during backups of 200,000 messages, against calm",
        by_default: false,
        measure: faults::backup,
    },
    Line {
        name: "faults-sign-ins",
        about: "sends and memory during 200 sign-ins at once; whether a refusal's time tells who exists",
        by_default: false,
        measure: faults::sign_ins,
    },
    Line {
        name: "faults-readers",
        about: "deliveries and memory with 50 of 200 readers stopped, against calm",
        by_default: false,
        measure: faults::readers,
    },
];

/// Where a line takes place.
pub struct Scene {
    name: &'static str,
    folder: TempDir,
}

impl Scene {
    /// A folder that goes away with the line.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A row of this line: see [`Row::new`].
    pub fn row(
        &self,
        what: impl Into<String>,
        rounds: Vec<f64>,
        unit: &'static str,
        budget: crate::table::Budget,
    ) -> Row {
        Row::new(self.name, what, rounds, unit, budget)
    }
}

/// Measures a line in a folder of its own under `root`.
pub fn run(line: &Line, root: &Path) -> Outcome<Vec<Row>> {
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(root);
    let folder = folder.map_err(|error| format!("no folder in {}: {error}", root.display()))?;
    (line.measure)(&Scene { name: line.name, folder })
}
