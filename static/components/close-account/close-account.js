/** Closing one's account: what goes, what stays, and what must be done before. */
import { Problem } from "../../lib/api.js";
import { h, View } from "../../lib/dom.js";
import { listText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

class CloseAccount extends View {
  #owned = h("p", { class: "note" });

  setup() {
    const points = ["close.goes", "close.stays", "close.name"].map((key) => h("li", {}, t(key)));
    this.append(
      h(
        "section",
        {},
        h("h3", {}, t("close.title")),
        h("p", { class: "lead" }, t("close.lead")),
        h("ul", { class: "points" }, ...points),
        this.#owned,
        h("div", { class: "actions" }, h("button", { class: "danger", onclick: () => this.#ask() }, t("close.action"))),
      ),
    );
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "servers";
  }

  render() {
    const { servers, user } = this.client.store;
    const owned = [...servers.values()].filter(({ owner_id: owner }) => owner === user?.user_id).map(({ name }) => name);
    this.#owned.hidden = owned.length === 0;
    this.#owned.textContent = owned.length ? t("close.owned", { names: listText(owned), count: owned.length }) : "";
  }

  #ask() {
    const { client } = this;
    this.tell("dialog", {
      title: t("close.ask"),
      text: t("close.ask_text"),
      action: t("close.action"),
      danger: true,
      fields: [{ name: "password", label: t("settings.password_current"), secret: true }],
      run: async (/** @type {Record<string, string>} */ { password }) => {
        await client.leave(() => client.api.request("DELETE", "users/@me", { password })).catch((error) => {
          // The general words say too little of what to do now.
          if (error instanceof Problem && error.code === "owns_servers") throw new Error(t("close.owns_servers"));
          throw error;
        });
      },
    });
  }
}

customElements.define("close-account", CloseAccount);
