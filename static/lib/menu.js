/** A menu beside what opens it; on a phone a sheet from below. Keys as in the ARIA menu pattern. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * `chosen` makes it one of several of which one holds; `more` says that it opens another menu.
 * @typedef {{label: string, icon?: Parameters<typeof icon>[0], danger?: boolean, hint?: string, chosen?: boolean, more?: boolean,
 *   act: (event: MouseEvent) => void}} Item
 * @typedef {Item | "line" | null | false | undefined} Entry
 *
 * @typedef {object} Options
 * @property {{x: number, y: number} | null} [at] where it was asked for, if not at the anchor
 * @property {string} [heading]
 * @property {() => void} [back] opens the menu that this one came from
 * @property {boolean} [pressed] whether a finger is still on the screen: lifting it must not close the menu
 */

/**
 * Opens a menu; it closes by choosing, Esc, or a click elsewhere, and gives the focus back.
 * @param {Element} anchor @param {string} label what the menu is about @param {Entry[]} entries @param {Options} [options]
 */
export function openMenu(anchor, label, entries, { at = null, heading, back, pressed = false } = {}) {
  const menu = h("div", { class: "menu-sheet", popover: pressed ? "manual" : "auto", role: "menu", "aria-label": label });
  const before = pressed ? anchor : document.activeElement;
  // The menu's own name says the same.
  if (heading) menu.append(h("p", { class: "about", "aria-hidden": "true", dir: "auto" }, heading));
  const shown = entries.filter(Boolean);
  // A line stands between two items.
  shown.forEach((entry, place) => {
    if (entry !== "line") menu.append(item(menu, /** @type {Item} */ (entry)));
    else if (menu.lastElementChild?.matches("button") && shown.slice(place).some((other) => other !== "line")) menu.append(h("hr"));
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")];
    const opens = event.key === "ArrowRight" && document.activeElement?.matches("[aria-haspopup]");
    if (pressed && event.key === "Escape") menu.hidePopover();
    else if (opens) /** @type {HTMLElement} */ (document.activeElement).click();
    else if (event.key === "ArrowLeft" && back) {
      menu.hidePopover();
      back();
    }
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1, Tab: at + 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    items.at(to[event.key] % items.length)?.focus();
  });
  const beside = (/** @type {Event} */ event) => { if (!menu.contains(/** @type {Node} */ (event.target))) menu.hidePopover(); };
  if (pressed) document.addEventListener("pointerdown", beside, { capture: true });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    document.removeEventListener("pointerdown", beside, { capture: true });
    if (menu.contains(document.activeElement) || document.activeElement === document.body) /** @type {HTMLElement | null} */ (before)?.focus();
    menu.remove();
  });
  // Beside a modal dialog everything is inert; so what belongs to one stands in it.
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, at ? { getBoundingClientRect: () => new DOMRect(at.x, at.y, menu.offsetWidth, 0) } : anchor);
  menu.querySelector("button")?.focus({ preventScroll: true });
  return menu;
}

/** @param {HTMLElement} menu @param {Item} entry */
function item(menu, { label, icon: picture, danger, hint, chosen, more, act }) {
  const choice = chosen === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": String(chosen) };
  const onclick = (/** @type {MouseEvent} */ event) => {
    menu.hidePopover();
    act(event);
  };
  return h("button", { ...choice, tabIndex: -1, class: danger ? "danger-text" : "", "aria-haspopup": more ? "menu" : null, onclick },
    picture ? icon(picture) : "", h("span", {}, label), hint ? h("kbd", {}, hint) : "",
    more ? icon("right") : "", chosen ? icon("check") : "");
}

/**
 * Puts a popover below its opener, or above, wherever there is room.
 * @param {HTMLElement} popover @param {Pick<Element, "getBoundingClientRect">} anchor
 */
export function place(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const below = at.bottom + 4 + height <= innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
  popover.style.setProperty("--top", `${Math.round(top)}px`);
  popover.style.setProperty("--left", `${Math.round(left)}px`);
}
