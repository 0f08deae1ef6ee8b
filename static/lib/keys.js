/** All keys that do something, for whoever lists them. */
import { h } from "./dom.js";
import { mac } from "./shortcuts.js";
import { t } from "./words.js";

const BOTH = ["↑", "↓"];

/** What they are about, and for each its keys: those in one list are pressed together, a list in it is any of them. */
export function keySheet() {
  const command = mac ? "⌘" : t("keys.ctrl");
  const alt = mac ? "⌥" : "Alt";
  const shift = mac ? "⇧" : t("keys.shift");
  return [
    { title: t("keys.around"), rows: [
      { keys: [command, "K"], text: t("keys.switcher") },
      { keys: [alt, BOTH], text: t("keys.channels") },
      { keys: [alt, shift, BOTH], text: t("keys.unread") },
      { keys: ["Esc"], text: t("keys.read") },
      { keys: [command, "/"], text: t("keys.sheet") },
    ] },
    { title: t("keys.writing"), rows: [
      { keys: [t("keys.letters")], text: t("keys.type") },
      { keys: ["Enter"], text: t("keys.send") },
      { keys: [shift, "Enter"], text: t("keys.line") },
      { keys: ["↑"], text: t("keys.edit") },
      { keys: ["Esc"], text: t("keys.cancel") },
    ] },
    { title: t("keys.reading"), rows: [
      { keys: [BOTH], text: t("keys.walk") },
      { keys: [shift, t("keys.click")], text: t("keys.delete") },
    ] },
  ];
}

/** The rows of a part of the sheet. @param {ReturnType<typeof keySheet>[number]["rows"]} rows */
export function keyRows(rows) {
  return h("dl", {}, ...rows.map(({ keys, text }) => h("div", {}, h("dt", {}, ...caps(keys)), h("dd", {}, text))));
}

/** @param {(string | string[])[]} keys */
function caps(keys) {
  const between = (/** @type {string} */ sign, /** @type {number} */ at) => (at ? h("span", { class: "plus" }, sign) : "");
  return keys.flatMap((key, at) => [between("+", at), ...[key].flat().flatMap((one, index) => [between("/", index), h("kbd", {}, one)])]);
}
