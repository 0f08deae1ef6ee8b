/** A menu beside what opens it; on a phone a sheet from below. Keys as in the ARIA menu pattern. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{label: string, icon?: Parameters<typeof icon>[0], danger?: boolean, hint?: string, act: (event: MouseEvent) => void} | null | false | undefined} Entry */

/**
 * Opens a menu; it closes by choosing, Esc, or a click elsewhere, and gives the focus back.
 * @param {Element} anchor @param {string} label what the menu is about @param {Entry[]} entries
 */
export function openMenu(anchor, label, entries) {
  const menu = h("div", { class: "menu-sheet", popover: "auto", role: "menu", "aria-label": label });
  const before = document.activeElement;
  for (const entry of entries) {
    if (!entry) continue;
    menu.append(h("button", { role: "menuitem", tabIndex: -1, class: entry.danger ? "danger-text" : "", onclick: (/** @type {MouseEvent} */ event) => {
      menu.hidePopover();
      entry.act(event);
    } }, entry.icon ? icon(entry.icon) : "", h("span", {}, entry.label), entry.hint ? h("kbd", {}, entry.hint) : ""));
  }
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")];
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1, Tab: at + 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    items.at(to[event.key] % items.length)?.focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    if (menu.contains(document.activeElement) || document.activeElement === document.body) /** @type {HTMLElement | null} */ (before)?.focus();
    menu.remove();
  });
  // Beside a modal dialog everything is inert; so what belongs to one stands in it.
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, anchor);
  menu.querySelector("button")?.focus({ preventScroll: true });
  return menu;
}

/** Puts a popover below its opener, or above, wherever there is room. @param {HTMLElement} popover @param {Element} anchor */
export function place(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const below = at.bottom + 4 + height <= innerHeight;
  const top = below ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
  popover.style.setProperty("--top", `${Math.round(top)}px`);
  popover.style.setProperty("--left", `${Math.round(left)}px`);
}
