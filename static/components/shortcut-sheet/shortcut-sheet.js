/** All keys that do something. */
import { h, View } from "../../lib/dom.js";
import { keyRows, keySheet } from "../../lib/keys.js";
import { closeButton, closesBeside } from "../../lib/panel.js";
import { t } from "../../lib/words.js";

class ShortcutSheet extends View {
  #dialog = h("dialog", { class: "shortcuts", "aria-labelledby": "shortcuts-title", onclose: () => this.remove() });

  setup() {
    const close = closeButton(t("keys.close"), () => this.#dialog.close());
    this.#dialog.append(h("header", {}, h("h2", { id: "shortcuts-title" }, t("keys.title")), close),
      h("div", { class: "parts" }, ...keySheet().map(({ title, rows }) => h("section", {}, h("h3", {}, title), keyRows(rows)))));
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
}

customElements.define("shortcut-sheet", ShortcutSheet);
