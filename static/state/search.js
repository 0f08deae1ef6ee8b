/** What somebody typed into the search box: words, and filters among them. No DOM. */
export const FILTERS = ["from", "in", "has", "before", "after", "mentions"];
export const HAS = ["link", "file", "image"];
/** Filters with a name behind them. */
const NAMED = ["from", "in", "mentions"];
const TOKEN = /(?<filter>from|in|has|before|after|mentions):(?:"(?<quoted>[^"]*)"?|(?<value>\S*))|"[^"]*"?|\S+/giu;

/**
 * @typedef {{filter: string, value: string, start: number, end: number}} Filter
 * @typedef {{words: string, filters: Filter[]}} Query
 * @typedef {import("../types.js").Author & {nickname?: string | null}} Person
 * @typedef {import("../types.js").Channel} Channel
 */

/** @param {string} text @returns {Query} */
export function parse(text) {
  const words = [];
  const filters = [];
  for (const match of text.matchAll(TOKEN)) {
    const { filter, quoted, value } = match.groups ?? {};
    const start = match.index;
    if (filter) filters.push({ filter: filter.toLowerCase(), value: quoted ?? value ?? "", start, end: start + match[0].length });
    else words.push(match[0]);
  }
  return { words: words.join(" "), filters };
}

/** The filter, or the beginning of a word, that the caret stands behind. @param {string} text @param {number} caret */
export function under(text, caret) {
  const { filters } = parse(text);
  const filter = filters.find(({ start, end }) => start < caret && caret <= end);
  if (filter) return { ...filter, word: "" };
  const word = /\S*$/u.exec(text.slice(0, caret))?.[0] ?? "";
  return { filter: "", value: "", word, start: caret - word.length, end: caret };
}

/**
 * The text with something else in a place, and where the caret stands then.
 * @param {string} text @param {{start: number, end: number}} place @param {string} by
 */
export function replaced(text, { start, end }, by) {
  const rest = text.slice(end).replace(/^\s+/u, "");
  return { text: text.slice(0, start) + by + rest, caret: start + by.length };
}

/** A filter as it is typed. @param {string} filter @param {string} value */
export function written(filter, value) {
  return `${filter}:${/\s/u.test(value) ? `"${value}"` : value} `;
}

/** @param {string} name */
function folded(name) {
  return name.replace(/^[@#]/u, "").trim().toLowerCase();
}

/**
 * Whom a name means: by user name, else by another name if only one has it.
 * @param {string} name @param {Person[]} people @param {string} me the reader's ID
 */
function person(name, people, me) {
  const wanted = folded(name);
  if (wanted === "me") return me;
  const exact = people.find(({ username }) => username === wanted);
  if (exact) return exact.user_id;
  const called = people.filter((one) => [one.nickname, one.display_name].some((other) => other?.toLowerCase() === wanted));
  return called.length === 1 ? called[0].user_id : null;
}

/** A day or a month in the reader's zone: where it begins, and where it ends. @param {string} text @param {Date} now */
export function span(text, now) {
  const back = { today: 0, yesterday: 1, week: 7, month: 30 }[text.toLowerCase()];
  const day = (/** @type {number} */ days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  if (back !== undefined) return { begins: day(-back), ends: day(1 - back) };
  const [, year, month, date] = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(text)?.map(Number) ?? [];
  if (!year) return null;
  const begins = new Date(year, month - 1, date || 1);
  if (begins.getMonth() !== month - 1 || (date && begins.getDate() !== date)) return null;
  return { begins, ends: date ? new Date(year, month - 1, date + 1) : new Date(year, month, 1) };
}

/**
 * The query as the server takes it, and what of it could not be understood.
 * @param {Query} query
 * @param {{people: Person[], channels: Channel[], me: string, serverId?: string | null, channelId?: string | null, now?: Date}} known
 * where to search stands in `serverId` or `channelId`, unless the query says a channel
 */
export function resolve({ words, filters }, { people, channels, me, serverId, channelId, now = new Date() }) {
  /** @type {Record<string, string>} */
  const params = { q: words };
  /** @type {Filter[]} */
  const unknown = [];
  if (channelId) params.channel_id = channelId;
  else if (serverId) params.server_id = serverId;
  for (const filter of filters) {
    const found = value(filter, { people, channels, me, now });
    if (!found) unknown.push(filter);
    else Object.assign(params, found);
  }
  // A channel says more than its server, and may be in another one.
  if (params.channel_id) delete params.server_id;
  return { params, unknown };
}

/**
 * @param {Filter} filter @param {{people: Person[], channels: Channel[], me: string, now: Date}} known
 * @returns {Record<string, string> | null}
 */
function value({ filter, value: text }, { people, channels, me, now }) {
  if (filter === "has") return HAS.includes(text.toLowerCase()) ? { has: text.toLowerCase() } : null;
  if (filter === "in") {
    const channel = channels.find(({ name, type }) => type !== "category" && name.toLowerCase() === folded(text));
    return channel ? { channel_id: channel.channel_id } : null;
  }
  if (NAMED.includes(filter)) {
    const id = person(text, people, me);
    return id ? { [filter === "from" ? "author_id" : "mentions"]: id } : null;
  }
  const time = span(text, now);
  // "after" a day is when that day is over: the server finds what is later than the time it gets.
  return time && { [filter]: (filter === "before" ? time.begins : new Date(time.ends.getTime() - 1)).toISOString() };
}

/** @param {string} query @param {string[]} words those that begin so first, then those that hold it */
function matching(query, words) {
  const wanted = folded(query);
  const at = words.map((word) => word.toLowerCase().indexOf(wanted));
  const best = Math.min(...at.filter((place) => place >= 0), Infinity);
  return best === 0 ? 0 : Number.isFinite(best) ? 1 : -1;
}

/**
 * What may stand where the caret is: filters, or values of the filter begun.
 * @param {ReturnType<typeof under>} place
 * @param {{people: Person[], channels: Channel[]}} known
 * @returns {{text: string, label: string, detail: string}[]} the text to put there, and how it reads
 */
export function completions({ filter, value: begun, word }, { people, channels }) {
  if (!filter) {
    const some = FILTERS.filter((name) => name.startsWith(word.toLowerCase()));
    return some.map((name) => ({ text: `${name}:`, label: `${name}:`, detail: name }));
  }
  const ranked = (/** @type {{names: string[], value: string, label: string}[]} */ all) => all
    .map((one) => ({ ...one, rank: matching(begun, one.names) })).filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank).slice(0, 8)
    .map((one) => ({ text: written(filter, one.value), label: one.label, detail: one.names[1] ?? "" }));
  if (filter === "has") return ranked(HAS.map((name) => ({ names: [name], value: name, label: name })));
  if (filter === "in") {
    const texts = channels.filter(({ type, name }) => type === "text" && name);
    return ranked(texts.map(({ name }) => ({ names: [name], value: name, label: `#${name}` })));
  }
  if (filter === "before" || filter === "after") {
    return ranked(["today", "yesterday", "week", "month"].map((name) => ({ names: [name], value: name, label: name })));
  }
  return ranked(people.map(({ nickname, display_name: display, username }) => (
    { names: [nickname || display || username, `@${username}`], value: username, label: nickname || display || username })));
}

/** The request's path. @param {Record<string, string>} params */
export function searchPath(params) {
  return `search?${new URLSearchParams({ ...params, limit: "25" })}`;
}
