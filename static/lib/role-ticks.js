/** A member's roles, to be ticked. */
import { byStrength, cssColor, mayAssign, nameOf } from "../state/authority.js";
import { h } from "./dom.js";
import { place } from "./menu.js";
import { OP } from "./ops.js";
import { t } from "./words.js";

/**
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").Role} Role
 *
 * @typedef {object} About
 * @property {import("../types.js").FullServer} server
 * @property {() => Member | null | undefined} member as is known now
 * @property {() => HTMLElement | null} anchor beside which it opens, and to which the focus goes back
 * @property {(error: unknown) => void} failed
 */

/** A role's name with its colour. @param {Role} role */
export function roleTag(role) {
  const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
  const color = cssColor(role.color);
  if (color) swatch.style.setProperty("--role", color);
  return h("span", { class: "tag", dir: "auto" }, swatch, role.name);
}

/** Opens them; what the reader may not give cannot be ticked. @param {import("../types.js").Client} client @param {About} about */
export function openRoles(client, { server, member, anchor, failed }) {
  const [now, opener] = [member(), anchor()];
  if (!now || !opener) return;
  const give = async (/** @type {HTMLInputElement} */ input, /** @type {string} */ role) => {
    const roles = member()?.roles ?? [];
    const path = `servers/${server.server_id}/members/${now.user.user_id}`;
    try {
      const wanted = input.checked ? [...roles, role] : roles.filter((one) => one !== role);
      client.store.apply(OP.SERVER_MEMBER_UPDATE, await client.api.request("PATCH", path, { roles: wanted }));
    } catch (error) {
      input.checked = !input.checked;
      failed(error);
    }
  };
  const boxes = byStrength(server.roles).filter((role) => role.role_id !== server.server_id).map((role) => {
    const may = mayAssign(server, now, role);
    const checked = now.roles.includes(role.role_id);
    const input = h("input", { type: "checkbox", checked, disabled: !may, onchange: () => give(input, role.role_id) });
    return h("label", { title: may ? "" : t("members.not_yours") }, input, roleTag(role));
  });
  const title = t("members.roles_of", { name: nameOf(now) });
  const box = h("div", { class: "menu-sheet ticks", popover: "auto", role: "group", "aria-label": title },
    h("p", { class: "hint" }, title), ...boxes);
  box.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    box.remove();
    anchor()?.focus();
  });
  (opener.closest("dialog") ?? document.body).append(box);
  box.showPopover();
  place(box, opener);
  /** @type {HTMLElement | null} */ (box.querySelector("input:enabled"))?.focus();
}
