//! Sends what is due, one after the other: the thread `push-sender`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::client::{Answer, Client, Failure};
use super::queue::{Job, Outcome, Task};
use super::seal::{SIZES, seal};
use super::zones::Zones;
use super::{Push, client, lock};
use crate::chat::letters::{self, Due, Letter};
use crate::chat::push::{Fares, Stored};
use crate::chat::{Chat, push};
use crate::model::push::{Endpoint, PushDelivery, PushKind, PushStatus};
use crate::model::{ChannelId, Error, Result, SubscriptionId, Timestamp, UserId, limits};

/// A token is used for half of its life.
const TOKEN_USE: Duration = Duration::from_secs(limits::PUSH_TOKEN_S / 2);

/// How long a success is not written down again: a push must not cost an SD card a write.
const HOUR_MS: i64 = 3_600_000;

/// Push services whose tokens are remembered.
const TOKENS: usize = 100;

/// The thread's own.
pub(super) struct Sender {
    push: Arc<Push>,
    chat: Arc<Chat>,
    client: Client,
    looks: Arc<dyn Fn(UserId, ChannelId) -> bool + Send + Sync>,
    zones: Zones,
    tokens: HashMap<String, (String, Instant)>,
}

/// What became of a try, with what the log says of it.
struct Tried {
    outcome: Outcome,
    status: Option<u16>,
    error: Option<String>,
    /// The subscription is to be removed.
    gone: bool,
    /// Nothing was sent, and nothing need be said of it.
    silent: bool,
}

impl Tried {
    fn silent() -> Self {
        Self { outcome: Outcome::Over, status: None, error: None, gone: false, silent: true }
    }
}

impl Sender {
    pub(super) fn new(
        push: Arc<Push>,
        chat: Arc<Chat>,
        client: Client,
        looks: Arc<dyn Fn(UserId, ChannelId) -> bool + Send + Sync>,
    ) -> Self {
        Self { push, chat, client, looks, zones: Zones::default(), tokens: HashMap::new() }
    }

    pub(super) fn run(&mut self) {
        while let Some(mut job) = self.next() {
            let begun = Instant::now();
            let tried = self.try_one(&mut job).unwrap_or_else(|error| {
                log::warn!("a push cannot be made: {error}");
                Tried::silent()
            });
            let (to, kind, attempts) = (job.to.clone(), job.task.kind(), job.attempts + 1);
            let now = Instant::now();
            let again = lock(&self.push.shared.queue).queue.done(job, tried.outcome, now, now - begun);
            if tried.silent {
                continue;
            }
            let status = match tried.outcome {
                Outcome::Sent => PushStatus::Sent,
                _ if tried.gone => PushStatus::Gone,
                _ if again => PushStatus::Retrying,
                _ => PushStatus::Failed,
            };
            let counts = &self.push.shared.counts;
            match status {
                PushStatus::Sent => counts.sent.fetch_add(1, Ordering::Relaxed),
                PushStatus::Retrying => 0,
                PushStatus::Failed | PushStatus::Gone => counts.failed.fetch_add(1, Ordering::Relaxed),
            };
            let delivery = PushDelivery {
                at: Timestamp::now(),
                subscription_id: to.subscription,
                kind,
                status,
                http_status: tried.status,
                error: tried.error,
                attempts,
            };
            lock(&self.push.shared.log).add(to.user, delivery);
        }
    }

    /// Waits for the next entry that is due; none at the end.
    fn next(&self) -> Option<Job> {
        let shared = &self.push.shared;
        let mut outgoing = lock(&shared.queue);
        loop {
            if outgoing.closed {
                return None;
            }
            let now = Instant::now();
            if let Some(job) = outgoing.queue.take(now) {
                return Some(job);
            }
            outgoing = match outgoing.queue.due() {
                Some(due) => {
                    let time = due.saturating_duration_since(now);
                    let waited = shared.changed.wait_timeout(outgoing, time);
                    waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
                }
                None => shared.changed.wait(outgoing).unwrap_or_else(std::sync::PoisonError::into_inner),
            };
        }
    }

    /// What is to be said, as things stand now.
    fn due(&mut self, job: &Job) -> Result<Due> {
        let subscription = (job.to.subscription, self.chat.store().lived_s());
        let content = self.push.settings.content;
        let (looks, zones) = (&self.looks, &mut self.zones);
        match job.task {
            Task::Message(channel, _) if looks(job.to.user, channel) => Ok(Due::Drop),
            Task::Message(channel, message) => {
                let shown = lock(&self.push.shared.queue).queue.last_shown(job.to.subscription, channel);
                self.chat.read(|cx| {
                    let is_quiet = |set: &crate::model::Preferences| zones.is_quiet(set.quiet.as_ref(), cx.now);
                    letters::of_message(cx, subscription, (channel, message), shown, content, is_quiet)
                })
            }
            Task::Read(channel, message) => {
                self.chat.read(|cx| letters::of_reading(cx, subscription, (channel, message)))
            }
            Task::Test => self.chat.read(|cx| letters::of_test(cx, subscription)),
        }
    }

    fn try_one(&mut self, job: &mut Job) -> Result<Tried> {
        let (to, letter, urgent) = match self.due(job)? {
            Due::Send { to, letter, urgent } => (to, letter, urgent),
            Due::Drop => return Ok(Tried::silent()),
            Due::Gone => {
                self.remove(job.to.subscription, job.to.user);
                return Ok(Tried::silent());
            }
        };
        // It may be another than the one that was due.
        job.task = match (letter.kind, letter.channel_id, letter.message_id) {
            (PushKind::Message, Some(channel), Some(message)) => Task::Message(channel, message),
            (PushKind::Read, Some(channel), Some(message)) => Task::Read(channel, message),
            _ => job.task,
        };
        lock(&self.push.shared.queue).queue.sends(job.task);
        let urgency = match job.task {
            Task::Read(..) => "low",
            _ if urgent => "high",
            _ => "normal",
        };
        let text = fit((*letter).clone(), SIZES[1])?;
        let mut answer = self.send(job, &to, urgency, &text)?;
        if matches!(answer, Ok(Answer { status: 413, .. })) {
            // Once, with less.
            let text = fit(Letter { body: String::new(), icon: None, ..*letter }, SIZES[0])?;
            answer = self.send(job, &to, urgency, &text)?;
        }
        Ok(self.judge(job, &to, answer))
    }

    fn send(
        &mut self,
        job: &Job,
        to: &Stored,
        urgency: &str,
        text: &[u8],
    ) -> Result<std::result::Result<Answer, Failure>> {
        let endpoint = Endpoint::parse(&to.endpoint).map_err(Error::internal)?;
        // The list of the owner's own places may be another since it was stored.
        if self.push.guard.check(&endpoint).is_err() {
            return Ok(Err(Failure::Refused));
        }
        let authorization = self.authorization(&endpoint)?;
        let body = seal(text, &to.keys)?;
        // Two subscriptions with the same push service are not to be known for the same user's.
        let topic = |channel: ChannelId| self.push.vapid.topic(&format!("{} {channel}", job.to.subscription));
        let topic = job.task.channel().map(topic);
        let left = job.expires.saturating_duration_since(Instant::now());
        Ok(self.client.send(&client::Push {
            endpoint: &endpoint,
            authorization: &authorization,
            ttl_s: left.as_secs(),
            urgency,
            topic: topic.as_deref(),
            body: &body,
        }))
    }

    /// Signing takes long, and a token is good for many pushes.
    fn authorization(&mut self, endpoint: &Endpoint) -> Result<String> {
        let origin = endpoint.origin();
        if let Some((token, at)) = self.tokens.get(&origin)
            && at.elapsed() < TOKEN_USE
        {
            return Ok(token.clone());
        }
        let token = self.push.vapid.authorization(&origin, &self.push.settings.contact, Timestamp::now())?;
        if self.tokens.len() >= TOKENS {
            self.tokens.clear();
        }
        self.tokens.insert(origin, (token.clone(), Instant::now()));
        Ok(token)
    }

    fn judge(&mut self, job: &Job, to: &Stored, answer: std::result::Result<Answer, Failure>) -> Tried {
        let tried =
            |outcome, status, error: Option<String>| Tried { outcome, status, error, gone: false, silent: false };
        let (status, retry_after) = match answer {
            Ok(Answer { status, retry_after }) => (status, retry_after),
            Err(Failure::Stopped) => return Tried::silent(),
            // That is nothing that this push service did.
            Err(Failure::Crowded) => {
                return tried(Outcome::Later { origin: false, after: None }, None, Some(Failure::Crowded.to_string()));
            }
            Err(failure) => {
                let why = failure.to_string();
                self.note(to, Fares::Badly(&why, to.failing_since));
                // One that is refused once may be allowed when its name leads elsewhere again.
                return tried(Outcome::Later { origin: true, after: None }, None, Some(why));
            }
        };
        let why = format!("the push service answered {status}");
        match status {
            200..=299 => {
                let is_news = to.last_success_at.is_none_or(|at| Timestamp::now().0.saturating_sub(at.0) >= HOUR_MS);
                if is_news || to.last_failure.is_some() {
                    self.note(to, Fares::Well(Timestamp::now()));
                }
                tried(Outcome::Sent, Some(status), None)
            }
            404 | 410 => {
                self.remove(job.to.subscription, job.to.user);
                Tried { gone: true, ..tried(Outcome::Over, Some(status), Some(why)) }
            }
            // This subscription's own limit.
            429 => tried(Outcome::Later { origin: false, after: retry_after }, Some(status), Some(why)),
            500..=599 => {
                self.note(to, Fares::Badly(&why, to.failing_since));
                let origin = status == 503 || retry_after.is_some();
                tried(Outcome::Later { origin, after: retry_after }, Some(status), Some(why))
            }
            _ => {
                let now = self.chat.store().lived_s();
                let since = to.failing_since.unwrap_or(now);
                self.note(to, Fares::Badly(&why, Some(since)));
                let gone = now.saturating_sub(since) >= limits::PUSH_FAILING_S;
                if gone {
                    self.remove(job.to.subscription, job.to.user);
                }
                Tried { gone, ..tried(Outcome::Over, Some(status), Some(why)) }
            }
        }
    }

    /// Writes down how a subscription fares, if that is news.
    fn note(&self, to: &Stored, fares: Fares<'_>) {
        if let Fares::Badly(why, since) = fares
            && to.last_failure.as_deref() == Some(why)
            && to.failing_since == since
        {
            return;
        }
        let id = to.subscription_id;
        let noted = match fares {
            Fares::Well(at) => self.chat.write(move |cx| push::note(cx, id, Fares::Well(at))),
            Fares::Badly(why, since) => {
                let why = why.to_owned();
                self.chat.write(move |cx| push::note(cx, id, Fares::Badly(&why, since)))
            }
        };
        if let Err(error) = noted {
            log::debug!("how a push subscription fares is not written down: {error}");
        }
    }

    fn remove(&self, id: SubscriptionId, user: UserId) {
        lock(&self.push.shared.queue).queue.forget(id);
        match self.chat.write(move |cx| push::give_up(cx, id, user)) {
            Ok(()) => self.push.changed(user),
            Err(error) => log::warn!("a push subscription that is gone cannot be removed: {error}"),
        }
    }
}

/// The letter as JSON of at most `size` bytes: what is too long is cut, the body first.
fn fit(mut letter: Letter, size: usize) -> Result<Vec<u8>> {
    loop {
        let text = serde_json::to_vec(&letter).map_err(Error::internal)?;
        if text.len() <= size {
            return Ok(text);
        }
        let cut = if letter.body.is_empty() { &mut letter.title } else { &mut letter.body };
        if cut.is_empty() {
            letter.icon = None;
            return serde_json::to_vec(&letter).map_err(Error::internal);
        }
        *cut = crate::model::plain::shorten(cut, cut.chars().count() / 2);
        if cut == "…" {
            cut.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, ServerId};

    #[test]
    fn a_letter_is_cut_to_fit_and_stays_json() {
        let letter = Letter {
            kind: PushKind::Message,
            channel_id: Some(ChannelId(i64::MAX)),
            server_id: Some(ServerId(i64::MAX)),
            message_id: Some(MessageId(i64::MAX)),
            title: "👍\u{1}".repeat(130),
            body: "\u{1}\"\\".repeat(100),
            icon: Some("/files/x".to_owned()),
            url: "/channels".to_owned(),
            unread_mentions: u32::MAX,
        };
        for size in SIZES {
            let text = fit(letter.clone(), size).unwrap();
            assert!(text.len() <= size, "{}", text.len());
            let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!((&read["kind"], &read["url"]), (&serde_json::json!("message"), &serde_json::json!("/channels")));
        }
        let small = fit(Letter { title: "alice".into(), body: "hi".into(), ..letter }, SIZES[0]).unwrap();
        let small: serde_json::Value = serde_json::from_slice(&small).unwrap();
        assert_eq!((&small["title"], &small["body"]), (&serde_json::json!("alice"), &serde_json::json!("hi")));
    }
}
