/** All accounts: found by name, each with how it stands and what may be done about it. */
import { avatar, h, reconcile, View } from "../../lib/dom.js";
import { iconButton, labelled } from "../../lib/forms.js";
import { openMenu } from "../../lib/menu.js";
import { disable, enable, makeAdmin, personName, resetLink, signOutEverywhere, unmakeAdmin } from "../../lib/person-acts.js";
import { dateText, sizeText, timeText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { actsOn, withPage, withUser } from "../../state/administration.js";

/** @typedef {import("../../types.js").AdminUser} AdminUser */

const PAGE = 50;
const PAUSE_MS = 250;

class AdminPeople extends View {
  #search = h("input", { type: "search", autocomplete: "off", spellcheck: false, dir: "auto", oninput: () => this.#typed() });
  #told = h("p", { class: "hint", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #list = h("ul", { class: "rows", "aria-label": t("admin.people") });
  #more = h("button", { class: "plain", onclick: () => this.#load() }, t("server.more"));
  /** @type {AdminUser[]} */ #users = [];
  /** Where the list goes on. @type {string | null} */ #next = null;
  /** Counts what was asked for: a late answer to an earlier question is dropped. */ #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  setup() {
    this.#more.hidden = true;
    this.append(
      h("div", { class: "stack" }, labelled(t("admin.find"), this.#search), this.#told, this.#problem, this.#list, h("div", { class: "actions" }, this.#more)),
    );
    this.atEnd(() => clearTimeout(this.#timer));
    this.#restart();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#restart(), PAUSE_MS);
  }

  #restart() {
    const query = this.#search.value.trim();
    this.#next = `admin/users?limit=${PAGE}${query ? `&query=${encodeURIComponent(query)}` : ""}`;
    this.#told.textContent = t("admin.loading");
    this.#load(true);
  }

  /** @param {boolean} [anew] */
  async #load(anew = false) {
    if (!this.#next) return;
    const asked = (this.#asked += 1);
    this.#problem.textContent = "";
    const last = this.#list.lastElementChild;
    try {
      const { items, next } = await this.client.api.page(this.#next);
      if (asked !== this.#asked) return;
      this.#users = withPage(anew ? [] : this.#users, items);
      this.#next = next;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#told.textContent = "";
      this.#problem.textContent = problemText(error);
      this.#more.hidden = false;
      return;
    }
    this.#draw();
    // The button that was pressed is gone with the last page: keys go on with what it brought.
    if (!anew && this.#more.hidden) last?.nextElementSibling?.querySelector("button")?.focus();
  }

  #draw() {
    const { length: count } = this.#users;
    this.#more.hidden = this.#next === null;
    this.#told.textContent = count ? t(this.#next === null ? "admin.listed" : "admin.listed_first", { count }) : t("people.nobody");
    reconcile(this.#list, this.#users, (user) => user.user_id, (user) => this.#row(user.user_id), (row, user) => this.#fill(row, user));
  }

  /** @param {string} id */
  #row(id) {
    const button = iconButton("", "more", () => this.#menu(button, id));
    button.setAttribute("aria-haspopup", "menu");
    return h("li", { class: "account" }, h("span", {}), h("span", { class: "words" }), button);
  }

  /** @param {HTMLElement} row @param {AdminUser} user */
  #fill(row, user) {
    const look = JSON.stringify(user);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    const name = personName(user);
    const [picture, words, button] = /** @type {any} */ (row.children);
    const face = h("span", { class: "with-status" }, avatar(user.user_id, name, user.avatar_url),
      h("span", { class: `status ${user.online ? "online" : "offline"}`, "aria-hidden": "true" }));
    picture.replaceWith(face);
    words.replaceChildren(
      h("span", { class: "name", dir: "auto" }, name, h("span", { class: "hint" }, ` @${user.username}`)),
      h("span", { class: "tags" }, ...this.#states(user).map(([key, kind]) => h("span", { class: `tag ${kind}` }, t(key)))),
      h("span", { class: "hint" }, [this.#seen(user), user.sessions > 0 && t("admin.devices", { count: user.sessions })].filter(Boolean).join(" · ")),
      h("span", { class: "hint" }, [t("admin.stored", { size: sizeText(user.storage_bytes) }), t("admin.since", { time: dateText(new Date(user.created_at)) })].join(" · ")),
    );
    // The button stays, because the focus comes back to it.
    button.hidden = !Object.values(actsOn(user, this.client.store.user?.user_id)).some(Boolean);
    button.title = t("members.act", { name });
    button.setAttribute("aria-label", button.title);
  }

  /** @param {AdminUser} user @returns {[string, string][]} */
  #states(user) {
    /** @type {[boolean, string, string][]} */
    const all = [
      [user.user_id === this.client.store.user?.user_id, "admin.you", ""],
      [user.is_admin, "admin.is_admin", ""],
      [user.disabled, "admin.is_disabled", "bad"],
      [user.closed, "admin.is_closed", "bad"],
    ];
    return all.filter(([holds]) => holds).map(([, key, kind]) => [key, kind]);
  }

  /** @param {AdminUser} user */
  #seen({ online, last_used_at: last }) {
    if (online) return t("people.online");
    return last ? t("settings.last_used", { time: timeText(new Date(last)) }) : t("admin.nowhere");
  }

  /** @param {HTMLElement} anchor @param {string} id */
  #menu(anchor, id) {
    const { client } = this;
    const user = this.#users.find((one) => one.user_id === id);
    if (!user) return;
    const may = actsOn(user, client.store.user?.user_id);
    const done = (/** @type {AdminUser} */ changed) => {
      this.#users = withUser(this.#users, changed);
      this.#draw();
    };
    const ask = (/** @type {import("../../types.js").Dialog} */ dialog) => () => this.tell("dialog", dialog);
    openMenu(anchor, personName(user), [
      may.resetLink && { label: t("admin.reset"), icon: "key", act: ask(resetLink(client, user)) },
      may.makeAdmin && { label: t("admin.make"), icon: "shield", act: ask(makeAdmin(client, user, done)) },
      may.unmakeAdmin && { label: t("admin.unmake"), icon: "shield", act: ask(unmakeAdmin(client, user, done)) },
      may.enable && { label: t("admin.enable"), icon: "check", act: ask(enable(client, user, done)) },
      "line",
      may.signOut && { label: t("admin.sign_out"), icon: "leave", danger: true, act: ask(signOutEverywhere(client, user, done)) },
      may.disable && { label: t("admin.disable"), icon: "ban", danger: true, act: ask(disable(client, user, done)) },
    ]);
  }
}

customElements.define("admin-people", AdminPeople);
