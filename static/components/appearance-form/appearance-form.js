/** How the client looks in this browser, and which language it speaks. */
import { APPEARANCE, appearance, setAppearance } from "../../lib/appearance.js";
import { h, View } from "../../lib/dom.js";
import { labelled, select } from "../../lib/forms.js";
import { remember, remembered } from "../../lib/storage.js";
import { LANGUAGES, t } from "../../lib/words.js";

/** @typedef {import("../../lib/appearance.js").Aspect} Aspect */

const DENSITIES = { cosy: "settings.density_cosy", compact: "settings.density_compact" };
/** In the order of their sizes. */
const SCALES = { 87.5: "settings.scale_small", 100: "settings.scale_normal", 112.5: "settings.scale_large", 125: "settings.scale_huge" };

class AppearanceForm extends View {
  setup() {
    const themes = APPEARANCE.theme.map((value) => /** @type {[string, string]} */ ([value, t(`theme.${value}`)]));
    const named = (/** @type {Record<string, string>} */ choices) =>
      Object.entries(choices).map(([value, key]) => /** @type {[string, string]} */ ([value, t(key)]));
    this.append(
      h("section", {}, this.#choices("theme", t("settings.theme"), themes)),
      h(
        "section",
        {},
        this.#choices("density", t("settings.density"), named(DENSITIES)),
        this.#choices(
          "scale",
          t("settings.scale"),
          named(SCALES).sort(([a], [b]) => Number(a) - Number(b)),
        ),
        this.#sample(),
      ),
      h("section", {}, this.#language()),
      h("p", { class: "hint" }, t("settings.only_here")),
    );
  }

  /** @param {Aspect} aspect @param {string} label @param {[string, string][]} choices */
  #choices(aspect, label, choices) {
    const chosen = appearance(aspect);
    return h(
      "fieldset",
      { class: "group" },
      h("legend", {}, label),
      h(
        "div",
        { class: "choices" },
        ...choices.map(([value, words]) =>
          h(
            "label",
            {},
            h("input", { type: "radio", name: aspect, value, checked: value === chosen, onchange: () => setAppearance(aspect, value) }),
            h("span", {}, words),
          ),
        ),
      ),
    );
  }

  #language() {
    const change = () => {
      remember("language", list.value || null);
      location.reload(); // Every text on the page is of the old one.
    };
    const list = select([["", t("settings.language_system")], ...Object.entries(LANGUAGES)], remembered("language") ?? "", {
      onchange: change,
    });
    return labelled(t("settings.language"), list);
  }

  /** Two messages, to see what sizes and spaces do to them. */
  #sample() {
    const { client } = this;
    const user = client.store.user;
    if (!user) return "";
    const message = (/** @type {string} */ id, /** @type {string} */ content) => ({
      message_id: id,
      channel_id: "0",
      author: user,
      content,
      timestamp: new Date().toISOString(),
      edited_at: null,
      reply_to: null,
      mentions: [],
      mentioned_users: [],
      mention_roles: [],
      mention_everyone: false,
      attachments: [],
      reactions: [],
      pinned: false,
    });
    return h(
      "div",
      { class: "sample", inert: true, "aria-hidden": "true" },
      h("message-row", { client, item: { message: message("1", t("settings.sample_1")), grouped: false } }),
      h("message-row", { client, item: { message: message("2", t("settings.sample_2")), grouped: true } }),
    );
  }
}

customElements.define("appearance-form", AppearanceForm);
