/** One message: who, when, what, and what its author may do with it. */
import { Problem } from "../../lib/api.js";
import { deleteMessage, failed } from "../../lib/dialogs.js";
import { avatar, h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { routePath } from "../../lib/route.js";
import { clockText, fullText, pieces, timeText } from "../../lib/text.js";
import { OP } from "../../lib/ops.js";

/** @typedef {import("../../types.js").Message} Message */

class MessageRow extends View {
  /** @type {{message: Message, grouped: boolean} | null} */ #item = null;
  #editing = false;

  /** @param {{message: Message, grouped: boolean}} item */
  set item(item) {
    const same = this.#item?.message === item.message && this.#item.grouped === item.grouped;
    this.#item = item;
    if (!same && this.isConnected && !this.#editing) this.render();
  }

  get item() {
    return /** @type {{message: Message, grouped: boolean}} */ (this.#item);
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users" && !this.#editing;
  }

  setup() {
    this.tabIndex = -1; // A tap focuses the row, and so shows its buttons.
  }

  render() {
    const { message, grouped } = this.item;
    const { store } = this.client;
    const user = store.users.get(message.author.user_id) ?? message.author;
    const time = new Date(message.timestamp);
    const name = user.display_name || user.username;
    const serverId = store.channels.get(message.channel_id)?.server_id ?? null;
    const ask = (/** @type {Event} */ { currentTarget: near }) =>
      this.tell("overlay", { tag: "person-card", userId: user.user_id, serverId, near });
    const stamp = h("time", { dateTime: message.timestamp, title: fullText(time) }, grouped ? clockText(time) : timeText(time));
    this.className = [grouped ? "grouped" : "", message.pending ?? "", this.#namesMe(message) ? "for-me" : ""].filter(Boolean).join(" ");
    this.replaceChildren(
      this.#quote(message) ?? "",
      h("div", { class: "gutter" }, grouped ? stamp : h("button", { class: "bare", tabIndex: -1, "aria-hidden": "true", onclick: ask }, avatar(user.user_id, name, user.avatar_url))),
      h("div", { class: "body" },
        grouped ? h("span", { class: "sr-only" }, `${name}: `) : h("div", { class: "by" }, h("button", { class: "bare author", dir: "auto", onclick: ask }, name), " ", stamp),
        this.#editing ? this.#editor() : this.#content(message), this.#extras(message), this.#state(message)),
      this.#tools(message) ?? "");
  }

  /** Opens the editor in the message's place. */
  edit() {
    this.#editing = true;
    this.render();
    const area = this.querySelector("textarea");
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
    this.scrollIntoView({ block: "nearest" });
  }

  /** @param {Message} message */
  #namesMe(message) {
    const { user, servers, channels } = this.client.store;
    const roles = servers.get(channels.get(message.channel_id)?.server_id ?? "")?.member.roles ?? [];
    return message.mention_everyone || message.mentions.includes(user?.user_id ?? "") || message.mention_roles.some((role) => roles.includes(role));
  }

  /** @param {Message} message */
  #quote({ reply_to: quoted }) {
    if (!quoted) return null;
    return h("div", { class: "quote", dir: "auto" }, quoted.author ? h("b", {}, this.client.store.name(quoted.author.user_id), " ") : "",
      quoted.deleted ? "The message was deleted" : quoted.content ?? "");
  }

  /** @param {Message} message */
  #content(message) {
    const { store } = this.client;
    return h("div", { class: "content", dir: "auto" }, ...pieces(message.content).map((piece) => {
      if ("link" in piece) return h("a", { href: piece.link, target: "_blank", rel: "noopener noreferrer" }, piece.text);
      if ("user" in piece) return h("span", { class: "mention" }, `@${store.name(piece.user)}`);
      if ("everyone" in piece) return message.mention_everyone ? h("span", { class: "mention" }, "@everyone") : "@everyone";
      if (!("channel" in piece)) return piece.text;
      const channel = store.channels.get(piece.channel);
      return channel ? h("a", { class: "mention", href: routePath({ page: "channel", server: channel.server_id, channel: piece.channel }) }, `#${channel.name}`) : "#unknown";
    }), message.edited_at && h("span", { class: "edited", title: fullText(new Date(message.edited_at)) }, " (edited)"));
  }

  /** @param {Message} message */
  #extras({ attachments, reactions = [] }) {
    if (!attachments.length && !reactions.length) return null;
    return h("div", { class: "extras" },
      ...attachments.map(({ url, filename }) => h("a", { class: "chip", href: url, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, filename)),
      ...reactions.map(({ emoji, count, me }) => h("span", { class: me ? "chip me" : "chip" }, `${emoji} ${count}`)));
  }

  /** What became of a message that the server has not confirmed. @param {Message} message */
  #state({ pending, refusal, channel_id: channel, nonce = "" }) {
    if (pending !== "offline" && pending !== "refused") return null;
    const { outbox } = this.client;
    return h("div", { class: "state", role: "alert" }, refusal ? `Not sent: ${refusal}` : "Not sent yet.",
      h("button", { class: "link", onclick: () => outbox.retry(channel, nonce) }, "Try again"),
      h("button", { class: "link", onclick: () => outbox.discard(channel, nonce) }, "Delete"));
  }

  /** @param {Message} message */
  #tools(message) {
    const { store } = this.client;
    const own = message.author.user_id === store.user?.user_id;
    const channel = store.channels.get(message.channel_id);
    const remove = own || Boolean(channel?.server_id && store.can(channel, "manage_messages"));
    if (message.pending || this.#editing || !remove) return null;
    return h("div", { class: "tools" },
      own && h("button", { class: "quiet", "aria-label": "Edit", title: "Edit", onclick: () => this.edit() }, icon("edit")),
      h("button", { class: "quiet", "aria-label": "Delete", title: "Delete (Shift: without asking)", onclick: (/** @type {MouseEvent} */ event) => this.#delete(event.shiftKey) }, icon("trash")));
  }

  /** @param {boolean} sure */
  async #delete(sure) {
    const { message } = this.item;
    const remove = async () => {
      await this.client.api.request("DELETE", this.#path(message)).catch((error) => {
        if (!(error instanceof Problem) || error.status !== 404) throw error;
      });
      this.client.store.apply(OP.MESSAGE_DELETE, message);
    };
    if (!sure) return this.tell("dialog", deleteMessage(remove));
    await remove().catch((error) => this.tell("dialog", failed(error)));
  }

  #editor() {
    const { content } = this.item.message;
    const area = h("textarea", { value: content, "aria-label": "Edit the message", maxLength: 8000, rows: Math.min(content.split("\n").length, 12), dir: "auto" });
    area.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.#close(event);
      if (event.key === "Enter" && !event.shiftKey) this.#save(area.value, event);
    });
    return h("div", { class: "editor" }, area, h("div", { class: "actions" },
      h("button", { onclick: (/** @type {Event} */ event) => this.#close(event) }, "Cancel"),
      h("button", { class: "primary", onclick: (/** @type {Event} */ event) => this.#save(area.value, event) }, "Save")));
  }

  /** @param {Event} event */
  #close(event) {
    event.preventDefault();
    event.stopPropagation();
    this.#editing = false;
    this.render();
    this.tell("edited");
  }

  /** @param {string} text @param {Event} event */
  async #save(text, event) {
    const { message } = this.item;
    const content = text.trim();
    this.#close(event);
    if (!content || content === message.content) return;
    try {
      this.client.store.apply(OP.MESSAGE_UPDATE, await this.client.api.request("PATCH", this.#path(message), { content }));
    } catch (error) {
      this.tell("dialog", failed(error));
    }
  }

  /** @param {Message} message */
  #path(message) {
    return `channels/${message.channel_id}/messages/${message.message_id}`;
  }
}

customElements.define("message-row", MessageRow);
