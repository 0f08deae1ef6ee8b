/** A link to send around, as one sees it: copied, shared or scanned, with how long it works and for how many. */
import { h } from "./dom.js";
import { labelled } from "./forms.js";
import { icon } from "./icons.js";
import { copyFrom, linkOf } from "./invites.js";
import { base } from "./route.js";
import { fullText } from "./text.js";
import { t } from "./words.js";

/** Names and addresses by which a machine means itself. */
const ITSELF = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** Whether nobody else gets anywhere by an address. @param {string} link */
export function leadsNowhereElse(link) {
  return ITSELF.test(new URL(link).hostname);
}

export class InviteLink {
  #link = h("input", { readOnly: true, onfocus: () => this.#link.select() });
  #told = h("span", { class: "hint", role: "status" });
  #lasts = h("p", { class: "hint" });
  #near = h("p", { class: "note", hidden: true }, t("invite.near"));
  #code = h("figure", { class: "invite-code" });
  #share = h("button", { type: "button", hidden: !navigator.share, onclick: () => this.#send() }, icon("open"), t("invite.share"));
  #copy = h("button", { type: "button", class: "primary", onclick: () => this.#copied() }, icon("copy"), t("dialog.copy"));
  /** What is put into the page. */
  parts = [labelled(t("invite.link"), this.#link), h("div", { class: "actions" }, this.#copy, this.#share, this.#told), this.#lasts, this.#near, this.#code];

  /** @param {import("../types.js").OwnInvite} invite */
  show(invite) {
    this.#told.textContent = "";
    this.#link.value = linkOf(invite);
    this.#near.hidden = !leadsNowhereElse(this.#link.value);
    const until = invite.expires_at ? t("invite.until", { time: fullText(new Date(invite.expires_at)) }) : t("invite.no_end");
    const who = invite.max_uses ? t("invite.for_people", { count: invite.max_uses }) : t("invite.for_all");
    this.#lasts.textContent = `${until} ${who}`;
    const address = new URL(`invites/${encodeURIComponent(invite.code)}/qr.svg`, base).href;
    this.#code.replaceChildren(
      h("img", { src: address, alt: t("invite.code_alt"), width: 160, height: 160 }),
      h("figcaption", { class: "hint" }, t("invite.code")),
    );
  }

  focus() {
    this.#link.focus();
    this.#link.select();
    this.#link.scrollLeft = 0;
  }

  /** What was said of an earlier link no longer counts. */
  forget() {
    this.#told.textContent = "";
  }

  async #copied() {
    await copyFrom(this.#link);
    this.#told.textContent = t("dialog.copied");
  }

  async #send() {
    // Whoever closes the sheet of their system has changed their mind.
    await navigator.share({ url: this.#link.value }).catch(() => {});
  }
}
