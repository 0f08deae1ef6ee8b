/** What the roles of a member let them do. */

/**
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").FullServer} FullServer
 */

/** All that a member may do, as the server names it; what owners have. */
const ALL = ["view_channel", "send_messages", "attach_files", "add_reactions", "mention_everyone", "manage_messages",
  "manage_channels", "create_invite", "kick_members", "ban_members", "manage_roles", "manage_server"];

/**
 * What the reader may do in a server, or in one of its channels, by what is known of roles now: the server tells
 * permissions only at the beginning. `everyone` has the server's ID; its override counts first, then those of all roles
 * held together, and to allow goes over to deny.
 * @param {FullServer} server @param {Channel | null} [channel] @returns {Set<string>}
 */
export function permissionsOf(server, channel = null) {
  if (server.owner_id === server.member.user.user_id) return new Set(ALL);
  const held = (/** @type {string} */ role) => server.member.roles.includes(role);
  const roles = server.roles.filter(({ role_id: role }) => role === server.server_id || held(role));
  const may = new Set(roles.flatMap((role) => role.permissions));
  const overrides = channel?.overrides ?? [];
  for (const some of [overrides.filter((one) => one.role_id === server.server_id), overrides.filter((one) => held(one.role_id))]) {
    for (const permission of some.flatMap((one) => one.deny)) may.delete(permission);
    for (const permission of some.flatMap((one) => one.allow)) may.add(permission);
  }
  return may;
}
