/** Keeps what waits to be sent beyond the page: which of it is whose, and which page of the browser sends it. */
import { Parcel } from "../lib/uploads.js";

/**
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../lib/shelf.js").Entry} Entry
 */

/** What a channel that is gone leaves behind is forgotten after this. */
const FORGET_MS = 7 * 86_400_000;

/** What an entry says that may change. @param {Message} row @returns {Pick<Entry, "time" | "refusal" | "files">} */
function changing({ timestamp, refusal, parcels = [] }) {
  return { time: timestamp, refusal, files: parcels.map(({ file, attachment, at }) => ({ name: file.name, attachment, at })) };
}

/**
 * The row of an entry, as its user sees it.
 * @param {Entry & {blobs: Blob[]}} entry @param {import("../types.js").User} author @returns {Message}
 */
function rowOf({ nonce, channel, content, reply, time, refusal, files, blobs }, author) {
  return {
    message_id: `pending ${nonce}`, nonce, channel_id: channel, author, content, reply_to: reply, timestamp: time, edited_at: null,
    pending: refusal === undefined ? "offline" : "refused", refusal, mentions: [], mentioned_users: [], mention_roles: [],
    mention_everyone: false, attachments: [], reactions: [], pinned: false,
    // Not every browser gives back a file's name with its bytes.
    parcels: files.map(({ name, attachment, at }, index) => {
      const blob = blobs[index];
      return new Parcel(new File([blob], name, { type: blob.type }), attachment, at);
    }),
  };
}

export class Keeper {
  /** Nonces of what this page has done with: the database may still name them. @type {Set<string>} */ #done = new Set();

  /**
   * @param {object} options
   * @param {Pick<import("../lib/shelf.js").Shelf, "all" | "any" | "put" | "change" | "claim" | "remove">} options.shelf
   * @param {import("../lib/tabs.js").Tabs} options.tabs
   * @param {() => number} [options.now]
   */
  constructor({ shelf, tabs, now = Date.now }) {
    this.shelf = shelf;
    this.tabs = tabs;
    this.now = now;
  }

  /** Resolves once the row would come back after a reload. @param {Message} row */
  put(row) {
    const { nonce = "", channel_id: channel, author, content, reply_to: reply, parcels = [] } = row;
    const entry = { nonce, box: nonce, user: author.user_id, tab: this.tabs.id, channel, content, reply, ...changing(row) };
    return this.shelf.put(entry, parcels.map(({ file }) => file));
  }

  /** Whichever page changes a row goes on with it. @param {string} nonce what it had before @param {Message} row */
  change(nonce, row) {
    return this.shelf.change(nonce, { ...changing(row), tab: this.tabs.id, ...(row.nonce !== nonce && { nonce: row.nonce }) });
  }

  /** @param {string[]} nonces */
  async remove(nonces) {
    for (const nonce of nonces) this.#done.add(nonce);
    await this.shelf.remove(nonces);
    this.tabs.gone(nonces);
  }

  /**
   * Compares with what is kept: other pages may have done with rows of this one, or may have been closed before they
   * were done with theirs.
   * @param {import("../types.js").User} user @param {Set<string>} known nonces of kept rows that this page shows
   * @param {(time: string) => boolean} expired
   * @returns {Promise<{found: Message[], missing: string[]}>} in the order of writing
   */
  async compare(user, known, expired) {
    const kept = await this.shelf.all(user.user_id);
    const left = await this.#claim(kept);
    // What asks the user something does so in every page.
    const asks = (/** @type {Entry} */ { refusal, time }) => refusal !== undefined || expired(time);
    const own = kept.filter((entry) => entry.tab === this.tabs.id || left.has(entry.nonce) || asks(entry));
    const nonces = new Set(own.map(({ nonce }) => nonce));
    const found = own.filter(({ nonce }) => !known.has(nonce) && !this.#done.has(nonce)).sort((a, b) => (a.time < b.time ? -1 : 1));
    return { found: found.map((entry) => rowOf(entry, user)), missing: [...known].filter((nonce) => !nonces.has(nonce)) };
  }

  /** What pages that are no longer there have left. @param {Entry[]} kept */
  async #claim(kept) {
    const foreign = kept.filter(({ tab }) => tab !== this.tabs.id);
    if (!foreign.length) return new Set();
    const others = await this.tabs.others();
    return new Set(await this.shelf.claim(foreign.filter(({ tab }) => !others.has(tab)), this.tabs.id));
  }

  /** How many messages of a person's wait, in whichever page. @param {string} user @param {(channel: string) => boolean} counts */
  async count(user, counts) {
    return (await this.shelf.all(user)).filter(({ channel }) => counts(channel)).length;
  }

  /** Forgets everything of a person's. @param {string} user */
  async clear(user) {
    await this.remove((await this.shelf.all(user)).map(({ nonce }) => nonce));
  }

  /** @param {Message[]} rows of channels that are not there */
  forgetOld(rows) {
    const old = rows.filter(({ timestamp }) => this.now() - Date.parse(timestamp) > FORGET_MS);
    return old.length ? this.remove(old.map(({ nonce = "" }) => nonce)) : undefined;
  }
}
