/** What somebody sees who opens an invite link: where it leads, before anything is asked of them. */
import { Problem } from "../../lib/api.js";
import { avatar, h, View } from "../../lib/dom.js";
import { routePath } from "../../lib/route.js";
import { membersText } from "../../lib/text.js";

class InviteCard extends View {
  code = "";
  /** Join without asking again. */ accepted = false;
  /** @type {import("../../types.js").Invite | null} */ #invite = null;
  #error = "";
  #busy = false;

  setup() {
    this.client.api.public(`invites/${encodeURIComponent(this.code)}`).then((invite) => {
      this.#invite = invite;
      if (this.accepted) this.#join(invite.server.server_id);
    }, (error) => {
      this.#error = error instanceof Problem && error.status === 404 ? "gone" : error.message;
      if (this.#error === "gone") this.tell("gone");
    }).finally(() => this.render());
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "servers" || topic === "connection";
  }

  render() {
    const alone = this.classList.contains("alone");
    const back = alone && h("a", { class: "button wide", href: routePath({ page: "home" }) }, "Back to the chat");
    if (this.#error === "gone") {
      return this.replaceChildren(h("h1", {}, "This invite no longer works"),
        h("p", { class: "lead" }, "It has run out or was taken back. Ask for a new link."), back || "");
    }
    if (!this.#invite) return this.replaceChildren(this.#error && h("p", { class: "problem", role: "alert" }, this.#error), (this.#error && back) || "");
    const { server, inviter } = this.#invite;
    const member = this.client.store.servers.has(server.server_id);
    this.replaceChildren(
      avatar(server.server_id, server.name, server.icon_url),
      h("p", { class: "lead" }, h("b", { dir: "auto" }, inviter.display_name || inviter.username), " invites you to"),
      h("h1", { dir: "auto" }, server.name),
      h("p", { class: "members" }, membersText(server.member_count)),
      alone ? h("button", { class: "primary wide", disabled: this.#busy, onclick: () => this.#join(server.server_id) },
        member ? "Open the server" : "Join the server") : "",
      this.#error && h("p", { class: "problem", role: "alert" }, this.#error), back || "",
    );
  }

  /** @param {string} serverId */
  async #join(serverId) {
    const { api, store } = this.client;
    this.#busy = true;
    this.render();
    try {
      if (!store.servers.has(serverId)) await api.request("POST", `invites/${encodeURIComponent(this.code)}`, {});
      await store.until(() => store.servers.has(serverId));
      this.client.openServer(serverId);
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error);
      this.#busy = false;
      this.render();
    }
  }
}

customElements.define("invite-card", InviteCard);
