/** Of what one is told, and how: here by this browser, and of which servers and channels on every device. */
import { avatar, h, reconcile, View } from "../../lib/dom.js";
import { select, toggle } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { remember, remembered } from "../../lib/storage.js";
import { problemText, t } from "../../lib/words.js";
import { isMuted, level, LEVELS, levelChange, muteChange } from "../../state/notify.js";

/** @typedef {import("../../types.js").Channel} Channel */
/** @typedef {import("../../state/notify.js").Level} Level */
/** @typedef {{id: string, name: string, url: string | null, channels: Channel[]}} Place */

/** Direct messages stand in the list like a server. */
const DIRECT = "@me";

class NotificationForm extends View {
  #here = h("div", {});
  #places = h("ul", { class: "places" });
  #problem = h("p", { class: "problem", role: "alert" });

  setup() {
    this.append(
      h("section", {}, h("h4", {}, t("settings.in_this_browser")), this.#here),
      h(
        "section",
        {},
        h("h4", {}, t("settings.everywhere")),
        h("p", { class: "hint" }, t("settings.everywhere_hint")),
        this.#problem,
        this.#places,
      ),
    );
    this.#drawHere();
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "settings" || topic === "servers" || topic === "channels";
  }

  // ---- this browser

  #drawHere() {
    const secure = globalThis.isSecureContext && "Notification" in globalThis;
    const permission = secure ? Notification.permission : "default";
    const why = !secure ? t("settings.notices_insecure") : permission === "denied" ? t("settings.notices_denied") : "";
    const set = async (/** @type {Event} */ event) => {
      const wanted = /** @type {HTMLInputElement} */ (event.target).checked;
      remember("notices", wanted ? null : "off");
      if (wanted && permission === "default") await Notification.requestPermission();
      this.#drawHere();
      this.#here.querySelector("input")?.focus();
    };
    this.#here.replaceChildren(
      toggle({
        label: t("settings.notices"),
        hint: why ? "" : t("settings.notices_hint"),
        why,
        onchange: set,
        checked: permission === "granted" && remembered("notices") !== "off",
        disabled: Boolean(why),
      }),
      toggle({
        label: t("settings.sound"),
        hint: t("settings.sound_hint"),
        checked: remembered("sound") !== "off",
        onchange: (event) => remember("sound", /** @type {HTMLInputElement} */ (event.target).checked ? null : "off"),
      }),
    );
  }

  // ---- every device

  /** @returns {Place[]} */
  get #all() {
    const { store } = this.client;
    const direct = { id: DIRECT, name: t("servers.direct"), url: null, channels: store.directChannels() };
    const servers = [...store.servers.values()].map(({ server_id: id, name, icon_url: url }) => ({
      id,
      name,
      url,
      channels: store.channelsOf(id).filter((channel) => channel.type !== "category"),
    }));
    return direct.channels.length ? [...servers, direct] : servers;
  }

  render() {
    reconcile(
      this.#places,
      this.#all,
      ({ id }) => id,
      (place) => this.#make(place),
      (row, place) => this.#update(row, place),
    );
  }

  /** @param {Place} place */
  #make({ id }) {
    const choices = LEVELS.map((one) => /** @type {[string, string]} */ ([one, t(`notify.${one}`)]));
    const list = select(choices, "", { onchange: () => this.#change(levelChange(id, /** @type {Level} */ (list.value))) });
    return h(
      "li",
      {},
      h("div", { class: "place" }, h("span", { class: "face" }), h("b", { class: "name", dir: "auto" }), id === DIRECT ? "" : list),
      h("details", {}, h("summary", {}), h("ul", {})),
    );
  }

  /** @param {HTMLElement} row @param {Place} place */
  #update(row, { id, name, url, channels }) {
    const { store } = this.client;
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (row.querySelector(what));
    if (row.dataset.look !== `${name}\n${url}`) {
      row.dataset.look = `${name}\n${url}`;
      find(".name").textContent = name;
      find(".face").replaceChildren(id === DIRECT ? icon("message") : avatar(id, name, url));
    }
    const list = row.querySelector("select");
    if (list) {
      list.value = level(id, store);
      list.setAttribute("aria-label", t("settings.level_of", { name }));
    }
    const muted = channels.filter((channel) => isMuted(channel.channel_id, store)).length;
    find("summary").textContent = muted
      ? t("settings.muted", { count: muted })
      : t(list ? "settings.mute_channels" : "settings.mute_conversations");
    reconcile(
      find("ul"),
      channels,
      (channel) => channel.channel_id,
      (channel) => this.#makeChannel(channel),
      (item, channel) => {
        item.querySelector(".name").textContent = `${channel.server_id ? "#" : ""}${store.channelName(channel)}`;
        item.querySelector("input").checked = isMuted(channel.channel_id, store);
      },
    );
  }

  /** @param {Channel} channel */
  #makeChannel({ channel_id: id }) {
    return h(
      "li",
      {},
      h(
        "label",
        { class: "mute" },
        h("input", { type: "checkbox", onchange: (/** @type {any} */ event) => this.#change(muteChange(id, event.target.checked)) }),
        h("span", { class: "name", dir: "auto" }),
      ),
    );
  }

  /** @param {Record<string, unknown>} change */
  async #change(change) {
    this.#problem.textContent = "";
    try {
      await this.client.settings.change(change);
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }
}

customElements.define("notification-form", NotificationForm);
