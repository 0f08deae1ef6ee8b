/** A picture as large as the window, with its neighbours in the message. */
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { sizeText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

/** @typedef {import("../../types.js").Attachment} Attachment */

class ImageLightbox extends HTMLElement {
  /** @type {Attachment[]} */ files = [];
  at = 0;
  #dialog = h("dialog", { class: "lightbox", "aria-label": t("lightbox.label"), onclose: () => this.remove() });

  connectedCallback() {
    this.append(this.#dialog);
    this.#dialog.addEventListener("click", (event) => { if (!(event.target instanceof Element) || !event.target.closest("img, button, a")) this.#dialog.close(); });
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#turn(-1);
      if (event.key === "ArrowRight") this.#turn(1);
    });
    this.#draw();
    this.#dialog.showModal();
  }

  /** @param {number} by */
  #turn(by) {
    this.at = (this.at + by + this.files.length) % this.files.length;
    this.#draw();
  }

  #draw() {
    const file = this.files[this.at];
    const button = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {() => void} */ onclick, name = "") =>
      h("button", { class: `quiet ${name}`, "aria-label": label, title: label, onclick }, icon(picture));
    const image = h("img", { src: file.url, alt: file.filename, width: file.width, height: file.height });
    if (file.color) image.style.setProperty("background", file.color);
    this.#dialog.replaceChildren(
      h("header", {}, h("span", { class: "name", dir: "auto" }, file.filename), h("span", { class: "hint" }, sizeText(file.size)),
        h("a", { class: "button quiet", href: file.url, target: "_blank", rel: "noopener noreferrer", "aria-label": t("lightbox.original"), title: t("lightbox.original") }, icon("open")),
        button(t("dialog.close"), "close", () => this.#dialog.close())),
      h("div", { class: "stage" }, image),
      ...(this.files.length > 1 ? [button(t("lightbox.before"), "left", () => this.#turn(-1), "before"), button(t("lightbox.next"), "right", () => this.#turn(1), "next")] : []));
  }
}

customElements.define("image-lightbox", ImageLightbox);
