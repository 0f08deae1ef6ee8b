/**
 * A message's text as a small tree. No DOM. `tests/markdown.json` holds this parser and the server's
 * (`src/model/markup.rs`) to the same idea of code and mentions: both find them first, in the whole text, and nothing
 * else has a say in it. Time is linear in the text's length, and depth is bounded.
 */
import { inline } from "./inline.js";

/**
 * Offsets are UTF-16 indexes into the text; a text node's `text` is always `source.slice(start, end)`.
 * @typedef {{start: number, end: number}} Span
 * @typedef {Span & {type: "text", text: string}} Text
 * @typedef {"strong" | "em" | "underline" | "strike" | "spoiler" | "quote"} Style
 * @typedef {Span & {type: Style, children: Node[]}} Branch
 * @typedef {Span & {type: "code", text: string, children: Text[]}} Code
 * @typedef {Span & {type: "code-block", language: string, text: string, children: Text[]}} CodeBlock
 * @typedef {Span & {type: "list", first: number | null, items: Node[][]}} List `first`: the first number, if numbered
 * @typedef {Span & {type: "link", href: string, text: string, misleading: boolean, children: Node[]}} Link
 * @typedef {Span & {type: "user" | "role" | "channel", id: string}} Mention
 * @typedef {Span & {type: "everyone"}} Everyone
 * @typedef {Text | Branch | Code | CodeBlock | List | Link | Mention | Everyone} Node
 *
 * What the server knows too, found before all else. `ticks` are backticks that close nowhere.
 * @typedef {{type: "code", run: number} & Span} CodeAtom `run`: how many backticks stand at either end
 * @typedef {Span & {type: "escape"} | Span & {type: "ticks"} | Mention | Everyone | CodeAtom} Atom
 * @typedef {Span & {quotes: number, indent: number}} Line one or more lines of the text: code is not broken
 */

/** How deep quotes and lists stand within each other; deeper ones are text. */
const DEPTH_MAX = 8;
const ID_MAX = "9223372036854775807"; // the server's i64

const SPECIAL = /[\\`<@]/g;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const MENTION = /<(@&|@|#)(0|[1-9]\d{0,18})>/y;
const EVERYONE = "@everyone";
const WORD = /[\p{Alphabetic}\p{N}_]/u;
const MARKER = /( *)(?:[-*]|(\d{1,9})\.) +(?=\S)/y;
const FENCE = 3;
/** What may begin something within a line. */
const MARK = /\*+|_+|~~+|\|\|+|\[|\]|https?:\/\//gi;

/** @type {Record<string, Mention["type"]>} */
const MENTIONED = { "@": "user", "@&": "role", "#": "channel" };

/** The text as a tree. @param {string} text @returns {Node[]} */
export function parse(text) {
  const source = new Source(text);
  return blocks(source, source.lines(), 0);
}

/** Code, mentions and escapes of a text, in order, as the server finds them. @param {string} text @returns {Atom[]} */
export function lex(text) {
  /** @type {Atom[]} */
  const atoms = [];
  const closings = runs(text);
  for (let at = 0; ;) {
    SPECIAL.lastIndex = at;
    const start = SPECIAL.exec(text)?.index;
    if (start === undefined) return atoms;
    const atom = atomAt(text, start, closings);
    if (atom) atoms.push(atom);
    at = atom?.end ?? start + 1;
  }
}

/** Where the runs of backticks stand, by their length. @param {string} text @returns {Map<number, number[]>} */
function runs(text) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const starts = found.get(run.length);
    if (starts) starts.push(index);
    else found.set(run.length, [index]);
  }
  for (const starts of found.values()) starts.reverse(); // the next one is the last: cheap to take away
  return found;
}

/** @param {string} text @param {number} start @param {Map<number, number[]>} closings @returns {Atom | null} */
function atomAt(text, start, closings) {
  const first = text[start];
  if (first === "`") return ticksAt(text, start, closings);
  if (first === "\\") return PUNCTUATION.test(text[start + 1] ?? "") ? { type: "escape", start, end: start + 2 } : null;
  if (first === "<") return mentionAt(text, start);
  const end = start + EVERYONE.length;
  const alone = text.startsWith(EVERYONE, start) && !WORD.test(before(text, start)) && !WORD.test(behind(text, end));
  return alone ? { type: "everyone", start, end } : null;
}

/** @param {string} text @param {number} start @param {Map<number, number[]>} closings @returns {Atom} */
function ticksAt(text, start, closings) {
  let end = start + 1;
  while (text[end] === "`") end += 1;
  const run = end - start;
  const starts = closings.get(run) ?? [];
  // `start` only grows, so a closing that is passed is never asked for again.
  while (starts.length && starts[starts.length - 1] < end) starts.pop();
  const closing = starts.at(-1);
  return closing === undefined ? { type: "ticks", start, end } : { type: "code", run, start, end: closing + run };
}

/** @param {string} text @param {number} start @returns {Atom | null} */
function mentionAt(text, start) {
  MENTION.lastIndex = start;
  const [whole = "", kind, id] = MENTION.exec(text) ?? [];
  if (!id || (id.length === ID_MAX.length && id > ID_MAX)) return null;
  return { type: MENTIONED[kind], id, start, end: start + whole.length };
}

/** The whole character before this place, also where it takes two units. @param {string} text @param {number} at */
function before(text, at) {
  const pair = String.fromCodePoint(text.codePointAt(at - 2) ?? 0);
  return at > 1 && pair.length === 2 ? pair : text.charAt(at - 1);
}

/** @param {string} text @param {number} at */
function behind(text, at) {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** The text on its way to a tree. Everything is asked for in the text's order, so no step looks back. */
export class Source {
  #atom = 0;
  #block = 0;
  /** @type {{0: string, index: number} | null} */ #mark = { 0: "", index: -1 };

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.atoms = lex(text).filter((atom) => atom.type !== "ticks");
    this.code = this.atoms.flatMap((atom) => (atom.type === "code" ? [atom] : []));
  }

  /** The first atom that begins here or later. @param {number} at */
  atomFrom(at) {
    while (this.#atom < this.atoms.length && this.atoms[this.#atom].start < at) this.#atom += 1;
    return this.atoms.at(this.#atom) ?? null;
  }

  /** The first mark that begins here or later. @param {number} at */
  markFrom(at) {
    if (this.#mark && this.#mark.index < at) {
      MARK.lastIndex = at;
      this.#mark = MARK.exec(this.text);
    }
    return this.#mark;
  }

  /** The first code block that begins in this span, which loses it. @param {number} start @param {number} end */
  takeBlock(start, end) {
    for (; this.#block < this.code.length && this.code[this.#block].start < end; this.#block += 1) {
      const atom = this.code[this.#block];
      if (atom.run < FENCE || atom.start < start) continue;
      this.#block += 1;
      return atom;
    }
    return null;
  }

  /** The text's lines. Line breaks in code are no end. @returns {Line[]} */
  lines() {
    const { text, code } = this;
    /** @type {Line[]} */
    const lines = [];
    let start = 0;
    let next = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      while (next < code.length && code[next].end <= at) next += 1;
      if (next < code.length && code[next].start < at) {
        at = code[next].end - 1;
        continue;
      }
      lines.push({ start, end: at, quotes: 0, indent: 0 });
      start = at + 1;
    }
    lines.push({ start, end: text.length, quotes: 0, indent: 0 });
    return lines;
  }
}

/** @type {Record<"quote" | "list" | "text", (source: Source, lines: Line[], depth: number) => Node[]>} */
const MAKERS = { quote, list: lists, text: paragraph };

/** @param {Source} source @param {Line[]} lines @param {number} depth @returns {Node[]} */
function blocks(source, lines, depth) {
  /** @type {Node[]} */
  const nodes = [];
  const kinds = lines.map((line) => (depth < DEPTH_MAX ? kindOf(source.text, line) : "text"));
  for (let at = 0, end = 0; at < lines.length; at = end) {
    const kind = kinds[at];
    do end += 1;
    while (end < lines.length && (kinds[end] === kind || (kind === "list" && continues(source.text, lines[end]))));
    const own = lines.slice(at, end);
    for (const node of MAKERS[kind](source, own, depth)) nodes.push(node);
  }
  return nodes;
}

/** @param {string} text @param {Line} line @returns {"quote" | "list" | "text"} */
function kindOf(text, { start, end }) {
  if (text[start] === ">" && start < end && (end === start + 1 || text[start + 1] === " ")) return "quote";
  return markerAt(text, start, end) ? "list" : "text";
}

/** @param {string} text @param {number} start @param {number} end */
function markerAt(text, start, end) {
  MARKER.lastIndex = start;
  const match = MARKER.exec(text);
  if (!match || MARKER.lastIndex >= end) return null;
  return { indent: match[1].length, number: match[2] ?? null, end: MARKER.lastIndex };
}

/** Whether a line goes on with the list's item before it. @param {string} text @param {Line} line */
function continues(text, line) {
  return text.startsWith("  ", line.start) && text.slice(line.start, line.end).trim() !== "";
}

/** @param {Source} source @param {Line[]} lines @param {number} depth @returns {Node[]} */
function quote(source, lines, depth) {
  const inner = lines.map((line) => ({ ...line, start: Math.min(line.start + 2, line.end), quotes: line.quotes + 1 }));
  return [{ type: "quote", ...span(lines), children: blocks(source, inner, depth + 1) }];
}

/**
 * One list, or several where numbers and dots take turns.
 * @param {Source} source
 * @param {Line[]} lines the first one has a marker
 * @param {number} depth
 */
function lists(source, lines, depth) {
  /** @type {List[]} */
  const found = [];
  const base = markerAt(source.text, lines[0].start, lines[0].end)?.indent ?? 0;
  for (let at = 0, end = 0; at < lines.length; at = end) {
    const own = markerAt(source.text, lines[at].start, lines[at].end);
    const number = own?.number ?? null;
    /** @type {Line[]} */
    const item = [{ ...lines[at], start: own?.end ?? lines[at].start, indent: lines[at].indent + base + 2 }];
    for (end += 1; end < lines.length; end += 1) {
      const marker = markerAt(source.text, lines[end].start, lines[end].end);
      if (marker && marker.indent < base + 2) break;
      item.push(outdented(source.text, lines[end], base + 2));
    }
    let list = found.at(-1);
    if (!list || (list.first === null) !== (number === null)) {
      list = { type: "list", ...span(lines.slice(at, end)), first: number === null ? null : Number(number), items: [] };
      found.push(list);
    }
    list.items.push(blocks(source, item, depth + 1));
    list.end = lines[end - 1].end;
  }
  return found;
}

/** @param {string} text @param {Line} line @param {number} most @returns {Line} */
function outdented(text, line, most) {
  let { start } = line;
  while (text[start] === " " && start < line.start + most) start += 1;
  return { ...line, start, indent: line.indent + start - line.start };
}

/** Lines of text with the code blocks between them. @param {Source} source @param {Line[]} lines @returns {Node[]} */
function paragraph(source, lines) {
  const { text } = source;
  /** @type {Node[]} */
  const nodes = [];
  /** @type {Span[]} */
  let spans = [];
  const flush = () => {
    for (const node of inline(source, spans)) nodes.push(node);
    spans = [];
  };
  lines.forEach((line, number) => {
    let { start } = line;
    for (let atom = source.takeBlock(start, line.end); atom; atom = source.takeBlock(start, line.end)) {
      append(spans, start, atom.start);
      const last = spans.at(-1);
      if (last && text[last.end - 1] === "\n") last.end -= 1; // a block begins on a line of its own anyway
      flush();
      nodes.push(codeBlock(text, atom, line));
      start = atom.end;
    }
    const alone = start === line.end && start > line.start;
    append(spans, start, number === lines.length - 1 || alone ? line.end : line.end + 1);
  });
  flush();
  return nodes;
}

/** @param {Span[]} spans @param {number} start @param {number} end */
function append(spans, start, end) {
  const last = spans.at(-1);
  if (last && last.end === start) last.end = end;
  else if (start < end) spans.push({ start, end });
}

/** @param {string} text @param {Extract<Atom, {type: "code"}>} atom @param {Line} line @returns {CodeBlock} */
function codeBlock(text, { run, start, end }, line) {
  const inside = { start: start + run, end: end - run };
  const [head = "", language = ""] = /^([\w+#.-]*)[ \t\r]*\n(?=[^])/.exec(text.slice(inside.start, inside.end)) ?? [];
  inside.start += head.length;
  const children = bare(text, inside, line);
  const last = children.at(-1);
  if (last && /\n[ \t]*$/.test(last.text)) children[children.length - 1] = beforeLastBreak(last);
  return { type: "code-block", start, end, language, text: joined(children), children };
}

/**
 * What is left of a code block's lines without the marks of the quote and the list that it stands in.
 * @param {string} text
 * @param {Span} inside
 * @param {Line} line
 * @returns {Text[]}
 */
function bare(text, inside, line) {
  if (!line.quotes && !line.indent) return [textNode(text, inside.start, inside.end)];
  /** @type {Text[]} */
  const parts = [];
  const prefix = new RegExp(`(?:> ?){0,${line.quotes}} {0,${line.indent}}`, "y");
  for (let at = inside.start; at < inside.end;) {
    const end = Math.min((text.indexOf("\n", at) + 1) || inside.end, inside.end);
    prefix.lastIndex = at;
    if (text[at - 1] === "\n") at = Math.min(at + (prefix.exec(text)?.[0].length ?? 0), end);
    if (at < end) parts.push(textNode(text, at, end));
    at = end;
  }
  return parts;
}

/** @param {Text} node @returns {Text} */
function beforeLastBreak(node) {
  const text = node.text.slice(0, node.text.lastIndexOf("\n"));
  return { ...node, end: node.start + text.length, text };
}

/** @param {string} text @param {number} start @param {number} end @returns {Text} */
function textNode(text, start, end) {
  return { type: "text", start, end, text: text.slice(start, end) };
}

/** @param {Text[]} nodes */
function joined(nodes) {
  return nodes.map((node) => node.text).join("");
}

/** @param {Span[]} spans */
function span(spans) {
  return { start: spans[0].start, end: spans[spans.length - 1].end };
}
