/** Who is in each server: fetched when somebody wants to see it, then kept true by events. No DOM. */
import { OP } from "../lib/ops.js";
import { sees } from "./people.js";

const PAGE = 100;
/** Above so many members only those online are fetched; the rest is found by a search. */
export const WHOLE = 1000;
const ASK_AFTER_MS = 1_000; // those who come online together are asked for together

/**
 * @typedef {import("../types.js").Member} Member
 * @typedef {{people: Map<string, Member>, loaded: boolean, whole: boolean}} Crowd
 */

export class Members {
  /** @type {Map<string, Crowd>} */ #crowds = new Map();
  /** Loads under way. @type {Map<string, Promise<void>>} */ #loading = new Map();
  /** Whom events were about while a page was under way: the page may be older than they are. @type {Set<string>} */
  #touched = new Set();
  /** Who came online and is not known yet. @type {Set<string>} */ #strangers = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #asking;
  /** Counts connections: what an earlier one began is not for this one. */ #era = 0;

  /**
   * @param {object} options
   * @param {Pick<import("../lib/api.js").Api, "request" | "page">} options.api
   * @param {import("./store.js").Store} options.store
   * @param {number} [options.askAfterMs]
   */
  constructor({ api, store, askAfterMs = ASK_AFTER_MS }) {
    this.api = api;
    this.store = store;
    this.askAfterMs = askAfterMs;
    store.listen((op, d) => this.#apply(op, d));
  }

  /** What is known of a server's members. @param {string} serverId @returns {Crowd} */
  of(serverId) {
    return this.#crowds.get(serverId) ?? { people: new Map(), loaded: false, whole: false };
  }

  /**
   * Those who can see a channel; without one, everybody known.
   * @param {string} serverId @param {import("../types.js").Channel | null} channel
   */
  seeing(serverId, channel) {
    const server = this.store.servers.get(serverId);
    return server ? [...this.of(serverId).people.values()].filter((member) => sees(server, channel, member)) : [];
  }

  /** Fetches the members, or those online of a large server, unless they are there. @param {string} serverId */
  load(serverId) {
    if (this.of(serverId).loaded) return Promise.resolve();
    const known = this.#loading.get(serverId);
    if (known) return known;
    const running = this.#load(serverId).finally(() => {
      if (this.#loading.get(serverId) === running) this.#loading.delete(serverId);
    });
    this.#loading.set(serverId, running);
    return running;
  }

  /** Members one of whose names begins so, best first. @param {string} serverId @param {string} text @returns {Promise<Member[]>} */
  find(serverId, text) {
    return this.api.request("GET", `servers/${serverId}/members?limit=50&query=${encodeURIComponent(text)}`);
  }

  /**
   * One member, known or asked for; null for who is none.
   * @param {string} serverId @param {string} userId @returns {Promise<Member | null>}
   */
  async one(serverId, userId) {
    const known = this.of(serverId).people.get(userId);
    if (known) return known;
    const [found] = await this.api.request("GET", `servers/${serverId}/members?user_ids=${userId}`);
    return found ?? null;
  }

  /** @param {string} serverId */
  async #load(serverId) {
    const era = this.#era;
    const whole = (this.store.servers.get(serverId)?.member_count ?? 0) <= WHOLE;
    if (!this.#loading.size) this.#touched.clear();
    const people = new Map();
    let path = /** @type {string | null} */ (`servers/${serverId}/members?limit=${PAGE}${whole ? "" : "&online=true"}`);
    for (let count = 0; path && count < WHOLE; count += PAGE) {
      const { items, next } = await this.api.page(path);
      if (era !== this.#era) return;
      for (const member of items) people.set(member.user.user_id, member);
      path = next;
    }
    this.#accept(serverId, people, whole);
  }

  /** @param {string} serverId @param {Map<string, Member>} people @param {boolean} whole */
  #accept(serverId, people, whole) {
    const before = this.of(serverId).people;
    for (const id of this.#touched) {
      const [server, user] = id.split(" ");
      const now = before.get(user);
      if (server === serverId) people.delete(user);
      if (server === serverId && now) people.set(user, now);
    }
    this.#meet(people.values());
    this.#crowds.set(serverId, { people, loaded: true, whole });
    this.store.changed("members", serverId);
  }

  /** @param {Iterable<Member>} members */
  #meet(members) {
    for (const { user } of members) {
      if (!this.store.users.has(user.user_id)) this.store.users.set(user.user_id, user);
      // What events said of somebody's presence is newer than any page.
      if (!this.store.presences.has(user.user_id)) this.store.presences.set(user.user_id, user.status);
    }
  }

  /** @param {number} op @param {any} d */
  #apply(op, d) {
    if (op === OP.CONNECTED) this.#begin();
    else if (op === OP.SERVER_MEMBER_ADD || op === OP.SERVER_MEMBER_UPDATE) this.#put(d);
    else if (op === OP.SERVER_MEMBER_REMOVE) this.#remove(d);
    else if (op === OP.SERVER_DELETE) this.#crowds.delete(d.server_id);
    else if (op === OP.USER_UPDATE) this.#user(d);
    else if (op === OP.PRESENCE_UPDATE) this.#presence(d);
  }

  /** Much may have happened unnoticed: what is shown stays until it is fetched anew. */
  #begin() {
    this.#era += 1;
    this.#loading.clear();
    this.#touched.clear();
    this.#strangers.clear();
    for (const [id, crowd] of this.#crowds) {
      if (!this.store.servers.has(id)) this.#crowds.delete(id);
      else {
        this.#crowds.set(id, { ...crowd, loaded: false });
        this.store.changed("members", id);
      }
    }
  }

  /** @param {any} d */
  #put({ server: _server, ...member }) {
    const { server_id: id, user } = member;
    this.#touched.add(`${id} ${user.user_id}`);
    const crowd = this.#crowds.get(id) ?? (this.#loading.has(id) ? { people: new Map(), loaded: false, whole: false } : null);
    if (!crowd) return;
    this.#crowds.set(id, crowd);
    crowd.people.set(user.user_id, member);
    this.#meet([member]);
    this.store.changed("members", id);
  }

  /** @param {{server_id: string, user_id: string}} d */
  #remove({ server_id: id, user_id: user }) {
    this.#touched.add(`${id} ${user}`);
    if (user === this.store.user?.user_id) this.#crowds.delete(id);
    if (this.#crowds.get(id)?.people.delete(user)) this.store.changed("members", id);
  }

  /** @param {import("../types.js").User} user */
  #user(user) {
    for (const [id, { people }] of this.#crowds) {
      const known = people.get(user.user_id);
      if (known) people.set(user.user_id, { ...known, user });
      if (known) this.store.changed("members", id);
    }
  }

  /**
   * Of a large server those are known who were online; somebody else who comes is asked for.
   * @param {{user_id: string, status: string}} d
   */
  #presence({ user_id: user, status }) {
    const large = [...this.#crowds.values()].some(({ whole, loaded, people }) => loaded && !whole && !people.has(user));
    if (!large || status === "offline") return void this.#strangers.delete(user);
    this.#strangers.add(user);
    this.#asking ??= setTimeout(() => this.#ask(), this.askAfterMs);
  }

  async #ask() {
    const era = this.#era;
    const some = [...this.#strangers].slice(0, PAGE);
    for (const id of some) this.#strangers.delete(id);
    for (const [id, { whole, loaded, people }] of this.#crowds) {
      const wanted = some.filter((user) => !people.has(user));
      if (whole || !loaded || !wanted.length) continue;
      // Whoever is missed now comes with the next connection.
      const found = await this.api.request("GET", `servers/${id}/members?limit=${PAGE}&user_ids=${wanted.join(",")}`).catch(() => []);
      if (era !== this.#era) break;
      for (const member of found) people.set(member.user.user_id, member);
      this.#meet(found);
      if (found.length) this.store.changed("members", id);
    }
    this.#asking = this.#strangers.size ? setTimeout(() => this.#ask(), this.askAfterMs) : undefined;
  }
}

/** @type {WeakMap<object, Members>} */
const known = new WeakMap();

/** The one there is for a client: made when somebody wants it first. @param {Pick<import("../types.js").Client, "api" | "store">} client */
export function membersOf(client) {
  const members = known.get(client.store) ?? new Members(client);
  known.set(client.store, members);
  return members;
}
