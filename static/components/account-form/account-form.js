/** A new password; with it, all other devices must sign in again. And the way to close the account. */
import { leastOf, newPasswordField, PASSWORD_LEAST } from "../../lib/door.js";
import { h, later, View } from "../../lib/dom.js";
import { filled, passwordField, showProblem, tellField } from "../../lib/fields.js";
import { t } from "../../lib/words.js";

class AccountForm extends View {
  #told = h("span", { class: "hint", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #button = h("button", { class: "primary" }, t("settings.password_change"));
  #newField = this.#passwordField(PASSWORD_LEAST);
  #form = h("form", { class: "stack", noValidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) });

  setup() {
    const username = this.client.store.user?.username ?? "";
    // Password managers must know whose password it is.
    const whose = h("input", {
      class: "sr-only",
      name: "username",
      autocomplete: "username",
      value: username,
      readOnly: true,
      tabIndex: -1,
      "aria-hidden": "true",
    });
    this.#form.replaceChildren(
      whose,
      passwordField(t("settings.password_current"), { name: "current_password", autocomplete: "current-password", required: true }),
      this.#newField,
      this.#problem,
      h("div", { class: "actions" }, this.#button, this.#told),
    );
    this.append(
      h("section", {}, h("h3", {}, t("settings.password")), h("p", { class: "lead" }, t("settings.password_lead")), this.#form),
      later("close-account", { client: this.client }),
    );
    this.#form.addEventListener("input", () => {
      this.#told.textContent = "";
    });
    this.client.api.public("instance").then(
      (instance) => {
        const least = leastOf(instance);
        if (least === PASSWORD_LEAST) return;
        const other = this.#passwordField(least);
        this.#newField.replaceWith(other);
        this.#newField = other;
      },
      () => {},
    ); // The server says the same when it must.
  }

  /** @param {number} least */
  #passwordField(least) {
    return newPasswordField(t("settings.password_new"), "new_password", least);
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#button.disabled || !filled(this.#form)) return;
    const { current_password, new_password } = Object.fromEntries(new FormData(this.#form));
    this.#problem.textContent = this.#told.textContent = "";
    this.#button.disabled = true;
    try {
      await this.client.api.request("POST", "auth/password", { current_password, new_password });
      this.#form.reset();
      for (const input of this.#form.querySelectorAll("input")) tellField(input, "");
      this.#told.textContent = t("settings.password_changed");
    } catch (error) {
      this.#problem.textContent = showProblem(this.#form, error, { wrong_password: "current_password" });
    }
    this.#button.disabled = false;
  }
}

customElements.define("account-form", AccountForm);
