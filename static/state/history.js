/** Reading: which messages to fetch when, and how far the reader has come. */
import { compareIds, mergeLatest, mergeNewer, mergeOlder, trimmed, windowOf } from "./messages.js";

const PAGE = 50;
const MOST = 200; // messages in the page at once; beyond that both memory and drawing would grow without an end
const READ_EVERY_MS = 3_000; // writes are limited to 60 a minute; reading along must not use them up

export class History {
  /** Requests under way, so that scrolling does not ask twice. @type {Map<string, Promise<void>>} */
  #loading = new Map();
  /** @type {Map<string, number>} */
  #marked = new Map();

  /**
   * @param {object} options
   * @param {{request: (method: string, path: string, body?: unknown) => Promise<any>}} options.api
   * @param {import("./store.js").Store} options.store
   */
  constructor({ api, store }) {
    this.api = api;
    this.store = store;
  }

  /** Loads or catches up the latest messages, unless they are there. @param {string} channelId */
  latest(channelId) {
    const { loaded, hasNewer, staleUpTo, messages } = this.store.timeline(channelId);
    if (loaded && !hasNewer) return Promise.resolve();
    // Whoever reads far back when the connection is lost stays there.
    if (hasNewer && staleUpTo) return this.around(channelId, messages[messages.length >> 1].message_id);
    return this.#once(`latest ${channelId}`, async () => {
      // The row is there from now on: events that come while the page is under way are kept and merged.
      this.store.setTimeline(channelId, hasNewer ? { deleted: new Set(), messages: [], hasNewer: false, loaded: false } : { deleted: new Set() });
      const limit = staleUpTo ? 2 * PAGE : PAGE;
      const page = await this.api.request("GET", `channels/${channelId}/messages?limit=${limit}`);
      if (this.store.channels.has(channelId)) this.store.setTimeline(channelId, mergeLatest(this.store.timeline(channelId), page, limit));
    });
  }

  /** Loads the page before the oldest known message. @param {string} channelId */
  older(channelId) {
    const { loaded, hasOlder, messages } = this.store.timeline(channelId);
    if (!loaded || !hasOlder || !messages.length) return Promise.resolve();
    return this.#once(`older ${channelId}`, async () => {
      const page = await this.api.request("GET", `channels/${channelId}/messages?limit=${PAGE}&before=${messages[0].message_id}`);
      const now = this.store.timeline(channelId);
      // A reconnect may have begun the list anew meanwhile; then this page no longer borders on it.
      if (now.messages[0]?.message_id === messages[0].message_id) {
        this.store.setTimeline(channelId, trimmed(mergeOlder(now, page, PAGE), MOST, "newer"));
      }
    });
  }

  /** Loads the page after the newest message in the window, if that is not the channel's latest. @param {string} channelId */
  newer(channelId) {
    const { loaded, hasNewer, messages } = this.store.timeline(channelId);
    const last = messages.at(-1)?.message_id;
    if (!loaded || !hasNewer || !last) return Promise.resolve();
    return this.#once(`newer ${channelId}`, async () => {
      const page = await this.api.request("GET", `channels/${channelId}/messages?limit=${PAGE}&after=${last}`);
      const now = this.store.timeline(channelId);
      if (now.messages.at(-1)?.message_id === last) this.store.setTimeline(channelId, trimmed(mergeNewer(now, page, PAGE), MOST, "older"));
    });
  }

  /** Shows the neighbourhood of a message, unless it is on the screen. @param {string} channelId @param {string} messageId */
  around(channelId, messageId) {
    const { loaded, messages } = this.store.timeline(channelId);
    if (loaded && messages.some((message) => message.message_id === messageId)) return Promise.resolve();
    return this.#once(`around ${channelId} ${messageId}`, async () => {
      this.store.setTimeline(channelId, { deleted: new Set() });
      const page = await this.api.request("GET", `channels/${channelId}/messages?limit=${PAGE}&around=${messageId}`);
      const last = this.store.channels.get(channelId)?.last_message_id ?? null;
      if (this.store.channels.has(channelId)) this.store.setTimeline(channelId, windowOf(this.store.timeline(channelId), page, last));
    });
  }

  /** Lets go of old messages that nobody looks at; they load again by scrolling. @param {string} channelId @param {number} keep */
  trim(channelId, keep) {
    const timeline = this.store.timeline(channelId);
    if (timeline.messages.length > 2 * keep) this.store.setTimeline(channelId, trimmed(timeline, keep, "older"));
  }

  /** Everything in the channel has been seen. @param {string} channelId */
  read(channelId) {
    const last = this.store.channels.get(channelId)?.last_message_id;
    if (!last || !this.store.unread(channelId)) return;
    this.store.reads.set(channelId, { message_id: last });
    this.store.changed("reads");
    const wait = Math.max(0, (this.#marked.get(channelId) ?? 0) + READ_EVERY_MS - Date.now());
    this.#once(`read ${channelId}`, async () => {
      await new Promise((wake) => { setTimeout(wake, wait); });
      this.#marked.set(channelId, Date.now());
      const position = this.store.reads.get(channelId)?.message_id;
      if (position && compareIds(position, "0") > 0) await this.api.request("PUT", `channels/${channelId}/read`, { message_id: position });
    }).catch(() => {}); // The next message marks again.
  }

  /** @param {string} key @param {() => Promise<void>} work */
  #once(key, work) {
    const known = this.#loading.get(key);
    if (known) return known;
    const running = work().finally(() => this.#loading.delete(key));
    this.#loading.set(key, running);
    return running;
  }
}
