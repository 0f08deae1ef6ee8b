/** A person: who they are, here and everywhere, and what one may do. Stands over the page, beside what was clicked. */
import { avatar, h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { closeButton, closesBeside, NARROW, toast } from "../../lib/panel.js";
import { ban, changeNickname, kick, writeTo } from "../../lib/people.js";
import { problemText, t } from "../../lib/words.js";
import { Problem } from "../../lib/api.js";
import { membersOf } from "../../state/members.js";
import { canActOn, memberName, roleColor, rolesOf, statusOf } from "../../state/people.js";

const EDGE = 8; // px between the card and the window's edge, and what it belongs to

/** @typedef {import("../../types.js").User} User */
/** @typedef {import("../../types.js").Member} Member */

class PersonCard extends View {
  userId = "";
  serverId = /** @type {string | null} */ (null);
  /** What was clicked. @type {Element | null} */ near = null;
  #dialog = h("dialog", { class: "person", "aria-labelledby": "person-name", onclose: () => this.remove() });
  /** @type {User | null} */ #user = null;
  /** @type {Member | null} */ #member = null;
  #loaded = false;
  #problem = "";

  setup() {
    const pressed = document.activeElement;
    if (!this.near && pressed?.matches("button, a")) this.near = pressed;
    this.append(this.#dialog);
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
    const focused = /** @type {HTMLElement | null} */ (this.#dialog.querySelector(":focus"))?.dataset.act;
    this.#dialog.replaceChildren(
      h("header", {},
        h("span", { class: "with-status" }, avatar(this.userId, name, user?.avatar_url ?? null), h("span", { class: `status ${status}` })),
        closeButton(t("people.close"), () => this.#dialog.close(), { "data-act": "close" })),
      h("h2", { id: "person-name", dir: "auto" }, name),
      h("p", { class: "names" }, ...this.#names(user, name), self ? h("span", {}, t("people.you")) : ""),
      h("p", { class: "state" }, t(`status.${status}`)),
      h("p", { class: "problem", role: "alert" }, this.#problem || (this.#loaded && !this.#user ? t("people.gone") : "")),
      this.#bio(), this.#roles(server), this.#since(server), this.#acts(server, name, self), this.#moderation(server, name));
    const again = /** @type {HTMLElement | null} */ (focused ? this.#dialog.querySelector(`[data-act="${focused}"]`) : null);
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

  /** @param {import("../../types.js").FullServer | null} server @param {string} name @param {boolean} self */
  #acts(server, name, self) {
    const user = this.#user;
    const place = this.client.store.channel;
    const mention = user && place && (place.server_id === server?.server_id || place.server_id === null);
    const nickname = self && server && this.#member;
    if (!user || (self && !nickname)) return "";
    const button = (/** @type {string} */ act, /** @type {() => void} */ onclick, /** @type {(Node | string)[]} */ ...words) =>
      h("button", { "data-act": act, class: act === "write" ? "primary" : "", onclick }, ...words);
    if (nickname) {
      const change = () => this.#ask(changeNickname(this.client, nickname, name));
      return h("div", { class: "actions" }, button("nickname", change, icon("edit"), t("people.nickname")));
    }
    return h("div", { class: "actions" },
      button("write", () => this.#run(() => writeTo(this.client, this.userId), true), icon("message"), t("people.write")),
      mention && button("mention", () => this.#mention(user), t("people.mention")),
      button("block", () => this.#block(user, name), t(this.client.store.blocked.has(this.userId) ? "people.unblock" : "people.block")));
  }

  /** @param {import("../../types.js").FullServer | null} server @param {string} name */
  #moderation(server, name) {
    const member = this.#member;
    const may = canActOn(this.client.store, server, member);
    if (!member || this.userId === this.client.store.user?.user_id || !(may.nickname || may.kick || may.ban)) return "";
    const kicking = () => this.#ask(kick(this.client, member, name, () => toast({ text: t("people.kicked", { name }) })));
    const banning = () => this.#ask(ban(this.client, member, name, () => toast({ text: t("people.banned", { name }) })));
    return h("div", { class: "actions moderation", role: "group", "aria-label": t("people.moderation") },
      may.nickname && h("button", { onclick: () => this.#ask(changeNickname(this.client, member, name)) }, t("people.nickname")),
      may.kick && h("button", { class: "danger", onclick: kicking }, t("people.kick")),
      may.ban && h("button", { class: "danger", onclick: banning }, t("people.ban")));
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

  /** One question after the other: the card goes. @param {import("../../types.js").Dialog} dialog */
  #ask(dialog) {
    this.#dialog.close();
    document.dispatchEvent(new CustomEvent("dialog", { detail: dialog }));
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
