/** Tells the server which channel somebody has before their eyes: of what is written there it need not tell them. */
import { OP } from "./ops.js";

const SETTLE_MS = 150; // going from one window to another is two events

export class Focus {
  /** What the server was told on this connection. @type {string | null} */ #told = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {object} options
   * @param {import("../state/store.js").Store} options.store
   * @param {{send: (op: number, d: object) => void}} options.gateway
   * @param {() => boolean} [options.looking] whether somebody looks at the page
   */
  constructor({ store, gateway, looking = () => !document.hidden && document.hasFocus() }) {
    this.store = store;
    this.gateway = gateway;
    this.looking = looking;
    store.watch((topic) => {
      // A connection begins with nobody looking, a resumed one too.
      if (topic === "connection" && store.connection !== "ready") this.#told = null;
      if (["connection", "route", "channels", "servers"].includes(topic)) this.soon();
    });
  }

  /** Follows the page. */
  install() {
    for (const type of ["focus", "blur", "pagehide"]) addEventListener(type, () => this.soon());
    document.addEventListener("visibilitychange", () => this.soon());
    this.soon();
  }

  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.say(), SETTLE_MS);
  }

  say() {
    const { store } = this;
    const now = this.looking() ? store.channel?.channel_id ?? null : null;
    if (store.connection !== "ready" || now === this.#told) return;
    this.#told = now;
    this.gateway.send(OP.FOCUS, { channel_id: now });
  }
}
