/** The whole chat: servers, channels, and beside them what the address names. On a phone the lists are a drawer. */
import { h, later, View } from "../../lib/dom.js";
import { createChannel, createServer, failed, invitePeople, joinServer } from "../../lib/dialogs.js";
import { icon } from "../../lib/icons.js";
import { membersText } from "../../lib/text.js";

class ChatShell extends View {
  #nav = h("div", { class: "nav", id: "nav" });
  #menu = h("button", { class: "quiet menu", "aria-label": "Servers and channels", "aria-controls": "nav", onclick: () => this.#drawer(true) }, icon("menu"));
  #title = h("div", { class: "title" });
  #banner = h("div", { class: "banner", role: "status" });
  #page = h("div", { class: "page" });
  /** What stands in the page now. */ #drawn = "";
  /** Whether a server was just chosen in the drawer: its channels come next, so the drawer stays. */ #browsing = false;

  setup() {
    const { client } = this;
    this.#nav.replaceChildren(h("server-rail", { client }), h("channel-list", { client }));
    this.append(this.#nav, h("button", { class: "scrim", tabIndex: -1, "aria-label": "Close", onclick: () => this.#drawer(false) }),
      h("main", {}, h("header", { class: "head" }, this.#menu, this.#title), this.#banner, this.#page));
    this.#drawn = "";
    this.#nav.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      this.#browsing = Boolean(target.closest("server-rail li"));
      if (target.closest("a")) this.#drawer(false);
    }, { capture: true });
    this.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.classList.contains("drawer")) this.#drawer(false); });
    this.addEventListener("editlast", () => this.querySelector("message-timeline")?.editLast());
    this.addEventListener("sent", () => this.querySelector("message-timeline")?.toBottom());
  }

  /** @param {string} topic */
  wants(topic) {
    return topic !== "messages" && topic !== "typing" && topic !== "reads" && topic !== "presence";
  }

  render() {
    const { store } = this.client;
    const { route, channel } = store;
    this.#drawBanner();
    this.#drawTitle();
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

  #drawBanner() {
    const { connection, ready } = this.client.store;
    this.classList.toggle("offline", connection !== "ready");
    if (this.#banner.dataset.state === connection) return;
    this.#banner.dataset.state = connection;
    if (connection === "ready") return this.#banner.replaceChildren();
    const text = connection === "waiting" ? "No connection. What you write is kept and sent later." : ready ? "Reconnecting…" : "Connecting…";
    this.#banner.replaceChildren(h("span", {}, text),
      connection === "waiting" ? h("button", { class: "link", onclick: () => this.client.gateway.retryNow() }, "Retry now") : "");
  }

  #drawTitle() {
    const { store } = this.client;
    const { channel, route } = store;
    const server = store.servers.get(store.section);
    const pages = { home: server ? server.name : "Home", settings: "Settings", admin: "Administration", help: "Help", channel: "", invite: "" };
    const name = channel ? store.channelName(channel) : pages[route.page];
    const look = `${name}\n${channel?.topic}\n${channel?.server_id}`;
    if (this.#title.dataset.look === look) return;
    this.#title.dataset.look = look;
    this.#title.replaceChildren(channel?.server_id ? icon("hash") : "", h("h2", { dir: "auto" }, name),
      channel?.topic ? h("span", { class: "topic", dir: "auto", title: channel.topic }, channel.topic) : "");
  }

  #content() {
    const { client } = this;
    const { route, channel } = client.store;
    if (!client.store.ready) return [h("div", { class: "empty" })];
    if (route.page === "settings") return [later("settings-page", { client })];
    if (route.page === "admin" || route.page === "help") return [later("about-page", { client })];
    if (route.page === "channel") {
      return channel ? [h("message-timeline", { client, channel }), h("message-composer", { client, channel })] : [this.#unknown()];
    }
    return [this.#home()];
  }

  #unknown() {
    return h("div", { class: "empty" }, h("h1", {}, "Nothing to see here"),
      h("p", {}, "This channel is gone, or it is not open to you."),
      h("button", { class: "primary", onclick: () => this.client.go({ page: "home" }, { replace: true }) }, "Go home"));
  }

  #home() {
    const { client } = this;
    const { store } = client;
    const server = store.servers.get(store.section);
    if (server) {
      const manage = store.can(server, "manage_channels");
      return h("div", { class: "empty" }, h("h1", { dir: "auto" }, server.name),
        h("p", {}, `${membersText(server.member_count)}, and no channel ${manage ? "yet. Make the first one." : "that is open to you yet."}`),
        manage && h("button", { class: "primary", onclick: () => this.tell("dialog", createChannel(client, server.server_id)) }, "Create a channel"));
    }
    const name = store.user?.display_name || store.user?.username;
    const [first] = store.servers.values();
    const invite = async () => this.tell("dialog", await invitePeople(client, first.server_id).catch(failed));
    return h("div", { class: "empty" }, h("h1", { dir: "auto" }, `Hello, ${name}`),
      h("p", {}, first ? "Choose a server or a conversation on the left, or bring somebody in."
        : "A server is a place for your people, with channels to talk in. Make your own, or join one with the link that somebody sent you."),
      h("div", { class: "actions" },
        first && store.can(first, "create_invite") ? h("button", { class: "primary", onclick: invite }, icon("invite"), "Invite people")
          : h("button", { class: "primary", onclick: () => this.tell("dialog", createServer(client)) }, icon("plus"), "Create a server"),
        h("button", { onclick: () => this.tell("dialog", joinServer(client)) }, icon("link"), "Join with a link")));
  }
}

customElements.define("chat-shell", ChatShell);
