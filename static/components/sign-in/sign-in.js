/** The door: sign in, or make an account. */
import { accountFields, leastOf } from "../../lib/door.js";
import { Problem } from "../../lib/api.js";
import { h, View } from "../../lib/dom.js";
import { filled, showProblem } from "../../lib/fields.js";
import { t } from "../../lib/words.js";

/** Where the server says so without naming a field. */
const BLAME = { username_taken: "username" };

class SignIn extends View {
  /** The invite that brought the stranger here: with it, an account may be made. @type {string | null} */ invite = null;
  /** @type {"login" | "register"} */ #how = "login";
  /** @type {import("../../types.js").Instance | null} */ #instance = null;
  /** Whether the instance has said who may come in; drawn before, the form would change under the writer's hands. */ #asked = false;

  setup() {
    if (this.invite) this.#how = "register";
    this.client.api
      .public("instance")
      .then(
        (instance) => {
          this.#instance = instance;
        },
        () => {},
      )
      .finally(() => {
        // Without an account there is nothing to sign in to. Signing in needs none of it.
        if (this.#instance?.setup_required && !this.invite) return this.tell("setup");
        this.#asked = true;
        this.render();
        if (!this.invite && matchMedia("(pointer: fine)").matches) this.querySelector("input")?.focus();
      });
  }

  render() {
    if (!this.#asked) return;
    const name = this.#instance?.name ?? "chatd";
    const register = this.#how === "register";
    const closed = register && !this.invite && this.#instance && this.#instance.registration !== "open";
    const heading = this.invite ? "" : register ? t("door.register_title") : t("door.sign_in_title", { name });
    const lead = closed ? this.#closedText() : this.invite && register ? t("door.invited") : "";
    // The invite above has the page's heading; this part has its own.
    const title = this.invite ? h("h2", { class: "sr-only" }, t(register ? "door.register_title" : "door.sign_in")) : h("h1", {}, heading);
    this.replaceChildren(
      this.invite ? "" : h("img", { class: "logo", src: new URL("../../icon.svg", import.meta.url).href, alt: "", width: 44, height: 44 }),
      title,
      lead && h("p", { class: "lead" }, lead),
      closed ? "" : this.#form(register),
      this.#switch(register),
    );
  }

  #closedText() {
    return this.#instance?.registration === "invite" ? t("door.by_invite") : t("door.closed");
  }

  /** @param {boolean} register */
  #form(register) {
    const error = h("p", { class: "problem", role: "alert" });
    const button = h("button", { class: "primary wide" }, t(register ? "door.register" : "door.sign_in"));
    const form = h(
      "form",
      { class: "stack", noValidate: true },
      ...accountFields(register, leastOf(this.#instance)),
      error,
      button,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      error.textContent = "";
      if (!button.disabled && filled(form)) this.#enter(form, button, error);
    });
    return form;
  }

  /** @param {HTMLFormElement} form @param {HTMLButtonElement} button @param {HTMLElement} error */
  async #enter(form, button, error) {
    const fields = Object.fromEntries(new FormData(form));
    if (this.invite && this.#how === "register") fields.invite = this.invite;
    button.disabled = true;
    try {
      await this.client.api.enter(this.#how, fields);
      this.tell("entered");
    } catch (problem) {
      this.#show(form, error, problem);
    }
    button.disabled = false;
  }

  /** @param {HTMLFormElement} form @param {HTMLElement} error @param {unknown} problem */
  #show(form, error, problem) {
    error.textContent = showProblem(form, problem, BLAME);
    // Which of the two is wrong is nobody's business; most often it is the password.
    if (problem instanceof Problem && problem.code === "invalid_credentials") /** @type {HTMLInputElement | null} */ (form.elements.namedItem("password"))?.select();
  }

  /** Draws the form anew, with what was written. @param {string} focus the field to go on with */
  #again(focus) {
    const written = Object.fromEntries(new FormData(this.querySelector("form") ?? undefined));
    this.render();
    for (const [name, value] of Object.entries(written)) {
      const input = this.#input(name);
      if (input) input.value = String(value);
    }
    (this.#input(focus) ?? this.querySelector("input") ?? this.querySelector("button"))?.focus();
  }

  /** @param {string} name @returns {HTMLInputElement | null} */
  #input(name) {
    return this.querySelector(`input[name="${name}"]`);
  }

  /** @param {boolean} register */
  #switch(register) {
    const turn = () => {
      this.#how = register ? "login" : "register";
      this.#again(this.#input("username")?.value ? "password" : "username");
    };
    return h(
      "p",
      { class: "switch" },
      `${t(register ? "door.have_account" : "door.new_here")} `,
      h("button", { class: "link", type: "button", onclick: turn }, t(register ? "door.sign_in" : "door.register")),
    );
  }
}

customElements.define("sign-in", SignIn);
