/** The list of what fits `@ann`, `#gen` or `:smi`; fetched once somebody types such a thing. */
import { avatar, h } from "../../lib/dom.js";
import { applyChoice, findTrigger, fold, rank } from "../../lib/completion.js";
import { loadEmojis } from "../../lib/emoji.js";
import { icon } from "../../lib/icons.js";
import { t } from "../../lib/words.js";

const SHOWN = 8;
const ASK_AFTER_MS = 200;

/** @typedef {{label: string, detail: string, picture: Node | string, shown: string, sent: string}} Choice `shown` in the field, `sent` to the server */

export class Choices {
  /** @type {Choice[]} */ #choices = [];
  /** @type {import("../../lib/completion.js").Trigger | null} */ #trigger = null;
  #at = 0;
  #timer = 0;

  /** @param {import("./completion.js").Completion} field what it completes, and where it is shown */
  constructor(field) {
    this.field = field;
    this.client = field.client;
    this.area = field.area;
    this.channel = field.channel;
    this.element = field.element;
  }

  /** Looks at what stands before the caret. */
  update() {
    clearTimeout(this.#timer);
    this.#trigger = this.area.selectionStart === this.area.selectionEnd ? findTrigger(this.area.value, this.area.selectionStart) : null;
    if (!this.#trigger) return this.close();
    const { kind, query } = this.#trigger;
    if (kind === ":") return void this.#emoji(query);
    this.#show(kind === "@" ? this.#people(query, []) : this.#channels(query));
    const server = this.channel().server_id;
    if (kind === "@" && server && query) this.#timer = setTimeout(() => this.#ask(server, query), ASK_AFTER_MS);
  }

  close() {
    clearTimeout(this.#timer);
    this.element.hidden = true;
    this.area.setAttribute("aria-expanded", "false");
    this.area.removeAttribute("aria-activedescendant");
  }

  /** Whether the key was meant for the list. @param {KeyboardEvent} event */
  key(event) {
    if (this.element.hidden) return false;
    const { length } = this.#choices;
    if (event.key === "ArrowDown") this.#point((this.#at + 1) % length);
    else if (event.key === "ArrowUp") this.#point((this.#at + length - 1) % length);
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#choices[this.#at]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** @param {string} query @param {import("../../types.js").Member[]} found @returns {Choice[]} */
  #people(query, found) {
    const { store } = this.client;
    const channel = this.channel();
    const known = new Map([...store.users, ...found.map((member) => /** @type {const} */ ([member.user.user_id, member.user]))]);
    const others = channel.server_id ? null : new Set(store.others(channel).map((user) => user.user_id));
    const people = [...known.values()].filter((user) => (others ? others.has(user.user_id) : user.user_id !== store.user?.user_id));
    const list = rank(people, query, (user) => [[user.username, user.display_name ?? ""].map(fold)], SHOWN).map((user) => {
      const name = user.display_name || user.username;
      return { label: name, detail: `@${user.username}`, picture: avatar(user.user_id, name, user.avatar_url), shown: `@${name}`, sent: `<@${user.user_id}>` };
    });
    return [...list, ...this.#groups(query)].slice(0, SHOWN);
  }

  /** Roles and everyone, for those who may. @param {string} query @returns {Choice[]} */
  #groups(query) {
    const { store } = this.client;
    const channel = this.channel();
    const server = store.servers.get(channel.server_id ?? "");
    if (!server || !store.can(channel, "mention_everyone")) return [];
    const roles = server.roles.map((role) => (role.role_id === server.server_id
      ? { label: "everyone", detail: t("composer.everyone"), picture: icon("users"), shown: "@everyone", sent: "@everyone" }
      : { label: role.name, detail: t("composer.role"), picture: icon("users"), shown: `@${role.name}`, sent: `<@&${role.role_id}>` }));
    return rank(roles, query, (role) => [[fold(role.label)]], SHOWN);
  }

  /** @param {string} query @returns {Choice[]} */
  #channels(query) {
    const { store } = this.client;
    const channels = store.channelsOf(this.channel().server_id ?? "").filter((channel) => channel.type === "text");
    return rank(channels, query, (channel) => [[fold(channel.name)]], SHOWN)
      .map((channel) => ({ label: channel.name, detail: channel.topic, picture: icon("hash"), shown: `#${channel.name}`, sent: `<#${channel.channel_id}>` }));
  }

  /** @param {string} query */
  async #emoji(query) {
    const emojis = await loadEmojis().catch(() => null);
    if (!emojis || this.#trigger?.kind !== ":" || this.#trigger.query !== query) return;
    this.#show(emojis.search(query, SHOWN).map((one) => ({ label: one.name, detail: `:${one.shorts[0]}:`, picture: h("span", { class: "emoji" }, one.emoji), shown: one.emoji, sent: one.emoji })));
  }

  /** Whom the client does not know yet. @param {string} server @param {string} query */
  async #ask(server, query) {
    const found = await this.client.api.request("GET", `servers/${server}/members?limit=${SHOWN}&query=${encodeURIComponent(query)}`).catch(() => []);
    if (this.#trigger?.kind === "@" && this.#trigger.query === query) this.#show(this.#people(query, found));
  }

  /** @param {Choice[]} choices */
  #show(choices) {
    this.#choices = choices;
    if (!choices.length) return this.close();
    this.element.replaceChildren(...choices.map((choice, at) => h("li", { id: `choice-${at}`, role: "option", onmousedown: (/** @type {Event} */ event) => { event.preventDefault(); this.#choose(choice); } },
      choice.picture, h("span", { class: "name", dir: "auto" }, choice.label), choice.detail && h("span", { class: "hint", dir: "auto" }, choice.detail))));
    this.element.hidden = false;
    this.area.setAttribute("aria-expanded", "true");
    this.#point(0);
  }

  /** @param {number} at */
  #point(at) {
    this.#at = at;
    [...this.element.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    this.element.children[at]?.scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", `choice-${at}`);
  }

  /** @param {Choice} choice */
  #choose(choice) {
    if (!this.#trigger) return;
    this.field.note(choice.shown, choice.sent);
    const { start, end } = this.#trigger;
    const { insert } = applyChoice(this.area.value, this.#trigger, choice.shown);
    this.area.setRangeText(insert, start, end, "end");
    this.close();
    this.field.changed();
  }
}
