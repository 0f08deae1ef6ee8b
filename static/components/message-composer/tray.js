/** Files that go with the next message: on their way, there, waiting for the connection, or failed. */
import { Problem } from "../../lib/api.js";
import { h, preview } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { sizeText } from "../../lib/text.js";
import { Parcel, upload } from "../../lib/uploads.js";
import { problemText, t } from "../../lib/words.js";

const FILES_MAX = 10;
const AT_ONCE = 3;

/** @typedef {{parcel: Parcel, tile: HTMLElement, state: "waiting" | "going" | "there" | "offline" | "failed"}} Item */

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

  /** Whether a message may take them; what is not there yet goes on by itself. */
  get ready() {
    return this.#items.every((item) => item.state !== "failed");
  }

  /** Takes them, for a message. @returns {Parcel[]} */
  take() {
    const parcels = this.#items.map((item) => item.parcel);
    this.#items = [];
    this.#draw();
    return parcels;
  }

  /** The connection is back. */
  again() {
    for (const item of this.#items) if (item.state === "offline") item.state = "waiting";
    this.#next();
  }

  /** Stops and forgets everything. */
  clear() {
    for (const item of this.#items) item.parcel.stop();
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
      const item = { parcel: new Parcel(file), tile: h("li", {}), state: "waiting" };
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
    const { parcel } = item;
    item.state = "going";
    this.#tile(item);
    const bar = item.tile.querySelector("progress");
    parcel.onProgress = () => { if (bar) bar.value = parcel.share; };
    try {
      await parcel.send((...file) => upload(this.client.api, ...file));
      item.state = "there";
    } catch (error) {
      const offline = error instanceof Problem && (error.status === 0 || error.status >= 500);
      item.state = offline ? "offline" : "failed";
      const told = { name: parcel.file.name, reason: problemText(error) };
      if (!offline && this.#items.includes(item)) this.complain(t("composer.upload_failed", told));
    }
    if (!this.#items.includes(item)) return;
    if (item.state === "there") this.#told.textContent = t("composer.uploaded", { name: parcel.file.name });
    this.#tile(item);
    this.changed();
    this.#next();
  }

  /** @param {Item} item */
  #remove(item) {
    this.#items = this.#items.filter((one) => one !== item);
    item.parcel.stop();
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
    const { parcel: { file }, state } = item;
    const button = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick }, icon(picture));
    const facts = { there: sizeText(file.size), offline: t("composer.later"), failed: t("composer.failed") };
    item.tile.className = state;
    item.tile.replaceChildren(
      item.tile.querySelector("img") ?? preview(file) ?? icon("file"),
      h("span", { class: "what" }, h("span", { class: "file-name", dir: "auto" }, file.name),
        state === "going" || state === "waiting" ? h("progress", { max: 1, value: 0, "aria-label": t("composer.uploading", { name: file.name }) })
          : h("span", { class: state === "failed" ? "problem" : "hint" }, facts[state])),
      state === "failed" ? button(t("message.retry"), "retry", () => this.#send(item)) : "",
      button(t("composer.remove", { name: file.name }), "close", () => this.#remove(item)));
  }
}
