/** The messages pinned in the channel, latest pin first. */
import { h, reconcile, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { OP } from "../../lib/ops.js";
import { closeButton, NARROW, toast } from "../../lib/panel.js";
import { resultCard, showFound, walkResults } from "../../lib/results.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").Message} Message */

class PinsPanel extends View {
  #list = h("ol", {});
  #blank = h("div", { class: "blank" });
  #problem = h("p", { class: "problem", role: "alert" });
  /** @type {Message[] | null} */ #pins = null;
  #channel = "";
  /** Counts what was asked: of two answers the later question's counts. */ #asked = 0;

  setup() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("pins.title"));
    const close = closeButton(t("pins.close"), () => this.tell("close"));
    this.append(h("header", {}, h("h2", {}, t("pins.title")), close), this.#problem,
      h("div", { class: "scroll" }, this.#blank, this.#list));
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        event.preventDefault();
        this.tell("close");
      } else walkResults(event, this.#list);
    });
    this.#list.addEventListener("click", (event) => {
      const link = /** @type {Element} */ (event.target).closest("a.result");
      if (link && matchMedia(NARROW).matches) setTimeout(() => this.tell("close"));
    });
    this.atEnd(this.client.store.listen((op, d) => this.#heard(op, d)));
    requestAnimationFrame(() => close.focus());
  }

  /** @param {string} topic */
  wants(topic) {
    return ["route", "channels", "servers", "blocks"].includes(topic);
  }

  render() {
    const { channel } = this.client.store;
    if ((channel?.channel_id ?? "") !== this.#channel) {
      this.#channel = channel?.channel_id ?? "";
      this.#pins = null;
      this.#load();
    }
    this.#draw();
  }

  async #load() {
    const channel = this.#channel;
    const asked = this.#asked += 1;
    if (!channel) return;
    try {
      const pins = await this.client.api.request("GET", `channels/${channel}/pins`);
      if (asked !== this.#asked) return;
      this.#pins = pins;
      this.#problem.textContent = "";
    } catch (error) {
      if (asked === this.#asked) this.#problem.textContent = problemText(error);
    }
    this.#draw();
  }

  /** @param {number} op @param {any} d */
  #heard(op, d) {
    if (op === OP.CONNECTED || (op === OP.PINS_UPDATE && d.channel_id === this.#channel && d.pinned)) this.#load();
    else if (op === OP.MESSAGE_DELETE || (op === OP.PINS_UPDATE && !d.pinned)) this.#keep((pin) => pin.message_id !== d.message_id);
    else if (op === OP.MESSAGE_UPDATE && d.channel_id === this.#channel) {
      this.#pins = this.#pins?.map((pin) => (pin.message_id === d.message_id ? { ...pin, ...d } : pin)) ?? null;
      this.#draw();
    }
  }

  /** @param {(pin: Message) => boolean} keep */
  #keep(keep) {
    if (!this.#pins || this.#pins.every(keep)) return;
    this.#pins = this.#pins.filter(keep);
    this.#draw();
  }

  #draw() {
    const { store } = this.client;
    const { channel } = store;
    const pins = this.#pins ?? [];
    const may = Boolean(channel && (!channel.server_id || store.can(channel, "manage_messages")));
    this.#blank.replaceChildren(this.#pins && !pins.length ? h("p", {}, t("pins.none")) : "");
    reconcile(this.#list, pins, ({ message_id: id }) => id, () => h("li", {}), (item, pin) => {
      const look = `${pin.edited_at}\n${pin.content}\n${may}\n${store.blocked.has(pin.author.user_id)}`;
      if (item.dataset.look === look) return;
      item.dataset.look = look;
      item.replaceChildren(resultCard(store, pin, false), ...(may ? [h("button", {
        class: "quiet unpin", "aria-label": t("pins.unpin"), title: t("pins.unpin"), onclick: () => this.#unpin(pin),
      }, icon("pin"))] : []));
    });
    showFound(this.#list.children);
  }

  /** @param {Message} pin */
  async #unpin(pin) {
    const path = `channels/${pin.channel_id}/pins/${pin.message_id}`;
    const { api, store } = this.client;
    const { channel_id, message_id } = pin;
    const pinned = (/** @type {boolean} */ now) => store.apply(OP.PINS_UPDATE, { channel_id, message_id, pinned: now });
    const again = async () => { await api.request("PUT", path); pinned(true); };
    const next = this.#list.querySelector(".result");
    try {
      await api.request("DELETE", path);
      pinned(false);
      toast({ text: t("pins.unpinned"), action: { label: t("pins.undo"), run: again } });
      const place = /** @type {HTMLElement | null} */ (next?.isConnected ? next : this.querySelector("header button"));
      if (!this.contains(document.activeElement)) place?.focus();
    } catch (error) {
      toast({ text: problemText(error), kind: "failed" });
    }
  }
}

customElements.define("pins-panel", PinsPanel);
