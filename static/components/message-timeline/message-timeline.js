/** A channel's messages: the latest ones at the bottom, others by scrolling or by a link. What one reads never moves. */
import { h, question, reconcile, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { clockText, dayText, plain } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { compareIds, rows } from "../../state/messages.js";

const NEAR_PX = 100; // this close to the bottom, new messages pull the view along
const EDGE_PX = 800; // this close to an end, what is behind it is fetched
const KEEP = 100; // so many messages stay when the view is back at the bottom
const TELL_EVERY_MS = 1000;

/** @typedef {import("../../types.js").Message} Message */

/** Before the first message of all. */
const NOTHING = "0";

class MessageTimeline extends View {
  channel = /** @type {import("../../types.js").Channel} */ ({});
  #list = h("ol", { class: "messages", "aria-label": t("timeline.messages") });
  #start = h("div", { class: "start" });
  #problem = h("p", { class: "problem", role: "alert" });
  #content = h("div", { class: "inner" }, this.#start, this.#problem, this.#list);
  #scroller = h("div", { class: "scroller" }, this.#content);
  #jump = h("button", { class: "jump", hidden: true, onclick: () => this.toBottom() }, icon("down"), h("span", {}, t("timeline.latest")));
  #news = h("div", { class: "news", hidden: true });
  /** New messages for screen readers: only these, and not every second. */
  #log = h("div", { class: "sr-only", role: "log" });
  #stuck = true;
  /** The message that stays where it is when something changes above or below it. @type {{row: Element, top: number} | null} */ #anchor = null;
  /** How far it was scrolled then. */ #at = 0;
  /** Up to where the reader had read when they came. @type {string | null} */ #since = null;
  /** The newest message that was drawn: later ones are news. */ #newest = "";
  /** @type {string[]} */ #fresh = [];
  #told = 0;
  #sought = "";
  /** Messages of blocked people that the reader wants to see: each opens the row that it is folded into. @type {Set<string>} */
  #shown = new Set();

  setup() {
    const { store } = this.client;
    const id = this.channel.channel_id;
    this.append(this.#scroller, this.#news, this.#jump, this.#log);
    this.#since = store.unread(id) ? store.reads.get(id)?.message_id ?? "0" : null;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const resized = new ResizeObserver(() => {
      // Who has scrolled on since, of which the event is still to come, must not be put back.
      if (!this.#stuck && Math.abs(this.#scroller.scrollTop - this.#at) > 1) this.#keep();
      else this.#settle();
    });
    resized.observe(this.#scroller);
    resized.observe(this.#content);
    const shown = () => { if (!document.hidden) this.#read(); };
    const marked = () => { this.#since = null; this.#read(true); this.render(); };
    document.addEventListener("visibilitychange", shown);
    document.addEventListener("markread", marked);
    this.addEventListener("edited", () => { this.render(); this.tell("backtowriting"); });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusin", (event) => this.#rove(/** @type {Element} */ (event.target).closest("message-row")));
    this.atEnd(() => {
      resized.disconnect();
      document.removeEventListener("visibilitychange", shown);
      document.removeEventListener("markread", marked);
      clearTimeout(this.#told);
      this.client.history.trim(id, KEEP);
    });
    this.#load();
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    if (topic === "connection" && this.client.store.connection === "ready") this.#load();
    if (topic === "route") this.#seek();
    return (topic === "messages" && id === this.channel.channel_id) || topic === "channels" || topic === "blocks";
  }

  /** Opens the editor on the user's own latest message. */
  editLast() {
    const { user, channels } = this.client.store;
    if (!channels.has(this.channel.channel_id)) return;
    const own = this.#rows().filter((row) => row.item.message.author.user_id === user?.user_id && !row.item.message.pending);
    own.at(-1)?.edit();
  }

  async #load() {
    const { history, store } = this.client;
    const id = this.channel.channel_id;
    try {
      const wanted = this.#wanted();
      if (wanted && !store.timeline(id).loaded) await history.around(id, wanted);
      else await history.latest(id);
      this.#problem.textContent = "";
      await this.#seek();
    } catch (error) {
      // Without a connection the banner says so, and the messages come with it.
      this.#problem.textContent = store.connection === "ready" ? problemText(error) : "";
    }
  }

  render() {
    const { store } = this.client;
    const { messages, pending, loaded, hasOlder, hasNewer } = store.timeline(this.channel.channel_id);
    this.#keep();
    if (document.hidden && this.#since === null && store.unread(this.channel.channel_id)) {
      this.#since = store.reads.get(this.channel.channel_id)?.message_id ?? "0";
    }
    this.#drawStart(loaded && !hasOlder, messages.length + pending.length === 0);
    const { blocked } = store;
    const options = { since: this.#since, me: store.user?.user_id, blocked, shown: this.#shown };
    const items = rows([...messages, ...(hasNewer ? [] : pending)], options);
    const focused = this.#rows().find((row) => row.contains(document.activeElement));
    const held = focused?.item.message.message_id;
    reconcile(this.#list, items, ({ key }) => key, ({ day, unread, folded, message, grouped }) => {
      if (folded) return h("li", { class: "folded" }, h("button", {}));
      if (day) return h("li", { class: "day" }, h("span", {}, dayText(day)));
      if (unread) return h("li", { class: "bar" }, h("span", {}, t("timeline.new")));
      return h("li", {}, h("message-row", { client: this.client, item: { message, grouped: Boolean(grouped) } }));
    }, (item, { day, unread, folded, open, message, grouped }) => {
      if (folded) this.#drawFold(item.firstChild, folded, Boolean(open));
      else if (day) item.firstChild.textContent = dayText(day);
      else if (!unread) item.firstChild.item = { message, grouped: Boolean(grouped) };
    });
    this.#rove(null);
    if (focused && !focused.isConnected) {
      const fold = items.findIndex(({ folded }) => folded?.some(({ message_id: id }) => id === held));
      this.#list.children[fold]?.querySelector("button")?.focus({ preventScroll: true });
    }
    this.#settle();
    this.#drawNews(messages);
    this.#announce(messages);
    this.#read(); // What fits on the screen is seen without scrolling.
  }

  /** @param {HTMLButtonElement} button @param {Message[]} folded @param {boolean} open */
  #drawFold(button, folded, open) {
    button.setAttribute("aria-expanded", String(open));
    button.onclick = () => {
      for (const { message_id: id } of folded) this.#shown[open ? "delete" : "add"](id);
      // What was pressed stays under the pointer, also at the bottom.
      this.#stuck = false;
      this.render();
      this.#scrolled();
    };
    const look = `${folded.length} ${open}`;
    if (button.dataset.look === look) return;
    button.dataset.look = look;
    button.replaceChildren(t("timeline.blocked", { count: folded.length }), " ", h("span", { "aria-hidden": "true" }, "·"), " ",
      h("span", { class: "act" }, t(open ? "timeline.hide" : "timeline.show")));
  }

  #rows() {
    return [...this.#list.querySelectorAll("message-row")];
  }

  /** Notes the first message on the screen, and where it is. */
  #keep() {
    this.#anchor = null;
    if (this.#stuck) return;
    const top = this.#scroller.getBoundingClientRect().top;
    const rows = this.#rows();
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    if (rows[low]) this.#anchor = { row: rows[low], top: rows[low].getBoundingClientRect().top - top };
    this.#at = this.#scroller.scrollTop;
  }

  /** Puts it back there, or stays at the bottom. */
  #settle() {
    if (this.#stuck) return this.#toEnd();
    if (!this.#anchor?.row.isConnected) return;
    const moved = this.#anchor.row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top - this.#anchor.top;
    if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved;
    this.#at = this.#scroller.scrollTop;
  }

  /** Where the channel begins. @param {boolean} shown @param {boolean} empty */
  #drawStart(shown, empty) {
    const { client } = this;
    const channel = client.store.channels.get(this.channel.channel_id) ?? this.channel;
    const server = client.store.servers.get(channel.server_id ?? "");
    const name = client.store.channelName(channel);
    const lonely = Boolean(shown && server && server.member_count < 2 && client.store.can(server, "create_invite"));
    const look = `${shown} ${empty} ${lonely} ${name}`;
    if (this.#start.dataset.look === look) return;
    this.#start.dataset.look = look;
    if (!shown) return this.#start.replaceChildren();
    const invite = () => this.tell("overlay", question("invitePeople", String(channel.server_id)));
    const text = server ? (empty ? t("timeline.start_empty") : t("timeline.start")) : (empty ? t("timeline.start_direct_empty") : t("timeline.start_direct"));
    this.#start.replaceChildren(h("h2", { dir: "auto" }, server ? t("timeline.welcome", { channel: name }) : name), h("p", {}, text),
      lonely ? h("button", { onclick: invite }, icon("invite"), t("servers.invite")) : "");
  }

  /** How much there is that was not read, and a way to it, while it begins above the screen. @param {Message[]} messages */
  #drawNews(messages) {
    const since = this.#since;
    const unread = since === null ? [] : messages.filter((one) => compareIds(one.message_id, since) > 0 && !this.#unheard(one));
    const bar = this.#list.querySelector(".bar");
    const above = bar ? bar.getBoundingClientRect().bottom < this.#scroller.getBoundingClientRect().top : unread.length > 0;
    this.#news.hidden = !unread.length || !above;
    if (this.#news.hidden) return;
    const whole = unread.length < messages.length;
    const look = `${unread.length} ${whole}`;
    if (this.#news.dataset.look === look) return;
    this.#news.dataset.look = look;
    const time = clockText(new Date(unread[0].timestamp));
    this.#news.replaceChildren(
      h("button", { class: "go", onclick: () => this.#toNews() }, icon("up"),
        h("span", {}, t(whole ? "timeline.news" : "timeline.news_more", { count: unread.length, time }))),
      h("button", { class: "quiet", "aria-label": t("timeline.mark_read"), title: t("timeline.mark_read"),
        onclick: () => document.dispatchEvent(new CustomEvent("markread")) }, icon("close")));
  }

  async #toNews() {
    const { history, store } = this.client;
    const id = this.channel.channel_id;
    this.#stuck = false;
    if (!this.#list.querySelector(".bar") || store.timeline(id).messages.every((one) => compareIds(one.message_id, String(this.#since)) > 0)) {
      await history.around(id, String(this.#since)).catch(() => {});
    }
    this.#list.querySelector(".bar")?.scrollIntoView({ block: "center" });
    this.#scrolled();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const { history, store } = this.client;
    const id = this.channel.channel_id;
    const timeline = store.timeline(id);
    const below = scrollHeight - scrollTop - clientHeight;
    this.#stuck = below < NEAR_PX && !timeline.hasNewer;
    this.#jump.hidden = this.#stuck;
    this.#keep();
    if (this.#stuck) {
      history.trim(id, KEEP);
      this.#read();
    } else {
      // Scrolling on tries again.
      if (scrollTop < EDGE_PX) history.older(id).catch(() => {});
      if (below < EDGE_PX) history.newer(id).catch(() => {});
    }
    if (!this.#news.hidden) this.#drawNews(timeline.messages);
  }

  /** To the latest message, and stay there. */
  toBottom() {
    this.#stuck = true;
    this.#jump.hidden = true;
    if (this.client.store.timeline(this.channel.channel_id).hasNewer) this.#load();
    this.#toEnd();
    this.#read();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** What stands at the bottom of a page that is looked at has been seen. @param {boolean} [sure] the reader says so */
  #read(sure = false) {
    const { history, store } = this.client;
    const { loaded, hasNewer } = store.timeline(this.channel.channel_id);
    const seen = loaded && !hasNewer && this.#stuck && !document.hidden;
    if ((seen || sure) && store.channel?.channel_id === this.channel.channel_id) history.read(this.channel.channel_id);
  }

  /** What is no news: one's own, and what is folded. @param {Message} message */
  #unheard({ author }) {
    const { user, blocked } = this.client.store;
    return author.user_id === user?.user_id || blocked.has(author.user_id);
  }

  /** @param {Message[]} messages */
  #announce(messages) {
    const { store } = this.client;
    if (!store.timeline(this.channel.channel_id).loaded) return;
    const before = this.#newest;
    this.#newest = messages.at(-1)?.message_id ?? NOTHING;
    if (!before || compareIds(this.#newest, before) <= 0) return;
    const at = messages.findIndex((message) => message.message_id === before);
    const fresh = at < 0 && before !== NOTHING ? [] : messages.slice(at + 1).filter((message) => !this.#unheard(message));
    this.#fresh.push(...fresh.map((message) => `${store.name(message.author.user_id)}: ${plain(store, message)}`));
    if (this.#fresh.length) this.#told ||= setTimeout(() => this.#say(), TELL_EVERY_MS);
  }

  #say() {
    this.#told = 0;
    this.#log.textContent = this.#fresh.splice(0).slice(-5).join(". ");
  }

  // ---- by keyboard

  /** One row can be reached by Tab: the one that had the focus last, or the latest. @param {Element | null} chosen */
  #rove(chosen) {
    const rows = this.#rows();
    const now = chosen ?? rows.find((row) => row.tabIndex === 0) ?? rows.at(-1);
    for (const row of rows) row.tabIndex = row === now ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof Element && event.target.matches("message-row") ? event.target : null;
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.#rows();
    const at = rows.indexOf(/** @type {any} */ (row));
    /** @type {Record<string, number>} */
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    if (event.key === "ArrowDown" && at === rows.length - 1) return this.tell("backtowriting");
    const next = rows[Math.max(0, to[event.key])];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  // ---- by link

  #wanted() {
    const { route } = this.client.store;
    return route.page === "channel" && route.channel === this.channel.channel_id ? route.message : undefined;
  }

  /** Goes to the message that the address names. */
  async #seek() {
    const { history, store } = this.client;
    const id = this.#wanted();
    if (!id) this.#sought = "";
    if (!id || this.#sought === id || !store.timeline(this.channel.channel_id).loaded) return;
    this.#sought = id;
    this.#stuck = false;
    await history.around(this.channel.channel_id, id).catch(() => {});
    this.#shown.add(id);
    this.render();
    const row = this.#rows().find((one) => one.item.message.message_id === id);
    if (!row) return this.tell("toast", { text: t("timeline.gone") });
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.parentElement?.classList.add("flash");
    row.parentElement?.addEventListener("animationend", (event) => /** @type {Element} */ (event.currentTarget).classList.remove("flash"), { once: true });
    this.#scrolled();
  }
}

customElements.define("message-timeline", MessageTimeline);
