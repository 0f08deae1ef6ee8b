/** What became of a message that the server does not have yet, and what one may do about it. */
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { t } from "../../lib/words.js";

/** @typedef {HTMLElementTagNameMap["message-row"]} Row */

/** @param {Row} row @param {import("../../types.js").Message} message */
export function state({ client: { outbox } }, { pending, refusal, kept, waited, parcels = [], channel_id: channel, nonce = "" }) {
  const button = (/** @type {string} */ label, /** @type {() => void} */ onclick) => h("button", { class: "link", onclick }, label);
  const retry = (label = t("message.retry")) => button(label, () => outbox.retry(channel, nonce));
  const discard = (label = t("message.discard")) => button(label, () => outbox.discard(nonce));
  const line = (/** @type {string} */ text, /** @type {HTMLElement[]} */ ...buttons) => h(
    "div", { class: `state ${pending}`, role: pending === "refused" ? "alert" : null },
    pending === "refused" ? "" : icon(pending === "sending" && buttons.length ? "up" : "clock"), h("span", {}, text), ...buttons,
  );
  switch (pending) {
    case "sending":
      if (parcels.some(({ there }) => !there)) return line(t("message.uploading"), discard(t("dialog.cancel")));
      // Each try would make the line go and come.
      return waited ? line(t("message.offline")) : null;
    case "offline": return line(t(kept === false ? "message.unkept" : "message.offline"), retry(), discard());
    case "refused": return line(t("message.refused", { reason: refusal ?? "" }), retry(), discard());
    case "expired": return line(t("message.expired"), retry(t("message.send_anyway")), discard());
    default: return null;
  }
}
