//! Messages.

use super::call::Call;
use super::query::{AFTER, AROUND, BEFORE};
use super::reply::Reply;
use crate::chat::messages;
use crate::model::Result;
use crate::model::request::{Cursor, EditMessage, NewMessage};

/// `GET /channels/{channel_id}/messages`.
///
/// Newest first, whatever the cursor: the next page is beyond the last item, or with `after` beyond the first.
pub fn list(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, query) = (call.channel_id(), call.query());
    let (page, query) = match query {
        Ok(query) => (query.page(&[BEFORE, AFTER, AROUND]), Some(query)),
        Err(error) => (Err(error), None),
    };
    let cursor = page.as_ref().map_or(Cursor::Start, |page| page.cursor);
    let slice = call.read(|cx, me| messages::history(cx, me, channel?, page))?;
    let reply = Reply::ok(&slice.items)?;
    let next = match cursor {
        Cursor::Start | Cursor::Before(_) => slice.items.last().map(|message| (BEFORE, message)),
        Cursor::After(_) => slice.items.first().map(|message| (AFTER, message)),
        Cursor::Around(_) => None,
    };
    Ok(match (next.filter(|_| slice.more), query) {
        (Some((cursor, message)), Some(query)) => {
            reply.with("Link", &call.next_page(&query, cursor.name, message.message_id.0))
        }
        _ => reply,
    })
}

/// `POST /channels/{channel_id}/messages`.
pub fn post(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, new) = (call.channel_id(), call.body::<NewMessage>());
    let posted = call.write(|cx, me| messages::post(cx, me, channel?, new))?;
    Reply::created_or_ok(posted.created, &posted.message)
}

/// `GET /channels/{channel_id}/messages/{message_id}`.
pub fn get(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message) = (call.channel_id(), call.message_id());
    Reply::ok(&call.read(|cx, me| messages::get(cx, me, channel?, message?))?)
}

/// `PATCH /channels/{channel_id}/messages/{message_id}`.
pub fn edit(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message, edit) = (call.channel_id(), call.message_id(), call.body::<EditMessage>());
    Reply::ok(&call.write(|cx, me| messages::edit(cx, me, channel?, message?, edit))?)
}

/// `DELETE /channels/{channel_id}/messages/{message_id}`.
pub fn delete(call: &mut Call<'_>) -> Result<Reply> {
    let (channel, message) = (call.channel_id(), call.message_id());
    call.write(|cx, me| messages::delete(cx, me, channel?, message?))?;
    Ok(Reply::no_content())
}
