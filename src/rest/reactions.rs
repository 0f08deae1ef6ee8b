//! Reactions to messages.

use super::call::Call;
use super::query::AFTER;
use super::reply::Reply;
use crate::chat::{Caller, Reading, reactions};
use crate::model::{Emoji, Error, Result};

/// `{emoji}`.
fn emoji(call: &Call<'_>) -> Result<Emoji> {
    Emoji::parse(call.values.get("emoji")).ok_or_else(|| Error::field("emoji", "must be one emoji"))
}

/// `GET …/messages/{message_id}/reactions/{emoji}`.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message, emoji) = (call.channel_id(), call.message_id(), emoji(call));
    let list = |cx: &Reading<'_>, me: &Caller, page| reactions::people(cx, me, (channel?, message?), emoji, page);
    call.page(AFTER, |query| query.page(&[AFTER]), list, |person| person.user_id.0)
}

/// `PUT …/messages/{message_id}/reactions/{emoji}`.
pub fn add(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message, emoji) = (call.channel_id(), call.message_id(), emoji(call));
    call.write(|cx, me| reactions::add(cx, me, channel?, message?, emoji))?;
    Ok(Reply::no_content())
}

/// `DELETE …/messages/{message_id}/reactions/{emoji}`.
pub fn remove(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message, emoji) = (call.channel_id(), call.message_id(), emoji(call));
    call.write(|cx, me| reactions::remove(cx, me, channel?, message?, emoji))?;
    Ok(Reply::no_content())
}
