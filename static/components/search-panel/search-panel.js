/** Finding messages: a box with filters typed in it, and what was found beside the timeline. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { closeButton, NARROW } from "../../lib/panel.js";
import { resultCard, showFound, walkResults } from "../../lib/results.js";
import { problemText, t } from "../../lib/words.js";
import { membersOf } from "../../state/members.js";
import { completions, FILTERS, parse, replaced, resolve, searchPath, under } from "../../state/search.js";

/** @type {Record<string, string>} */
const HINTS = {
  from: "search.hint_from", in: "search.hint_in", has: "search.hint_has", before: "search.hint_before", after: "search.hint_after",
  mentions: "search.hint_mentions",
};

/** @typedef {import("../../types.js").Found} Found */
/** @typedef {import("../../types.js").Channel} Channel */
/** @typedef {{text: string, label: string, detail: string}} Completion */

class SearchPanel extends View {
  #input = h("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: false, enterKeyHint: "search", dir: "auto", maxLength: 256,
    placeholder: t("search.placeholder"), "aria-label": t("search.label"),
    "aria-expanded": "false", "aria-controls": "search-completions", "aria-autocomplete": "list",
  });
  #list = h("ul", { id: "search-completions", class: "completions", role: "listbox", "aria-label": t("search.suggestions"), hidden: true });
  #scope = h("div", { class: "scope", role: "group", "aria-label": t("search.where") });
  #chips = h("div", { class: "chips" });
  #told = h("p", { class: "told", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #results = h("ol", { class: "results" });
  #more = h("button", { class: "more", hidden: true, onclick: () => this.#next() }, t("search.more"));
  #blank = h("div", { class: "blank" });
  /** @type {Completion[]} */ #completions = [];
  #chosen = -1;
  /** Counts searches: an answer to an earlier one is too late. */ #run = 0;
  /** @type {string | null} */ #path = null;
  #count = 0;
  #everywhere = false;

  setup() {
    this.setAttribute("role", "search");
    this.setAttribute("aria-label", t("search.label"));
    const clear = closeButton(t("search.clear"), () => this.#clear(), { class: "quiet clear" });
    const form = h("form", { class: "search" }, icon("search"), this.#input, clear, this.#list);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#search(); });
    this.append(
      h("header", {}, h("h2", {}, t("search.title")), closeButton(t("search.close"), () => this.tell("close"))),
      form, this.#scope, this.#chips, this.#told, this.#problem,
      h("div", { class: "scroll" }, this.#blank, this.#results, this.#more));
    this.#chips.append(...FILTERS.map((name) =>
      h("button", { type: "button", class: "chip", title: t(HINTS[name]), onclick: () => this.#insert(`${name}:`) }, `${name}:`)));
    this.#input.addEventListener("input", () => this.#complete());
    this.#input.addEventListener("click", () => this.#complete());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#hide());
    this.#results.addEventListener("click", (event) => this.#jumped(event));
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        event.preventDefault();
        this.tell("close");
      } else walkResults(event, this.querySelector(".scroll") ?? this, () => this.#input.focus());
    });
    this.#say();
    const server = this.client.store.servers.get(this.client.store.section);
    if (server) membersOf(this.client).load(server.server_id).catch(() => {}); // Then names are those met so far.
    requestAnimationFrame(() => this.#input.focus());
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "route" || topic === "channels";
  }

  /** Where to search, as the place one is in offers it. */
  render() {
    const { store } = this.client;
    const { channel } = store;
    const here = channel && !channel.server_id ? t("search.here_direct") : store.servers.get(store.section)?.name ?? "";
    if (!here) this.#everywhere = true;
    const look = `${here} ${this.#everywhere}`;
    if (this.#scope.dataset.look === look) return;
    this.#scope.dataset.look = look;
    this.#scope.hidden = !here;
    const button = (/** @type {string} */ label, /** @type {boolean} */ all) => h("button", {
      type: "button", dir: "auto", "aria-pressed": String(this.#everywhere === all), onclick: () => this.#widen(all),
    }, label);
    this.#scope.replaceChildren(button(here, false), button(t("search.everywhere"), true));
  }

  /** @param {boolean} everywhere */
  #widen(everywhere) {
    this.#everywhere = everywhere;
    this.render();
    /** @type {HTMLElement | null} */ (this.#scope.querySelector('[aria-pressed="true"]'))?.focus();
    if (this.#input.value.trim()) this.#search();
  }

  /** What names in filters may mean. */
  #known() {
    const { store } = this.client;
    const server = store.servers.get(store.section);
    const members = server ? membersOf(this.client).of(server.server_id).people : new Map();
    const nicknames = [...members.values()].map(({ user, nickname }) => ({ ...user, nickname }));
    const rest = [...store.users.values()].filter((user) => !members.has(user.user_id));
    const channels = /** @type {Channel[]} */ ([...server ? store.channelsOf(server.server_id) : [], ...store.channels.values()]);
    return { people: [...nicknames, ...rest], channels };
  }

  // ---- completion

  #complete() {
    const { value, selectionStart } = this.#input;
    const place = under(value, selectionStart ?? value.length);
    const worth = place.filter || place.word.length > 0;
    this.#completions = worth ? completions(place, this.#known()) : [];
    this.#chosen = -1;
    this.#drawCompletions();
  }

  #drawCompletions() {
    const open = this.#completions.length > 0;
    this.#list.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
    this.#list.replaceChildren(...this.#completions.map(({ label, detail }, at) => h("li", {
      id: `search-completion-${at}`, role: "option", "aria-selected": String(at === this.#chosen),
      // Before the field loses the focus, and with it the list goes.
      onpointerdown: (/** @type {Event} */ event) => { event.preventDefault(); this.#take(at); },
    }, h("span", { dir: "auto" }, label), h("span", { class: "hint", dir: "auto" }, HINTS[detail] ? t(HINTS[detail]) : detail))));
    if (this.#chosen >= 0) this.#input.setAttribute("aria-activedescendant", `search-completion-${this.#chosen}`);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #hide() {
    this.#completions = [];
    this.#drawCompletions();
  }

  /** @param {number} at */
  #take(at) {
    const { value, selectionStart } = this.#input;
    const { text, caret } = replaced(value, under(value, selectionStart ?? value.length), this.#completions[at].text);
    this.#write(text, caret);
  }

  /** Puts the beginning of a filter behind what is there. @param {string} begin */
  #insert(begin) {
    const before = this.#input.value.trimEnd();
    const text = before ? `${before} ${begin}` : begin;
    this.#write(text, text.length);
  }

  /** @param {string} text @param {number} caret */
  #write(text, caret) {
    this.#input.value = text;
    this.#input.focus();
    this.#input.setSelectionRange(caret, caret);
    this.#complete();
  }

  #clear() {
    this.#run += 1;
    this.#path = null;
    this.#results.replaceChildren();
    this.#more.hidden = true;
    this.#problem.textContent = "";
    this.#say();
    this.#write("", 0);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const { length } = this.#completions;
    if (event.key === "Escape" && length) this.#hide();
    else if (event.key === "ArrowDown" && length) this.#choose((this.#chosen + 1) % length);
    else if (event.key === "ArrowUp" && length) this.#choose(this.#chosen - 1);
    else if (event.key === "ArrowDown") /** @type {HTMLElement | null} */ (this.#results.querySelector("a.result"))?.focus();
    else if ((event.key === "Enter" || event.key === "Tab") && this.#chosen >= 0) this.#take(this.#chosen);
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #choose(at) {
    this.#chosen = at < 0 ? this.#completions.length - 1 : Math.min(at, this.#completions.length - 1);
    this.#drawCompletions();
    this.#list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  // ---- searching

  async #search() {
    const run = this.#run += 1;
    this.#hide();
    const { store } = this.client;
    const query = parse(this.#input.value);
    const server = this.#everywhere ? null : store.servers.get(store.section)?.server_id ?? null;
    const direct = store.channel && !store.channel.server_id && !this.#everywhere ? store.channel.channel_id : null;
    const where = { me: store.user?.user_id ?? "", serverId: server, channelId: direct };
    let answer = resolve(query, { ...this.#known(), ...where });
    const strangers = answer.unknown.filter(({ filter }) => filter === "from" || filter === "mentions");
    if (strangers.length && server) {
      await this.#meet(server, strangers.map(({ value }) => value));
      answer = resolve(query, { ...this.#known(), ...where });
    }
    if (run !== this.#run) return;
    this.#results.replaceChildren();
    this.#more.hidden = true;
    this.#count = 0;
    if (!query.words && !query.filters.length) return this.#say();
    const [unknown] = answer.unknown;
    if (unknown) return this.#say(t("search.unknown", { filter: unknown.filter, value: unknown.value || "…" }));
    if (!query.words) return this.#say(t("search.no_word"));
    this.#path = searchPath(answer.params);
    await this.#next();
  }

  /** Asks who is meant by names that nobody known has. @param {string} server @param {string[]} names */
  async #meet(server, names) {
    const members = membersOf(this.client);
    const found = await Promise.all(names.filter(Boolean).map((name) => members.find(server, name.replace(/^@/, "")).catch(() => [])));
    for (const { user } of found.flat()) this.client.store.users.set(user.user_id, user);
  }

  async #next() {
    const run = this.#run;
    const path = this.#path;
    if (!path) return;
    this.ariaBusy = "true";
    this.#more.disabled = true;
    if (!this.#count) this.#say("", t("search.searching"));
    try {
      const { items, next } = await this.client.api.page(path);
      if (run === this.#run) this.#show(items, next);
    } catch (error) {
      if (run === this.#run) this.#say(problemText(error));
    }
    this.#more.disabled = false;
    this.ariaBusy = "false";
  }

  /** @param {Found[]} items @param {string | null} next */
  #show(items, next) {
    const { store } = this.client;
    const first = this.#count > 0 ? items[0] : null;
    for (const { author } of items) if (!store.users.has(author.user_id)) store.users.set(author.user_id, author);
    const rows = items.map((message) => h("li", {}, resultCard(store, message, true)));
    this.#results.append(...rows);
    showFound(rows);
    if (first) rows[0].querySelector("a")?.focus();
    this.#count += items.length;
    this.#path = next;
    this.#more.hidden = !next;
    const count = this.#count;
    if (!count) return this.#say("", "", true);
    this.#say("", next ? t("search.first", { count }) : t("search.found", { count }));
  }

  /** @param {string} [problem] @param {string} [told] @param {boolean} [nothing] */
  #say(problem = "", told = "", nothing = false) {
    this.#problem.textContent = problem;
    this.#told.textContent = nothing ? t("search.nothing") : told;
    const start = !problem && !told && !nothing;
    this.#blank.replaceChildren(start || nothing ? h("p", {}, start ? t("search.start") : t("search.nothing_hint")) : "");
  }

  /** On a phone the panel covers what one jumps to. @param {Event} event */
  #jumped(event) {
    const link = /** @type {Element} */ (event.target).closest("a.result");
    if (!link) return;
    for (const other of this.#results.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    if (matchMedia(NARROW).matches) setTimeout(() => this.tell("close"));
  }
}

customElements.define("search-panel", SearchPanel);
