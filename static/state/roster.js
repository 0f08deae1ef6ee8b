/** A list of members as far as it was fetched, kept true by events. No DOM. */
import { OP } from "../lib/ops.js";

/** @typedef {import("../types.js").Member} Member */

/**
 * @param {Member[]} members @param {string} serverId @param {number} op @param {any} d
 * @param {boolean} whole whether nobody is missing, so that who joins belongs to the end
 */
export function withEvent(members, serverId, op, d, whole) {
  if (op === OP.USER_UPDATE)
    return members.map((member) => (member.user.user_id === d.user_id ? { ...member, user: { ...member.user, ...d } } : member));
  if (d?.server_id !== serverId) return members;
  if (op === OP.SERVER_MEMBER_REMOVE) return members.filter((member) => member.user.user_id !== d.user_id);
  if (op === OP.SERVER_MEMBER_UPDATE) return members.map((member) => (member.user.user_id === d.user.user_id ? d : member));
  if (op === OP.SERVER_MEMBER_ADD && whole && !members.some((member) => member.user.user_id === d.user.user_id)) return [...members, d];
  return members;
}
