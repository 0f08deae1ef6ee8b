/** What somebody sees who opens an invite link: where it leads, before anything is asked of them. */
import { Problem } from "../../lib/api.js";
import { avatar, h, View } from "../../lib/dom.js";
import { routePath } from "../../lib/route.js";
import { membersText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";

class InviteCard extends View {
  code = "";
  /** Join without asking again. */ accepted = false;
  /** @type {import("../../types.js").Invite | null} */ #invite = null;
  #gone = false;
  #error = "";
  #busy = false;

  setup() {
    this.#look();
  }

  async #look() {
    this.#error = "";
    try {
      const invite = (this.#invite = await this.client.api.public(`invites/${encodeURIComponent(this.code)}`));
      if (this.accepted) this.#join(invite.server.server_id);
    } catch (error) {
      this.#gone = error instanceof Problem && error.status === 404;
      this.#error = problemText(error);
      if (this.#gone) this.tell("gone");
    }
    this.render();
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "servers" || topic === "connection";
  }

  render() {
    const alone = this.classList.contains("alone");
    const back = alone ? h("a", { class: "button wide", href: routePath({ page: "home" }) }, t("door.back")) : "";
    const problem = this.#error ? h("p", { class: "problem", role: "alert" }, this.#error) : "";
    if (this.#gone)
      return this.replaceChildren(h("h1", {}, t("door.invite_gone")), h("p", { class: "lead" }, t("door.invite_gone_text")), back);
    if (!this.#invite) {
      const again = h("button", { class: "primary wide", onclick: () => this.#look() }, t("shell.try_again"));
      return this.replaceChildren(
        problem,
        ...(problem ? [again, back] : [h("p", { class: "sr-only", role: "status" }, t("door.invite_opening"))]),
      );
    }
    const { server, inviter } = this.#invite;
    const member = this.client.store.servers.has(server.server_id);
    this.replaceChildren(
      avatar(server.server_id, server.name, server.icon_url),
      h("p", { class: "lead" }, ...this.#invitation(inviter.display_name || inviter.username)),
      h("h1", { dir: "auto" }, server.name),
      h("p", { class: "members" }, membersText(server.member_count)),
      alone
        ? h(
            "button",
            { class: "primary wide", disabled: this.#busy, onclick: () => this.#join(server.server_id) },
            t(member ? "door.invite_open" : "door.invite_join"),
          )
        : "",
      problem,
      back,
    );
  }

  /** The sentence with the inviter's name set apart, wherever the language puts it. @param {string} name */
  #invitation(name) {
    const [before, after] = t("door.invited_by").split("{name}");
    return [before, h("b", { dir: "auto" }, name), after ?? ""];
  }

  /** @param {string} serverId */
  async #join(serverId) {
    const { api, store } = this.client;
    this.#busy = true;
    this.#error = "";
    this.render();
    try {
      if (!store.servers.has(serverId)) await api.request("POST", `invites/${encodeURIComponent(this.code)}`, {});
      await store.until(() => store.servers.has(serverId));
      this.client.openServer(serverId);
    } catch (error) {
      this.#error = problemText(error);
      this.#busy = false;
      this.render();
    }
  }
}

customElements.define("invite-card", InviteCard);
