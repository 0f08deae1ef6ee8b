/** The servers, one under the other; above them the direct messages. */
import { avatar, h, question, reconcile, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { t } from "../../lib/words.js";
import { isMuted } from "../../state/notify.js";

class ServerRail extends View {
  #list = h("ol", { class: "servers" });

  setup() {
    const { client } = this;
    this.append(h("nav", { "aria-label": t("servers.label") }, this.#list),
      h("div", { class: "more" },
        h("button", { class: "round", "aria-label": t("servers.create"), title: t("servers.create"), onclick: () => this.tell("dialog", question("createServer", client)) }, icon("plus")),
        h("button", { class: "round", "aria-label": t("servers.join"), title: t("servers.join"), onclick: () => this.tell("dialog", question("joinServer", client)) }, icon("link"))));
  }

  /** @param {string} topic */
  wants(topic) {
    return ["servers", "channels", "reads", "route", "settings"].includes(topic);
  }

  render() {
    const { store } = this.client;
    const channels = [...store.channels.values()];
    const sections = [{ id: "@me", name: t("servers.direct"), url: null }, ...[...store.servers.values()]
      .map((server) => ({ id: server.server_id, name: server.name, url: server.icon_url }))];
    reconcile(this.#list, sections, ({ id }) => id, ({ id }) => h("li", {}, this.#button(id)), (item, { id, name, url }) => {
      const button = item.firstElementChild;
      const mine = channels.filter((channel) => (channel.server_id ?? "@me") === id && channel.type !== "category");
      const mentions = mine.reduce((sum, channel) => sum + store.mentions(channel.channel_id), 0);
      const unread = mine.some((channel) => store.news(channel.channel_id));
      const muted = isMuted(id, store);
      const told = mentions ? `, ${mentions} ${t("channels.for_you")}` : unread ? `, ${t("channels.unread")}` : "";
      button.setAttribute("aria-label", `${name}${told}${muted ? `, ${t("channels.muted")}` : ""}`);
      button.title = name;
      if (store.section === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      button.classList.toggle("unread", unread);
      button.classList.toggle("muted", muted);
      const look = `${name}\n${url}\n${mentions}`;
      if (button.dataset.look === look) return;
      button.dataset.look = look;
      button.replaceChildren(id === "@me" ? icon("message") : avatar(id, name, url), ...(mentions ? [h("span", { class: "badge", "aria-hidden": "true" }, mentions)] : []));
    });
  }

  /** @param {string} id */
  #button(id) {
    const open = () => (id === "@me" ? this.client.go({ page: "home" }) : this.client.openServer(id));
    return h("button", { class: "round", "data-menu": id === "@me" ? null : `server ${id}`, onclick: open });
  }
}

customElements.define("server-rail", ServerRail);
