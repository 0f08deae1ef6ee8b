/** Files of a message: pictures with their room kept, sound and film in place, the rest as tiles. */
import { h, preview } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { sizeText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

const WIDTH = 400;
const HEIGHT = 300;

/** @typedef {HTMLElementTagNameMap["message-row"]} Row */
/** @typedef {import("../../types.js").Attachment} Attachment */

/** @param {Row} row @param {import("../../types.js").Message} message */
export function attachments(row, { attachments: files, parcels = [], pending }) {
  const going = pending === "sending";
  if (parcels.length > files.length) return h("div", { class: "files" }, ...parcels.map((parcel) => waiting(parcel, going)));
  if (!files.length) return null;
  const pictures = files.filter((file) => file.width && file.height);
  return h("div", { class: "files" }, ...files.map((file) => {
    if (pictures.includes(file)) return picture(row, file, pictures);
    if (file.content_type.startsWith("audio/")) return h("figure", { class: "sound" }, name(file), h("audio", { src: file.url, controls: true, preload: "none" }));
    if (file.content_type.startsWith("video/")) return h("video", { src: file.url, controls: true, preload: "metadata", playsInline: true, "aria-label": file.filename });
    return tile(file);
  }));
}

/** @param {Row} row @param {Attachment} file @param {Attachment[]} all */
function picture(row, file, all) {
  const { width = 1, height = 1 } = file;
  const scale = Math.min(1, WIDTH / width, HEIGHT / height);
  const image = h("img", { src: file.thumbnail_url ?? file.url, alt: file.filename, loading: "lazy", decoding: "async",
    width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) });
  if (file.color) image.style.setProperty("background", file.color);
  return h("button", { class: "picture", "aria-label": t("message.open_picture", { name: file.filename }),
    onclick: () => row.tell("overlay", { tag: "image-lightbox", files: all, at: all.indexOf(file) }) }, image);
}

/** @param {Attachment} file */
function name(file) {
  return h("a", { class: "file-name", href: file.url, download: file.filename, dir: "auto" }, file.filename);
}

/** @param {Attachment} file */
function tile(file) {
  return h("a", { class: "tile", href: file.url, download: file.filename, target: "_blank", rel: "noopener noreferrer" },
    icon("file"), h("span", { class: "what" }, h("span", { class: "file-name", dir: "auto" }, file.filename), h("span", { class: "hint" }, sizeText(file.size))), icon("download"));
}

/** A file that is not with the server yet. @param {import("../../lib/uploads.js").Parcel} parcel @param {boolean} going */
function waiting(parcel, going) {
  const { file, share, there } = parcel;
  const bar = () => h("progress", { max: 1, value: share, "aria-label": t("composer.uploading", { name: file.name }) });
  return h("div", { class: "tile" }, preview(file) ?? icon("file"),
    h("span", { class: "what" }, h("span", { class: "file-name", dir: "auto" }, file.name),
      going && !there ? bar() : h("span", { class: "hint" }, sizeText(file.size))));
}

/** How far the files of a row are. @param {Row} row */
export function drawProgress(row) {
  const bars = row.querySelectorAll("progress");
  const going = row.item.message.parcels?.filter(({ there }) => !there) ?? [];
  // One more has arrived, or the row has no bars yet.
  if (bars.length !== going.length) return row.render();
  bars.forEach((bar, at) => { bar.value = going[at].share; });
}
