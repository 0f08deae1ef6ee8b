/** The channels of a server, or the direct messages; below them, oneself. */
import { avatar, h, openPlaceMenu, reconcile, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { base, routePath } from "../../lib/route.js";
import { statusText } from "../../lib/text.js";
import { t } from "../../lib/words.js";
import { isMuted } from "../../state/notify.js";

/** Says that something is muted. */
const hushed = () => [icon("bellOff"), h("span", { class: "sr-only" }, `, ${t("channels.muted")}`)];

class ChannelList extends View {
  #head = h("header", { class: "head" });
  #list = h("ol", { class: "channels" });
  #empty = h("p", { class: "hint" }, t("channels.no_direct"));
  #self = h("footer", { class: "self" });

  setup() {
    this.append(this.#head, h("nav", { "aria-label": t("channels.label") }, this.#list, this.#empty), this.#self);
  }

  /** @param {string} topic */
  wants(topic) {
    return topic !== "messages" && topic !== "typing";
  }

  render() {
    const { store } = this.client;
    const server = store.servers.get(store.section) ?? null;
    const channels = server ? store.channelsOf(server.server_id) : store.directChannels();
    this.#drawHead(server);
    this.#drawSelf();
    this.#empty.hidden = Boolean(server) || channels.length > 0;
    reconcile(this.#list, channels, (channel) => `${channel.channel_id} ${channel.type}`,
      (channel) => (channel.type === "category" ? h("li", { class: "category" }) : h("li", {}, h("a", {}))),
      (item, channel) => (channel.type === "category" ? item.replaceChildren(channel.name) : this.#drawChannel(item.firstElementChild, channel)));
  }

  /** @param {import("../../types.js").FullServer | null} server */
  #drawHead(server) {
    const name = server?.name ?? t("servers.direct");
    const muted = Boolean(server) && isMuted(String(server?.server_id), this.client.store);
    const look = `${server?.server_id}\n${name}\n${muted}`;
    if (this.#head.dataset.look === look) return;
    this.#head.dataset.look = look;
    if (!server) {
      const label = t("conversation.title");
      return this.#head.replaceChildren(h("h2", {}, name),
        h("button", { class: "quiet", "aria-label": label, title: label, onclick: () => this.tell("overlay", { tag: "new-conversation" }) }, icon("plus")));
    }
    const id = server.server_id;
    const open = () => openPlaceMenu(this.client, menu, { server: id });
    const menu = h("button", { class: "server-name", "aria-haspopup": "menu", title: name, onclick: open },
      h("h2", { dir: "auto" }, name), ...(muted ? hushed() : []), icon("expand"));
    this.#head.replaceChildren(menu);
  }

  /** @param {HTMLAnchorElement} link @param {import("../../types.js").Channel} channel */
  #drawChannel(link, channel) {
    const { store } = this.client;
    const id = channel.channel_id;
    const name = store.channelName(channel);
    const open = store.channel?.channel_id === id;
    const mentions = store.mentions(id);
    const unread = store.news(id) && !open;
    const muted = isMuted(id, store);
    const [other] = channel.type === "dm" ? store.others(channel) : [];
    const status = other ? store.presences.get(other.user_id) ?? "offline" : "";
    link.href = routePath({ page: "channel", server: channel.server_id, channel: id });
    link.dataset.menu = `channel ${id}`;
    link.classList.toggle("unread", unread);
    link.classList.toggle("muted", muted);
    if (open) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    const look = [name, mentions, unread, muted, status, channel.parent_id].join("\n");
    if (link.dataset.look === look) return;
    link.dataset.look = look;
    const who = other ? store.users.get(other.user_id) ?? other : null;
    const picture = channel.server_id ? icon("hash") : avatar(who?.user_id ?? id, name, who?.avatar_url ?? null);
    link.replaceChildren(status ? h("span", { class: "with-status" }, picture, h("span", { class: `status ${status}` })) : picture,
      h("span", { class: "name", dir: "auto" }, name), status ? h("span", { class: "sr-only" }, `, ${statusText(status)}`) : "",
      ...(muted ? hushed() : []),
      mentions ? h("span", { class: "badge" }, mentions, h("span", { class: "sr-only" }, ` ${t("channels.for_you")}`)) : unread ? h("span", { class: "sr-only" }, `, ${t("channels.unread")}`) : "");
  }

  #drawSelf() {
    const { user } = this.client.store;
    if (!user) return;
    const name = user.display_name || user.username;
    const status = this.client.store.connection === "ready" ? user.status : "offline";
    const look = `${name}\n${user.avatar_url}\n${status}`;
    if (this.#self.dataset.look === look) return;
    this.#self.dataset.look = look;
    this.#self.replaceChildren(
      h("span", { class: "with-status" }, avatar(user.user_id, name, user.avatar_url), h("span", { class: `status ${status}` })),
      h("span", { class: "who" }, h("span", { class: "name", dir: "auto" }, name), h("span", { class: "hint" }, statusText(status))),
      h("a", { class: "button quiet", href: `${base.pathname}help`, target: "_blank", "aria-label": t("help.title"), title: t("help.title") }, icon("help")),
      h("a", { class: "button quiet", href: routePath({ page: "settings" }), "aria-label": t("settings.title"), title: t("settings.title") }, icon("settings")));
  }
}

customElements.define("channel-list", ChannelList);
