//! What a board can carry, worked out from what was measured on it. The formula stands in [`Figures::text`] too, for
//! the owner.

use super::figures::number;

/// The part of the free memory that connections may take: the page cache makes the database fast with the rest.
const MEMORY_SHARE: f64 = 0.5;
/// What the kernel keeps for a connection, which no process shows: a socket (about 4 KB, and what waits in it), a
/// thread's kernel stack (16 KB) and its descriptor (10 KB).
const KERNEL_BYTES: f64 = 32e3;
/// The part of the CPU that messages may take steadily: the rest is for bursts, sign-ins and searches.
const CPU_SHARE: f64 = 0.25;
/// The part of what the disk takes that messages may need steadily.
const DISK_SHARE: f64 = 0.5;
/// A circle of friends, for comparison.
const FEW: f64 = 100.0;

/// What was measured.
#[derive(Clone, Debug)]
pub struct Figures {
    /// How long a sync of 4 KiB takes: half of them, and 99 of 100, in milliseconds.
    pub sync_ms: (f64, f64),
    /// A password's hash, in milliseconds.
    pub password_ms: f64,
    /// Memory of the instance for a connection.
    pub connection_bytes: f64,
    /// Memory that the machine had left.
    pub free_bytes: f64,
    /// Cores that chatd may use.
    pub cores: f64,
    /// Connections that are let in.
    pub connections_max: f64,
    /// Messages a second on disk.
    pub posts_per_s: f64,
    /// CPU time for one of them, in µs.
    pub post_us: f64,
    /// Deliveries a second.
    pub deliveries_per_s: f64,
    /// CPU time for one of them, in µs.
    pub delivery_us: f64,
    /// Who was connected for these.
    pub listeners: f64,
    /// What [`Figures::trial_per_s`] asks for.
    pub trial_per_s: f64,
    /// From send to delivery at that: half, and 99 of 100, in milliseconds.
    pub latency_ms: (f64, f64),
    /// Whether the generator had no time left then.
    pub is_saturated: bool,
}

impl Figures {
    /// People who may be connected.
    fn people(&self) -> f64 {
        let each = self.connection_bytes.max(0.0) + KERNEL_BYTES;
        rounded_down((self.free_bytes * MEMORY_SHARE / each).min(self.connections_max))
    }

    /// Messages a second that may go to so many.
    fn messages_per_s(&self, people: f64) -> f64 {
        let cpu = self.cores * CPU_SHARE * 1e6 / (self.post_us + people * self.delivery_us);
        rounded_down(cpu.min(self.posts_per_s * DISK_SHARE))
    }

    /// Messages a second to those who were connected that are as many deliveries as the board is said to carry.
    pub fn trial_per_s(&self) -> f64 {
        let people = self.people();
        let as_many = self.messages_per_s(people) * people / self.listeners;
        as_many.min(self.posts_per_s * DISK_SHARE).max(1.0)
    }

    /// 99 of 100 deliveries come within this time: as measured, and whoever is written to last waits for the others.
    fn p99_ms(&self) -> f64 {
        self.latency_ms.1 + (self.people() - self.listeners).max(0.0) * self.delivery_us / 1e3
    }

    /// All of it, for the owner.
    pub fn text(&self) -> String {
        let people = self.people();
        let rows = [
            ("disk", format!("4 KiB synced in {} ms, 99 of 100 within {} ms", n(self.sync_ms.0), n(self.sync_ms.1))),
            ("password", format!("hashed in {} ms", n(self.password_ms))),
            (
                "memory",
                format!("{} KB for a connection, {} MB free", n(self.connection_bytes / 1e3), n(self.free_bytes / 1e6)),
            ),
            (
                "messages",
                format!(
                    "{} a second, each on disk before its answer; {} µs of CPU",
                    n(self.posts_per_s),
                    n(self.post_us)
                ),
            ),
            ("deliveries", format!("{} a second; {} µs of CPU", n(self.deliveries_per_s), n(self.delivery_us))),
            (
                "latency",
                format!(
                    "{} ms from send to delivery, 99 of 100 within {} ms, at {} messages/s to {} people",
                    n(self.latency_ms.0),
                    n(self.latency_ms.1),
                    n(self.trial_per_s),
                    n(self.listeners)
                ),
            ),
        ];
        let mut text: String = rows.iter().map(|(name, row)| format!("{name:11} {row}\n")).collect();
        text += &format!(
            "\nThis board can carry about {} people connected, {} messages/s at p99 {} ms, if all are in one server \
             and each message goes to all of them; with {} connected, {} messages/s.\n",
            n(people),
            n(self.messages_per_s(people)),
            n(self.p99_ms()),
            n(FEW.min(people)),
            n(self.messages_per_s(FEW.min(people)))
        );
        text += &format!(
            "\nPeople: half of the free memory, divided by {} KB and {} in the kernel; at most --connections: {}.\n\
             Messages/s: a quarter of {} cores, divided by {} µs a message and {} µs for each of the people;\n\
             at most half of what the disk took. p99: as measured at as many deliveries a second, and {} µs more\n\
             for each of the people beyond {}. All of it was measured over loopback, the load on the same cores.\n",
            n(self.connection_bytes / 1e3),
            n(KERNEL_BYTES / 1e3),
            n(self.connections_max),
            n(self.cores),
            n(self.post_us),
            n(self.delivery_us),
            n(self.delivery_us),
            n(self.listeners)
        );
        if self.is_saturated {
            text += "The load generator had no time left: the board alone is better than its latency here.\n";
        }
        text
    }
}

fn n(value: f64) -> String {
    number(value)
}

/// To two figures, as more would be pretence.
fn rounded_down(value: f64) -> f64 {
    if value < 10.0 {
        return value;
    }
    let unit = 10_f64.powi(value.log10().floor() as i32 - 1);
    (value / unit).floor() * unit
}

#[cfg(test)]
mod tests {
    use super::{Figures, rounded_down};

    fn board() -> Figures {
        Figures {
            sync_ms: (8.0, 20.0),
            password_ms: 120.0,
            connection_bytes: 32e3,
            free_bytes: 3.2e9,
            cores: 4.0,
            connections_max: 10_000.0,
            posts_per_s: 2_000.0,
            post_us: 100.0,
            deliveries_per_s: 50_000.0,
            delivery_us: 4.9,
            listeners: 200.0,
            trial_per_s: 0.0,
            latency_ms: (10.0, 30.0),
            is_saturated: false,
        }
    }

    #[test]
    fn what_runs_out_first_is_the_limit() {
        let board = board();
        assert_eq!(board.people(), 10_000.0, "of 25,000 that memory has room for");
        assert_eq!(Figures { free_bytes: 64e6, ..board.clone() }.people(), 500.0);
        // A second of CPU: 100 µs and 10,000 × 4.9 µs are 49.1 ms.
        assert_eq!(board.messages_per_s(10_000.0), 20.0);
        assert_eq!(board.messages_per_s(1.0), 1_000.0, "half of what the disk took");
        assert_eq!(board.trial_per_s(), 1_000.0, "20 to 10,000 are as many as 1,000 to 200");
        // 9,800 more, of 4.9 µs.
        assert!((board.p99_ms() - 78.02).abs() < 0.001);
        assert!(
            board.text().contains("about 10,000 people connected, 20 messages/s at p99 78.0 ms"),
            "{}",
            board.text()
        );
        assert!(!board.text().contains("no time left"));
        assert!(Figures { is_saturated: true, ..board }.text().contains("no time left"));
    }

    #[test]
    fn two_figures_are_enough() {
        assert_eq!([7.5, 99.9, 1_234.0, 10_000.0].map(rounded_down), [7.5, 99.0, 1_200.0, 10_000.0]);
    }
}
