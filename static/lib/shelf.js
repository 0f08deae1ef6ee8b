/** What waits to be sent, in the browser's database: it outlives the page. */

const OPEN_MS = 5_000; // there are browsers that never answer; then it is as if they had no database
const WORK_MS = 20_000; // enough for ten large files on a slow disk
const ENTRIES = "entries";
const FILES = "files";

/**
 * A message that waits. Its files lie apart, under the nonce it had first: what is noted about it is written anew
 * without them.
 * @typedef {object} Entry
 * @property {string} nonce
 * @property {string} box where its files lie
 * @property {string} user whose it is
 * @property {string} tab which page sends it
 * @property {string} channel
 * @property {string} content
 * @property {import("../types.js").Message["reply_to"]} reply
 * @property {string} time
 * @property {string} [refusal] why the server turned it down
 * @property {{name: string, attachment: import("../types.js").Attachment | null, at: number}[]} files
 */

/** @template T @typedef {(entries: IDBObjectStore, files: IDBObjectStore) => Promise<T>} Act */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @template T @param {Promise<T>} work @param {number} ms @returns {Promise<T>} */
function within(work, ms) {
  let timer = 0;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new DOMException("", "TimeoutError")), ms); });
  return Promise.race([work, /** @type {Promise<never>} */ (late)]).finally(() => clearTimeout(timer));
}

/** The files of one entry. @param {string} box */
function inside(box) {
  return IDBKeyRange.bound([box], [box, []]);
}

export class Shelf {
  /** @type {Promise<IDBDatabase> | null} */ #database = null;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** Everything of one person's, with the files. @param {string} user @returns {Promise<(Entry & {blobs: Blob[]})[]>} */
  all(user) {
    return this.#run("readonly", async (entries, files) => {
      /** @type {Entry[]} */
      const list = await answer(entries.index("user").getAll(user));
      const blobs = (/** @type {Entry} */ entry) => (entry.files.length ? answer(files.getAll(inside(entry.box))) : []);
      return Promise.all(list.map(async (entry) => ({ ...entry, blobs: await blobs(entry) })));
    });
  }

  /** Whether there is anything, of whomever. */
  any() {
    return this.#run("readonly", async (entries) => await answer(entries.count()) > 0);
  }

  /** Resolves once it is safe. @param {Entry} entry @param {Blob[]} blobs */
  put(entry, blobs) {
    return this.#run("readwrite", async (entries, files) => {
      entries.put(entry);
      blobs.forEach((blob, at) => files.put(blob, [entry.box, at]));
    });
  }

  /** Notes something about an entry, unless it is gone; its nonce may change too. @param {string} nonce @param {Partial<Entry>} fields */
  change(nonce, fields) {
    return this.#run("readwrite", async (entries) => {
      const entry = await answer(entries.get(nonce));
      if (!entry) return;
      if (fields.nonce) entries.delete(nonce);
      entries.put({ ...entry, ...fields });
    });
  }

  /**
   * Takes over what another page left. Of several that try at once, one gets it.
   * @param {{nonce: string, tab: string}[]} left @param {string} tab @returns {Promise<string[]>} the nonces of what is this page's now
   */
  claim(left, tab) {
    return this.#run("readwrite", async (entries) => {
      /** @type {string[]} */
      const claimed = [];
      for (const { nonce, tab: before } of left) {
        const entry = await answer(entries.get(nonce));
        if (entry?.tab !== before) continue;
        entries.put({ ...entry, tab });
        claimed.push(nonce);
      }
      return claimed;
    });
  }

  /** @param {string[]} nonces */
  remove(nonces) {
    return this.#run("readwrite", async (entries, files) => {
      for (const nonce of nonces) {
        const entry = await answer(entries.get(nonce));
        if (entry?.files.length) files.delete(inside(entry.box));
        entries.delete(nonce);
      }
    });
  }

  /** @template T @param {IDBTransactionMode} mode @param {Act<T>} act @returns {Promise<T>} */
  async #run(mode, act) {
    try {
      return await this.#try(mode, act);
    } catch (error) {
      // Phones cut the connection to the database while a page is in the background.
      if (!(error instanceof DOMException) || !["InvalidStateError", "UnknownError"].includes(error.name)) throw error;
      this.#database = null;
      return this.#try(mode, act);
    }
  }

  /** @template T @param {IDBTransactionMode} mode @param {Act<T>} act @returns {Promise<T>} */
  async #try(mode, act) {
    const database = await (this.#database ??= this.#open());
    const transaction = database.transaction([ENTRIES, FILES], mode);
    const kept = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"));
    });
    // Half of an entry is worth less than none: what goes wrong here undoes the rest.
    const work = act(transaction.objectStore(ENTRIES), transaction.objectStore(FILES)).catch((error) => {
      try {
        transaction.abort();
      } catch {
        // It was undone already.
      }
      throw error;
    });
    const [result] = await within(Promise.all([work, kept]), WORK_MS);
    return result;
  }

  /** @returns {Promise<IDBDatabase>} */
  async #open() {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ENTRIES, { keyPath: "nonce" }).createIndex("user", "user");
      request.result.createObjectStore(FILES);
    };
    const database = await within(answer(request), OPEN_MS);
    // Another page with a newer client, or somebody who clears this site's data, need not wait for this page.
    database.onversionchange = () => { database.close(); this.#database = null; };
    database.onclose = () => { this.#database = null; };
    return database;
  }
}
