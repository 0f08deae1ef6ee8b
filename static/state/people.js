/** People of a server: what they are called there, who sees what, and how a list of them is ordered. No DOM. */
import { permissionsOf } from "./permissions.js";

/**
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").FullServer} FullServer
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").Role} Role
 * @typedef {import("./store.js").Store} Store
 * @typedef {{key: string, kind: "role" | "online" | "offline", role: Role | null, members: Member[]}} Group
 */

/** What somebody is called in a server. @param {Member} member */
export function memberName({ nickname, user }) {
  return nickname || user.display_name || user.username;
}

/** The roles somebody has besides everyone's, strongest first. @param {FullServer} server @param {Member} member */
export function rolesOf(server, member) {
  return server.roles.filter(({ role_id: id }) => id !== server.server_id && member.roles.includes(id))
    .sort((a, b) => b.position - a.position);
}

/** @param {FullServer} server @param {Channel | null} channel @param {Member} member */
export function sees(server, channel, member) {
  return !channel || permissionsOf({ ...server, member }, channel).has("view_channel");
}

/** @param {Store} store @param {string} userId */
export function statusOf(store, userId) {
  return userId === store.user?.user_id ? store.user.status : store.presences.get(userId) ?? "offline";
}

/** A colour of a role as CSS has it, or null for none. @param {number} color */
export function roleColor(color) {
  return color ? `#${color.toString(16).padStart(6, "0")}` : null;
}

/**
 * Members as the list shows them: those online by their highest role, strongest first, then the rest of those online,
 * then everybody else.
 * @param {Store} store @param {FullServer} server @param {Iterable<Member>} members @returns {Group[]}
 */
export function groupsOf(store, server, members) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
  for (const member of members) {
    const status = statusOf(store, member.user.user_id);
    const here = status !== "offline" && status !== "invisible";
    const role = here ? rolesOf(server, member)[0] ?? null : null;
    const kind = role ? "role" : here ? "online" : "offline";
    const key = role?.role_id ?? kind;
    const group = groups.get(key) ?? { key, kind, role, members: [] };
    group.members.push(member);
    groups.set(key, group);
  }
  for (const group of groups.values()) {
    const named = group.members.map((member) => ({ member, name: memberName(member) }));
    group.members = named.sort((a, b) => collator.compare(a.name, b.name)).map(({ member }) => member);
  }
  const place = (/** @type {Group} */ group) => group.role?.position ?? (group.kind === "online" ? 0 : -1);
  return [...groups.values()].sort((a, b) => place(b) - place(a));
}

/** Whether any of somebody's names holds the text. @param {Member} member @param {string} text */
export function named({ nickname, user }, text) {
  const wanted = text.trim().toLowerCase();
  return [nickname, user.display_name, user.username].some((name) => name?.toLowerCase().includes(wanted));
}
