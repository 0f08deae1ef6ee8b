/** Who is kept out of a server, why and by whom; and the way back in. */
import { avatar, h, reconcile } from "../../lib/dom.js";
import { focusSoon } from "../../lib/forms.js";
import { OP } from "../../lib/ops.js";
import { ServerPage } from "../../lib/server-page.js";
import { fullText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

/** @typedef {import("../../types.js").Ban} Ban */

const PAGE = 50;
const name = (/** @type {import("../../types.js").Author} */ user) => user.display_name || user.username;

class BanList extends ServerPage {
  #list = h("ul", { class: "rows" });
  #empty = h("p", { class: "lead", tabIndex: -1 }, t("bans.none"));
  #more = h("button", { class: "plain", hidden: true, onclick: () => this.#load() }, t("server.more"));
  /** @type {Ban[]} */ #bans = [];
  #loaded = false;

  setup() {
    this.append(h("div", { class: "stack" }, this.#empty, this.problem, this.#list, h("div", { class: "actions" }, this.#more)));
    this.#empty.hidden = true;
    // Somebody may ban from elsewhere while the list is open.
    this.atEnd(
      this.client.store.listen((op, d) => {
        if (op === OP.SERVER_MEMBER_REMOVE && d.server_id === this.serverId && d.reason === "banned") this.#restart();
      }),
    );
    this.#load();
  }

  #restart() {
    this.#bans = [];
    this.#load();
  }

  async #load() {
    const after = this.#bans.at(-1)?.user.user_id;
    /** @type {Ban[] | undefined} */
    const page = await this.attempt(() => this.client.api.request("GET", this.path(`bans?limit=${PAGE}${after ? `&after=${after}` : ""}`)));
    if (!page) return;
    this.#bans = [...this.#bans, ...page.filter(({ user }) => !this.#bans.some((known) => known.user.user_id === user.user_id))];
    this.#loaded = true;
    this.#more.hidden = page.length < PAGE;
    this.render();
  }

  render() {
    this.#empty.hidden = !this.#loaded || this.#bans.length > 0;
    reconcile(
      this.#list,
      this.#bans,
      ({ user }) => user.user_id,
      (ban) =>
        h(
          "li",
          { class: "member" },
          avatar(ban.user.user_id, name(ban.user), ban.user.avatar_url),
          h(
            "span",
            { class: "words" },
            h("span", { class: "name", dir: "auto" }, name(ban.user), h("span", { class: "hint" }, ` @${ban.user.username}`)),
            ban.reason && h("span", { class: "reason", dir: "auto" }, ban.reason),
            h("span", { class: "hint" }, t("bans.by", { name: name(ban.banned_by), time: fullText(new Date(ban.created_at)) })),
          ),
          h(
            "button",
            { class: "plain", "aria-label": t("bans.lift_of", { name: name(ban.user) }), onclick: () => this.#ask(ban) },
            t("bans.lift"),
          ),
        ),
      () => {},
    );
  }

  /** @param {Ban} ban */
  #ask({ user }) {
    this.tell("dialog", {
      title: t("bans.lift_title", { name: name(user) }),
      text: t("bans.lift_text"),
      action: t("bans.lift"),
      run: async () => {
        await this.client.api.request("DELETE", this.path(`bans/${user.user_id}`));
        this.#bans = this.#bans.filter((ban) => ban.user.user_id !== user.user_id);
        this.render();
        focusSoon(() => this.#list.querySelector("button") ?? this.#empty);
      },
    });
  }
}

customElements.define("ban-list", BanList);
