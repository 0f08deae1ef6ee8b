/** A server's name, picture and description, and what ends things: leaving it, handing it over, deleting it. */
import { avatar, h } from "../../lib/dom.js";
import { labelled, savedForm } from "../../lib/forms.js";
import { deleteServer, leaveServer } from "../../lib/moderation.js";
import { sendFile } from "../../lib/send.js";
import { ServerPage } from "../../lib/server-page.js";
import { fullText, membersText } from "../../lib/text.js";
import { t } from "../../lib/words.js";

class ServerOverview extends ServerPage {
  #head = h("div", { class: "picture" });
  #name = h("input", { name: "name", maxLength: 100, required: true, dir: "auto", autocomplete: "off" });
  #description = h("textarea", { name: "description", maxLength: 1024, rows: 3, dir: "auto" });
  #ends = h("div", { class: "ends" });
  /** @type {HTMLFormElement | null} */ #form = null;
  #file = h("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", hidden: true, onchange: () => this.#upload() });

  setup() {
    this.#form = savedForm(
      [labelled(t("server.name"), this.#name), labelled(t("server.description"), this.#description, t("server.description_hint"))],
      async (values) => {
        await this.client.api.request("PATCH", `servers/${this.serverId}`, {
          name: String(values.get("name")).trim(),
          description: String(values.get("description")).trim(),
        });
      },
    );
    this.#form.addEventListener("undo", () => this.#fill());
    this.append(h("section", {}, this.#head, this.problem, this.#file), h("section", {}, this.#form), this.#ends);
  }

  render() {
    const { server } = this;
    if (!server) return;
    const manage = this.may("manage_server");
    const look = JSON.stringify([server.name, server.icon_url, server.member_count, server.owner_id, manage]);
    if (this.#head.dataset.look !== look) {
      this.#head.dataset.look = look;
      this.#drawHead(manage);
      this.#drawEnds();
    }
    this.#name.disabled = this.#description.disabled = !manage;
    this.#form?.classList.toggle("locked", !manage);
    if (!this.#form?.classList.contains("dirty")) this.#fill();
  }

  #fill() {
    this.#name.value = this.server.name;
    this.#description.value = this.server.description;
  }

  /** @param {boolean} manage */
  #drawHead(manage) {
    const { server_id: id, name, icon_url: url, member_count: count, created_at: since } = this.server;
    this.#head.replaceChildren(
      avatar(id, name, url),
      h(
        "div",
        { class: "words" },
        h("b", { dir: "auto" }, name),
        h("span", { class: "hint" }, `${membersText(count)} · ${t("server.since", { time: fullText(new Date(since)) })}`),
        manage &&
          h(
            "div",
            { class: "actions" },
            h("button", { type: "button", onclick: () => this.#file.click() }, t(url ? "server.change_icon" : "server.add_icon")),
            url && h("button", { type: "button", onclick: () => this.#setIcon(null) }, t("server.remove_icon")),
          ),
      ),
    );
  }

  #drawEnds() {
    const { client, server } = this;
    const owner = server.owner_id === client.store.user?.user_id;
    const part = (/** @type {string} */ title, /** @type {string} */ text, /** @type {HTMLButtonElement} */ button) =>
      h("section", { class: "end" }, h("div", {}, h("h3", {}, title), h("p", { class: "hint" }, text)), button);
    this.#ends.replaceChildren(
      ...(owner
        ? [
            part(
              t("server.hand_over"),
              t("server.hand_over_hint"),
              h("button", { class: "plain", onclick: () => this.tell("page", "members") }, t("server.choose_owner")),
            ),
            part(
              t("server.delete"),
              t("server.delete_hint"),
              h("button", { class: "danger", onclick: () => this.tell("dialog", deleteServer(client, this.server)) }, t("server.delete")),
            ),
          ]
        : [
            part(
              t("server.leave"),
              t("server.leave_hint"),
              h("button", { class: "danger", onclick: () => this.tell("dialog", leaveServer(client, this.server)) }, t("server.leave")),
            ),
          ]),
    );
  }

  async #upload() {
    const [file] = this.#file.files ?? [];
    this.#file.value = "";
    if (file) await this.attempt(async () => this.#setIcon((await sendFile(this.client.api, file)).attachment_id));
  }

  /** @param {string | null} icon */
  #setIcon(icon) {
    return this.attempt(() => this.client.api.request("PATCH", `servers/${this.serverId}`, { icon }));
  }
}

customElements.define("server-overview", ServerOverview);
