/** The roles of a server, strongest first: made, moved, and opened to be changed. */
import { h, later, reconcile } from "../../lib/dom.js";
import { focusSoon, iconButton } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { ServerPage } from "../../lib/server-page.js";
import { t } from "../../lib/words.js";
import { byStrength, cssColor, mayChangeRole, mayCreateRole, rolePlace } from "../../state/authority.js";

/** @typedef {import("../../types.js").Role} Role */

class RoleManager extends ServerPage {
  #list = h("ol", { class: "rows" });
  #told = h("p", { class: "sr-only", role: "status" });
  #all = h("div", { class: "stack" });
  #one = h("div", {});
  #new = h("button", { class: "primary", onclick: () => this.#create() }, icon("plus"), t("roles.new"));
  /** The role that is being changed. */ #chosen = "";
  #busy = false;

  setup() {
    this.#all.replaceChildren(
      h("div", { class: "bar" }, h("p", { class: "lead" }, t("roles.lead")), h("div", { class: "actions" }, this.#new)),
      this.problem,
      this.#list,
      this.#told,
    );
    this.append(this.#all, this.#one);
    this.addEventListener("back", () => this.#open(""));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  render() {
    const { server } = this;
    if (!server) return;
    this.#new.hidden = !mayCreateRole(server);
    const before = /** @type {HTMLElement | null} */ (this.contains(document.activeElement) ? document.activeElement : null);
    reconcile(
      this.#list,
      byStrength(server.roles),
      (role) => role.role_id,
      ({ role_id: id }) =>
        h(
          "li",
          { "data-id": id },
          h("button", { class: "open", onclick: () => this.#open(id) }),
          iconButton("", "up", () => this.#move(id, 1)),
          iconButton("", "down", () => this.#move(id, -1)),
        ),
      (row, role) => this.#draw(row, role),
    );
    // A row that moved up was taken out and put in again, and lost the focus by that.
    if (before && before !== document.activeElement) before.focus();
    if (this.#chosen && !server.roles.some((role) => role.role_id === this.#chosen)) this.#open("");
  }

  /** @param {HTMLElement} row @param {Role} role */
  #draw(row, role) {
    const { server } = this;
    const everyone = role.role_id === server.server_id;
    const name = everyone ? t("roles.everyone") : role.name;
    const mine = mayChangeRole(server, role);
    const ends = [rolePlace(server, role, 1), rolePlace(server, role, -1)].map((place) => place === null);
    const look = JSON.stringify([role, mine, ends]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    const [open, up, down] = /** @type {any} */ (row.children);
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    const color = cssColor(role.color);
    if (color) swatch.style.setProperty("--role", color);
    open.replaceChildren(
      swatch,
      h(
        "span",
        { class: "words" },
        h("span", { class: "name", dir: "auto" }, name),
        h("span", { class: "hint" }, everyone ? t("roles.everyone_hint") : t("roles.grants", { count: role.permissions.length })),
      ),
      mine ? "" : h("span", { class: "tag" }, icon("lock"), t("roles.above_you")),
      icon("right"),
    );
    for (const [at, button] of [up, down].entries()) {
      const label = t(at ? "server.move_down" : "server.move_up", { name });
      button.hidden = everyone;
      button.setAttribute("aria-label", label);
      button.title = label;
      button.setAttribute("aria-disabled", String(ends[at]));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const down = event.key === "ArrowDown";
    const row = /** @type {Element} */ (event.target).closest("li");
    if (!row || !(down || event.key === "ArrowUp")) return;
    event.preventDefault();
    if (event.altKey) return this.#move(String(row.dataset.id), down ? -1 : 1);
    /** @type {HTMLElement | null | undefined} */ (
      (down ? row.nextElementSibling : row.previousElementSibling)?.querySelector("button")
    )?.focus();
  }

  /** @param {string} id @param {1 | -1} by */
  async #move(id, by) {
    const role = this.server.roles.find((one) => one.role_id === id);
    const position = role ? rolePlace(this.server, role, by) : null;
    if (position === null || this.#busy) return;
    this.#busy = true;
    const moved = await this.attempt(() => this.client.api.request("PATCH", this.path(`roles/${id}`), { position }));
    this.#busy = false;
    if (moved) this.#told.textContent = t(by > 0 ? "roles.moved_up" : "roles.moved_down", { name: moved.name });
  }

  #create() {
    this.tell("dialog", {
      title: t("roles.new"),
      text: t("roles.new_text"),
      action: t("roles.create"),
      fields: [{ name: "name", label: t("server.name"), placeholder: t("roles.name_example"), maxLength: 100 }],
      run: async (/** @type {Record<string, string>} */ { name }) => {
        const role = await this.client.api.request("POST", this.path("roles"), { name });
        await this.client.store.until(() => !this.server || this.server.roles.some((one) => one.role_id === role.role_id));
        this.#open(role.role_id);
      },
    });
  }

  /** @param {string} id */
  #open(id) {
    const before = this.#chosen;
    this.#chosen = id;
    this.#all.hidden = Boolean(id);
    this.#one.replaceChildren(...(id ? [later("role-editor", { client: this.client, serverId: this.serverId, roleId: id })] : []));
    if (!id) focusSoon(() => this.#list.querySelector(`[data-id="${before}"] button`) ?? this.#list.querySelector("button"));
  }
}

customElements.define("role-manager", RoleManager);
