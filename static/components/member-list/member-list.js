/** Who is in the server and sees the channel: by role those who are there, below them the rest. */
import { avatar, h, reconcile, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { problemText, t } from "../../lib/words.js";
import { closeButton, NARROW } from "../../lib/panel.js";
import { membersOf, WHOLE } from "../../state/members.js";
import { groupsOf, memberName, named, roleColor, rolesOf, statusOf } from "../../state/people.js";

const SEARCH_FROM = 20; // fewer people are seen at a glance
const ASK_AFTER_MS = 200;

/** @typedef {import("../../types.js").Member} Member */
/** @typedef {import("../../types.js").FullServer} FullServer */

class MemberList extends View {
  #title = h("h2", {});
  #field = h("input", {
    type: "search", autocomplete: "off", dir: "auto", "aria-label": t("people.find"), placeholder: t("people.find"),
    oninput: () => this.#typed(),
  });
  #search = h("div", { class: "search" }, icon("search"), this.#field);
  #told = h("p", { class: "sr-only", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #groups = h("div", { class: "groups" });
  #note = h("p", { class: "hint note" });
  /** What the server found for the text in the field. @type {Member[] | null} */ #found = null;
  #asking = 0;
  #frame = 0;
  #server = "";

  setup() {
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("people.members"));
    this.append(h("header", {}, this.#title, closeButton(t("people.close"), () => this.tell("close"))),
      this.#search, this.#told, this.#problem, h("div", { class: "scroll" }, this.#groups, this.#note));
    this.#groups.addEventListener("keydown", (event) => this.#walk(event));
    this.#field.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") this.#focus(0, event); });
    // On a phone the list covers the field that the mention goes to.
    const mentioned = () => { if (matchMedia(NARROW).matches) this.tell("close"); };
    document.addEventListener("mention", mentioned);
    this.atEnd(() => {
      document.removeEventListener("mention", mentioned);
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#asking);
    });
  }

  /** Many come and go at once: they are drawn together. @param {string} topic @param {string} [id] */
  wants(topic, id) {
    const about = ["presence", "users", "servers", "channels", "route", "connection"].includes(topic);
    if (about || (topic === "members" && id === this.#server)) this.#frame ||= requestAnimationFrame(() => this.render());
    return false;
  }

  render() {
    this.#frame = 0;
    const { store } = this.client;
    const server = store.servers.get(store.channel?.server_id ?? store.section);
    if (!server) return this.#drawGroup(store.channel?.recipients ?? []);
    const members = membersOf(this.client);
    const { loaded, whole } = members.of(server.server_id);
    if (this.#server !== server.server_id) this.#begin(server.server_id);
    if (!loaded && store.connection === "ready") this.#load(server.server_id);
    const seen = members.seeing(server.server_id, store.channel);
    const large = loaded ? !whole : server.member_count > WHOLE;
    const all = large ? seen.filter(({ user }) => statusOf(store, user.user_id) !== "offline") : seen;
    const count = large ? server.member_count : loaded ? all.length : null;
    const number = h("span", { class: "count" }, count === null ? "" : t("people.number", { count }));
    this.#title.replaceChildren(t("people.members"), " ", number);
    this.#search.hidden = !large && all.length < SEARCH_FROM && !this.#field.value;
    this.ariaBusy = String(!loaded && !all.length);
    this.#drawFound(server, all, large);
  }

  /** Those in a group conversation: it has no roles. @param {import("../../types.js").User[]} people */
  #drawGroup(people) {
    const nowhere = /** @type {FullServer} */ (/** @type {unknown} */ ({ server_id: null, owner_id: null, roles: [] }));
    const members = people.map((user) => (
      { user: { ...user, ...this.client.store.users.get(user.user_id) }, server_id: "", nickname: null, roles: [], joined_at: "" }));
    this.#search.hidden = true;
    this.#title.replaceChildren(t("people.members"), " ", h("span", { class: "count" }, t("people.number", { count: people.length })));
    this.#draw(nowhere, members);
  }

  /** Those who are called as the field says, or all. @param {FullServer} server @param {Member[]} all @param {boolean} large */
  #drawFound(server, all, large) {
    const text = this.#field.value.trim();
    const shown = text ? this.#found ?? all.filter((one) => named(one, text)) : all;
    const asking = large && !this.#found;
    this.#draw(server, shown);
    this.#note.textContent = text ? (shown.length || asking ? "" : t("people.nobody")) : large ? t("people.large") : "";
    this.#told.textContent = text && !asking ? t("people.found", { count: shown.length }) : "";
  }

  /** @param {string} server */
  #begin(server) {
    this.#server = server;
    this.#field.value = "";
    this.#found = null;
    this.#problem.textContent = "";
  }

  /** @param {string} server */
  async #load(server) {
    try {
      await membersOf(this.client).load(server);
      this.#problem.textContent = "";
    } catch (error) {
      // Without a connection the shell says so, and the members come with it.
      this.#problem.textContent = this.client.store.connection === "ready" ? problemText(error) : "";
    }
  }

  #typed() {
    clearTimeout(this.#asking);
    this.#found = null;
    this.render();
    const text = this.#field.value.trim();
    const crowd = membersOf(this.client).of(this.#server);
    if (text && !crowd.whole) this.#asking = setTimeout(() => this.#find(text), ASK_AFTER_MS);
  }

  /** @param {string} text */
  async #find(text) {
    const server = this.#server;
    const found = await membersOf(this.client).find(server, text).catch((error) => {
      this.#problem.textContent = problemText(error);
      return null;
    });
    if (!found || server !== this.#server || this.#field.value.trim() !== text) return;
    this.#problem.textContent = "";
    this.#found = found;
    this.render();
  }

  /** @param {FullServer} server @param {Member[]} members */
  #draw(server, members) {
    const groups = groupsOf(this.client.store, server, members);
    reconcile(this.#groups, groups, ({ key }) => key, ({ key }) => h("section", { "aria-labelledby": `group-${key}` },
      h("h3", { id: `group-${key}`, dir: "auto" }), h("ul", { role: "list" })), (section, { kind, role, members: people }) => {
      const name = role ? role.name : kind === "online" ? t("people.online") : t("people.offline");
      const title = `${name} · ${t("people.number", { count: people.length })}`;
      if (section.firstElementChild.textContent !== title) section.firstElementChild.textContent = title;
      section.classList.toggle("away", kind === "offline");
      reconcile(section.lastElementChild, people, ({ user }) => user.user_id, () => h("li", {}, h("button", { tabIndex: -1 })),
        (item, member) => this.#drawMember(item.firstElementChild, server, member));
    });
    const buttons = this.#buttons();
    if (buttons.length && !buttons.some((button) => button.tabIndex === 0)) buttons[0].tabIndex = 0;
  }

  /** @param {HTMLButtonElement} button @param {FullServer} server @param {Member} member */
  #drawMember(button, server, member) {
    const { store } = this.client;
    const { user } = member;
    const name = memberName(member);
    const status = statusOf(store, user.user_id);
    const color = roleColor(rolesOf(server, member).find((role) => role.color)?.color ?? 0);
    const owner = server.owner_id === user.user_id;
    const look = [name, status, color, owner, user.avatar_url, user.username].join("\n");
    if (button.dataset.look === look) return;
    button.dataset.look = look;
    button.onclick = () => this.tell("overlay", { tag: "person-card", userId: user.user_id, serverId: server.server_id, near: button });
    const label = h("span", { class: "name", dir: "auto" }, name);
    if (color) label.style.setProperty("--role", color);
    button.title = `@${user.username}`;
    const shape = status === "offline" ? "" : h("span", { class: `status ${status}` });
    const picture = h("span", { class: "with-status" }, avatar(user.user_id, name, user.avatar_url), shape);
    const told = (/** @type {string} */ text) => h("span", { class: "sr-only" }, `, ${text}`);
    const crown = h("span", { class: "crown", title: t("people.owner") }, icon("crown"), told(t("people.owner")));
    button.replaceChildren(picture, label, owner ? crown : "", told(t(`status.${status}`)));
  }

  #buttons() {
    return [...this.#groups.querySelectorAll("button")];
  }

  /** @param {number} at @param {Event} event */
  #focus(at, event) {
    const buttons = this.#buttons();
    const button = buttons[Math.max(0, Math.min(at, buttons.length - 1))];
    if (!button) return;
    event.preventDefault();
    for (const other of buttons) other.tabIndex = other === button ? 0 : -1;
    button.focus();
  }

  /** Tab enters the list once; arrows walk in it. @param {KeyboardEvent} event */
  #walk(event) {
    const at = this.#buttons().indexOf(/** @type {HTMLButtonElement} */ (event.target));
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") this.#focus(at + 1, event);
    else if (event.key === "ArrowUp") this.#focus(at - 1, event);
    else if (event.key === "Home") this.#focus(0, event);
    else if (event.key === "End") this.#focus(Infinity, event);
  }
}

customElements.define("member-list", MemberList);
