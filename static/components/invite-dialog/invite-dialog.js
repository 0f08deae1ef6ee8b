/** A link to send around: copied, shared or scanned, with how long it works and for how many. */
import { h, View } from "../../lib/dom.js";
import { iconButton, labelled, select } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { copyFrom, DEFAULT_EXPIRY, expiries, linkOf, uses } from "../../lib/invites.js";
import { base } from "../../lib/route.js";
import { fullText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").OwnInvite} OwnInvite */

/** The link made in this visit per server: opening the dialog again must not use up invites. @type {Map<string, OwnInvite>} */
const made = new Map();

class InviteDialog extends View {
  serverId = "";
  #dialog = h("dialog", { class: "dialog invite-dialog", "aria-labelledby": "invite-title", onclose: () => this.remove() });
  #link = h("input", { readOnly: true, onfocus: () => this.#link.select() });
  #told = h("span", { class: "hint", role: "status" });
  #lasts = h("p", { class: "hint" });
  #problem = h("p", { class: "problem", role: "alert" });
  #code = h("figure", { class: "code" });
  #expiry = select(expiries(), DEFAULT_EXPIRY);
  #uses = select(uses(), "");
  #share = h("button", { type: "button", onclick: () => this.#send() }, icon("open"), t("invite.share"));

  setup() {
    const name = this.client.store.servers.get(this.serverId)?.name ?? "";
    this.#share.hidden = !navigator.share;
    const copy = h("button", { type: "button", class: "primary", onclick: () => this.#copy() }, icon("copy"), t("dialog.copy"));
    this.#dialog.append(
      h(
        "header",
        {},
        h("h2", { id: "invite-title", dir: "auto" }, t("invite.title", { name })),
        iconButton(t("dialog.close"), "close", () => this.#dialog.close()),
      ),
      h(
        "div",
        { class: "stack" },
        labelled(t("invite.link"), this.#link),
        h("div", { class: "actions" }, copy, this.#share, this.#told),
        this.#lasts,
        this.#problem,
        this.#code,
        h(
          "details",
          {},
          h("summary", {}, t("invite.another")),
          h(
            "form",
            {
              class: "stack",
              onsubmit: (/** @type {Event} */ event) => {
                event.preventDefault();
                this.#make();
              },
            },
            h("div", { class: "pair" }, labelled(t("invite.expiry"), this.#expiry), labelled(t("invite.uses"), this.#uses)),
            h("div", { class: "actions" }, h("button", {}, t("invite.make"))),
          ),
        ),
      ),
    );
    this.append(this.#dialog);
    this.#dialog.showModal();
    this.#begin();
  }

  /** With the link of before, if it has not run out or been revoked since. */
  async #begin() {
    const known = made.get(this.serverId);
    const good =
      known &&
      (await this.client.api.public(`invites/${encodeURIComponent(known.code)}`).then(
        () => true,
        () => false,
      ));
    if (good) this.#show(known);
    else await this.#make();
  }

  async #make() {
    this.#problem.textContent = this.#told.textContent = "";
    try {
      const invite = await this.client.api.request("POST", `servers/${this.serverId}/invites`, {
        expires_in: this.#expiry.value ? Number(this.#expiry.value) : null,
        max_uses: this.#uses.value ? Number(this.#uses.value) : null,
      });
      if (!invite.max_uses) made.set(this.serverId, invite);
      this.#show(invite);
      this.tell("made");
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }

  /** @param {OwnInvite} invite */
  #show(invite) {
    this.#link.value = linkOf(invite);
    const until = invite.expires_at ? t("invite.until", { time: fullText(new Date(invite.expires_at)) }) : t("invite.no_end");
    const who = invite.max_uses ? t("invite.for_people", { count: invite.max_uses }) : t("invite.for_all");
    this.#lasts.textContent = `${until} ${who}`;
    const address = new URL(`invites/${encodeURIComponent(invite.code)}/qr.svg`, base).href;
    this.#code.replaceChildren(
      h("img", { src: address, alt: t("invite.code_alt"), width: 160, height: 160 }),
      h("figcaption", { class: "hint" }, t("invite.code")),
    );
    this.#link.focus();
    this.#link.select();
    this.#link.scrollLeft = 0;
  }

  async #copy() {
    await copyFrom(this.#link);
    this.#told.textContent = t("dialog.copied");
  }

  async #send() {
    // Whoever closes the sheet of their system has changed their mind.
    await navigator.share({ url: this.#link.value }).catch(() => {});
  }
}

customElements.define("invite-dialog", InviteDialog);
