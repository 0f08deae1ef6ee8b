/** What panels and cards over or beside the timeline share. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Where panels cover the whole page. */
export const NARROW = "(max-width: 44rem)";

/** @param {string} label @param {() => void} onclick @param {Record<string, unknown>} [more] */
export function closeButton(label, onclick, more = {}) {
  return h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick, ...more }, icon("close"));
}

/** Closes a dialog by a click beside it too. @param {HTMLDialogElement} dialog */
export function closesBeside(dialog) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

/** A short notice, whoever says it and however soon it is gone. @param {import("../types.js").Toast} toast */
export function toast(toast) {
  document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
}
