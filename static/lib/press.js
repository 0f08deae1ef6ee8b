/** Asking for the menu of something in a list: by the right button, the menu key, or a long press. */
import { learnMore, t } from "./words.js";

const PRESS_MS = 450;
const SLIP_PX = 8; // moving on further is scrolling
const LIFT_MS = 500; // so soon after a long press a click is only the finger being lifted

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{at?: Point | null, pressed?: boolean}} Way where it was asked for, and whether a finger is still there
 * @typedef {{channel: string} | {server: string}} Place
 */

/**
 * The menu of a channel or a server, fetched at its first use.
 * @param {import("../types.js").Client} client @param {Element} anchor @param {Place} place @param {Way} [way]
 */
export async function openPlaceMenu(client, anchor, place, way = {}) {
  try {
    const [{ placeMenu }] = await Promise.all([import("./place-menu.js"), learnMore()]);
    placeMenu(client, anchor, place, way);
  } catch {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: t("problem.offline"), kind: "failed" } }));
  }
}

/** @param {HTMLElement} list @param {string} wanted a selector @param {(target: HTMLElement, way: Way) => void} open */
export function onMenu(list, wanted, open) {
  const under = (/** @type {Event} */ event) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(wanted));
  let timer = 0;
  /** What points; a key if it is none. */ let pointer = "";
  let from = { x: 0, y: 0 };
  const end = () => clearTimeout(timer);
  const swallow = (/** @type {Event} */ event) => {
    if (!list.contains(/** @type {Node} */ (event.target))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  list.addEventListener("pointerdown", (event) => {
    end();
    pointer = event.pointerType;
    from = { x: event.clientX, y: event.clientY };
    const target = under(event);
    if (pointer !== "touch" || !target) return;
    timer = setTimeout(() => {
      // Whoever hears clicks above the list must not hear this one either; and the focus is the menu's.
      for (const type of ["mousedown", "click"]) addEventListener(type, swallow, true);
      addEventListener("pointerup", () => setTimeout(() => {
        for (const type of ["mousedown", "click"]) removeEventListener(type, swallow, true);
      }, LIFT_MS), { once: true });
      open(target, { pressed: true });
    }, PRESS_MS);
  });
  list.addEventListener("pointermove", (event) => { if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLIP_PX) end(); });
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) list.addEventListener(type, end);
  list.addEventListener("keydown", () => { pointer = ""; });
  list.addEventListener("contextmenu", (event) => {
    const target = under(event);
    if (!target || event.shiftKey) return; // With Shift it is the browser's own.
    event.preventDefault();
    if (pointer === "touch") return; // That is the long press.
    const show = () => open(target, { at: pointer ? { x: event.clientX, y: event.clientY } : null });
    // Where pressing the button asks for it, letting go would close it again.
    if (event.buttons) addEventListener("pointerup", () => setTimeout(show), { once: true });
    else show();
  });
}
