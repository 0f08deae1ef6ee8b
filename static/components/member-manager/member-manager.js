/** Who is in a server: found by name, given roles and nicknames, removed and banned. */
import { avatar, h, reconcile } from "../../lib/dom.js";
import { focusSoon, iconButton, labelled } from "../../lib/forms.js";
import { openMenu } from "../../lib/menu.js";
import { banMember, handOver, kickMember, renameMember } from "../../lib/moderation.js";
import { OP } from "../../lib/ops.js";
import { openRoles, roleTag } from "../../lib/role-ticks.js";
import { ServerPage } from "../../lib/server-page.js";
import { membersText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { actionsOn, byStrength, nameOf } from "../../state/authority.js";
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
    chips.replaceChildren(...(owner ? [h("span", { class: "tag" }, t("members.owner"))] : []), ...roles.map(roleTag));
    // The button stays, because the focus comes back to it.
    button.hidden = !Object.values(may).some(Boolean);
    button.title = t("members.act", { name });
    button.setAttribute("aria-label", button.title);
  }

  /** @param {string} id */
  #member(id) {
    return this.#members.find(({ user }) => user.user_id === id);
  }

  /** @param {HTMLElement} anchor @param {string} id */
  #menu(anchor, id) {
    const { client, server } = this;
    const member = this.#member(id);
    if (!member) return;
    const failed = (/** @type {unknown} */ error) => { this.problem.textContent = problemText(error); };
    const about = { server, member: () => this.#member(id), anchor: () => anchor, failed };
    const may = actionsOn(server, member);
    openMenu(anchor, nameOf(member), [
      may.roles && { label: t("members.roles"), icon: "shield", act: () => openRoles(client, about) },
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
}

customElements.define("member-manager", MemberManager);
