//! How far somebody has read, and what of the rest speaks to them. Their devices that were there when it was written
//! count it themselves; one that comes later is told, so both must follow the same rule.

use std::collections::HashMap;

use super::Reading;
use super::access::{self, Caller};
use crate::model::object::ReadState;
use crate::model::{ChannelId, Code, MessageId, Result, RoleId, ServerId, SessionId, UserId, limits};
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

/// A channel that somebody sees and has not read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    /// None for DMs.
    pub(super) server: Option<ServerId>,
    pub(super) channel: ChannelId,
    /// How far they have read.
    pub(super) position: MessageId,
    pub(super) last: MessageId,
}

/// The channels that somebody sees and has not read; of very many those where something was said last.
///
/// # Errors
/// Database errors.
pub(super) fn channels(cx: &Reading<'_>, user: UserId) -> Result<Vec<Unread>> {
    let mut read: HashMap<_, _> = cx.late.of(user).into_iter().collect();
    for (channel, last) in store::reveals::of(cx.db, user)? {
        let at = read.entry(channel).or_insert(last);
        *at = last.max(*at);
    }
    // Whether a session is meant is nothing that sight depends on.
    let reader = Caller { user_id: user, session_id: SessionId(0), is_admin: false };
    let mut found = Vec::new();
    for (channel, on_disk, last) in store::unread::channels(cx.db, user)? {
        let position = read.get(&channel).copied().unwrap_or(on_disk);
        if found.len() >= limits::UNREAD_CHANNELS || last <= position {
            continue;
        }
        match access::place(cx, &reader, channel) {
            Ok(place) => found.push(Unread { server: place.server_id, channel, position, last }),
            Err(error) if error.code == Code::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The channels that somebody has not read, each as for one who connects now.
///
/// # Errors
/// Database errors.
pub(super) fn states(cx: &Reading<'_>, user: UserId) -> Result<Vec<ReadState>> {
    let state =
        |Unread { server, channel, position, last }| at_first(cx, user, (server, channel), Some(last), position);
    channels(cx, user)?.into_iter().map(state).collect()
}
