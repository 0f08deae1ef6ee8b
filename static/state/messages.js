/** Pure functions over a channel's messages: arrays sorted by ID, never changed in place. */

/**
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Timeline} Timeline
 */

/** IDs are decimal integers of up to 63 bits: too large for numbers. @param {string} a @param {string} b */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** @returns {Timeline} */
export function emptyTimeline() {
  return { messages: [], pending: [], hasOlder: true, hasNewer: false, loaded: false, staleUpTo: null, deleted: new Set() };
}

/** Puts a message in its place, over an older form of itself. @param {Message[]} list @param {Message} message */
export function upsert(list, message) {
  let at = list.length;
  while (at > 0 && compareIds(list[at - 1].message_id, message.message_id) >= 0) at -= 1;
  const known = list[at]?.message_id === message.message_id ? list[at] : null;
  return [...list.slice(0, at), known ? later(known, message) : message, ...list.slice(at + (known ? 1 : 0))];
}

/**
 * The two forms of a message in one: the later edit wins, and what the later one leaves out (nonce, reactions) stays.
 * @param {Message} known
 * @param {Message} incoming
 */
function later(known, incoming) {
  return (known.edited_at ?? "") > (incoming.edited_at ?? "") ? { ...incoming, ...known } : { ...known, ...incoming };
}

/**
 * A message to which somebody has added a reaction, or taken one away.
 * @param {Message} message @param {string} emoji @param {1 | -1} by @param {boolean} mine whether it is the reader's
 * @returns {Message}
 */
export function reacted(message, emoji, by, mine) {
  const known = message.reactions ?? [];
  const list = known.some((kind) => kind.emoji === emoji) ? known : [...known, { emoji, count: 0, me: false }];
  const reactions = list.map((kind) => (kind.emoji === emoji ? { ...kind, count: kind.count + by, me: mine ? by > 0 : kind.me } : kind));
  return { ...message, reactions: reactions.filter((kind) => kind.count > 0) };
}

/**
 * Adds the latest page. What it does not hold, within its reach, was deleted while we were away; what is newer than
 * both the page and the loss of connection came live. A gap between page and list forgets the list: no hole is shown.
 * @param {Timeline} timeline
 * @param {Message[]} page newest first
 * @param {number} limit how many were asked for
 * @returns {Timeline}
 */
export function mergeLatest(timeline, page, limit) {
  const fresh = page.filter((message) => !timeline.deleted.has(message.message_id)).reverse();
  const whole = page.length < limit;
  const oldest = page.at(-1)?.message_id ?? "0";
  const newest = page[0]?.message_id ?? "0";
  const { staleUpTo, messages } = timeline;
  const overlaps = !whole && messages.some((message) => compareIds(message.message_id, oldest) >= 0
    && (staleUpTo === null || compareIds(message.message_id, staleUpTo) <= 0));
  const kept = messages.filter(({ message_id: id }) => {
    if (compareIds(id, oldest) < 0) return overlaps;
    return compareIds(id, newest) <= 0 ? fresh.some((message) => message.message_id === id)
      : staleUpTo === null || compareIds(id, staleUpTo) > 0;
  });
  const confirmed = new Set(fresh.map((message) => message.nonce).filter(Boolean));
  return {
    messages: fresh.reduce(upsert, kept), pending: timeline.pending.filter((row) => !confirmed.has(row.nonce)), loaded: true,
    hasNewer: false, hasOlder: overlaps ? timeline.hasOlder : !whole, staleUpTo: null, deleted: new Set(),
  };
}

/** Adds an older page in front. @param {Timeline} timeline @param {Message[]} page newest first @param {number} limit @returns {Timeline} */
export function mergeOlder(timeline, page, limit) {
  const fresh = page.filter((message) => !timeline.deleted.has(message.message_id));
  return { ...timeline, messages: fresh.reduce(upsert, timeline.messages), hasOlder: page.length === limit };
}

/** Adds a newer page behind. @param {Timeline} timeline @param {Message[]} page newest first @param {number} limit @returns {Timeline} */
export function mergeNewer(timeline, page, limit) {
  const fresh = page.filter((message) => !timeline.deleted.has(message.message_id));
  return { ...timeline, messages: fresh.reduce(upsert, timeline.messages), hasNewer: page.length === limit };
}

/**
 * A page from the middle of a channel, instead of what was there.
 * @param {Timeline} timeline @param {Message[]} page newest first @param {string | null} last the channel's latest message
 * @returns {Timeline}
 */
export function windowOf(timeline, page, last) {
  const messages = page.filter((message) => !timeline.deleted.has(message.message_id)).reverse();
  const hasNewer = last !== null && compareIds(messages.at(-1)?.message_id ?? "0", last) < 0;
  return { ...timeline, messages, hasOlder: true, hasNewer, loaded: true, staleUpTo: null, deleted: new Set() };
}

/** Lets go of what is too much at one end; it loads again by scrolling. @param {Timeline} timeline @param {number} most @param {"older" | "newer"} end @returns {Timeline} */
export function trimmed(timeline, most, end) {
  const { messages } = timeline;
  if (messages.length <= most) return timeline;
  return end === "older" ? { ...timeline, messages: messages.slice(-most), hasOlder: true }
    : { ...timeline, messages: messages.slice(0, most), hasNewer: true };
}

/** @type {Set<string>} */
const NOBODY = new Set();

/**
 * What is folded into one row: messages that follow each other on one day.
 * @param {Message[]} messages @param {number} from @param {Set<string>} blocked
 */
function foldedFrom(messages, from, blocked) {
  const day = new Date(messages[from].timestamp).toDateString();
  const hears = (/** @type {Message} */ one) => !blocked.has(one.author.user_id) || new Date(one.timestamp).toDateString() !== day;
  const end = messages.slice(from).findIndex(hears);
  return end < 0 ? messages.slice(from) : messages.slice(from, from + end);
}

/**
 * What the timeline shows: day dividers, a bar before the first unread message, messages of one author in a row grouped
 * under one name, and those of whom the reader has blocked folded into one row.
 * @param {Message[]} messages confirmed and then pending ones
 * @param {object} [options]
 * @param {number} [options.gapMs] how far apart grouped messages may be
 * @param {string | null} [options.since] the message up to which the reader had read, if something was unread
 * @param {string} [options.me] who the reader is
 * @param {Set<string>} [options.blocked] whom they have blocked
 * @param {Set<string>} [options.shown] messages of those that they want to see all the same: each opens its row
 * @returns {{key: string, day?: Date, unread?: boolean, folded?: Message[], open?: boolean, message?: Message, grouped?: boolean}[]}
 */
export function rows(messages, { gapMs = 5 * 60_000, since = null, me = "", blocked = NOBODY, shown = NOBODY } = {}) {
  const list = [];
  const nonces = new Set();
  /** @type {Message | null} */
  let previous = null;
  let barred = since === null;
  let latest = new Date(0);
  /** Where the folded row ends that messages are in. */
  let fold = { end: 0, open: true };
  for (const [at, message] of messages.entries()) {
    const time = new Date(message.timestamp);
    // What was written on another day and waits to be sent stands at the end, and there it is still today.
    const newDay = previous === null || (time > latest && latest.toDateString() !== time.toDateString());
    if (time > latest) latest = time;
    if (newDay) list.push({ key: `day ${time.toDateString()}`, day: time });
    const unheard = blocked.has(message.author.user_id);
    if (unheard && at >= fold.end) {
      const folded = foldedFrom(messages, at, blocked);
      fold = { end: at + folded.length, open: folded.some((one) => shown.has(one.message_id)) };
      list.push({ key: `folded ${message.message_id}`, folded, open: fold.open });
    }
    if (unheard && !fold.open) {
      previous = message;
      continue;
    }
    const begins = !barred && !unheard && !message.pending && message.author.user_id !== me
      && compareIds(message.message_id, String(since)) > 0;
    if (begins) list.push({ key: "unread", unread: true });
    barred ||= begins;
    const grouped = !newDay && !begins && previous?.author.user_id === message.author.user_id && !message.reply_to
      && Math.abs(time.getTime() - new Date(previous.timestamp).getTime()) < gapMs;
    // An optimistic row and its confirmed message share the nonce, so the row on the screen stays the same element.
    // Nonces are their authors' choice, so only the first of two equal ones counts.
    const known = message.nonce === undefined || nonces.has(message.nonce);
    list.push({ key: known ? message.message_id : `nonce ${message.nonce}`, message, grouped });
    nonces.add(message.nonce);
    previous = message;
  }
  return list;
}
