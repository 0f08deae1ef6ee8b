/** Short notices: what worked, what did not. They go by themselves, but not while somebody reads or reaches for them. */
import { h, View } from "../../lib/dom.js";
import { closeButton } from "../../lib/panel.js";
import { problemText, t } from "../../lib/words.js";

const SHOWN = 3;
const STAYS_MS = 5_000;
const STAYS_LONGER_MS = 10_000; // with something to press, or something that went wrong
const EACH_SIGN_MS = 50;

/** @typedef {import("../../types.js").Toast} Toast */

class ToastList extends View {
  /** Above dialogs too. */ #list = h("ol", { class: "toasts", popover: "manual" });
  /** For screen readers: stays in the page, because they do not hear what comes together with its region. */
  #told = h("p", { class: "sr-only", role: "status" });
  /** @type {Map<Element, {left: number, since: number, timer: number}>} */ #clocks = new Map();
  #held = false;

  setup() {
    this.#list.setAttribute("aria-label", t("toast.label"));
    this.append(this.#told, this.#list);
    const heard = (/** @type {Event} */ event) => this.#add(/** @type {CustomEvent} */ (event).detail);
    document.addEventListener("toast", heard);
    this.atEnd(() => document.removeEventListener("toast", heard));
    for (const type of ["pointerenter", "focusin"]) this.addEventListener(type, () => this.#hold(true));
    for (const type of ["pointerleave", "focusout"]) this.addEventListener(type, () => this.#hold(this.matches(":hover, :focus-within")));
    this.addEventListener("keydown", (event) => {
      const toast = /** @type {Element} */ (event.target).closest("li");
      if (event.key !== "Escape" || !toast) return;
      event.preventDefault();
      this.#remove(toast);
    });
  }

  /** @param {Toast} toast */
  #add({ text, action, kind = "done" }) {
    const close = closeButton(t("toast.close"), () => this.#remove(item));
    const item = h("li", { class: kind }, h("p", { dir: "auto" }, text),
      action && h("button", { class: "link", onclick: () => this.#act(item, action) }, action.label), close);
    this.#list.append(item);
    while (this.#list.children.length > SHOWN) this.#remove(/** @type {Element} */ (this.#list.firstElementChild));
    if (!this.#list.matches(":popover-open")) this.#list.showPopover();
    // The same text once more is news too.
    this.#told.textContent = this.#told.textContent === text ? `${text}\u00a0` : text;
    const left = (action || kind === "failed" ? STAYS_LONGER_MS : STAYS_MS) + text.length * EACH_SIGN_MS;
    this.#clocks.set(item, { left, since: 0, timer: 0 });
    if (!this.#held) this.#start(item);
  }

  /** @param {Element} item @param {NonNullable<Toast["action"]>} action */
  async #act(item, action) {
    this.#remove(item);
    try {
      await action.run();
    } catch (error) {
      this.#add({ text: problemText(error), kind: "failed" });
    }
  }

  /** @param {boolean} held */
  #hold(held) {
    if (held === this.#held) return;
    this.#held = held;
    for (const [item, clock] of this.#clocks) {
      if (!held) this.#start(item);
      else {
        clearTimeout(clock.timer);
        clock.left -= Date.now() - clock.since;
      }
    }
  }

  /** @param {Element} item */
  #start(item) {
    const clock = this.#clocks.get(item);
    if (!clock) return;
    clock.since = Date.now();
    clock.timer = setTimeout(() => this.#remove(item), Math.max(clock.left, 1_000));
  }

  /** @param {Element} item */
  #remove(item) {
    const focused = item.contains(document.activeElement);
    clearTimeout(this.#clocks.get(item)?.timer);
    this.#clocks.delete(item);
    item.remove();
    if (focused) /** @type {HTMLElement | null} */ (this.#list.querySelector("li:last-child .quiet"))?.focus();
    if (!this.#list.children.length && this.#list.matches(":popover-open")) {
      this.#list.hidePopover();
      this.#held = false;
    } else this.#hold(this.matches(":hover, :focus-within"));
  }
}

customElements.define("toast-list", ToastList);
