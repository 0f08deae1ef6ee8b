/** The instance's settings: what counts, where that comes from, and the way back to what counts by itself. */
import { bytesText, numberText } from "../../lib/amounts.js";
import { h, View } from "../../lib/dom.js";
import { field, filled, showProblem } from "../../lib/fields.js";
import { labelled, savedForm, select } from "../../lib/forms.js";
import { registrationChoices } from "../../lib/registration.js";
import { problemText, t } from "../../lib/words.js";
import { BYTE_UNITS, changes, joinBytes, SIZES, splitBytes } from "../../state/administration.js";

/** @typedef {import("../../types.js").InstanceSettings} InstanceSettings */
/** @typedef {string | number} Value */

const WHO = ["everyone", "admin"];
const KEYS = ["name", "registration", "invites_register", "create_servers", "password_min", ...SIZES];

class AdminInstance extends View {
  #told = h("p", { class: "sr-only", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  /** @type {InstanceSettings} */ #settings = {};
  /** @type {HTMLFormElement | null} */ #form = null;
  /** Below each setting: where its value comes from. @type {Record<string, HTMLElement>} */ #sources = {};

  setup() {
    this.append(h("p", { class: "hint", role: "status" }, t("admin.loading")));
    this.#load();
  }

  async #load() {
    try {
      this.#settings = (await this.client.api.request("GET", "admin/settings")).settings;
    } catch (error) {
      const again = h("button", { class: "plain", onclick: () => { this.replaceChildren(); this.setup(); } }, t("shell.try_again"));
      return this.replaceChildren(h("div", { class: "stack" }, h("p", { class: "problem", role: "alert" }, problemText(error)), h("div", {}, again)));
    }
    this.#build();
  }

  #build() {
    const part = (/** @type {string} */ key, /** @type {HTMLElement} */ control) => {
      this.#sources[key] = h("p", { class: "source hint" });
      return h("div", { class: "setting" }, control, this.#sources[key]);
    };
    const form = this.#form = savedForm(
      [
        h("section", { class: "stack" }, h("p", { class: "lead" }, t("admin.instance_lead")), part("name", this.#name())),
        h("section", { class: "stack" }, h("h3", {}, t("admin.coming_in")), part("registration", registrationChoices(String(this.#settings.registration.value))),
          part("invites_register", this.#who("invites_register")), part("password_min", this.#number())),
        h("section", { class: "stack" }, h("h3", {}, t("admin.room")), part("create_servers", this.#who("create_servers")),
          ...SIZES.map((key) => part(key, this.#size(key)))),
      ],
      (values) => this.#save(values),
    );
    form.noValidate = true;
    form.addEventListener("undo", () => this.#fill(KEYS));
    this.replaceChildren(form, this.#problem, this.#told);
    this.#fill(KEYS);
  }

  // ---- the controls

  #name() {
    return field(t("admin.setting.name"), h("input", { name: "name", required: true, maxLength: 100, dir: "auto", autocomplete: "off" }), t("setup.name_hint"));
  }

  #number() {
    return field(t("admin.setting.password_min"),
      h("input", { name: "password_min", type: "number", inputMode: "numeric", required: true, min: "10", max: "256", step: "1", autocomplete: "off" }),
      t("admin.setting.password_min.hint"));
  }

  /** @param {string} key */
  #who(key) {
    const choices = WHO.map((who) => /** @type {[string, string]} */ ([who, t(`who.${who}`)]));
    return labelled(t(`admin.setting.${key}`), select(choices, "", { name: key }), t(`admin.setting.${key}.hint`));
  }

  /** @param {string} key */
  #size(key) {
    const label = t(`admin.setting.${key}`);
    const units = BYTE_UNITS.map((unit) => /** @type {[string, string]} */ ([unit, unit]));
    const unit = select(units, "", { name: `${key}_unit`, "aria-label": t("admin.unit_of", { name: label }) });
    const amount = h("input", { name: key, type: "number", inputMode: "decimal", required: true, min: "0", step: "any", autocomplete: "off" });
    return field(label, amount, t(`admin.setting.${key}.hint`), unit);
  }

  // ---- values in and out

  /** @param {string[]} keys */
  #fill(keys) {
    const { elements } = /** @type {HTMLFormElement} */ (this.#form);
    const put = (/** @type {string} */ name, /** @type {Value} */ value) => {
      const control = /** @type {HTMLInputElement | RadioNodeList} */ (elements.namedItem(name));
      control.value = String(value);
      // Whatever was wrong with it is gone; it must not count as a change.
      if (control instanceof HTMLInputElement) control.dispatchEvent(new Event("input"));
    };
    for (const key of keys) {
      const { value } = this.#settings[key];
      if (SIZES.includes(key)) {
        const { amount, unit } = splitBytes(Number(value));
        put(key, amount);
        put(`${key}_unit`, unit);
      } else put(key, value);
      this.#tellSource(key);
    }
  }

  /** @param {string} key */
  #tellSource(key) {
    const { source, otherwise } = this.#settings[key];
    const name = t(key === "registration" ? "registration.label" : `admin.setting.${key}`);
    const value = this.#valueText(key, otherwise);
    const back = () => h("button", { type: "button", class: "link", "aria-label": t("admin.back_to_of", { name, value }), onclick: () => this.#forget(key) },
      t("admin.back_to", { value }));
    this.#sources[key].replaceChildren(h("span", {}, t(`admin.source.${source}`)), source === "stored" ? back() : "");
  }

  /** @param {string} key @param {Value} value */
  #valueText(key, value) {
    if (key === "registration") return t(`registration.${value}`);
    if (SIZES.includes(key)) return bytesText(Number(value));
    return typeof value === "number" ? numberText(value) : WHO.includes(value) ? t(`who.${value}`) : value;
  }

  /** @param {FormData} values */
  async #save(values) {
    const form = /** @type {HTMLFormElement} */ (this.#form);
    if (!filled(form)) throw new Error("");
    const text = (/** @type {string} */ key) => String(values.get(key)).trim();
    const wanted = Object.fromEntries(KEYS.map((key) => [key, SIZES.includes(key) ? joinBytes(Number(text(key)), text(`${key}_unit`))
      : key === "password_min" ? Math.round(Number(text(key))) : text(key)]));
    const change = changes(this.#settings, wanted);
    if (!Object.keys(change).length) return;
    try {
      this.#settings = (await this.client.api.request("PATCH", "admin/settings", change)).settings;
    } catch (error) {
      throw new Error(showProblem(form, error));
    }
    this.#fill(KEYS);
  }

  /** Nothing is stored for it any more. @param {string} key */
  async #forget(key) {
    this.#problem.textContent = this.#told.textContent = "";
    try {
      this.#settings = (await this.client.api.request("PATCH", "admin/settings", { [key]: null })).settings;
    } catch (error) {
      this.#problem.textContent = problemText(error);
      return;
    }
    this.#fill([key]);
    const control = this.#form?.elements.namedItem(key);
    const first = control instanceof RadioNodeList ? [...control].find((one) => /** @type {HTMLInputElement} */ (one).checked) : control;
    /** @type {HTMLElement | undefined} */ (first)?.focus();
    this.#told.textContent = t("admin.back_done", { value: this.#valueText(key, this.#settings[key].value) });
  }
}

customElements.define("admin-instance", AdminInstance);
