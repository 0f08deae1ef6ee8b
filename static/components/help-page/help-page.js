/** How the client is used, to read; and where there is more. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { keyRows, keySheet } from "../../lib/keys.js";
import { base } from "../../lib/route.js";
import { t } from "../../lib/words.js";

/** What one wants to do first. @type {{icon: Parameters<typeof icon>[0], title: string, text: string}[]} */
const STEPS = [
  { icon: "plus", title: "help.server", text: "help.server_text" },
  { icon: "invite", title: "help.invite", text: "help.invite_text" },
  { icon: "message", title: "help.direct", text: "help.direct_text" },
  { icon: "bell", title: "help.quiet", text: "help.quiet_text" },
];

class HelpPage extends View {
  setup() {
    const outside = (/** @type {string} */ path, /** @type {string} */ text) =>
      h("a", { href: new URL(path, base).href, target: "_blank" }, text);
    this.append(
      h(
        "section",
        {},
        h("h3", {}, t("help.start")),
        h("p", { class: "lead" }, t("help.start_text")),
        h(
          "ul",
          { class: "steps" },
          ...STEPS.map((step) => h("li", {}, icon(step.icon), h("div", {}, h("h4", {}, t(step.title)), h("p", {}, t(step.text))))),
        ),
      ),
      h("section", {}, h("h3", {}, t("help.writing")), h("p", { class: "lead" }, t("help.writing_text")), this.#marks()),
      h(
        "section",
        {},
        h("h3", {}, t("help.keys")),
        h("div", { class: "keys" }, ...keySheet().map(({ title, rows }) => h("div", {}, h("h4", {}, title), keyRows(rows)))),
      ),
      h("section", {}, h("h3", {}, t("help.more")), h("p", {}, t("help.more_text")), h("p", { class: "links" }, outside("help", t("help.manual")))),
      h(
        "section",
        {},
        h("h3", {}, t("help.programs")),
        h("p", {}, t("help.programs_text")),
        h("p", { class: "links" }, outside("api/rest/openapi.json", t("help.rest")), outside("help/gateway", t("help.gateway"))),
      ),
    );
  }

  /** What gives text a form, written and shown. */
  #marks() {
    const mark = (/** @type {string} */ written, /** @type {HTMLElement} */ shown) =>
      h("div", {}, h("dt", {}, h("code", {}, written)), h("dd", {}, shown));
    return h(
      "dl",
      { class: "marks" },
      mark(`**${t("help.bold")}**`, h("b", {}, t("help.bold"))),
      mark(`*${t("help.italic")}*`, h("i", {}, t("help.italic"))),
      mark(`~~${t("help.strike")}~~`, h("s", {}, t("help.strike"))),
      mark(`\`${t("help.code")}\``, h("code", {}, t("help.code"))),
      mark(`||${t("help.spoiler")}||`, h("span", {}, t("help.spoiler_text"))),
      mark(`> ${t("help.quote")}`, h("q", {}, t("help.quote"))),
    );
  }
}

customElements.define("help-page", HelpPage);
