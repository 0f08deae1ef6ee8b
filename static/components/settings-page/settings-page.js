/** The user's own settings: how others see them, how the client looks, and the way out. */
import { avatar, h, View } from "../../lib/dom.js";
import { failed } from "../../lib/dialogs.js";
import { routePath } from "../../lib/route.js";

const THEMES = { system: "System", light: "Light", dark: "Dark" };

class SettingsPage extends View {
  #who = h("div", { class: "profile" });

  setup() {
    const user = /** @type {import("../../types.js").User} */ (this.client.store.user);
    this.append(h("div", { class: "sheet-page" },
      h("section", {}, h("h3", {}, "Profile"), this.#who, this.#form(user)),
      h("section", {}, h("h3", {}, "Appearance"), this.#themes()),
      h("section", {}, h("h3", {}, "Account"),
        h("p", { class: "hint" }, "Signing out ends this browser's session. Other devices stay signed in."),
        h("div", { class: "actions" }, h("button", { class: "danger", onclick: () => this.client.signOut().catch((error) => this.tell("dialog", failed(error))) }, "Sign out"),
          user.is_admin && h("a", { class: "button", href: routePath({ page: "admin" }) }, "Administration")))));
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users";
  }

  render() {
    const user = /** @type {import("../../types.js").User} */ (this.client.store.user);
    const name = user.display_name || user.username;
    this.#who.replaceChildren(avatar(user.user_id, name, user.avatar_url), h("div", {}, h("b", { dir: "auto" }, name), h("span", { class: "hint" }, `@${user.username}`)));
  }

  /** @param {import("../../types.js").User} user */
  #form(user) {
    const told = h("span", { class: "hint", role: "status" });
    const button = h("button", { class: "primary" }, "Save");
    const form = h("form", { class: "stack" },
      h("label", { class: "field" }, h("span", { class: "label" }, "Display name"),
        h("input", { name: "display_name", value: user.display_name ?? "", placeholder: user.username, maxLength: 32, dir: "auto", autocomplete: "nickname" })),
      h("label", { class: "field" }, h("span", { class: "label" }, "About you"), h("textarea", { name: "bio", value: user.bio, maxLength: 190, rows: 2, dir: "auto" })),
      h("div", { class: "actions" }, button, told));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(form));
      const change = { display_name: String(values.display_name).trim() || null, bio: String(values.bio) };
      button.disabled = true;
      try {
        await this.client.api.request("PATCH", "users/@me", change);
        told.textContent = "Saved";
      } catch (error) {
        told.textContent = error instanceof Error ? error.message : String(error);
      }
      button.disabled = false;
    });
    return form;
  }

  #themes() {
    const chosen = document.documentElement.dataset.theme;
    return h("div", { class: "choices", role: "radiogroup", "aria-label": "Theme" }, ...Object.entries(THEMES).map(([theme, label]) => h("label", {},
      h("input", { type: "radio", name: "theme", checked: theme === chosen, onchange: () => {
        document.documentElement.dataset.theme = theme;
        localStorage.setItem("chatd.theme", theme);
      } }), h("span", {}, label))));
  }
}

customElements.define("settings-page", SettingsPage);
