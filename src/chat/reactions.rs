//! Reactions to messages.

use super::access::{self, Caller};
use super::{Reading, Slice, Writing};
use crate::model::object::Author;
use crate::model::request::{Cursor, Page};
use crate::model::{ChannelId, Code, Emoji, Error, Event, MessageId, Payload, Permission, Result, limits};
use crate::store::{self, reactions::Kind};

fn find(cx: &Reading<'_>, channel: ChannelId, message: MessageId, emoji: &Emoji) -> Result<(Vec<Kind>, Option<Kind>)> {
    let kinds = store::reactions::kinds(cx.db, channel, message)?;
    let wanted = Emoji::kind(emoji.as_str());
    let known = kinds.iter().find(|kind| Emoji::kind(&kind.emoji) == wanted).cloned();
    Ok((kinds, known))
}

/// Adds the caller's reaction.
///
/// # Errors
/// 404, 403, 400, 409 `too_many_reactions`.
pub fn add(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    channel: ChannelId,
    message: MessageId,
    emoji: Result<Emoji>,
) -> Result<()> {
    let place = access::with_message(cx, caller, channel, message)?;
    place.need(Permission::AddReactions)?;
    let emoji = emoji?;
    let (kinds, known) = find(cx, channel, message, &emoji)?;
    let kind = match known {
        Some(kind) => kind,
        None if kinds.len() >= limits::REACTION_KINDS => return Err(Error::new(Code::TooManyReactions)),
        None => {
            let id = cx.next_id();
            store::reactions::add_kind(cx.db, channel, message, id, &emoji)?
        }
    };
    if store::reactions::add(cx.db, channel, message, kind.kind_id, caller.user_id)? {
        let audience = place.audience(cx)?;
        let payload = Payload::ReactionAdd {
            channel_id: channel,
            message_id: message,
            user_id: caller.user_id,
            emoji: kind.emoji,
        };
        cx.publish(Event::new(audience, payload));
    }
    Ok(())
}

/// Removes the caller's reaction, if there is one.
///
/// # Errors
/// 404, 400.
pub fn remove(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    channel: ChannelId,
    message: MessageId,
    emoji: Result<Emoji>,
) -> Result<()> {
    let place = access::with_message(cx, caller, channel, message)?;
    let (_, Some(kind)) = find(cx, channel, message, &emoji?)? else { return Ok(()) };
    if store::reactions::remove(cx.db, channel, message, &kind, caller.user_id)? {
        let audience = place.audience(cx)?;
        let payload = Payload::ReactionRemove {
            channel_id: channel,
            message_id: message,
            user_id: caller.user_id,
            emoji: kind.emoji,
        };
        cx.publish(Event::new(audience, payload));
    }
    Ok(())
}

/// Who reacted so, ascending by user.
///
/// # Errors
/// 404, 400.
pub fn people(
    cx: &Reading<'_>,
    caller: &Caller,
    (channel, message): (ChannelId, MessageId),
    emoji: Result<Emoji>,
    page: Result<Page>,
) -> Result<Slice<Author>> {
    access::with_message(cx, caller, channel, message)?;
    let Page { cursor, limit } = page?;
    let after = match cursor {
        Cursor::After(position) => position,
        _ => -1,
    };
    let found = match find(cx, channel, message, &emoji?)?.1 {
        Some(kind) => store::reactions::people(cx.db, channel, message, kind.kind_id, after, limit + 1)?,
        None => Vec::new(),
    };
    Ok(Slice::cut(found, limit))
}
