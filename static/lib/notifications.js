/** Being told of messages while one looks elsewhere: by the system where it lets us, else by a short sound. */
import { wants } from "../state/notify.js";
import { OP } from "./ops.js";
import { isOn } from "./push.js";
import { remembered } from "./storage.js";
import { plain } from "./text.js";
import { t } from "./words.js";

const SHORT = 140;
const QUIET_MS = 1_500; // a burst of messages sounds once

/**
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../state/store.js").Store} Store
 */

/** What a notice says. @param {Message} message @param {Store} store */
export function noticeOf(message, store) {
  const channel = store.channels.get(message.channel_id);
  const server = store.servers.get(channel?.server_id ?? "");
  const who = store.name(message.author.user_id);
  const points = [...plain(store, message)];
  const text = points.length > SHORT ? `${points.slice(0, SHORT).join("")}…` : points.join("");
  const title = server ? t("notice.in", { who, channel: channel?.name ?? "", server: server.name })
    : channel?.type === "group_dm" ? t("notice.group", { who, group: store.channelName(channel) }) : who;
  return { title, body: text };
}

export class Notifier {
  /** @type {AudioContext | null} */ #audio = null;
  #sounded = 0;

  /**
   * @param {object} options
   * @param {Store} options.store
   * @param {(route: import("../types.js").Route) => void} options.go
   * @param {(message: Message, store: Store) => boolean} [options.wants] which messages are worth it
   * @param {() => boolean} [options.looking] whether somebody looks at the page
   * @param {any} [options.Notification] the system's, where the context is secure
   * @param {() => void} [options.sound]
   * @param {() => boolean} [options.pushed] whether this browser is told by push
   */
  constructor({ store, go, wants: worth = wants, looking = () => !document.hidden && document.hasFocus(),
    Notification = globalThis.isSecureContext ? globalThis.Notification : undefined, sound, pushed = isOn }) {
    this.store = store;
    this.go = go;
    this.wants = worth;
    this.looking = looking;
    this.pushed = pushed;
    this.Notification = Notification;
    this.sound = sound ?? (() => this.#chime());
    store.listen((op, d) => { if (op === OP.MESSAGE_CREATE) this.#hear(d); });
  }

  /** Follows the page: its icon shows news, and sounds are allowed once somebody has touched it. */
  install() {
    const ready = () => { this.#audio ??= audioContext(); };
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, ready, { once: true, passive: true });
    const { store } = this;
    const badge = () => {
      const count = [...store.channels.keys()].reduce((sum, id) => sum + store.mentions(id), 0);
      favicon(count > 0);
      appBadge(count);
    };
    store.watch((topic) => { if (["reads", "channels", "settings"].includes(topic)) badge(); });
    badge();
  }

  /** @param {Message} message */
  #hear(message) {
    const { store } = this;
    const { user } = store;
    const here = this.looking() && store.channel?.channel_id === message.channel_id;
    if (here || !user || message.author.user_id === user.user_id || user.status === "dnd" || !this.wants(message, store)) return;
    // Who looks elsewhere is told by push, where that is on; twice would be once too often.
    if (!this.looking() && this.pushed()) return;
    if (this.looking() || !this.#show(message)) this.#sound();
  }

  /** Whether the system shows it. @param {Message} message */
  #show(message) {
    if (this.Notification?.permission !== "granted" || remembered("notices") === "off") return false;
    try {
      const { title, body } = noticeOf(message, this.store);
      const notice = new this.Notification(title, { body, tag: `chatd ${message.channel_id}`, renotify: true });
      notice.onclick = () => {
        globalThis.focus?.();
        const server = this.store.channels.get(message.channel_id)?.server_id ?? null;
        this.go({ page: "channel", server, channel: message.channel_id, message: message.message_id });
        notice.close();
      };
      return true;
    } catch {
      return false; // Some phones have notifications for service workers only.
    }
  }

  #sound() {
    if (remembered("sound") === "off") return;
    if (Date.now() - this.#sounded < QUIET_MS) return;
    this.#sounded = Date.now();
    this.sound();
  }

  /** Two soft tones. */
  #chime() {
    const audio = this.#audio;
    if (!audio) return;
    try {
      audio.resume?.();
      const loudness = audio.createGain();
      loudness.connect(audio.destination);
      [660, 880].forEach((pitch, at) => {
        const begins = audio.currentTime + at * 0.12;
        const tone = audio.createOscillator();
        tone.frequency.value = pitch;
        tone.connect(loudness);
        tone.start(begins);
        tone.stop(begins + 0.25);
      });
      loudness.gain.setValueAtTime(0.0001, audio.currentTime);
      loudness.gain.exponentialRampToValueAtTime(0.08, audio.currentTime + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.4);
    } catch {
      // Then it is silent.
    }
  }
}

/** @returns {AudioContext | null} */
function audioContext() {
  try {
    return new AudioContext();
  } catch {
    return null;
  }
}

/** The number on the icon of the installed program; elsewhere it is nowhere. @param {number} count */
function appBadge(count) {
  const { navigator } = globalThis;
  const done = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  done?.catch(() => {});
}

/** The tab's icon, with a dot or without. @param {boolean} news */
function favicon(news) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="icon"]'));
  const href = new URL(news ? "../icon-unread.svg" : "../icon.svg", import.meta.url).href;
  if (link && link.href !== href) link.href = href;
}
