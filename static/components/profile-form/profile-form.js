/** How others see one: picture, names, some words, and whether one is there. */
import { avatar, h, View } from "../../lib/dom.js";
import { countedField, field, showProblem } from "../../lib/fields.js";
import { savedForm } from "../../lib/forms.js";
import { OP } from "../../lib/ops.js";
import { sendFile } from "../../lib/send.js";
import { statusText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";

/** @typedef {import("../../types.js").User} User */

/** With what each of them means. */
const STATUSES = /** @type {const} */ ({
  online: "settings.status_online",
  idle: "settings.status_idle",
  dnd: "settings.status_dnd",
  invisible: "settings.status_invisible",
});
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const NAME = 32;
const BIO = 190;

class ProfileForm extends View {
  #picture = h("div", { class: "picture" });
  #told = h("p", { class: "hint", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #file = h("input", { type: "file", accept: PICTURES.join(), hidden: true, onchange: () => this.#choose() });
  #name = h("input", { name: "display_name", dir: "auto", autocomplete: "nickname" });
  #username = h("input", { name: "username", spellcheck: false, autocapitalize: "none", autocomplete: "username", maxLength: NAME });
  #bio = h("textarea", { name: "bio", rows: 3, dir: "auto" });
  #statuses = h("fieldset", { class: "options" });
  #fields = [
    countedField(t("settings.display_name"), this.#name, NAME, t("settings.display_name_hint")),
    field(t("door.username"), this.#username, t("settings.username_hint")),
    countedField(t("settings.bio"), this.#bio, BIO, t("settings.bio_hint")),
  ];
  /** @type {HTMLFormElement | null} */ #form = null;
  /** The address of a picture that is on its way. */ #preview = "";

  setup() {
    const form = (this.#form = savedForm(this.#fields, (values) => this.#save(values)));
    form.noValidate = true;
    form.addEventListener("undo", () => this.#fill());
    this.append(
      h("section", {}, this.#picture, this.#told, this.#problem, this.#file),
      h("section", {}, form),
      h("section", {}, h("h3", {}, t("settings.status")), this.#statuses),
    );
    this.#statuses.setAttribute("aria-label", t("settings.status"));
    this.atEnd(() => URL.revokeObjectURL(this.#preview));
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users";
  }

  get #user() {
    return /** @type {User} */ (this.client.store.user);
  }

  render() {
    this.#drawPicture();
    this.#drawStatuses();
    if (!this.#form?.classList.contains("dirty")) this.#fill();
  }

  #fill() {
    const { display_name: name, username, bio } = this.#user;
    this.#name.value = name ?? "";
    this.#name.placeholder = username;
    this.#username.value = username;
    this.#bio.value = bio;
    for (const control of [this.#name, this.#username, this.#bio]) control.dispatchEvent(new Event("input"));
  }

  /** @param {FormData} values */
  async #save(values) {
    const change = {
      display_name: String(values.get("display_name")).trim() || null,
      username: String(values.get("username")).trim(),
      bio: String(values.get("bio")).trim(),
    };
    try {
      await this.#patch(change);
    } catch (error) {
      throw new Error(showProblem(/** @type {HTMLFormElement} */ (this.#form), error, { username_taken: "username" }));
    }
  }

  /** @param {Partial<User> | {avatar: string | null}} change */
  async #patch(change) {
    const { store } = this.client;
    const user = await this.client.api.request("PATCH", "users/@me", change);
    store.apply(OP.USER_UPDATE, user);
    if ("status" in change) store.apply(OP.PRESENCE_UPDATE, user);
  }

  // ---- the picture

  #drawPicture() {
    const { user_id: id, username, display_name: name, avatar_url: url } = this.#user;
    const look = `${name || username}\n${url}\n${this.#preview}`;
    if (this.#picture.dataset.look === look) return;
    this.#picture.dataset.look = look;
    const focused = this.#picture.contains(document.activeElement);
    const add = h(
      "button",
      { type: "button", onclick: () => this.#file.click() },
      t(url ? "settings.change_picture" : "settings.add_picture"),
    );
    this.#picture.classList.toggle("sending", Boolean(this.#preview));
    this.#picture.replaceChildren(
      avatar(id, name || username, this.#preview || url),
      h(
        "div",
        { class: "words" },
        h("b", { dir: "auto" }, name || username),
        h("span", { class: "hint" }, t("settings.picture_hint")),
        h(
          "div",
          { class: "actions" },
          add,
          url &&
            h(
              "button",
              { type: "button", onclick: () => this.#attempt(() => this.#patch({ avatar: null })) },
              t("settings.remove_picture"),
            ),
        ),
      ),
    );
    if (focused) add.focus();
  }

  async #choose() {
    const [file] = this.#file.files ?? [];
    this.#file.value = "";
    if (!file) return;
    this.#problem.textContent = PICTURES.includes(file.type) ? "" : t("settings.picture_unfit");
    if (this.#problem.textContent) return;
    this.#show(URL.createObjectURL(file));
    this.#told.textContent = t("settings.picture_sending");
    await this.#attempt(async () => {
      const { attachment_id: picture } = await sendFile(this.client.api, file);
      await this.#patch({ avatar: picture });
    });
    this.#told.textContent = "";
    this.#show("");
  }

  /** @param {string} address */
  #show(address) {
    URL.revokeObjectURL(this.#preview);
    this.#preview = address;
    this.#drawPicture();
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    this.#problem.textContent = "";
    try {
      await work();
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }

  // ---- whether one is there

  #drawStatuses() {
    const { status } = this.#user;
    if (!this.#statuses.childElementCount) {
      this.#statuses.append(
        ...Object.entries(STATUSES).map(([one, meaning]) =>
          h(
            "label",
            {},
            h("input", {
              type: "radio",
              name: "status",
              value: one,
              onchange: () => this.#setStatus(/** @type {keyof typeof STATUSES} */ (one)),
            }),
            h("span", { class: "shape", "aria-hidden": "true" }, h("span", { class: `status ${one}` })),
            h("span", { class: "words" }, h("span", { class: "name" }, statusText(one)), h("span", { class: "hint" }, t(meaning))),
          ),
        ),
      );
    }
    for (const input of this.#statuses.querySelectorAll("input")) input.checked = input.value === status;
  }

  /** @param {keyof typeof STATUSES} status */
  async #setStatus(status) {
    await this.#attempt(() => this.#patch({ status }));
    this.#drawStatuses();
  }
}

customElements.define("profile-form", ProfileForm);
