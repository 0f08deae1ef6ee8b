/** A link to send around: copied, shared or scanned, with how long it works and for how many. */
import { h, View } from "../../lib/dom.js";
import { iconButton, labelled, select } from "../../lib/forms.js";
import { InviteLink } from "../../lib/invite-link.js";
import { DEFAULT_EXPIRY, expiries, uses } from "../../lib/invites.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").OwnInvite} OwnInvite */

/** The link made in this visit per server: opening the dialog again must not use up invites. @type {Map<string, OwnInvite>} */
const made = new Map();

class InviteDialog extends View {
  serverId = "";
  #dialog = h("dialog", { class: "dialog invite-dialog", "aria-labelledby": "invite-title", onclose: () => this.remove() });
  #link = new InviteLink();
  #problem = h("p", { class: "problem", role: "alert" });
  #expiry = select(expiries(), DEFAULT_EXPIRY);
  #uses = select(uses(), "");

  setup() {
    const name = this.client.store.servers.get(this.serverId)?.name ?? "";
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
        ...this.#link.parts,
        this.#problem,
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
    this.#problem.textContent = "";
    this.#link.forget();
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
    this.#link.show(invite);
    this.#link.focus();
  }
}

customElements.define("invite-dialog", InviteDialog);
