/** What administrators look after: accounts, the instance and how it is. */
import { h } from "../../lib/dom.js";
import { PagesView, routeLink } from "../../lib/pages.js";
import { routePath } from "../../lib/route.js";
import { t } from "../../lib/words.js";

class AdminPage extends PagesView {
  /** @type {"settings" | "admin"} */ place = "admin";
  /** @type {import("../../lib/pages.js").Page[]} */
  pages = [
    { key: "people", tag: "admin-people", icon: "users", label: "admin.people" },
    { key: "instance", tag: "admin-instance", icon: "settings", label: "admin.instance" },
    { key: "health", tag: "admin-health", icon: "pulse", label: "admin.health", reads: true },
  ];
  heading = "admin.title";
  back = "admin.back";

  get #may() {
    return Boolean(this.client.store.user?.is_admin);
  }

  below() {
    return [routeLink("settings", "left", t("settings.back"))];
  }

  setup() {
    if (this.#may) super.setup();
  }

  render() {
    if (this.#may !== Boolean(this.querySelector("nav"))) {
      // Somebody was made an administrator, or is none any more.
      this.classList.remove("pages", "open");
      this.replaceChildren();
      this.setup();
    }
    if (this.#may) super.render();
    else this.replaceChildren(
      h("div", { class: "empty" }, h("h2", {}, t("admin.closed_title")), h("p", {}, t("admin.closed_text")),
        h("a", { class: "button", href: routePath({ page: "home" }) }, t("door.back"))),
    );
  }
}

customElements.define("admin-page", AdminPage);
