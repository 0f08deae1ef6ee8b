//! How far somebody has read, and what of the rest speaks to them. Their devices that were there when it was written
//! count it themselves; one that comes later is told, so both must follow the same rule.

use super::Reading;
use crate::model::object::ReadState;
use crate::model::{ChannelId, MessageId, Result, RoleId, ServerId, UserId};
use crate::store;

/// How far somebody has read a channel.
///
/// # Errors
/// Database errors.
pub(super) fn position(cx: &Reading<'_>, user: UserId, channel: ChannelId) -> Result<Option<MessageId>> {
    let mut late = cx.late.of(user).into_iter().filter(|(place, _)| *place == channel);
    match late.next_back() {
        Some((_, position)) => Ok(Some(position)),
        None => Ok(store::read_states::position(cx.db, user, channel)?),
    }
}

/// What `user` is told of a channel that they have read up to `position`. `last` is the channel's last message: mostly
/// there is nothing behind.
///
/// # Errors
/// Database errors.
pub(super) fn state(
    cx: &Reading<'_>,
    user: UserId,
    (server, channel_id): (Option<ServerId>, ChannelId),
    last: Option<MessageId>,
    position: MessageId,
) -> Result<ReadState> {
    let mut state =
        ReadState { channel_id, message_id: position, mentions: 0, mention_ids: Vec::new(), direct_ids: Vec::new() };
    if last.is_none_or(|last| last <= position) {
        return Ok(state);
    }
    let mut roles = Vec::new();
    match server {
        Some(server) => {
            roles = store::roles::of_member(cx.db, server, user)?;
            roles.push(RoleId::from(server));
        }
        None => state.direct_ids = store::unread::others(cx.db, user, channel_id, position)?,
    }
    state.mention_ids = store::unread::mentions(cx.db, user, &roles, channel_id, position)?;
    state.mentions = state.mention_ids.len() as u32;
    Ok(state)
}

/// The same for one who connects. What only those wrote whom they have blocked is not unread, as for their devices that
/// were there.
///
/// # Errors
/// Database errors.
pub(super) fn at_first(
    cx: &Reading<'_>,
    user: UserId,
    place: (Option<ServerId>, ChannelId),
    last: Option<MessageId>,
    position: MessageId,
) -> Result<ReadState> {
    let state = state(cx, user, place, last, position)?;
    match last {
        Some(last) if last > position && store::unread::is_unheard(cx.db, user, place.1, position)? => {
            Ok(ReadState { message_id: last, ..state })
        }
        _ => Ok(state),
    }
}
