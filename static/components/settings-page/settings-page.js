/** One's own settings: pages of their own beside a list of them; on a phone the list comes first. */
import { failed } from "../../lib/dialogs.js";
import { avatar, h, later, View } from "../../lib/dom.js";
import { iconButton } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { routePath } from "../../lib/route.js";
import { t } from "../../lib/words.js";

/** @typedef {{key: string, tag: keyof HTMLElementTagNameMap, icon: Parameters<typeof icon>[0], label: string}} Page */

/** @type {Page[]} */
const PAGES = [
  { key: "profile", tag: "profile-form", icon: "user", label: "settings.profile" },
  { key: "password", tag: "account-form", icon: "key", label: "settings.password" },
  { key: "devices", tag: "session-list", icon: "device", label: "settings.devices" },
  { key: "appearance", tag: "appearance-form", icon: "sun", label: "settings.appearance" },
  { key: "notifications", tag: "notification-form", icon: "bell", label: "settings.notifications" },
  { key: "blocks", tag: "block-list", icon: "ban", label: "settings.blocks" },
];

class SettingsPage extends View {
  #who = h("div", { class: "who" });
  #links = PAGES.map(({ key, icon: picture, label }) => h("a", { href: `#${key}` }, icon(picture), h("span", {}, t(label)), icon("right")));
  #title = h("h2", { tabIndex: -1 });
  #body = h("div", { class: "body" });
  #drawn = "";

  setup() {
    const { user } = this.client.store;
    const row = (/** @type {Node} */ content) => h("li", {}, content);
    const link = (/** @type {"admin" | "help"} */ page, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {string} */ label) =>
      row(h("a", { href: routePath({ page }) }, icon(picture), h("span", {}, label), icon("right")));
    this.addEventListener("click", (event) => this.#follow(event));
    this.#drawn = "";
    this.append(
      h(
        "nav",
        { "aria-label": t("settings.title") },
        this.#who,
        h("ul", {}, ...this.#links.map(row)),
        h(
          "ul",
          {},
          user?.is_admin ? link("admin", "shield", t("admin.title")) : "",
          link("help", "help", t("help.title")),
          row(h("button", { class: "leave", onclick: () => this.#signOut() }, icon("leave"), h("span", {}, t("settings.sign_out")))),
        ),
      ),
      h(
        "section",
        { class: "inside" },
        h(
          "header",
          {},
          iconButton(t("settings.back"), "left", () => history.back()),
          this.#title,
        ),
        this.#body,
      ),
    );
    // Whoever opened the address of one page has no list to go back to.
    if (this.#page && history.state?.settings !== true) {
      const { hash } = location;
      history.replaceState(null, "", location.pathname);
      history.pushState({ settings: true }, "", hash);
    }
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users" || topic === "route";
  }

  /** The page that the address names, if it names one. */
  get #page() {
    return PAGES.find(({ key }) => location.hash === `#${key}`);
  }

  render() {
    const { user } = this.client.store;
    if (!user || this.client.store.route.page !== "settings") return;
    this.#drawWho(user);
    const named = this.#page;
    const page = named ?? PAGES[0];
    const was = this.classList.contains("open");
    this.classList.toggle("open", Boolean(named));
    PAGES.forEach(({ key }, at) => {
      if (key === page.key) this.#links[at].setAttribute("aria-current", "page");
      else this.#links[at].removeAttribute("aria-current");
    });
    if (this.#drawn !== page.key) {
      this.#title.textContent = t(page.label);
      this.#body.replaceChildren(later(page.tag, { client: this.client }));
      this.#body.scrollTop = 0;
    }
    if (this.#drawn && named && (this.#drawn !== page.key || !was)) this.#title.focus();
    if (was && !named) this.#links[PAGES.findIndex(({ key }) => key === this.#drawn)]?.focus();
    this.#drawn = page.key;
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

  /** Goes to a page; its place in the address lets it be opened again, and left by the way back. @param {MouseEvent} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const hash = link?.getAttribute("href") ?? "";
    if (!hash.startsWith("#") || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    // Between pages that stand side by side, the way back leads out of the settings.
    history[location.hash ? "replaceState" : "pushState"]({ settings: true }, "", hash);
    this.render();
  }

  #signOut() {
    this.client.signOut().catch((error) => this.tell("dialog", failed(error)));
  }
}

customElements.define("settings-page", SettingsPage);
