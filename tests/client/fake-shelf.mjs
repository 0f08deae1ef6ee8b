/** One browser's database and pages, for the tests of the outbox. */
import { Keeper } from "../../static/state/keeper.js";

/** What `lib/shelf.js` does, in memory; it outlives the pages of a test. */
export class FakeShelf {
  #entries = new Map();
  #files = new Map();
  /** Set while nothing can be written: private windows, full disks. */ full = false;

  async all(user) {
    return [...this.#entries.values()].filter((entry) => entry.user === user)
      .map((entry) => structuredClone({ ...entry, blobs: [] })).map((entry) => ({ ...entry, blobs: this.#files.get(entry.box) ?? [] }));
  }

  async any() {
    return this.#entries.size > 0;
  }

  async put(entry, blobs) {
    if (this.full) throw new DOMException("", "QuotaExceededError");
    this.#entries.set(entry.nonce, structuredClone(entry));
    if (blobs.length) this.#files.set(entry.box, blobs);
  }

  async change(nonce, fields) {
    const entry = this.#entries.get(nonce);
    if (!entry) return;
    if (fields.nonce) this.#entries.delete(nonce);
    this.#entries.set(fields.nonce ?? nonce, structuredClone({ ...entry, ...fields }));
  }

  async claim(left, tab) {
    const claimed = left.filter(({ nonce, tab: before }) => this.#entries.get(nonce)?.tab === before);
    for (const { nonce } of claimed) this.#entries.get(nonce).tab = tab;
    return claimed.map(({ nonce }) => nonce);
  }

  async remove(nonces) {
    for (const nonce of nonces) {
      this.#files.delete(this.#entries.get(nonce)?.box);
      this.#entries.delete(nonce);
    }
  }

  /** What lies there, for asserting. */
  get list() {
    return [...this.#entries.values()];
  }

  get files() {
    return this.#files.size;
  }
}

/** The pages of one browser: they hear each other as long as they are open. */
export class FakeBrowser {
  shelf = new FakeShelf();
  #tabs = new Set();
  #opened = 0;

  /** What `lib/tabs.js` does. */
  tabs() {
    this.#opened += 1;
    const id = `tab ${this.#opened}`;
    const others = () => [...this.#tabs].filter((tab) => tab.id !== id);
    const tab = {
      id, onGone: () => {}, onClosed: () => {},
      others: async () => new Set(others().map((other) => other.id)),
      gone: (nonces) => { for (const other of others()) other.onGone(nonces); },
      closed: () => { for (const other of others()) other.onClosed(); },
      /** The page is gone without a word. */
      crash: () => this.#tabs.delete(tab),
    };
    this.#tabs.add(tab);
    return tab;
  }

  /** @param {ReturnType<FakeBrowser["tabs"]>} tabs @param {() => number} now */
  keeper(tabs, now) {
    return new Keeper({ shelf: this.shelf, tabs, now });
  }
}
