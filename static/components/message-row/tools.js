/** What one may do with a message: by the toolbar, the menu, a key, or a long press. */
import { Problem } from "../../lib/api.js";
import { h, openMenu, question } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { OP } from "../../lib/ops.js";
import { t } from "../../lib/words.js";

const PRESS_MS = 450;

/** @typedef {HTMLElementTagNameMap["message-row"]} Row */
/** @typedef {(shift?: boolean) => void} Act */

/** The actions that the reader may take; those that they may not are missing. @param {Row} row @returns {Partial<Record<"edit" | "reply" | "react" | "remove" | "pin" | "more", Act>>} */
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
    ...((own || (channel?.server_id && may("manage_messages"))) && { remove: (shift) => remove(row, Boolean(shift)) }),
    ...((!channel?.server_id || may("manage_messages")) && { pin: () => pin(row) }),
    more: () => more(row),
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

/** @param {Row} row @param {boolean} [pressed] whether a finger is still there */
function more(row, pressed = false) {
  row.arm();
  const { message } = row.item;
  const { edit, reply, react: pick, pin: fasten, remove: drop } = actions(row);
  const { store } = row.client;
  const { user_id: author } = message.author;
  const blocked = store.blocked.has(author);
  const entry = (/** @type {string} */ label, /** @type {Parameters<typeof icon>[0]} */ picture, /** @type {Act | undefined} */ act, hint = "") =>
    act && { label, icon: picture, hint, act: () => act() };
  openMenu(row.querySelector(".tools button:last-child") ?? row, t("message.more"), [
    entry(t("message.reply"), "reply", reply, "R"), entry(t("message.react"), "smile", pick, "A"), entry(t("message.edit"), "edit", edit, "E"),
    entry(t(message.pinned ? "message.unpin" : "message.pin"), "pin", fasten),
    message.content !== "" && { label: t("message.copy_text"), icon: "copy", act: () => row.copy(message.content) },
    { label: t("message.copy_link"), icon: "link", act: () => row.copy(row.link) },
    author !== store.user?.user_id && { label: t(blocked ? "message.unblock" : "message.block", { name: store.name(author) }),
      icon: "ban", act: () => block(row, !blocked) },
    drop ? { label: t("message.delete"), icon: "trash", danger: true, act: (event) => drop(event.shiftKey) } : null,
  ], { pressed });
}

/** Blocks the author, or no longer does; it can be taken back. @param {Row} row @param {boolean} blocked */
async function block(row, blocked) {
  const { blocks, store } = row.client;
  const { author } = row.item.message;
  const name = store.name(author.user_id);
  try {
    await blocks.set(author, blocked);
    const text = t(blocked ? "people.blocked" : "people.unblocked", { name });
    // The row may be folded by now, so it is no longer what tells of it.
    document.dispatchEvent(new CustomEvent("toast", { detail: { text,
      action: { label: t("message.undo"), run: () => blocks.set(author, !blocked) } } }));
  } catch (error) {
    row.complain(error);
  }
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

/** @param {Row} row */
async function pin(row) {
  const { message } = row.item;
  try {
    await row.client.api.request(message.pinned ? "DELETE" : "PUT", `channels/${message.channel_id}/pins/${message.message_id}`);
    row.tell("toast", { text: t(message.pinned ? "message.unpinned" : "message.pinned") });
  } catch (error) {
    row.complain(error);
  }
}

/** @param {Row} row @param {boolean} sure */
async function remove(row, sure) {
  const { message } = row.item;
  const go = async () => {
    await row.client.api.request("DELETE", row.path).catch((error) => {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    });
    row.client.store.apply(OP.MESSAGE_DELETE, message);
  };
  if (!sure) return row.tell("dialog", question("deleteMessage", go));
  await go().catch((error) => row.complain(error));
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
    timer = setTimeout(() => more(row, true), PRESS_MS);
  });
  row.addEventListener("pointermove", (event) => { if (Math.hypot(event.clientX - at.x, event.clientY - at.y) > 8) end(); });
  row.addEventListener("contextmenu", (event) => { if (matchMedia("(pointer: coarse)").matches && !(event.target instanceof HTMLAnchorElement)) event.preventDefault(); });
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) row.addEventListener(type, end);
}
