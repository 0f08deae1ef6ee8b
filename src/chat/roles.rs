//! Roles: what they allow, and in which order they stand.

use super::access::{self, Caller, SeenServer};
use super::{Reading, Writing, audit, sight};
use crate::model::object::{Action, Change, Role};
use crate::model::request::{NewRole, RolePatch};
use crate::model::{Audience, Code, Effect, Error, Event, Payload, Permission, Result, RoleId, ServerId, limits};
use crate::store;

/// Where a new role enters: above `everyone`, below all others.
const LOWEST: u32 = 1;

/// The roles of a server, strongest first.
///
/// # Errors
/// 404.
pub fn list(cx: &Reading<'_>, caller: &Caller, server: ServerId) -> Result<Vec<Role>> {
    access::server(cx, caller, server)?;
    Ok(store::roles::of(cx.db, server)?)
}

/// A server's roles, and one of them that the caller acts on.
fn one(cx: &Reading<'_>, seen: &SeenServer, id: RoleId) -> Result<(Vec<Role>, Role)> {
    let all = store::roles::of(cx.db, seen.server.server_id)?;
    let role = all.iter().find(|role| role.role_id == id).cloned().ok_or_else(Error::not_found)?;
    seen.need(Permission::ManageRoles)?;
    need_above(seen, role.position)?;
    Ok((all, role))
}

/// # Errors
/// 403 unless a role at this position is below the caller's highest.
pub(super) fn need_above(seen: &SeenServer, position: u32) -> Result<()> {
    if seen.standing.is_above(position) {
        Ok(())
    } else {
        Err(Error::with_detail(Code::Forbidden, "the role is not below your highest"))
    }
}

fn check_color(color: u32) -> Result<()> {
    if color > limits::COLOR {
        return Err(Error::field("color", format_args!("must be 0 to {}", limits::COLOR)));
    }
    Ok(())
}

/// Adds a role at the lowest place.
///
/// # Errors
/// 404, 403, 400, 409 `too_many_roles`.
pub fn create(cx: &mut Writing<'_, '_>, caller: &Caller, server: ServerId, new: Result<NewRole>) -> Result<Role> {
    let seen = access::server(cx, caller, server)?;
    seen.need(Permission::ManageRoles)?;
    // Whoever makes a role must stand above it, once the others have made room for it.
    need_above(&seen, 0)?;
    let new = new?;
    check_color(new.color)?;
    access::only_own(seen.permissions(), new.permissions)?;
    let mut all = store::roles::of(cx.db, server)?;
    if all.len() >= limits::ROLES_PER_SERVER {
        return Err(Error::new(Code::TooManyRoles));
    }
    for role in all.iter_mut().filter(|role| role.position >= LOWEST) {
        role.position += 1;
        store::roles::set(cx.db, role)?;
    }
    let role = Role {
        role_id: RoleId(cx.next_id()),
        name: new.name.as_str().to_owned(),
        color: new.color,
        position: LOWEST,
        permissions: new.permissions,
    };
    store::roles::add(cx.db, server, &role)?;
    let changes = changes(None, Some(&role));
    audit::record(cx, server, caller, (Action::RoleCreate, Some(role.role_id.0)), &changes)?;
    // Nobody holds it yet, so nobody's sight changes; the registry has to know it.
    let payload = Payload::RolesUpdate { server_id: server, roles: store::roles::of(cx.db, server)? };
    let rules = store::roles::rules(cx.db, server)?;
    cx.publish(Event::new(Audience::Server(server), payload).with_effect(Effect::Rules(server, Box::new(rules))));
    Ok(role)
}

/// What an act made of a role.
fn changes(before: Option<&Role>, after: Option<&Role>) -> Vec<Change> {
    let mut changes = vec![
        Change::new("name", &before.map(|r| &r.name), &after.map(|r| &r.name)),
        Change::new("color", &before.map(|r| r.color), &after.map(|r| r.color)),
        Change::new("position", &before.map(|r| r.position), &after.map(|r| r.position)),
        Change::new("permissions", &before.map(|r| r.permissions), &after.map(|r| r.permissions)),
    ];
    changes.retain(|change| change.before != change.after);
    changes
}

/// Changes or moves a role.
///
/// # Errors
/// 404, 403, 400.
pub fn update(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    server: ServerId,
    id: RoleId,
    patch: Result<RolePatch>,
) -> Result<Role> {
    let seen = access::server(cx, caller, server)?;
    let (mut all, before) = one(cx, &seen, id)?;
    let after = patched(&seen, &all, &before, patch?)?;
    if after == before {
        return Ok(after);
    }
    let rules = store::roles::rules(cx.db, server)?;
    let old = all.clone();
    place(&mut all, &after);
    for role in all.iter().filter(|role| !old.contains(role)) {
        store::roles::set(cx.db, role)?;
    }
    audit::record(cx, server, caller, (Action::RoleUpdate, Some(id.0)), &changes(Some(&before), Some(&after)))?;
    let payload = Payload::RolesUpdate { server_id: server, roles: all };
    sight::rules_changed(cx, server, &rules, Some(payload), &[])?;
    Ok(after)
}

/// The role as it shall be.
fn patched(seen: &SeenServer, all: &[Role], before: &Role, patch: RolePatch) -> Result<Role> {
    let is_everyone = before.position == 0;
    let mut after = before.clone();
    if let Some(name) = patch.name.into_set() {
        if is_everyone && name.as_str() != before.name {
            return Err(Error::field("name", "of everyone must stay as it is"));
        }
        name.as_str().clone_into(&mut after.name);
    }
    if let Some(color) = patch.color.into_set() {
        check_color(color)?;
        after.color = color;
    }
    if let Some(position) = patch.position.into_set() {
        if (position == 0) != is_everyone {
            return Err(Error::field("position", "must be 0 for everyone, and above for all others"));
        }
        let highest = all.iter().map(|role| role.position).max().unwrap_or(0);
        after.position = position.min(highest);
        need_above(seen, after.position)?;
    }
    if let Some(permissions) = patch.permissions.into_set() {
        access::only_own(seen.permissions(), permissions.without(before.permissions))?;
        after.permissions = permissions;
    }
    Ok(after)
}

/// Puts a role at its position among all, strongest first, and numbers them densely.
fn place(all: &mut Vec<Role>, role: &Role) {
    all.retain(|other| other.role_id != role.role_id);
    let above = all.len().saturating_sub(usize::try_from(role.position).unwrap_or(usize::MAX));
    all.insert(above, role.clone());
    for (role, position) in all.iter_mut().rev().zip(0..) {
        role.position = position;
    }
}

/// Deletes a role; its members lose it.
///
/// # Errors
/// 404, 403.
pub fn delete(cx: &mut Writing<'_, '_>, caller: &Caller, server: ServerId, id: RoleId) -> Result<()> {
    let seen = access::server(cx, caller, server)?;
    let (mut all, role) = one(cx, &seen, id)?;
    if role.position == 0 {
        return Err(Error::with_detail(Code::Forbidden, "everyone cannot be deleted"));
    }
    let rules = store::roles::rules(cx.db, server)?;
    let channels = store::channels::of(cx.db, server)?.into_iter();
    let changed: Vec<_> = channels
        .filter(|channel| channel.overrides.iter().any(|one| one.role_id == id))
        .map(|channel| channel.channel_id)
        .collect();
    store::roles::delete(cx.db, id)?;
    cx.tx.sweep_later();
    all.retain(|other| other.role_id != id);
    for other in all.iter_mut().filter(|other| other.position > role.position) {
        other.position -= 1;
        store::roles::set(cx.db, other)?;
    }
    audit::record(cx, server, caller, (Action::RoleDelete, Some(id.0)), &changes(Some(&role), None))?;
    let payload = Payload::RolesUpdate { server_id: server, roles: all };
    sight::rules_changed(cx, server, &rules, Some(payload), &changed)
}

/// Which of a server's roles a member shall hold instead of `held`: those to give and those to take, each of which the
/// caller may.
///
/// # Errors
/// 400 for what is no role of the server, 403.
pub(super) fn exchange(
    cx: &Reading<'_>,
    seen: &SeenServer,
    held: &[RoleId],
    mut wanted: Vec<RoleId>,
) -> Result<(Vec<Role>, Vec<Role>)> {
    let all = store::roles::of(cx.db, seen.server.server_id)?;
    wanted.sort_unstable();
    wanted.dedup();
    let is_role = |id: &RoleId| all.iter().any(|role| role.role_id == *id && role.position > 0);
    if !wanted.iter().all(is_role) {
        return Err(Error::field("roles", "must be roles of this server, and not everyone"));
    }
    let (mut give, mut take) = (Vec::new(), Vec::new());
    for role in all {
        let (holds, shall) = (held.contains(&role.role_id), wanted.contains(&role.role_id));
        if holds == shall {
            continue;
        }
        need_above(seen, role.position)?;
        if shall {
            access::only_own(seen.permissions(), role.permissions)?;
            give.push(role);
        } else {
            take.push(role);
        }
    }
    Ok((give, take))
}
