/** How this browser shows the client. It is remembered here, not shared: a phone wants other sizes than a desk. */
import { remember, remembered } from "./storage.js";

/** What may be chosen; the first of each holds until something is. */
export const APPEARANCE = Object.freeze({
  theme: ["system", "light", "dark"],
  density: ["cosy", "compact"],
  scale: ["100", "87.5", "112.5", "125"],
});

/** @typedef {keyof typeof APPEARANCE} Aspect */

/** @param {Aspect} aspect */
export function appearance(aspect) {
  const known = remembered(aspect) ?? "";
  return APPEARANCE[aspect].includes(known) ? known : APPEARANCE[aspect][0];
}

/** @param {Aspect} aspect @param {string} value */
export function setAppearance(aspect, value) {
  remember(aspect, value === APPEARANCE[aspect][0] ? null : value);
  applyAppearance();
}

/** Makes the page look as is remembered. */
export function applyAppearance(root = document.documentElement) {
  root.dataset.theme = appearance("theme");
  root.dataset.density = appearance("density");
  root.style.setProperty("--scale", String(Number(appearance("scale")) / 100));
}
