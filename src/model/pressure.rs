//! How late what is to be written and told is, and what is given up for it meanwhile, in a stated order: pictures' small
//! forms first, messages last.
//!
//! Nothing ticks here: whether something is given up is worked out of instants when somebody asks. Whoever lets
//! something wait asks [`Pressure::falls_at`] when to ask again.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits;

/// What can be given up, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Making colours and small forms of pictures: waits.
    Thumbnails,
    /// Bringing messages into the search index: waits, as what it lacks is searched one by one.
    SearchIndexing,
    /// Telling who types: is dropped.
    Typing,
    /// Telling who came and went: is told once, later.
    Presence,
    /// All that clients want to be written, but for messages: refused.
    OtherWrites,
    /// Posting messages, and the tokens for it: refused.
    Messages,
}

/// A thread with work that must not be late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Jobs, for the committer.
    Commits,
    /// Events, for the fan-out.
    Feed,
}

impl Work {
    /// All of it, the first to go first.
    pub const ALL: [Self; 6] =
        [Self::Thumbnails, Self::SearchIndexing, Self::Typing, Self::Presence, Self::OtherWrites, Self::Messages];

    /// Its name in `/readyz` and `/metrics`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Thumbnails => "thumbnails",
            Self::SearchIndexing => "search_indexing",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::OtherWrites => "other_writes",
            Self::Messages => "messages",
        }
    }

    /// It is given up when the oldest that waits has waited for so long.
    pub const fn at(self) -> Duration {
        match self {
            Self::Thumbnails => limits::LATE_FOR_THUMBNAILS,
            Self::SearchIndexing => limits::LATE_FOR_SEARCH_INDEXING,
            Self::Typing => limits::LATE_FOR_TYPING,
            Self::Presence => limits::LATE_FOR_PRESENCE,
            Self::OtherWrites => limits::LATE_FOR_OTHER_WRITES,
            Self::Messages => limits::LATE_FOR_MESSAGES,
        }
    }
}

/// How late work is. Times are nanoseconds since `begun`, and 0 is none.
#[derive(Debug)]
pub struct Pressure {
    begun: Instant,
    commits: Oldest,
    feed: Oldest,
    levels: [Level; 6],
    /// How late the last was that was late enough for something to be given up.
    last_late: AtomicU64,
    /// How much is given up as the log knows it.
    told: AtomicUsize,
    telling: Mutex<()>,
}

/// Since when the oldest has waited of what a thread has to do.
#[derive(Debug, Default)]
struct Oldest {
    /// Of what it has not taken yet.
    waiting: AtomicU64,
    /// Of what it is at.
    taken: AtomicU64,
}

impl Oldest {
    fn since(&self) -> Option<u64> {
        // In the order that is not that of `Pressure::taken`: what is on its way from one to the other is seen.
        let waiting = self.waiting.load(Ordering::Acquire);
        let taken = self.taken.load(Ordering::Acquire);
        [waiting, taken].into_iter().filter(|since| *since > 0).min()
    }
}

/// One kind of work.
#[derive(Debug, Default)]
struct Level {
    /// When something was last done that late.
    justified: AtomicU64,
    /// How often it was given up.
    given_up: AtomicU64,
}

impl Default for Pressure {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            commits: Oldest::default(),
            feed: Oldest::default(),
            levels: Default::default(),
            last_late: AtomicU64::default(),
            told: AtomicUsize::default(),
            telling: Mutex::default(),
        }
    }
}

impl Pressure {
    fn number(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.begun).as_nanos();
        // 584 years.
        u64::try_from(since).unwrap_or(u64::MAX).max(1)
    }

    fn oldest(&self, line: Line) -> &Oldest {
        match line {
            Line::Commits => &self.commits,
            Line::Feed => &self.feed,
        }
    }

    fn level(&self, work: Work) -> &Level {
        let [thumbnails, indexing, typing, presence, writes, messages] = &self.levels;
        match work {
            Work::Thumbnails => thumbnails,
            Work::SearchIndexing => indexing,
            Work::Typing => typing,
            Work::Presence => presence,
            Work::OtherWrites => writes,
            Work::Messages => messages,
        }
    }

    /// Something begins to wait where nothing did.
    pub fn waits(&self, line: Line, since: Instant) {
        self.oldest(line).waiting.store(self.number(since), Ordering::Release);
    }

    /// The thread has taken what waited, the oldest since `oldest`; since `next` there is more.
    pub fn taken(&self, line: Line, oldest: Option<Instant>, next: Option<Instant>) {
        let number = |since: Option<Instant>| since.map_or(0, |since| self.number(since));
        let line = self.oldest(line);
        line.taken.store(number(oldest), Ordering::Release);
        line.waiting.store(number(next), Ordering::Release);
    }

    /// What was taken is done: how late it was counts for a while.
    pub fn done(&self, line: Line, now: Instant) {
        let since = self.oldest(line).taken.swap(0, Ordering::AcqRel);
        if since == 0 {
            return;
        }
        let number = self.number(now);
        let late = Duration::from_nanos(number.saturating_sub(since));
        for work in Work::ALL.into_iter().take_while(|work| late >= work.at()) {
            self.last_late.store(number.saturating_sub(since), Ordering::Relaxed);
            self.level(work).justified.fetch_max(number, Ordering::Relaxed);
        }
        self.look(now);
    }

    /// How long the oldest that waits has waited.
    fn waited(&self, now: Instant) -> Duration {
        let since = self.commits.since().into_iter().chain(self.feed.since()).min();
        Duration::from_nanos(since.map_or(0, |since| self.number(now).saturating_sub(since)))
    }

    /// The earliest time at which this work may be done again; none if it may now.
    pub fn falls_at(&self, work: Work, now: Instant) -> Option<Instant> {
        if self.waited(now) >= work.at() {
            return Some(now + limits::LATE_HOLD);
        }
        let justified = self.level(work).justified.load(Ordering::Relaxed);
        let falls_at = self.begun + Duration::from_nanos(justified) + limits::LATE_HOLD;
        (justified > 0 && falls_at > now).then_some(falls_at)
    }

    /// Whether this work is given up.
    pub fn is_given_up(&self, work: Work, now: Instant) -> bool {
        self.falls_at(work, now).is_some()
    }

    /// Whether this work is given up; then it is counted.
    pub fn gives_up(&self, work: Work, now: Instant) -> bool {
        self.look(now);
        let is_given_up = self.is_given_up(work, now);
        if is_given_up {
            self.count(work);
        }
        is_given_up
    }

    /// Counts that something of this was given up.
    pub fn count(&self, work: Work) {
        self.level(work).given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something of this was given up.
    pub fn counted(&self, work: Work) -> u64 {
        self.level(work).given_up.load(Ordering::Relaxed)
    }

    /// What is given up, the first to go first.
    pub fn given_up(&self, now: Instant) -> impl Iterator<Item = Work> {
        self.look(now);
        // Who waits longer has waited as long: there is no hole in it.
        Work::ALL.into_iter().take_while(move |work| self.is_given_up(*work, now))
    }

    /// How late work is: what waits, or was done a moment ago and is why something is given up.
    pub fn late(&self, now: Instant) -> Duration {
        let waited = self.waited(now);
        let last = Duration::from_nanos(self.last_late.load(Ordering::Relaxed));
        if self.is_given_up(Work::Thumbnails, now) { waited.max(last) } else { waited }
    }

    /// When to [`look`](Self::look) again, so that the log hears of what is given up no more; none if nothing is.
    pub fn look_at(&self, now: Instant) -> Option<Instant> {
        let last = self.told.load(Ordering::Relaxed).checked_sub(1)?;
        let work = Work::ALL.get(last)?;
        Some(self.falls_at(*work, now).unwrap_or(now))
    }

    /// Tells the log, in one line, if more or less is given up than when it was last told.
    pub fn look(&self, now: Instant) {
        let count = || Work::ALL.into_iter().take_while(|work| self.is_given_up(*work, now)).count();
        if count() == self.told.load(Ordering::Relaxed) {
            return;
        }
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have told it.
        let count = count();
        let told = self.told.swap(count, Ordering::Relaxed);
        let names: Vec<_> = Work::ALL.into_iter().take(count).map(Work::as_str).collect();
        let (names, late_s) = (names.join(", "), self.late(now).as_secs_f32());
        match count {
            _ if count == told => {}
            0 => log::info!("writing and telling keep up again: nothing is given up any more"),
            _ if count < told => log::info!("writing and telling keep up better; still given up: {names}"),
            _ => log::warn!("what is to be written or told is {late_s:.2} s late; given up meanwhile: {names}"),
        }
    }
}

#[cfg(test)]
impl Pressure {
    /// One for tests of other rooms: what is given up when something is so `late` is so until `until`.
    pub fn falling(late: Duration, until: Instant) -> Self {
        let done = until.checked_sub(limits::LATE_HOLD).unwrap();
        let since = done.checked_sub(late).unwrap();
        let pressure = Self { begun: since.checked_sub(Duration::from_secs(1)).unwrap(), ..Self::default() };
        pressure.taken(Line::Feed, Some(since), None);
        pressure.done(Line::Feed, done);
        pressure
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Line, Pressure, Work, limits};

    /// A pressure, and its clock in milliseconds.
    fn pressure() -> (Pressure, impl Fn(u64) -> Instant) {
        let pressure = Pressure::default();
        let begun = pressure.begun + Duration::from_secs(1);
        (pressure, move |ms| begun + Duration::from_millis(ms))
    }

    fn names(pressure: &Pressure, now: Instant) -> Vec<&'static str> {
        pressure.given_up(now).map(Work::as_str).collect()
    }

    #[test]
    fn the_longer_something_waits_the_more_is_given_up_and_messages_last() {
        let (pressure, at) = pressure();
        assert_eq!((names(&pressure, at(0)).len(), pressure.late(at(0))), (0, Duration::ZERO));
        pressure.waits(Line::Commits, at(0));
        let mut counts = Vec::new();
        for ms in [0, 249, 250, 499, 500, 999, 1_000, 1_999, 2_000, 4_999, 5_000, 9_999, 10_000, 60_000] {
            assert_eq!(pressure.late(at(ms)), Duration::from_millis(ms));
            counts.push(names(&pressure, at(ms)).len());
        }
        assert_eq!(counts, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
        let order = ["thumbnails", "search_indexing", "typing", "presence", "other_writes", "messages"];
        assert_eq!(names(&pressure, at(10_000)), order);
        assert!(Work::ALL.is_sorted() && Work::ALL.is_sorted_by_key(|work| work.at()));
    }

    #[test]
    fn what_was_late_counts_for_a_while_and_then_no_more_by_itself() {
        let (pressure, at) = pressure();
        pressure.waits(Line::Commits, at(0));
        // What waits goes on waiting when it is taken.
        pressure.taken(Line::Commits, Some(at(0)), None);
        assert_eq!(names(&pressure, at(1_000)).len(), 3);
        pressure.done(Line::Commits, at(1_100));
        let hold = u64::try_from(limits::LATE_HOLD.as_millis()).unwrap();
        assert_eq!(names(&pressure, at(1_099 + hold)).len(), 3);
        assert_eq!(pressure.late(at(1_099 + hold)), Duration::from_millis(1_100));
        assert_eq!(pressure.falls_at(Work::Typing, at(1_200)), Some(at(1_100 + hold)));
        assert_eq!(pressure.falls_at(Work::Presence, at(1_200)), None, "it was never so late");
        assert!(names(&pressure, at(1_100 + hold)).is_empty());
        assert_eq!(pressure.late(at(1_100 + hold)), Duration::ZERO);
    }

    #[test]
    fn a_higher_level_falls_first_if_the_lower_goes_on_being_justified() {
        let (pressure, at) = pressure();
        let batch = |since, done| {
            pressure.taken(Line::Commits, Some(at(since)), None);
            pressure.done(Line::Commits, at(done));
        };
        batch(0, 1_000);
        batch(1_500, 1_800);
        assert_eq!(names(&pressure, at(2_999)).len(), 3);
        assert_eq!(names(&pressure, at(3_000)), ["thumbnails"]);
        assert!(names(&pressure, at(3_800)).is_empty());
        // What is in time justifies nothing.
        batch(4_000, 4_249);
        assert!(names(&pressure, at(4_249)).is_empty());
    }

    #[test]
    fn what_waits_while_something_is_done_is_not_forgotten() {
        let (pressure, at) = pressure();
        pressure.waits(Line::Commits, at(0));
        pressure.taken(Line::Commits, Some(at(0)), Some(at(400)));
        pressure.done(Line::Commits, at(500));
        assert_eq!(pressure.waited(at(700)), Duration::from_millis(300));
        // The other line is late by itself, and the later of the two counts.
        pressure.waits(Line::Feed, at(600));
        assert_eq!(pressure.waited(at(700)), Duration::from_millis(300));
        pressure.taken(Line::Commits, Some(at(400)), None);
        pressure.done(Line::Commits, at(800));
        assert_eq!(pressure.waited(at(900)), Duration::from_millis(300));
        pressure.taken(Line::Feed, Some(at(600)), None);
        pressure.done(Line::Feed, at(900));
        assert_eq!(pressure.waited(at(9_000)), Duration::ZERO);
        // Nothing was taken, nothing is measured.
        pressure.done(Line::Feed, at(99_000));
        assert!(names(&pressure, at(99_000)).is_empty());
    }

    #[test]
    fn whoever_waits_is_told_when_to_look_again_and_at_rest_nobody_is() {
        let (pressure, at) = pressure();
        assert_eq!((pressure.look_at(at(0)), pressure.falls_at(Work::Thumbnails, at(0))), (None, None));
        pressure.waits(Line::Feed, at(0));
        // As long as it goes on, it holds for as long again.
        assert_eq!(pressure.falls_at(Work::Thumbnails, at(300)), Some(at(300) + limits::LATE_HOLD));
        pressure.taken(Line::Feed, Some(at(0)), None);
        pressure.done(Line::Feed, at(600));
        let falls_at = at(600) + limits::LATE_HOLD;
        assert_eq!(pressure.look_at(at(700)), Some(falls_at));
        pressure.look(falls_at);
        assert_eq!(pressure.look_at(falls_at), None);
    }

    #[test]
    fn what_is_given_up_is_counted() {
        let (pressure, at) = pressure();
        assert!(!pressure.gives_up(Work::Typing, at(0)));
        pressure.waits(Line::Commits, at(0));
        assert!(pressure.gives_up(Work::Typing, at(1_000)) && !pressure.gives_up(Work::Messages, at(1_000)));
        assert_eq!(Work::ALL.map(|work| pressure.counted(work)), [0, 0, 1, 0, 0, 0]);
    }
}
