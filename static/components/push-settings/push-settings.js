/** Being told by push: here, on one's other devices, when, and how much of it. Says "pushchange" when it is turned on or off. */
import { isPhone } from "../../lib/devices.js";
import { h, reconcile, View } from "../../lib/dom.js";
import { focusSoon, labelled, toggle } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { browserFacts, Push } from "../../lib/push.js";
import { timeText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { quietChange, quietOf, saysContent } from "../../state/push.js";

/** @typedef {import("../../types.js").PushDevice} PushDevice */
/** @typedef {import("../../types.js").PushDelivery} PushDelivery */
/** @typedef {import("../../state/push.js").PushState} PushState */

/** What each state is called, and what to do about it. @type {Record<PushState, [string, string]>} */
const STATES = {
  on: ["push.on", "push.on_hint"],
  off: ["push.off", "push.off_hint"],
  blocked: ["push.blocked", "push.blocked_hint"],
  insecure: ["push.insecure", "push.insecure_hint"],
  install: ["push.install", "push.install_hint"],
  unable: ["push.unable", "push.unable_hint"],
  unoffered: ["push.unoffered", "push.unoffered_hint"],
};

const SHOWN = 8;
const NIGHT = { from: "22:00", to: "07:00" };
const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** When the log is looked at after a test, in ms: push services take a moment. */
const LOOKS = [300, 1_000, 3_000, 8_000];

class PushSettings extends View {
  #push = /** @type {Push} */ (/** @type {unknown} */ (null));
  #state = h("div", { class: "push-state", "aria-busy": "true" });
  #problem = h("p", { class: "problem", role: "alert" });
  #devices = h("ul", { class: "rows", tabIndex: -1, "aria-label": t("push.devices") });
  #list = h("section", { hidden: true }, h("h3", {}, t("push.devices")), this.#devices);
  #log = h("ol", { class: "push-log", "aria-label": t("push.log") });
  #tried = h("section", { hidden: true });
  #ways = h("section", {});
  #app = h("section", { hidden: true });
  /** @type {{state: PushState, devices: PushDevice[], here: string | null} | null} */ #now = null;
  #working = false;
  #times = h("div", { class: "quiet-hours", hidden: true });
  #zone = h("p", { class: "hint" });

  setup() {
    this.#push = new Push(this.client);
    this.#makeWays();
    this.#tried.append(
      h("h3", {}, t("push.try")),
      h("p", { class: "hint" }, t("push.try_hint")),
      h("div", { class: "actions" }, h("button", { class: "plain", onclick: () => this.#try() }, t("push.test"))),
      this.#log,
    );
    this.append(
      h("section", {}, h("h3", {}, t("push.here")), h("p", { class: "lead" }, t("push.lead")), this.#state, this.#problem),
      this.#app,
      this.#list,
      this.#tried,
      this.#ways,
    );
    const again = () => this.#drawApp();
    for (const type of ["beforeinstallprompt", "appinstalled"]) addEventListener(type, again);
    this.atEnd(() => { for (const type of ["beforeinstallprompt", "appinstalled"]) removeEventListener(type, again); });
    this.#drawApp();
    this.#load();
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "settings";
  }

  /** What the shared settings say; it may have been said on another device. */
  render() {
    const { settings } = this.client.store;
    const quiet = quietOf(settings);
    const input = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (this.#ways.querySelector(`[name=${name}]`));
    input("content").checked = saysContent(settings);
    input("quiet").checked = Boolean(quiet);
    this.#times.hidden = !quiet;
    this.#zone.textContent = t("push.zone", { zone: quiet?.zone || ZONE });
    for (const name of /** @type {const} */ (["from", "to"])) {
      // Who is typing a time has not finished it.
      if (quiet && input(name) !== document.activeElement) input(name).value = quiet[name];
    }
  }

  // ---- here

  async #load() {
    try {
      this.#now = await this.#push.look();
      this.#problem.textContent = "";
      this.#draw();
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
    this.#state.removeAttribute("aria-busy");
  }

  #draw() {
    if (!this.#now) return;
    const { state, devices, here } = this.#now;
    const [name, hint] = STATES[state];
    const act = state === "on" ? h("button", { class: "plain", onclick: () => this.#turnOff() }, t("push.turn_off"))
      : state === "off" ? h("button", { class: "primary", onclick: () => this.#turnOn() }, t("push.turn_on")) : "";
    const steps = state === "install" ? h("ol", { class: "steps" }, ...["push.step_share", "push.step_add", "push.step_open"].map((key) => h("li", {}, t(key)))) : "";
    this.#state.dataset.state = state;
    this.#state.replaceChildren(
      icon(state === "on" ? "bell" : "bellOff"),
      h("div", { class: "words", role: "status" }, h("span", { class: "name" }, t(name)), h("span", { class: "hint" }, t(hint)), steps),
      act,
    );
    this.#list.hidden = !devices.length;
    this.#tried.hidden = state !== "on";
    reconcile(this.#devices, devices, ({ subscription_id: id }) => id, () => h("li", {}), (row, device) => this.#row(row, device, here));
  }

  /** @param {HTMLElement} row @param {PushDevice} device @param {string | null} here */
  #row(row, device, here) {
    const { subscription_id: id, name: given, origin, last_success_at: success, last_failure: failure } = device;
    const look = JSON.stringify([device, here === id]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    const name = given || t("push.nameless");
    const fares = failure ? t("push.failing", { why: failure }) : success ? t("push.reached", { time: timeText(new Date(success)) }) : t("push.not_yet");
    row.replaceChildren(
      icon(isPhone(name) ? "phone" : "device"),
      h("span", { class: "words" },
        h("span", { class: "name", dir: "auto" }, name, here === id ? h("span", { class: "tag" }, t("settings.this_device")) : ""),
        h("span", { class: failure ? "hint failing" : "hint" }, fares),
        h("span", { class: "hint" }, t("push.by", { origin: origin.replace(/^https:\/\//, "") }))),
      h("button", { class: "plain", "aria-label": t("push.remove_of", { name }), onclick: () => this.#ask(id, name) }, t("push.remove")),
    );
  }

  /** @param {() => Promise<unknown>} act */
  async #do(act) {
    if (this.#working) return;
    this.#working = true;
    this.#problem.textContent = "";
    try {
      await act();
      await this.#load();
      this.tell("pushchange");
    } catch (error) {
      await this.#load();
      this.#problem.textContent = error instanceof DOMException ? t("push.refused", { why: error.message }) : problemText(error);
    }
    this.#working = false;
    if (document.activeElement === document.body) this.#state.querySelector("button")?.focus();
  }

  #turnOn() {
    return this.#do(() => this.#push.enable());
  }

  #turnOff() {
    return this.#do(() => this.#push.remove(/** @type {string} */ (this.#now?.here)));
  }

  /** @param {string} id @param {string} name */
  #ask(id, name) {
    this.tell("dialog", {
      title: t("push.remove_title", { name }),
      text: t("push.remove_text"),
      action: t("push.remove"),
      danger: true,
      run: async () => {
        await this.#push.remove(id);
        await this.#load();
        this.tell("pushchange");
        focusSoon(() => this.#devices.querySelector("button") ?? this.#state.querySelector("button") ?? this.#devices);
      },
    });
  }

  // ---- whether it comes

  async #try() {
    const here = this.#now?.here;
    if (!here) return;
    try {
      this.#problem.textContent = "";
      await this.#push.test(here);
      for (const ms of LOOKS) {
        await new Promise((over) => { setTimeout(over, ms); });
        if (!this.isConnected) return;
        const log = await this.#push.log();
        this.#drawLog(log);
        if (log[0] && log[0].kind === "test" && log[0].status !== "retrying") break;
      }
      await this.#load();
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }

  /** @param {PushDelivery[]} log */
  #drawLog(log) {
    const kinds = { message: t("push.kind_message"), read: t("push.kind_read"), test: t("push.kind_test") };
    const ends = { sent: t("push.sent"), retrying: t("push.retrying"), failed: t("push.failed"), gone: t("push.gone") };
    this.#log.replaceChildren(...log.slice(0, SHOWN).map(({ at, kind, status, http_status: code, error }) => h("li", { "data-status": status },
      h("time", { dateTime: at }, timeText(new Date(at))), h("span", {}, kinds[kind]),
      h("span", { class: "end" }, [ends[status], code, error].filter(Boolean).join(" · ")))));
  }

  // ---- when, and how much

  #makeWays() {
    const time = (/** @type {string} */ label, /** @type {"from" | "to"} */ name) => (
      labelled(label, h("input", { type: "time", name, value: NIGHT[name], required: true, onchange: () => this.#saveHours() })));
    const checked = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).checked;
    this.#times.append(time(t("push.from"), "from"), time(t("push.to"), "to"), this.#zone);
    this.#ways.append(
      h("h3", {}, t("push.ways")),
      toggle({ label: t("push.content"), hint: t("push.content_hint"), checked: true, name: "content",
        onchange: (event) => this.#change({ push: { content: checked(event) } }) }),
      toggle({ label: t("push.quiet"), hint: t("push.quiet_hint"), checked: false, name: "quiet",
        onchange: (event) => (checked(event) ? this.#saveHours() : this.#change(quietChange(null, ZONE, 0))) }),
      this.#times,
    );
  }

  /** They are hours of this device's clock, whichever device set them before. */
  #saveHours() {
    const [from, to] = [...this.#times.querySelectorAll("input")].map(({ value }) => value);
    if (from && to && from !== to) this.#change(quietChange({ from, to }, ZONE, -new Date().getTimezoneOffset()));
  }

  /** @param {Record<string, unknown>} what */
  async #change(what) {
    this.#problem.textContent = "";
    try {
      await this.client.settings.change(what);
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }

  // ---- a program of its own

  #drawApp() {
    const { apple, installed } = browserFacts();
    const offer = this.client.installation;
    this.#app.hidden = installed || (!offer && !apple);
    const install = async () => {
      await offer?.prompt?.();
      this.client.installation = null; // It can be asked once.
      this.#drawApp();
    };
    this.#app.replaceChildren(
      h("h3", {}, t("push.app")),
      h("p", { class: "hint" }, t(offer ? "push.app_hint" : "push.app_apple")),
      offer ? h("div", { class: "actions" }, h("button", { class: "plain", onclick: install }, icon("download"), h("span", {}, t("push.app_install")))) : "",
    );
  }
}

customElements.define("push-settings", PushSettings);
