//! `/metrics`, in Prometheus' text format 0.0.4: what is cheaply at hand.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::model::{Pressure, Work};

/// A number that another room knows.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    /// Its name, with `chatd_` before.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// What it is now.
    pub value: u64,
}

/// What this room counts, and where it asks for the rest.
pub struct Metrics {
    started: Instant,
    /// By the first digit of the status.
    answers: [AtomicU64; 6],
    /// The numbers of the other rooms.
    pub others: Option<Others>,
}

type Others = Box<dyn Fn() -> Vec<Gauge> + Send + Sync>;

impl Default for Metrics {
    fn default() -> Self {
        Self { started: Instant::now(), answers: Default::default(), others: None }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn count(&self, status: u16) {
        if let Some(counter) = self.answers.get(usize::from(status / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The page.
    pub fn page(&self, can_write: bool, pressure: &Pressure) -> String {
        let mut page = String::new();
        page.push_str("# HELP chatd_rest_answers_total Answers of the REST API by class of status.\n");
        page.push_str("# TYPE chatd_rest_answers_total counter\n");
        for (class, counter) in self.answers.iter().enumerate().skip(2) {
            let count = counter.load(Ordering::Relaxed);
            // Writing to a String does not fail.
            let _ = writeln!(page, "chatd_rest_answers_total{{class=\"{class}xx\"}} {count}");
        }
        gauge(&mut page, "chatd_uptime_seconds", "Time since the start.", self.started.elapsed().as_secs());
        gauge(&mut page, "chatd_writable", "Whether writes work, as far as is known.", u64::from(can_write));
        late(&mut page, pressure, Instant::now());
        if let Some((resident, threads)) = process() {
            gauge(&mut page, "process_resident_memory_bytes", "Resident memory.", resident);
            gauge(&mut page, "process_threads", "Threads: one per connection and a few.", threads);
        }
        for other in self.others.iter().flat_map(|others| others()) {
            gauge(&mut page, other.name, other.help, other.value);
        }
        page
    }
}

fn gauge(page: &mut String, name: &str, help: &str, value: u64) {
    // Writing to a String does not fail.
    let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
}

/// How late writes and events are, and what is given up for it.
fn late(page: &mut String, pressure: &Pressure, now: Instant) {
    let given_up: Vec<_> = pressure.given_up(now).collect();
    let level = u64::try_from(given_up.len()).unwrap_or(u64::MAX);
    gauge(page, "chatd_pressure_level", "How many kinds of work are given up because writes are late.", level);
    let late_s = pressure.late(now).as_secs_f64();
    // Writing to a String does not fail.
    let _ = write!(
        page,
        "# HELP chatd_lateness_seconds How long the oldest write or event has waited.\n\
         # TYPE chatd_lateness_seconds gauge\nchatd_lateness_seconds {late_s:.6}\n"
    );
    page.push_str("# HELP chatd_given_up Whether it is given up, in this order.\n# TYPE chatd_given_up gauge\n");
    for work in Work::ALL {
        let is_given_up = u8::from(given_up.contains(&work));
        let _ = writeln!(page, "chatd_given_up{{what=\"{}\"}} {is_given_up}", work.as_str());
    }
    page.push_str("# HELP chatd_given_up_total How often something of it was put off, dropped or refused.\n");
    page.push_str("# TYPE chatd_given_up_total counter\n");
    for work in Work::ALL {
        let _ = writeln!(page, "chatd_given_up_total{{what=\"{}\"}} {}", work.as_str(), pressure.counted(work));
    }
}

/// Resident bytes and threads, where there is a `/proc`.
fn process() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((number("VmRSS:")?.saturating_mul(1024), number("Threads:")?))
}

#[cfg(test)]
mod tests {
    use super::{Gauge, Instant, Metrics, Pressure};
    use crate::model::{Line, limits};

    #[test]
    fn the_page_has_a_type_for_every_number() {
        let metrics = Metrics {
            others: Some(Box::new(|| vec![Gauge { name: "chatd_gateways", help: "Open gateways.", value: 7 }])),
            ..Metrics::default()
        };
        for status in [200, 204, 404, 999] {
            metrics.count(status);
        }
        let pressure = Pressure::default();
        pressure.waits(Line::Commits, Instant::now());
        pressure.taken(Line::Commits, Some(Instant::now()), None);
        pressure.done(Line::Commits, Instant::now() + limits::LATE_FOR_TYPING);
        let page = metrics.page(true, &pressure);
        assert!(page.contains("chatd_pressure_level 3\n") && page.contains("chatd_lateness_seconds 1.0"), "{page}");
        assert!(page.contains("chatd_given_up{what=\"typing\"} 1\nchatd_given_up{what=\"presence\"} 0\n"));
        assert!(page.contains("chatd_rest_answers_total{class=\"2xx\"} 2\n"));
        assert!(page.contains("chatd_gateways 7\n") && page.contains("chatd_writable 1\n"));
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(page.contains(&format!("# TYPE {name} ")), "{line}");
        }
    }
}
