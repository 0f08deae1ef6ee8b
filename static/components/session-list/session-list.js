/** Where one is signed in, and a way to sign out there. */
import { deviceText, isPhone } from "../../lib/devices.js";
import { h, reconcile, View } from "../../lib/dom.js";
import { focusSoon } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { dateText, timeText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").Session} Session */

class SessionList extends View {
  #list = h("ul", { class: "rows", tabIndex: -1, "aria-label": t("settings.devices") });
  #problem = h("p", { class: "problem", role: "alert" });
  #others = h("button", { class: "danger", hidden: true, onclick: () => this.#askOthers() }, t("settings.sign_out_others"));
  /** @type {Session[]} */ #sessions = [];

  setup() {
    this.append(
      h(
        "section",
        {},
        h("p", { class: "lead" }, t("settings.devices_lead")),
        this.#list,
        this.#problem,
        h("div", { class: "actions" }, this.#others),
      ),
    );
    this.#load();
  }

  async #load() {
    try {
      /** @type {Session[]} */
      const sessions = await this.client.api.request("GET", "auth/sessions");
      const last = (/** @type {Session} */ session) => (session.current ? "~" : session.last_used_at);
      this.#sessions = sessions.sort((a, b) => (last(a) < last(b) ? 1 : -1));
      this.render();
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }

  render() {
    this.#others.hidden = this.#sessions.length < 3;
    reconcile(
      this.#list,
      this.#sessions,
      (session) => session.session_id,
      (session) => this.#row(session),
      () => {},
    );
  }

  /** @param {Session} session */
  #row(session) {
    const { user_agent: agent, ip, current, created_at: since, last_used_at: last } = session;
    const name = deviceText(agent);
    const used = new Date(last);
    const facts = [current ? "" : t("settings.last_used", { time: timeText(used) }), ip].filter(Boolean).join(" · ");
    return h(
      "li",
      { title: agent },
      icon(isPhone(agent) ? "phone" : "device"),
      h(
        "span",
        { class: "words" },
        h("span", { class: "name" }, name, current ? h("span", { class: "tag" }, t("settings.this_device")) : ""),
        h("span", { class: "hint" }, facts),
        h("span", { class: "hint" }, t("settings.signed_in", { time: dateText(new Date(since)) })),
      ),
      current
        ? ""
        : h(
            "button",
            { class: "plain", "aria-label": t("settings.sign_out_of", { name }), onclick: () => this.#ask(session) },
            t("settings.sign_out"),
          ),
    );
  }

  /** @param {Session} session */
  #ask(session) {
    this.tell("dialog", {
      title: t("settings.sign_out_title", { name: deviceText(session.user_agent) }),
      text: t("settings.sign_out_text"),
      action: t("settings.sign_out"),
      danger: true,
      run: () => this.#end([session]),
    });
  }

  #askOthers() {
    this.tell("dialog", {
      title: t("settings.sign_out_others_title"),
      text: t("settings.sign_out_text"),
      action: t("settings.sign_out_others"),
      danger: true,
      run: () => this.#end(this.#sessions.filter((session) => !session.current)),
    });
  }

  /** @param {Session[]} sessions */
  async #end(sessions) {
    for (const { session_id: id } of sessions) {
      await this.client.api.request("DELETE", `auth/sessions/${id}`).catch((error) => {
        if (error.status !== 404) throw error; // It has ended by itself.
      });
      this.#sessions = this.#sessions.filter((session) => session.session_id !== id);
      this.render();
    }
    focusSoon(() => this.#list.querySelector("button") ?? this.#list);
  }
}

customElements.define("session-list", SessionList);
