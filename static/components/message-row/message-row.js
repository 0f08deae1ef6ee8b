/** One message: who, when, what, and what one may do with it. */
import { avatar, h, question, View } from "../../lib/dom.js";
import { parse } from "../../lib/markdown.js";
import { OP } from "../../lib/ops.js";
import { render } from "../../lib/render.js";
import { routePath } from "../../lib/route.js";
import { clockText, fullText, markupWords, plain, resolver, timeText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { names } from "../../state/notify.js";
import { attachments, drawProgress } from "./attachments.js";
import { reactions } from "./reactions.js";
import { state } from "./state.js";
import { actions, onTouch, toolbar } from "./tools.js";

/** @typedef {import("../../types.js").Message} Message */

class MessageRow extends View {
  /** @type {{message: Message, grouped: boolean} | null} */ #item = null;
  #editing = false;
  /** Spoilers that were opened. @type {Set<number>} */ #revealed = new Set();

  /** @param {{message: Message, grouped: boolean}} item */
  set item(item) {
    const same = this.#item?.message === item.message && this.#item.grouped === item.grouped;
    this.#item = item;
    if (!same && this.isConnected && !this.#editing) this.render();
  }

  get item() {
    return /** @type {{message: Message, grouped: boolean}} */ (this.#item);
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    if (topic === "uploads" && id === this.item.message.nonce) drawProgress(this);
    return (topic === "users" || (topic === "blocks" && this.item.message.reply_to !== null)) && !this.#editing;
  }

  setup() {
    this.setAttribute("role", "article");
    this.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["pointerenter", "focusin"]) this.addEventListener(type, () => this.arm());
    onTouch(this);
  }

  /** Puts the buttons there once somebody comes near: 200 rows of them would be most of the page. */
  arm() {
    if (!this.item.message.pending && !this.#editing && !this.querySelector(".tools")) this.append(toolbar(this));
  }

  render() {
    const { message, grouped } = this.item;
    const { store } = this.client;
    const user = store.users.get(message.author.user_id) ?? message.author;
    const time = new Date(message.timestamp);
    const name = user.display_name || user.username;
    const ask = () => this.tell("overlay", { tag: "person-card", userId: user.user_id, serverId: store.channels.get(message.channel_id)?.server_id ?? null });
    const stamp = h("time", { dateTime: message.timestamp, title: fullText(time) }, grouped ? clockText(time) : timeText(time));
    this.className = [grouped ? "grouped" : "", message.pending ?? "", names(message, store) ? "for-me" : ""].filter(Boolean).join(" ");
    this.setAttribute("aria-label", t("message.label", { name, time: timeText(time) }));
    const focused = this.contains(document.activeElement) && document.activeElement !== this;
    this.replaceChildren(
      this.#quote(message) ?? "",
      h("div", { class: "gutter" }, grouped ? stamp
        : h("button", { class: "bare", tabIndex: -1, "aria-hidden": "true", onclick: ask }, avatar(user.user_id, name, user.avatar_url))),
      h("div", { class: "body" },
        grouped ? "" : h("div", { class: "by" }, h("button", { class: "bare author", dir: "auto", onclick: ask }, name), " ", stamp),
        this.#editing ? this.#editor() : this.#content(message),
        attachments(this, message) ?? "", reactions(this, message) ?? "", state(this, message) ?? ""));
    if (this.matches(":hover, :focus-within")) this.arm();
    if (focused && !this.#editing) this.focus({ preventScroll: true });
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
  #quote({ reply_to: quoted, channel_id: channel }) {
    if (!quoted) return null;
    const { client } = this;
    if (quoted.deleted) return h("div", { class: "quote" }, h("i", {}, t("message.quote_deleted")));
    const server = client.store.channels.get(channel)?.server_id ?? null;
    const onclick = () => client.go({ page: "channel", server, channel, message: quoted.message_id });
    if (client.store.blocked.has(quoted.author?.user_id ?? "")) {
      return h("button", { class: "quote", onclick }, h("i", {}, t("message.quote_blocked")));
    }
    const author = quoted.author ? client.store.name(quoted.author.user_id) : "";
    const text = plain(client.store, { content: quoted.content ?? "" }) || t("message.quote_file");
    return h("button", { class: "quote", dir: "auto", "aria-label": t("message.quote_label", { name: author, text }), onclick },
      h("b", {}, author), " ", text);
  }

  /** @param {Message} message */
  #content(message) {
    if (!message.content) return "";
    const { store } = this.client;
    const server = store.channels.get(message.channel_id)?.server_id ?? null;
    const warn = (/** @type {string} */ url, /** @type {Event} */ event) => {
      event.preventDefault();
      this.tell("dialog", question("misleadingLink", url));
    };
    const nodes = render(parse(message.content), {
      resolve: resolver(store, server, (userId) => this.tell("overlay", { tag: "person-card", userId, serverId: server })),
      everyone: message.mention_everyone, revealed: this.#revealed, warn, copy: (text) => this.copy(text),
      words: markupWords(),
    });
    const edited = message.edited_at && h("span", { class: "edited", title: fullText(new Date(message.edited_at)) }, ` ${t("message.edited")}`);
    return h("div", { class: "content", dir: "auto" }, ...nodes, edited);
  }

  /** @param {string} text */
  async copy(text) {
    const copied = navigator.clipboard ? await navigator.clipboard.writeText(text).then(() => true, () => false) : copyByCommand(text);
    this.tell("toast", { text: t(copied ? "message.copied" : "message.not_copied") });
  }

  /** Where the message is found again. */
  get link() {
    const { message } = this.item;
    const server = this.client.store.channels.get(message.channel_id)?.server_id ?? null;
    return new URL(routePath({ page: "channel", server, channel: message.channel_id, message: message.message_id }), location.origin).href;
  }

  get path() {
    const { message } = this.item;
    return `channels/${message.channel_id}/messages/${message.message_id}`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this || event.ctrlKey || event.metaKey || event.altKey || this.item.message.pending) return;
    const known = actions(this);
    const action = { e: known.edit, r: known.reply, a: known.react, m: known.more, Enter: known.more, Delete: known.remove, ContextMenu: known.more }[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action(event.shiftKey);
  }

  #editor() {
    const { content } = this.item.message;
    const area = h("textarea", { value: content, "aria-label": t("message.edit_label"), maxLength: 8000, rows: Math.min(content.split("\n").length, 12), dir: "auto" });
    area.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.#close(event);
      if (event.key === "Enter" && !event.shiftKey && !matchMedia("(pointer: coarse)").matches) this.#save(area.value, event);
    });
    return h("div", { class: "editor" }, area, h("div", { class: "actions" },
      h("button", { onclick: (/** @type {Event} */ event) => this.#close(event) }, t("dialog.cancel")),
      h("button", { class: "primary", onclick: (/** @type {Event} */ event) => this.#save(area.value, event) }, t("dialog.save"))));
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
    if ((!content && !message.attachments.length) || content === message.content) return;
    try {
      this.client.store.apply(OP.MESSAGE_UPDATE, await this.client.api.request("PATCH", this.path, { content }));
    } catch (error) {
      this.tell("dialog", question("failed", error));
    }
  }

  /** What went wrong goes to where it does not stop the reader. @param {unknown} error */
  complain(error) {
    this.tell("toast", { text: problemText(error) });
  }
}

/** On plain http there is no clipboard API; the old command still works there. @param {string} text */
function copyByCommand(text) {
  const area = h("textarea", { value: text, class: "sr-only" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

customElements.define("message-row", MessageRow);
