/** One question in a modal dialog: made, shown, and gone with its answer. */
import { h } from "../../lib/dom.js";
import { select } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { problemText, t } from "../../lib/words.js";

class FormDialog extends HTMLElement {
  /** @type {import("../../types.js").Dialog} */ spec = { title: "", action: t("dialog.close") };
  #dialog = h("dialog", { class: "dialog", onclose: () => this.remove() });

  connectedCallback() {
    this.append(this.#dialog);
    this.#draw();
    // The dialog gives the focus back to where it was when it closes; so it must still be in the page then.
    this.#dialog.showModal();
    this.#focusFirst();
  }

  #draw() {
    const { title, text, fields = [], action, danger, run } = this.spec;
    const error = h("p", { class: "problem", role: "alert" });
    const button = h("button", { class: danger ? "primary danger" : "primary" }, action);
    const close = () => this.#dialog.close();
    const form = h("form", { class: "stack" },
      h("h2", { id: "dialog-title", dir: "auto" }, title), text && h("p", { class: "lead" }, text),
      ...fields.map((field) => (field.copy ? this.#copyField(field) : this.#field(field))), error,
      h("div", { class: "actions" }, run && h("button", { type: "button", onclick: close }, t("dialog.cancel")), button));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!run) return close();
      button.disabled = true;
      try {
        // White space may be part of a password, and of nothing else.
        const exact = (/** @type {string} */ name) => fields.some((field) => field.secret && field.name === name);
        const values = [...new FormData(form)].map(([name, value]) => [name, exact(name) ? String(value) : String(value).trim()]);
        const next = await run(Object.fromEntries(values));
        if (!next) return close();
        this.spec = next;
        this.#draw();
        this.#focusFirst();
      } catch (problem) {
        button.disabled = false;
        error.textContent = problemText(problem);
      }
    });
    this.#dialog.setAttribute("aria-labelledby", "dialog-title");
    this.#dialog.replaceChildren(form);
  }

  #focusFirst() {
    const first = this.#dialog.querySelector("input") ?? this.#dialog.querySelector("button.primary");
    if (first instanceof HTMLInputElement && first.readOnly) first.select();
    else if (first instanceof HTMLElement) first.focus();
  }

  /** @param {import("../../types.js").Field} field */
  #field({ name, label, value = "", hint = "", placeholder = "", maxLength, optional = false, secret = false, choices }) {
    const kind = secret ? { type: "password", autocomplete: "current-password" } : { autocomplete: "off", dir: "auto" };
    const input = () => h("input", { name, value, placeholder, maxLength, required: !optional, ...kind });
    const note = optional && !choices && h("i", {}, ` ${t("dialog.optional")}`);
    return h("label", { class: "field" }, h("span", { class: "label" }, label, note), choices ? select(choices, value, { name }) : input(),
      hint && h("span", { class: "hint" }, hint));
  }

  /** @param {import("../../types.js").Field} field */
  #copyField({ name, label, value = "" }) {
    const input = h("input", { name, value, readOnly: true, onfocus: () => input.select() });
    const told = h("span", { class: "hint", role: "status" });
    const copy = async () => {
      input.select();
      // On plain http there is no clipboard API; the old command still works there.
      if (navigator.clipboard) await navigator.clipboard.writeText(value).catch(() => {});
      else document.execCommand("copy");
      told.textContent = t("dialog.copied");
    };
    return h("div", { class: "field" }, h("label", { class: "label", for: `copy-${name}` }, label),
      h("div", { class: "copy" }, Object.assign(input, { id: `copy-${name}` }),
        h("button", { type: "button", onclick: copy }, icon("copy"), t("dialog.copy"))), told);
  }
}

customElements.define("form-dialog", FormDialog);
