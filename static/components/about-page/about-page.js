/** Two pages to read: how the client is used, and what the administrator should know of this instance. */
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { keyRows, keySheet } from "../../lib/keys.js";
import { base, routePath } from "../../lib/route.js";
import { problemText, t } from "../../lib/words.js";

/** What one wants to do first. @type {{icon: Parameters<typeof icon>[0], title: string, text: string}[]} */
const STEPS = [
  { icon: "plus", title: "help.server", text: "help.server_text" },
  { icon: "invite", title: "help.invite", text: "help.invite_text" },
  { icon: "message", title: "help.direct", text: "help.direct_text" },
  { icon: "bell", title: "help.quiet", text: "help.quiet_text" },
];

class AboutPage extends View {
  render() {
    const { route, user } = this.client.store;
    if (route.page === "help") return this.replaceChildren(this.#help());
    if (user?.is_admin) return void this.#admin();
    this.replaceChildren(
      h(
        "div",
        { class: "empty" },
        h("h2", {}, t("admin.closed_title")),
        h("p", {}, t("admin.closed_text")),
        h("a", { class: "button", href: routePath({ page: "home" }) }, t("door.back")),
      ),
    );
  }

  #help() {
    const outside = (/** @type {string} */ path, /** @type {string} */ text) =>
      h("a", { href: new URL(path, base).href, target: "_blank" }, text);
    return h(
      "div",
      { class: "sheet-page", tabIndex: 0, "aria-label": t("help.title"), role: "region" },
      h(
        "section",
        {},
        h("h2", {}, t("help.start")),
        h("p", { class: "lead" }, t("help.start_text")),
        h(
          "ul",
          { class: "steps" },
          ...STEPS.map((step) => h("li", {}, icon(step.icon), h("div", {}, h("h3", {}, t(step.title)), h("p", {}, t(step.text))))),
        ),
      ),
      h("section", {}, h("h2", {}, t("help.writing")), h("p", { class: "lead" }, t("help.writing_text")), this.#marks()),
      h(
        "section",
        {},
        h("h2", {}, t("help.keys")),
        h("div", { class: "keys" }, ...keySheet().map(({ title, rows }) => h("div", {}, h("h3", {}, title), keyRows(rows)))),
      ),
      h(
        "section",
        {},
        h("h2", {}, t("help.programs")),
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

  async #admin() {
    const page = h("div", { class: "sheet-page" });
    this.replaceChildren(page);
    try {
      /** @type {import("../../types.js").Instance} */
      const instance = await this.client.api.public("instance");
      const fact = (/** @type {string} */ name, /** @type {string} */ value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
      page.append(
        h(
          "section",
          {},
          h("h2", {}, t("admin.instance")),
          h(
            "dl",
            { class: "facts" },
            fact(t("admin.name"), instance.name),
            fact(t("admin.version"), instance.version),
            fact(t("admin.accounts"), t(`registration.${instance.registration}`)),
          ),
        ),
        h(
          "section",
          {},
          h("h2", {}, t("admin.change")),
          h("p", {}, t("admin.change_text")),
          h(
            "dl",
            { class: "facts" },
            h("div", {}, h("dt", {}, h("code", {}, "chatd help")), h("dd", {}, t("admin.options"))),
            h("div", {}, h("dt", {}, h("code", {}, "chatd user")), h("dd", {}, t("admin.users"))),
          ),
        ),
      );
    } catch (error) {
      page.append(h("p", { class: "problem", role: "alert" }, problemText(error)));
    }
  }
}

customElements.define("about-page", AboutPage);
