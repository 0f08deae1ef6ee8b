/** What a composer offers while somebody types `@ann`, `#gen` or `:smi`, and what it writes. No DOM. */
import { lex } from "./markdown.js";

/** @typedef {{kind: "@" | "#" | ":", query: string, start: number, end: number}} Trigger `start` is the sign's place */

/** The sign behind a space or an opening mark, so that mail addresses, times and URLs are left alone. */
const OPEN = /(?<=^|[\s([{"'*_~|>,;`])(?:([@#])([\p{L}\p{M}\p{N}_.-]{0,64})|(:)([a-z\d_+-]{2,64}))$/iu;
const REST = { "@": /^[\p{L}\p{M}\p{N}_.-]*/u, "#": /^[\p{L}\p{M}\p{N}_.-]*/u, ":": /^[a-z\d_+-]*:?/i };
/** No trigger is longer; looking no further back keeps typing fast in long texts. */
const BACK_MAX = 70;
const FENCE = 3;

/**
 * What is being typed at the caret, if something can be offered for it; never in code.
 * @param {string} text
 * @param {number} caret
 * @returns {Trigger | null} `end` is the end of the word that the caret stands in
 */
export function findTrigger(text, caret) {
  const from = Math.max(0, caret - BACK_MAX);
  const match = OPEN.exec(text.slice(from, caret));
  if (!match || (from > 0 && match.index === 0)) return null;
  const kind = /** @type {Trigger["kind"]} */ (match[1] ?? match[3]);
  const start = from + match.index;
  if (inCode(text, start)) return null;
  const rest = REST[kind].exec(text.slice(caret, caret + BACK_MAX))?.[0] ?? "";
  return { kind, query: match[2] ?? match[4], start, end: caret + rest.length };
}

/**
 * Whether this place is in code, or in what becomes code once it is closed: the rest of the text behind a fence, the
 * rest of the line behind a single backtick.
 * @param {string} text
 * @param {number} at
 */
export function inCode(text, at) {
  return lex(text).some(({ type, start, end }) => {
    if (start >= at) return false;
    if (type === "code") return at < end;
    return type === "ticks" && (end - start >= FENCE || !text.slice(end, at).includes("\n"));
  });
}

/**
 * The text with a choice in the trigger's place, and a space behind it.
 * @param {string} text
 * @param {Trigger} trigger
 * @param {string} choice `<@12>`, `<#34>`, `@everyone`, an emoji
 * @returns {{text: string, caret: number, insert: string}} `insert` goes from `trigger.start` to `trigger.end`
 */
export function applyChoice(text, { start, end }, choice) {
  const behind = text.slice(end);
  const spaced = /^\s/.test(behind);
  const insert = spaced ? choice : `${choice} `;
  return { text: text.slice(0, start) + insert + behind, caret: start + choice.length + 1, insert };
}

/** The same for upper and lower case, with and without accents. @param {string} text */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * The items that fit, the best first: the whole name, its beginning, a word's beginning, any part. Of two that fit
 * alike the earlier one wins, and names of an earlier group count for more than those of a later one.
 * @template I
 * @param {readonly I[]} items
 * @param {string} query
 * @param {(item: I) => readonly (readonly string[])[]} names folded; groups of names, the best group first
 * @param {number} limit
 * @returns {I[]}
 */
export function rank(items, query, names, limit) {
  const wanted = fold(query);
  /** @type {I[][]} */
  const levels = [];
  for (const item of items) {
    const groups = names(item);
    let best = Infinity;
    groups.forEach((group, number) => {
      for (const name of group) best = Math.min(best, distance(name, wanted) * groups.length + number);
    });
    if (best < Infinity) (levels[best] ??= []).push(item);
  }
  return levels.flat().slice(0, limit);
}

/** @param {string} name @param {string} wanted */
function distance(name, wanted) {
  const at = name.indexOf(wanted);
  if (at <= 0) return at < 0 ? Infinity : Number(name.length !== wanted.length);
  // Only the first place counts: "a_ba" is found for "a" by its beginning anyway.
  return /[\s_.-]/.test(name[at - 1]) ? 2 : 3;
}
