//! Roles, who holds them, and what they may do in single channels.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::authority::Grant;
use crate::model::object::{Override, Role};
use crate::model::{Badges, ChannelId, Permission, Permissions, RoleId, Rules, ServerId, Standing, UserId};

const GRANT: &str = "roles.role_id, roles.position, roles.permissions";

fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant { role_id: RoleId(row.get(0)?), position: row.get(1)?, permissions: Permissions::from_bits(row.get(2)?) })
}

/// What decides the permissions of `user`, if they are a member of the server.
pub fn standing(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<Option<Standing>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {GRANT}, servers.owner_id FROM members
             JOIN servers USING (server_id) JOIN roles ON roles.role_id = servers.server_id
             WHERE members.server_id = ?1 AND members.user_id = ?2 AND NOT servers.deleted"
        ))?
        .query_row([server.0, user.0], |row| Ok((grant(row)?, UserId(row.get(3)?))))
        .optional()?;
    let Some((everyone, owner)) = found else { return Ok(None) };
    let roles = db
        .prepare_cached(&format!(
            "SELECT {GRANT} FROM member_roles JOIN roles USING (role_id)
             WHERE member_roles.user_id = ?1 AND member_roles.server_id = ?2"
        ))?
        .query_map([user.0, server.0], grant)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Standing { owner: owner == user, everyone, roles }))
}

/// The roles that a member holds beside `everyone`, ascending.
pub fn of_member(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<Vec<RoleId>> {
    db.prepare_cached(
        "SELECT role_id FROM member_roles JOIN roles USING (role_id)
         WHERE member_roles.user_id = ?1 AND member_roles.server_id = ?2 ORDER BY role_id",
    )?
    .query_map([user.0, server.0], |row| Ok(RoleId(row.get(0)?)))?
    .collect()
}

/// Gives a role to a member who does not hold it.
pub fn give(db: &Connection, server: ServerId, user: UserId, role: RoleId) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO member_roles (user_id, server_id, role_id) VALUES (?1, ?2, ?3)")?
        .execute([user.0, server.0, role.0])
        .map(drop)
}

/// Takes a role from a member.
pub fn take(db: &Connection, server: ServerId, user: UserId, role: RoleId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM member_roles WHERE user_id = ?1 AND server_id = ?2 AND role_id = ?3")?
        .execute([user.0, server.0, role.0])
        .map(drop)
}

/// Takes all roles of a server from a member.
pub(super) fn take_all(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM member_roles WHERE user_id = ?1 AND server_id = ?2")?
        .execute([user.0, server.0])
        .map(drop)
}

/// The roles of a server, strongest first.
pub fn of(db: &Connection, server: ServerId) -> rusqlite::Result<Vec<Role>> {
    db.prepare_cached(
        "SELECT role_id, name, color, position, permissions FROM roles WHERE server_id = ?1 ORDER BY position DESC",
    )?
    .query_map([server.0], |row| {
        Ok(Role {
            role_id: RoleId(row.get(0)?),
            name: row.get(1)?,
            color: row.get(2)?,
            position: row.get(3)?,
            permissions: Permissions::from_bits(row.get(4)?),
        })
    })?
    .collect()
}

/// Whether this is a role of the server.
pub fn is_of(db: &Connection, server: ServerId, role: RoleId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM roles WHERE role_id = ?1 AND server_id = ?2)")?
        .query_row([role.0, server.0], |row| row.get(0))
}

/// Adds a role.
pub fn add(db: &Connection, server: ServerId, role: &Role) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO roles (role_id, server_id, name, color, position, permissions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![role.role_id.0, server.0, role.name, role.color, role.position, role.permissions.bits()])
    .map(drop)
}

/// Sets everything of a role.
pub fn set(db: &Connection, role: &Role) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE roles SET name = ?2, color = ?3, position = ?4, permissions = ?5 WHERE role_id = ?1")?
        .execute(params![role.role_id.0, role.name, role.color, role.position, role.permissions.bits()])
        .map(drop)
}

/// Removes a role and its overrides; who holds it is swept later.
pub fn delete(db: &Connection, role: RoleId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM overrides WHERE role_id = ?1",
        "DELETE FROM roles WHERE role_id = ?1",
        "INSERT INTO gone_roles (role_id) VALUES (?1)",
    ] {
        db.prepare_cached(sql)?.execute([role.0])?;
    }
    Ok(())
}

fn of_override(row: &Row<'_>) -> rusqlite::Result<Override> {
    Ok(Override {
        role_id: RoleId(row.get(0)?),
        allow: Permissions::from_bits(row.get(1)?),
        deny: Permissions::from_bits(row.get(2)?),
    })
}

/// The overrides of a channel, ascending by role.
pub fn overrides(db: &Connection, channel: ChannelId) -> rusqlite::Result<Vec<Override>> {
    db.prepare_cached("SELECT role_id, allow, deny FROM overrides WHERE channel_id = ?1 ORDER BY role_id")?
        .query_map([channel.0], of_override)?
        .collect()
}

/// The overrides of a server's channels, each channel's ascending by role.
pub(super) fn all_overrides(db: &Connection, server: ServerId) -> rusqlite::Result<BTreeMap<ChannelId, Vec<Override>>> {
    by_channel(db, "SELECT role_id, allow, deny, channel_id FROM overrides WHERE server_id = ?1", server)
}

fn by_channel(db: &Connection, sql: &str, server: ServerId) -> rusqlite::Result<BTreeMap<ChannelId, Vec<Override>>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([server.0])?;
    let mut found = BTreeMap::<_, Vec<_>>::new();
    while let Some(row) = rows.next()? {
        found.entry(ChannelId(row.get(3)?)).or_default().push(of_override(row)?);
    }
    found.values_mut().for_each(|overrides| overrides.sort_unstable_by_key(|one| one.role_id));
    Ok(found)
}

/// Sets what a role may do in a channel.
pub fn set_override(db: &Connection, server: ServerId, channel: ChannelId, new: Override) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO overrides (channel_id, role_id, server_id, allow, deny) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET allow = excluded.allow, deny = excluded.deny",
    )?
    .execute(params![channel.0, new.role_id.0, server.0, new.allow.bits(), new.deny.bits()])
    .map(drop)
}

/// Removes an override.
pub fn delete_override(db: &Connection, channel: ChannelId, role: RoleId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM overrides WHERE channel_id = ?1 AND role_id = ?2")?
        .execute([channel.0, role.0])
        .map(drop)
}

/// What decides who sees what in a server, and nothing else: positions are 0, and `view_channel` is the only permission.
pub fn rules(db: &Connection, server: ServerId) -> rusqlite::Result<Rules> {
    const SIGHT: Permissions = Permissions::of(&[Permission::ViewChannel]);
    let grants: Vec<Grant> = db
        .prepare_cached(&format!("SELECT {GRANT} FROM roles WHERE server_id = ?1 ORDER BY role_id"))?
        .query_map([server.0], grant)?
        .map(|role| role.map(|r| Grant { position: 0, permissions: r.permissions.in_both(SIGHT), ..r }))
        .collect::<rusqlite::Result<_>>()?;
    let is_everyone = |role: &Grant| role.role_id == RoleId::from(server);
    let everyone = grants.iter().find(|role| is_everyone(role)).copied();
    // The index holds these alone: bit 0 is `view_channel`, which a test holds on to.
    let mut overrides = by_channel(
        db,
        "SELECT role_id, allow, deny, channel_id FROM overrides INDEXED BY overrides_of_sight
         WHERE server_id = ?1 AND (allow | deny) & 1",
        server,
    )?;
    for one in overrides.values_mut().flatten() {
        (one.allow, one.deny) = (one.allow.in_both(SIGHT), one.deny.in_both(SIGHT));
    }
    Ok(Rules {
        everyone: everyone.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
        roles: grants.into_iter().filter(|role| !is_everyone(role)).collect(),
        overrides,
    })
}

/// The badges of `user` in all servers they are in.
pub fn badges(db: &Connection, user: UserId) -> rusqlite::Result<Vec<(ServerId, Badges)>> {
    let mut statement = db.prepare_cached(
        "SELECT members.server_id, servers.owner_id = members.user_id, member_roles.role_id
         FROM members JOIN servers USING (server_id)
         LEFT JOIN member_roles ON member_roles.user_id = members.user_id AND member_roles.server_id = members.server_id
         WHERE members.user_id = ?1 AND NOT servers.deleted ORDER BY members.joined_at, members.server_id, member_roles.role_id",
    )?;
    let mut rows = statement.query([user.0])?;
    let mut found: Vec<(ServerId, Badges)> = Vec::new();
    while let Some(row) = rows.next()? {
        let server = ServerId(row.get(0)?);
        if found.last().is_none_or(|(last, _)| *last != server) {
            found.push((server, Badges { owner: row.get(1)?, roles: Vec::new() }));
        }
        if let (Some((_, badges)), Some(role)) = (found.last_mut(), row.get::<_, Option<i64>>(2)?) {
            badges.roles.push(RoleId(role));
        }
    }
    Ok(found)
}

/// The roles that a member holds, those included that are gone but not yet swept, ascending.
pub(super) fn held(db: &Connection, server: ServerId, user: UserId) -> rusqlite::Result<Vec<RoleId>> {
    db.prepare_cached("SELECT role_id FROM member_roles WHERE user_id = ?1 AND server_id = ?2 ORDER BY role_id")?
        .query_map([user.0, server.0], |row| Ok(RoleId(row.get(0)?)))?
        .collect()
}

const _: () = assert!(Permission::ViewChannel as u8 == 0, "the index overrides_of_sight is made for bit 0");
