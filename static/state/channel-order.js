/** Where channels stand, and where they go when they are moved a step. No DOM. */
import { compareIds } from "./messages.js";

/**
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {{parent: string | null, near: string | null, after: boolean}} Move the category, and the channel beside which it shall stand
 */

/** As the server numbers them. @param {Iterable<Channel>} channels */
export function inOrder(channels) {
  return [...channels].sort((a, b) => a.position - b.position || compareIds(a.channel_id, b.channel_id));
}

/** The groups of the list: what stands in no category, then each category. @param {Channel[]} channels */
function groups(channels) {
  const all = inOrder(channels);
  const categories = all.filter((channel) => channel.type === "category").map((channel) => channel.channel_id);
  const home = (/** @type {Channel} */ channel) => (categories.includes(channel.parent_id ?? "") ? channel.parent_id : null);
  return [null, ...categories].map((parent) => ({
    parent,
    items: all.filter((channel) => channel.type !== "category" && home(channel) === parent).map((channel) => channel.channel_id),
  }));
}

/**
 * Where a step up or down leads: past the neighbour, or over the edge of a category into the next one. A category
 * changes places with the next one. Null at the ends.
 * @param {Channel[]} channels those that the reader sees, of one server @param {string} id @param {1 | -1} by @returns {Move | null}
 */
export function step(channels, id, by) {
  const list = groups(channels);
  const category = list.findIndex(({ parent }) => parent === id);
  if (category > 0) {
    const other = list[category + by]?.parent;
    return other ? { parent: null, near: other, after: by > 0 } : null;
  }
  const group = list.findIndex(({ items }) => items.includes(id));
  const { parent, items } = list[group];
  const neighbour = items[items.indexOf(id) + by];
  if (neighbour) return { parent, near: neighbour, after: by > 0 };
  const next = list[group + by];
  if (!next) return null;
  return { parent: next.parent, near: (by > 0 ? next.items[0] : next.items.at(-1)) ?? null, after: by < 0 };
}

/** At the end of a category. @param {Channel[]} channels @param {string} id @param {string | null} parent @returns {Move} */
export function into(channels, id, parent) {
  const items =
    groups(channels)
      .find((group) => group.parent === parent)
      ?.items.filter((item) => item !== id) ?? [];
  return { parent, near: items.at(-1) ?? null, after: true };
}

/**
 * The position that asks the server for a move; null if the place does not matter. Positions count channels that the
 * reader does not see; where there are gaps between them they do not count places, and the move has to be looked at.
 * @param {Channel[]} channels @param {string} id @param {Move} move
 */
export function positionFor(channels, id, { near, after }) {
  const all = inOrder(channels);
  const beside = all.find((channel) => channel.channel_id === near);
  if (!beside) return null;
  const moved = all.find((channel) => channel.channel_id === id);
  const behind = moved && all.indexOf(moved) < all.indexOf(beside) ? 1 : 0;
  return beside.position + (after ? 1 : 0) - behind;
}

/** Whether a channel stands where a move was to bring it. @param {Channel[]} channels @param {string} id @param {Move} move */
export function isThere(channels, id, { parent, near, after }) {
  const list = groups(channels);
  const category = list.findIndex((group) => group.parent === id);
  const row = category > 0 ? list.map((group) => group.parent) : (list.find((group) => group.parent === parent)?.items ?? []);
  const at = row.indexOf(id);
  return at >= 0 && (near === null || row[at + (after ? -1 : 1)] === near);
}

/**
 * Moves a channel. Where positions do not count places, the first move makes them do so, and the second is exact.
 * @param {Pick<import("../lib/api.js").Api, "request">} api @param {string} serverId @param {Channel[]} channels
 * @param {string} id @param {Move} move
 */
export async function moveChannel(api, serverId, channels, id, move) {
  const category = channels.some((channel) => channel.channel_id === id && channel.type === "category");
  for (let known = channels, tries = 0; tries < 2 && !(tries && isThere(known, id, move)); tries += 1) {
    const position = positionFor(known, id, move);
    await api.request("PATCH", `channels/${id}`, { ...(!category && { parent_id: move.parent }), ...(position !== null && { position }) });
    known = await api.request("GET", `servers/${serverId}/channels`);
  }
}
