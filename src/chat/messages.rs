//! Messages.

use super::access::{self, Caller};
use super::{Reading, Slice, Writing, audit, dms, files, mentions, users};
use crate::model::name::{Caption, Content, Nonce};
use crate::model::object::{Action, Change, Message};
use crate::model::request::{Cursor, EditMessage, NewMessage, Page};
use crate::model::{ChannelId, Code, Error, Event, MessageId, Payload, Permission, Result};
use crate::store;

/// A message, and whether it was made now or by an earlier try.
#[derive(Debug)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// `false`: the nonce was known, and this is the first try's message as it now is.
    pub created: bool,
}

/// A page of a channel's history, newest first.
///
/// # Errors
/// 404, 400.
pub fn history(cx: &Reading<'_>, caller: &Caller, channel: ChannelId, page: Result<Page>) -> Result<Slice<Message>> {
    access::place(cx, caller, channel)?.with_messages()?;
    let Page { cursor, limit } = page?;
    let me = caller.user_id;
    Ok(match cursor {
        Cursor::Start => Slice::cut(store::messages::before(cx.db, me, channel, i64::MAX, limit + 1)?, limit),
        Cursor::Before(position) => {
            Slice::cut(store::messages::before(cx.db, me, channel, position, limit + 1)?, limit)
        }
        Cursor::After(position) => {
            // One more than asked for would be the newest, at the front.
            let mut items = store::messages::after(cx.db, me, channel, position, limit + 1)?;
            let more = items.len() > limit;
            if more {
                items.remove(0);
            }
            Slice { items, more }
        }
        Cursor::Around(position) => {
            // The message itself counts to the older half.
            let older = store::messages::before(cx.db, me, channel, position.saturating_add(1), limit / 2 + 1)?;
            let mut items = store::messages::after(cx.db, me, channel, position, limit - limit / 2 - 1)?;
            items.extend(older);
            items.truncate(limit);
            Slice { items, more: false }
        }
    })
}

/// Writes a message. A retry with the same nonce answers the first message.
///
/// # Errors
/// 404, 403, 400, 409 `nonce_used` if the first message was deleted.
pub fn post(cx: &mut Writing<'_, '_>, caller: &Caller, id: ChannelId, new: Result<NewMessage>) -> Result<Posted> {
    let place = access::place(cx, caller, id)?.with_messages()?;
    let new = match new {
        Ok(new) => new,
        // Who may not write here learns that first, whatever the body.
        Err(error) => {
            let may = place.need(Permission::SendMessages).and_then(|()| dms::not_blocked(cx, &place, caller.user_id));
            return Err(may.err().unwrap_or(error));
        }
    };
    let message_id = cx.next_id();
    if let Some(nonce) = &new.nonce
        && let Some(first) = cx.tx.by_nonce(caller.user_id, id, nonce.as_str(), message_id)?
    {
        let first = store::messages::get(cx.db, caller.user_id, id, first)?;
        let message = first.ok_or_else(|| Error::new(Code::NonceUsed))?;
        return Ok(Posted { message: Message { nonce: Some(nonce.as_str().to_owned()), ..message }, created: false });
    }
    place.need(Permission::SendMessages)?;
    if !new.attachments.is_empty() {
        place.need(Permission::AttachFiles)?;
    }
    dms::not_blocked(cx, &place, caller.user_id)?;
    let reply_to = match new.reply_to {
        Some(answered) if !store::messages::exists(cx.db, id, answered)? => {
            return Err(Error::field("reply_to", "must be a message of this channel"));
        }
        Some(answered) => Some(store::extras::preview(cx.db, id, answered)?),
        None => None,
    };
    let attachments = files::of_new_message(cx, caller, &new.attachments)?;
    let content = new.content.as_ref().map(Caption::as_str);
    let content = checked_content(content, !attachments.is_empty())?;
    let mut message = Message {
        message_id: MessageId(message_id),
        channel_id: id,
        author: users::author(cx, caller.user_id)?,
        content,
        timestamp: cx.now,
        edited_at: None,
        reply_to,
        mentions: Vec::new(),
        mentioned_users: Vec::new(),
        mention_roles: Vec::new(),
        mention_everyone: false,
        attachments,
        reactions: Some(Vec::new()),
        pinned: false,
        nonce: new.nonce.as_ref().map(Nonce::as_str).map(str::to_owned),
    };
    mentions::resolve(cx, &place, &mut message)?;
    store::messages::add(cx.db, &message, mentions::everyone(&place))?;
    cx.tx.keep_nonce(&message);
    cx.tx.reindex(id, message.message_id)?;
    // One's own message is read.
    cx.tx.mark_read(caller.user_id, id, message.message_id);
    if place.server_id.is_none() {
        dms::show(cx, id, caller.user_id)?;
    }
    let audience = place.audience(cx)?;
    cx.publish(Event::new(audience, Payload::MessageCreate(message.clone())));
    Ok(Posted { message, created: true })
}

/// The text of a message: nothing, or nothing but white space, only where files speak for themselves.
fn checked_content(given: Option<&str>, has_files: bool) -> Result<String> {
    match given {
        None if !has_files => Err(Error::field("content", "is missing")),
        Some(text) if !has_files => Content::parse(text)
            .map(|content| content.as_str().to_owned())
            .map_err(|rule| Error::field("content", rule)),
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Ok(String::new()),
    }
}

/// A message.
///
/// # Errors
/// 404.
pub fn get(cx: &Reading<'_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<Message> {
    access::message(cx, caller, channel, id).map(|(message, _)| message)
}

/// Changes the text of one's own message.
///
/// # Errors
/// 404, 403 for another's, 400.
pub fn edit(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    channel: ChannelId,
    id: MessageId,
    patch: Result<EditMessage>,
) -> Result<Message> {
    let (before, place) = access::message(cx, caller, channel, id)?;
    if before.author.user_id != caller.user_id {
        return Err(Error::with_detail(Code::Forbidden, "you can edit only your own messages"));
    }
    dms::not_blocked(cx, &place, caller.user_id)?;
    let patch = patch?;
    let content = checked_content(Some(patch.content.as_str()), !before.attachments.is_empty())?;
    if content == before.content {
        return Ok(before);
    }
    let mut after = Message { content, edited_at: Some(cx.now), ..before };
    mentions::resolve(cx, &place, &mut after)?;
    store::messages::edit(cx.db, &after, mentions::everyone(&place), cx.now)?;
    cx.tx.reindex(channel, id)?;
    let audience = place.audience(cx)?;
    cx.publish(Event::new(audience, Payload::MessageUpdate(Message { reactions: None, ..after.clone() })));
    Ok(after)
}

/// Deletes one's own message, or anybody's with `manage_messages`.
///
/// # Errors
/// 404, 403.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<()> {
    let (message, place) = access::message(cx, caller, channel, id)?;
    if message.author.user_id != caller.user_id {
        place.need(Permission::ManageMessages)?;
        if let Some(server) = place.server_id {
            let changes =
                [Change::new("channel_id", &channel, &()), Change::new("author_id", &message.author.user_id, &())];
            audit::record(cx, server, caller, (Action::MessageDelete, Some(id.0)), &changes)?;
        }
    }
    store::channels::keep_last(cx.db, channel, id)?;
    store::messages::delete(cx.db, channel, id)?;
    if !message.attachments.is_empty() {
        // Their bytes go when nobody waits.
        cx.tx.sweep_later();
    }
    cx.tx.reindex(channel, id)?;
    let payload = Payload::MessageDelete { message_id: id, channel_id: channel, server_id: place.server_id };
    let audience = place.audience(cx)?;
    cx.publish(Event::new(audience, payload));
    Ok(())
}

/// Who is told that the caller types there; nobody if the caller may not write.
///
/// # Errors
/// Database errors.
pub fn typing(cx: &Reading<'_>, caller: &Caller, channel: ChannelId) -> Result<Option<crate::model::Audience>> {
    match access::place(cx, caller, channel).and_then(access::Place::with_messages) {
        Ok(place) if !place.permissions.has(Permission::SendMessages) => Ok(None),
        Ok(place) if dms::is_blocked(cx, &place, caller.user_id)? => Ok(None),
        Ok(place) => place.audience(cx).map(Some),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
