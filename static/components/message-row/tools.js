/** What one may do with a message: by the toolbar, the menu, a key, or a long press. */
import { h, once, part } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { t } from "../../lib/words.js";

const PRESS_MS = 450;

/** @typedef {HTMLElementTagNameMap["message-row"]} Row */
/** @typedef {(shift?: boolean) => void} Act */

/** What few do at once is fetched. @param {(acts: typeof import("./acts.js")) => unknown} act */
const later = (act) => once(part("message-row", "acts"), act);

/**
 * The actions that the reader may take; those that they may not are missing.
 * @param {Row} row @returns {Partial<Record<"edit" | "reply" | "react" | "remove" | "pin" | "more", Act>>}
 */
export function actions(row) {
  const { store } = row.client;
  const { message } = row.item;
  const channel = store.channels.get(message.channel_id);
  const may = (/** @type {string} */ permission) => Boolean(channel && store.can(channel, permission));
  const own = message.author.user_id === store.user?.user_id;
  return {
    ...(own && { edit: () => row.edit() }),
    ...(may("send_messages") && { reply: () => row.tell("reply", { message }) }),
    ...(may("add_reactions") && { react: () => react(row) }),
    ...((own || (channel?.server_id && may("manage_messages"))) && { remove: (shift) => later(({ remove }) => remove(row, Boolean(shift))) }),
    ...((!channel?.server_id || may("manage_messages")) && { pin: () => later(({ pin }) => pin(row)) }),
    more: () => later(({ more }) => more(row)),
  };
}

/** @param {Row} row */
export function toolbar(row) {
  const { edit, reply, react: pick, more: open } = actions(row);
  const button = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {Act | undefined} */ act) =>
    act && h("button", { class: "quiet", tabIndex: -1, "aria-label": label, title: label, onclick: () => act() }, icon(picture));
  return h("div", { class: "tools" }, button(t("message.react"), "smile", pick), button(t("message.reply"), "reply", reply),
    button(t("message.edit"), "edit", edit), button(t("message.more"), "more", open));
}

/** @param {Row} row */
function react(row) {
  row.arm();
  const anchor = row.querySelector(".tools button") ?? row;
  row.tell("overlay", { tag: "emoji-picker", anchor, onpick: (/** @type {CustomEvent} */ event) => toggle(row, event.detail.emoji, true) });
}

/** Adds or takes back one's own reaction; the event that follows draws it. @param {Row} row @param {string} emoji @param {boolean} add */
export async function toggle(row, emoji, add) {
  try {
    await row.client.api.request(add ? "PUT" : "DELETE", `${row.path}/reactions/${encodeURIComponent(emoji)}`);
  } catch (error) {
    row.complain(error);
  }
}

/** A long press of a finger opens the menu; moving on is scrolling. @param {Row} row */
export function onTouch(row) {
  let timer = 0;
  let at = { x: 0, y: 0 };
  const end = () => clearTimeout(timer);
  row.addEventListener("pointerdown", (event) => {
    end();
    if (event.pointerType !== "touch" || row.item.message.pending) return;
    at = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => later(({ more }) => more(row, true)), PRESS_MS);
  });
  row.addEventListener("pointermove", (event) => { if (Math.hypot(event.clientX - at.x, event.clientY - at.y) > 8) end(); });
  row.addEventListener("contextmenu", (event) => { if (matchMedia("(pointer: coarse)").matches && !(event.target instanceof HTMLAnchorElement)) event.preventDefault(); });
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) row.addEventListener(type, end);
}
