/** Who is in a server: found by name, given roles and nicknames, removed and banned. */
import { avatar, h, reconcile } from "../../lib/dom.js";
import { focusSoon, iconButton, labelled } from "../../lib/forms.js";
import { openMenu, place } from "../../lib/menu.js";
import { banMember, handOver, kickMember, renameMember } from "../../lib/moderation.js";
import { OP } from "../../lib/ops.js";
import { ServerPage } from "../../lib/server-page.js";
import { membersText } from "../../lib/text.js";
import { t } from "../../lib/words.js";
import { actionsOn, byStrength, cssColor, mayAssign, nameOf } from "../../state/authority.js";
import { withEvent } from "../../state/roster.js";

/** @typedef {import("../../types.js").Member} Member */

const PAGE = 50;
const PAUSE_MS = 250;

class MemberManager extends ServerPage {
  #search = h("input", { type: "search", autocomplete: "off", dir: "auto", oninput: () => this.#typed() });
  #count = h("p", { class: "hint", role: "status", tabIndex: -1 });
  #list = h("ul", { class: "rows" });
  #more = h("button", { class: "plain", onclick: () => this.#load() }, t("server.more"));
  /** @type {Member[]} */ #members = [];
  #whole = false;
  /** Counts what was asked for: a late answer to an earlier question is dropped. */ #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  setup() {
    this.append(
      h(
        "div",
        { class: "stack" },
        labelled(t("members.search"), this.#search),
        this.#count,
        this.problem,
        this.#list,
        h("div", { class: "actions" }, this.#more),
      ),
    );
    this.#more.hidden = true;
    this.atEnd(
      this.client.store.listen((op, d) => {
        if (op === OP.CONNECTED) return this.#restart();
        const members = withEvent(this.#members, this.serverId, op, d, this.#whole && !this.#search.value.trim());
        if (members === this.#members) return;
        const fewer = members.length < this.#members.length;
        this.#members = members;
        this.render();
        if (fewer && document.querySelector("form-dialog")) focusSoon(() => this.#count);
      }),
    );
    this.atEnd(() => clearTimeout(this.#timer));
    this.#restart();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#restart(), PAUSE_MS);
  }

  #restart() {
    this.#members = [];
    this.#load();
  }

  async #load() {
    const asked = (this.#asked += 1);
    const query = this.#search.value.trim();
    const after = this.#members.at(-1)?.user.user_id;
    const path = this.path(`members?limit=${PAGE}${query ? `&query=${encodeURIComponent(query)}` : ""}${after ? `&after=${after}` : ""}`);
    /** @type {Member[] | undefined} */
    const page = await this.attempt(() => this.client.api.request("GET", path));
    if (asked !== this.#asked || !page) return;
    this.#members = [...this.#members, ...page.filter(({ user }) => !this.#members.some((known) => known.user.user_id === user.user_id))];
    // Those who match best come first, and there is no page behind them.
    this.#whole = Boolean(query) || page.length < PAGE;
    this.#more.hidden = this.#whole;
    this.render();
  }

  render() {
    const { server } = this;
    if (!server || !this.#asked) return;
    const found = this.#search.value.trim() ? t("members.found", { count: this.#members.length }) : membersText(server.member_count);
    if (this.#count.textContent !== found) this.#count.textContent = found;
    reconcile(
      this.#list,
      this.#members,
      ({ user }) => user.user_id,
      (member) => this.#row(member.user.user_id),
      (row, member) => this.#draw(row, member),
    );
  }

  /** @param {string} id */
  #row(id) {
    const button = iconButton("", "more", () => this.#menu(button, id));
    button.setAttribute("aria-haspopup", "menu");
    return h("li", { class: "member" }, h("span", {}), h("span", { class: "words" }), h("span", { class: "chips" }), button);
  }

  /** @param {HTMLElement} row @param {Member} member */
  #draw(row, member) {
    const { server } = this;
    const { user } = member;
    const owner = user.user_id === server.owner_id;
    const may = actionsOn(server, member);
    const look = JSON.stringify([member, owner, may, server.roles]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    const name = nameOf(member);
    const roles = byStrength(server.roles).filter((role) => member.roles.includes(role.role_id));
    const [picture, words, chips, button] = /** @type {any} */ (row.children);
    picture.replaceWith(avatar(user.user_id, name, user.avatar_url));
    words.replaceChildren(h("span", { class: "name", dir: "auto" }, name), h("span", { class: "hint" }, `@${user.username}`));
    chips.replaceChildren(...(owner ? [h("span", { class: "tag" }, t("members.owner"))] : []), ...roles.map((role) => this.#chip(role)));
    // The button stays, because the focus comes back to it.
    button.hidden = !Object.values(may).some(Boolean);
    button.title = t("members.act", { name });
    button.setAttribute("aria-label", button.title);
  }

  /** @param {import("../../types.js").Role} role */
  #chip(role) {
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    const color = cssColor(role.color);
    if (color) swatch.style.setProperty("--role", color);
    return h("span", { class: "tag", dir: "auto" }, swatch, role.name);
  }

  /** @param {HTMLElement} anchor @param {string} id */
  #menu(anchor, id) {
    const { client, server } = this;
    const member = this.#members.find(({ user }) => user.user_id === id);
    if (!member) return;
    const may = actionsOn(server, member);
    openMenu(anchor, nameOf(member), [
      may.roles && { label: t("members.roles"), icon: "shield", act: () => this.#roles(anchor, id) },
      may.nickname && { label: t("members.nickname_change"), icon: "edit", act: () => this.tell("dialog", renameMember(client, member)) },
      may.handOver && {
        label: t("members.hand_over_menu"),
        icon: "send",
        act: () => this.tell("dialog", handOver(client, server, member)),
      },
      may.kick && { label: t("members.kick"), icon: "close", danger: true, act: () => this.tell("dialog", kickMember(client, member)) },
      may.ban && { label: t("members.ban"), icon: "ban", danger: true, act: () => this.tell("dialog", banMember(client, member)) },
    ]);
  }

  /** Roles to be ticked, beside the member; what one may not give cannot be. @param {HTMLElement} anchor @param {string} userId */
  #roles(anchor, userId) {
    const { server } = this;
    const find = () => this.#members.find(({ user }) => user.user_id === userId);
    const member = find();
    if (!member) return;
    const boxes = byStrength(server.roles)
      .filter((role) => role.role_id !== server.server_id)
      .map((role) => {
        const may = mayAssign(server, member, role);
        const input = h("input", {
          type: "checkbox",
          checked: member.roles.includes(role.role_id),
          disabled: !may,
          onchange: () => this.#give(input, find(), role.role_id),
        });
        return h("label", { title: may ? "" : t("members.not_yours") }, input, this.#chip(role));
      });
    const title = t("members.roles_of", { name: nameOf(member) });
    const box = h(
      "div",
      { class: "menu-sheet ticks", popover: "auto", role: "group", "aria-label": title },
      h("p", { class: "hint" }, title),
      ...boxes,
    );
    box.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
      box.remove();
      anchor.focus();
    });
    (this.closest("dialog") ?? document.body).append(box);
    box.showPopover();
    place(box, anchor);
    /** @type {HTMLElement | null} */ (box.querySelector("input:enabled"))?.focus();
  }

  /** @param {HTMLInputElement} input @param {Member | undefined} member @param {string} role */
  async #give(input, member, role) {
    if (!member) return;
    const roles = input.checked ? [...member.roles, role] : member.roles.filter((one) => one !== role);
    const changed = await this.attempt(() => this.client.api.request("PATCH", this.path(`members/${member.user.user_id}`), { roles }));
    if (!changed) input.checked = !input.checked;
    else this.#members = withEvent(this.#members, this.serverId, OP.SERVER_MEMBER_UPDATE, changed, false);
    this.render();
  }
}

customElements.define("member-manager", MemberManager);
