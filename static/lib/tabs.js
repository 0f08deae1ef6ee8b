/** The other pages of this browser: which are there, and what they say. */

const ANSWER_MS = 300;

export class Tabs {
  id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  /** Those who answered the question under way. @type {Set<string>} */ #there = new Set();
  /** Another page is done with these, or is closed. @type {(nonces: string[]) => void} */ onGone = () => {};
  onClosed = () => {};

  /** @param {string} name @param {{new (name: string): BroadcastChannel} | undefined} [Channel] */
  constructor(name, Channel = globalThis.BroadcastChannel) {
    this.channel = Channel ? new Channel(name) : null;
    this.channel?.addEventListener("message", ({ data }) => {
      if (data.asks) this.#say({ here: this.id });
      if (data.here) this.#there.add(data.here);
      if (data.gone) this.onGone(data.gone);
      if (data.closed) this.onClosed();
    });
  }

  /** Who is there, besides this page. A page that sleeps does not answer, and counts as closed. */
  async others() {
    this.#there = new Set();
    this.#say({ asks: true });
    await new Promise((wake) => { setTimeout(wake, ANSWER_MS); });
    return this.#there;
  }

  /** @param {string[]} nonces */
  gone(nonces) {
    this.#say({ gone: nonces });
  }

  closed() {
    this.#say({ closed: true });
  }

  /** @param {object} what */
  #say(what) {
    this.channel?.postMessage(what);
  }
}
