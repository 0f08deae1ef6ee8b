//! Tells systemd how far we are (sd_notify(3)): a datagram to the socket that it names; and, while all answers, that we
//! need not be started anew.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Ready to answer.
pub(super) fn ready() {
    send("READY=1");
}

/// On the way out.
pub(super) fn stopping() {
    send("STOPPING=1");
}

fn send(state: &str) {
    let Ok(path) = std::env::var("NOTIFY_SOCKET") else { return };
    let sent = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    }
    .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        ::log::warn!("systemd cannot be told {state}: {error}");
    }
}

/// A thread that says now and then that all is well, if systemd waits for it (`WatchdogSec=`).
pub(super) struct Watchdog {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts it where systemd asks for it, and otherwise nothing. It pings whenever `is_well` says so; as long as that
    /// does not return nothing is sent either, and systemd starts us anew.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn start(is_well: impl Fn() -> bool + Send + 'static) -> io::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let Some(interval) = interval(variable, std::process::id()) else { return Ok(Self::none()) };
        Self::every(interval, move || {
            if is_well() {
                send("WATCHDOG=1");
            }
        })
    }

    fn none() -> Self {
        Self { stop: None, thread: None }
    }

    fn every(interval: Duration, ping: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let thread = Builder::new().name("watchdog".into()).stack_size(128 * 1024).spawn(move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                ping();
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Ends it.
    pub(super) fn stop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            ::log::error!("the watchdog had ended by a panic");
        }
    }
}

/// How often to ping: twice in the time after which systemd acts, as sd_watchdog_enabled(3) advises. None if it does
/// not wait for this process.
fn interval(variable: impl Fn(&str) -> Option<String>, pid: u32) -> Option<Duration> {
    let is_for_us = variable("WATCHDOG_PID").is_none_or(|named| named.parse() == Ok(pid));
    let microseconds: u64 = variable("WATCHDOG_USEC").filter(|_| is_for_us)?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds) / 2)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::{Watchdog, interval};

    #[test]
    fn it_pings_twice_in_the_time_and_only_where_systemd_waits_for_this_process() {
        let of = |usec: Option<&str>, pid: Option<&str>| {
            let (usec, pid) = (usec.map(str::to_owned), pid.map(str::to_owned));
            interval(move |name| if name == "WATCHDOG_USEC" { usec.clone() } else { pid.clone() }, 42)
        };
        let half_a_minute = Some(Duration::from_secs(30));
        assert_eq!(of(Some("60000000"), None), half_a_minute);
        assert_eq!(of(Some("60000000"), Some("42")), half_a_minute);
        for (usec, pid) in [
            (None, None),
            (None, Some("42")),
            (Some("60000000"), Some("43")),
            (Some("60000000"), Some("")),
            (Some("0"), None),
            (Some("-1"), None),
            (Some("soon"), None),
        ] {
            assert_eq!(of(usec, pid), None, "{usec:?} {pid:?}");
        }
    }

    #[test]
    fn it_ends_when_it_is_stopped_however_long_it_would_sleep() {
        let mut sleeper = Watchdog::every(Duration::from_secs(3_600), || {}).unwrap();
        sleeper.stop();
        assert!(sleeper.thread.is_none());
        let (told, heard) = sync_channel(0);
        let mut pinging = Watchdog::every(Duration::from_millis(1), move || told.send(()).unwrap_or_default()).unwrap();
        heard.recv().unwrap();
        heard.recv().unwrap();
        drop(heard);
        pinging.stop();
        Watchdog::none().stop();
    }
}
