/** One role: its name, its colour, and what it grants. What one may not grant says why. */
import { h } from "../../lib/dom.js";
import { focusSoon, labelled, savedForm, toggle } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { ServerPage } from "../../lib/server-page.js";
import { t } from "../../lib/words.js";
import { cssColor, mayChangeRole, PERMISSION_GROUPS, ROLE_COLORS, whyNot } from "../../state/authority.js";

/** @typedef {import("../../types.js").Role} Role */

const GROUPS = { talk: "roles.group_talk", order: "roles.group_order", manage: "roles.group_manage" };
const WHY = { role: "", lacking: "roles.lacking" };

class RoleEditor extends ServerPage {
  roleId = "";
  #title = h("h3", { tabIndex: -1, dir: "auto" });
  #name = h("input", { name: "name", maxLength: 100, required: true, dir: "auto", autocomplete: "off" });
  #colors = h("div", { class: "colors", role: "radiogroup", "aria-label": t("roles.color") });
  #own = h("input", { type: "color", "aria-label": t("roles.own_color"), oninput: () => this.#choose("own") });
  #permissions = h("div", { class: "stack" });
  #locked = h("p", { class: "notice" }, icon("lock"), t("roles.locked"));
  /** @type {HTMLFormElement | null} */ #form = null;
  #end = h(
    "section",
    { class: "end" },
    h("div", {}, h("h4", {}, t("roles.delete")), h("p", { class: "hint" }, t("roles.delete_text"))),
    h("button", { class: "danger", onclick: () => this.#remove() }, t("server.remove")),
  );

  get known() {
    return /** @type {Role} */ (this.server?.roles.find((role) => role.role_id === this.roleId));
  }

  setup() {
    const everyone = this.roleId === this.serverId;
    const look = [
      labelled(t("server.name"), this.#name),
      h("div", { class: "field" }, h("span", { class: "label", "aria-hidden": "true" }, t("roles.color")), this.#colors),
    ];
    this.#form = savedForm([...(everyone ? [h("p", { class: "lead" }, t("roles.everyone_lead"))] : look), this.#permissions], (values) =>
      this.#save(values),
    );
    this.#form.addEventListener("undo", () => this.#fill());
    this.append(
      h(
        "header",
        { class: "sub" },
        h("button", { class: "link back", onclick: () => this.tell("back") }, icon("left"), t("roles.all")),
        this.#title,
      ),
      this.#locked,
      this.problem,
      h("section", {}, this.#form),
      everyone ? "" : this.#end,
    );
    focusSoon(() => this.#title);
  }

  render() {
    const { known: role, server } = this;
    if (!role) return;
    const mine = mayChangeRole(server, role);
    this.#title.textContent = role.role_id === server.server_id ? t("roles.everyone") : role.name;
    this.#locked.hidden = mine;
    this.#end.hidden = !mine;
    this.#form?.classList.toggle("locked", !mine);
    if (!this.#form?.classList.contains("dirty")) this.#fill();
  }

  #fill() {
    const { known: role, server } = this;
    const look = JSON.stringify([role, server.member.roles, server.owner_id, server.roles.map((one) => one.permissions)]);
    this.#name.value = role.name;
    this.#name.disabled = !mayChangeRole(server, role);
    if (this.#permissions.dataset.look === look && !this.#form?.classList.contains("dirty") && this.#shown() === role.permissions.length)
      return;
    this.#permissions.dataset.look = look;
    this.#drawColors();
    const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.name : "";
    this.#permissions.replaceChildren(
      ...Object.entries(PERMISSION_GROUPS).map(([group, permissions]) =>
        h(
          "fieldset",
          { class: "group" },
          h("legend", {}, t(GROUPS[/** @type {keyof typeof GROUPS} */ (group)])),
          ...permissions.map((permission) => this.#permission(permission)),
        ),
      ),
    );
    if (focused) /** @type {HTMLElement | null} */ (this.#permissions.querySelector(`[name="${focused}"]`))?.focus();
  }

  /** How many permissions the form shows as granted. */
  #shown() {
    return this.#permissions.querySelectorAll(":checked").length;
  }

  /** @param {string} permission */
  #permission(permission) {
    const why = whyNot(this.server, this.known, permission);
    return toggle({
      label: t(`permission.${permission}`),
      hint: t(`permission.${permission}.hint`),
      name: permission,
      checked: this.known.permissions.includes(permission),
      disabled: why !== null,
      why: why && WHY[why] ? t(WHY[why]) : "",
    });
  }

  #drawColors() {
    const { color } = this.known;
    const disabled = !mayChangeRole(this.server, this.known);
    const own = color !== 0 && !ROLE_COLORS.includes(color);
    const radio = (
      /** @type {string} */ value,
      /** @type {boolean} */ checked,
      /** @type {string} */ label,
      /** @type {HTMLElement} */ face,
    ) => h("label", { title: label }, h("input", { type: "radio", name: "color", value, checked, disabled, "aria-label": label }), face);
    const swatch = (/** @type {string | null} */ css) => {
      const face = h("span", { class: "swatch" }, icon("check"));
      if (css) face.style.setProperty("--role", css);
      return face;
    };
    this.#own.value = cssColor(own ? color : ROLE_COLORS[0]) ?? "";
    this.#own.disabled = disabled;
    this.#colors.replaceChildren(
      radio("0", color === 0, t("roles.no_color"), swatch(null)),
      ...ROLE_COLORS.map((one, at) => radio(String(one), color === one, t("roles.color_number", { count: at + 1 }), swatch(cssColor(one)))),
      radio("own", own, t("roles.own_color"), h("span", { class: "own" }, this.#own)),
    );
  }

  /** @param {string} value */
  #choose(value) {
    const radio = /** @type {HTMLInputElement | null} */ (this.#colors.querySelector(`input[value="${value}"]`));
    if (radio) radio.checked = true;
  }

  /** @param {FormData} values */
  async #save(values) {
    const chosen = String(values.get("color") ?? "0");
    const color = chosen === "own" ? Number.parseInt(this.#own.value.slice(1), 16) : Number(chosen);
    const listed = Object.values(PERMISSION_GROUPS).flat();
    // What is not shown, or may not be changed, stays as it is.
    const permissions = [
      ...listed.filter((permission) =>
        whyNot(this.server, this.known, permission) ? this.known.permissions.includes(permission) : values.has(permission),
      ),
      ...this.known.permissions.filter((permission) => !listed.includes(permission)),
    ];
    const everyone = this.roleId === this.serverId;
    await this.client.api.request("PATCH", this.path(`roles/${this.roleId}`), {
      permissions,
      ...(!everyone && { name: String(values.get("name")).trim(), color }),
    });
  }

  #remove() {
    this.tell("dialog", {
      title: t("roles.delete_title", { name: this.known.name }),
      text: t("roles.delete_text"),
      action: t("server.remove"),
      danger: true,
      run: () => this.client.api.request("DELETE", this.path(`roles/${this.roleId}`)).then(() => {}),
    });
  }
}

customElements.define("role-editor", RoleEditor);
