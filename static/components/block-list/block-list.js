/** Whom one has blocked, and the way to take it back. */
import { avatar, h, reconcile, View } from "../../lib/dom.js";
import { focusSoon } from "../../lib/forms.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").Author} Author */

const nameOf = (/** @type {Author} */ user) => user.display_name || user.username;

class BlockList extends View {
  #list = h("ul", { class: "rows" });
  #problem = h("p", { class: "problem", role: "alert" });
  #none = h("p", { class: "nobody", hidden: true, tabIndex: -1 }, t("settings.blocks_none"));
  #told = h("p", { class: "sr-only", role: "status" });

  setup() {
    this.append(h("section", {}, h("p", { class: "lead" }, t("settings.blocks_lead")), this.#list, this.#none, this.#problem, this.#told));
    this.client.blocks.load().catch((error) => {
      this.#problem.textContent = problemText(error);
    });
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "blocks";
  }

  render() {
    const { people } = this.client.blocks;
    this.#none.hidden = people?.length !== 0;
    reconcile(
      this.#list,
      people ?? [],
      (user) => user.user_id,
      (user) =>
        h(
          "li",
          {},
          avatar(user.user_id, nameOf(user), user.avatar_url),
          h(
            "span",
            { class: "words" },
            h("span", { class: "name", dir: "auto" }, nameOf(user)),
            h("span", { class: "hint" }, `@${user.username}`),
          ),
          h(
            "button",
            { class: "plain", "aria-label": t("settings.unblock_of", { name: nameOf(user) }), onclick: () => this.#unblock(user) },
            t("people.unblock"),
          ),
        ),
      () => {},
    );
  }

  /** @param {Author} user */
  async #unblock(user) {
    this.#problem.textContent = "";
    try {
      await this.client.blocks.set(user, false);
    } catch (error) {
      this.#problem.textContent = problemText(error);
      return;
    }
    this.#told.textContent = t("people.unblocked", { name: nameOf(user) });
    focusSoon(() => this.#list.querySelector("button") ?? this.#none);
  }
}

customElements.define("block-list", BlockList);
