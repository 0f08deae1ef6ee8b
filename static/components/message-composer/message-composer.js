/** Where one writes: text, files, a reply; below it, who else is writing. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { OP } from "../../lib/ops.js";
import { remember, remembered } from "../../lib/storage.js";
import { length, plain, typingText } from "../../lib/text.js";
import { t } from "../../lib/words.js";
import { Completion } from "./completion.js";
import { Tray } from "./tray.js";

const CONTENT_MAX = 4000;
const COUNT_FROM = 3600;
const TYPING_EVERY_MS = 3200; // the server passes on one notice per 3 s; it lapses after 10 s

/** @typedef {import("../../types.js").Message} Message */

class MessageComposer extends View {
  channel = /** @type {import("../../types.js").Channel} */ ({});
  #area = h("textarea", { rows: 1, dir: "auto", "aria-describedby": "typing" });
  #send = h("button", { class: "send", "aria-label": t("composer.send"), title: t("composer.send") }, icon("send"));
  #count = h("span", { class: "count", role: "status" });
  #typing = h("div", { class: "typing", id: "typing" });
  #reply = h("div", { class: "reply", hidden: true });
  #input = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#picked() });
  /** What is answered to. @type {Message | null} */ #target = null;
  /** @type {Completion} */ #completion = /** @type {any} */ (null);
  /** @type {Tray} */ #tray = /** @type {any} */ (null);
  #announced = 0;
  #timer = 0;

  setup() {
    const { channel, client } = this;
    if (!client.store.can(channel, "send_messages")) {
      this.append(h("div", { class: "box closed" }, t("composer.closed")));
      return;
    }
    this.#area.value = remembered(this.#draft) ?? "";
    this.#completion = new Completion(client, this.#area, () => client.store.channels.get(channel.channel_id) ?? channel, () => this.#changed());
    this.#tray = new Tray(client, () => this.#changed(false), (text) => this.tell("toast", { text, kind: "failed" }));
    const files = client.store.can(channel, "attach_files");
    const quiet = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {(event: Event) => void} */ onclick) =>
      h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick }, icon(picture));
    const form = h("form", { class: "box" }, files && quiet(t("composer.attach"), "attach", () => this.#input.click()), this.#area, this.#count,
      quiet(t("composer.emoji"), "smile", (event) => this.#emoji(/** @type {Element} */ (event.currentTarget))), this.#send);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    form.addEventListener("click", (event) => { if (event.target === form) this.#area.focus(); });
    this.#area.addEventListener("keydown", (event) => this.#key(event));
    this.#area.addEventListener("input", () => { this.#changed(); this.#completion.update(); });
    this.append(this.#completion.element, this.#reply, this.#tray.element, form, this.#typing, this.#input);
    if (files) this.#takeFiles();
    this.#listen();
    this.#changed(false);
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    if (topic === "connection" && this.client.store.connection === "ready") this.#tray?.again();
    return topic === "channels" || topic === "users" || (topic === "typing" && id === this.channel.channel_id);
  }

  render() {
    const { store } = this.client;
    const channel = store.channels.get(this.channel.channel_id) ?? this.channel;
    const place = t("composer.place", { place: channel.server_id ? `#${channel.name}` : store.channelName(channel) });
    this.#area.placeholder = place;
    this.#area.setAttribute("aria-label", place);
    const typists = store.typists(channel.channel_id);
    this.#typing.textContent = typingText(typists.map((id) => store.name(id)));
    clearTimeout(this.#timer);
    const lapses = [...store.typing.get(channel.channel_id)?.values() ?? []].filter((time) => time > Date.now());
    if (lapses.length) this.#timer = setTimeout(() => this.render(), Math.min(...lapses) - Date.now() + 50);
  }

  #listen() {
    /** @type {Record<string, (event: any) => void>} */
    const heard = {
      backtowriting: () => this.#area.focus(),
      reply: ({ detail }) => { if (detail.message.channel_id === this.channel.channel_id) this.#answer(detail.message); },
      mention: ({ detail }) => { this.#completion.insert(`@${detail.user.display_name || detail.user.username}`, `<@${detail.user.user_id}>`); this.#area.focus(); },
      keydown: (event) => this.#anywhere(event),
    };
    for (const [type, act] of Object.entries(heard)) document.addEventListener(type, act);
    this.atEnd(() => {
      for (const [type, act] of Object.entries(heard)) document.removeEventListener(type, act);
      clearTimeout(this.#timer);
      this.#tray.clear();
    });
  }

  // ---- keys

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || this.#completion.key(event)) return;
    if (event.key === "Escape" && this.#target) {
      event.stopPropagation();
      return this.#answer(null);
    }
    if (event.key === "ArrowUp" && !this.#area.value) {
      event.preventDefault();
      this.tell("editlast");
    }
    // On a phone Enter makes a new line: there is a button to send, and no Shift within reach.
    if (event.key !== "Enter" || event.shiftKey || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.#submit();
  }

  /** Whoever begins to type without having chosen where means the message. @param {KeyboardEvent} event */
  #anywhere(event) {
    const busy = document.querySelector("dialog[open], [popover]:not(.toasts):popover-open");
    const { activeElement: focus } = document;
    const elsewhere = focus instanceof HTMLElement && (focus.matches("input, textarea, select, audio, video, message-row") || focus.isContentEditable);
    if (event.defaultPrevented || busy || elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    this.#area.focus();
  }

  // ---- files

  #takeFiles() {
    const shell = this.closest("main") ?? this;
    const has = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const over = (/** @type {DragEvent} */ event) => { if (has(event)) { event.preventDefault(); shell.classList.add("dropping"); } };
    const out = (/** @type {DragEvent} */ event) => { if (!(event.relatedTarget instanceof Node) || !shell.contains(event.relatedTarget)) shell.classList.remove("dropping"); };
    const drop = (/** @type {DragEvent} */ event) => {
      shell.classList.remove("dropping");
      if (!has(event)) return;
      event.preventDefault();
      this.#tray.add([...event.dataTransfer?.files ?? []]);
    };
    shell.addEventListener("dragover", over);
    shell.addEventListener("dragleave", out);
    shell.addEventListener("drop", drop);
    this.atEnd(() => {
      shell.removeEventListener("dragover", over);
      shell.removeEventListener("dragleave", out);
      shell.removeEventListener("drop", drop);
    });
    this.#area.addEventListener("paste", (event) => {
      const files = [...event.clipboardData?.files ?? []];
      if (!files.length) return;
      event.preventDefault();
      this.#tray.add(files);
    });
  }

  #picked() {
    this.#tray.add([...this.#input.files ?? []]);
    this.#input.value = "";
    this.#area.focus();
  }

  /** @param {Element} anchor */
  #emoji(anchor) {
    this.tell("overlay", { tag: "emoji-picker", anchor, onpick: (/** @type {CustomEvent} */ event) => {
      const { selectionStart: start, selectionEnd: end } = this.#area;
      this.#area.setRangeText(event.detail.emoji, start, end, "end");
      this.#area.focus();
      this.#changed();
    } });
  }

  // ---- answering

  /** @param {Message | null} message */
  #answer(message) {
    const { store } = this.client;
    this.#target = message;
    this.#reply.hidden = !message;
    if (!message) return this.#reply.replaceChildren();
    this.#reply.replaceChildren(icon("reply"), h("span", { class: "text", dir: "auto" }, t("composer.reply_to", { name: store.name(message.author.user_id) }), " ", h("span", { class: "hint" }, plain(store, message))),
      h("button", { type: "button", class: "quiet", "aria-label": t("composer.no_reply"), title: t("composer.no_reply"), onclick: () => { this.#answer(null); this.#area.focus(); } }, icon("close")));
    this.#area.focus();
  }

  // ---- writing

  /** What is written and not sent is remembered under this. */
  get #draft() {
    return `draft.${this.client.store.user?.user_id}.${this.channel.channel_id}`;
  }

  #changed(typed = true) {
    const { value } = this.#area;
    const { channel_id: id } = this.channel;
    remember(this.#draft, value || null);
    // Browsers with `field-sizing` grow it themselves.
    if (!CSS.supports("field-sizing", "content")) {
      this.#area.style.height = "auto";
      this.#area.style.height = `${this.#area.scrollHeight}px`;
    }
    const left = CONTENT_MAX - length(this.#completion.spell(value).trim());
    this.#count.textContent = left < CONTENT_MAX - COUNT_FROM ? String(left) : "";
    this.#count.classList.toggle("over", left < 0);
    this.#send.disabled = left < 0 || !this.#tray.ready || (!value.trim() && this.#tray.empty);
    if (!typed || !value.trim() || Date.now() - this.#announced < TYPING_EVERY_MS) return;
    this.#announced = Date.now();
    this.client.gateway.send(OP.TYPING_START, { channel_id: id });
  }

  #submit() {
    if (this.#send.disabled) return;
    const content = this.#completion.spell(this.#area.value).trim();
    this.client.outbox.send(this.channel.channel_id, content, { replyTo: this.#target, parcels: this.#tray.take() });
    this.#area.value = "";
    this.#answer(null);
    this.#completion.close();
    this.#changed(false);
    this.#area.focus();
    this.tell("sent");
  }
}

customElements.define("message-composer", MessageComposer);
