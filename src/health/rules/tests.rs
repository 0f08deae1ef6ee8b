//! Each finding has its case, and the case next to it that is none.

use super::{Facts, Finding, Severity, Timestamp, findings};
use crate::health::{Device, Exposure};

const NOW: &str = "2027-03-01T12:00:00Z";

/// An instance in good health, behind a proxy.
fn well() -> Facts {
    let device = |number| Device { number, disk: Some(format!("sd{number}")), is_card: false };
    let mut facts = Facts {
        served: true,
        schema: Some((5, 5)),
        writable: Some(true),
        device: Some(device(1)),
        sync: Some((12.0, 5_000)),
        memory_stalled: Some(0.0),
        connections: 10_000,
        open_files: Some(16_384),
        tasks: Some(10_500),
        exposure: Exposure {
            listen: Some(([127, 0, 0, 1], 8080).into()),
            public_url: "https://chat.example".to_owned(),
            proxies: true,
            setup_required: Some(false),
            rate_limits: true,
            is_service: true,
            ..Exposure::default()
        },
        ..Facts::default()
    };
    facts.clock.now = Timestamp::parse(NOW);
    facts.clock.seen = facts.clock.now.map(|now| now.plus_seconds(60));
    facts.room.disk = Some((40_000_000_000, 64_000_000_000));
    facts.room.reserve = 500_000_000;
    facts.room.log = Some(4_000_000);
    facts.backups.folder = Some("/mnt/usb".to_owned());
    facts.backups.device = Some(device(2));
    facts.backups.age_s = Some(86_400);
    facts.backups.instance_age_s = Some(1_000_000);
    facts
}

/// What is found when something is otherwise.
fn otherwise(change: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = well();
    change(&mut facts);
    findings(&facts)
}

/// The one thing that is found then.
#[track_caller]
fn one(change: impl FnOnce(&mut Facts)) -> (Severity, &'static str) {
    let found = otherwise(change);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].text.is_empty() && !found[0].advice.is_empty());
    (found[0].severity, found[0].code)
}

#[track_caller]
fn nothing(change: impl FnOnce(&mut Facts)) {
    assert_eq!(otherwise(change), []);
}

use Severity::{Error, Notice, Warning};

#[test]
fn of_an_instance_in_good_health_nothing_is_found() {
    nothing(|_| {});
}

#[test]
fn of_what_is_not_known_nothing_is_said() {
    let facts = Facts { served: true, ..Facts::default() };
    let codes: Vec<_> = findings(&facts).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["backups_off"]);
}

#[test]
fn the_database() {
    assert_eq!(one(|f| f.schema = Some((6, 5))), (Error, "database_newer"));
    nothing(|f| f.schema = Some((4, 5)));
    assert_eq!(one(|f| f.unreadable = Some("it is a cat picture".to_owned())), (Error, "database_unreadable"));
    assert_eq!(one(|f| f.writable = Some(false)), (Error, "not_writable"));
    assert_eq!(one(|f| f.room.log = Some(65 * 1024 * 1024)), (Warning, "log_large"));
    assert_eq!(one(|f| f.foreign = Some((999, "/data/key".to_owned()))), (Error, "foreign_files"));
}

#[test]
fn where_nothing_is_nothing_runs() {
    let (severity, code) = one(|f| (f.served, f.empty) = (false, Some("/data".to_owned())));
    assert_eq!((severity, code), (Warning, "no_data"));
}

#[test]
fn the_disk() {
    let full = |facts: &mut Facts| {
        (facts.room.short, facts.writable) = (true, Some(false));
        facts.room.disk = Some((0, 64_000_000_000));
    };
    assert_eq!(one(full), (Error, "disk_full"));
    assert_eq!(one(|f| f.room.disk = Some((999_999_999, 64_000_000_000))), (Warning, "disk_nearly_full"));
    nothing(|f| f.room.disk = Some((1_000_000_000, 64_000_000_000)));
    assert_eq!(one(|f| f.sync = Some((100.1, 100))), (Warning, "disk_slow"));
    nothing(|f| f.sync = Some((100.0, 100)));
    nothing(|f| f.sync = Some((900.0, 99)));
    let card = otherwise(|f| {
        f.sync = Some((250.0, 1_000));
        f.device = Some(Device { number: 1, disk: Some("mmcblk0".to_owned()), is_card: true });
    });
    assert!(card[0].text.contains("250 ms") && card[0].text.contains("SD card"), "{card:?}");
}

#[test]
fn backups() {
    assert_eq!(one(|f| f.backups.folder = None), (Warning, "backups_off"));
    assert_eq!(one(|f| f.backups.age_s = Some(36 * 3600 + 1)), (Warning, "backup_old"));
    nothing(|f| f.backups.age_s = Some(36 * 3600));
    assert_eq!(one(|f| f.backups.age_s = None), (Warning, "backup_never"));
    nothing(|f| (f.backups.age_s, f.backups.instance_age_s) = (None, Some(36 * 3600)));
    assert_eq!(one(|f| f.backups.error = Some("the stick is gone".to_owned())), (Error, "backup_failing"));
    assert_eq!(one(|f| f.backups.device = f.device.clone()), (Notice, "backups_on_same_disk"));
}

#[test]
fn the_clock() {
    let says = |text: &str| Timestamp::parse(text);
    assert_eq!(one(|f| f.clock.now = says("2027-03-01T11:50:59Z")), (Warning, "clock_behind"));
    nothing(|f| f.clock.now = says("2027-03-01T11:51:00Z"));
    let early = |facts: &mut Facts| (facts.clock.now, facts.clock.seen) = (says("2026-10-31T23:59:59Z"), None);
    assert_eq!(one(early), (Warning, "clock_behind"));
    nothing(|f| (f.clock.now, f.clock.seen) = (says("2026-11-01T00:00:00Z"), None));
}

#[test]
fn the_machine() {
    assert_eq!(one(|f| f.memory_stalled = Some(10.0)), (Warning, "memory_short"));
    nothing(|f| f.memory_stalled = Some(9.9));
    assert_eq!(one(|f| f.open_files = Some(1_024)), (Warning, "open_files_few"));
    assert_eq!(one(|f| f.tasks = Some(4_915)), (Warning, "tasks_few"));
    nothing(|f| (f.connections, f.open_files, f.tasks) = (500, Some(1_024), Some(600)));
    assert_eq!(one(|f| f.given_up = vec!["typing".to_owned()]), (Warning, "writes_late"));
    assert_eq!(one(|f| f.served = false), (Warning, "not_running"));
    assert_eq!(one(|f| (f.served, f.exposure.is_service) = (false, false)), (Notice, "not_running"));
}

#[test]
fn who_comes_in() {
    assert_eq!(one(|f| f.exposure.open = true), (Warning, "registration_open"));
    let at_home = |facts: &mut Facts| {
        facts.exposure.listen = Some(([0, 0, 0, 0], 8080).into());
        facts.exposure.public_url = "http://pi.local:8080".to_owned();
        facts.exposure.proxies = false;
    };
    nothing(|f| {
        at_home(f);
        f.exposure.open = true;
    });
    assert_eq!(one(|f| f.exposure.rate_limits = false), (Error, "rate_limits_off"));
    let alone = |facts: &mut Facts| {
        (facts.exposure.proxies, facts.exposure.is_service) = (false, false);
        facts.exposure.public_url.clear();
    };
    nothing(alone);
    assert_eq!(
        one(|f| {
            alone(f);
            f.exposure.rate_limits = false;
        }),
        (Warning, "rate_limits_off")
    );
    assert_eq!(one(|f| f.exposure.setup_required = Some(true)), (Notice, "setup_required"));
    assert_eq!(one(|f| f.exposure.public_url.clear()), (Warning, "no_public_url"));
    assert_eq!(one(|f| f.exposure.public_url = "http://chat.example".to_owned()), (Warning, "plain_http"));
    let forgotten = |facts: &mut Facts| {
        alone(facts);
        facts.exposure.is_service = true;
    };
    assert_eq!(one(forgotten), (Warning, "loopback_only"));
}

#[test]
fn certificates() {
    let ends = |text: &str| Timestamp::parse(text);
    assert_eq!(one(|f| f.exposure.certificate_ends = ends("2027-03-15T11:59:59Z")), (Warning, "certificate_ends"));
    nothing(|f| f.exposure.certificate_ends = ends("2027-03-15T12:00:00Z"));
    assert_eq!(one(|f| f.exposure.certificate_ends = ends("2027-03-01T11:59:59Z")), (Error, "certificate_ended"));
    let own = otherwise(|f| {
        f.exposure.certificate_ends = ends("2027-03-02T00:00:00Z");
        f.exposure.self_signed = true;
    });
    assert!(own[0].advice.contains("restart") && own[0].text.contains("2027-03-02, in 0 days"), "{own:?}");
}

#[test]
fn the_worst_comes_first() {
    let found = otherwise(|f| {
        f.exposure.setup_required = Some(true);
        f.backups.folder = None;
        f.schema = Some((9, 5));
    });
    let order: Vec<_> = found.iter().map(|finding| finding.severity).collect();
    assert_eq!(order, [Error, Warning, Notice]);
}
