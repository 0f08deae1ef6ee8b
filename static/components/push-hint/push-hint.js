/** Once, when somebody begins to talk: that they may be told of answers. Whatever one says to it, it does not come back. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { closeButton } from "../../lib/panel.js";
import { Push } from "../../lib/push.js";
import { remember } from "../../lib/storage.js";
import { problemText, t } from "../../lib/words.js";

class PushHint extends View {
  setup() {
    const words = h("span", { class: "words" }, t("push.hint"));
    const yes = h("button", { class: "primary", onclick: () => this.#turnOn(words, yes) }, t("push.turn_on"));
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("settings.notifications"));
    this.append(icon("bell"), words, yes, closeButton(t("push.hint_close"), () => this.#end()));
  }

  /** @param {HTMLElement} words @param {HTMLButtonElement} yes */
  async #turnOn(words, yes) {
    yes.disabled = true;
    try {
      const given = await new Push(this.client).enable();
      this.#end();
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: t(given ? "push.now_on" : "push.hint_later") } }));
    } catch (error) {
      yes.remove();
      words.textContent = error instanceof DOMException ? t("push.refused", { why: error.message }) : problemText(error);
    }
  }

  #end() {
    remember("push_hint", "seen");
    this.remove();
    /** @type {HTMLElement | null} */ (document.querySelector("message-composer textarea"))?.focus();
  }
}

customElements.define("push-hint", PushHint);
