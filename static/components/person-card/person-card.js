/** A person: who they are, here and everywhere, and what one may do. Stands over the page, beside what was clicked. */
import { avatar, h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { banMember, kickMember, renameMember } from "../../lib/moderation.js";
import { OP } from "../../lib/ops.js";
import { closeButton, closesBeside, NARROW, toast } from "../../lib/panel.js";
import { writeTo } from "../../lib/people.js";
import { openRoles } from "../../lib/role-ticks.js";
import { problemText, t } from "../../lib/words.js";
import { Problem } from "../../lib/api.js";
import { actionsOn } from "../../state/authority.js";
import { membersOf } from "../../state/members.js";
import { memberName, roleColor, rolesOf, statusOf } from "../../state/people.js";

const EDGE = 8; // px between the card and the window's edge, and what it belongs to

/** @typedef {import("../../types.js").User} User */
/** @typedef {import("../../types.js").Member} Member */

class PersonCard extends View {
  userId = "";
  serverId = /** @type {string | null} */ (null);
  /** What was clicked. @type {Element | null} */ near = null;
  #dialog = h("dialog", { class: "person", "aria-labelledby": "person-name", onclose: () => this.remove() });
  /** Beside it in the dialog may stand a list of roles. */ #content = h("div", { class: "content-box" });
  /** @type {User | null} */ #user = null;
  /** @type {Member | null} */ #member = null;
  #loaded = false;
  #problem = "";

  setup() {
    const pressed = document.activeElement;
    if (!this.near && pressed?.matches("button, a")) this.near = pressed;
    this.#dialog.append(this.#content);
    this.append(this.#dialog);
    this.atEnd(this.client.store.listen((op, d) => this.#heard(op, d)));
    closesBeside(this.#dialog);
    const member = this.serverId ? membersOf(this.client).of(this.serverId).people.get(this.userId) : null;
    this.#member = member ?? null;
    this.#user = member?.user ?? null;
    this.render();
    this.#dialog.showModal();
    this.#place();
    this.#load();
  }

  /** @param {string} topic @param {string} [id] */
  wants(topic, id) {
    const known = topic === "members" && id === this.serverId ? membersOf(this.client).of(this.serverId).people.get(this.userId) : null;
    if (known) this.#member = known;
    return ["members", "presence", "users", "servers", "blocks"].includes(topic);
  }

  /** What becomes of the member while one looks. @param {number} op @param {any} d */
  #heard(op, d) {
    if (d?.server_id !== this.serverId || (d.user?.user_id ?? d.user_id) !== this.userId) return;
    if (op === OP.SERVER_MEMBER_UPDATE) this.#member = d;
    else if (op === OP.SERVER_MEMBER_REMOVE) this.#member = null;
    else return;
    this.render();
  }

  async #load() {
    const { api } = this.client;
    const [user, member] = await Promise.allSettled([
      api.request("GET", `users/${this.userId}`),
      this.serverId ? membersOf(this.client).one(this.serverId, this.userId) : null,
    ]);
    if (user.status === "fulfilled") this.#user = user.value;
    else if (!(user.reason instanceof Problem) || user.reason.status !== 404) this.#problem = problemText(user.reason);
    if (member.status === "fulfilled") this.#member = member.value;
    this.#loaded = true;
    if (!this.isConnected) return;
    this.render();
    this.#place();
  }

  /** Beside what was clicked, where there is room; else in the middle. */
  #place() {
    const { style } = this.#dialog;
    const near = /** @type {Element | null} */ (this.near);
    const box = near?.isConnected ? near.getBoundingClientRect() : null;
    const beside = box && !matchMedia(NARROW).matches;
    this.#dialog.classList.toggle("beside", Boolean(beside));
    if (!beside) return;
    const { offsetWidth: width, offsetHeight: height } = this.#dialog;
    const right = box.right + EDGE + width < innerWidth ? box.right + EDGE : box.left - EDGE - width;
    style.setProperty("--x", `${Math.max(EDGE, right)}px`);
    style.setProperty("--y", `${Math.max(EDGE, Math.min(box.top, innerHeight - EDGE - height))}px`);
  }

  render() {
    const { store } = this.client;
    const user = this.#user ?? store.users.get(this.userId) ?? null;
    const server = store.servers.get(this.serverId ?? "") ?? null;
    const name = this.#member ? memberName(this.#member) : store.name(this.userId);
    const self = this.userId === store.user?.user_id;
    const status = statusOf(store, this.userId);
    const focused = /** @type {HTMLElement | null} */ (this.#content.querySelector(":focus"))?.dataset.act;
    this.#content.replaceChildren(
      h("header", {},
        h("span", { class: "with-status" }, avatar(this.userId, name, user?.avatar_url ?? null), h("span", { class: `status ${status}` })),
        closeButton(t("people.close"), () => this.#dialog.close(), { "data-act": "close" })),
      h("h2", { id: "person-name", dir: "auto" }, name),
      h("p", { class: "names" }, ...this.#names(user, name), self ? h("span", {}, t("people.you")) : ""),
      h("p", { class: "state" }, t(`status.${status}`)),
      h("p", { class: "problem", role: "alert" }, this.#problem || (this.#loaded && !this.#user ? t("people.gone") : "")),
      this.#bio(), this.#roles(server), this.#since(server), this.#acts(server, self, name), this.#moderation(server, self, name));
    const again = /** @type {HTMLElement | null} */ (focused ? this.#content.querySelector(`[data-act="${focused}"]`) : null);
    again?.focus();
  }

  /**
   * The user name, and the display name where a nickname hides it.
   * @param {import("../../types.js").Author | null} user @param {string} name
   */
  #names(user, name) {
    if (!user) return [];
    const hidden = user.display_name && user.display_name !== name ? user.display_name : "";
    return [h("span", {}, `@${user.username}`), hidden ? h("span", { dir: "auto" }, hidden) : ""];
  }

  #bio() {
    return this.#user?.bio ? h("section", {}, h("h3", {}, t("people.about")), h("p", { class: "bio", dir: "auto" }, this.#user.bio)) : "";
  }

  /** @param {import("../../types.js").FullServer | null} server */
  #roles(server) {
    const roles = server && this.#member ? rolesOf(server, this.#member) : [];
    const owner = server?.owner_id === this.userId;
    if (!roles.length && !owner) return "";
    return h("section", {}, h("h3", {}, t("people.roles")), h("ul", { class: "roles", role: "list" },
      owner && h("li", { class: "owner" }, icon("crown"), t("people.owner")),
      ...roles.map((role) => {
        const dot = h("span", { class: "dot", "aria-hidden": "true" });
        dot.style.setProperty("--role", roleColor(role.color) ?? "currentcolor");
        return h("li", {}, dot, h("span", { dir: "auto" }, role.name));
      })));
  }

  /** @param {import("../../types.js").FullServer | null} server */
  #since(server) {
    const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
    const rows = [
      ...(server && this.#member ? [[t("people.member_since", { server: server.name }), this.#member.joined_at]] : []),
      ...(this.#user ? [[t("people.account_since"), this.#user.created_at]] : []),
    ];
    const lines = rows.map(([label, time]) => h("div", {}, h("dt", { dir: "auto" }, label), h("dd", {}, day.format(new Date(time)))));
    return lines.length ? h("dl", {}, ...lines) : "";
  }

  /** What anybody may do. @param {import("../../types.js").FullServer | null} server @param {boolean} self @param {string} name */
  #acts(server, self, name) {
    const user = this.#user;
    const place = this.client.store.channel;
    if (!user || self) return "";
    const mention = place && (place.server_id === server?.server_id || place.server_id === null);
    const blocked = this.client.store.blocked.has(this.userId);
    return h("div", { class: "actions" },
      this.#button("write", "primary", () => this.#run(() => writeTo(this.client, this.userId), true), icon("message"), t("people.write")),
      mention && this.#button("mention", "", () => this.#mention(user), t("people.mention")),
      this.#button("block", "", () => this.#block(user, name), t(blocked ? "people.unblock" : "people.block")));
  }

  /**
   * What rank and permissions allow.
   * @param {import("../../types.js").FullServer | null} server @param {boolean} self @param {string} name
   */
  #moderation(server, self, name) {
    const { client } = this;
    const member = this.#member;
    if (!server || !member) return "";
    const may = actionsOn(server, member);
    const kicking = () => this.#ask(kickMember(client, member), t("people.kicked", { name }));
    const banning = () => this.#ask(banMember(client, member), t("people.banned", { name }));
    const buttons = [
      may.nickname && this.#button("nickname", "", () => this.#ask(renameMember(client, member)), t("members.nickname")),
      may.roles && this.#button("roles", "", () => this.#tick(server), t("members.roles")),
      may.kick && this.#button("kick", "danger", kicking, t("members.kick")),
      may.ban && this.#button("ban", "danger", banning, t("members.ban")),
    ].filter(Boolean);
    if (!buttons.length) return "";
    const label = t(self ? "people.your_own" : "people.moderation");
    return h("div", { class: "actions moderation", role: "group", "aria-label": label }, ...buttons);
  }

  /** @param {string} act @param {string} kind @param {() => void} onclick @param {(Node | string)[]} words */
  #button(act, kind, onclick, ...words) {
    return h("button", { "data-act": act, class: kind, onclick }, ...words);
  }

  /** @param {import("../../types.js").FullServer} server */
  #tick(server) {
    const anchor = () => /** @type {HTMLElement | null} */ (this.#content.querySelector('[data-act="roles"]'));
    const failed = (/** @type {unknown} */ error) => { this.#problem = problemText(error); this.render(); };
    openRoles(this.client, { server, member: () => this.#member, anchor, failed });
  }

  /** @param {User} user */
  #mention(user) {
    this.#dialog.close(); // Gives the focus back; whoever hears of the mention takes it from there.
    document.dispatchEvent(new CustomEvent("mention", { detail: { user } }));
  }

  /** @param {User} user @param {string} name */
  #block(user, name) {
    const blocked = !this.client.store.blocked.has(this.userId);
    this.#run(async () => {
      await this.client.blocks.set(user, blocked);
      toast({ text: blocked ? t("people.blocked", { name }) : t("people.unblocked", { name }) });
    });
  }

  /** One question after the other: the card goes. @param {import("../../types.js").Dialog} dialog @param {string} [done] */
  #ask(dialog, done) {
    this.#dialog.close();
    const run = async (/** @type {Record<string, string>} */ values) => {
      await dialog.run?.(values);
      if (done) toast({ text: done });
    };
    document.dispatchEvent(new CustomEvent("dialog", { detail: { ...dialog, run } }));
  }

  /** @param {() => Promise<unknown>} work @param {boolean} [close] */
  async #run(work, close = false) {
    try {
      this.#problem = "";
      await work();
      if (close) return this.#dialog.close();
    } catch (error) {
      this.#problem = problemText(error);
    }
    this.render();
  }
}

customElements.define("person-card", PersonCard);
