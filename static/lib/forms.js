/** Parts of forms that several pages are made of. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { problemText, t } from "./words.js";

let count = 0;

/**
 * A control with its name above, and a hint below that is read with it.
 * @param {string} label @param {HTMLElement} control @param {string} [hint]
 */
export function labelled(label, control, hint = "") {
  count += 1;
  control.id ||= `control-${count}`;
  const below = h("span", { class: "hint", id: `hint-${count}` }, hint);
  if (hint) control.setAttribute("aria-describedby", below.id);
  return h("div", { class: "field" }, h("label", { class: "label", for: control.id }, label), control, hint ? below : "");
}

/**
 * One of several.
 * @param {[string, string][]} choices values and their words @param {string} value
 * @param {Record<string, any>} [properties]
 */
export function select(choices, value, properties = {}) {
  return choose(h("select", properties), choices, value);
}

/** Gives a list other choices. @param {HTMLSelectElement} list @param {[string, string][]} choices @param {string} value */
export function choose(list, choices, value) {
  list.replaceChildren(...choices.map(([one, words]) => h("option", { value: one }, words)));
  list.value = value;
  return list;
}

/**
 * On or off, with what it means.
 * @param {{
 *   label: string, hint?: string, checked: boolean, disabled?: boolean, name?: string, why?: string, onchange?: (event: Event) => void,
 * }} options
 *   `why` says why it cannot be changed
 */
export function toggle({ label, hint = "", checked, disabled = false, name = "", why = "", onchange }) {
  count += 1;
  const below = h("span", { class: "hint", id: `hint-${count}` }, hint, why && h("span", { class: "why" }, ` ${why}`));
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    name,
    checked,
    disabled,
    onchange,
    ...((hint || why) && { "aria-describedby": below.id }),
  });
  return h("label", { class: "toggle" }, h("span", { class: "words" }, h("span", { class: "name" }, label), below), input);
}

/** Gives the focus to an element, once the question that stands over the page is gone. @param {() => Element | null} find */
export function focusSoon(find) {
  const focus = () => /** @type {HTMLElement | null} */ (find())?.focus();
  const question = document.querySelector("form-dialog dialog");
  if (question) question.addEventListener("close", focus);
  else focus();
}

/**
 * A small button that shows an icon only.
 * @param {string} label @param {Parameters<typeof icon>[0]} picture @param {(event: any) => void} onclick
 */
export function iconButton(label, picture, onclick) {
  return h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick }, icon(picture));
}

/**
 * A form that offers to save as soon as something in it is changed; until then it has no class `dirty` and may be drawn
 * anew. Its event `undo` asks to be brought back to what is known.
 * @param {Node[]} content @param {(values: FormData) => Promise<unknown>} save
 */
export function savedForm(content, save) {
  const told = h("span", { class: "hint", role: "status" });
  const problem = h("p", { class: "problem", role: "alert" });
  // Not disabled when there is nothing to save: that would take the focus from whoever just saved.
  const button = h("button", { class: "primary" }, t("dialog.save"));
  const undo = h(
    "button",
    {
      type: "button",
      onclick: () => {
        mark(false);
        form.dispatchEvent(new CustomEvent("undo"));
        button.focus();
      },
    },
    t("server.undo"),
  );
  const form = h("form", { class: "stack saved" }, ...content, problem, h("div", { class: "actions" }, button, undo, told));
  let saving = false;
  const mark = (/** @type {boolean} */ changed) => {
    form.classList.toggle("dirty", changed);
    button.setAttribute("aria-disabled", String(!changed));
    undo.hidden = !changed;
    problem.textContent = "";
    if (changed) told.textContent = "";
  };
  mark(false);
  form.addEventListener("input", () => mark(true));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (saving || !form.classList.contains("dirty")) return;
    saving = true;
    try {
      await save(new FormData(form));
      mark(false);
      told.textContent = t("server.saved");
    } catch (error) {
      problem.textContent = problemText(error);
    }
    saving = false;
  });
  return form;
}
