/** All keys that do something. */
import { h, View } from "../../lib/dom.js";
import { closeButton, closesBeside } from "../../lib/panel.js";
import { mac } from "../../lib/shortcuts.js";
import { t } from "../../lib/words.js";

const COMMAND = mac ? "⌘" : t("keys.ctrl");
const ALT = mac ? "⌥" : "Alt";
const SHIFT = mac ? "⇧" : t("keys.shift");
const BOTH = ["↑", "↓"];

/** What they are about, and for each its keys: those in one list are pressed together, a list in it is any of them. */
const SHEET = () => [
  { title: t("keys.around"), rows: [
    { keys: [COMMAND, "K"], text: t("keys.switcher") },
    { keys: [ALT, BOTH], text: t("keys.channels") },
    { keys: [ALT, SHIFT, BOTH], text: t("keys.unread") },
    { keys: ["Esc"], text: t("keys.read") },
    { keys: [COMMAND, "/"], text: t("keys.sheet") },
  ] },
  { title: t("keys.writing"), rows: [
    { keys: [t("keys.letters")], text: t("keys.type") },
    { keys: ["Enter"], text: t("keys.send") },
    { keys: [SHIFT, "Enter"], text: t("keys.line") },
    { keys: ["↑"], text: t("keys.edit") },
    { keys: ["Esc"], text: t("keys.cancel") },
  ] },
  { title: t("keys.reading"), rows: [
    { keys: [BOTH], text: t("keys.walk") },
    { keys: [SHIFT, t("keys.click")], text: t("keys.delete") },
  ] },
];

class ShortcutSheet extends View {
  #dialog = h("dialog", { class: "shortcuts", "aria-labelledby": "shortcuts-title", onclose: () => this.remove() });

  setup() {
    const close = closeButton(t("keys.close"), () => this.#dialog.close());
    this.#dialog.append(h("header", {}, h("h2", { id: "shortcuts-title" }, t("keys.title")), close),
      h("div", { class: "parts" }, ...SHEET().map(({ title, rows }) => h("section", {}, h("h3", {}, title),
        h("dl", {}, ...rows.map(({ keys, text }) => h("div", {}, h("dt", {}, ...this.#keys(keys)), h("dd", {}, text))))))));
    this.append(this.#dialog);
    closesBeside(this.#dialog);
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key !== "/" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#dialog.close();
    });
    this.#dialog.showModal();
    close.focus();
  }

  /** @param {(string | string[])[]} keys */
  #keys(keys) {
    const between = (/** @type {string} */ sign, /** @type {number} */ at) => (at ? h("span", { class: "plus" }, sign) : "");
    return keys.flatMap((key, at) => [between("+", at),
      ...[key].flat().flatMap((one, index) => [between("/", index), h("kbd", {}, one)])]);
  }
}

customElements.define("shortcut-sheet", ShortcutSheet);
