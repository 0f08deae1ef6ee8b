/** Everything the client knows, kept true by CONNECTED and the events after it. No DOM. */
import { OP } from "../lib/ops.js";
import { t } from "../lib/words.js";
import { compareIds, emptyTimeline, reacted, upsert } from "./messages.js";
import { isMuted, isQuiet, readAfter, readAfterDelete, readAfterEdit } from "./notify.js";
import { permissionsOf } from "./permissions.js";

/**
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").FullServer} FullServer
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Read} Read
 * @typedef {import("../types.js").Timeline} Timeline
 * @typedef {"servers" | "channels" | "messages" | "reads" | "presence" | "typing" | "connection" | "users" | "route"
 *   | "members" | "settings" | "blocks" | "sent" | "uploads"} Topic
 */

const TYPING_MS = 10_000;

/** In a direct message everybody may do what needs no rank. */
const DIRECT = ["view_channel", "send_messages", "attach_files", "add_reactions"];

export class Store {
  /** @type {Set<(topic: Topic, id?: string) => void>} */
  #watchers = new Set();
  /** @type {Set<(op: number, d: any) => void>} */
  #listeners = new Set();
  /** @type {import("../types.js").User | null} */ user = null;
  /** @type {"connecting" | "ready" | "waiting"} */ connection = "connecting";
  /** Whether CONNECTED has come once. */
  ready = false;
  /** @type {import("../types.js").Route} */ route = { page: "home" };
  /** In order of joining. @type {Map<string, FullServer>} */ servers = new Map();
  /** @type {Map<string, Channel>} */ channels = new Map();
  /** How far one has read in which channel. @type {Map<string, Read>} */
  reads = new Map();
  /** @type {Map<string, string>} */ presences = new Map();
  /** Everybody met so far, for their names. @type {Map<string, import("../types.js").Author>} */ users = new Map();
  /** Channel → user → when it lapses (ms). @type {Map<string, Map<string, number>>} */ typing = new Map();
  /** @type {Map<string, Timeline>} */ timelines = new Map();
  /** @type {Record<string, unknown>} */ settings = {};
  /** Whom the reader does not want to hear. @type {Set<string>} */ blocked = new Set();
  /** What the channel list shows: a server, or `@me` for the direct messages. */
  section = "@me";

  /** @param {(topic: Topic, id?: string) => void} watcher @returns {() => void} ends the watch */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Hears every event once it is applied. @param {(op: number, d: any) => void} listener @returns {() => void} ends it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {Topic} topic @param {string} [id] the channel, for `messages` and `typing`; the server, for `members`;
   *   the nonce, for `sent` and `uploads` */
  changed(topic, id) {
    for (const watcher of this.#watchers) watcher(topic, id);
  }

  /** Resolves once the predicate holds; looks after each change. @param {() => boolean} predicate @returns {Promise<void>} */
  until(predicate) {
    return new Promise((resolve) => {
      if (predicate()) return resolve();
      const stop = this.watch(() => { if (predicate()) { stop(); resolve(); } });
    });
  }

  /** What one came for is there: the open channel's messages. */
  shown() {
    return this.until(() => this.ready && (!this.channel || this.timeline(this.channel.channel_id).loaded));
  }

  /** @param {"connecting" | "ready" | "waiting"} state */
  setConnection(state) {
    this.connection = state;
    this.changed("connection");
  }

  /** @param {import("../types.js").Route} route */
  setRoute(route) {
    this.route = route;
    if (route.page === "channel") this.section = this.channels.get(route.channel)?.server_id ?? route.server ?? "@me";
    if (route.page === "home") this.section = "@me";
    this.changed("route");
  }

  /** Shows a server that has no channel to go to. @param {string} serverId */
  setSection(serverId) {
    this.setRoute({ page: "home" });
    this.section = serverId;
    this.changed("route");
  }

  // ---- questions

  /** The channel on the screen, if it is known. */
  get channel() {
    return this.route.page === "channel" ? this.channels.get(this.route.channel) ?? null : null;
  }

  /** Text channels by position; those of a category behind it, unless it is hidden. @param {string} serverId */
  channelsOf(serverId) {
    const all = [...this.channels.values()].filter((channel) => channel.server_id === serverId)
      .sort((a, b) => a.position - b.position || compareIds(a.channel_id, b.channel_id));
    const categories = new Set(all.filter((channel) => channel.type === "category").map((channel) => channel.channel_id));
    const home = (/** @type {Channel} */ channel) => (categories.has(channel.parent_id ?? "") ? channel.parent_id : null);
    const inside = (/** @type {string | null} */ parent) => all.filter((channel) => home(channel) === parent && channel.type !== "category");
    return [...inside(null), ...all.filter((channel) => channel.type === "category")
      .flatMap((category) => [category, ...inside(category.channel_id)])];
  }

  /** Latest first. */
  directChannels() {
    const latest = (/** @type {Channel} */ channel) => channel.last_message_id ?? channel.channel_id;
    return [...this.channels.values()].filter((channel) => channel.server_id === null)
      .sort((a, b) => compareIds(latest(b), latest(a)));
  }

  /** @param {Channel} channel */
  channelName(channel) {
    return channel.name || this.others(channel).map((user) => this.name(user.user_id)).join(", ") || t("channels.just_you");
  }

  /** @param {Channel} channel */
  others(channel) {
    return (channel.recipients ?? []).filter((user) => user.user_id !== this.user?.user_id);
  }

  /** @param {string} userId */
  name(userId) {
    const user = this.users.get(userId);
    return user?.display_name || user?.username || t("people.somebody");
  }

  /** Unread messages meant for the user: those that name them, and in a conversation all, unless it is muted. @param {string} channelId */
  mentions(channelId) {
    const { mention_ids: named = [], direct_ids: direct = [] } = this.reads.get(channelId) ?? {};
    const all = this.channels.get(channelId)?.server_id === null && !isMuted(channelId, this);
    return (all ? direct : named).length;
  }

  /** Whether something is unread that the reader did not mute. @param {string} channelId */
  news(channelId) {
    const channel = this.channels.get(channelId);
    return Boolean(channel) && this.unread(channelId) && !isQuiet(/** @type {Channel} */ (channel), this);
  }

  /** @param {string} channelId */
  unread(channelId) {
    const last = this.channels.get(channelId)?.last_message_id;
    return Boolean(last) && compareIds(String(last), this.reads.get(channelId)?.message_id ?? "0") > 0;
  }

  /** @param {Channel | FullServer} where @param {string} permission */
  can(where, permission) {
    if (where.server_id === null) return DIRECT.includes(permission);
    const server = this.servers.get(where.server_id);
    return Boolean(server) && permissionsOf(/** @type {FullServer} */ (server), "channel_id" in where ? where : null).has(permission);
  }

  /** Who else is typing now, of those one wants to hear. @param {string} channelId @param {number} [now] */
  typists(channelId, now = Date.now()) {
    return [...this.typing.get(channelId) ?? []].filter(([user, lapses]) => lapses > now && !this.blocked.has(user)).map(([user]) => user);
  }

  /** @param {string} channelId @returns {Timeline} */
  timeline(channelId) {
    return this.timelines.get(channelId) ?? emptyTimeline();
  }

  /** @param {string} channelId @param {Partial<Timeline>} change */
  setTimeline(channelId, change) {
    this.timelines.set(channelId, { ...this.timeline(channelId), ...change });
    for (const message of change.messages ?? []) this.#meet(message.author, ...message.mentioned_users);
    this.changed("messages", channelId);
  }

  // ---- events

  /** Applies CONNECTED or a dispatched event; ignores what it does not know. @param {number} op @param {any} d */
  apply(op, d) {
    this.#handlers[op]?.(d);
    for (const listener of this.#listeners) listener(op, d);
  }

  /** @type {Record<number, (d: any) => void>} */
  #handlers = {
    [OP.CONNECTED]: (d) => this.#connected(d),
    [OP.MESSAGE_CREATE]: (d) => this.#messageCreate(d),
    [OP.MESSAGE_UPDATE]: (d) => {
      this.#read(d.channel_id, readAfterEdit(d, this));
      this.#editMessage(d.channel_id, d.message_id, (known) => ({ ...known, ...d }));
    },
    [OP.MESSAGE_DELETE]: (d) => this.#messageDelete(d),
    [OP.REACTION_ADD]: (d) => this.#react(d, 1),
    [OP.REACTION_REMOVE]: (d) => this.#react(d, -1),
    [OP.PINS_UPDATE]: (d) => this.#editMessage(d.channel_id, d.message_id, (known) => ({ ...known, pinned: d.pinned })),
    [OP.CHANNEL_CREATE]: (d) => { this.#readUpToNow(d); this.#channel(d); },
    [OP.CHANNEL_UPDATE]: (d) => this.#channel(d),
    [OP.CHANNEL_DELETE]: (d) => { this.#forget(d.channel_id); this.changed("channels"); },
    [OP.SERVER_MEMBER_ADD]: (d) => this.#memberAdd(d),
    [OP.SERVER_MEMBER_REMOVE]: (d) => (d.user_id === this.user?.user_id ? this.#serverGone(d.server_id) : this.#count(d.server_id, -1)),
    [OP.SERVER_MEMBER_UPDATE]: (d) => this.#memberUpdate(d),
    [OP.SERVER_UPDATE]: (d) => this.#server(d.server_id, d),
    [OP.SERVER_DELETE]: (d) => this.#serverGone(d.server_id),
    [OP.ROLES_UPDATE]: (d) => this.#server(d.server_id, { roles: d.roles }),
    [OP.PRESENCE_UPDATE]: (d) => this.#presence(d),
    [OP.USER_UPDATE]: (d) => this.#userUpdate(d),
    [OP.TYPING_START]: (d) => this.#typing(d),
    [OP.READ_UPDATE]: (d) => this.#read(d.channel_id, d),
    [OP.SETTINGS_UPDATE]: (d) => { this.settings = d; this.changed("settings"); },
  };

  /** A new picture of everything: what it does not hold is gone. @param {any} d */
  #connected(d) {
    this.user = d.user;
    this.settings = d.settings;
    this.servers = new Map();
    this.channels = new Map();
    this.typing = new Map();
    this.reads = new Map(d.read_states.map((/** @type {any} */ read) => [read.channel_id, read]));
    this.presences = new Map(d.presences.map((/** @type {any} */ presence) => [presence.user_id, presence.status]));
    this.#meet(d.user);
    for (const server of d.servers) this.#addServer(server);
    for (const channel of d.dm_channels) this.#addChannel(channel);
    // The open channel stays on the screen until it is caught up; so does what waits to be sent. The rest loads anew.
    const open = this.route.page === "channel" ? this.route.channel : null;
    for (const [id, timeline] of this.timelines) {
      if (!this.channels.has(id) || (id !== open && !timeline.pending.length)) this.timelines.delete(id);
      else this.timelines.set(id, { ...timeline, loaded: false, staleUpTo: timeline.messages.at(-1)?.message_id ?? null });
    }
    this.ready = true;
    for (const topic of /** @type {Topic[]} */ (["servers", "channels", "reads", "presence", "users"])) this.changed(topic);
    if (open) this.changed("messages", open);
  }

  /** @param {Message} message */
  #messageCreate(message) {
    const { channel_id: id, author } = message;
    const channel = this.channels.get(id);
    if (channel) this.reads.set(id, readAfter(message, this));
    if (channel && compareIds(message.message_id, channel.last_message_id ?? "0") > 0) {
      this.channels.set(id, { ...channel, last_message_id: message.message_id });
    }
    this.typing.get(id)?.delete(author.user_id);
    this.confirm(message);
    this.changed("typing", id);
    this.changed("reads");
  }

  /** A message as the server has it: takes the place of its optimistic row. @param {Message} message */
  confirm(message) {
    const timeline = this.timelines.get(message.channel_id);
    this.#meet(message.author, ...message.mentioned_users);
    const own = message.author.user_id === this.user?.user_id;
    if (own && message.nonce) this.changed("sent", message.nonce);
    if (!timeline || timeline.deleted.has(message.message_id)) return;
    const pending = timeline.pending.filter((row) => !own || !message.nonce || row.nonce !== message.nonce);
    // What is newer than the window comes when the reader gets there.
    if (timeline.hasNewer && compareIds(message.message_id, timeline.messages.at(-1)?.message_id ?? "0") > 0) {
      return this.setTimeline(message.channel_id, { pending });
    }
    this.setTimeline(message.channel_id, { messages: upsert(timeline.messages, message), pending });
  }

  /** @param {string} channelId @param {Read | undefined} read */
  #read(channelId, read) {
    if (read) this.reads.set(channelId, read);
    this.changed("reads");
  }

  /** @param {{channel_id: string, message_id: string}} d */
  #messageDelete({ channel_id: id, message_id: gone }) {
    this.#read(id, readAfterDelete(id, gone, this));
    const timeline = this.timelines.get(id);
    if (!timeline) return;
    // Remembered, because a page that was read before the deletion may still be under way.
    timeline.deleted.add(gone);
    this.setTimeline(id, { messages: timeline.messages.filter((message) => message.message_id !== gone) });
  }

  /** @param {string} channelId @param {string} messageId @param {(known: Message) => Message} change */
  #editMessage(channelId, messageId, change) {
    const timeline = this.timelines.get(channelId);
    if (!timeline?.messages.some((message) => message.message_id === messageId)) return;
    const messages = timeline.messages.map((message) => (message.message_id === messageId ? change(message) : message));
    this.setTimeline(channelId, { messages });
  }

  /** @param {{channel_id: string, message_id: string, user_id: string, emoji: string}} d @param {1 | -1} by */
  #react(d, by) {
    this.#editMessage(d.channel_id, d.message_id, (message) => reacted(message, d.emoji, by, d.user_id === this.user?.user_id));
  }

  /** @param {FullServer} server */
  #addServer({ channels, ...server }) {
    this.servers.set(server.server_id, /** @type {FullServer} */ (server));
    for (const channel of channels) this.#addChannel(channel);
  }

  /** @param {Channel} channel */
  #addChannel(channel) {
    this.#meet(...channel.recipients ?? []);
    this.channels.set(channel.channel_id, { ...this.channels.get(channel.channel_id), ...channel });
  }

  /** @param {Channel} channel */
  #channel(channel) {
    this.#addChannel(channel);
    this.changed("channels");
  }

  /** What was written in a server's channel before one came to see it counts as read. @param {Channel} channel */
  #readUpToNow({ server_id: server, channel_id: id, last_message_id: last }) {
    if (server && last && !this.channels.has(id)) this.reads.set(id, { message_id: last });
  }

  /** @param {string} channelId */
  #forget(channelId) {
    for (const map of [this.channels, this.timelines, this.typing, this.reads]) map.delete(channelId);
  }

  /** @param {any} d */
  #memberAdd(d) {
    this.#meet(d.user);
    if (!d.server) return this.#count(d.server_id, 1);
    d.server.channels.forEach((/** @type {Channel} */ channel) => this.#readUpToNow(channel));
    this.#addServer(d.server);
    this.changed("servers");
    this.changed("channels");
  }

  /** @param {import("../types.js").Member} member */
  #memberUpdate(member) {
    this.#meet(member.user);
    if (member.user.user_id === this.user?.user_id) this.#server(member.server_id, { member });
  }

  /** @param {string} serverId @param {Partial<FullServer>} change */
  #server(serverId, change) {
    const known = this.servers.get(serverId);
    if (!known) return;
    this.servers.set(serverId, { ...known, ...change });
    this.changed("servers");
  }

  /** @param {string} serverId @param {number} by */
  #count(serverId, by) {
    this.#server(serverId, { member_count: (this.servers.get(serverId)?.member_count ?? 0) + by });
  }

  /** @param {string} serverId */
  #serverGone(serverId) {
    this.servers.delete(serverId);
    if (this.section === serverId) this.section = "@me";
    for (const channel of this.channels.values()) if (channel.server_id === serverId) this.#forget(channel.channel_id);
    this.changed("servers");
    this.changed("channels");
  }

  /** Whoever reads offline and yet hears of it is invisible. @param {{user_id: string, status: import("../types.js").Status}} d */
  #presence({ user_id: id, status }) {
    this.presences.set(id, status === "invisible" ? "offline" : status);
    if (this.user?.user_id === id) {
      this.user = { ...this.user, status: status === "offline" ? "invisible" : status };
      this.changed("users");
    }
    this.changed("presence");
  }

  /** @param {import("../types.js").User} user */
  #userUpdate(user) {
    this.#meet(user);
    if (this.user?.user_id === user.user_id) this.user = { ...this.user, ...user, status: this.user.status };
    this.changed("users");
  }

  /** @param {{channel_id: string, user_id: string}} d */
  #typing({ channel_id: id, user_id: user }) {
    if (user === this.user?.user_id) return;
    const typists = this.typing.get(id) ?? new Map();
    this.typing.set(id, typists.set(user, Date.now() + TYPING_MS));
    this.changed("typing", id);
  }

  /** @param {import("../types.js").Author[]} people */
  #meet(...people) {
    for (const person of people) this.users.set(person.user_id, person);
  }
}
