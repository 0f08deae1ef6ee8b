/** Where one writes; below it, who else is writing. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { OP } from "../../lib/ops.js";
import { length, typingText } from "../../lib/text.js";

const CONTENT_MAX = 4000;
const COUNT_FROM = 3600;
const TYPING_EVERY_MS = 3200; // the server passes on one notice per 3 s; it lapses after 10 s

/** What was begun and not sent, by channel. @type {Map<string, string>} */
const drafts = new Map();

class MessageComposer extends View {
  channel = /** @type {import("../../types.js").Channel} */ ({});
  #area = h("textarea", { rows: 1, dir: "auto", "aria-describedby": "typing" });
  #send = h("button", { class: "send", "aria-label": "Send", title: "Send" }, icon("send"));
  #count = h("span", { class: "count", role: "status" });
  #typing = h("div", { class: "typing", id: "typing" });
  #announced = 0;
  #timer = 0;

  setup() {
    const { channel, client } = this;
    if (!client.store.can(channel, "send_messages")) {
      this.append(h("div", { class: "box closed" }, "You can read here, but not write."));
      return;
    }
    this.#area.value = drafts.get(channel.channel_id) ?? "";
    const form = h("form", { class: "box" }, this.#area, this.#count, this.#send);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    form.addEventListener("click", (event) => { if (event.target === form) this.#area.focus(); });
    this.#area.addEventListener("keydown", (event) => this.#key(event));
    this.#area.addEventListener("input", () => this.#changed());
    const back = () => this.#area.focus();
    document.addEventListener("backtowriting", back);
    this.atEnd(() => { document.removeEventListener("backtowriting", back); clearTimeout(this.#timer); });
    this.append(form, this.#typing);
    this.#changed(false);
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    return topic === "channels" || topic === "users" || (topic === "typing" && id === this.channel.channel_id);
  }

  render() {
    const { store } = this.client;
    const channel = store.channels.get(this.channel.channel_id) ?? this.channel;
    const place = channel.server_id ? `#${channel.name}` : store.channelName(channel);
    this.#area.placeholder = `Message ${place}`;
    this.#area.setAttribute("aria-label", `Message ${place}`);
    const typists = store.typists(channel.channel_id);
    this.#typing.textContent = typingText(typists.map((id) => store.name(id)));
    clearTimeout(this.#timer);
    const lapses = [...store.typing.get(channel.channel_id)?.values() ?? []].filter((time) => time > Date.now());
    if (lapses.length) this.#timer = setTimeout(() => this.render(), Math.min(...lapses) - Date.now() + 50);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowUp" && !this.#area.value) {
      event.preventDefault();
      this.tell("editlast");
    }
    // On a phone Enter makes a new line: there is a button to send, and no Shift within reach.
    if (event.key !== "Enter" || event.shiftKey || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.#submit();
  }

  #changed(typed = true) {
    const { value } = this.#area;
    const { channel_id: id } = this.channel;
    if (value) drafts.set(id, value);
    else drafts.delete(id);
    // Browsers with `field-sizing` grow it themselves.
    if (!CSS.supports("field-sizing", "content")) {
      this.#area.style.height = "auto";
      this.#area.style.height = `${this.#area.scrollHeight}px`;
    }
    const left = CONTENT_MAX - length(value);
    this.#count.textContent = left < CONTENT_MAX - COUNT_FROM ? String(left) : "";
    this.#count.classList.toggle("over", left < 0);
    this.#send.disabled = left < 0 || !value.trim();
    if (!typed || !value.trim() || Date.now() - this.#announced < TYPING_EVERY_MS) return;
    this.#announced = Date.now();
    this.client.gateway.send(OP.TYPING_START, { channel_id: id });
  }

  #submit() {
    const content = this.#area.value;
    if (this.#send.disabled) return;
    this.client.outbox.send(this.channel.channel_id, content.trim());
    this.#area.value = "";
    this.#changed(false);
    this.#area.focus();
    this.tell("sent");
  }
}

customElements.define("message-composer", MessageComposer);
