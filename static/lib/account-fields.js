/** The fields of an account: to sign in to it, or to make one. */
import { passwordField, textField } from "./fields.js";
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
