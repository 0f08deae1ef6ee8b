/** A message's tree as elements. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { hostOf } from "./links.js";
import { mentionName, WORDS } from "./plain-text.js";

/**
 * @typedef {import("./markdown.js").Node} Node
 * @typedef {import("./markdown.js").Text} Text
 * @typedef {import("./plain-text.js").Name} Name
 * @typedef {import("./plain-text.js").Resolver} Resolver
 * @typedef {Extract<Node, {type: "link"}>} Link
 *
 * @typedef {object} Options
 * @property {Resolver} resolve
 * @property {boolean} [everyone] whether `@everyone` reached everyone
 * @property {(text: string) => void} [copy] gives code blocks their button
 * @property {(url: string, event: Event) => void} [warn] a click on a link that misleads; may prevent it
 * @property {Set<number>} [revealed] the spoilers that are open, by their `start`; keeps them open when drawn again
 * @property {[number, number][]} [marks] from `markRanges`
 * @property {Partial<typeof WORDS>} [words]
 */

const TAGS = /** @type {const} */ ({ strong: "strong", em: "em", underline: "u", strike: "s", quote: "blockquote" });

/**
 * Search results' ranges, which count code points, as sorted UTF-16 ranges without overlaps.
 * @param {string} text the message's raw text
 * @param {[number, number][]} ranges start and length
 * @returns {[number, number][]} start and end
 */
export function markRanges(text, ranges) {
  /** @type {[number, number][]} */
  const marks = [];
  let at = 0;
  let points = 0;
  const unit = (/** @type {number} */ point) => {
    for (; points < point && at < text.length; points += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    return at;
  };
  let reached = 0; // in code points, so that `unit` only goes forward
  for (const [start, length] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const from = Math.max(start, reached);
    if (start + length <= from) continue;
    const mark = /** @type {[number, number]} */ ([unit(from), unit(start + length)]);
    if (mark[0] < mark[1]) marks.push(mark);
    reached = start + length;
  }
  return marks;
}

/** The tree as children for an element with `white-space: pre-wrap`. @param {Node[]} nodes @param {Options} options */
export function render(nodes, options) {
  return new Renderer(options).all(nodes);
}

class Renderer {
  #mark = 0;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.words = { ...WORDS, ...options.words };
    this.marks = options.marks ?? [];
  }

  /** @param {Node[]} nodes @returns {(HTMLElement | string)[]} */
  all(nodes) {
    return nodes.flatMap((node) => (node.type === "text" ? this.#text(node) : [this.#element(node)]));
  }

  /** @param {Exclude<Node, Text>} node @returns {HTMLElement} */
  #element(node) {
    switch (node.type) {
      case "code": return h("code", {}, ...this.all(node.children));
      case "code-block": return this.#block(node);
      case "list": return this.#list(node);
      case "link": return this.#link(node);
      case "spoiler": return this.#spoiler(node);
      case "user": case "role": case "channel": return mention(mentionName(node, this.options.resolve, this.words));
      case "everyone": return h("span", this.options.everyone ? { class: "mention" } : {}, "@everyone");
      default: return h(TAGS[node.type], {}, ...this.all(node.children));
    }
  }

  /** Text, with what was searched for set off. @param {Text} node @returns {(HTMLElement | string)[]} */
  #text({ text, start, end }) {
    /** @type {(HTMLElement | string)[]} */
    const parts = [];
    let at = start;
    while (this.#mark < this.marks.length && this.marks[this.#mark][1] <= start) this.#mark += 1;
    for (let next = this.#mark; next < this.marks.length && this.marks[next][0] < end; next += 1) {
      const [from, to] = [Math.max(this.marks[next][0], start), Math.min(this.marks[next][1], end)];
      if (from > at) parts.push(text.slice(at - start, from - start));
      parts.push(h("mark", {}, text.slice(from - start, to - start)));
      at = to;
    }
    if (at < end) parts.push(text.slice(at - start));
    return parts;
  }

  /** @param {Extract<Node, {type: "code-block"}>} node */
  #block({ language, text, children }) {
    const { copy } = this.options;
    return h("div", { class: "code-block" },
      language && h("span", { class: "language" }, language),
      h("pre", { dir: "ltr" }, h("code", {}, ...this.all(children))),
      copy && h("button", {
        type: "button", class: "quiet copy-code", "aria-label": this.words.copy, title: this.words.copy,
        onclick: () => copy(text),
      }, icon("copy")));
  }

  /** @param {Extract<Node, {type: "list"}>} node */
  #list({ first, items }) {
    const children = items.map((item) => h("li", {}, ...this.all(item)));
    return first === null ? h("ul", {}, ...children) : h("ol", { start: first }, ...children);
  }

  /** @param {Link} node */
  #link({ href, misleading, children }) {
    const { warn } = this.options;
    const link = h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...this.all(children));
    if (!misleading) return link;
    // The true host stands where everybody reads or hears it, whatever way the link is then opened.
    link.className = "misleading";
    link.title = href;
    link.append(h("span", { class: "host", dir: "ltr" }, ` (${hostOf(new URL(href))})`));
    if (warn) for (const type of ["click", "auxclick"]) link.addEventListener(type, (event) => warn(href, event));
    return link;
  }

  /**
   * A screen reader hears "Spoiler, collapsed, button", and, once it is pressed, "expanded"; the words follow. Covered
   * they are inert: not read, not found, not selected, not reached by Tab. A click anywhere on the cover opens it; only
   * the button closes it again, so that links and selecting work inside.
   * @param {import("./markdown.js").Branch} node
   */
  #spoiler({ start, children }) {
    const { revealed } = this.options;
    const text = h("span", { class: "spoiler-text" }, ...this.all(children));
    const button = h("button", { type: "button", class: "spoiler-button", "aria-label": this.words.spoiler });
    const cover = h("span", { class: "spoiler" }, button, text);
    const set = (/** @type {boolean} */ open) => {
      button.setAttribute("aria-expanded", String(open));
      text.inert = !open;
      cover.className = open ? "spoiler open" : "spoiler";
      if (open) revealed?.add(start);
      else revealed?.delete(start);
    };
    set(revealed?.has(start) ?? false);
    cover.addEventListener("click", (event) => {
      if (text.inert) set(true);
      else if (event.target === button) set(false);
    });
    return cover;
  }
}

/** `dir=auto` keeps a name's direction to itself. @param {Exclude<Name, string> & {unknown?: boolean}} name */
function mention({ label, href, act, unknown }) {
  const properties = { class: unknown ? "mention unknown" : "mention", dir: "auto" };
  if (href) return h("a", { ...properties, href }, label);
  return act ? h("button", { ...properties, type: "button", onclick: act }, label) : h("span", properties, label);
}
