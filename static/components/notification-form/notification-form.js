/** Of what one is told, and how: here by this browser, and of which servers and channels on every device. */
import { avatar, h, later, reconcile, View } from "../../lib/dom.js";
import { select, toggle } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { isOn } from "../../lib/push.js";
import { remember, remembered } from "../../lib/storage.js";
import { timeText } from "../../lib/text.js";
import { problemText, t } from "../../lib/words.js";
import { isMuted, level, LEVELS, levelChange, mutedUntil, muteChange } from "../../state/notify.js";

/** @typedef {import("../../types.js").Channel} Channel */
/** @typedef {import("../../state/notify.js").Level} Level */
/** @typedef {{id: string, name: string, url: string | null, channels: Channel[]}} Place */

/** @param {number} until */
function mutedText(until) {
  return until === Infinity ? t("settings.muted_now") : t("settings.muted_until", { time: timeText(new Date(until)) });
}

/** Direct messages stand in the list like a server. */
const DIRECT = "@me";

class NotificationForm extends View {
  #here = h("div", {});
  #places = h("ul", { class: "places" });
  #problem = h("p", { class: "problem", role: "alert" });

  setup() {
    this.addEventListener("pushchange", () => this.#drawHere());
    this.append(
      later("push-settings", { client: this.client }),
      h("section", {}, h("h3", {}, t("settings.in_this_browser")), this.#here),
      h(
        "section",
        {},
        h("h3", {}, t("settings.everywhere")),
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
      // Who is told by push is not told once more by the page.
      isOn() ? "" : toggle({
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
    const whole = list ? [{ id, label: t("settings.mute_server") }] : [];
    const inside = channels.map((channel) => (
      { id: channel.channel_id, label: `${channel.server_id ? "#" : ""}${store.channelName(channel)}` }));
    const muted = inside.filter((one) => isMuted(one.id, store)).length;
    const until = list ? mutedUntil(id, store) : 0;
    find("summary").textContent = until ? mutedText(until) : muted ? t("settings.muted", { count: muted })
      : t(list ? "settings.mute_channels" : "settings.mute_conversations");
    reconcile(
      find("ul"),
      [...whole, ...inside],
      (one) => one.id,
      (one) => this.#makeMute(one.id),
      (item, one) => {
        const end = mutedUntil(one.id, store);
        item.querySelector(".name").textContent = one.label;
        item.querySelector(".hint").textContent = end && end !== Infinity ? t("settings.until", { time: timeText(new Date(end)) }) : "";
        item.querySelector("input").checked = end > 0;
      },
    );
  }

  /** @param {string} id of a server or a channel */
  #makeMute(id) {
    const set = (/** @type {any} */ event) => this.#change(muteChange(id, event.target.checked, this.client.store));
    return h(
      "li",
      {},
      h(
        "label",
        { class: "mute" },
        h("input", { type: "checkbox", onchange: set }),
        h("span", { class: "words" }, h("span", { class: "name", dir: "auto" }), h("span", { class: "hint" })),
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
