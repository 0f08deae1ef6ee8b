/** Emoji by name: search, `:short_names:`, skin colours, and those used of late. The list itself loads at first use. */
import { findTrigger, fold, rank } from "./completion.js";
import { bareAddress } from "./links.js";
import { lex } from "./markdown.js";

/**
 * @typedef {{emoji: string, name: string, shorts: string[], tones: boolean, terms: [string[], string[]]}} Emoji
 * @typedef {{group: string, emoji: Emoji[]}} Group
 * @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void}} Keep such as localStorage
 */

const SHORT = /:([a-z\d_+-]{1,64}):/giy;
const PLACES = /:|https?:\/\//gi;
const TONES = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
const RECENTS_MAX = 32;

/** @type {Promise<Emojis> | null} */
let loading = null;

/** The list, loaded once; after a failure the next call tries again. @returns {Promise<Emojis>} */
export function loadEmojis() {
  loading ??= import("./emoji-data.js").then(({ GROUPS }) => new Emojis(GROUPS)).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

export class Emojis {
  /** @type {Map<string, Emoji>} */ #byShort = new Map();

  /** @param {Record<string, string>} groups as `emoji-data.js` has them */
  constructor(groups) {
    /** In Unicode's order, for a picker. @type {Group[]} */
    this.groups = Object.entries(groups).map(([group, table]) => ({ group, emoji: table.split(";").map(unpacked) }));
    this.all = this.groups.flatMap((group) => group.emoji);
    for (const one of this.all) for (const short of one.shorts) this.#byShort.set(short, one);
  }

  /** @param {string} short without colons */
  get(short) {
    return this.#byShort.get(short.toLowerCase()) ?? null;
  }

  /**
   * The best first: whole short names, then beginnings, then parts; keywords behind short names.
   * @param {string} query
   * @param {number} [limit]
   */
  search(query, limit = 50) {
    const wanted = query.trim().replace(/^:|:$/g, "").replace(/[\s-]+/g, "_");
    if (!wanted) return [];
    return rank(this.all, wanted, (one) => one.terms, limit);
  }

  /**
   * What can stand for the `:sho` before the caret.
   * @param {string} text
   * @param {number} caret
   * @param {number} [limit]
   */
  completeShort(text, caret, limit = 8) {
    const trigger = findTrigger(text, caret);
    const matches = trigger?.kind === ":" ? this.search(trigger.query, limit) : [];
    return trigger && matches.length ? { trigger, matches } : null;
  }

  /** The text with emoji for `:short_names:`, as it is sent: code, escapes and addresses stay. @param {string} text */
  replaceShorts(text) {
    const atoms = lex(text);
    let result = "";
    let from = 0;
    for (let at = 0, next = 0; ;) {
      PLACES.lastIndex = at;
      const place = PLACES.exec(text);
      if (!place) return result + text.slice(from);
      while (next < atoms.length && atoms[next].end <= place.index) next += 1;
      const atom = atoms.at(next);
      const limit = Math.max(atom?.start ?? text.length, place.index);
      if (atom && atom.start <= place.index) at = atom.end;
      else if (place[0] !== ":") at = place.index + (bareAddress(text.slice(place.index, limit)).length || 1);
      else {
        const found = this.#shortAt(text, place.index);
        if (found) {
          result += text.slice(from, place.index) + found.emoji;
          from = found.end;
        }
        at = found?.end ?? place.index + 1;
      }
    }
  }

  /** @param {string} text @param {number} at */
  #shortAt(text, at) {
    SHORT.lastIndex = at;
    const emoji = this.get(SHORT.exec(text)?.[1] ?? "")?.emoji;
    return emoji ? { emoji, end: SHORT.lastIndex } : null;
  }
}

/** @param {string} line @returns {Emoji} */
function unpacked(line) {
  const [emoji, shorts, name = "", keywords = ""] = line.split("|");
  const list = shorts.split(" ");
  const tones = emoji.endsWith("+");
  const further = keywords ? keywords.split(" ") : [];
  return {
    emoji: tones ? emoji.slice(0, -1) : emoji, tones, shorts: list, name: name || list[0].replaceAll("_", " "),
    terms: [list, name ? [...further, fold(name).replace(/[^\p{L}\p{N}]+/gu, "_")] : further],
  };
}

/** @param {Emoji} one @param {number} tone 0 for none, 1 (light) to 5 (dark) */
export function withTone({ emoji, tones }, tone) {
  return tones && TONES[tone] ? emoji.replace(/(\p{Emoji_Modifier_Base})\ufe0f?/gu, `$1${TONES[tone]}`) : emoji;
}

/** The emoji used of late, the latest first. Kept if the storage works, otherwise for this visit. */
export class Recents {
  /** @type {string[]} */ #list = [];

  /** @param {Keep | null} storage @param {string} [key] */
  constructor(storage, key = "chatd.emoji") {
    this.storage = storage;
    this.key = key;
  }

  /** @returns {string[]} */
  list() {
    try {
      // Read each time: another tab may have used one.
      const kept = JSON.parse(this.storage?.getItem(this.key) ?? "null");
      if (Array.isArray(kept)) this.#list = kept.filter((one) => typeof one === "string").slice(0, RECENTS_MAX);
    } catch {
      // Storage that is forbidden or was written by somebody else is as good as none.
    }
    return [...this.#list];
  }

  /** @param {string} emoji */
  use(emoji) {
    this.#list = [emoji, ...this.list().filter((one) => one !== emoji)].slice(0, RECENTS_MAX);
    try {
      this.storage?.setItem(this.key, JSON.stringify(this.#list));
    } catch {
      // As above.
    }
  }
}
