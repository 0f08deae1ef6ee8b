/** What roles may do in single channels. Per permission a role inherits, is allowed, or is denied. No DOM. */
import { permissionsOf } from "./permissions.js";

/**
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").FullServer} FullServer
 * @typedef {import("../types.js").Override} Override
 * @typedef {"inherit" | "allow" | "deny"} State
 * @typedef {{role: string, allow: string[], deny: string[]}} Setting what a role shall have in a channel; nothing in both means none
 */

/** @type {State[]} */
export const STATES = ["deny", "inherit", "allow"];

/** What counts in a channel; a category holds no messages. @param {Channel["type"]} type */
export function permissionsIn(type) {
  return type === "category"
    ? ["view_channel", "manage_channels"]
    : ["view_channel", "send_messages", "attach_files", "add_reactions", "mention_everyone", "manage_messages", "manage_channels"];
}

/** @param {Channel} channel @param {string} role @returns {Override} */
export function overrideOf(channel, role) {
  return channel.overrides.find((one) => one.role_id === role) ?? { role_id: role, allow: [], deny: [] };
}

/** @param {Channel} channel @param {string} role @param {string} permission @returns {State} */
export function stateOf(channel, role, permission) {
  const { allow, deny } = overrideOf(channel, role);
  return allow.includes(permission) ? "allow" : deny.includes(permission) ? "deny" : "inherit";
}

/** @param {Channel} channel @param {string} role @param {string} permission @param {State} state @returns {Setting} */
export function withState(channel, role, permission, state) {
  const { allow, deny } = overrideOf(channel, role);
  const without = (/** @type {string[]} */ list) => list.filter((one) => one !== permission);
  return {
    role,
    allow: state === "allow" ? [...without(allow), permission] : without(allow),
    deny: state === "deny" ? [...without(deny), permission] : without(deny),
  };
}

/**
 * Whether a role may do it in the channel, on its own.
 * @param {FullServer} server @param {Channel} channel @param {string} role @param {string} permission
 */
export function roleMay(server, channel, role, permission) {
  const own = stateOf(channel, role, permission);
  if (own !== "inherit") return own === "allow";
  const everyone = stateOf(channel, server.server_id, permission);
  if (role !== server.server_id && everyone !== "inherit") return everyone === "allow";
  return server.roles.some((one) => [role, server.server_id].includes(one.role_id) && one.permissions.includes(permission));
}

/** Whether everybody is kept out but for chosen roles. @param {FullServer} server @param {Channel} channel */
export function isPrivate(server, channel) {
  return !roleMay(server, channel, server.server_id, "view_channel");
}

/** Whether only chosen roles write. @param {FullServer} server @param {Channel} channel */
export function isReadOnly(server, channel) {
  return !roleMay(server, channel, server.server_id, "send_messages");
}

/**
 * The role by which the reader keeps what everybody loses; null for the owner, who needs none, and undefined if there
 * is none: then the reader would shut themselves out.
 * @param {FullServer} server @returns {string | null | undefined}
 */
export function keeper(server) {
  if (server.owner_id === server.member.user.user_id) return null;
  return server.roles.filter((role) => server.member.roles.includes(role.role_id)).sort((a, b) => b.position - a.position)[0]?.role_id;
}

/**
 * The steps that take a permission from everybody in a channel, or give it back; in this order, so that the reader is
 * never without. Null if they cannot.
 * @param {FullServer} server @param {Channel} channel @param {string} permission @param {boolean} taken @returns {Setting[] | null}
 */
export function everyoneSteps(server, channel, permission, taken) {
  const everyone = server.server_id;
  if (!permissionsOf(server, channel).has(permission)) return null;
  if (!taken) {
    const inherits = server.roles.find((role) => role.role_id === everyone)?.permissions.includes(permission);
    return [withState(channel, everyone, permission, inherits ? "inherit" : "allow")];
  }
  const own = keeper(server);
  if (own === undefined) return null;
  const deny = withState(channel, everyone, permission, "deny");
  return own && !roleKeeps(channel, server, permission) ? [withState(channel, own, permission, "allow"), deny] : [deny];
}

/**
 * Whether one of the reader's roles is allowed it here already.
 * @param {Channel} channel @param {FullServer} server @param {string} permission
 */
function roleKeeps(channel, server, permission) {
  return server.member.roles.some((role) => stateOf(channel, role, permission) === "allow");
}

/**
 * What makes a new channel private from its first moment; null if the reader would not see it.
 * @param {FullServer} server @returns {Override[] | null}
 */
export function privateFromStart(server) {
  const own = keeper(server);
  if (own === undefined) return null;
  const deny = { role_id: server.server_id, allow: [], deny: ["view_channel"] };
  return own ? [deny, { role_id: own, allow: ["view_channel"], deny: [] }] : [deny];
}
