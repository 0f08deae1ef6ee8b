/** What stands at the door: the fields of an account, and forms with one thing to do. */
import { h } from "./dom.js";
import { filled, passwordField, showProblem, textField } from "./fields.js";
import { t } from "./words.js";

/** How long a password is where the server does not say. */
export const PASSWORD_LEAST = 10;

/** @param {import("../types.js").Instance | null} instance */
export function leastOf(instance) {
  return instance?.limits?.password_min ?? PASSWORD_LEAST;
}

/** A user name, and a password for it. @param {boolean} making a new account @param {number} least how long the password must be */
export function accountFields(making, least) {
  return [
    textField(
      t("door.username"),
      { name: "username", required: true, autocomplete: "username", maxLength: 32, enterKeyHint: "next" },
      making ? t("door.username_hint") : "",
    ),
    making ? newPasswordField(t("door.password"), "password", least) : passwordField(t("door.password"), { name: "password", required: true,
      autocomplete: "current-password", maxLength: 1024, enterKeyHint: "go" }),
  ];
}

/** @param {string} label @param {string} name @param {number} least */
export function newPasswordField(label, name, least) {
  return passwordField(
    label,
    { name, required: true, autocomplete: "new-password", maxLength: 1024, minLength: least, enterKeyHint: "go" },
    t("door.password_hint", { count: least }),
  );
}

/**
 * A form whose button does what it is for; what goes wrong stands at the field that is to blame.
 * @param {(Node | string)[]} content @param {string} label @param {(values: Record<string, string>) => Promise<void>} run
 * @param {Record<string, string>} [blame] codes and the fields they mean
 */
export function doorForm(content, label, run, blame = {}) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary wide" }, label);
  const form = h("form", { class: "stack", noValidate: true }, ...content, problem, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    if (button.disabled || !filled(form)) return;
    button.disabled = true;
    try {
      await run(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)])));
    } catch (error) {
      problem.textContent = showProblem(form, error, blame);
    }
    button.disabled = false;
  });
  return form;
}
