//! What o'clock it is where a user lives: by the time zones that the system has, or by what their client says.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::model::Timestamp;
use crate::model::preferences::Quiet;

/// Where the system's time zones are.
const FOLDER: &str = "/usr/share/zoneinfo";

/// Zones that are remembered, each for a day: an update of the system's brings new rules.
const ZONES: usize = 64;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A time zone's file in bytes: the longest has 4 KB.
const FILE_BYTES: u64 = 64 * 1024;

/// The time zones that were asked for lately.
pub(super) struct Zones {
    folder: PathBuf,
    known: HashMap<String, (Option<TimeZone>, Instant)>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { folder: FOLDER.into(), known: HashMap::new() }
    }
}

impl Zones {
    /// Whether it is an hour of silence.
    pub(super) fn is_quiet(&mut self, quiet: Option<&Quiet>, now: Timestamp) -> bool {
        quiet.is_some_and(|quiet| quiet.has(self.minute(quiet, now)))
    }

    /// The minute of the day.
    fn minute(&mut self, quiet: &Quiet, now: Timestamp) -> u16 {
        let zone = quiet.zone.as_deref().and_then(|name| self.zone(name));
        let local = zone.zip(jiff::Timestamp::from_millisecond(now.0).ok()).map(|(zone, now)| zone.to_datetime(now));
        let minute = match local {
            Some(local) => i64::from(local.hour()) * 60 + i64::from(local.minute()),
            None => now.0.div_euclid(60_000).saturating_add(i64::from(quiet.offset_minutes)).rem_euclid(24 * 60),
        };
        u16::try_from(minute).unwrap_or(0)
    }

    fn zone(&mut self, name: &str) -> Option<TimeZone> {
        let now = Instant::now();
        if let Some((zone, read_at)) = self.known.get(name)
            && now.duration_since(*read_at) < DAY
        {
            return zone.clone();
        }
        if self.known.len() >= ZONES {
            self.known.clear();
        }
        let zone = self.read(name);
        self.known.insert(name.to_owned(), (zone.clone(), now));
        zone
    }

    /// Names come from outside: they lead to no file but a time zone's.
    fn read(&self, name: &str) -> Option<TimeZone> {
        let is_part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        if name.len() > 64 || !name.split('/').all(is_part) {
            return None;
        }
        let path = self.folder.join(name);
        let meta = std::fs::metadata(&path).ok()?;
        let bytes = (meta.is_file() && meta.len() <= FILE_BYTES).then(|| std::fs::read(&path))?.ok()?;
        TimeZone::tzif(name, &bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time zone's file (RFC 9636) with no transitions but those that its rule says.
    fn tzif(rule: &str) -> Vec<u8> {
        let mut block = b"TZif2".to_vec();
        block.extend([0; 15]);
        // No leap seconds, no transitions; one type, four characters.
        [0_u32, 0, 0, 0, 1, 4].iter().for_each(|count| block.extend(count.to_be_bytes()));
        block.extend(3_600_i32.to_be_bytes());
        block.extend(b"\0\0CET\0");
        [block.clone(), block, format!("\n{rule}\n").into_bytes()].concat()
    }

    fn quiet(zone: Option<&str>, offset_minutes: i16) -> Quiet {
        Quiet { from: 22 * 60, to: 7 * 60, zone: zone.map(str::to_owned), offset_minutes }
    }

    #[test]
    fn it_is_the_users_time_that_counts_and_summer_time_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("Europe")).unwrap();
        std::fs::write(folder.path().join("Europe/Berlin"), tzif("CET-1CEST,M3.5.0,M10.5.0/3")).unwrap();
        let mut zones = Zones { folder: folder.path().to_owned(), known: HashMap::new() };
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let berlin = quiet(Some("Europe/Berlin"), -600);
        for (now, minute, is_quiet) in [
            ("2026-01-15T20:59:59Z", 21 * 60 + 59, false),
            ("2026-01-15T21:00:00Z", 22 * 60, true),
            ("2026-07-15T19:59:00Z", 21 * 60 + 59, false),
            ("2026-07-15T20:00:00Z", 22 * 60, true),
            ("2026-07-15T04:59:00Z", 6 * 60 + 59, true),
            ("2026-07-15T05:00:00Z", 7 * 60, false),
        ] {
            assert_eq!(zones.minute(&berlin, at(now)), minute, "{now}");
            assert_eq!(zones.is_quiet(Some(&berlin), at(now)), is_quiet, "{now}");
        }
        // A zone that is not known: what the client says, from the day before to the day after.
        for (offset, minute) in [(0, 23 * 60 + 30), (60, 30), (-1_020, 6 * 60 + 30)] {
            assert_eq!(zones.minute(&quiet(Some("Mars/Base"), offset), at("2026-07-15T23:30:00Z")), minute);
            assert_eq!(zones.minute(&quiet(None, offset), at("2026-07-15T23:30:00Z")), minute);
        }
        assert!(!zones.is_quiet(None, at("2026-07-15T23:30:00Z")));
    }

    #[test]
    fn no_name_leads_out_of_the_folder_and_no_file_is_taken_for_a_zone_that_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let zones_folder = folder.path().join("zones");
        std::fs::create_dir(&zones_folder).unwrap();
        std::fs::write(folder.path().join("secret"), tzif("CET-1")).unwrap();
        std::fs::write(zones_folder.join("Good"), tzif("CET-1")).unwrap();
        std::fs::write(zones_folder.join("Bad"), b"TZif2 and nothing more").unwrap();
        std::fs::write(zones_folder.join("Large"), vec![0; 70_000]).unwrap();
        let mut zones = Zones { folder: zones_folder.clone(), known: HashMap::new() };
        assert!(zones.zone("Good").is_some());
        let whole = folder.path().join("secret").to_str().unwrap().to_owned();
        for bad in ["../secret", "Good/../../secret", &whole, "", "/", "Bad", "Large", ".", "x\0y", "No/Such"] {
            assert!(zones.zone(bad).is_none(), "{bad}");
        }
        for n in 0..10_000 {
            zones.zone(&format!("No{n}"));
        }
        assert!(zones.known.len() <= ZONES);
    }
}
