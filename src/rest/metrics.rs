//! `/metrics`, in Prometheus' text format 0.0.4: what is cheaply at hand. Names and units are those of its convention:
//! base units, `_total` for counters alone, `process_…` as every client library has it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::route::{Rate, Route, Verb};
use crate::health::process::Process;
use crate::model::measure::{Durations, Read};
use crate::model::{Pressure, Work};

/// A number that another room knows.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name, with `chatd_` before.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// What it is now.
    pub value: Value,
}

/// What a number is, and is now.
#[derive(Clone, Debug)]
pub enum Value {
    /// It goes up and down.
    Gauge(u64),
    /// It only goes up.
    Counter(u64),
    /// Durations, which are kept in nanoseconds.
    Seconds(Read),
    /// How many of something came at once.
    Counts(Read),
}

/// Kinds of requests that take differently long; what has no route is of none.
const CLASSES: [&str; 5] = ["messages", "reads", "writes", "files", "sign_in"];

/// Which of [`CLASSES`] a request is of.
fn class(route: &Route) -> usize {
    match route.rate {
        Rate::Message => 0,
        Rate::SignIn | Rate::Registration => 4,
        _ if route.path.starts_with("/files/") || route.path == "/uploads" => 3,
        _ if route.verb == Verb::Get => 1,
        _ => 2,
    }
}

/// What this room counts, and where it asks for the rest.
pub struct Metrics {
    started: Instant,
    started_at: SystemTime,
    /// By the first digit of the status.
    answers: [AtomicU64; 6],
    /// By [`CLASSES`].
    requests: [Durations; 5],
    /// The numbers of the other rooms.
    pub others: Option<Others>,
}

type Others = Box<dyn Fn() -> Vec<Metric> + Send + Sync>;

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            started_at: SystemTime::now(),
            answers: Default::default(),
            requests: Default::default(),
            others: None,
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn count(&self, status: u16) {
        if let Some(counter) = self.answers.get(usize::from(status / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes how long a request has taken since `begun` until its answer was ready.
    pub fn took(&self, route: &Route, begun: Instant) {
        if let Some(requests) = self.requests.get(class(route)) {
            requests.took(begun.elapsed());
        }
    }

    /// The page.
    pub fn page(&self, can_write: bool, pressure: &Pressure) -> String {
        let mut page = String::new();
        head(&mut page, "chatd_build_info", "gauge", "The version of chatd, as a label.");
        // Writing to a String does not fail, here and below.
        let _ = writeln!(page, "chatd_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
        head(&mut page, "chatd_rest_answers_total", "counter", "Answers of the REST API by class of status.");
        for (class, counter) in self.answers.iter().enumerate().skip(2) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(page, "chatd_rest_answers_total{{class=\"{class}xx\"}} {count}");
        }
        let name = "chatd_request_duration_seconds";
        head(&mut page, name, "histogram", "Time from a REST request's head until its answer was ready, by kind.");
        for (class, requests) in CLASSES.iter().zip(&self.requests) {
            histogram(&mut page, name, &format!("class=\"{class}\""), &requests.read(), 1e9);
        }
        gauge(&mut page, "chatd_uptime_seconds", "Time since the start.", self.started.elapsed().as_secs());
        gauge(&mut page, "chatd_writable", "Whether writes work, as far as is known.", u64::from(can_write));
        late(&mut page, pressure, Instant::now());
        for other in self.others.iter().flat_map(|others| others()) {
            metric(&mut page, &other);
        }
        self.process(&mut page);
        page
    }

    /// What the kernel counts, where there is a `/proc`.
    fn process(&self, page: &mut String) {
        let own = Process::own();
        let started = self.started_at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        head(page, "process_start_time_seconds", "gauge", "When the process was started, since 1970.");
        let _ = writeln!(page, "process_start_time_seconds {started:.3}");
        if let Some(usage) = own.usage() {
            head(page, "process_cpu_seconds_total", "counter", "CPU time, the user's and the system's.");
            let _ = writeln!(page, "process_cpu_seconds_total {:.2}", usage.cpu_s);
            gauge(page, "process_resident_memory_bytes", "Resident memory.", usage.resident_bytes);
            gauge(page, "process_virtual_memory_bytes", "Virtual memory.", usage.virtual_bytes);
            gauge(page, "process_threads", "Threads: one per connection and a few.", usage.threads);
            gauge(page, "process_open_fds", "Open file descriptors.", usage.open_files);
        }
        if let Some(most) = own.open_files_max() {
            gauge(page, "process_max_fds", "File descriptors that it may have.", most);
        }
    }
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn gauge(page: &mut String, name: &str, help: &str, value: u64) {
    head(page, name, "gauge", help);
    let _ = writeln!(page, "{name} {value}");
}

fn metric(page: &mut String, metric: &Metric) {
    let (name, help) = (metric.name, metric.help);
    match &metric.value {
        Value::Gauge(value) => gauge(page, name, help, *value),
        Value::Counter(value) => {
            head(page, name, "counter", help);
            let _ = writeln!(page, "{name} {value}");
        }
        Value::Seconds(read) => {
            head(page, name, "histogram", help);
            histogram(page, name, "", read, 1e9);
        }
        Value::Counts(read) => {
            head(page, name, "histogram", help);
            histogram(page, name, "", read, 1.0);
        }
    }
}

/// The lines of a histogram, whose numbers are `unit`ths.
fn histogram(page: &mut String, name: &str, label: &str, read: &Read, unit: f64) {
    let comma = if label.is_empty() { "" } else { "," };
    for (bound, upto) in &read.buckets {
        let bound = *bound as f64 / unit;
        let _ = writeln!(page, "{name}_bucket{{{label}{comma}le=\"{bound}\"}} {upto}");
    }
    let braced = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
    let (sum, count) = (read.sum as f64 / unit, read.count);
    let _ = write!(
        page,
        "{name}_bucket{{{label}{comma}le=\"+Inf\"}} {count}\n{name}_sum{braced} {sum}\n{name}_count{braced} {count}\n"
    );
}

/// How late writes and events are, and what is given up for it.
fn late(page: &mut String, pressure: &Pressure, now: Instant) {
    let given_up: Vec<_> = pressure.given_up(now).collect();
    let level = u64::try_from(given_up.len()).unwrap_or(u64::MAX);
    gauge(page, "chatd_pressure_level", "How many kinds of work are given up because writes are late.", level);
    let late_s = pressure.late(now).as_secs_f64();
    head(page, "chatd_lateness_seconds", "gauge", "How long the oldest write or event has waited.");
    let _ = writeln!(page, "chatd_lateness_seconds {late_s:.6}");
    head(page, "chatd_giving_up", "gauge", "Whether it is given up, in this order.");
    for work in Work::ALL {
        let is_given_up = u8::from(given_up.contains(&work));
        let _ = writeln!(page, "chatd_giving_up{{what=\"{}\"}} {is_given_up}", work.as_str());
    }
    head(page, "chatd_given_up_total", "counter", "How often something of it was put off, dropped or refused.");
    for work in Work::ALL {
        let _ = writeln!(page, "chatd_given_up_total{{what=\"{}\"}} {}", work.as_str(), pressure.counted(work));
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Metric, Metrics, Pressure, Value};
    use crate::model::measure::Durations;
    use crate::model::{Line, limits};
    use crate::rest::routes::ROUTES;

    #[test]
    fn the_page_has_a_type_for_every_number() {
        let others = || {
            let (durations, help) = (Durations::default(), "Something.");
            durations.took(std::time::Duration::from_millis(3));
            let metric = |name, value| Metric { name, help, value };
            vec![
                metric("chatd_gateways", Value::Gauge(7)),
                metric("chatd_events_total", Value::Counter(9)),
                metric("chatd_delivery_delay_seconds", Value::Seconds(durations.read())),
            ]
        };
        let metrics = Metrics { others: Some(Box::new(others)), ..Metrics::default() };
        for status in [200, 204, 404, 999] {
            metrics.count(status);
        }
        let pressure = Pressure::default();
        pressure.waits(Line::Commits, Instant::now());
        pressure.taken(Line::Commits, Some(Instant::now()), None);
        pressure.done(Line::Commits, Instant::now() + limits::LATE_FOR_TYPING);
        let page = metrics.page(true, &pressure);
        assert!(page.contains("chatd_pressure_level 3\n") && page.contains("chatd_lateness_seconds 1.0"), "{page}");
        assert!(page.contains("chatd_giving_up{what=\"typing\"} 1\nchatd_giving_up{what=\"presence\"} 0\n"));
        assert!(page.contains("chatd_rest_answers_total{class=\"2xx\"} 2\n"));
        assert!(page.contains("chatd_gateways 7\n") && page.contains("chatd_writable 1\n"));
        let delay = "chatd_delivery_delay_seconds";
        assert!(page.contains(&format!("{delay}_bucket{{le=\"0.0025\"}} 0\n{delay}_bucket{{le=\"0.005\"}} 1\n")));
        assert!(page.contains(&format!("{delay}_bucket{{le=\"+Inf\"}} 1\n{delay}_sum 0.003\n{delay}_count 1\n")));
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            assert!(page.contains(&format!("# TYPE {family} ")), "{line}");
        }
    }

    #[test]
    fn requests_are_told_apart_by_what_they_cost() {
        let class = |name: &str| super::CLASSES[super::class(ROUTES.iter().find(|route| route.name == name).unwrap())];
        for (name, expected) in [
            ("postMessage", "messages"),
            ("listMessages", "reads"),
            ("createServer", "writes"),
            ("upload", "files"),
            ("getThumbnail", "files"),
            ("logIn", "sign_in"),
            ("register", "sign_in"),
        ] {
            assert_eq!(class(name), expected, "{name}");
        }
    }
}
