/** The channels of a server as they stand: made, moved, and opened to be changed. */
import { h, later, reconcile } from "../../lib/dom.js";
import { createCategory, createChannel } from "../../lib/dialogs.js";
import { focusSoon, iconButton } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { ServerPage } from "../../lib/server-page.js";
import { t } from "../../lib/words.js";
import { moveChannel, step } from "../../state/channel-order.js";
import { isPrivate } from "../../state/overrides.js";

/** @typedef {import("../../types.js").Channel} Channel */

class ChannelManager extends ServerPage {
  #list = h("ol", { class: "rows" });
  #told = h("p", { class: "sr-only", role: "status" });
  #all = h("div", { class: "stack" });
  #one = h("div", {});
  /** The channel that is being changed. */ #chosen = "";
  #busy = false;

  setup() {
    const { client, serverId } = this;
    this.#all.replaceChildren(
      h(
        "div",
        { class: "bar" },
        h("p", { class: "lead" }, t("channels.lead")),
        h(
          "div",
          { class: "actions" },
          h(
            "button",
            {
              class: "primary",
              onclick: () =>
                this.tell(
                  "dialog",
                  createChannel(client, serverId, () => {}),
                ),
            },
            icon("plus"),
            t("channels.new"),
          ),
          h("button", { onclick: () => this.tell("dialog", createCategory(client, serverId)) }, icon("folder"), t("channels.new_category")),
        ),
      ),
      this.problem,
      this.#list,
      this.#told,
    );
    this.append(this.#all, this.#one);
    this.addEventListener("back", () => this.#open(""));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  render() {
    if (!this.server) return;
    const { store } = this.client;
    const channels = store.channelsOf(this.serverId);
    const before = /** @type {HTMLElement | null} */ (this.contains(document.activeElement) ? document.activeElement : null);
    reconcile(
      this.#list,
      channels,
      (channel) => channel.channel_id,
      ({ channel_id: id }) => this.#row(id),
      (row, channel) => this.#draw(row, channel, channels),
    );
    // A row that moved up was taken out and put in again, and lost the focus by that.
    if (before && before !== document.activeElement) before.focus();
    if (this.#chosen && !store.channels.has(this.#chosen)) this.#open("");
  }

  /** @param {string} id */
  #row(id) {
    return h(
      "li",
      { "data-id": id },
      h("button", { class: "open", onclick: () => this.#open(id) }),
      iconButton("", "up", () => this.#move(id, -1)),
      iconButton("", "down", () => this.#move(id, 1)),
    );
  }

  /** @param {HTMLElement} row @param {Channel} channel @param {Channel[]} channels */
  #draw(row, channel, channels) {
    const { channel_id: id, name, type, topic, parent_id: parent } = channel;
    const category = type === "category";
    const closed = isPrivate(this.server, channel);
    const ends = [step(channels, id, -1), step(channels, id, 1)].map((move) => !move);
    const look = JSON.stringify([name, topic, parent, closed, ends]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    row.className = category ? "category" : parent ? "child" : "";
    const [open, up, down] = /** @type {any} */ (row.children);
    open.replaceChildren(
      icon(category ? "folder" : closed ? "lock" : "hash"),
      h(
        "span",
        { class: "words" },
        h("span", { class: "name", dir: "auto" }, name),
        topic ? h("span", { class: "hint", dir: "auto" }, topic) : "",
      ),
      closed ? h("span", { class: "tag" }, t("channels.private_short")) : "",
      icon("right"),
    );
    for (const [at, button] of [up, down].entries()) {
      const label = t(at ? "server.move_down" : "server.move_up", { name });
      button.setAttribute("aria-label", label);
      button.title = label;
      // Not disabled, which would take the focus from it.
      button.setAttribute("aria-disabled", String(ends[at]));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const row = /** @type {Element} */ (event.target).closest("li");
    if (!by || !row) return;
    event.preventDefault();
    if (event.altKey) return this.#move(String(row.dataset.id), by);
    const next = by > 0 ? row.nextElementSibling : row.previousElementSibling;
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector("button"))?.focus();
  }

  /** @param {string} id @param {1 | -1} by */
  async #move(id, by) {
    const channels = this.client.store.channelsOf(this.serverId);
    const move = step(channels, id, by);
    if (!move || this.#busy) return;
    this.#busy = true;
    await this.attempt(() => moveChannel(this.client.api, this.serverId, channels, id, move));
    this.#busy = false;
    const place = this.client.store.channels.get(move.near ?? move.parent ?? "")?.name ?? "";
    this.#told.textContent =
      place && t(move.near === null ? "channels.moved_into" : move.after ? "channels.moved_below" : "channels.moved_above", { place });
  }

  /** @param {string} id */
  #open(id) {
    const before = this.#chosen;
    this.#chosen = id;
    this.#all.hidden = Boolean(id);
    this.#one.replaceChildren(...(id ? [later("channel-editor", { client: this.client, serverId: this.serverId, channelId: id })] : []));
    if (!id) focusSoon(() => this.#list.querySelector(`[data-id="${before}"] button`) ?? this.#all.querySelector("button"));
  }
}

customElements.define("channel-manager", ChannelManager);
