/** A channel's messages: the latest ones at the bottom, older ones by scrolling up. What one reads never moves. */
import { h, reconcile, View } from "../../lib/dom.js";
import { failed, invitePeople } from "../../lib/dialogs.js";
import { icon } from "../../lib/icons.js";
import { dayText } from "../../lib/text.js";
import { rows } from "../../state/messages.js";

const NEAR_PX = 100; // this close to the bottom, new messages pull the view along
const OLDER_PX = 600; // this close to the top, older messages are fetched
const KEEP = 100; // so many messages stay when the view is back at the bottom
const SEEK_PAGES = 10; // how far back a link to a message is followed
const TELL_EVERY_MS = 1000;

/** @typedef {import("../../types.js").Message} Message */

class MessageTimeline extends View {
  channel = /** @type {import("../../types.js").Channel} */ ({});
  #list = h("ol", { class: "messages" });
  #start = h("div", { class: "start" });
  #problem = h("p", { class: "problem", role: "alert" });
  #scroller = h("div", { class: "scroller", tabIndex: 0, role: "region", "aria-label": "Messages" }, h("div", { class: "content" }, this.#start, this.#problem, this.#list));
  #jump = h("button", { class: "jump", hidden: true, onclick: () => this.toBottom() }, icon("down"), "Latest messages");
  /** New messages for screen readers: only these, and not every second. */
  #log = h("div", { class: "sr-only", role: "log" });
  #stuck = true;
  /** The newest message that was drawn: later ones are news. */ #newest = "";
  /** @type {string[]} */ #news = [];
  #told = 0;
  #sought = "";

  setup() {
    this.append(this.#scroller, this.#jump, this.#log);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const resized = new ResizeObserver(() => { if (this.#stuck) this.toBottom(); });
    resized.observe(this.#scroller);
    resized.observe(this.#list);
    const shown = () => { if (!document.hidden) this.#read(); };
    document.addEventListener("visibilitychange", shown);
    this.addEventListener("edited", () => { this.render(); this.tell("backtowriting"); });
    this.atEnd(() => {
      resized.disconnect();
      document.removeEventListener("visibilitychange", shown);
      clearTimeout(this.#told);
      this.client.history.trim(this.channel.channel_id, KEEP);
    });
    this.#load();
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    if (topic === "connection" && this.client.store.connection === "ready") this.#load();
    return (topic === "messages" && id === this.channel.channel_id) || topic === "route" || topic === "channels";
  }

  /** Opens the editor on the user's own latest message. */
  editLast() {
    const { user, channels } = this.client.store;
    if (!channels.has(this.channel.channel_id)) return;
    const own = [...this.querySelectorAll("message-row")].filter((row) => row.item.message.author.user_id === user?.user_id && !row.item.message.pending);
    own.at(-1)?.edit();
  }

  async #load() {
    try {
      await this.client.history.latest(this.channel.channel_id);
      this.#problem.textContent = "";
      await this.#seek();
    } catch (error) {
      // Without a connection the banner says so, and the messages come with it.
      this.#problem.textContent = this.client.store.connection === "ready" && error instanceof Error ? error.message : "";
    }
  }

  render() {
    const timeline = this.client.store.timeline(this.channel.channel_id);
    const { messages, pending, loaded, hasOlder } = timeline;
    const anchor = this.#stuck ? null : this.#anchor();
    this.#drawStart(loaded && !hasOlder, messages.length + pending.length === 0);
    reconcile(this.#list, rows([...messages, ...pending]), ({ key }) => key, ({ day, message, grouped }) => (day
      ? h("li", { class: "day" }, h("span", {}, dayText(day)))
      : h("li", {}, h("message-row", { client: this.client, item: { message, grouped: Boolean(grouped) } }))), (item, { day, message, grouped }) => {
      if (day) item.firstChild.textContent = dayText(day);
      else item.firstChild.item = { message, grouped: Boolean(grouped) };
    });
    if (anchor) this.#scroller.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
    else this.toBottom();
    this.#tell(messages);
    if (this.client.store.route.page === "channel" && this.client.store.route.message) this.#seek();
  }

  /** The first message on the screen, and where it is; a day's divider would go up with its day's first message. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    const row = [...this.querySelectorAll("message-row")].find((one) => one.getBoundingClientRect().bottom > top);
    return row ? { row, top: row.getBoundingClientRect().top } : null;
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
    const invite = async () => this.tell("dialog", await invitePeople(client, String(channel.server_id)).catch(failed));
    this.#start.replaceChildren(h("h3", { dir: "auto" }, server ? `Welcome to #${name}` : name),
      h("p", {}, empty ? (server ? "Nothing here yet. Say hello." : "This is the beginning of your conversation. Say hello.")
        : server ? "This is where the channel begins." : "This is where your conversation begins."),
      lonely ? h("button", { onclick: invite }, icon("invite"), "Invite people") : "");
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.#jump.hidden = this.#stuck;
    if (this.#stuck) {
      this.client.history.trim(this.channel.channel_id, KEEP);
      this.#read();
    } else if (scrollTop < OLDER_PX) {
      this.client.history.older(this.channel.channel_id).catch(() => {}); // Scrolling on tries again.
    }
  }

  /** To the latest message, and stay there. */
  toBottom() {
    this.#stuck = true;
    this.#jump.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#read();
  }

  /** What stands at the bottom of a page that is looked at has been seen. */
  #read() {
    const { history, store } = this.client;
    const { loaded } = store.timeline(this.channel.channel_id);
    if (loaded && this.#stuck && !document.hidden && store.channel?.channel_id === this.channel.channel_id) history.read(this.channel.channel_id);
  }

  /** @param {Message[]} messages */
  #tell(messages) {
    const { store } = this.client;
    const before = this.#newest;
    this.#newest = messages.at(-1)?.message_id ?? before;
    if (!before || this.#newest === before) return;
    const at = messages.findIndex((message) => message.message_id === before);
    const fresh = at < 0 ? [] : messages.slice(at + 1).filter((message) => message.author.user_id !== store.user?.user_id);
    this.#news.push(...fresh.map((message) => `${store.name(message.author.user_id)}: ${message.content}`));
    if (this.#news.length) this.#told ||= setTimeout(() => this.#say(), TELL_EVERY_MS);
  }

  #say() {
    this.#told = 0;
    this.#log.textContent = this.#news.splice(0).slice(-5).join(". ");
  }

  /** Goes to the message that the address names. */
  async #seek() {
    const { history, store } = this.client;
    const { route } = store;
    const id = route.page === "channel" && route.channel === this.channel.channel_id ? route.message : undefined;
    if (!id || this.#sought === id || !store.timeline(this.channel.channel_id).loaded) return;
    this.#sought = id;
    const find = () => [...this.querySelectorAll("message-row")].find((row) => row.item.message.message_id === id);
    for (let page = 0; page < SEEK_PAGES && !find() && store.timeline(this.channel.channel_id).hasOlder; page += 1) {
      await history.older(this.channel.channel_id);
    }
    const row = find();
    if (!row) return;
    this.#stuck = false;
    row.scrollIntoView({ block: "center" });
    row.parentElement?.classList.add("flash");
    row.focus({ preventScroll: true });
  }
}

customElements.define("message-timeline", MessageTimeline);
