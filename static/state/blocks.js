/** Whom the reader has blocked: the list is asked for with each connection, and when another device changes it. No DOM. */
import { OP } from "../lib/ops.js";
import { remember, remembered } from "../lib/storage.js";

/** @typedef {import("../types.js").Author} Author */

/** The list as it was last time folds their messages before the new one is there. */
const KEPT = "blocked";

export class Blocks {
  /** Latest first; null until the list has come. @type {Author[] | null} */ people = null;
  /** Counts what was asked and changed: an answer that is older than either is dropped. */ #turn = 0;

  /**
   * @param {object} options
   * @param {{request: (method: string, path: string) => Promise<any>}} options.api
   * @param {import("./store.js").Store} options.store
   */
  constructor({ api, store }) {
    this.api = api;
    this.store = store;
    store.listen((op, d) => {
      if (op === OP.CONNECTED) this.#begin();
      if (op === OP.BLOCK_UPDATE) this.#learn(d);
    });
  }

  /** What comes next counts so at once; who it is comes with the list. @param {{user_id: string, blocked: boolean}} d */
  #learn({ user_id: id, blocked }) {
    if (this.store.blocked.has(id) === blocked) return;
    const others = [...this.store.blocked].filter((one) => one !== id);
    this.#show(blocked ? [id, ...others] : others);
    this.load().catch(() => {}); // The next connection asks again.
  }

  #begin() {
    const [user, ...ids] = remembered(KEPT)?.split(" ") ?? [];
    if (!this.people && user === this.store.user?.user_id) this.#show(ids);
    this.load().catch(() => {}); // The next connection asks again.
  }

  async load() {
    const turn = this.#turn += 1;
    const people = await this.api.request("GET", "users/@me/blocks");
    if (turn === this.#turn) this.#know(people);
  }

  /** @param {Author} user @param {boolean} blocked */
  async set(user, blocked) {
    await this.api.request(blocked ? "PUT" : "DELETE", `users/@me/blocks/${user.user_id}`);
    this.#turn += 1;
    if (!this.people) return this.load();
    const others = this.people.filter((one) => one.user_id !== user.user_id);
    this.#know(blocked ? [user, ...others] : others);
  }

  /** @param {Author[]} people */
  #know(people) {
    this.people = people;
    const ids = people.map((user) => user.user_id);
    remember(KEPT, ids.length ? [this.store.user?.user_id, ...ids].join(" ") : null);
    this.#show(ids);
  }

  /** @param {string[]} ids */
  #show(ids) {
    this.store.blocked = new Set(ids);
    this.store.changed("blocks");
  }
}
