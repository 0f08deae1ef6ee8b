//! Whom a message mentions: of those whom its text names, who can see it; roles and `everyone` only where its author may.

use super::access::Place;
use super::{Reading, users};
use crate::model::object::Message;
use crate::model::{Permission, Result, RoleId, UserId, markup};
use crate::store;

/// Puts into `message` whom its text mentions.
///
/// # Errors
/// Database errors.
pub(super) fn resolve(cx: &Reading<'_>, place: &Place, message: &mut Message) -> Result<()> {
    let named =
        if message.content.contains('@') { markup::mentions(&message.content) } else { markup::Mentions::default() };
    let mut people = seeing(cx, place, named.users)?;
    people.sort_unstable();
    message.mentioned_users = people.iter().map(|user| users::author(cx, *user)).collect::<Result<_>>()?;
    message.mentions = people;
    let may_call_many = place.permissions.has(Permission::MentionEveryone);
    message.mention_everyone = named.everyone && may_call_many;
    message.mention_roles.clear();
    let Some(server) = place.server_id.filter(|_| may_call_many) else { return Ok(()) };
    for role in named.roles {
        if role != RoleId::from(server) && store::roles::is_of(cx.db, server, role)? {
            message.mention_roles.push(role);
        }
    }
    message.mention_roles.sort_unstable();
    Ok(())
}

/// Those of `users` who see the place.
fn seeing(cx: &Reading<'_>, place: &Place, users: Vec<UserId>) -> Result<Vec<UserId>> {
    if users.is_empty() {
        return Ok(users);
    }
    let Some(server) = place.server_id else {
        let members = store::dms::members(cx.db, place.channel_id)?;
        return Ok(users.into_iter().filter(|user| members.iter().any(|(member, _)| member == user)).collect());
    };
    let overrides = store::roles::overrides(cx.db, place.channel_id)?;
    let mut seeing = Vec::new();
    for user in users {
        let standing = store::roles::standing(cx.db, server, user)?;
        if standing.is_some_and(|standing| standing.in_channel(&overrides).has(Permission::ViewChannel)) {
            seeing.push(user);
        }
    }
    Ok(seeing)
}

/// The role by which `@everyone` is mentioned there.
pub(super) fn everyone(place: &Place) -> Option<RoleId> {
    place.server_id.map(RoleId::from)
}
