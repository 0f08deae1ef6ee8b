/** Who stands above whom in a server, and what the reader may grant. The server decides; this says it beforehand. No DOM. */
import { permissionsOf } from "./permissions.js";

/**
 * @typedef {import("../types.js").FullServer} FullServer
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").Role} Role
 */

/** What roles grant, in the groups in which people think of it. */
export const PERMISSION_GROUPS = {
  talk: ["view_channel", "send_messages", "attach_files", "add_reactions", "mention_everyone"],
  order: ["manage_messages", "kick_members", "ban_members", "create_invite"],
  manage: ["manage_channels", "manage_roles", "manage_server"],
};

/** Colours for roles that are told apart from each other and can be seen on both grounds. */
export const ROLE_COLORS = [0x5f69d6, 0x3f8fd2, 0x2a9d8f, 0x3c9a5f, 0x8a9a2c, 0xc08a1e, 0xd9722e, 0xd0493f, 0xc8508f, 0x8e5bc9];

/** Strongest first, everyone's at the end. @param {Role[]} roles */
export function byStrength(roles) {
  return [...roles].sort((a, b) => b.position - a.position);
}

/** Above every role stands the owner. @param {FullServer} server @param {Pick<Member, "user" | "roles">} member */
export function rank(server, member) {
  if (member.user.user_id === server.owner_id) return Infinity;
  return Math.max(0, ...server.roles.filter((role) => member.roles.includes(role.role_id)).map((role) => role.position));
}

/** Equal is not below, and nobody is above themselves. @param {FullServer} server @param {Pick<Member, "user" | "roles">} member */
export function outranks(server, member) {
  return rank(server, server.member) > rank(server, member);
}

/** Whether the reader may change a role. @param {FullServer} server @param {Role} role */
export function mayChangeRole(server, role) {
  return permissionsOf(server).has("manage_roles") && rank(server, server.member) > role.position;
}

/** Nobody makes a role who does not stand above it. @param {FullServer} server */
export function mayCreateRole(server) {
  return permissionsOf(server).has("manage_roles") && rank(server, server.member) > 0;
}

/**
 * Why the reader may not give or take a permission of a role; null if they may. What a role has already may be taken
 * from it by anybody who may change it.
 * @param {FullServer} server @param {Role} role @param {string} permission @returns {"role" | "lacking" | null}
 */
export function whyNot(server, role, permission) {
  if (!mayChangeRole(server, role)) return "role";
  return permissionsOf(server).has(permission) || role.permissions.includes(permission) ? null : "lacking";
}

/**
 * Whether the reader may give a role to a member, or take it. @param {FullServer} server @param {Member} member @param {Role} role
 */
export function mayAssign(server, member, role) {
  const self = member.user.user_id === server.member.user.user_id;
  if (role.role_id === server.server_id || !mayChangeRole(server, role) || !(self || outranks(server, member))) return false;
  const own = permissionsOf(server);
  return member.roles.includes(role.role_id) || role.permissions.every((permission) => own.has(permission));
}

/**
 * Where a role goes that is moved one step; null if it cannot: everyone's stays, and nobody moves one past their own.
 * @param {FullServer} server @param {Role} role @param {1 | -1} by 1 makes it stronger
 */
export function rolePlace(server, role, by) {
  const to = role.position + by;
  if (!role.position || to < 1 || !mayChangeRole(server, role)) return null;
  const other = server.roles.find(({ position }) => position === to);
  return other && rank(server, server.member) > to ? to : null;
}

/**
 * What the reader may do to a member. One's own nickname is free; nobody does anything to the owner, or to an equal.
 * @param {FullServer} server @param {Member} member
 */
export function actionsOn(server, member) {
  const own = permissionsOf(server);
  const self = member.user.user_id === server.member.user.user_id;
  const above = outranks(server, member);
  return {
    roles: own.has("manage_roles") && server.roles.some((role) => mayAssign(server, member, role)),
    nickname: self || (above && own.has("manage_server")),
    kick: above && own.has("kick_members"),
    ban: above && own.has("ban_members"),
    handOver: !self && server.owner_id === server.member.user.user_id,
  };
}

/** What somebody is called in a server. @param {Pick<Member, "nickname" | "user">} member */
export function nameOf({ nickname, user }) {
  return nickname || user.display_name || user.username;
}

/** A colour of a role as CSS has it, or null for none. @param {number} color */
export function cssColor(color) {
  return color ? `#${color.toString(16).padStart(6, "0")}` : null;
}

/** The pages of a server's settings, and what it takes to see one: any of these. @type {{key: string, tag: any, needs: string[]}[]} */
export const PAGES = [
  { key: "overview", tag: "server-overview", needs: [] },
  { key: "channels", tag: "channel-manager", needs: ["manage_channels"] },
  { key: "roles", tag: "role-manager", needs: ["manage_roles"] },
  { key: "members", tag: "member-manager", needs: ["manage_roles", "kick_members", "ban_members", "manage_server"] },
  { key: "bans", tag: "ban-list", needs: ["ban_members"] },
  { key: "invites", tag: "invite-list", needs: ["create_invite", "manage_server"] },
  { key: "audit", tag: "audit-log", needs: ["manage_server"] },
];

/** The pages that the reader may see. @param {FullServer} server */
export function pagesOf(server) {
  const own = permissionsOf(server);
  return PAGES.filter(({ needs }) => !needs.length || needs.some((permission) => own.has(permission)));
}
