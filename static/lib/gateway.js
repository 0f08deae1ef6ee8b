/** The live connection: HELLO, IDENTIFY or RESUME, heartbeats, and coming back after a loss. */
import { OP } from "./ops.js";
import { Problem } from "./api.js";

const ANSWER_MS = 15_000; // HELLO and acks take milliseconds; a connection that needs longer is dead
const RETRY_MAX_MS = 30_000;

/**
 * How long to wait before the next try: "full jitter", so that a thousand clients do not return in the same instant.
 * @param {number} attempt from 0
 * @param {() => number} [random]
 */
export function retryDelay(attempt, random = Math.random) {
  return 100 + random() * Math.min(RETRY_MAX_MS, 1000 * 2 ** attempt);
}

export class Gateway {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {string | null} */ #session = null;
  /** @type {number | null} */ #sequence = null;
  #attempt = 0;
  #interval = 30_000;
  #ready = false;
  #stopped = true;
  /** One timer for everything: the next heartbeat, a missing answer, or the next try. */
  #timer = 0;
  /** When the next try is due, while waiting for it (ms). */ retryAt = 0;

  /**
   * @param {object} options
   * @param {URL} options.base
   * @param {() => Promise<string>} options.token
   * @param {(op: number, d: any) => void} options.onEvent CONNECTED and every dispatched event
   * @param {(state: "connecting" | "ready" | "waiting") => void} options.onState
   * @param {new (url: URL) => WebSocket} [options.Socket]
   * @param {(attempt: number) => number} [options.delay]
   */
  constructor({ base, token, onEvent, onState, Socket = globalThis.WebSocket, delay = retryDelay }) {
    this.url = new URL("api/ws", base);
    this.url.protocol = this.url.protocol.replace("http", "ws");
    this.token = token; this.onEvent = onEvent; this.onState = onState; this.Socket = Socket; this.delay = delay;
  }

  start() {
    this.#stopped = false;
    this.#open();
  }

  /** For good: the server forgets the session too. */
  stop() {
    this.#stopped = true;
    this.#session = null;
    this.#drop(1000);
  }

  /** Now instead of later: the network is back, or somebody looks at the page again. */
  retryNow() {
    if (!this.#stopped && !this.#socket) this.#open();
  }

  /** Sends if connected; what is sent here (typing) is not worth keeping. @param {number} op @param {object} d */
  send(op, d) {
    if (this.#ready) this.#write(op, d);
  }

  #open() {
    this.#drop();
    this.onState("connecting");
    const socket = this.#socket = new this.Socket(this.url);
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {any} */ event) => { if (this.#socket === socket) act(event); };
    socket.addEventListener("message", mine((event) => this.#receive(JSON.parse(event.data))));
    socket.addEventListener("close", mine((event) => this.#lost(event.code)));
    this.#after(ANSWER_MS, () => this.#lost(0));
  }

  /** @param {{op: number, d: any, s?: number}} frame */
  #receive({ op, d, s }) {
    if (op === OP.HELLO) {
      this.#interval = d.heartbeat_interval;
      this.#identify();
    } else if (op === OP.HEARTBEAT_ACK) {
      this.#beatLater();
    } else if (op === OP.INVALID_SESSION) {
      this.#session = null;
      this.#identify();
    } else if (op === OP.RESUMED) {
      this.#nowReady();
    } else {
      if (s !== undefined) this.#sequence = s;
      if (op === OP.CONNECTED) this.#session = d.session_id;
      this.onEvent(op, d);
      if (op === OP.CONNECTED) this.#nowReady();
    }
  }

  async #identify() {
    const socket = this.#socket;
    try {
      const token = await this.token();
      if (socket !== this.#socket) return;
      if (this.#session) this.#write(OP.RESUME, { token, session_id: this.#session, s: this.#sequence });
      else this.#write(OP.IDENTIFY, { token });
    } catch (error) {
      if (socket !== this.#socket) return;
      if (error instanceof Problem && error.status === 401) this.stop();
      else this.#lost(0);
    }
  }

  #nowReady() {
    this.#ready = true;
    this.#attempt = 0;
    this.onState("ready");
    this.#beatLater();
  }

  /**
   * The next beat is set from the ack's own event. Browsers slow down chains of timers in hidden pages to one a minute,
   * which is too slow; a timer set by a network event does not continue a chain.
   */
  #beatLater() {
    this.#after(this.#interval, () => {
      this.#write(OP.HEARTBEAT, this.#sequence);
      this.#after(ANSWER_MS, () => this.#lost(0));
    });
  }

  /** @param {number} code the close code; 0 if we gave up waiting */
  #lost(code) {
    // 4001-4005: the server did not understand us or our token; a fresh IDENTIFY with a fresh token is the way out.
    if (code >= 4001 && code <= 4005) this.#session = null;
    this.#drop();
    if (this.#stopped) return;
    const attempt = code === 4004 ? Math.max(this.#attempt, 1) : this.#attempt;
    this.#attempt += 1;
    const delay = this.delay(attempt);
    this.retryAt = Date.now() + delay;
    this.onState("waiting");
    this.#after(delay, () => (code === 4004 ? this.#reauthenticate() : this.#open()));
  }

  /** After 4004 the token may be good for its clock and still belong to an ended session: only a refresh knows. */
  async #reauthenticate() {
    try {
      await this.onRejected();
      this.#open();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.stop();
      else this.#lost(4004);
    }
  }

  /** Must fetch a new token, or throw. @type {() => Promise<unknown>} */
  onRejected = () => Promise.resolve();

  #drop(code = 4000) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    if (socket && socket.readyState < 2) socket.close(code);
  }

  /** @param {number} op @param {unknown} d */
  #write(op, d) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify({ op, d }));
  }

  /** @param {number} ms @param {() => void} act */
  #after(ms, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }
}
