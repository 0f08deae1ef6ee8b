/** The first run: the administrator's account, the instance, the first server, the first invite. Each step counts once it is taken. */
import { accountFields, doorForm, leastOf } from "../../lib/door.js";
import { Problem } from "../../lib/api.js";
import { h, View } from "../../lib/dom.js";
import { textField } from "../../lib/fields.js";
import { labelled, select } from "../../lib/forms.js";
import { InviteLink } from "../../lib/invite-link.js";
import { DEFAULT_EXPIRY, expiries } from "../../lib/invites.js";
import { registrationChoices } from "../../lib/registration.js";
import { remember, remembered } from "../../lib/storage.js";
import { problemText, t } from "../../lib/words.js";
import { changes } from "../../state/administration.js";
import { after, ownServer, resumeAt, STEPS, usableInvite } from "../../state/first-run.js";

/** @typedef {import("../../state/first-run.js").Step} Step */
/** @typedef {import("../../types.js").OwnInvite} OwnInvite */

class FirstRun extends View {
  /** The set-up code that a link brought along. @type {string | null} */ code = null;
  /** @type {Step} */ #step = "account";
  /** @type {import("../../types.js").Instance | null} */ #instance = null;
  /** What may come in the meantime belongs to a step that was left. */ #shown = 0;

  setup() {
    this.#begin();
  }

  async #begin() {
    const { api, store } = this.client;
    this.#wait();
    try {
      const signedIn = remembered("setup") !== null;
      this.#instance = await api.public("instance");
      if (!signedIn && !this.#instance?.setup_required) return this.tell("done");
      if (signedIn) await store.until(() => store.ready);
      this.#go(resumeAt(remembered("setup"), { signedIn, server: ownServer(store) !== null }), false);
    } catch (error) {
      this.#failed(error, () => this.#begin());
    }
  }

  /** @param {Step} step @param {boolean} [moved] whether the reader came here from another one */
  async #go(step, moved = true) {
    this.#step = step;
    if (step !== "account") remember("setup", step);
    const shown = (this.#shown += 1);
    if (step === "instance" || step === "invite") this.#wait();
    try {
      const parts = await { account: () => this.#account(), instance: () => this.#name(), server: () => this.#server(), invite: () => this.#invite() }[step]();
      if (shown === this.#shown && this.isConnected) this.#show(parts, moved);
    } catch (error) {
      // Somebody else was first: the rest is theirs to do.
      if (error instanceof Problem && error.status === 404) return this.tell("done");
      if (shown === this.#shown) this.#failed(error, () => this.#go(step, moved));
    }
  }

  #next() {
    const next = after(this.#step);
    if (next) this.#go(next);
  }

  // ---- what all steps share

  #wait() {
    this.replaceChildren(h("p", { class: "sr-only", role: "status" }, t("setup.wait")));
  }

  /** @param {unknown} error @param {() => void} again */
  #failed(error, again) {
    this.replaceChildren(
      h("p", { class: "problem", role: "alert" }, problemText(error)),
      h("button", { class: "primary wide", onclick: again }, t("shell.try_again")),
      this.#leave(),
    );
  }

  /** @param {{title: string, text: string, body: Node}} parts @param {boolean} moved */
  #show({ title, text, body }, moved) {
    const at = STEPS.indexOf(this.#step);
    const heading = h("h1", { tabIndex: -1 }, title);
    this.replaceChildren(
      h("div", { class: "way" }, h("div", { class: "bars", "aria-hidden": "true" }, ...STEPS.map((_, place) => h("span", { class: place <= at ? "done" : "" }))),
        h("p", { class: "hint" }, t("setup.step", { at: at + 1, all: STEPS.length }))),
      heading,
      h("p", { class: "lead" }, text),
      body,
      // The last step's own button leaves.
      this.#step === "invite" ? "" : this.#leave(),
    );
    const first = this.querySelector("input");
    if (moved) heading.focus();
    else if (first && matchMedia("(pointer: fine)").matches) first.focus();
  }

  #leave() {
    if (this.#step === "account") return "";
    return h("p", { class: "switch" }, h("button", { class: "link", type: "button", onclick: () => this.tell("done") }, t("setup.later")));
  }

  // ---- the steps

  #account() {
    const name = this.#instance?.name ?? "chatd";
    const blame = { username_taken: "username", registration_closed: "setup_code" };
    const code = textField(t("door.setup_code"), { name: "setup_code", value: this.code ?? "", autocomplete: "off" }, t("door.setup_code_hint"));
    const field = /** @type {HTMLInputElement} */ (code.querySelector("input"));
    const open = this.#instance?.registration === "open";
    field.required = !open;
    code.hidden = open && this.code === null;
    const body = doorForm([...accountFields(true, leastOf(this.#instance)), code], t("door.register"), async ({ setup_code: given, ...account }) => {
      try {
        await this.client.api.enter("register", given ? { ...account, setup_code: given } : account);
      } catch (error) {
        const asks = !field.required && error instanceof Problem && error.code === "registration_closed";
        if (!asks || given) throw error;
        // Whoever comes from elsewhere needs the code even where everybody may make an account.
        field.required = true;
        code.hidden = false;
        return field.focus();
      }
      remember("setup", "instance");
      this.tell("entered");
      this.#next();
    }, blame);
    return { title: t("door.welcome", { name }), text: t("door.first"), body };
  }

  async #name() {
    const { api } = this.client;
    /** @type {import("../../types.js").InstanceSettings} */
    const settings = (await api.request("GET", "admin/settings")).settings;
    const name = textField(t("server.name"), { name: "name", value: settings.name.value, required: true, autocomplete: "off", dir: "auto",
      maxLength: 100 }, t("setup.name_hint"));
    const body = doorForm([name, registrationChoices(String(settings.registration.value))], t("setup.continue"), async (values) => {
      const change = changes(settings, { name: values.name.trim(), registration: values.registration });
      if (Object.keys(change).length) await api.request("PATCH", "admin/settings", change);
      this.#next();
    });
    return { title: t("setup.instance_title"), text: t("setup.instance_text"), body };
  }

  #server() {
    const { api, store } = this.client;
    const name = textField(t("server.name"), { name: "name", placeholder: t("servers.name_example"), required: true, autocomplete: "off", dir: "auto",
      maxLength: 100 });
    const body = doorForm([name], t("servers.create_action"), async (values) => {
      // The answer to an earlier try may have been lost, the server not.
      if (!ownServer(store)) {
        const { server_id: id } = await api.request("POST", "servers", { name: values.name.trim() });
        await store.until(() => store.servers.has(id));
      }
      this.#next();
    });
    return { title: t("setup.server_title"), text: t("servers.create_text"), body };
  }

  async #invite() {
    const { api, store } = this.client;
    const server = ownServer(store);
    if (!server) throw new Problem(404);
    const path = `servers/${server.server_id}/invites`;
    const make = (/** @type {string} */ seconds) => api.request("POST", path, { expires_in: seconds ? Number(seconds) : null });
    let invite = usableInvite(await api.request("GET", path), store.user?.user_id) ?? await make(DEFAULT_EXPIRY);
    const instance = await api.public("instance").catch(() => this.#instance);
    const link = new InviteLink();
    link.show(invite);
    const problem = h("p", { class: "problem", role: "alert" });
    const expiry = select(expiries(), DEFAULT_EXPIRY, { onchange: async () => {
      const before = invite;
      problem.textContent = "";
      try {
        link.show(invite = await make(expiry.value));
        // Nobody has the link that was here a moment ago; if it cannot be taken back it runs out by itself.
        if (!before.uses) await api.request("DELETE", `invites/${before.code}`).catch(() => {});
      } catch (error) {
        problem.textContent = problemText(error);
      }
    } });
    const open = h("button", { class: "primary wide", onclick: () => {
      this.client.openServer(server.server_id);
      this.tell("done");
    } }, t("setup.open", { name: server.name }));
    const body = h("div", { class: "stack" }, ...link.parts, labelled(t("invite.expiry"), expiry), problem, open);
    return { title: t("setup.invite_title"), text: t(instance?.registration === "closed" ? "setup.invite_closed" : "setup.invite_text"), body };
  }
}

customElements.define("first-run", FirstRun);
