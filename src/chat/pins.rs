//! Pinned messages.

use super::access::{self, Caller, Place};
use super::{Reading, Writing, audit};
use crate::model::object::{Action, Change, Message};
use crate::model::{ChannelId, Code, Error, Event, MessageId, Payload, Permission, Result, limits};
use crate::store;

/// The pinned messages of a channel, latest pin first.
///
/// # Errors
/// 404.
pub fn list(cx: &Reading<'_>, caller: &Caller, channel: ChannelId) -> Result<Vec<Message>> {
    access::place(cx, caller, channel)?.with_messages()?;
    let pinned = store::pins::list(cx.db, channel)?.into_iter();
    let found = pinned.filter_map(|id| store::messages::get(cx.db, caller.user_id, channel, id).transpose());
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// In a DM anybody pins.
fn pinnable(cx: &Reading<'_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<(Message, Place)> {
    let (message, place) = access::message(cx, caller, channel, id)?;
    if place.server_id.is_some() {
        place.need(Permission::ManageMessages)?;
    }
    Ok((message, place))
}

/// Pins a message.
///
/// # Errors
/// 404, 403, 409 `too_many_pins`.
pub fn add(cx: &mut Writing<'_, '_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<()> {
    let (message, place) = pinnable(cx, caller, channel, id)?;
    if message.pinned {
        return Ok(());
    }
    if store::pins::list(cx.db, channel)?.len() >= limits::PINS_PER_CHANNEL {
        return Err(Error::new(Code::TooManyPins));
    }
    let pin = cx.next_id();
    store::pins::add(cx.db, channel, id, pin)?;
    told(cx, caller, &place, id, true)
}

/// Unpins a message, if it is pinned.
///
/// # Errors
/// 404, 403.
pub fn remove(cx: &mut Writing<'_, '_>, caller: &Caller, channel: ChannelId, id: MessageId) -> Result<()> {
    let (message, place) = pinnable(cx, caller, channel, id)?;
    if !message.pinned {
        return Ok(());
    }
    store::pins::remove(cx.db, channel, id)?;
    told(cx, caller, &place, id, false)
}

fn told(cx: &mut Writing<'_, '_>, caller: &Caller, place: &Place, id: MessageId, pinned: bool) -> Result<()> {
    let channel = place.channel_id;
    if let Some(server) = place.server_id {
        let action = if pinned { Action::MessagePin } else { Action::MessageUnpin };
        audit::record(cx, server, caller, (action, Some(id.0)), &[Change::new("channel_id", &channel, &channel)])?;
    }
    let audience = place.audience(cx)?;
    cx.publish(Event::new(audience, Payload::PinsUpdate { channel_id: channel, message_id: id, pinned }));
    Ok(())
}
