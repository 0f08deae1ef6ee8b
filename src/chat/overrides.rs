//! What roles may do in single channels: private and read-only ones.

use super::access::{self, Caller, Place};
use super::{Reading, Writing, audit, sight};
use crate::model::object::{Action, Change, Override};
use crate::model::request::{NewOverride, SetOverride};
use crate::model::{ChannelId, Code, Error, Permission, Permissions, Result, RoleId, ServerId};
use crate::store;

/// The channel's server and overrides, if the caller may change them for this role.
fn changeable(
    cx: &Reading<'_>,
    caller: &Caller,
    channel: ChannelId,
    role: RoleId,
) -> Result<(ServerId, Place, Vec<Override>)> {
    let place = access::place(cx, caller, channel)?;
    let Some(server) = place.server_id else {
        return Err(Error::with_detail(Code::Forbidden, "a DM has no roles"));
    };
    if !store::roles::is_of(cx.db, server, role)? {
        return Err(Error::not_found());
    }
    place.need(Permission::ManageChannels)?;
    Ok((server, place, store::roles::overrides(cx.db, channel)?))
}

/// Sets what a role may do in a channel.
///
/// # Errors
/// 404, 403, 400.
pub fn set(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    channel: ChannelId,
    role: RoleId,
    new: Result<SetOverride>,
) -> Result<()> {
    let (server, place, overrides) = changeable(cx, caller, channel, role)?;
    let SetOverride { allow, deny } = new?;
    check("allow", allow, deny)?;
    let after = Override { role_id: role, allow, deny };
    let before = overrides.iter().find(|one| one.role_id == role);
    if before == Some(&after) {
        return Ok(());
    }
    may_change(place.permissions, before, Some(&after))?;
    let rules = store::roles::rules(cx.db, server)?;
    store::roles::set_override(cx.db, server, channel, after)?;
    record(cx, server, caller, (Action::OverrideSet, channel), (role, before, Some(&after)))?;
    sight::rules_changed(cx, server, &rules, None, &[channel])
}

/// Removes what a role may do in a channel: what it may do in the server counts again.
///
/// # Errors
/// 404, 403.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, channel: ChannelId, role: RoleId) -> Result<()> {
    let (server, place, overrides) = changeable(cx, caller, channel, role)?;
    let before = overrides.iter().find(|one| one.role_id == role).ok_or_else(Error::not_found)?;
    may_change(place.permissions, Some(before), None)?;
    let rules = store::roles::rules(cx.db, server)?;
    store::roles::delete_override(cx.db, channel, role)?;
    record(cx, server, caller, (Action::OverrideDelete, channel), (role, Some(before), None))?;
    sight::rules_changed(cx, server, &rules, None, &[channel])
}

/// The overrides that a new channel shall have, ascending by role.
///
/// # Errors
/// 400, 403.
pub(super) fn for_new_channel(
    cx: &Reading<'_>,
    server: ServerId,
    own: Permissions,
    new: Vec<NewOverride>,
) -> Result<Vec<Override>> {
    let mut overrides: Vec<Override> = Vec::new();
    for NewOverride { role_id, allow, deny } in new {
        if !store::roles::is_of(cx.db, server, role_id)? || overrides.iter().any(|one| one.role_id == role_id) {
            return Err(Error::field("overrides", "must name roles of this server, each once"));
        }
        check("overrides", allow, deny)?;
        overrides.push(Override { role_id, allow, deny });
    }
    for one in &overrides {
        may_change(own, None, Some(one))?;
    }
    overrides.sort_unstable_by_key(|one| one.role_id);
    Ok(overrides)
}

fn check(field: &str, allow: Permissions, deny: Permissions) -> Result<()> {
    match allow.in_both(deny).iter().next() {
        None => Ok(()),
        Some(both) => Err(Error::field(field, format_args!("must not hold {}, which is denied, too", both.as_str()))),
    }
}

/// Nobody allows or denies what they lack, nor takes back such an allowance or denial.
fn may_change(own: Permissions, before: Option<&Override>, after: Option<&Override>) -> Result<()> {
    let sets = |one: Option<&Override>| one.map_or((Permissions::NONE, Permissions::NONE), |one| (one.allow, one.deny));
    let ((allowed, denied), (allow, deny)) = (sets(before), sets(after));
    access::only_own(own, allowed.changed(allow).with(denied.changed(deny)))
}

fn record(
    cx: &mut Writing<'_, '_>,
    server: ServerId,
    caller: &Caller,
    (action, channel): (Action, ChannelId),
    (role, before, after): (RoleId, Option<&Override>, Option<&Override>),
) -> Result<()> {
    let mut changes = vec![
        Change::new("allow", &before.map(|one| one.allow), &after.map(|one| one.allow)),
        Change::new("deny", &before.map(|one| one.deny), &after.map(|one| one.deny)),
    ];
    changes.retain(|change| change.before != change.after);
    changes.insert(0, Change::new("role_id", &before.map(|_| role), &after.map(|_| role)));
    audit::record(cx, server, caller, (action, Some(channel.0)), &changes)
}
