/** One's own settings, and what is reached from there: administration, the manual, the way out. */
import { failed } from "../../lib/dialogs.js";
import { avatar, h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { pageLink, PagesView, routeLink } from "../../lib/pages.js";
import { base } from "../../lib/route.js";
import { t } from "../../lib/words.js";

/** @type {import("../../lib/pages.js").Page[]} */
const PAGES = [
  { key: "profile", tag: "profile-form", icon: "user", label: "settings.profile" },
  { key: "password", tag: "account-form", icon: "key", label: "settings.account" },
  { key: "devices", tag: "session-list", icon: "device", label: "settings.devices" },
  { key: "appearance", tag: "appearance-form", icon: "sun", label: "settings.appearance" },
  { key: "notifications", tag: "notification-form", icon: "bell", label: "settings.notifications" },
  { key: "blocks", tag: "block-list", icon: "ban", label: "settings.blocks" },
  { key: "help", tag: "help-page", icon: "help", label: "help.title", reads: true },
];

class SettingsPage extends PagesView {
  pages = PAGES;
  heading = "settings.title";
  back = "settings.back";
  #who = h("div", { class: "who" });

  above() {
    return this.#who;
  }

  below() {
    return [
      this.client.store.user?.is_admin ? routeLink("admin", "shield", t("admin.title")) : "",
      pageLink(new URL("help", base).href, "file", t("help.manual"), { target: "_blank" }),
      h("li", {}, h("button", { class: "leave", onclick: () => this.#signOut() }, icon("leave"), h("span", {}, t("settings.sign_out")))),
    ];
  }

  render() {
    super.render();
    const { user } = this.client.store;
    if (user) this.#drawWho(user);
  }

  /** @param {import("../../types.js").User} user */
  #drawWho(user) {
    const name = user.display_name || user.username;
    const look = `${name}\n${user.username}\n${user.avatar_url}`;
    if (this.#who.dataset.look === look) return;
    this.#who.dataset.look = look;
    this.#who.replaceChildren(
      avatar(user.user_id, name, user.avatar_url),
      h("span", {}, h("b", { dir: "auto" }, name), h("span", { class: "hint" }, `@${user.username}`)),
    );
  }

  #signOut() {
    this.client.signOut().catch((error) => this.tell("dialog", failed(error)));
  }
}

customElements.define("settings-page", SettingsPage);
