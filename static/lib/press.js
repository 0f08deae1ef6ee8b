/**
 * Asking for the menu of a channel or a server: by the right button, the menu key, or a long press on what has
 * `data-menu`, such as `channel 123`.
 */
import { placeMenu } from "./place-menu.js";

const PRESS_MS = 450;
const SLIP_PX = 8; // moving on further is scrolling
const LIFT_MS = 500; // so soon after a long press a click is only the finger being lifted

/** @typedef {import("./place-menu.js").Way} Way */

/** Listens from now on. @param {import("../types.js").Client} client */
export function installPress(client) {
  let timer = 0;
  /** What points; a key if it is none. */ let pointer = "";
  let from = { x: 0, y: 0 };
  const under = (/** @type {Event} */ event) => (
    event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-menu]")) : null);
  const open = (/** @type {HTMLElement} */ target, /** @type {Way} */ way) => {
    const [kind, id] = target.dataset.menu?.split(" ") ?? [];
    placeMenu(client, target, kind === "server" ? { server: id } : { channel: id }, way);
  };
  const end = () => clearTimeout(timer);
  document.addEventListener("pointerdown", (event) => {
    end();
    pointer = event.pointerType;
    from = { x: event.clientX, y: event.clientY };
    const target = under(event);
    if (pointer !== "touch" || !target) return;
    timer = setTimeout(() => {
      swallow(target);
      open(target, { pressed: true });
    }, PRESS_MS);
  });
  document.addEventListener("pointermove", (event) => { if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLIP_PX) end(); });
  for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, end);
  document.addEventListener("keydown", () => { pointer = ""; });
  document.addEventListener("contextmenu", (event) => {
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

/** Lifting the finger chooses nothing, and leaves the focus to the menu. @param {HTMLElement} target */
function swallow(target) {
  const types = ["mousedown", "click"];
  const stop = (/** @type {Event} */ event) => {
    if (!target.contains(/** @type {Node} */ (event.target))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  for (const type of types) addEventListener(type, stop, true);
  const over = () => { for (const type of types) removeEventListener(type, stop, true); };
  addEventListener("pointerup", () => setTimeout(over, LIFT_MS), { once: true });
}
