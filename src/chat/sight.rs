//! What a change of roles, overrides or ownership makes of who sees which channel: it is told to those concerned in the
//! same transaction, and the registry follows it.

use super::Writing;
use crate::model::object::Channel;
use crate::model::{
    Audience, Badges, ChannelId, Effect, Event, Payload, Permission, Result, Rules, ServerId, Standing, Turn, UserId,
};
use crate::store;

/// Tells what a change of what roles may do makes of everybody's sight.
///
/// `before` are the rules that were, `told` what the whole server hears of the change, `changed` the channels whose
/// overrides are others now. What was written before counts as read for those who see it now, which may concern
/// every member: that is left to the sweep.
///
/// # Errors
/// Database errors.
pub(super) fn rules_changed(
    cx: &mut Writing<'_, '_>,
    server: ServerId,
    before: &Rules,
    told: Option<Payload>,
    changed: &[ChannelId],
) -> Result<()> {
    let after = store::roles::rules(cx.db, server)?;
    let turned = after != *before;
    let roles_changed = (&after.everyone, &after.roles) != (&before.everyone, &before.roles);
    let effect = if turned { Effect::Rules(server, Box::new(after)) } else { Effect::None };
    match told {
        Some(payload) => cx.publish(Event::new(Audience::Server(server), payload).with_effect(effect)),
        None if turned => cx.publish(Event::silent(effect)),
        None => {}
    }
    if turned {
        let id = cx.next_id();
        store::reveals::add(cx.db, server, id, before)?;
        cx.tx.sweep_later();
    }
    if !roles_changed && changed.is_empty() {
        return Ok(());
    }
    for channel in store::channels::of(cx.db, server)? {
        let id = channel.channel_id;
        let is_changed = changed.contains(&id);
        if turned && (roles_changed || is_changed) {
            let gone = Payload::ChannelDelete { channel_id: id, server_id: Some(server) };
            cx.publish(Event::new(Audience::Turned(server, id, Turn::Lost), gone));
            let there = Payload::ChannelCreate(channel.clone());
            cx.publish(Event::new(Audience::Turned(server, id, Turn::Gained), there));
        }
        if is_changed {
            let audience =
                if turned { Audience::Turned(server, id, Turn::Kept) } else { Audience::Channel(server, id) };
            cx.publish(Event::new(audience, Payload::ChannelUpdate(channel)));
        }
    }
    Ok(())
}

/// The effect that gives a member the badges they have by now.
///
/// # Errors
/// Database errors.
pub(super) fn badges(cx: &Writing<'_, '_>, server: ServerId, user: UserId, owner: bool) -> Result<Effect> {
    let badges = Badges { owner, roles: store::roles::of_member(cx.db, server, user)? };
    Ok(Effect::Badges(server, user, badges))
}

/// Tells a member whose standing has changed which channels they see now, and which no more.
///
/// # Errors
/// Database errors.
pub(super) fn member_turned(
    cx: &mut Writing<'_, '_>,
    server: ServerId,
    user: UserId,
    before: &Standing,
    after: &Standing,
) -> Result<()> {
    let sees =
        |standing: &Standing, channel: &Channel| standing.in_channel(&channel.overrides).has(Permission::ViewChannel);
    for channel in store::channels::of(cx.db, server)? {
        let id = channel.channel_id;
        let payload = match (sees(before, &channel), sees(after, &channel)) {
            (true, false) => Payload::ChannelDelete { channel_id: id, server_id: Some(server) },
            (false, true) => {
                if let Some(last) = channel.last_message_id {
                    cx.tx.mark_read(user, id, last);
                }
                Payload::ChannelCreate(channel)
            }
            _ => continue,
        };
        cx.publish(Event::new(Audience::Users(vec![user]), payload));
    }
    Ok(())
}
