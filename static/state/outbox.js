/**
 * Sending: a row at once, then the server's word; in order per channel, and never twice (the nonce sees to that). What
 * waits is kept beyond the page, files included.
 */
import { Problem } from "../lib/api.js";
import { problemText, t } from "../lib/words.js";

const NONCE_MS = 23 * 3_600_000; // the server knows a nonce for a day; later the same message could come twice
const AGAIN_MS = 5_000;
const AGAIN_MAX_MS = 60_000;

/**
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("./keeper.js").Keeper} Keeper
 */

/** 16 random bytes; `crypto.randomUUID` is missing on plain http. */
function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  /** Channels that are being sent to. @type {Map<string, Promise<void>>} */ #busy = new Map();
  /** @type {Promise<Keeper | null> | null} */ #keeper = null;
  /** Rows of this page's, by nonce, and when they are safe. @type {Map<string, Promise<boolean>>} */ #kept = new Map();
  /** Set once what an earlier page left is back. */ #restored = Promise.resolve();
  #restoring = false;
  #failures = 0;
  #waiting = false;
  #warned = false;
  #latest = 0;
  /** Something to tell the user. @type {(toast: import("../types.js").Toast) => void} */ onTold = () => {};
  /** Old rows came back in a channel, and ask what to do with them. @type {(channelId: string, count: number) => void} */
  onAsks = () => {};

  /**
   * @param {object} options
   * @param {{request: (method: string, path: string, body?: unknown) => Promise<any>}} options.api
   * @param {import("./store.js").Store} options.store
   * @param {import("../lib/uploads.js").Send} options.upload
   * @param {(() => Promise<Keeper>) | null} [options.keep] makes what keeps rows beyond the page
   * @param {(ms: number) => Promise<unknown>} [options.sleep]
   * @param {() => number} [options.now]
   */
  constructor({ api, store, upload, keep = null, sleep = (ms) => new Promise((wake) => { setTimeout(wake, ms); }), now = Date.now }) {
    this.api = api;
    this.store = store;
    this.upload = upload;
    this.keep = keep;
    this.sleep = sleep;
    this.now = now;
    store.watch((topic, id = "") => { if (topic === "sent" && this.#kept.has(id)) this.#forget([id]); });
  }

  /**
   * @param {string} channelId @param {string} content
   * @param {{replyTo?: Message | null, parcels?: import("../lib/uploads.js").Parcel[]}} [more]
   */
  send(channelId, content, { replyTo = null, parcels = [] } = {}) {
    this.#queue(channelId);
    const nonce = newNonce();
    const author = /** @type {import("../types.js").User} */ (this.store.user);
    /** @type {Message} */
    const row = {
      message_id: `pending ${nonce}`, channel_id: channelId, author, content, nonce, pending: "sending", parcels,
      timestamp: this.#time(), edited_at: null,
      reply_to: replyTo && { message_id: replyTo.message_id, author: replyTo.author, content: replyTo.content },
      mentions: [], mentioned_users: [], mention_roles: [], mention_everyone: false, pinned: false,
      // Where one is missing, all are shown as they lie here.
      attachments: parcels.every(({ there }) => there) ? parcels.flatMap(({ attachment }) => attachment ?? []) : [], reactions: [],
    };
    this.#setPending(channelId, [...this.#pending(channelId), row]);
    this.#put(row);
    return this.#drain(channelId);
  }

  /** Sends a failed row again; before it, whatever else waits for the connection. @param {string} channelId @param {string} nonce */
  retry(channelId, nonce) {
    const row = this.#row(channelId, nonce);
    const old = row && this.#expired(row.timestamp);
    this.#queue(channelId, old ? "" : nonce);
    // Who presses "try again" does not know yet that it might come twice: now the row asks.
    if (old && row.pending !== "offline") this.#renew(row);
    return this.#drain(channelId);
  }

  /** After the connection came back: everything that failed for want of it, and what an earlier page left. */
  async retryAll() {
    if (!this.#restoring) {
      this.#restoring = true;
      this.#restored = this.#restore().catch(() => {}).finally(() => { this.#restoring = false; });
    }
    await this.#restored;
    for (const id of this.store.timelines.keys()) {
      this.#queue(id);
      this.#drain(id);
    }
  }

  /** Gives a row up. @param {string} nonce */
  discard(nonce) {
    this.#drop([nonce]);
    this.#forget([nonce]);
  }

  /** How many messages of the user's wait, in whichever page. */
  async unsent() {
    const own = [...this.store.timelines.values()].reduce((sum, { pending }) => sum + pending.length, 0);
    const kept = await this.#with((keeper) => keeper.count(this.#user, (id) => this.store.channels.has(id))).catch(() => 0);
    return Math.max(own, kept ?? 0);
  }

  /** Whether this device keeps something for whoever signs in. */
  async holds() {
    return Boolean(await this.#with((keeper) => keeper.shelf.any()).catch(() => false));
  }

  /** Whether something would be lost with the page. */
  get atRisk() {
    return [...this.store.timelines.values()].some(({ pending }) => pending.some((row) => row.kept === false));
  }

  /** Forgets what the user has not sent: nobody else who comes to this device shall find it. */
  async clear() {
    await this.#with((keeper) => keeper.clear(this.#user)).catch(() => {});
  }

  /** The page goes; what it leaves may go on elsewhere. */
  async closed() {
    if (this.#kept.size) await this.#with((keeper) => keeper.tabs.closed());
  }

  // ---- rows

  get #user() {
    return this.store.user?.user_id ?? "";
  }

  /** Now; later than that of any row before it, for it says their order. */
  #time() {
    this.#latest = Math.max(this.now(), this.#latest + 1);
    return new Date(this.#latest).toISOString();
  }

  /** @param {string} channelId */
  #pending(channelId) {
    return this.store.timeline(channelId).pending;
  }

  /** @param {string} channelId @param {string} nonce */
  #row(channelId, nonce) {
    return this.#pending(channelId).find((row) => row.nonce === nonce);
  }

  /** @param {string} channelId @param {Message[]} pending */
  #setPending(channelId, pending) {
    this.store.setTimeline(channelId, { pending });
  }

  /** @param {string} channelId @param {(row: Message) => boolean} which @param {Partial<Message>} change */
  #mark(channelId, which, change) {
    if (!this.#pending(channelId).some(which)) return;
    this.#setPending(channelId, this.#pending(channelId).map((row) => (which(row) ? { ...row, ...change } : row)));
  }

  /** Takes rows away, wherever they are. @param {string[]} nonces */
  #drop(nonces) {
    const gone = (/** @type {Message} */ row) => nonces.includes(String(row.nonce));
    for (const [id, { pending }] of this.store.timelines) {
      const going = pending.filter(gone);
      if (going.length) this.#setPending(id, pending.filter((row) => !gone(row)));
      for (const parcel of going.flatMap((row) => row.parcels ?? [])) parcel.stop();
    }
  }

  /** Whether the server may have forgotten the nonce of a row. @param {string} time when it was written */
  #expired(time) {
    // A clock that was put back says nothing about how long it is.
    return Math.abs(this.now() - Date.parse(time)) > NONCE_MS;
  }

  /** An old row becomes a new one, at the end. @param {Message} row */
  #renew(row) {
    const { channel_id: id, nonce: before = "" } = row;
    const nonce = newNonce();
    /** @type {Message} */
    const fresh = { ...row, nonce, message_id: `pending ${nonce}`, timestamp: this.#time(), pending: "sending", refusal: undefined };
    this.#setPending(id, [...this.#pending(id).filter((one) => one.nonce !== before), fresh]);
    const kept = this.#kept.get(before);
    if (kept) this.#kept.set(nonce, kept);
    this.#kept.delete(before);
    this.#decide(fresh, before);
  }

  // ---- sending

  /** What waits for the connection, and one more, is to be sent. @param {string} channelId @param {string} [also] a nonce */
  #queue(channelId, also) {
    const old = (/** @type {Message} */ row) => row.pending === "offline" && this.#expired(row.timestamp);
    this.#mark(channelId, old, { pending: "expired" });
    const row = also ? this.#row(channelId, also) : null;
    this.#mark(channelId, (one) => one.pending === "offline" || one === row, { pending: "sending", refusal: undefined, waited: true });
    if (row?.pending === "refused") this.#decide({ ...row, refusal: undefined });
  }

  /** Sends what is to be sent in a channel, one after the other. @param {string} channelId */
  #drain(channelId) {
    const known = this.#busy.get(channelId);
    if (known) return known;
    const work = async () => {
      try {
        await this.#restored;
        for (let row; (row = this.#pending(channelId).find((one) => one.pending === "sending"));) await this.#post(row);
      } finally {
        this.#busy.delete(channelId);
      }
    };
    const busy = work();
    this.#busy.set(channelId, busy);
    return busy;
  }

  /** @param {Message} row */
  async #post(row) {
    const { channel_id: id, nonce = "", content, reply_to: reply, parcels = [] } = row;
    try {
      if (row.author.user_id !== this.#user) return this.#drop([nonce]);
      await this.#sendParcels(row);
      if (this.#row(id, nonce)?.pending !== "sending") return;
      const message = await this.api.request("POST", `channels/${id}/messages`, {
        content, nonce, ...(reply && { reply_to: reply.message_id }),
        ...(parcels.length > 0 && { attachments: parcels.map(({ attachment }) => attachment?.attachment_id) }),
      });
      this.#failures = 0;
      this.store.confirm({ ...message, nonce });
      this.#drop([nonce]);
    } catch (error) {
      await this.#failed(row, error instanceof Problem ? error : new Problem(0));
    }
  }

  /** What of a row's files is not with the server goes there. @param {Message} row */
  async #sendParcels(row) {
    const { nonce = "", parcels = [] } = row;
    for (const parcel of parcels) {
      if (parcel.there) continue;
      parcel.onProgress = () => this.store.changed("uploads", nonce);
      await parcel.send(this.upload);
      this.#note(row);
    }
  }

  /** @param {Message} row @param {Problem} problem */
  async #failed(row, problem) {
    const { channel_id: id, nonce = "", parcels = [] } = row;
    const { status } = problem;
    if (!this.#row(id, nonce)) return;
    if (status === 429) {
      await this.sleep(Math.max(problem.retryAfterS, 1) * 1000);
    } else if (status === 0 || status === 401 || status >= 500) {
      await this.#wait(id);
    } else if (problem.code === "nonce_used") {
      // It was sent, and deleted since.
      this.#drop([nonce]);
      this.#forget([nonce]);
    } else if (problem.errors.attachments && parcels.some(({ at }) => at < Date.parse(row.timestamp))) {
      // Uploaded before the message was written, and forgotten by the server; once more, then.
      for (const parcel of parcels) parcel.forget();
    } else {
      this.#mark(id, (one) => one.nonce === nonce, { pending: "refused", refusal: problemText(problem) });
      const refused = this.#row(id, nonce);
      if (refused) this.#note(refused);
    }
  }

  /** For want of a connection: those behind it wait as well, for what was written first is read first. @param {string} channelId */
  async #wait(channelId) {
    const sending = (/** @type {Message} */ row) => row.pending === "sending";
    await Promise.all(this.#pending(channelId).filter(sending).map((row) => this.#kept.get(String(row.nonce))));
    this.#mark(channelId, sending, { pending: "offline" });
    if (this.atRisk && !this.#warned) {
      this.#warned = true;
      this.onTold({ text: t("outbox.not_kept"), kind: "failed" });
    }
    this.#again();
    this.#failures += 1;
  }

  /** In a while, if the connection stands: nothing else will say when to look after what waits. */
  async #again() {
    if (this.#waiting || this.store.connection !== "ready") return;
    this.#waiting = true;
    await this.sleep(Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** this.#failures));
    this.#waiting = false;
    if (this.store.connection === "ready") await this.retryAll();
  }

  // ---- keeping

  /** @template T @param {(keeper: Keeper) => T | Promise<T>} act */
  async #with(act) {
    this.#keeper ??= this.#open();
    const keeper = await this.#keeper;
    return keeper && act(keeper);
  }

  async #open() {
    try {
      const keeper = await this.keep?.();
      if (!keeper) return null;
      keeper.tabs.onGone = (nonces) => this.#left(nonces);
      keeper.tabs.onClosed = () => this.#again();
      return keeper;
    } catch {
      this.#keeper = null; // Its modules could not be fetched: perhaps the next time.
      return null;
    }
  }

  /** @param {Message} row */
  #put(row) {
    const safe = this.#with((keeper) => keeper.put(row).then(() => true)).catch(() => false).then(Boolean);
    this.#kept.set(String(row.nonce), safe);
    safe.then((is) => { if (!is) this.#mark(row.channel_id, (one) => one.nonce === row.nonce, { kept: false }); });
  }

  /** Notes what became of a row. @param {Message} row @param {string} [before] the nonce it had */
  #note(row, before = String(row.nonce)) {
    this.#with((keeper) => keeper.change(before, row)).catch(() => {}); // At worst it comes back as it was before.
  }

  /**
   * The user wants a row sent after all: other pages that ask need not ask any more.
   * @param {Message} row @param {string} [before] the nonce it had
   */
  #decide(row, before = String(row.nonce)) {
    this.#note(row, before);
    this.#with((keeper) => keeper.tabs.gone([before])).catch(() => {});
  }

  /** @param {string[]} nonces */
  #forget(nonces) {
    for (const nonce of nonces) this.#kept.delete(nonce);
    this.#with((keeper) => keeper.remove(nonces)).catch(() => {}); // The server knows the nonce if it comes back.
  }

  /** Another page has done with these. @param {string[]} nonces */
  #left(nonces) {
    const known = nonces.filter((nonce) => this.#kept.delete(nonce));
    if (known.length) this.#drop(known);
  }

  /** Makes the rows be what is kept. */
  async #restore() {
    const { user, timelines } = this.store;
    if (!user) return;
    const pending = [...timelines.values()].flatMap((timeline) => timeline.pending);
    // Somebody else has signed in on this device.
    this.#drop(pending.filter((row) => row.author.user_id !== user.user_id).map((row) => String(row.nonce)));
    const own = pending.filter((row) => row.author.user_id === user.user_id && row.kept !== false).map((row) => String(row.nonce));
    const known = new Set((await Promise.all(own.map(async (nonce) => (await this.#kept.get(nonce) ? nonce : "")))).filter(Boolean));
    const compared = await this.#with((keeper) => keeper.compare(user, known, (time) => this.#expired(time)));
    if (!compared) return;
    this.#left(compared.missing);
    this.#add(compared.found);
  }

  /** @param {Message[]} found */
  #add(found) {
    const { channels } = this.store;
    const lost = found.filter((row) => !channels.has(row.channel_id));
    if (lost.length) this.#with((keeper) => keeper.forgetOld(lost)).catch(() => {});
    for (const id of new Set(found.map((row) => row.channel_id))) {
      const fresh = found.filter((row) => row.channel_id === id && !this.#row(id, String(row.nonce)));
      if (!channels.has(id) || !fresh.length) continue;
      for (const row of fresh) this.#kept.set(String(row.nonce), Promise.resolve(true));
      this.#setPending(id, [...this.#pending(id), ...fresh].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)));
      const asking = fresh.filter((row) => row.pending === "refused" || this.#expired(row.timestamp));
      if (asking.length) this.onAsks(id, asking.length);
    }
  }
}
