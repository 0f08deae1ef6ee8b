/** Who may make an account: the three answers, each with what it means. */
import { h } from "./dom.js";
import { t } from "./words.js";

export const REGISTRATIONS = ["invite", "open", "closed"];

/** @param {string} value the one that counts now */
export function registrationChoices(value) {
  const choice = (/** @type {string} */ one) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name: "registration", value: one, checked: one === value }),
      h("span", { class: "words" }, h("span", { class: "name" }, t(`registration.${one}`)), h("span", { class: "hint" }, t(`registration.${one}.hint`))),
    );
  return h("fieldset", { class: "group" }, h("legend", {}, t("registration.label")), h("div", { class: "options" }, ...REGISTRATIONS.map(choice)));
}
