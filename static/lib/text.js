/** What people read: message content in pieces, times, lists of names. No DOM. */

/** @typedef {{text: string} | {link: string, text: string} | {user: string} | {channel: string} | {everyone: true}} Piece */

const SPECIAL = /(https?:\/\/[^\s<>"]+)|<@(\d+)>|<#(\d+)>|(?<!\w)@everyone\b/g;

/** Content as pieces: plain text, links and mentions. @param {string} content @returns {Piece[]} */
export function pieces(content) {
  /** @type {Piece[]} */
  const list = [];
  let end = 0;
  for (const match of content.matchAll(SPECIAL)) {
    let [whole, url, user, channel] = match;
    if (url) whole = url = trimmed(url);
    if (match.index > end) list.push({ text: content.slice(end, match.index) });
    if (url) list.push(URL.canParse(url) ? { link: url, text: url } : { text: url });
    else if (user) list.push({ user });
    else if (channel) list.push({ channel });
    else list.push({ everyone: true });
    end = match.index + whole.length;
  }
  if (end < content.length) list.push({ text: content.slice(end) });
  return list;
}

/**
 * Content where nothing can be pressed: mentions read as names.
 * @param {string} content @param {{user: (id: string) => string, channel: (id: string) => string}} names
 */
export function plain(content, names) {
  return pieces(content).map((piece) => {
    if ("user" in piece) return `@${names.user(piece.user)}`;
    if ("channel" in piece) return `#${names.channel(piece.channel)}`;
    return "everyone" in piece ? "@everyone" : piece.text;
  }).join("");
}

/** What mentions read as. @param {import("../state/store.js").Store} store */
export function namesIn(store) {
  return {
    user: (/** @type {string} */ id) => store.name(id),
    channel: (/** @type {string} */ id) => store.channels.get(id)?.name ?? "…",
  };
}

/** A sentence's own punctuation behind a link is not part of it; a closing bracket is, if the link opens it. @param {string} url */
function trimmed(url) {
  for (;;) {
    const last = url.at(-1) ?? "";
    const unopened = last === ")" && url.split("(").length < url.split(")").length;
    if (!unopened && !".,:;!?'*_~".includes(last)) return url;
    url = url.slice(0, -1);
  }
}

/** How many characters the server counts: code points. @param {string} text */
export function length(text) {
  return [...text].length;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** 14:02 @param {Date} time */
export function clockText(time) {
  return clock.format(time);
}

/** Today and yesterday by name, earlier days in full. @param {Date} time @param {Date} [now] */
export function dayText(time, now = new Date()) {
  const midnight = (/** @type {Date} */ of) => Date.UTC(of.getFullYear(), of.getMonth(), of.getDate());
  const days = (midnight(time) - midnight(now)) / 86_400_000;
  const text = days === 0 || days === -1 ? relative.format(days, "day") : day.format(time);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For a message's head: the time today, day and time before. @param {Date} time @param {Date} [now] */
export function timeText(time, now = new Date()) {
  return time.toDateString() === now.toDateString() ? clock.format(time) : date.format(time);
}

/** In full, for a tooltip. @param {Date} time */
export function fullText(time) {
  return date.format(time);
}

/** @param {string[]} names */
export function typingText(names) {
  if (names.length === 0) return "";
  if (names.length > 3) return "Several people are typing…";
  const list = new Intl.ListFormat("en", { type: "conjunction" }).format(names);
  return `${list} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** @param {number} count */
export function membersText(count) {
  return count === 1 ? "1 member" : `${count} members`;
}

/** @type {Record<string, string>} */
export const STATUS = { online: "Online", idle: "Away", dnd: "Do not disturb", invisible: "Invisible", offline: "Offline" };
