//! What is to be sent, and when: pure, the present is passed in.
//!
//! Of a subscription and a channel there is one entry, which the next one replaces. A push service that fails or is slow
//! rests. Users take turns, however many push services each of them has, and those of whom one was slow come behind the
//! others: who subscribes places that take their time holds up nobody else by more than one try.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use crate::model::push::PushKind;
use crate::model::{ChannelId, MessageId, SubscriptionId, UserId, limits};

/// A push service that took longer than this rests for so many times as long as it took.
const SLOW: Duration = Duration::from_millis(500);
const SLOW_RESTS: u32 = 4;

/// For so long its user comes behind those whose push services were quick.
const SLOW_KNOWN: Duration = Duration::from_secs(600);

/// What a subscription is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Of a message.
    Message(ChannelId, MessageId),
    /// That a channel was read up to there.
    Read(ChannelId, MessageId),
    /// That it works.
    Test,
}

impl Task {
    pub(super) fn kind(self) -> PushKind {
        match self {
            Self::Message(..) => PushKind::Message,
            Self::Read(..) => PushKind::Read,
            Self::Test => PushKind::Test,
        }
    }

    pub(super) fn channel(self) -> Option<ChannelId> {
        match self {
            Self::Message(channel, _) | Self::Read(channel, _) => Some(channel),
            Self::Test => None,
        }
    }

    /// For how long it is of use.
    fn time(self) -> Duration {
        match self {
            Self::Message(..) => limits::PUSH_MESSAGE_TIME,
            Self::Read(..) | Self::Test => limits::PUSH_READ_TIME,
        }
    }
}

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) subscription: SubscriptionId,
    pub(super) user: UserId,
    /// The push service.
    pub(super) origin: Arc<str>,
}

/// An entry.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) to: Address,
    pub(super) task: Task,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Behind this it is of no use.
    pub(super) expires: Instant,
    due: Instant,
    age: u64,
}

impl Job {
    fn key(&self) -> Key {
        (self.to.subscription, self.task.channel())
    }
}

type Key = (SubscriptionId, Option<ChannelId>);

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Sent,
    /// It is over with: there is no use in another try.
    Over,
    /// Later, perhaps: of the entry alone, or of all for its push service. After so long, if that was said.
    Later { origin: bool, after: Option<Duration> },
}

/// What lets entries wait that are due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Resting {
    /// A push service that failed or was slow.
    Origin(Arc<str>),
    /// A subscription of which its push service wants to hear later.
    Subscription(SubscriptionId),
}

#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    /// How often it has failed since it last did not.
    failures: u32,
}

/// A user's entries.
#[derive(Default)]
struct Lane {
    jobs: BTreeSet<(Instant, u64)>,
    rests_until: Option<Instant>,
    slow_until: Option<Instant>,
    /// Under which it stands among the quick or the slow.
    turn: Option<Instant>,
}

/// The entries, those that push services have got, and whose turn it is.
#[derive(Default)]
pub(super) struct Queue {
    jobs: BTreeMap<u64, Job>,
    by_key: HashMap<Key, u64>,
    lanes: HashMap<UserId, Lane>,
    rests: HashMap<Resting, Rest>,
    /// From when on it is whose turn.
    quick: BTreeSet<(Instant, UserId)>,
    /// The same of those of whose push services one was slow.
    slow: BTreeSet<(Instant, UserId)>,
    last_age: u64,
    /// The last message of which a subscription was told, where nothing has withdrawn it.
    shown: IndexMap<Key, MessageId>,
    /// What is being sent.
    flying: Option<(Key, Task)>,
    dropped: u64,
}

impl Queue {
    /// How many entries wait.
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// How many gave way to newer ones because there were too many.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Puts an entry in, in the place of one for the same subscription and channel.
    pub(super) fn put(&mut self, to: Address, task: Task, now: Instant) {
        self.put_later(to, task, now, now);
    }

    /// The same of one that is not due before `due`.
    pub(super) fn put_later(&mut self, to: Address, task: Task, now: Instant, due: Instant) {
        let expires = now + task.time();
        let key = (to.subscription, task.channel());
        if let Some(mut job) = self.by_key.get(&key).copied().and_then(|age| self.remove(age)) {
            (job.task, job.expires) = (task, expires);
            // That it was tried in vain makes the next one wait too; that nobody was to be told yet does not.
            if job.attempts == 0 {
                job.due = if due > now { job.due.max(due) } else { job.due.min(due) };
            }
            self.insert(job);
            return;
        }
        if self.jobs.len() >= limits::PUSH_QUEUE
            && let Some(oldest) = self.jobs.keys().next().copied()
        {
            self.remove(oldest);
            self.dropped += 1;
        }
        self.last_age += 1;
        self.insert(Job { to, task, attempts: 0, expires, due, age: self.last_age });
    }

    /// A channel was read: what waits to tell of it need not, and what was told is withdrawn.
    pub(super) fn read(&mut self, to: Address, channel: ChannelId, position: MessageId, now: Instant) {
        let key = (to.subscription, Some(channel));
        let is_read = |task: Task| matches!(task, Task::Message(_, message) if message <= position);
        if let Some(age) = self.by_key.get(&key).copied()
            && self.jobs.get(&age).is_some_and(|job| is_read(job.task))
        {
            self.remove(age);
        }
        let shown = self.shown.get(&key).is_some_and(|message| *message <= position);
        let flies = self.flying.is_some_and(|(flying, task)| flying == key && is_read(task));
        // A newer one that waits takes the place of what is shown.
        if (shown || flies) && !self.by_key.contains_key(&key) {
            self.put(to, Task::Read(channel, position), now);
        }
    }

    /// To which subscriptions this message is shown, or is being sent.
    pub(super) fn shown(&self, channel: ChannelId, message: MessageId) -> Vec<SubscriptionId> {
        let shown = self.shown.iter().filter(|((_, place), last)| *place == Some(channel) && **last == message);
        let flies = self.flying.filter(|(_, task)| *task == Task::Message(channel, message));
        shown.map(|(key, _)| key).chain(flies.as_ref().map(|(key, _)| key)).map(|(of, _)| *of).collect()
    }

    /// The last message of a channel of which a subscription was told, where nothing has withdrawn it.
    pub(super) fn last_shown(&self, subscription: SubscriptionId, channel: ChannelId) -> Option<MessageId> {
        self.shown.get(&(subscription, Some(channel))).copied()
    }

    /// What is really sent of the entry taken last.
    pub(super) fn sends(&mut self, task: Task) {
        self.flying = self.flying.map(|(key, _)| (key, task));
    }

    /// Forgets all of a subscription that is gone.
    pub(super) fn forget(&mut self, subscription: SubscriptionId) {
        let ages: Vec<_> = self.by_key.iter().filter(|((of, _), _)| *of == subscription).map(|(_, age)| *age).collect();
        ages.into_iter().for_each(|age| drop(self.remove(age)));
        self.shown.retain(|(of, _), _| *of != subscription);
    }

    /// When the next entry is due.
    pub(super) fn due(&self) -> Option<Instant> {
        [&self.quick, &self.slow].into_iter().filter_map(|turns| turns.first()).map(|(at, _)| *at).min()
    }

    /// Takes the next entry that is due; [`Queue::done`] must follow.
    pub(super) fn take(&mut self, now: Instant) -> Option<Job> {
        loop {
            let first = [&self.quick, &self.slow].into_iter().filter_map(|turns| turns.first().copied());
            let (_, user) = { first }.find(|(at, _)| *at <= now)?;
            let age = self.lanes.get(&user).and_then(|lane| lane.jobs.first()).map(|(_, age)| *age)?;
            let mut job = self.remove(age)?;
            if let Some(until) = self.rests_until(&job.to).filter(|until| *until > now) {
                job.due = until;
                self.insert(job);
                continue;
            }
            // The others are before them now.
            self.place(user, Some(now));
            if job.expires > now {
                self.flying = Some((job.key(), job.task));
                return Some(job);
            }
            self.tidy(user, now);
        }
    }

    /// Until when nothing goes there.
    fn rests_until(&self, to: &Address) -> Option<Instant> {
        let reasons = [Resting::Origin(Arc::clone(&to.origin)), Resting::Subscription(to.subscription)];
        reasons.iter().filter_map(|reason| self.rests.get(reason)).map(|rest| rest.until).max()
    }

    /// What became of the entry taken last; it took so long. Whether it is tried again, or a newer one in its place.
    pub(super) fn done(&mut self, mut job: Job, outcome: Outcome, now: Instant, took: Duration) -> bool {
        self.flying = None;
        let (key, user) = (job.key(), job.to.user);
        let origin = Resting::Origin(Arc::clone(&job.to.origin));
        let slow = (took > SLOW).then(|| now + took * SLOW_RESTS);
        if slow.is_some() {
            let lane = self.lanes.entry(user).or_default();
            (lane.rests_until, lane.slow_until) = (slow, Some(now + SLOW_KNOWN));
        }
        let mut again = false;
        self.rests.remove(&Resting::Subscription(job.to.subscription));
        match outcome {
            Outcome::Sent => {
                self.note_shown(key, job.task);
                self.rest(origin, slow, 0);
            }
            Outcome::Over => self.rest(origin, slow, 0),
            Outcome::Later { origin: all, after } => {
                job.attempts += 1;
                let failures = self.rests.get(&origin).map_or(0, |rest| rest.failures) + 1;
                let tries = if all { failures } else { job.attempts };
                let after = after.map(|after| after.min(limits::PUSH_MESSAGE_TIME));
                let until = now + after.unwrap_or_else(|| backoff(tries));
                match (all, after) {
                    (true, _) => self.rest(origin, Some(until).max(slow), failures),
                    (false, Some(_)) => {
                        self.rest(Resting::Subscription(job.to.subscription), Some(until), 0);
                        self.rest(origin, slow, 0);
                    }
                    (false, None) => self.rest(origin, slow, 0),
                }
                job.due = until;
                // A newer one may have come meanwhile.
                let replaced = self.by_key.contains_key(&key);
                again = replaced || until < job.expires;
                if again && !replaced {
                    self.insert(job);
                }
            }
        }
        self.place(user, None);
        self.tidy(user, now);
        again
    }

    fn note_shown(&mut self, key: Key, task: Task) {
        match task {
            Task::Message(_, message) => {
                // Those that were told last stand last, and are forgotten last.
                self.shown.shift_remove(&key);
                self.shown.insert(key, message);
                if self.shown.len() > limits::PUSH_SHOWN {
                    self.shown.shift_remove_index(0);
                }
            }
            Task::Read(_, position) if self.shown.get(&key).is_some_and(|shown| *shown <= position) => {
                self.shown.shift_remove(&key);
            }
            Task::Read(..) | Task::Test => {}
        }
    }

    /// Lets something rest, if there is an until; else it has rested.
    fn rest(&mut self, what: Resting, until: Option<Instant>, failures: u32) {
        match until {
            Some(until) => drop(self.rests.insert(what, Rest { until, failures })),
            None => drop(self.rests.remove(&what)),
        }
    }

    fn insert(&mut self, job: Job) {
        let user = job.to.user;
        self.by_key.insert(job.key(), job.age);
        self.lanes.entry(user).or_default().jobs.insert((job.due, job.age));
        self.jobs.insert(job.age, job);
        self.place(user, None);
    }

    fn remove(&mut self, age: u64) -> Option<Job> {
        let job = self.jobs.remove(&age)?;
        self.by_key.remove(&job.key());
        if let Some(lane) = self.lanes.get_mut(&job.to.user) {
            lane.jobs.remove(&(job.due, age));
        }
        self.place(job.to.user, None);
        Some(job)
    }

    /// Says anew whose turn is when. Who was served at `served` comes behind all who were not since.
    fn place(&mut self, user: UserId, served: Option<Instant>) {
        let Some(lane) = self.lanes.get_mut(&user) else { return };
        if let Some(turn) = lane.turn.take() {
            self.quick.remove(&(turn, user));
            self.slow.remove(&(turn, user));
        }
        if let Some(served) = served {
            lane.rests_until = lane.rests_until.max(Some(served));
        }
        if let Some((due, _)) = lane.jobs.first() {
            let turn = lane.rests_until.map_or(*due, |until| until.max(*due));
            lane.turn = Some(turn);
            let is_slow = lane.slow_until.is_some_and(|until| until > turn);
            if is_slow { &mut self.slow } else { &mut self.quick }.insert((turn, user));
        }
    }

    /// Forgets what there is nothing to be known of.
    fn tidy(&mut self, user: UserId, now: Instant) {
        let is_over = |at: Option<Instant>| at.is_none_or(|at| at <= now);
        let is_idle = |lane: &Lane| lane.jobs.is_empty() && is_over(lane.rests_until) && is_over(lane.slow_until);
        if self.lanes.get(&user).is_some_and(is_idle) {
            self.lanes.remove(&user);
        }
        if self.lanes.len() > limits::PUSH_QUEUE {
            self.lanes.retain(|_, lane| !lane.jobs.is_empty());
        }
        if self.rests.len() > limits::PUSH_QUEUE {
            self.rests.retain(|_, rest| rest.until > now);
        }
    }
}

/// How long to wait after so many failures.
fn backoff(failures: u32) -> Duration {
    let times = 1 << failures.saturating_sub(1).min(16);
    limits::PUSH_RETRY.saturating_mul(times).min(limits::PUSH_RETRY_MAX)
}

#[cfg(test)]
mod tests;
