/** The settings that one's devices share: one JSON object, changed at once here and then on the server. */
import { OP } from "../lib/ops.js";
import { nextEnd } from "./notify.js";

/** @typedef {Record<string, any>} Json */

const LONGEST_MS = 2 ** 31 - 1; // timers cannot wait longer

const isObject = (/** @type {unknown} */ value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * An object with a change in it, as JSON Merge Patch (RFC 7396) says: objects are merged, null takes a key away, all
 * else replaces. Neither is changed.
 * @param {Json} target @param {Json} change @returns {Json}
 */
export function merged(target, change) {
  const result = { ...target };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = merged(isObject(result[key]) ? result[key] : {}, value);
    else result[key] = value;
  }
  return result;
}

export class Settings {
  /** As the server has them, as far as is known. @type {Json} */ #known = {};
  /** Changes that the server has not confirmed. @type {Set<Json>} */ #pending = new Set();
  /** @type {Promise<void>} */ #last = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {object} options
   * @param {{request: (method: string, path: string, body?: unknown) => Promise<any>}} options.api
   * @param {import("./store.js").Store} options.store
   */
  constructor({ api, store }) {
    this.api = api;
    this.store = store;
    store.listen((op, d) => {
      if (op === OP.CONNECTED) this.#learn(d.settings);
      else if (op === OP.SETTINGS_UPDATE) this.#learn(d);
    });
  }

  /**
   * Holds at once, and is taken back if the server refuses; then this rejects. Changes that follow each other reach
   * the server one by one, each upon what it last said, so that other devices' changes stay.
   * @param {Json} change a merge patch
   */
  change(change) {
    this.#pending.add(change);
    this.#show();
    const sent = this.#last.then(() => this.#send(change));
    this.#last = sent.catch(() => {});
    return sent;
  }

  /** @param {Json} change */
  async #send(change) {
    try {
      const whole = merged(this.#known, change);
      await this.api.request("PUT", "users/@me/settings", whole);
      // What another device did in the meantime may have come already; so not simply what was sent.
      this.#known = merged(this.#known, change);
    } finally {
      this.#pending.delete(change);
      this.#show();
    }
  }

  /** @param {Json} settings */
  #learn(settings) {
    this.#known = settings;
    this.#show();
  }

  #show() {
    this.store.settings = [...this.#pending].reduce(merged, this.#known);
    this.store.changed("settings");
    this.#wait();
  }

  /** Mutes end by themselves: one timer for the nearest end, none if there is none. */
  #wait() {
    clearTimeout(this.#timer);
    const end = nextEnd(this.store);
    if (end === null) return;
    this.#timer = setTimeout(() => {
      this.store.changed("settings");
      this.#wait();
    }, Math.min(end - Date.now(), LONGEST_MS));
  }
}
