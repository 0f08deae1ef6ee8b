//! The committer, driven turn by turn without its thread, and as the store runs it.

mod pressure;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rusqlite::{Connection, OpenFlags, params};
use tempfile::TempDir;

use super::super::tests::{ALICE, CHANNEL, database, note, prepare};
use super::super::{Clock, ReadStates, instance};
use super::{Committer, Parts, Queue, Reserve, Sweep, Tx};
use crate::model::{Audience, Code, Error, Event, MessageId, Outlet, Result, ServerId, Timestamp};

/// Keeps what is published, and looks at the database from outside before and after each COMMIT.
struct Witness {
    db: Mutex<Connection>,
    /// Rows seen before and after each COMMIT, and the events that left with it.
    commits: Mutex<Vec<(i64, i64, Vec<Event>)>>,
}

impl Witness {
    fn rows(&self) -> i64 {
        self.db.lock().unwrap().query_row("SELECT count(*) FROM noted", [], |row| row.get(0)).unwrap()
    }

    /// The numbers that the events of each commit carry.
    fn told(&self) -> Vec<Vec<i64>> {
        let number = |event: &Event| match event.audience {
            Audience::Server(ServerId(number)) => number,
            _ => panic!("{event:?}"),
        };
        self.commits.lock().unwrap().iter().map(|(_, _, events)| events.iter().map(number).collect()).collect()
    }
}

impl Outlet for Witness {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        let before = self.rows();
        if let Some(events) = commit() {
            self.commits.lock().unwrap().push((before, self.rows(), events));
        }
    }
}

struct Bench {
    folder: TempDir,
    committer: Committer,
    queue: Arc<Queue>,
    witness: Arc<Witness>,
    read_states: Arc<ReadStates>,
    writable: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        Self::with(Queue::default())
    }

    fn with(queue: Queue) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = prepare(&database(&folder));
        let outside = Mutex::new(Connection::open(database(&folder)).unwrap());
        let witness = Arc::new(Witness { db: outside, commits: Mutex::default() });
        let queue = Arc::new(queue);
        let read_states = Arc::new(ReadStates::default());
        let writable = Arc::new(AtomicBool::new(true));
        let parts = Parts {
            queue: Arc::clone(&queue),
            outlet: Arc::clone(&witness) as _,
            read_states: Arc::clone(&read_states),
            tail: Arc::default(),
            writable: Arc::clone(&writable),
            clock: Arc::new(Clock::starting(0, Timestamp::now())),
            measured: Arc::default(),
            bell: Arc::default(),
            reserve_file: Reserve::of(&database(&folder), Arc::default()),
        };
        let mut committer = Committer::new(db, 0, parts).unwrap();
        committer.sweep = Sweep::Nothing;
        Self { folder, committer, queue, witness, read_states, writable }
    }

    fn put<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Receiver<Result<T>> {
        self.queue.put(job).unwrap()
    }

    /// One job in a batch of its own.
    fn run<T: Send + 'static>(&mut self, job: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let answer = self.put(job);
        self.turn();
        answer.try_recv().unwrap()
    }

    fn turn(&mut self) {
        assert!(self.committer.turn());
        // A new day's sweep is of no interest but where it is asked for.
        self.committer.sweep = Sweep::Nothing;
    }

    fn value(&self, sql: &str) -> i64 {
        self.witness.db.lock().unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Breaks COMMIT: what it does is looked at only there.
fn break_commit(tx: &mut Tx<'_>) -> Result<()> {
    tx.db.execute_batch("PRAGMA defer_foreign_keys = on; INSERT INTO members VALUES (404, 404, NULL, 0)")?;
    Ok(())
}

#[test]
fn answers_and_events_leave_after_commit_and_in_its_order() {
    let mut bench = Bench::new();
    let answers: Vec<_> = [5, 3, 9, 1].into_iter().map(|number| bench.put(note(number))).collect();
    bench.turn();
    bench.run(note(7)).unwrap();
    assert!(answers.iter().all(|answer| answer.try_recv().unwrap().is_ok()));
    assert_eq!(bench.witness.told(), [vec![5, 3, 9, 1], vec![7]]);
    let seen: Vec<_> =
        bench.witness.commits.lock().unwrap().iter().map(|(before, after, _)| (*before, *after)).collect();
    assert_eq!(seen, [(0, 4), (4, 5)], "an event left while others could not see its row");
}

#[test]
fn a_job_that_fails_undoes_itself_alone() {
    let mut bench = Bench::new();
    let first = bench.put(note(1));
    let failing = bench.put(|tx| {
        note(2)(tx)?;
        tx.mark_read(ALICE, CHANNEL, MessageId(2));
        Err::<(), _>(Error::forbidden())
    });
    let last = bench.put(note(3));
    bench.turn();
    assert!(first.try_recv().unwrap().is_ok() && last.try_recv().unwrap().is_ok());
    assert_eq!(failing.try_recv().unwrap().unwrap_err().code, Code::Forbidden);
    assert_eq!(bench.witness.told(), [vec![1, 3]]);
    assert_eq!(bench.value("SELECT sum(number) FROM noted"), 4);
    assert!(bench.read_states.of(ALICE).is_empty());
    // The same where it is the only one: there is nothing to commit.
    let alone = bench.run(|tx| note(4)(tx).and(Err::<(), _>(Error::not_found())));
    assert_eq!(alone.unwrap_err().code, Code::NotFound);
    assert_eq!(bench.witness.told().len(), 1);
    assert_eq!(bench.value("SELECT sum(number) FROM noted"), 4);
    assert!(bench.writable.load(Ordering::Relaxed));
}

#[test]
fn a_job_that_panics_answers_internal_and_undoes_itself_alone() {
    let mut bench = Bench::new();
    let alone = bench.run(|tx| -> Result<()> {
        note(1)(tx)?;
        panic!("as the test asked")
    });
    assert_eq!(alone.unwrap_err().code, Code::Internal);
    let first = bench.put(note(2));
    let panicking = bench.put(|tx| -> Result<()> {
        note(3)(tx)?;
        panic!("as the test asked")
    });
    let last = bench.put(note(4));
    bench.turn();
    assert!(first.try_recv().unwrap().is_ok() && last.try_recv().unwrap().is_ok());
    assert_eq!(panicking.try_recv().unwrap().unwrap_err().code, Code::Internal);
    assert_eq!(bench.witness.told(), [vec![2, 4]]);
    assert_eq!(bench.value("SELECT sum(number) FROM noted"), 6);
}

#[test]
fn when_commit_fails_every_job_gets_503_and_no_event_leaves() {
    let mut bench = Bench::new();
    let mut answers = vec![bench.put(note(1))];
    answers.push(bench.put(|tx| {
        tx.mark_read(ALICE, CHANNEL, MessageId(1));
        break_commit(tx).map(|()| 2)
    }));
    answers.push(bench.put(note(3)));
    let refused = bench.put(|_| Err::<(), _>(Error::forbidden()));
    bench.turn();
    for answer in answers {
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code, Code::Unavailable);
    }
    assert_eq!(refused.try_recv().unwrap().unwrap_err().code, Code::Forbidden, "a refusal is true whatever the disk");
    assert!(bench.witness.told().is_empty());
    assert!(bench.read_states.of(ALICE).is_empty());
    assert_eq!(bench.value("SELECT count(*) FROM noted"), 0);
    assert!(!bench.writable.load(Ordering::Relaxed));
    // The next batch is none the worse for it.
    assert_eq!(bench.run(note(4)).unwrap(), 4);
    assert_eq!(bench.witness.told(), [vec![4]]);
    assert!(bench.writable.load(Ordering::Relaxed));
}

#[test]
fn a_disk_that_fills_up_in_a_job_costs_the_batch_and_nothing_else() {
    let mut bench = Bench::new();
    for others in [false, true] {
        let before = others.then(|| bench.put(note(1)));
        let full = bench.put(|tx| {
            let pages: i64 = tx.db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            tx.db.query_row(&format!("PRAGMA max_page_count = {}", pages + 1), [], |_| Ok(()))?;
            // SQLite undoes the whole transaction by itself here, savepoints and all.
            let sql = "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (404, ?1, '', 0)";
            tx.db.execute(sql, ["x".repeat(100_000)])?;
            Ok(())
        });
        let after = others.then(|| bench.put(note(2)));
        bench.turn();
        let error = full.try_recv().unwrap().unwrap_err();
        assert_eq!(error.code, Code::Unavailable, "{error}");
        for answer in before.into_iter().chain(after) {
            assert_eq!(answer.try_recv().unwrap().unwrap_err().code, Code::Unavailable);
        }
        assert!(bench.witness.told().is_empty());
        assert_eq!(bench.value("SELECT count(*) FROM noted"), 0);
        let open = "PRAGMA max_page_count = 1000000";
        bench.committer.db.query_row(open, [], |_| Ok(())).unwrap();
    }
    bench.run(note(3)).unwrap();
    assert_eq!(bench.value("SELECT sum(number) FROM noted"), 3);
}

#[test]
fn writing_is_probed_until_it_works_again() {
    let mut bench = Bench::new();
    bench.run(break_commit).unwrap_err();
    assert!(!bench.writable.load(Ordering::Relaxed));
    let probe_at = bench.committer.probe_at.expect("nobody would find out");
    assert!(probe_at > Instant::now());
    bench.committer.probe_at = Some(Instant::now());
    // Nobody writes, yet the turn ends.
    bench.turn();
    assert!(bench.writable.load(Ordering::Relaxed));
    assert!(bench.committer.probe_at.is_none());
}

#[test]
fn a_full_disk_is_given_the_reserve_and_it_is_taken_back_when_there_is_room() {
    let mut bench = Bench::new();
    let file = bench.folder.path().join("reserve");
    assert!(!file.exists(), "at the start nobody waits for it");
    bench.committer.refill_at = Some(Instant::now());
    bench.turn();
    assert!(file.exists() && bench.committer.refill_at.is_none() && !bench.committer.reserve_file.is_short());
    let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
    bench.committer.failed(&full);
    assert!(!file.exists() && bench.committer.reserve_file.is_short());
    // Those that free some go on.
    bench.run(note(1)).unwrap();
    assert!(bench.committer.reserve_file.is_short() && bench.committer.refill_at > Some(Instant::now()));
    bench.committer.refill_at = Some(Instant::now());
    bench.turn();
    assert!(file.exists() && !bench.committer.reserve_file.is_short());
    // Another fault is none of its business.
    let broken = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_WRITE), None);
    bench.committer.failed(&broken);
    assert!(file.exists() && !bench.committer.reserve_file.is_short());
}

#[test]
fn the_id_reserve_of_a_failed_commit_is_not_taken_for_stored() {
    let mut bench = Bench::new();
    let lost = bench.run(|tx| {
        tx.next_id();
        break_commit(tx)
    });
    assert_eq!(lost.unwrap_err().code, Code::Unavailable);
    let given = bench.run(|tx| Ok(tx.next_id())).unwrap();
    let stored = bench.value("SELECT id_reserve FROM instance");
    assert!(stored >= given, "{given} is above the stored {stored}: after a restart it could be given again");
}

#[test]
fn late_read_states_are_seen_on_their_way_to_disk_and_survive_a_failed_commit() {
    let mut bench = Bench::new();
    bench
        .run(|tx| {
            tx.mark_read(ALICE, CHANNEL, MessageId(7));
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.read_states.of(ALICE), [(CHANNEL, MessageId(7))]);
    assert_eq!(bench.value("SELECT count(*) FROM read_states"), 0, "not before it is due");
    bench.read_states.ripen();
    let read_states = Arc::clone(&bench.read_states);
    let failing = bench.run(move |tx| {
        // In the middle of the batch that writes them: no snapshot has them yet.
        assert_eq!(read_states.of(ALICE), [(CHANNEL, MessageId(7))]);
        tx.mark_read(ALICE, CHANNEL, MessageId(8));
        break_commit(tx)
    });
    assert_eq!(failing.unwrap_err().code, Code::Unavailable);
    assert_eq!(bench.value("SELECT count(*) FROM read_states"), 0);
    assert_eq!(bench.read_states.of(ALICE), [(CHANNEL, MessageId(7))]);
    bench.committer.probe_at = None;
    bench.read_states.ripen();
    bench.turn();
    assert_eq!(bench.value("SELECT message_id FROM read_states WHERE user_id = 1 AND channel_id = 10"), 7);
}

#[test]
fn a_sweep_does_not_hold_read_states_up() {
    let mut bench = Bench::new();
    bench
        .run(|tx| {
            tx.mark_read(ALICE, CHANNEL, MessageId(7));
            Ok(())
        })
        .unwrap();
    bench.read_states.ripen();
    bench.committer.sweep = Sweep::Due;
    assert!(bench.committer.turn());
    assert_eq!(bench.value("SELECT count(*) FROM read_states"), 1);
}

/// A server of 600 members, deleted: two steps.
fn with_deleted_server(tx: &mut Tx<'_>) -> Result<()> {
    let sql = "INSERT INTO servers VALUES (5, '', '', 1, 600, 0, 1, NULL)";
    tx.db.execute(sql, [])?;
    for user in 1_000..1_600 {
        tx.db.execute(
            "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?1, ?2, '', 0)",
            params![user, user.to_string()],
        )?;
        tx.db.execute("INSERT INTO members VALUES (5, ?1, NULL, 0)", [user])?;
    }
    tx.sweep_later();
    Ok(())
}

#[test]
fn a_sweep_runs_when_nobody_waits_and_its_log_is_checkpointed() {
    let mut bench = Bench::new();
    bench.run(with_deleted_server).unwrap();
    bench.committer.checkpoint_pages = 1;
    bench.committer.sweep = Sweep::Due;
    let answer = bench.put(note(1));
    assert!(bench.committer.turn());
    answer.try_recv().unwrap().unwrap();
    assert_eq!(bench.value("SELECT count(*) FROM members"), 600, "a job waited behind a sweep");
    let mut steps = 0;
    while bench.committer.sweep == Sweep::Due {
        assert!(bench.committer.turn());
        steps += 1;
    }
    assert!((3..10).contains(&steps), "{steps}");
    assert_eq!(bench.value("SELECT count(*) FROM servers"), 0);
    // What stands in the main file alone, without the log.
    let uri = format!("file:{}?immutable=1", database(&bench.folder).display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let main = Connection::open_with_flags(uri, flags).unwrap();
    let left: i64 = main.query_row("SELECT count(*) FROM members", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "the log grew behind the sweep");
}

#[test]
fn a_sweep_that_fails_goes_on_after_the_next_commit() {
    let mut bench = Bench::new();
    bench.run(with_deleted_server).unwrap();
    bench.committer.db.execute_batch("PRAGMA query_only = on").unwrap();
    bench.committer.sweep = Sweep::Due;
    assert!(bench.committer.turn());
    assert_eq!(bench.committer.sweep, Sweep::AfterCommit);
    bench.committer.db.execute_batch("PRAGMA query_only = off").unwrap();
    let answer = bench.put(note(1));
    assert!(bench.committer.turn());
    answer.try_recv().unwrap().unwrap();
    assert_eq!(bench.committer.sweep, Sweep::Due);
}

#[test]
fn nonces_age_by_the_clock_of_the_identifiers() {
    let mut bench = Bench::new();
    // The clock was two years ahead, and then set right.
    let ahead = bench.committer.ids.next(Timestamp::now().plus_seconds(2 * 365 * 86_400));
    let day = instance::day(Timestamp(crate::model::Ids::milliseconds(ahead)));
    let sql = "INSERT INTO nonces VALUES (?1, 1, 10, 'old', 1), (?2, 1, 10, 'new', 2)";
    bench.committer.db.execute(sql, [day - 3, day]).unwrap();
    bench.committer.sweep = Sweep::Due;
    while bench.committer.sweep == Sweep::Due {
        assert!(bench.committer.turn());
    }
    assert_eq!(bench.value("SELECT day FROM nonces"), day);
}
