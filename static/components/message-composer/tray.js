/** Files that go with the next message: on their way, there, or failed. */
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { sizeText } from "../../lib/text.js";
import { upload } from "../../lib/uploads.js";
import { problemText, t } from "../../lib/words.js";

const FILES_MAX = 10;
const AT_ONCE = 3;

/**
 * @typedef {import("../../types.js").Attachment} Attachment
 * @typedef {{file: File, tile: HTMLElement, stop: AbortController, state: "waiting" | "going" | "there" | "failed", done: Attachment | null}} Item
 */

export class Tray {
  /** @type {Item[]} */ #items = [];
  #list = h("ul", { class: "tray", hidden: true, "aria-label": t("composer.files") });
  #told = h("span", { class: "sr-only", role: "status" });
  /** @type {Promise<number> | null} */ #limit = null;

  /** @param {import("../../types.js").Client} client @param {() => void} changed @param {(text: string) => void} complain */
  constructor(client, changed, complain) {
    this.client = client;
    this.changed = changed;
    this.complain = complain;
    this.element = h("div", {}, this.#list, this.#told);
  }

  get empty() {
    return this.#items.length === 0;
  }

  /** Whether all of them are there. */
  get ready() {
    return this.#items.every((item) => item.state === "there");
  }

  /** Takes what is there, for a message. @returns {Attachment[]} */
  take() {
    const files = this.#items.flatMap((item) => item.done ?? []);
    this.#items = [];
    this.#draw();
    return files;
  }

  /** Stops and forgets everything. */
  clear() {
    for (const item of this.#items) item.stop.abort();
    this.#items = [];
    this.#draw();
  }

  /** @param {Iterable<File>} files */
  async add(files) {
    this.#limit ??= this.client.api.public("instance").then((instance) => instance.limits.upload_bytes, () => Infinity);
    const limit = await this.#limit;
    for (const file of files) {
      if (this.#items.length >= FILES_MAX) return this.complain(t("composer.too_many", { count: FILES_MAX }));
      if (file.size > limit) {
        this.complain(t("composer.too_large", { name: file.name, size: sizeText(limit) }));
        continue;
      }
      /** @type {Item} */
      const item = { file, tile: h("li", {}), stop: new AbortController(), state: "waiting", done: null };
      this.#items.push(item);
      this.#tile(item);
    }
    this.#draw();
    this.#next();
  }

  #next() {
    const going = this.#items.filter((item) => item.state === "going").length;
    for (const item of this.#items.filter((one) => one.state === "waiting").slice(0, AT_ONCE - going)) this.#send(item);
  }

  /** @param {Item} item */
  async #send(item) {
    item.state = "going";
    item.stop = new AbortController();
    this.#tile(item);
    const bar = item.tile.querySelector("progress");
    try {
      item.done = await upload(this.client.api, item.file, (share) => { if (bar) bar.value = share; }, item.stop.signal);
      item.state = "there";
      this.#told.textContent = t("composer.uploaded", { name: item.file.name });
    } catch (error) {
      if (!this.#items.includes(item)) return;
      item.state = "failed";
      this.complain(t("composer.upload_failed", { name: item.file.name, reason: problemText(error) }));
    }
    this.#tile(item);
    this.changed();
    this.#next();
  }

  /** @param {Item} item */
  #remove(item) {
    this.#items = this.#items.filter((one) => one !== item);
    item.stop.abort();
    this.#draw();
    this.#next();
  }

  #draw() {
    this.#list.hidden = this.empty;
    this.#list.replaceChildren(...this.#items.map((item) => item.tile));
    this.changed();
  }

  /** @param {Item} item */
  #tile(item) {
    const { file, state } = item;
    const button = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick }, icon(picture));
    item.tile.className = state;
    const before = item.tile.querySelector("img");
    item.tile.replaceChildren(
      before ?? (file.type.startsWith("image/") ? preview(file) : icon("file")),
      h("span", { class: "what" }, h("span", { class: "file-name", dir: "auto" }, file.name),
        state === "going" || state === "waiting" ? h("progress", { max: 1, value: 0, "aria-label": t("composer.uploading", { name: file.name }) })
          : h("span", { class: state === "failed" ? "problem" : "hint" }, state === "failed" ? t("composer.failed") : sizeText(file.size))),
      state === "failed" ? button(t("message.retry"), "retry", () => this.#send(item)) : "",
      button(t("composer.remove", { name: file.name }), "close", () => this.#remove(item)));
  }
}

/** @param {File} file */
function preview(file) {
  const url = URL.createObjectURL(file);
  const free = () => URL.revokeObjectURL(url);
  return h("img", { src: url, alt: "", onload: free, onerror: free });
}
