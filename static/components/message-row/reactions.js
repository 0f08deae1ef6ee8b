/** Reactions below a message: how many, one's own, and who. */
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { listText } from "../../lib/text.js";
import { t } from "../../lib/words.js";
import { actions, toggle } from "./tools.js";

const NAMES = 12;

/** @typedef {HTMLElementTagNameMap["message-row"]} Row */

/** @param {Row} row @param {import("../../types.js").Message} message */
export function reactions(row, { reactions: kinds = [] }) {
  if (!kinds.length) return null;
  const { react } = actions(row);
  return h("div", { class: "reactions" }, ...kinds.map((kind) => chip(row, kind, Boolean(react))),
    react && h("button", { class: "chip add", "aria-label": t("message.react"), title: t("message.react"), onclick: () => react() }, icon("smile")));
}

/** @param {Row} row @param {import("../../types.js").Reaction} kind @param {boolean} may */
function chip(row, { emoji, count, me }, may) {
  const label = t("message.reaction", { emoji, count });
  const button = h("button", { class: me ? "chip me" : "chip", "aria-pressed": String(me), "aria-label": label, title: label,
    disabled: !me && !may, onclick: () => toggle(row, emoji, !me) }, h("span", { class: "emoji" }, emoji), h("span", { class: "count" }, count));
  const who = async () => {
    const people = await row.client.api.request("GET", `${row.path}/reactions/${encodeURIComponent(emoji)}?limit=${NAMES}`).catch(() => []);
    const names = people.map((/** @type {import("../../types.js").Author} */ one) => one.display_name || one.username);
    if (count > names.length) names.push(t("message.more_people", { count: count - names.length }));
    if (names.length) button.title = button.ariaLabel = t("message.reaction_by", { emoji, names: listText(names) });
  };
  for (const type of ["pointerenter", "focus"]) button.addEventListener(type, who, { once: true });
  return button;
}
