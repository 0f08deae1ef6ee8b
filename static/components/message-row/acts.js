/** A message's menu, and what is done by it: fetched once somebody may want it. */
import { Problem } from "../../lib/api.js";
import { deleteMessage } from "../../lib/dialogs.js";
import { openMenu } from "../../lib/menu.js";
import { OP } from "../../lib/ops.js";
import { t } from "../../lib/words.js";
import { actions } from "./tools.js";

/** @typedef {import("./tools.js").Row} Row */
/** @typedef {import("./tools.js").Act} Act */

/** @param {Row} row @param {boolean} [pressed] whether a finger is still there */
export function more(row, pressed = false) {
  row.arm();
  const { message } = row.item;
  const { edit, reply, react: pick, pin: fasten, remove: drop } = actions(row);
  const { store } = row.client;
  const { user_id: author } = message.author;
  const blocked = store.blocked.has(author);
  const entry = (/** @type {string} */ label, /** @type {Parameters<typeof import("../../lib/icons.js").icon>[0]} */ picture, /** @type {Act | undefined} */ act, hint = "") =>
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
export async function pin(row) {
  const { message } = row.item;
  try {
    await row.client.api.request(message.pinned ? "DELETE" : "PUT", `channels/${message.channel_id}/pins/${message.message_id}`);
    row.tell("toast", { text: t(message.pinned ? "message.unpinned" : "message.pinned") });
  } catch (error) {
    row.complain(error);
  }
}

/** @param {Row} row @param {boolean} sure */
export async function remove(row, sure) {
  const { message } = row.item;
  const go = async () => {
    await row.client.api.request("DELETE", row.path).catch((error) => {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    });
    row.client.store.apply(OP.MESSAGE_DELETE, message);
  };
  if (!sure) return row.tell("dialog", deleteMessage(go));
  await go().catch((error) => row.complain(error));
}
