/** Which messages are worth a notice: by what they are, and by what the reader set for server and channel. No DOM. */
import { compareIds } from "./messages.js";
import { quietOf } from "./push.js";

/**
 * In the shared settings `levels` has a level per server, and per channel that differs from its server; `muted` says of a
 * server or a channel until when it is muted, in ms, or `true` where that has no end. No two things have the same ID.
 * @typedef {"all" | "mentions" | "none"} Level
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").Id} Id
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Read} Read
 * @typedef {import("./store.js").Store} Store
 */

/** @type {Level[]} */
export const LEVELS = ["all", "mentions", "none"];

/** What another client wrote there may be anything. @param {Store} store @param {string} name @returns {Record<string, unknown>} */
function group(store, name) {
  const found = store.settings[name];
  return typeof found === "object" && found !== null ? /** @type {Record<string, unknown>} */ (found) : {};
}

/** @param {Store} store @param {string} name @param {string} key @returns {unknown} */
function setting(store, name, key) {
  const found = group(store, name);
  return Object.hasOwn(found, key) ? found[key] : undefined;
}

/** What is set for a server or a channel itself. @param {string} id @param {Store} store @returns {Level | null} */
export function ownLevel(id, store) {
  const set = /** @type {Level} */ (setting(store, "levels", id));
  return LEVELS.includes(set) ? set : null;
}

/** Of which messages in a server one is told. @param {string} serverId @param {Store} store @returns {Level} */
export function level(serverId, store) {
  return ownLevel(serverId, store) ?? "mentions";
}

/** Where all conversations together have what a server has. */
const DIRECT = "@me";

/** Of which messages in a channel: as in its server, unless said otherwise. @param {Channel} channel @param {Store} store */
export function channelLevel({ channel_id: id, server_id: server }, store) {
  return ownLevel(id, store) ?? (server === null ? ownLevel(DIRECT, store) ?? "all" : level(server, store));
}

/** @param {unknown} end as it stands in the settings @param {number} now */
function endOf(end, now) {
  return end === true ? Infinity : typeof end === "number" && end > now ? end : 0;
}

/** When a server's or a channel's mute ends, in ms; 0 if it is not muted. @param {string} id @param {Store} store */
export function mutedUntil(id, store, now = Date.now()) {
  return endOf(setting(store, "muted", id), now);
}

/** @param {string} id of a server or a channel @param {Store} store */
export function isMuted(id, store, now = Date.now()) {
  return mutedUntil(id, store, now) > 0;
}

/** Whether a channel is muted, itself or with its server. @param {Channel} channel @param {Store} store */
export function isQuiet({ channel_id: id, server_id: server }, store, now = Date.now()) {
  return isMuted(id, store, now) || isMuted(server ?? DIRECT, store, now);
}

/** @param {string} clock */
function minuteOf(clock) {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Whether these are the hours in which the reader wants to hear of nothing. @param {Store} store */
export function isSilent({ settings }, now = Date.now()) {
  const quiet = quietOf(settings);
  if (!quiet) return false;
  const clock = (/** @type {string | undefined} */ timeZone) =>
    new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(now);
  let time;
  try {
    time = clock(quiet.zone);
  } catch {
    time = clock(undefined); // This browser does not know the zone.
  }
  const [minute, from, to] = [time, quiet.from, quiet.to].map(minuteOf);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** When the next mute ends, in ms; null if none will. @param {Store} store */
export function nextEnd(store, now = Date.now()) {
  const end = Math.min(...Object.values(group(store, "muted")).map((one) => endOf(one, now) || Infinity));
  return Number.isFinite(end) ? end : null;
}

/** The change of the shared settings that sets a server's level. @param {string} serverId @param {Level} level */
export function levelChange(serverId, level) {
  return { levels: { [serverId]: level === "mentions" ? null : level } };
}

/** The same for a channel: null is as in its server. @param {string} channelId @param {Level | null} level */
export function channelLevelChange(channelId, level) {
  return { levels: { [channelId]: level } };
}

/**
 * The change that mutes a server or a channel, or no longer does. Mutes that have ended go with it.
 * @param {string} id @param {number | boolean} until in ms; `true` has no end @param {Store} store
 */
export function muteChange(id, until, store, now = Date.now()) {
  const over = Object.entries(group(store, "muted")).filter(([, end]) => !endOf(end, now));
  return { muted: { ...Object.fromEntries(over.map(([one]) => [one, null])), [id]: until || null } };
}

/** Whether a message names the reader, one of their roles, or everybody. @param {Message} message @param {Store} store */
export function names(message, store) {
  const server = store.channels.get(message.channel_id)?.server_id ?? "";
  const roles = store.servers.get(server)?.member.roles ?? [];
  return message.mention_everyone || message.mentions.includes(store.user?.user_id ?? "")
    || message.mention_roles.some((role) => roles.includes(role));
}

/** So many unread messages of a channel are counted, as the server does. */
const COUNTED = 100;

/** @param {Id[]} ids @param {Id} id @param {boolean} counts */
function counting(ids, id, counts) {
  const others = ids.filter((one) => one !== id);
  return counts ? [...others, id].slice(0, COUNTED) : others;
}

/** What of a channel is unread and for one, when a message has come or was edited. @param {Read} read @param {Message} message @param {Store} store @returns {Read} */
function counted({ message_id: upTo, mention_ids: named = [], direct_ids: direct = [] }, message, store) {
  const { channel_id: channel, message_id: id } = message;
  const conversation = store.channels.get(channel)?.server_id === null;
  return { message_id: upTo, mention_ids: counting(named, id, names(message, store)), direct_ids: counting(direct, id, conversation) };
}

/**
 * How far one has read when a message has come, and what of the rest is for one. One's own is read; those of whom one
 * has blocked make nothing unread, and count for nothing.
 * @param {Message} message @param {Store} store which has not got it yet
 * @returns {Read}
 */
export function readAfter(message, store) {
  const { channel_id: id, message_id: last, author: { user_id: author } } = message;
  if (author === store.user?.user_id) return { message_id: last };
  const read = store.reads.get(id) ?? { message_id: "0" };
  if (store.blocked.has(author)) return store.unread(id) ? read : { ...read, message_id: last };
  return counted(read, message, store);
}

/** The same when one was edited: it may name the reader now, or no longer. @param {Message} message @param {Store} store @returns {Read | undefined} */
export function readAfterEdit(message, store) {
  const { channel_id: id, message_id: edited, author: { user_id: author } } = message;
  // Who has read nothing there has no position.
  const read = store.reads.get(id) ?? (store.channels.has(id) ? { message_id: "0" } : undefined);
  const counts = read && compareIds(edited, read.message_id) > 0 && author !== store.user?.user_id && !store.blocked.has(author);
  return counts ? counted(read, message, store) : read;
}

/** The same when one was deleted. @param {string} id the channel's @param {Id} gone @param {Store} store @returns {Read | undefined} */
export function readAfterDelete(id, gone, store) {
  const read = store.reads.get(id);
  const without = (/** @type {Id[] | undefined} */ ids) => counting(ids ?? [], gone, false);
  return read && { ...read, mention_ids: without(read.mention_ids), direct_ids: without(read.direct_ids) };
}

/** Whether a message is worth a notice now, wherever its reader looks. @param {Message} message @param {Store} store */
export function wants(message, store, now = Date.now()) {
  const channel = store.channels.get(message.channel_id);
  const { user_id: author } = message.author;
  if (!channel || author === store.user?.user_id || store.blocked.has(author)) return false;
  if (isQuiet(channel, store, now) || isSilent(store, now)) return false;
  const set = channelLevel(channel, store);
  return set === "all" || (set === "mentions" && names(message, store));
}
