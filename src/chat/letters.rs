//! What a push says: made at the moment it is sent, of what its reader may see then.

use std::collections::HashMap;

use serde::Serialize;

use super::access::{self, Caller};
use super::unread::{self, Unread};
use super::{Reading, settings};
use crate::model::object::{Author, ChannelKind, Message, Status};
use crate::model::plain::{self, Names, plain};
use crate::model::push::PushKind;
use crate::model::{
    ChannelId, Code, Error, MessageId, Preferences, Result, RoleId, ServerId, SessionId, SubscriptionId, UserId, limits,
};
use crate::store;
use crate::store::push::Stored;

/// What a service worker gets, in JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// What it is for.
    pub kind: PushKind,
    /// Where the message stands; notifications of a channel replace each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// Its server; null for DMs.
    pub server_id: Option<ServerId>,
    /// The message, or up to where all is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// By whom, and where.
    pub title: String,
    /// What was written, in plain words.
    pub body: String,
    /// The author's picture.
    pub icon: Option<String>,
    /// The page that shows it, from the root.
    pub url: String,
    /// For the number on the program's icon.
    pub unread_mentions: u32,
}

/// A push that is due.
#[derive(Debug)]
pub enum Due {
    /// It is to be sent there; `urgent` if somebody is spoken to.
    Send {
        /// Where.
        to: Box<Stored>,
        /// What.
        letter: Box<Letter>,
        /// Whether somebody is spoken to.
        urgent: bool,
    },
    /// Its reader need not, or must not, be told any more.
    Drop,
    /// There is no such subscription any more.
    Gone,
}

/// Looks at the subscription, and goes on with it and its user.
fn with(
    cx: &Reading<'_>,
    (id, lived_s): (SubscriptionId, i64),
    letter: impl FnOnce(UserId) -> Result<Option<(Letter, bool)>>,
) -> Result<Due> {
    let Some(to) = store::push::live(cx.db, id, lived_s)? else { return Ok(Due::Gone) };
    let letter = letter(to.user_id)?;
    let send = |(letter, urgent)| Due::Send { to: Box::new(to), letter: Box::new(letter), urgent };
    Ok(letter.map_or(Due::Drop, send))
}

/// What a subscription is told of a channel whose message `id` is due, if its user still wants to hear of it and may see
/// it; `is_quiet` says whether it is their hour of silence. Where that message is to be told no more, because it was
/// deleted or its author blocked, it is the one before of which they were not told yet; `shown` is the last of which they
/// were, and is withdrawn if they have read it. What the text was is left out where they, or the instance, want it so.
///
/// # Errors
/// Database errors.
pub fn of_message(
    cx: &Reading<'_>,
    subscription: (SubscriptionId, i64),
    (channel, id): (ChannelId, MessageId),
    shown: Option<MessageId>,
    with_content: bool,
    is_quiet: impl FnOnce(&Preferences) -> bool,
) -> Result<Due> {
    with(cx, subscription, |user| {
        let read = unread::position(cx, user, channel)?;
        let (position, shown) = (read.unwrap_or(MessageId(0)), shown.unwrap_or(MessageId(0)));
        let preferences = Preferences::read(&settings::of(cx, user)?);
        let account = store::accounts::get(cx.db, user)?;
        let hears = account.is_some_and(|account| account.status != Status::Dnd) && !is_quiet(&preferences);
        let unheard =
            if hears { store::unread::latest(cx.db, user, channel, (position.max(shown), id))? } else { vec![] };
        for id in unheard {
            let Some((message, server_id)) = seen(cx, user, channel, id)? else { continue };
            let named = names(cx, &message, server_id, user)?;
            if preferences.wants(server_id, channel, named, cx.now) {
                let letter = Letter {
                    kind: PushKind::Message,
                    channel_id: Some(channel),
                    server_id,
                    message_id: Some(id),
                    title: cx.shared.settings.get().name.clone(),
                    body: String::new(),
                    icon: None,
                    url: url(cx, server_id, channel, Some(id)),
                    unread_mentions: unread_mentions(cx, user)?,
                };
                let says = with_content && preferences.content;
                let letter = if says { filled(cx, letter, &message)? } else { letter };
                return Ok(Some((letter, named || server_id.is_none())));
            }
        }
        let is_over = (MessageId(1)..=position).contains(&shown);
        if is_over { Ok(Some((reading(cx, user, channel, shown)?, false))) } else { Ok(None) }
    })
}

/// What a subscription is told when its user has read a channel up to there.
///
/// # Errors
/// Database errors.
pub fn of_reading(
    cx: &Reading<'_>,
    subscription: (SubscriptionId, i64),
    (channel, id): (ChannelId, MessageId),
) -> Result<Due> {
    with(cx, subscription, |user| Ok(Some((reading(cx, user, channel, id)?, false))))
}

fn reading(cx: &Reading<'_>, user: UserId, channel: ChannelId, id: MessageId) -> Result<Letter> {
    // The channel may be gone, or out of sight: what is shown of it is to go all the same.
    let server_id = store::push::names(cx.db, channel)?.and_then(|(server, ..)| server);
    Ok(Letter {
        kind: PushKind::Read,
        channel_id: Some(channel),
        server_id,
        message_id: Some(id),
        title: String::new(),
        body: String::new(),
        icon: None,
        url: url(cx, server_id, channel, None),
        unread_mentions: unread_mentions(cx, user)?,
    })
}

/// What a subscription is told when its user tries it.
///
/// # Errors
/// Database errors.
pub fn of_test(cx: &Reading<'_>, subscription: (SubscriptionId, i64)) -> Result<Due> {
    with(cx, subscription, |user| {
        let letter = Letter {
            kind: PushKind::Test,
            channel_id: None,
            server_id: None,
            message_id: None,
            title: cx.shared.settings.get().name.clone(),
            body: String::new(),
            icon: None,
            url: format!("{}/", cx.shared.config.base_path()),
            unread_mentions: unread_mentions(cx, user)?,
        };
        Ok(Some((letter, true)))
    })
}

/// A message that somebody sees, and its server.
fn seen(
    cx: &Reading<'_>,
    user: UserId,
    channel: ChannelId,
    id: MessageId,
) -> Result<Option<(Message, Option<ServerId>)>> {
    // Whether a session is meant is nothing that sight depends on.
    let reader = Caller { user_id: user, session_id: SessionId(0), is_admin: false };
    match access::message(cx, &reader, channel, id) {
        Ok((message, place)) => Ok(Some((message, place.server_id))),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a message names somebody, one of their roles, or everybody.
fn names(cx: &Reading<'_>, message: &Message, server: Option<ServerId>, user: UserId) -> Result<bool> {
    if message.mention_everyone || message.mentions.contains(&user) {
        return Ok(true);
    }
    let Some(server) = server.filter(|_| !message.mention_roles.is_empty()) else { return Ok(false) };
    let held = store::roles::of_member(cx.db, server, user)?;
    Ok(message.mention_roles.iter().any(|role| held.contains(role)))
}

fn url(cx: &Reading<'_>, server: Option<ServerId>, channel: ChannelId, message: Option<MessageId>) -> String {
    let server = server.map_or("@me".to_owned(), |server| server.to_string());
    let message = message.map(|message| format!("/{message}")).unwrap_or_default();
    format!("{}/channels/{server}/{channel}{message}", cx.shared.config.base_path())
}

/// The letter with who wrote what, and where.
fn filled(cx: &Reading<'_>, letter: Letter, message: &Message) -> Result<Letter> {
    let names = Known::of(cx, message, letter.server_id)?;
    let by = names.user(message.author.user_id).unwrap_or(&message.author.username).to_owned();
    let (_, channel, server) = store::push::names(cx.db, message.channel_id)?.ok_or_else(Error::not_found)?;
    let kind = store::channels::place(cx.db, message.channel_id)?.map(|(_, kind)| kind);
    let title = match (letter.server_id, kind) {
        (Some(_), _) => format!("{by} · #{channel} · {server}"),
        (None, Some(ChannelKind::GroupDm)) if !channel.is_empty() => format!("{by} · {channel}"),
        _ => by,
    };
    let words = plain(&message.content, &names, limits::PUSH_BODY);
    let files = message.attachments.iter().map(|file| file.filename.as_str());
    let body = match words.is_empty() {
        true => plain::shorten(&files.collect::<Vec<_>>().join(", "), limits::PUSH_BODY),
        false => words,
    };
    Ok(Letter { title, body, icon: message.author.avatar_url.clone(), ..letter })
}

/// How those are called whom a message names, and its author.
struct Known {
    users: HashMap<UserId, String>,
    roles: HashMap<RoleId, String>,
}

impl Known {
    fn of(cx: &Reading<'_>, message: &Message, server: Option<ServerId>) -> Result<Self> {
        let name = |user: &Author| {
            let nickname = match server {
                Some(server) => store::push::nickname(cx.db, server, user.user_id)?,
                None => None,
            };
            let own = || user.display_name.clone().unwrap_or_else(|| user.username.clone());
            Ok((user.user_id, nickname.unwrap_or_else(own)))
        };
        let people = message.mentioned_users.iter().chain([&message.author]);
        let users = people.map(name).collect::<Result<_>>()?;
        let mut roles = HashMap::new();
        for role in &message.mention_roles {
            roles.extend(store::push::role_name(cx.db, *role)?.map(|name| (*role, name)));
        }
        Ok(Self { users, roles })
    }
}

impl Names for Known {
    fn user(&self, user: UserId) -> Option<&str> {
        self.users.get(&user).map(String::as_str)
    }

    fn role(&self, role: RoleId) -> Option<&str> {
        self.roles.get(&role).map(String::as_str)
    }
}

/// How many messages that somebody has not read speak to them: those of DMs that they have not muted, and those that name
/// them. The client's title and icon count so too.
fn unread_mentions(cx: &Reading<'_>, user: UserId) -> Result<u32> {
    let preferences = Preferences::read(&settings::of(cx, user)?);
    let mut sum = 0_u32;
    for Unread { server, channel, position, last } in unread::channels(cx, user)? {
        let state = unread::state(cx, user, (server, channel), Some(last), position)?;
        let counts_all = server.is_none() && !preferences.is_muted(channel, cx.now);
        let count = if counts_all { state.direct_ids.len() } else { state.mention_ids.len() } as u32;
        sum = sum.saturating_add(count);
    }
    Ok(sum)
}
