//! What is to be sent, and when: pure, the present is passed in.
//!
//! Of a subscription and a channel there is one entry, which the next one replaces. Push services take turns, and one
//! that fails or is slow rests, so that it holds up nobody else's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use crate::model::push::PushKind;
use crate::model::{ChannelId, MessageId, SubscriptionId, UserId, limits};

/// A push service that took longer than this rests for so many times as long as it took.
const SLOW: Duration = Duration::from_millis(500);
const SLOW_RESTS: u32 = 4;

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

#[derive(Default)]
struct Origin {
    jobs: BTreeSet<(Instant, u64)>,
    rests_until: Option<Instant>,
    failures: u32,
    /// Under which it stands in `turns`.
    turn: Option<Instant>,
}

/// The entries, those that push services have got, and who is whose turn.
#[derive(Default)]
pub(super) struct Queue {
    jobs: BTreeMap<u64, Job>,
    by_key: HashMap<Key, u64>,
    origins: HashMap<Arc<str>, Origin>,
    turns: BTreeSet<(Instant, Arc<str>)>,
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
        let expires = now + task.time();
        let key = (to.subscription, task.channel());
        if let Some(job) = self.by_key.get(&key).and_then(|age| self.jobs.get_mut(age)) {
            // What made it wait makes the next one wait too.
            (job.task, job.expires) = (task, expires);
            return;
        }
        if self.jobs.len() >= limits::PUSH_QUEUE
            && let Some(oldest) = self.jobs.keys().next().copied()
        {
            self.remove(oldest);
            self.dropped += 1;
        }
        self.last_age += 1;
        self.insert(Job { to, task, attempts: 0, expires, due: now, age: self.last_age });
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

    /// To which subscriptions this message is shown.
    pub(super) fn shown(&self, channel: ChannelId, message: MessageId) -> Vec<SubscriptionId> {
        let shown = self.shown.iter().filter(|((_, place), last)| *place == Some(channel) && **last == message);
        shown.map(|((subscription, _), _)| *subscription).collect()
    }

    /// Forgets all of a subscription that is gone.
    pub(super) fn forget(&mut self, subscription: SubscriptionId) {
        let ages: Vec<_> = self.by_key.iter().filter(|((of, _), _)| *of == subscription).map(|(_, age)| *age).collect();
        ages.into_iter().for_each(|age| drop(self.remove(age)));
        self.shown.retain(|(of, _), _| *of != subscription);
    }

    /// When the next entry is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.turns.first().map(|(at, _)| *at)
    }

    /// Takes the next entry that is due; [`Queue::done`] must follow.
    pub(super) fn take(&mut self, now: Instant) -> Option<Job> {
        loop {
            let (at, origin) = self.turns.first()?.clone();
            if at > now {
                return None;
            }
            let age = self.origins.get(&origin).and_then(|origin| origin.jobs.first()).map(|(_, age)| *age)?;
            let job = self.remove(age)?;
            // The others are before it now.
            self.place(&origin, Some(now));
            if job.expires > now {
                self.flying = Some((job.key(), job.task));
                return Some(job);
            }
        }
    }

    /// What became of the entry taken last; it took so long. Whether it is tried again, or a newer one in its place.
    pub(super) fn done(&mut self, mut job: Job, outcome: Outcome, now: Instant, took: Duration) -> bool {
        self.flying = None;
        let key = job.key();
        let origin = Arc::clone(&job.to.origin);
        // At least behind all that came before now.
        let slow = Some(if took > SLOW { now + took * SLOW_RESTS } else { now });
        let mut again = false;
        match outcome {
            Outcome::Sent => {
                self.note_shown(key, job.task);
                self.rest(&origin, slow, false);
            }
            Outcome::Over => self.rest(&origin, slow, false),
            Outcome::Later { origin: all, after } => {
                job.attempts += 1;
                let failures = self.origins.get(&origin).map_or(0, |origin| origin.failures);
                let tries = if all { failures + 1 } else { job.attempts };
                let until = now + after.unwrap_or_else(|| backoff(tries));
                self.rest(&origin, if all { Some(until).max(slow) } else { slow }, all);
                job.due = until;
                // A newer one may have come meanwhile.
                let replaced = self.by_key.contains_key(&key);
                again = replaced || until < job.expires;
                if again && !replaced {
                    self.insert(job);
                }
            }
        }
        self.tidy(&origin, now);
        again
    }

    fn note_shown(&mut self, key: Key, task: Task) {
        match task {
            Task::Message(_, message) => {
                self.shown.insert(key, message);
                if self.shown.len() > limits::PUSH_SHOWN {
                    self.shown.swap_remove_index(0);
                }
            }
            Task::Read(_, position) if self.shown.get(&key).is_some_and(|shown| *shown <= position) => {
                self.shown.swap_remove(&key);
            }
            Task::Read(..) | Task::Test => {}
        }
    }

    /// Lets a push service rest, if there is an until.
    fn rest(&mut self, name: &Arc<str>, until: Option<Instant>, failed: bool) {
        let origin = self.origins.entry(Arc::clone(name)).or_default();
        origin.failures = if failed { origin.failures + 1 } else { 0 };
        origin.rests_until = until;
        self.place(name, None);
    }

    fn insert(&mut self, job: Job) {
        let name = Arc::clone(&job.to.origin);
        self.by_key.insert(job.key(), job.age);
        self.origins.entry(Arc::clone(&name)).or_default().jobs.insert((job.due, job.age));
        self.jobs.insert(job.age, job);
        self.place(&name, None);
    }

    fn remove(&mut self, age: u64) -> Option<Job> {
        let job = self.jobs.remove(&age)?;
        self.by_key.remove(&job.key());
        if let Some(origin) = self.origins.get_mut(&job.to.origin) {
            origin.jobs.remove(&(job.due, age));
        }
        self.place(&Arc::clone(&job.to.origin), None);
        Some(job)
    }

    /// Says anew whose turn is when. One that was served at `served` comes behind all that were not since.
    fn place(&mut self, name: &Arc<str>, served: Option<Instant>) {
        let Some(origin) = self.origins.get_mut(name) else { return };
        if let Some(turn) = origin.turn.take() {
            self.turns.remove(&(turn, Arc::clone(name)));
        }
        if let Some(served) = served {
            origin.rests_until = origin.rests_until.max(Some(served));
        }
        if let Some((due, _)) = origin.jobs.first() {
            let turn = origin.rests_until.map_or(*due, |until| until.max(*due));
            origin.turn = Some(turn);
            self.turns.insert((turn, Arc::clone(name)));
        }
    }

    /// Forgets a push service of which there is nothing to be known.
    fn tidy(&mut self, name: &Arc<str>, now: Instant) {
        let is_idle = |origin: &Origin| {
            origin.jobs.is_empty() && origin.failures == 0 && origin.rests_until.is_none_or(|until| until <= now)
        };
        if self.origins.get(name).is_some_and(is_idle) {
            self.origins.remove(name);
        }
        // Those that failed last and of which nothing waits.
        if self.origins.len() > limits::PUSH_QUEUE {
            self.origins.retain(|_, origin| !origin.jobs.is_empty());
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
