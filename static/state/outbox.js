/** Sending: a row at once, then the server's word; in order per channel, and never twice (the nonce sees to that). */
import { Problem } from "../lib/api.js";

/** 16 random bytes; `crypto.randomUUID` is missing on plain http. */
function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  /** The last send per channel: the next one waits for it. @type {Map<string, Promise<void>>} */
  #last = new Map();

  /**
   * @param {object} options
   * @param {{request: (method: string, path: string, body?: unknown) => Promise<any>}} options.api
   * @param {import("./store.js").Store} options.store
   * @param {(ms: number) => Promise<unknown>} [options.sleep]
   */
  constructor({ api, store, sleep = (ms) => new Promise((wake) => { setTimeout(wake, ms); }) }) {
    this.api = api;
    this.store = store;
    this.sleep = sleep;
  }

  /**
   * @param {string} channelId @param {string} content
   * @param {{replyTo?: import("../types.js").Message | null, attachments?: import("../types.js").Attachment[]}} [more]
   */
  send(channelId, content, { replyTo = null, attachments = [] } = {}) {
    this.#sendAgain(channelId);
    const nonce = newNonce();
    const author = /** @type {import("../types.js").User} */ (this.store.user);
    const { pending } = this.store.timeline(channelId);
    this.store.setTimeline(channelId, {
      pending: [...pending, {
        message_id: `pending ${nonce}`, channel_id: channelId, author, content, nonce, pending: "sending",
        timestamp: new Date().toISOString(), edited_at: null, reply_to: replyTo && { message_id: replyTo.message_id, author: replyTo.author, content: replyTo.content },
        mentions: [], mentioned_users: [],
        mention_roles: [], mention_everyone: false, attachments, reactions: [], pinned: false,
      }],
    });
    return this.#queue(channelId, nonce);
  }

  /** Sends a failed row again, with its first nonce; before it, whatever else waits for the connection. @param {string} channelId @param {string} nonce */
  retry(channelId, nonce) {
    return this.#sendAgain(channelId, nonce);
  }

  /** After the connection came back: everything that failed for want of it. */
  retryAll() {
    for (const id of this.store.timelines.keys()) this.#sendAgain(id);
  }

  /** Gives a failed row up. @param {string} channelId @param {string} nonce */
  discard(channelId, nonce) {
    const { pending } = this.store.timeline(channelId);
    this.store.setTimeline(channelId, { pending: pending.filter((row) => row.nonce !== nonce) });
  }

  /** What was not sent for want of a connection, in its order. @param {string} channelId @param {string} [also] a nonce */
  #sendAgain(channelId, also) {
    const again = this.store.timeline(channelId).pending.filter((row) => row.pending === "offline" || row.nonce === also);
    for (const row of again) {
      this.#mark(channelId, (one) => one === row, { pending: "sending", refusal: undefined });
      this.#queue(channelId, String(row.nonce));
    }
    return this.#last.get(channelId) ?? Promise.resolve();
  }

  /** @param {string} channelId @param {string} nonce */
  #queue(channelId, nonce) {
    const turn = (this.#last.get(channelId) ?? Promise.resolve()).then(() => this.#post(channelId, nonce));
    this.#last.set(channelId, turn);
    return turn;
  }

  /** @param {string} channelId @param {string} nonce */
  async #post(channelId, nonce) {
    for (;;) {
      const row = this.store.timeline(channelId).pending.find((one) => one.nonce === nonce);
      if (row?.pending !== "sending") return;
      try {
        const message = await this.api.request("POST", `channels/${channelId}/messages`, {
          content: row.content, nonce, ...(row.reply_to && { reply_to: row.reply_to.message_id }),
          ...(row.attachments.length > 0 && { attachments: row.attachments.map((file) => file.attachment_id) }),
        });
        this.store.confirm({ ...message, nonce });
        return;
      } catch (error) {
        const { status, message, retryAfterS } = error instanceof Problem ? error : new Problem(0);
        if (status === 429) {
          await this.sleep(Math.max(retryAfterS, 1) * 1000);
        } else if (status === 0 || status >= 500) {
          // Those behind it wait as well: what was written first is read first.
          this.#mark(channelId, (one) => one.pending === "sending", { pending: "offline" });
        } else {
          this.#mark(channelId, (one) => one.nonce === nonce, { pending: "refused", refusal: message });
        }
      }
    }
  }

  /** @param {string} channelId @param {(row: import("../types.js").Message) => boolean} which @param {Partial<import("../types.js").Message>} change */
  #mark(channelId, which, change) {
    const { pending } = this.store.timeline(channelId);
    this.store.setTimeline(channelId, { pending: pending.map((row) => (which(row) ? { ...row, ...change } : row)) });
  }
}
