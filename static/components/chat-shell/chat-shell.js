/** The whole chat: servers, channels, what the address names, and a panel beside it. On a phone the lists are a drawer. */
import { h, later, openPlaceMenu, question, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { remember, remembered } from "../../lib/storage.js";
import { membersText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

/** What may stand beside the messages, its icon and its name. @type {Record<string, {tag: "member-list" | "pins-panel" | "search-panel", icon: Parameters<typeof icon>[0], label: string}>} */
const PANELS = {
  pins: { tag: "pins-panel", icon: "pin", label: "panel.pins" },
  search: { tag: "search-panel", icon: "search", label: "panel.search" },
  members: { tag: "member-list", icon: "users", label: "panel.members" },
};

class ChatShell extends View {
  #nav = h("div", { class: "nav", id: "nav" });
  #menu = h("button", { class: "quiet menu", "aria-label": t("shell.menu"), "aria-controls": "nav", onclick: () => this.#drawer(true) }, icon("menu"));
  #title = h("div", { class: "title" });
  #tools = h("div", { class: "panel-buttons" });
  #banner = h("div", { class: "banner", role: "status" });
  #page = h("div", { class: "page" });
  #side = h("aside", { class: "side", hidden: true });
  /** What stands in the page now. */ #drawn = "";
  /** Which panel is open: on a narrow screen none by itself. */ #panel = matchMedia("(min-width: 70rem)").matches ? remembered("panel") ?? "members" : "";
  /** What stands in the panel now. */ #beside = "";
  /** Counts the seconds to the next try. */ #countdown = 0;
  /** Whether a server was just chosen in the drawer: its channels come next, so the drawer stays. */ #browsing = false;

  setup() {
    const { client } = this;
    this.#nav.replaceChildren(h("server-rail", { client }), h("channel-list", { client }));
    this.append(this.#nav, h("button", { class: "scrim", tabIndex: -1, "aria-label": t("dialog.close"), onclick: () => this.#drawer(false) }),
      h("main", {}, h("header", { class: "head" }, this.#menu, this.#title, this.#tools), this.#banner, h("div", { class: "stage" }, this.#page, this.#side)),
      later("toast-list", { client }, client.shown()));
    this.#drawn = "";
    this.#nav.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      this.#browsing = Boolean(target.closest("server-rail li"));
      if (target.closest("a")) this.#drawer(false);
    }, { capture: true });
    this.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.classList.contains("drawer")) this.#drawer(false); });
    this.addEventListener("editlast", () => this.querySelector("message-timeline")?.editLast());
    this.addEventListener("sent", () => this.querySelector("message-timeline")?.toBottom());
    this.#side.addEventListener("close", () => this.#open(""));
    const panel = (/** @type {Event} */ event) => this.#open(/** @type {CustomEvent} */ (event).detail, true);
    document.addEventListener("panel", panel);
    this.atEnd(() => { document.removeEventListener("panel", panel); clearInterval(this.#countdown); });
  }

  /** @param {string} topic */
  wants(topic) {
    return ["servers", "channels", "connection", "users", "route"].includes(topic);
  }

  render() {
    const { store } = this.client;
    const { route, channel } = store;
    this.#drawBanner();
    this.#drawTitle();
    this.#drawTools();
    this.#drawSide();
    const section = route.page === "home" ? ` ${store.section} ${store.servers.size}` : "";
    const page = !store.ready ? "wait" : route.page !== "channel" ? route.page + section : channel ? `channel ${channel.channel_id}` : "unknown";
    const able = channel ? ` ${store.can(channel, "send_messages")}` : "";
    if (page + able === this.#drawn) return;
    if (this.#drawn && !this.#browsing) this.#drawer(false);
    this.#browsing = false;
    this.#drawn = page + able;
    this.#page.replaceChildren(...this.#content());
    if (matchMedia("(pointer: fine)").matches) /** @type {HTMLElement | null} */ (this.querySelector("message-composer textarea"))?.focus();
  }

  /** @param {boolean} open */
  #drawer(open) {
    const was = this.classList.contains("drawer");
    this.classList.toggle("drawer", open);
    this.#menu.setAttribute("aria-expanded", String(open));
    if (open) this.#nav.querySelector("button")?.focus();
    else if (was) this.#menu.focus();
  }

  // ---- the panel beside the messages

  /** Opens a panel, or closes it if it is open. @param {string} name @param {boolean} [stay] open it in any case */
  #open(name, stay = false) {
    const before = this.#panel;
    this.#panel = name === before && !stay ? "" : name;
    if (this.#panel !== "search") remember("panel", this.#panel);
    this.#drawTools();
    this.#drawSide();
    if (!this.#panel && before) /** @type {HTMLElement | null} */ (this.#tools.querySelector(`[data-panel="${before}"]`))?.focus();
  }

  #drawTools() {
    const { channel } = this.client.store;
    const names = channel ? Object.keys(PANELS).filter((name) => name !== "members" || channel.type !== "dm") : [];
    const look = `${names} ${this.#panel} ${channel?.server_id}`;
    if (this.#tools.dataset.look === look) return;
    this.#tools.dataset.look = look;
    this.#tools.replaceChildren(...names.map((name) => h("button", { class: "quiet", "data-panel": name, "aria-pressed": String(this.#panel === name),
      "aria-label": t(PANELS[name].label), title: t(PANELS[name].label), onclick: () => this.#open(name) }, icon(PANELS[name].icon))));
    if (!channel) return;
    const label = t(channel.server_id ? "channels.menu" : "conversation.menu");
    const more = h("button", { class: "quiet", "aria-haspopup": "menu", "aria-label": label, title: label,
      onclick: () => openPlaceMenu(this.client, more, { channel: String(this.client.store.channel?.channel_id) }) }, icon("more"));
    this.#tools.append(more);
  }

  #drawSide() {
    const { channel } = this.client.store;
    const shown = channel && this.#panel && (this.#panel !== "members" || channel.type !== "dm") ? this.#panel : "";
    const beside = shown === "members" ? `${shown} ${channel?.server_id ?? channel?.channel_id}` : shown === "pins" ? `${shown} ${channel?.channel_id}` : shown;
    if (beside === this.#beside) return;
    this.#beside = beside;
    this.#side.hidden = !shown;
    this.#side.replaceChildren(...(shown ? [later(PANELS[shown].tag, { client: this.client }, this.client.shown())] : []));
  }

  // ---- the head

  #drawBanner() {
    const { store, gateway } = this.client;
    const { connection, ready } = store;
    this.classList.toggle("offline", connection !== "ready");
    if (this.#banner.dataset.state === connection) return;
    this.#banner.dataset.state = connection;
    clearInterval(this.#countdown);
    if (connection === "ready") return this.#banner.replaceChildren();
    if (connection === "connecting") return this.#banner.replaceChildren(h("span", {}, ready ? t("shell.reconnecting") : t("shell.connecting")));
    const left = h("span", { class: "left", "aria-hidden": "true" });
    const count = () => {
      const seconds = Math.max(0, Math.ceil((gateway.retryAt - Date.now()) / 1000));
      left.textContent = t("shell.retry_in", { count: seconds });
    };
    count();
    this.#countdown = setInterval(count, 1000);
    this.#banner.replaceChildren(h("span", {}, t("shell.offline")), left, h("button", { class: "link", onclick: () => gateway.retryNow() }, t("shell.retry_now")));
  }

  #drawTitle() {
    const { store } = this.client;
    const { channel, route } = store;
    const server = store.servers.get(store.section);
    const pages = { home: server ? server.name : t("shell.home"), settings: t("settings.title"), admin: t("admin.title"), channel: "", invite: "" };
    const name = channel ? store.channelName(channel) : pages[route.page];
    const look = `${name}\n${channel?.topic}\n${channel?.server_id}`;
    if (this.#title.dataset.look === look) return;
    this.#title.dataset.look = look;
    this.#title.replaceChildren(channel?.server_id ? icon("hash") : "", name && h("h1", { dir: "auto" }, name),
      channel?.topic ? h("span", { class: "topic", dir: "auto", title: channel.topic }, channel.topic) : "");
  }

  // ---- the page

  #content() {
    const { client } = this;
    const { route, channel } = client.store;
    if (!client.store.ready) return [h("div", { class: "empty" }, h("h1", { class: "sr-only" }, "chatd"))];
    if (route.page === "settings") return [later("settings-page", { client })];
    if (route.page === "admin") return [later("admin-page", { client })];
    if (route.page === "channel") {
      return channel ? [h("message-timeline", { client, channel }), h("message-composer", { client, channel })] : [this.#unknown()];
    }
    return [this.#home()];
  }

  #unknown() {
    return h("div", { class: "empty" }, h("h1", {}, t("shell.unknown_title")), h("p", {}, t("shell.unknown")),
      h("button", { class: "primary", onclick: () => this.client.go({ page: "home" }, { replace: true }) }, t("shell.go_home")));
  }

  #home() {
    const { client } = this;
    const { store } = client;
    const server = store.servers.get(store.section);
    if (server) {
      const manage = store.can(server, "manage_channels");
      return h("div", { class: "empty" }, h("h2", { dir: "auto" }, server.name),
        h("p", {}, membersText(server.member_count), ". ", manage ? t("shell.no_channel") : t("shell.no_open_channel")),
        manage && h("button", { class: "primary", onclick: () => this.tell("dialog", question("createChannel", client, server.server_id)) }, t("channels.create")));
    }
    const name = store.user?.display_name || store.user?.username || "";
    const [first] = store.servers.values();
    const invite = () => this.tell("overlay", question("invitePeople", first.server_id));
    return h("div", { class: "empty" }, h("h2", { dir: "auto" }, t("shell.hello", { name })),
      h("p", {}, first ? t("shell.choose") : t("shell.first_server")),
      h("div", { class: "actions" },
        first && store.can(first, "create_invite") ? h("button", { class: "primary", onclick: invite }, icon("invite"), t("servers.invite"))
          : h("button", { class: "primary", onclick: () => this.tell("dialog", question("createServer", client)) }, icon("plus"), t("servers.create")),
        h("button", { onclick: () => this.tell("dialog", question("joinServer", client)) }, icon("link"), t("servers.join_link"))));
  }
}

customElements.define("chat-shell", ChatShell);
