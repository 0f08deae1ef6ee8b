/** Fields that say themselves what is wrong with them. */
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { ruleText } from "./rules.js";
import { length } from "./text.js";
import { problemText, t } from "./words.js";

let count = 0;

/**
 * A control with its name above; below it a hint, and what is wrong.
 * @param {string} label @param {HTMLInputElement | HTMLTextAreaElement} control @param {string} [hint]
 * @param {Node | string} [beside] stands in the same frame @param {Node | string} [after] stands beside the hint
 */
export function field(label, control, hint = "", beside = "", after = "") {
  count += 1;
  const told = h("span", { class: "hint", id: `field-hint-${count}` }, hint);
  const wrong = h("span", { class: "problem", id: `field-problem-${count}` });
  control.id ||= `field-${count}`;
  control.setAttribute("aria-describedby", `${told.id} ${wrong.id}`);
  control.addEventListener("input", () => tellField(control, ""));
  return h("div", { class: "field" }, h("label", { class: "label", for: control.id }, label),
    beside ? h("div", { class: "framed" }, control, beside) : control, h("div", { class: "below" }, told, after), wrong);
}

/** A field for one line. @param {string} label @param {Record<string, any>} properties @param {string} [hint] */
export function textField(label, properties, hint) {
  return field(label, h("input", { spellcheck: false, autocapitalize: "none", ...properties }), hint);
}

/** A field for a password, which can be looked at. @param {string} label @param {Record<string, any>} properties @param {string} [hint] */
export function passwordField(label, properties, hint) {
  const input = h("input", { type: "password", spellcheck: false, autocapitalize: "none", ...properties });
  const show = () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    look.replaceChildren(icon(shown ? "eye" : "eyeOff"));
    look.setAttribute("aria-pressed", String(!shown));
    look.title = t(shown ? "door.show_password" : "door.hide_password");
  };
  const look = h("button", { type: "button", class: "quiet look", "aria-pressed": "false", "aria-label": t("door.show_password"),
    title: t("door.show_password"), onclick: show }, icon("eye"));
  return field(label, input, hint, look);
}

/**
 * A field with what is left of it, in characters as the server counts them.
 * @param {string} label @param {HTMLInputElement | HTMLTextAreaElement} control @param {number} most @param {string} [hint]
 */
export function countedField(label, control, most, hint) {
  const left = h("span", { class: "counter", "aria-hidden": "true" });
  const draw = () => {
    const now = length(control.value.trim());
    left.textContent = `${now} / ${most}`;
    left.classList.toggle("over", now > most);
  };
  control.addEventListener("input", draw);
  draw();
  return Object.assign(field(label, control, hint, "", left), { recount: draw });
}

/** Says at a field what is wrong with it, or that nothing is any more. @param {Element} control @param {string} text */
export function tellField(control, text) {
  const wrong = control.closest(".field")?.querySelector(".problem");
  if (wrong) wrong.textContent = text;
  if (text) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

/** Whether all fields that must be filled are; those that are not say so, and the first gets the focus. @param {HTMLFormElement} form */
export function filled(form) {
  const empty = [...form.querySelectorAll("input")].filter((input) => input.required && !input.value.trim());
  for (const input of empty) tellField(input, t("problem.empty"));
  empty[0]?.focus();
  return empty.length === 0;
}

/**
 * Shows what went wrong at the fields that are to blame, and gives the first the focus. What is left is for the form.
 * @param {HTMLFormElement} form @param {unknown} error @param {Record<string, string>} [blame] codes and the fields they mean
 * @returns {string}
 */
export function showProblem(form, error, blame = {}) {
  if (!(error instanceof Problem)) return problemText(error);
  const errors = { ...error.errors, ...(blame[error.code] && { [blame[error.code]]: problemText(error) }) };
  let left = Object.keys(errors).length ? "" : waitText(error);
  let first = true;
  for (const [name, rule] of Object.entries(errors)) {
    const control = form.elements.namedItem(name);
    if (!(control instanceof HTMLElement)) {
      left = ruleText(rule);
      continue;
    }
    tellField(control, ruleText(rule));
    if (first) control.focus();
    first = false;
  }
  return left;
}

/** @param {Problem} error */
function waitText(error) {
  return error.status === 429 && error.retryAfterS ? t("problem.wait", { count: error.retryAfterS }) : problemText(error);
}
