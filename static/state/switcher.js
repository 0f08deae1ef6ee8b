/** What the quick switcher offers, and in which order. No DOM. */
import { compareIds } from "./messages.js";

/**
 * @typedef {import("./store.js").Store} Store
 * @typedef {"channel" | "direct" | "server" | "person"} Kind
 * @typedef {{kind: Kind, id: string, name: string, detail: string, also: string, mentions: number, unread: boolean, latest: string}} Place
 */

const LIMIT = 12;
/** What a first sign restricts the search to. @type {Record<string, Kind[]>} */
const SIGNS = { "#": ["channel"], "@": ["direct", "person"], "*": ["server"] };

/** Everywhere one can go. @param {Store} store @returns {Place[]} */
export function places(store) {
  const channels = [...store.channels.values()].filter(({ type }) => type !== "category");
  const met = new Set([store.user?.user_id, ...channels.filter(({ type }) => type === "dm")
    .flatMap((channel) => store.others(channel).map((user) => user.user_id))]);
  const people = [...store.users.values()].filter((user) => !met.has(user.user_id));
  const nothing = { mentions: 0, unread: false, latest: "0" };
  return [
    ...channels.map((channel) => place(store, channel)),
    ...[...store.servers.values()].map((server) => (
      { ...nothing, kind: /** @type {Kind} */ ("server"), id: server.server_id, name: server.name, detail: "", also: "" })),
    ...people.map((user) => ({ ...nothing, kind: /** @type {Kind} */ ("person"), id: user.user_id,
      name: user.display_name || user.username, detail: `@${user.username}`, also: user.username })),
  ];
}

/** @param {Store} store @param {import("../types.js").Channel} channel @returns {Place} */
function place(store, channel) {
  const id = channel.channel_id;
  const direct = channel.server_id === null;
  const [other] = channel.type === "dm" ? store.others(channel) : [];
  return {
    kind: direct ? "direct" : "channel", id, name: store.channelName(channel), also: other?.username ?? "",
    detail: direct ? (other ? `@${other.username}` : "") : store.servers.get(channel.server_id ?? "")?.name ?? "",
    mentions: store.mentions(id), unread: store.news(id), latest: channel.last_message_id ?? channel.channel_id,
  };
}

/**
 * How well a text fits what somebody typed: all its characters in their order, better in a row, at beginnings of words
 * and at the very beginning. 0 is not at all.
 * @param {string} query @param {string} text
 */
export function score(query, text) {
  const wanted = folded(query);
  const name = folded(text);
  if (!wanted) return 1;
  if (name === wanted) return 1000;
  const whole = name.indexOf(wanted);
  const starts = (/** @type {number} */ at) => at === 0 || !/[\p{L}\p{N}]/u.test(name[at - 1]);
  if (whole === 0) return 800 - Math.min(name.length - wanted.length, 100);
  for (let at = whole; at > 0; at = name.indexOf(wanted, at + 1)) if (starts(at)) return 600 - Math.min(at, 100);
  if (whole > 0) return 400 - Math.min(whole, 100);
  return scattered(wanted, name, starts);
}

/** @param {string} wanted @param {string} name @param {(at: number) => boolean} starts */
function scattered(wanted, name, starts) {
  let points = 0;
  let last = -1;
  for (const sign of wanted) {
    const at = name.indexOf(sign, last + 1);
    if (at < 0) return 0;
    points += at === last + 1 ? 6 : starts(at) ? 5 : 1;
    last = at;
  }
  return points;
}

/** @param {string} text */
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * The best places first; with nothing typed those with news, then the latest.
 * @param {Place[]} all @param {string} text @param {string | null} [current] the channel one is in: nobody wants to go there
 */
export function rank(all, text, current = null) {
  const kinds = SIGNS[text.trim()[0]] ?? null;
  const query = (kinds ? text.trim().slice(1) : text).trim();
  const found = all.filter(({ id, kind }) => id !== current && (!kinds || kinds.includes(kind)))
    .map((one) => ({ place: one, points: points(one, query) }))
    .filter(({ place: { kind, detail }, points: { name } }) => name > 0 && (query || kind !== "person" || kinds || !detail));
  const news = (/** @type {Place} */ { mentions, unread }) => (mentions ? 2 : unread ? 1 : 0);
  return found.sort((a, b) => b.points.sum - a.points.sum || news(b.place) - news(a.place)
    || compareIds(b.place.latest, a.place.latest) || a.place.name.localeCompare(b.place.name))
    .slice(0, LIMIT).map(({ place: one }) => one);
}

/** @param {Place} one @param {string} query */
function points(one, query) {
  if (!query) return { name: 1, sum: one.mentions ? 2 : one.unread ? 1 : 0 };
  // "book general": the channel of that name in the server of that one.
  const name = Math.max(score(query, one.name), score(query, one.also) * 0.9, score(query, `${one.detail} ${one.name}`) * 0.5);
  const bonus = name ? (one.mentions ? 60 : one.unread ? 40 : 0) + (one.kind === "person" ? -20 : 0) : 0;
  return { name, sum: name + bonus };
}
