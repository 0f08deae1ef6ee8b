/** Who did what in a server, newest first. */
import { avatar, h, reconcile } from "../../lib/dom.js";
import { details, namesIn, peopleIn, sentence } from "../../lib/audit.js";
import { ServerPage } from "../../lib/server-page.js";
import { dayText, fullText, timeText } from "../../lib/text.js";
import { t } from "../../lib/words.js";
import { nameOf } from "../../state/authority.js";

/** @typedef {import("../../types.js").AuditEntry} AuditEntry */

const PAGE = 50;

class AuditLog extends ServerPage {
  #list = h("ol", { class: "entries" });
  #empty = h("p", { class: "lead" }, t("audit.none"));
  #more = h("button", { class: "plain", hidden: true, onclick: () => this.#load() }, t("server.more"));
  /** @type {AuditEntry[]} */ #entries = [];
  /** People by ID, for those whom the store has not met. @type {Map<string, string>} */ #people = new Map();
  #loaded = false;

  setup() {
    this.append(
      h(
        "div",
        { class: "stack" },
        h("p", { class: "lead" }, t("audit.lead")),
        this.problem,
        this.#empty,
        this.#list,
        h("div", { class: "actions" }, this.#more),
      ),
    );
    this.#empty.hidden = true;
    this.#load();
  }

  async #load() {
    const before = this.#entries.at(-1)?.entry_id;
    /** @type {AuditEntry[] | undefined} */
    const page = await this.attempt(() =>
      this.client.api.request("GET", this.path(`audit-log?limit=${PAGE}${before ? `&before=${before}` : ""}`)),
    );
    if (!page) return;
    await this.#meet(page);
    this.#entries = [...this.#entries, ...page];
    this.#loaded = true;
    this.#more.hidden = page.length < PAGE;
    this.render();
  }

  /** Learns the names of those who were acted on; who has left is found among the banned, or nowhere. @param {AuditEntry[]} entries */
  async #meet(entries) {
    const { api, store } = this.client;
    for (const { actor } of entries) this.#people.set(actor.user_id, actor.display_name || actor.username);
    const unknown = () => peopleIn(entries).filter((id) => !this.#people.has(id) && !store.users.has(id));
    try {
      const wanted = unknown().slice(0, 100);
      for (const member of wanted.length ? await api.request("GET", this.path(`members?limit=100&user_ids=${wanted.join()}`)) : [])
        this.#people.set(member.user.user_id, nameOf(member));
      if (!unknown().length || !this.may("ban_members")) return;
      for (const { user } of await api.request("GET", this.path("bans?limit=100")))
        this.#people.set(user.user_id, user.display_name || user.username);
    } catch {
      // Names are worth no error: the entries stand without them.
    }
  }

  render() {
    const { store } = this.client;
    if (!this.server) return;
    this.#empty.hidden = !this.#loaded || this.#entries.length > 0;
    const told = namesIn(this.#entries);
    /** @type {import("../../lib/audit.js").Names} */
    const names = {
      user: (id) => this.#people.get(id) ?? (store.users.has(id) ? store.name(id) : t("audit.somebody")),
      role: (id) =>
        id === this.serverId
          ? t("roles.everyone")
          : (this.server.roles.find((role) => role.role_id === id)?.name ?? told.get(id) ?? t("audit.gone")),
      channel: (id) => store.channels.get(id)?.name ?? told.get(id) ?? t("audit.gone"),
    };
    let day = "";
    const items = this.#entries.flatMap((entry) => {
      const time = new Date(entry.created_at);
      const words = dayText(time);
      const head = words === day ? [] : [{ key: `day ${words}`, day: words }];
      day = words;
      return [...head, { key: entry.entry_id, entry, time }];
    });
    reconcile(
      this.#list,
      items,
      ({ key }) => key,
      (item) => ("day" in item ? h("li", { class: "day" }, h("h3", {}, item.day ?? "")) : h("li", { class: "entry" })),
      (row, item) => {
        if ("entry" in item) this.#draw(row, item.entry, item.time, names);
      },
    );
  }

  /** @param {HTMLElement} row @param {AuditEntry} entry @param {Date} time @param {import("../../lib/audit.js").Names} names */
  #draw(row, entry, time, names) {
    const { actor, reason } = entry;
    const words = sentence(entry, names);
    const lines = details(entry, names);
    const look = JSON.stringify([words, lines]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    const name = actor.display_name || actor.username;
    row.replaceChildren(
      avatar(actor.user_id, name, actor.avatar_url),
      h(
        "div",
        { class: "words" },
        h(
          "p",
          { dir: "auto" },
          h("b", {}, name),
          ` ${words} `,
          h("time", { class: "hint", dateTime: entry.created_at, title: fullText(time) }, timeText(time)),
        ),
        lines.length ? h("ul", { class: "lines" }, ...lines.map((line) => h("li", { dir: "auto" }, line))) : "",
        reason ? h("p", { class: "reason", dir: "auto" }, t("audit.reason", { reason })) : "",
      ),
    );
  }
}

customElements.define("audit-log", AuditLog);
