/** Going somewhere by a few letters of its name. */
import { avatar, h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { closesBeside } from "../../lib/panel.js";
import { writeTo } from "../../lib/people.js";
import { problemText, t } from "../../lib/words.js";
import { places, rank } from "../../state/switcher.js";

/** @typedef {import("../../state/switcher.js").Place} Place */

class QuickSwitcher extends View {
  #input = h("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: false, dir: "auto", maxLength: 100,
    placeholder: t("switcher.placeholder"), "aria-label": t("switcher.label"),
    "aria-expanded": "true", "aria-controls": "switcher-places", "aria-autocomplete": "list", oninput: () => this.#typed(),
  });
  #list = h("ul", { id: "switcher-places", role: "listbox", "aria-label": t("switcher.places") });
  #none = h("p", { class: "none", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #dialog = h("dialog", { class: "switcher", "aria-label": t("switcher.label"), onclose: () => this.remove() });
  /** @type {Place[]} */ #places = [];
  #chosen = 0;

  setup() {
    // The first of some keyboard's two strokes must not close what the second one opened.
    if (document.querySelectorAll("quick-switcher").length > 1) return this.remove();
    this.#dialog.append(h("div", { class: "box" }, icon("search"), this.#input), this.#problem, this.#list, this.#none,
      h("p", { class: "keys hint" }, h("kbd", {}, "#"), t("switcher.channels"), h("kbd", {}, "@"), t("switcher.people"),
        h("kbd", {}, "*"), t("switcher.servers")));
    this.append(this.#dialog);
    closesBeside(this.#dialog);
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.showModal();
    this.#input.focus();
  }

  /** @param {string} topic */
  wants(topic) {
    return ["channels", "servers", "reads", "users", "settings"].includes(topic);
  }

  render() {
    const { store } = this.client;
    const before = this.#places[this.#chosen];
    this.#places = rank(places(store), this.#input.value, store.channel?.channel_id ?? null);
    this.#chosen = Math.max(0, this.#places.findIndex(({ id, kind }) => id === before?.id && kind === before.kind));
    this.#draw();
  }

  #typed() {
    this.#places = [];
    this.render();
  }

  #draw() {
    const { store } = this.client;
    this.#none.textContent = this.#places.length ? "" : t("switcher.none");
    this.#list.replaceChildren(...this.#places.map((place, at) => {
      const url = place.kind === "server" ? store.servers.get(place.id)?.icon_url ?? null : this.#person(place)?.avatar_url ?? null;
      const picture = place.kind === "channel" ? icon("hash") : avatar(this.#person(place)?.user_id ?? place.id, place.name, url);
      const news = place.mentions ? t("switcher.for_you", { count: place.mentions }) : place.unread ? t("switcher.unread") : "";
      return h("li", {
        id: `place-${at}`, role: "option", class: news ? "news" : "", "aria-selected": String(at === this.#chosen),
        onclick: () => this.#go(place), onpointermove: () => { if (at !== this.#chosen) this.#choose(at); },
      }, h("span", { class: `picture ${place.kind}` }, picture), h("span", { class: "name", dir: "auto" }, place.name),
      place.detail && h("span", { class: "hint", dir: "auto" }, place.detail),
      news && h("span", { class: place.mentions ? "badge" : "dot", "aria-hidden": "true" }, place.mentions || ""),
      news && h("span", { class: "sr-only" }, `, ${news}`));
    }));
    this.#point();
  }

  /** Whose picture stands for a conversation or a person. @param {Place} place */
  #person({ kind, id }) {
    const { store } = this.client;
    if (kind === "person") return store.users.get(id) ?? null;
    const channel = store.channels.get(id);
    const [other] = channel?.type === "dm" ? store.others(channel) : [];
    return other ? store.users.get(other.user_id) ?? other : null;
  }

  /** @param {number} at */
  #choose(at) {
    this.#chosen = at;
    [...this.#list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    this.#point();
  }

  #point() {
    if (!this.#places.length) return this.#input.removeAttribute("aria-activedescendant");
    this.#input.setAttribute("aria-activedescendant", `place-${this.#chosen}`);
    this.#list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const { length } = this.#places;
    const again = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (again) this.#dialog.close();
    else if (event.key === "Enter" && length) this.#go(this.#places[this.#chosen]);
    else if (event.key === "ArrowDown" && length) this.#choose((this.#chosen + 1) % length);
    else if (event.key === "ArrowUp" && length) this.#choose((this.#chosen + length - 1) % length);
    else return;
    event.preventDefault();
  }

  /** @param {Place} place */
  async #go({ kind, id }) {
    const { client } = this;
    try {
      if (kind === "person") await writeTo(client, id);
      // The focus goes back to where it was first: the place one goes to may then take it.
      this.#dialog.close();
      if (kind === "server") client.openServer(id);
      else if (kind !== "person") client.go({ page: "channel", server: client.store.channels.get(id)?.server_id ?? null, channel: id });
    } catch (error) {
      this.#problem.textContent = problemText(error);
    }
  }
}

customElements.define("quick-switcher", QuickSwitcher);
