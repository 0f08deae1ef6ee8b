/** What people read: messages in one line, times, sizes, lists of names. No DOM. */
import { parse } from "./markdown.js";
import { plainText } from "./plain-text.js";
import { routePath } from "./route.js";
import { spoken, t } from "./words.js";

/** @typedef {import("../state/store.js").Store} Store */

/**
 * Who and what is meant by the mentions in a message.
 * @param {Store} store @param {string | null} serverId @param {(userId: string) => void} [show] opens a person
 * @returns {import("./plain-text.js").Resolver}
 */
export function resolver(store, serverId, show) {
  return {
    user: (id) => (store.users.has(id) ? { label: store.name(id), ...(show && { act: () => show(id) }) } : null),
    role: (id) => store.servers.get(serverId ?? "")?.roles.find((role) => role.role_id === id)?.name ?? null,
    channel: (id) => {
      const channel = store.channels.get(id);
      return channel ? { label: store.channelName(channel), href: routePath({ page: "channel", server: channel.server_id, channel: id }) } : null;
    },
  };
}

/** What is read in a message and not part of it, in the reader's language. */
export function markupWords() {
  return { spoiler: t("message.spoiler"), copy: t("message.copy_code"), unknownUser: t("message.unknown_user"),
    unknownRole: t("message.unknown_role"), unknownChannel: t("message.unknown_channel") };
}

/** A message in one line, without marks. @param {Store} store @param {{content: string, channel_id?: string, attachments?: {filename: string}[]}} message */
export function plain(store, { content, channel_id: channel, attachments = [] }) {
  const server = store.channels.get(channel ?? "")?.server_id ?? null;
  const text = plainText(parse(content), { resolve: resolver(store, server), words: markupWords() });
  return [text, ...attachments.map((file) => file.filename)].filter(Boolean).join(" ");
}

/** How many characters the server counts: code points. @param {string} text */
export function length(text) {
  return [...text].length;
}

/** The languages and places of the reader. @type {readonly string[]} */
const readers = globalThis.navigator?.languages ?? [];

/** Formats are costly to make and depend on the language. @type {Map<string, any>} */
const formats = new Map();

/** @template T @param {string} name @param {(language: string) => T} make @returns {T} */
function format(name, make) {
  const language = spoken();
  // English, but as in Britain.
  const tag = readers.find((one) => one.split("-")[0].toLowerCase() === language) ?? language;
  const key = `${name} ${tag}`;
  if (!formats.has(key)) formats.set(key, make(tag));
  return formats.get(key);
}

/** Whoever counts the hours to 24 at home does so in every language. */
const hourCycle = new Intl.DateTimeFormat(readers[0], { hour: "numeric" }).resolvedOptions().hourCycle === "h23" ? "h23" : undefined;
const clock = () => format("clock", (tag) => new Intl.DateTimeFormat(tag, { timeStyle: "short", hourCycle }));
const date = () => format("date", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short", hourCycle }));

/** 14:02 @param {Date} time */
export function clockText(time) {
  return clock().format(time);
}

/** Today and yesterday by name, earlier days in full. @param {Date} time @param {Date} [now] */
export function dayText(time, now = new Date()) {
  const midnight = (/** @type {Date} */ of) => Date.UTC(of.getFullYear(), of.getMonth(), of.getDate());
  const days = (midnight(time) - midnight(now)) / 86_400_000;
  const text = days === 0 || days === -1 ? format("relative", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto" })).format(days, "day")
    : format("day", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "full" })).format(time);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For a message's head: the time today, day and time before. @param {Date} time @param {Date} [now] */
export function timeText(time, now = new Date()) {
  return time.toDateString() === now.toDateString() ? clock().format(time) : date().format(time);
}

/** In full, for a tooltip. @param {Date} time */
export function fullText(time) {
  return date().format(time);
}

/** 11 May 2025 @param {Date} time */
export function dateText(time) {
  return format("only date", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium" })).format(time);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** 1.2 MB @param {number} bytes */
export function sizeText(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unit = UNITS[step];
  return format(unit, (tag) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: step ? "short" : "long", maximumFractionDigits: 1 })).format(bytes / 1000 ** step);
}

/** Anna, Bob and Carol @param {string[]} names */
export function listText(names) {
  return format("list", (tag) => new Intl.ListFormat(tag, { type: "conjunction" })).format(names);
}

/** @param {string[]} names */
export function typingText(names) {
  if (names.length === 0) return "";
  if (names.length > 3) return t("typing.several");
  return t("typing.some", { names: listText(names), count: names.length });
}

/** @param {number} count */
export function membersText(count) {
  return t("servers.members", { count });
}

/** @param {string} status */
export function statusText(status) {
  return t(`status.${status}`);
}
