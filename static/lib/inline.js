/**
 * What stands within lines: emphasis, spoilers, links. Marks are paired as CommonMark pairs them ("process emphasis"),
 * with its memory of searches that failed, which keeps the time linear.
 */
import { bareAddress, misleads, safeUrl, targetAt, visible } from "./links.js";

/**
 * @typedef {import("./markdown.js").Node} Node
 * @typedef {import("./markdown.js").Span} Span
 * @typedef {import("./markdown.js").Atom} Atom
 * @typedef {import("./markdown.js").Source} Source
 * @typedef {"strong" | "em" | "underline" | "strike" | "spoiler"} Style
 * @typedef {{style: Style, size: number}} Half one end of a styled stretch
 *
 * A run of one mark; `left` of its characters are in no pair yet.
 * @typedef {{type: "run", mark: string, start: number, end: number, left: number, canOpen: boolean, canClose: boolean,
 *   opens: Half[], closes: Half[]}} Run
 * @typedef {{style: Style | null, start: number, children: Node[]}} Frame `null`: too deep, its children stay outside
 */

/** How deep styles stand within each other; the marks of deeper ones are text. */
const DEPTH_MAX = 12;
const SPACE = /\s/;
const WORD = /[\p{L}\p{N}]/u;

/** What one and what two of a mark mean. @type {Record<string, [Style, Style]>} */
const STYLES = {
  "*": ["em", "strong"], "_": ["em", "underline"], "~": ["strike", "strike"], "|": ["spoiler", "spoiler"],
};

/** @param {Source} source @param {Span[]} spans of one paragraph, in order @returns {Node[]} */
export function inline(source, spans) {
  const scanner = new Scanner(source);
  for (const { start, end } of spans) scanner.scan(start, end);
  return build(source.text, scanner.tokens);
}

/** Cuts spans into finished nodes and runs of marks. */
class Scanner {
  /** @type {(Node | Run)[]} */ tokens = [];
  /** Where `[` stands among the tokens, as far as it may still begin a link. @type {number[]} */ #brackets = [];

  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    this.text = source.text;
  }

  /** @param {number} start @param {number} end */
  scan(start, end) {
    for (let at = start; at < end;) {
      const atom = this.source.atomFrom(at);
      const limit = Math.min(atom?.start ?? end, end);
      const mark = this.source.markFrom(at);
      if (atom && atom.start === at) at = this.#atom(atom);
      else if (!mark || mark.index >= limit) at = this.#plain(at, limit);
      else if (mark.index > at) at = this.#plain(at, mark.index);
      else at = this.#mark(mark[0], { start: at, end: at + mark[0].length }, { start, end }, limit);
    }
  }

  /** @param {Atom} atom */
  #atom(atom) {
    if (atom.type === "escape") this.#plain(atom.start + 1, atom.end);
    else if (atom.type === "code") this.tokens.push(inlineCode(this.text, atom));
    else if (atom.type !== "ticks") this.tokens.push({ ...atom });
    return atom.end;
  }

  /** @param {string} mark @param {Span} own @param {Span} span @param {number} limit where the next atom begins */
  #mark(mark, own, span, limit) {
    if (mark === "[") {
      this.#brackets.push(this.tokens.length);
      this.tokens.push(textNode(this.text, own.start, own.end));
      return own.end;
    }
    if (mark === "]") return this.#link(own.start, span.end) ?? this.#plain(own.start, own.end);
    return STYLES[mark[0]] ? this.#run(mark[0], own, span) : this.#address(own.start, limit, span);
  }

  /** @param {number} start @param {number} end @returns {number} the end */
  #plain(start, end) {
    if (start < end) this.tokens.push(textNode(this.text, start, end));
    return end;
  }

  /** @param {string} mark @param {Span} own @param {Span} span */
  #run(mark, { start, end }, span) {
    const before = start > span.start ? this.text[start - 1] : " ";
    const behind = end < span.end ? this.text[end] : " ";
    // Both marks may touch spaces inside a spoiler; a name_with_underscores is one word.
    const free = mark === "|";
    const canOpen = free || (!SPACE.test(behind) && !(mark === "_" && WORD.test(before)));
    const canClose = free || (!SPACE.test(before) && !(mark === "_" && WORD.test(behind)));
    const odd = mark === "|" || mark === "~" ? (end - start) % 2 : 0;
    const run = { start, end: end - odd, left: end - odd - start, canOpen, canClose };
    this.tokens.push({ type: "run", mark, ...run, opens: [], closes: [] });
    return this.#plain(end - odd, end);
  }

  /** @param {number} start @param {number} limit @param {Span} span */
  #address(start, limit, span) {
    const address = bareAddress(this.text.slice(start, limit));
    const end = start + address.length;
    const url = start > span.start && WORD.test(this.text[start - 1]) ? null : safeUrl(address);
    if (!url) return this.#plain(start, Math.max(end, start + 1));
    const children = [textNode(this.text, start, end)];
    this.tokens.push({
      type: "link", start, end, href: url.href, text: address, misleading: misleads(address, url), children,
    });
    return end;
  }

  /** The link that ends with the `]` at this place and its target. @param {number} at @param {number} most */
  #link(at, most) {
    const opening = this.#brackets.pop();
    const target = opening === undefined ? null : targetAt(this.text, at + 1);
    const url = target && safeUrl(target.address);
    if (opening === undefined || !target || !url || target.end > most) return null;
    // The server would find a mention in the address, and it must not be hidden there.
    if ((this.source.atomFrom(at)?.start ?? most) < target.end) return null;
    const children = unlinked(build(this.text, this.tokens.slice(opening + 1)));
    const text = visibleText(children);
    if (!visible(text)) return null;
    const { start } = this.tokens[opening];
    this.tokens.length = opening;
    this.#brackets = []; // no link stands in a link
    const misleading = misleads(text, url);
    this.tokens.push({ type: "link", start, end: target.end, href: url.href, text, misleading, children });
    return target.end;
  }
}

/**
 * Text behind the nodes, joined to the text before it.
 * @param {Node[]} nodes
 * @param {string} text
 * @param {number} start
 * @param {number} end
 */
function add(nodes, text, start, end) {
  if (start >= end) return;
  const last = nodes.at(-1);
  if (last?.type !== "text" || last.end !== start) nodes.push(textNode(text, start, end));
  else Object.assign(last, { end, text: last.text + text.slice(start, end) });
}

/** @param {string} text @param {(Node | Run)[]} tokens @returns {Node[]} */
function build(text, tokens) {
  pair(tokens.flatMap((token) => (token.type === "run" ? [token] : [])));
  /** @type {Frame[]} */
  const frames = [{ style: null, start: 0, children: [] }];
  for (const token of tokens) {
    const { children } = frames[frames.length - 1];
    if (token.type === "run") place(text, frames, token);
    else if (token.type === "text") add(children, text, token.start, token.end);
    else children.push(token);
  }
  return frames[0].children;
}

/**
 * A run's closing halves, what is in no pair, and its opening halves.
 * @param {string} text
 * @param {Frame[]} frames
 * @param {Run} run
 */
function place(text, frames, run) {
  let at = run.start;
  for (const { size } of run.closes) {
    const { style, start, children } = /** @type {Frame} */ (frames.pop());
    at += size;
    const outer = frames[frames.length - 1].children;
    if (style) outer.push({ type: style, start, end: at, children });
    else add(outer, text, at - size, at);
  }
  add(frames[frames.length - 1].children, text, at, at + run.left);
  at += run.left;
  for (const { style, size } of run.opens.reverse()) { // the innermost was found first
    const outer = frames[frames.length - 1].children;
    const deep = frames.length > DEPTH_MAX;
    frames.push({ style: deep ? null : style, start: at, children: deep ? outer : [] });
    if (deep) add(outer, text, at, at + size);
    at += size;
  }
}

/** Finds which runs open and close what. @param {Run[]} runs in order */
function pair(runs) {
  /** @type {Run[]} */
  const open = [];
  /** Below these places of `open` nothing fits a run of this kind. @type {Map<string, number>} */
  const bottoms = new Map();
  for (const run of runs) {
    while (run.canClose && run.left > 0) {
      const kind = `${run.mark}${run.canOpen}${(run.end - run.start) % 3}`;
      let at = open.length - 1;
      const bottom = bottoms.get(kind) ?? 0;
      while (at >= bottom && !fits(open[at], run)) at -= 1;
      if (at < bottom) {
        bottoms.set(kind, open.length);
        break;
      }
      join(open[at], run);
      open.length = open[at].left > 0 ? at + 1 : at;
      for (const [key, value] of bottoms) bottoms.set(key, Math.min(value, open.length));
    }
    if (run.canOpen && run.left > 0) open.push(run);
  }
}

/** CommonMark's rule of three keeps `**a*b*c**` together. @param {Run} opener @param {Run} closer */
function fits(opener, closer) {
  if (opener.mark !== closer.mark) return false;
  if (opener.mark === "|" || opener.mark === "~" || !(opener.canClose || closer.canOpen)) return true;
  const [first, second] = [opener.end - opener.start, closer.end - closer.start];
  return (first + second) % 3 !== 0 || (first % 3 === 0 && second % 3 === 0);
}

/** @param {Run} opener @param {Run} closer */
function join(opener, closer) {
  const size = opener.left > 1 && closer.left > 1 ? 2 : 1;
  const half = { style: STYLES[opener.mark][size - 1], size };
  opener.opens.push(half);
  closer.closes.push(half);
  opener.left -= size;
  closer.left -= size;
}

/**
 * Code within its line. A space at both ends makes room for backticks.
 * @param {string} text
 * @param {Extract<Atom, {type: "code"}>} atom
 * @returns {Node}
 */
function inlineCode(text, { run, start, end }) {
  const inside = { start: start + run, end: end - run };
  const code = text.slice(inside.start, inside.end);
  const padded = code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "";
  const child = textNode(text, inside.start + Number(padded), inside.end - Number(padded));
  return { type: "code", start, end, text: child.text, children: [child] };
}

/** @param {Node[]} nodes @returns {Node[]} */
function unlinked(nodes) {
  return nodes.flatMap((node) => {
    if (node.type === "link") return node.children;
    return "children" in node && node.type !== "code" && node.type !== "code-block"
      ? [{ ...node, children: unlinked(node.children) }] : [node];
  });
}

/** @param {Node[]} nodes @returns {string} */
function visibleText(nodes) {
  return nodes.map((node) => {
    if (node.type === "text" || node.type === "code") return node.text;
    return "children" in node ? visibleText(node.children) : "";
  }).join("");
}

/** @param {string} text @param {number} start @param {number} end @returns {import("./markdown.js").Text} */
function textNode(text, start, end) {
  return { type: "text", start, end, text: text.slice(start, end) };
}
