/** The links that lead into a server: how often they were used, how long they last, who made them; revoked one by one. */
import { h, reconcile } from "../../lib/dom.js";
import { invitePeople } from "../../lib/dialogs.js";
import { focusSoon } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { copyFrom, linkOf } from "../../lib/invites.js";
import { ServerPage } from "../../lib/server-page.js";
import { fullText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

/** @typedef {import("../../types.js").OwnInvite} OwnInvite */

class InviteList extends ServerPage {
  #lead = h("p", { class: "lead", tabIndex: -1 });
  #list = h("ul", { class: "rows" });
  #new = h("button", { class: "primary", onclick: () => this.#make() }, icon("plus"), t("invite.new"));
  /** @type {OwnInvite[] | null} */ #invites = null;

  setup() {
    this.append(
      h(
        "div",
        { class: "stack" },
        h("div", { class: "bar" }, this.#lead, h("div", { class: "actions" }, this.#new)),
        this.problem,
        this.#list,
      ),
    );
    this.#load();
  }

  async #load() {
    this.#invites = (await this.attempt(() => this.client.api.request("GET", this.path("invites")))) ?? this.#invites;
    this.render();
  }

  render() {
    this.#new.hidden = !this.may("create_invite");
    if (!this.#invites) return;
    this.#lead.textContent = this.#invites.length ? t(this.may("manage_server") ? "invite.lead" : "invite.lead_own") : t("invite.none");
    reconcile(
      this.#list,
      this.#invites,
      ({ code }) => code,
      (invite) => this.#row(invite),
      () => {},
    );
  }

  /** @param {OwnInvite} invite */
  #row(invite) {
    const { code, inviter, uses, max_uses: most, expires_at: end } = invite;
    const used = most ? t("invite.used_of", { count: uses, most }) : t("invite.used", { count: uses });
    const until = end ? t("invite.until", { time: fullText(new Date(end)) }) : t("invite.no_end");
    const link = h("input", { readOnly: true, value: linkOf(invite), "aria-label": t("invite.link"), onfocus: () => link.select() });
    const told = h("span", { class: "sr-only", role: "status" });
    const copy = h(
      "button",
      {
        class: "plain",
        onclick: async () => {
          await copyFrom(link);
          copy.focus();
          told.textContent = t("dialog.copied");
          copy.lastChild?.replaceWith(t("dialog.copied"));
        },
      },
      icon("copy"),
      t("dialog.copy"),
    );
    return h(
      "li",
      { class: "invite" },
      h(
        "span",
        { class: "words" },
        link,
        h("span", { class: "hint" }, `${used} · ${until}`),
        h("span", { class: "hint" }, t("invite.by", { name: inviter.display_name || inviter.username })),
      ),
      copy,
      h(
        "button",
        { class: "danger plain", "aria-label": t("invite.revoke_one", { code: code.slice(0, 4) }), onclick: () => this.#ask(invite) },
        t("invite.revoke"),
      ),
      told,
    );
  }

  #make() {
    this.tell("overlay", { ...invitePeople(this.serverId), onmade: () => this.#load() });
  }

  /** @param {OwnInvite} invite */
  #ask({ code }) {
    this.tell("dialog", {
      title: t("invite.revoke_title"),
      text: t("invite.revoke_text"),
      action: t("invite.revoke"),
      danger: true,
      run: async () => {
        await this.client.api.request("DELETE", `invites/${encodeURIComponent(code)}`);
        this.#invites = this.#invites?.filter((invite) => invite.code !== code) ?? null;
        this.render();
        focusSoon(() => this.#lead);
      },
    });
  }
}

customElements.define("invite-list", InviteList);
