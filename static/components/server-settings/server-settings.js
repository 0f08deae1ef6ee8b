/** Everything that manages a server: pages of their own beside a list of them; on a phone the list comes first. */
import { h, later, reconcile, View } from "../../lib/dom.js";
import { iconButton } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { t } from "../../lib/words.js";
import { pagesOf } from "../../state/authority.js";

/** @type {Record<string, {label: string, icon: Parameters<typeof icon>[0]}>} */
const LOOKS = {
  overview: { label: "server.overview", icon: "settings" },
  channels: { label: "server.channels", icon: "hash" },
  roles: { label: "server.roles", icon: "shield" },
  members: { label: "server.members", icon: "users" },
  bans: { label: "server.bans", icon: "ban" },
  invites: { label: "server.invites", icon: "link" },
  audit: { label: "server.audit", icon: "list" },
};

class ServerSettings extends View {
  serverId = "";
  page = "";
  #dialog = h("dialog", { class: "server-settings", "aria-labelledby": "server-settings-name", onclose: () => this.remove() });
  #name = h("h2", { id: "server-settings-name", dir: "auto" });
  #list = h("ul", {});
  #title = h("h2", { tabIndex: -1 });
  #body = h("div", { class: "body" });
  /** What stands in the page now. */ #drawn = "";

  setup() {
    const close = () => iconButton(t("dialog.close"), "close", () => this.#dialog.close());
    this.#dialog.replaceChildren(
      h("nav", { "aria-labelledby": "server-settings-name" }, h("header", {}, this.#name, close()), this.#list),
      h(
        "section",
        { class: "inside" },
        h(
          "header",
          {},
          iconButton(t("server.back"), "left", () => this.#back()),
          this.#title,
          close(),
        ),
        this.#body,
      ),
    );
    this.append(this.#dialog);
    this.#dialog.classList.toggle("open", Boolean(this.page));
    this.page ||= "overview";
    this.#dialog.showModal();
    this.addEventListener("page", (event) => this.#open(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "servers";
  }

  render() {
    const server = this.client.store.servers.get(this.serverId);
    if (!server) return this.#dialog.close();
    const pages = pagesOf(server);
    const page = pages.find(({ key }) => key === this.page) ?? pages[0];
    this.page = page.key;
    this.#name.textContent = server.name;
    reconcile(
      this.#list,
      pages,
      ({ key }) => key,
      ({ key }) =>
        h(
          "li",
          {},
          h("button", { onclick: () => this.#open(key) }, icon(LOOKS[key].icon), h("span", {}, t(LOOKS[key].label)), icon("right")),
        ),
      (item, { key }) => {
        const button = item.firstElementChild;
        if (key === page.key) button.setAttribute("aria-current", "page");
        else button.removeAttribute("aria-current");
      },
    );
    if (this.#drawn === page.key) return;
    this.#drawn = page.key;
    this.#title.textContent = t(LOOKS[page.key].label);
    this.#body.replaceChildren(later(page.tag, { client: this.client, serverId: this.serverId }));
    this.#body.scrollTop = 0;
    // Where nothing else takes the focus, keys must reach what scrolls.
    if (page.key === "audit") this.#body.tabIndex = 0;
    else this.#body.removeAttribute("tabindex");
  }

  /** @param {string} key */
  #open(key) {
    this.page = key;
    if (this.#drawn === key) this.#drawn = "";
    this.#dialog.classList.add("open");
    this.render();
    this.#title.focus();
  }

  #back() {
    this.#dialog.classList.remove("open");
    /** @type {HTMLElement | null} */ (this.#list.querySelector("[aria-current]"))?.focus();
  }
}

customElements.define("server-settings", ServerSettings);
