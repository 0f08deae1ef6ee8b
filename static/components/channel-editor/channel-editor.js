/** One channel: what it is called, where it stands, and who may do what in it. */
import { h, reconcile } from "../../lib/dom.js";
import { choose, focusSoon, labelled, savedForm, toggle } from "../../lib/forms.js";
import { icon } from "../../lib/icons.js";
import { ServerPage } from "../../lib/server-page.js";
import { t } from "../../lib/words.js";
import { byStrength } from "../../state/authority.js";
import { into, moveChannel } from "../../state/channel-order.js";
import {
  everyoneSteps,
  isPrivate,
  isReadOnly,
  overrideOf,
  permissionsIn,
  roleMay,
  stateOf,
  STATES,
  withState,
} from "../../state/overrides.js";

/**
 * @typedef {import("../../types.js").Channel} Channel
 * @typedef {import("../../state/overrides.js").Setting} Setting
 */

/** @type {Record<string, {label: string, icon: Parameters<typeof icon>[0]}>} */
const WORDS = {
  deny: { label: "channels.deny", icon: "close" },
  inherit: { label: "channels.inherit", icon: "minus" },
  allow: { label: "channels.allow", icon: "check" },
};

class ChannelEditor extends ServerPage {
  channelId = "";
  #title = h("h3", { tabIndex: -1, dir: "auto" });
  #name = h("input", { name: "name", maxLength: 100, required: true, dir: "auto", autocomplete: "off" });
  #topic = h("textarea", { name: "topic", maxLength: 1024, rows: 2, dir: "auto" });
  #parent = h("select", { name: "parent" });
  /** @type {HTMLFormElement | null} */ #form = null;
  #quick = h("div", { class: "quick" });
  #role = h("select", { onchange: () => this.render() });
  #table = h("div", { class: "overrides" });

  get channel() {
    return /** @type {Channel} */ (this.client.store.channels.get(this.channelId));
  }

  setup() {
    const { type } = this.channel;
    const category = type === "category";
    this.#form = savedForm(
      [
        labelled(t("server.name"), this.#name),
        ...(category
          ? []
          : [labelled(t("channels.topic"), this.#topic, t("channels.topic_hint")), labelled(t("channels.category"), this.#parent)]),
      ],
      (values) => this.#save(values),
    );
    this.#form.addEventListener("undo", () => this.#fill());
    this.append(
      h(
        "header",
        { class: "sub" },
        h("button", { class: "link back", onclick: () => this.tell("back") }, icon("left"), t("channels.all")),
        this.#title,
      ),
      h("section", {}, this.#form),
      this.problem,
      h("section", {}, h("h4", {}, t("channels.access")), this.#quick),
      h(
        "section",
        {},
        h("h4", {}, t("channels.overrides")),
        h("p", { class: "hint" }, t("channels.overrides_hint")),
        labelled(t("channels.for_role"), this.#role),
        this.#table,
      ),
      h(
        "section",
        { class: "end" },
        h(
          "div",
          {},
          h("h4", {}, t(category ? "channels.delete_category" : "channels.delete")),
          h("p", { class: "hint" }, t(category ? "channels.delete_category_text" : "channels.delete_text")),
        ),
        h("button", { class: "danger", onclick: () => this.#remove() }, t("server.remove")),
      ),
    );
    focusSoon(() => this.#title);
  }

  render() {
    const { channel, server } = this;
    if (!channel || !server) return;
    this.#title.textContent = channel.name;
    if (!this.#form?.classList.contains("dirty")) this.#fill();
    this.#drawQuick();
    this.#drawRoles();
    this.#drawTable();
  }

  #fill() {
    const { channel } = this;
    this.#name.value = channel.name;
    this.#topic.value = channel.topic;
    const categories = this.client.store.channelsOf(this.serverId).filter((one) => one.type === "category");
    const known = categories.some((one) => one.channel_id === channel.parent_id);
    choose(
      this.#parent,
      [["", t("channels.no_category")], ...categories.map((one) => /** @type {[string, string]} */ ([one.channel_id, one.name]))],
      known ? String(channel.parent_id) : "",
    );
  }

  /** @param {FormData} values */
  async #save(values) {
    const { api, store } = this.client;
    const { channel } = this;
    const topic = channel.type === "category" ? {} : { topic: String(values.get("topic")).trim() };
    await api.request("PATCH", `channels/${this.channelId}`, { name: String(values.get("name")).trim(), ...topic });
    const parent = String(values.get("parent") ?? "") || null;
    if (channel.type === "category" || parent === channel.parent_id) return;
    const channels = store.channelsOf(this.serverId);
    await moveChannel(api, this.serverId, channels, this.channelId, into(channels, this.channelId, parent));
  }

  #drawQuick() {
    const { channel, server } = this;
    const text = channel.type !== "category";
    const closed = isPrivate(server, channel);
    const silent = isReadOnly(server, channel);
    const able = ["view_channel", "send_messages"].map((permission, at) =>
      Boolean(everyoneSteps(server, channel, permission, ![closed, silent][at])),
    );
    const look = JSON.stringify([closed, silent, able]);
    if (this.#quick.dataset.look === look) return;
    this.#quick.dataset.look = look;
    const focused = [...this.#quick.querySelectorAll("input")].indexOf(/** @type {any} */ (document.activeElement));
    const why = (/** @type {boolean} */ may) => (may ? "" : t("channels.shut_out"));
    this.#quick.replaceChildren(
      toggle({
        label: t("channels.private"),
        hint: t("channels.private_hint"),
        checked: closed,
        disabled: !able[0],
        why: why(able[0]),
        onchange: () => this.#everyone("view_channel", !closed),
      }),
      text
        ? toggle({
            label: t("channels.read_only"),
            hint: t("channels.read_only_hint"),
            checked: silent,
            disabled: !able[1],
            why: why(able[1]),
            onchange: () => this.#everyone("send_messages", !silent),
          })
        : "",
    );
    this.#quick.querySelectorAll("input")[focused]?.focus();
  }

  #drawRoles() {
    const { channel, server } = this;
    const look = JSON.stringify([server.roles, channel.overrides.map((one) => one.role_id)]);
    if (this.#role.dataset.look === look) return;
    this.#role.dataset.look = look;
    const chosen = server.roles.some((role) => role.role_id === this.#role.value) ? this.#role.value : server.server_id;
    const words = (/** @type {import("../../types.js").Role} */ role) => {
      const name = role.role_id === server.server_id ? t("roles.everyone") : role.name;
      return channel.overrides.some((one) => one.role_id === role.role_id) ? t("channels.with_rules", { name }) : name;
    };
    choose(
      this.#role,
      byStrength(server.roles).map((role) => /** @type {[string, string]} */ ([role.role_id, words(role)])),
      chosen,
    );
  }

  #drawTable() {
    const { channel } = this;
    const role = this.#role.value;
    reconcile(
      this.#table,
      permissionsIn(channel.type),
      (permission) => `${role} ${permission}`,
      (permission) => this.#row(role, permission),
      (row, permission) => {
        const state = stateOf(channel, role, permission);
        const may = this.client.store.can(channel, permission);
        for (const input of row.querySelectorAll("input")) {
          input.checked = input.value === state;
          input.disabled = !may;
        }
        const now = t(roleMay(this.server, channel, role, permission) ? "channels.may" : "channels.may_not");
        row.querySelector(".hint").textContent = may ? now : `${now} ${t("roles.lacking")}`;
      },
    );
  }

  /** @param {string} role @param {string} permission */
  #row(role, permission) {
    return h(
      "fieldset",
      {},
      h("legend", {}, t(`permission.${permission}`)),
      h("span", { class: "hint" }),
      h(
        "div",
        { class: "three" },
        ...STATES.map((state) =>
          h(
            "label",
            { class: state, title: t(WORDS[state].label) },
            h("input", {
              type: "radio",
              name: `${role}-${permission}`,
              value: state,
              "aria-label": t(WORDS[state].label),
              onchange: () => this.#set([withState(this.channel, role, permission, state)]),
            }),
            h("span", {}, icon(WORDS[state].icon)),
          ),
        ),
      ),
    );
  }

  /** @param {string} permission @param {boolean} taken */
  #everyone(permission, taken) {
    const steps = everyoneSteps(this.server, this.channel, permission, taken);
    if (steps) this.#set(steps);
  }

  /** @param {Setting[]} steps */
  async #set(steps) {
    const { channel } = this;
    await this.attempt(async () => {
      for (const { role, allow, deny } of steps) {
        const path = `channels/${this.channelId}/overrides/${role}`;
        if (allow.length || deny.length) await this.client.api.request("PUT", path, { allow, deny });
        else if (overrideOf(channel, role).allow.length || overrideOf(channel, role).deny.length)
          await this.client.api.request("DELETE", path);
      }
    });
    // What was turned down must not look as if it were so.
    if (this.problem.textContent) {
      this.#quick.dataset.look = "";
      this.render();
    }
  }

  #remove() {
    const { name, type } = this.channel;
    const category = type === "category";
    this.tell("dialog", {
      title: t("channels.delete_title", { name }),
      text: t(category ? "channels.delete_category_text" : "channels.delete_text"),
      action: t("server.remove"),
      danger: true,
      run: () => this.client.api.request("DELETE", `channels/${this.channelId}`).then(() => {}),
    });
  }
}

customElements.define("channel-editor", ChannelEditor);
