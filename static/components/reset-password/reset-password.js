/** A new password for whoever lost the old one and has a link from an administrator. */
import { doorForm, leastOf, newPasswordField, PASSWORD_LEAST } from "../../lib/door.js";
import { Problem } from "../../lib/api.js";
import { h, View } from "../../lib/dom.js";
import { base } from "../../lib/route.js";
import { t } from "../../lib/words.js";

class ResetPassword extends View {
  /** What the link brought along. */ token = "";

  setup() {
    const { api } = this.client;
    api.public("instance").then(leastOf, () => PASSWORD_LEAST).then((least) => this.#draw(least));
  }

  /** @param {number} least how long a password must be */
  #draw(least) {
    const form = doorForm([newPasswordField(t("settings.password_new"), "new_password", least)], t("reset.save"), async (values) => {
      try {
        await this.client.api.public("auth/reset", { token: this.token, ...values });
      } catch (error) {
        if (!(error instanceof Problem) || !("token" in error.errors)) throw error;
        return this.#end(t("reset.gone"), t("reset.gone_text"));
      }
      this.#end(t("reset.done"), t("reset.done_text"));
    });
    this.#show(t("reset.title"), t("reset.text"), form);
    if (matchMedia("(pointer: fine)").matches) form.querySelector("input")?.focus();
  }

  /** @param {string} title @param {string} text */
  #end(title, text) {
    // Whoever was signed in on this page may not be any more: it begins anew.
    this.#show(title, text, h("button", { class: "primary wide", onclick: () => location.assign(base) }, t("door.sign_in")));
    this.querySelector("h1")?.focus();
  }

  /** @param {string} title @param {string} text @param {Node} body */
  #show(title, text, body) {
    const logo = h("img", { class: "logo", src: new URL("../../icon.svg", import.meta.url).href, alt: "", width: 44, height: 44 });
    this.replaceChildren(logo, h("h1", { tabIndex: -1 }, title), h("p", { class: "lead" }, text), body);
  }
}

customElements.define("reset-password", ResetPassword);
