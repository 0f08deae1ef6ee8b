/** All emoji, by group, by name, and those used of late; keys move in the grid. Tells `pick` with the emoji. */
import { h } from "../../lib/dom.js";
import { loadEmojis, Recents } from "../../lib/emoji.js";
import { place } from "../../lib/menu.js";
import { remember, remembered } from "../../lib/storage.js";
import { problemText, t } from "../../lib/words.js";

const COLUMNS = 8;

/** @typedef {import("../../lib/emoji.js").Emoji} Emoji */

class EmojiPicker extends HTMLElement {
  /** What it stands beside. @type {Element} */ anchor = document.body;
  #recents = new Recents({ getItem: remembered, setItem: remember });
  /** @type {Awaited<ReturnType<typeof loadEmojis>> | null} */ #emojis = null;
  #input = h("input", { type: "search", autocomplete: "off", maxLength: 40, placeholder: t("emoji.search"), "aria-label": t("emoji.search"), oninput: () => this.#draw() });
  #grid = h("div", { class: "grid" });
  #name = h("p", { class: "hint name", "aria-hidden": "true" });
  #popover = h("div", { class: "emoji-sheet", popover: "auto", role: "dialog", "aria-label": t("emoji.title") }, this.#input, this.#grid, this.#name);

  connectedCallback() {
    const before = document.activeElement;
    this.append(this.#popover);
    this.#popover.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
      if (this.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
      this.remove();
    });
    this.#popover.addEventListener("keydown", (event) => this.#key(event));
    this.#grid.addEventListener("click", (event) => this.#pick(/** @type {HTMLElement} */ (event.target).closest("button")));
    for (const type of ["pointerover", "focusin"]) {
      this.#grid.addEventListener(type, (event) => { this.#name.textContent = /** @type {Element} */ (event.target).closest("button")?.getAttribute("aria-label") ?? ""; });
    }
    this.#popover.showPopover();
    place(this.#popover, this.anchor);
    this.#input.focus();
    loadEmojis().then((emojis) => { this.#emojis = emojis; this.#draw(); }, (error) => this.#grid.replaceChildren(h("p", { class: "problem", role: "alert" }, problemText(error))));
  }

  #draw() {
    const emojis = this.#emojis;
    if (!emojis) return;
    const query = this.#input.value.trim();
    const button = (/** @type {{emoji: string, name: string}} */ { emoji, name }) => h("button", { type: "button", tabIndex: -1, "aria-label": name, "data-emoji": emoji }, emoji);
    const section = (/** @type {string} */ title, /** @type {{emoji: string, name: string}[]} */ list) => list.length
      ? [h("h3", {}, title), h("div", { class: "cells", role: "group", "aria-label": title }, ...list.map(button))] : [];
    const recent = this.#recents.list().map((emoji) => emojis.all.find((one) => one.emoji === emoji) ?? { emoji, name: emoji });
    const found = query ? section(t("emoji.found"), emojis.search(query, 60))
      : [...section(t("emoji.recent"), recent), ...emojis.groups.flatMap(({ group, emoji }) => section(t(`emoji.group.${group}`), emoji))];
    this.#grid.replaceChildren(...(found.length ? found : [h("p", { class: "hint", role: "status" }, t("emoji.none"))]));
    this.#grid.scrollTop = 0;
    const first = this.#grid.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  /** @param {HTMLButtonElement | null} button */
  #pick(button) {
    const emoji = button?.dataset.emoji;
    if (!emoji) return;
    this.#recents.use(emoji);
    this.dispatchEvent(new CustomEvent("pick", { detail: { emoji } }));
    this.#popover.hidePopover();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const cells = [...this.#grid.querySelectorAll("button")];
    const at = cells.indexOf(/** @type {any} */ (document.activeElement));
    if (at < 0) {
      if (event.key === "Enter") this.#pick(cells[0] ?? null);
      else if (event.key === "ArrowDown") cells[0]?.focus();
      else return;
      return event.preventDefault();
    }
    /** @type {Record<string, number>} */
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + COLUMNS, ArrowUp: at - COLUMNS, Home: 0, End: cells.length - 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    if (to[event.key] < 0) return this.#input.focus();
    const next = cells[Math.min(to[event.key], cells.length - 1)];
    cells[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

customElements.define("emoji-picker", EmojiPicker);
