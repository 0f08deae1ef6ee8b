/** Begins a conversation: with one person, or with several as a group. */
import { avatar, h, reconcile, View } from "../../lib/dom.js";
import { fold } from "../../lib/completion.js";
import { icon } from "../../lib/icons.js";
import { closesBeside } from "../../lib/panel.js";
import { problemText, t } from "../../lib/words.js";

const OTHERS_MAX = 9;
const SHOWN = 40;
const ASK_AFTER_MS = 250;

/** @typedef {import("../../types.js").Author} Author */

class NewConversation extends View {
  /** @type {Map<string, Author>} */ #chosen = new Map();
  /** Found by the server, beside those known already. @type {Map<string, Author>} */ #found = new Map();
  #timer = 0;
  #input = h("input", { type: "search", dir: "auto", autocomplete: "off", maxLength: 32, placeholder: t("conversation.search"), "aria-label": t("conversation.search"), oninput: () => this.#typed() });
  #list = h("ul", { class: "people" });
  #none = h("p", { class: "hint", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #go = h("button", { class: "primary", disabled: true }, t("conversation.one"));
  #dialog = h("dialog", { class: "dialog conversation", "aria-labelledby": "conversation-title", onclose: () => this.remove() });

  setup() {
    const form = h("form", { class: "stack" }, h("h2", { id: "conversation-title" }, t("conversation.title")),
      h("label", { class: "field" }, this.#input), this.#list, this.#none, this.#problem,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => this.#dialog.close() }, t("dialog.cancel")), this.#go));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#begin(); });
    this.#dialog.append(form);
    this.append(this.#dialog);
    closesBeside(this.#dialog);
    this.atEnd(() => clearTimeout(this.#timer));
    this.#dialog.showModal();
    this.#input.focus();
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users";
  }

  render() {
    const { store } = this.client;
    const wanted = fold(this.#input.value.trim());
    const names = (/** @type {Author} */ one) => [one.username, one.display_name ?? ""].map(fold);
    const known = new Map([...this.#chosen, ...this.#found, ...store.users]);
    known.delete(store.user?.user_id ?? "");
    const people = [...known.values()].filter((one) => this.#chosen.has(one.user_id) || names(one).some((name) => name.includes(wanted)))
      .sort((a, b) => (a.display_name || a.username).localeCompare(b.display_name || b.username)).slice(0, SHOWN);
    reconcile(this.#list, people, (one) => one.user_id, (one) => {
      const name = one.display_name || one.username;
      const box = h("input", { type: "checkbox", onchange: () => this.#choose(one, box) });
      return h("li", {}, h("label", {}, avatar(one.user_id, name, one.avatar_url), h("span", { class: "who" }, h("span", { class: "name", dir: "auto" }, name), h("span", { class: "hint" }, `@${one.username}`)), box));
    }, (item, one) => {
      const box = /** @type {HTMLInputElement} */ (item.querySelector("input"));
      box.checked = this.#chosen.has(one.user_id);
      box.disabled = !box.checked && this.#chosen.size >= OTHERS_MAX;
    });
    this.#none.textContent = people.length ? "" : t("conversation.none");
    this.#go.disabled = this.#chosen.size === 0;
    this.#go.replaceChildren(this.#chosen.size > 1 ? icon("users") : icon("message"), this.#chosen.size > 1 ? t("conversation.group", { count: this.#chosen.size + 1 }) : t("conversation.one"));
  }

  /** @param {Author} one @param {HTMLInputElement} box */
  #choose(one, box) {
    if (box.checked) this.#chosen.set(one.user_id, one);
    else this.#chosen.delete(one.user_id);
    this.render();
  }

  #typed() {
    this.render();
    clearTimeout(this.#timer);
    const query = this.#input.value.trim();
    if (query) this.#timer = setTimeout(() => this.#ask(query), ASK_AFTER_MS);
  }

  /** Whom one knows from the servers one is in. @param {string} query */
  async #ask(query) {
    const { api, store } = this.client;
    const answers = await Promise.all([...store.servers.keys()].map((id) => api.request("GET", `servers/${id}/members?limit=10&query=${encodeURIComponent(query)}`).catch(() => [])));
    for (const { user } of answers.flat()) this.#found.set(user.user_id, user);
    if (this.isConnected) this.render();
  }

  async #begin() {
    const { api, store } = this.client;
    const ids = [...this.#chosen.keys()];
    this.#go.disabled = true;
    try {
      const channel = await api.request("POST", "users/@me/dm-channels", ids.length === 1 ? { recipient_id: ids[0] } : { recipient_ids: ids });
      await store.until(() => store.channels.has(channel.channel_id));
      this.#dialog.close();
      this.client.go({ page: "channel", server: null, channel: channel.channel_id });
    } catch (error) {
      this.#problem.textContent = problemText(error);
      this.#go.disabled = false;
    }
  }
}

customElements.define("new-conversation", NewConversation);
