/** The door: sign in, or make an account. */
import { Problem } from "../../lib/api.js";
import { h, View } from "../../lib/dom.js";

class SignIn extends View {
  /** The invite that brought the stranger here: with it, an account may be made. @type {string | null} */ invite = null;
  /** @type {"login" | "register"} */ #how = "login";
  /** @type {import("../../types.js").Instance | null} */ #instance = null;
  #needsCode = false;
  /** Whether the instance has said who may come in; drawn before, the form would change under the writer's hands. */ #asked = false;

  setup() {
    if (this.invite) this.#how = "register";
    this.client.api.public("instance").then((instance) => {
      this.#instance = instance;
      if (instance.setup_required) this.#how = "register";
      this.#needsCode = instance.setup_required && instance.registration !== "open";
    }, () => {}).finally(() => { // Signing in needs none of it.
      this.#asked = true;
      this.render();
      if (!this.invite && matchMedia("(pointer: fine)").matches) this.querySelector("input")?.focus();
    });
  }

  render() {
    if (!this.#asked) return;
    const name = this.#instance?.name ?? "chatd";
    const register = this.#how === "register";
    const first = Boolean(this.#instance?.setup_required);
    const closed = register && !first && !this.invite && this.#instance && this.#instance.registration !== "open";
    const heading = this.invite ? "" : first ? `Welcome to ${name}` : register ? "Make an account" : `Sign in to ${name}`;
    const lead = first ? "You are the first one here: your account will be the one that looks after everything."
      : closed ? this.#closedText() : this.invite && register ? "Choose a name and you are in." : "";
    this.replaceChildren(
      this.invite ? "" : h("img", { class: "logo", src: new URL("../../icon.svg", import.meta.url).href, alt: "", width: 44, height: 44 }),
      heading && h("h1", {}, heading), lead && h("p", { class: "lead" }, lead), closed ? "" : this.#form(register), first ? "" : this.#switch(register),
    );
  }

  #closedText() {
    return this.#instance?.registration === "invite" ? "New accounts are made by invite here. Ask a friend for a link, and open it."
      : "No new accounts are made here.";
  }

  /** @param {boolean} register */
  #form(register) {
    const error = h("p", { class: "problem", role: "alert" });
    const button = h("button", { class: "primary wide" }, register ? "Make account" : "Sign in");
    const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {object} */ properties, hint = "") => h("label", { class: "field" },
      h("span", { class: "label" }, label), h("input", { name, required: true, spellcheck: false, autocapitalize: "none", ...properties }),
      h("span", { class: "hint", id: `${name}-hint` }, hint));
    const form = h("form", { class: "stack" },
      field("username", "User name", { autocomplete: "username", maxLength: 32 },
        register ? "2 to 32 of a–z, 0–9, dot and underscore" : ""),
      field("password", "Password", { type: "password", autocomplete: register ? "new-password" : "current-password" },
        register ? "At least 10 characters; a few words do well" : ""),
      register && this.#needsCode && field("setup_code", "Set-up code", { autocomplete: "off" }, "The server printed it when it started"),
      error, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter(form, button, error);
    });
    return form;
  }

  /** @param {HTMLFormElement} form @param {HTMLButtonElement} button @param {HTMLElement} error */
  async #enter(form, button, error) {
    const fields = Object.fromEntries(new FormData(form));
    if (this.invite && this.#how === "register") fields.invite = this.invite;
    button.disabled = true;
    error.textContent = "";
    for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
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
    if (!(problem instanceof Problem)) throw problem;
    if (problem.code === "registration_closed" && this.#instance?.setup_required && !this.#needsCode) {
      const { username, password } = Object.fromEntries(new FormData(form));
      this.#needsCode = true;
      this.render();
      const again = /** @type {HTMLFormElement} */ (this.querySelector("form"));
      for (const [name, value] of Object.entries({ username, password })) {
        /** @type {HTMLInputElement} */ (again.elements.namedItem(name)).value = String(value);
      }
      /** @type {HTMLInputElement} */ (again.elements.namedItem("setup_code")).focus();
      return;
    }
    error.textContent = problem.code === "invalid_credentials" ? "User name and password do not go together." : problem.message;
    for (const name of Object.keys(problem.errors)) {
      const input = form.elements.namedItem(name);
      if (input instanceof HTMLInputElement) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
      }
    }
  }

  /** @param {boolean} register */
  #switch(register) {
    const turn = () => {
      this.#how = register ? "login" : "register";
      this.render();
      this.querySelector("input")?.focus();
    };
    return h("p", { class: "switch" }, register ? "You have an account? " : "New here? ",
      h("button", { class: "link", type: "button", onclick: turn }, register ? "Sign in" : "Make an account"));
  }
}

customElements.define("sign-in", SignIn);
