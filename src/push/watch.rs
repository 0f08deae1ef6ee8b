//! Looks at what happens, and finds out who is to be told of it by push: the thread `push`.
//!
//! Who has subscribed, and of what they want to hear, is in memory: a message that concerns none of them costs a few
//! look-ups there. Whether somebody may see it is asked of the database when it is sent.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::queue::{Address, Queue, Task};
use super::zones::Zones;
use super::{Shared, lock};
use crate::chat::{Chat, push};
use crate::model::object::Message;
use crate::model::{
    Audience, ChannelId, Effect, Event, MessageId, Payload, Preferences, Result, ServerId, SubscriptionId, Timestamp,
    UserId, limits,
};

/// A note that cannot be looked at, because the database fails, is tried so often, with such pauses.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Something to look at.
pub(super) enum Note {
    /// Something that happened.
    Event(Box<Event>),
    /// Somebody's subscriptions are others.
    Changed(UserId),
}

/// What is to be looked at.
#[derive(Default)]
pub(super) struct Inbox {
    notes: VecDeque<Note>,
    /// So much came that something about settings or sessions was lost: all is to be read anew.
    reload: bool,
    closed: bool,
}

impl Inbox {
    /// Whether it is the first, and whether something was passed over for it.
    pub(super) fn put(&mut self, note: Note) -> (bool, bool) {
        if self.closed {
            return (false, false);
        }
        let is_first = self.notes.is_empty();
        if self.notes.len() < limits::PUSH_EVENTS {
            self.notes.push_back(note);
            return (is_first, false);
        }
        let is_message =
            matches!(&note, Note::Event(event) if matches!(event.payload, Some(Payload::MessageCreate(_))));
        self.reload |= !is_message;
        (false, true)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.notes.clear();
    }
}

/// Whether an event may concern somebody who is told by push.
pub(super) fn matters(event: &Event) -> bool {
    let told = matches!(
        event.payload,
        Some(
            Payload::MessageCreate(_)
                | Payload::MessageDelete { .. }
                | Payload::ReadUpdate(_)
                | Payload::SettingsUpdate(_)
        )
    );
    told || matches!(event.effect, Effect::EndSessions(..))
}

/// Somebody who has subscribed.
struct Subscriber {
    preferences: Preferences,
    subscriptions: Vec<(SubscriptionId, Arc<str>)>,
}

/// Those who have subscribed.
#[derive(Default)]
struct Subscribers {
    people: HashMap<UserId, Subscriber>,
    /// By server or channel: who wants to hear of everything there.
    eager: HashMap<i64, BTreeSet<UserId>>,
    /// One text for all subscriptions with the same push service.
    origins: HashSet<Arc<str>>,
}

impl Subscribers {
    fn set(&mut self, user: UserId, found: Option<push::Subscriber>) {
        self.remove(user);
        let Some(push::Subscriber { preferences, subscriptions }) = found else { return };
        let subscriptions = subscriptions.into_iter().map(|(id, origin)| (id, self.origin(origin))).collect();
        for place in preferences.want_all() {
            self.eager.entry(place).or_default().insert(user);
        }
        self.people.insert(user, Subscriber { preferences, subscriptions });
    }

    fn remove(&mut self, user: UserId) -> Option<Subscriber> {
        let before = self.people.remove(&user)?;
        for place in before.preferences.want_all() {
            if let Some(eager) = self.eager.get_mut(&place) {
                eager.remove(&user);
            }
        }
        self.eager.retain(|_, eager| !eager.is_empty());
        Some(before)
    }

    fn origin(&mut self, origin: String) -> Arc<str> {
        let known = self.origins.get(origin.as_str()).cloned();
        known.unwrap_or_else(|| {
            // Those that nobody uses any more go now and then.
            if self.origins.len() >= limits::PUSH_LOGS {
                self.origins.retain(|origin| Arc::strong_count(origin) > 1);
            }
            let new: Arc<str> = origin.into();
            self.origins.insert(Arc::clone(&new));
            new
        })
    }

    fn addresses(&self, user: UserId) -> impl Iterator<Item = Address> {
        let subscriptions = self.people.get(&user).into_iter().flat_map(|one| &one.subscriptions);
        subscriptions.map(move |(id, origin)| Address { subscription: *id, user, origin: Arc::clone(origin) })
    }

    fn count(&self) -> usize {
        self.people.values().map(|one| one.subscriptions.len()).sum()
    }
}

/// The thread's own.
pub(super) struct Watch {
    shared: Arc<Shared>,
    chat: Arc<Chat>,
    looks: Arc<dyn Fn(UserId, ChannelId) -> bool + Send + Sync>,
    subscribers: Subscribers,
    zones: Zones,
}

impl Watch {
    pub(super) fn new(
        shared: Arc<Shared>,
        chat: Arc<Chat>,
        looks: Arc<dyn Fn(UserId, ChannelId) -> bool + Send + Sync>,
    ) -> Self {
        Self { shared, chat, looks, subscribers: Subscribers::default(), zones: Zones::default() }
    }

    pub(super) fn run(mut self) {
        let mut reload = true;
        loop {
            if reload && let Err(error) = self.reload() {
                log::warn!("who is told by push cannot be read, and is tried again: {error}");
                if self.pause() {
                    continue;
                }
                return;
            }
            let Some((notes, lost)) = self.wait() else { return };
            // What is in memory may be behind then.
            reload = lost;
            for note in notes {
                reload |= !self.look_at(&note);
            }
            self.shared.changed.notify_all();
        }
    }

    /// Looks at a note, again if need be; whether that could be done.
    fn look_at(&mut self, note: &Note) -> bool {
        for _ in 0..TRIES {
            match self.look(note) {
                Ok(()) => return true,
                Err(error) => log::warn!("whom to tell by push cannot be found out: {error}"),
            }
            if !self.pause() {
                return false;
            }
        }
        self.shared.counts.missed.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// Waits for something to look at; none at the end.
    fn wait(&self) -> Option<(VecDeque<Note>, bool)> {
        let mut inbox = lock(&self.shared.inbox);
        loop {
            if inbox.closed {
                return None;
            }
            if !inbox.notes.is_empty() {
                return Some((std::mem::take(&mut inbox.notes), std::mem::take(&mut inbox.reload)));
            }
            inbox = self.shared.arrived.wait(inbox).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Waits a moment before another try; false at the end.
    fn pause(&self) -> bool {
        let (inbox, arrived) = (lock(&self.shared.inbox), &self.shared.arrived);
        let waited = arrived.wait_timeout_while(inbox, PAUSE, |inbox| !inbox.closed);
        !waited.unwrap_or_else(std::sync::PoisonError::into_inner).0.closed
    }

    fn reload(&mut self) -> Result<()> {
        let mut subscribers = Subscribers::default();
        for user in self.chat.read(push::subscribers)? {
            let found = self.chat.read(|cx| push::subscriber(cx, user))?;
            subscribers.set(user, found);
        }
        self.subscribers = subscribers;
        self.counted();
        Ok(())
    }

    fn refresh(&mut self, user: UserId) -> Result<()> {
        let found = self.chat.read(|cx| push::subscriber(cx, user))?;
        let before = self.subscribers.remove(user);
        let left: HashSet<_> = found.iter().flat_map(|one| &one.subscriptions).map(|(id, _)| *id).collect();
        let gone = before.iter().flat_map(|one| &one.subscriptions).filter(|(id, _)| !left.contains(id));
        gone.for_each(|(id, _)| lock(&self.shared.queue).queue.forget(*id));
        self.subscribers.set(user, found);
        self.counted();
        Ok(())
    }

    fn counted(&self) {
        self.shared.counts.subscriptions.store(self.subscribers.count() as u64, Ordering::Relaxed);
        // Whoever subscribes meanwhile has said so in there, and is looked at next.
        let inbox = lock(&self.shared.inbox);
        let any = !self.subscribers.people.is_empty() || !inbox.notes.is_empty();
        self.shared.any.store(any && !inbox.closed, Ordering::SeqCst);
    }

    fn look(&mut self, note: &Note) -> Result<()> {
        let event = match note {
            Note::Changed(user) => return self.refresh(*user),
            Note::Event(event) => event,
        };
        if let Effect::EndSessions(user, _) = event.effect
            && self.subscribers.people.contains_key(&user)
        {
            self.refresh(user)?;
        }
        match (&event.payload, &event.audience) {
            (Some(Payload::MessageCreate(message)), audience) => self.message(message, audience)?,
            (Some(Payload::MessageDelete { message_id, channel_id, .. }), _) => self.deleted(*channel_id, *message_id),
            (Some(Payload::ReadUpdate(state)), Audience::Users(users)) => {
                users.iter().for_each(|user| self.read(*user, state.channel_id, state.message_id));
            }
            (Some(Payload::SettingsUpdate(settings)), Audience::Users(users)) => {
                users.iter().for_each(|user| self.prefer(*user, Preferences::read(settings)));
            }
            _ => {}
        }
        Ok(())
    }

    fn prefer(&mut self, user: UserId, preferences: Preferences) {
        if let Some(before) = self.subscribers.remove(user) {
            let subscriptions = before.subscriptions.iter().map(|(id, origin)| (*id, origin.to_string())).collect();
            self.subscribers.set(user, Some(push::Subscriber { preferences, subscriptions }));
        }
    }

    fn message(&mut self, message: &Message, audience: &Audience) -> Result<()> {
        let author = message.author.user_id;
        // Who writes has read what is before.
        self.read(author, message.channel_id, message.message_id);
        let now = Timestamp::now();
        let (server, concerned) = match audience {
            Audience::Channel(server, channel) => (Some(*server), self.concerned(message, *server, *channel)?),
            Audience::Users(people) => {
                let named = |user: &UserId| message.mention_everyone || message.mentions.contains(user);
                (None, people.iter().map(|user| (*user, named(user))).collect())
            }
            _ => return Ok(()),
        };
        let task = Task::Message(message.channel_id, message.message_id);
        for (user, named) in concerned {
            let Some(subscriber) = self.subscribers.people.get(&user).filter(|_| user != author) else { continue };
            let wants = subscriber.preferences.wants(server, message.channel_id, named, now)
                && !self.zones.is_quiet(subscriber.preferences.quiet.as_ref(), now);
            if wants {
                let now = Instant::now();
                // Who seems to look may be gone: they are told, unless they have read it, once that must have shown.
                let gone = now + self.chat.config().heartbeat_interval * 2;
                let due = if (self.looks)(user, message.channel_id) { gone } else { now };
                let mut outgoing = lock(&self.shared.queue);
                let put = |address| outgoing.queue.put_later(address, task, now, due);
                self.subscribers.addresses(user).for_each(put);
            }
        }
        Ok(())
    }

    /// Those of a server's members who have subscribed and may want to hear of a message, and whether it names them.
    fn concerned(&self, message: &Message, server: ServerId, channel: ChannelId) -> Result<Vec<(UserId, bool)>> {
        let mut concerned = HashMap::new();
        let eager = [server.0, channel.0].into_iter().filter_map(|place| self.subscribers.eager.get(&place)).flatten();
        concerned.extend(eager.map(|user| (*user, false)));
        concerned.extend(message.mentions.iter().map(|user| (*user, true)));
        if !message.mention_roles.is_empty() || message.mention_everyone {
            self.chat.read(|cx| {
                for role in &message.mention_roles {
                    concerned.extend(push::holders(cx, *role)?.into_iter().map(|user| (user, true)));
                }
                let all = self.subscribers.people.keys().filter(|_| message.mention_everyone);
                for user in all {
                    if push::is_member(cx, server, *user)? {
                        concerned.insert(*user, true);
                    }
                }
                Ok(())
            })?;
        }
        Ok(concerned.into_iter().collect())
    }

    fn read(&self, user: UserId, channel: ChannelId, position: MessageId) {
        let now = Instant::now();
        let read = |queue: &mut Queue, address| queue.read(address, channel, position, now);
        self.subscribers.addresses(user).for_each(|address| read(&mut lock(&self.shared.queue).queue, address));
    }

    /// What was deleted is not to stay on a screen.
    fn deleted(&self, channel: ChannelId, message: MessageId) {
        let shown = lock(&self.shared.queue).queue.shown(channel, message);
        if shown.is_empty() {
            return;
        }
        for user in self.subscribers.people.keys() {
            for address in self.subscribers.addresses(*user).filter(|one| shown.contains(&one.subscription)) {
                lock(&self.shared.queue).queue.read(address, channel, message, Instant::now());
            }
        }
    }
}
