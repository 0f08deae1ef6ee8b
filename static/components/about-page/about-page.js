/** Two pages to read: how the client is used, and what the administrator should know of this instance. */
import { h, View } from "../../lib/dom.js";
import { base, routePath } from "../../lib/route.js";

const REGISTRATION = { open: "Open: everybody may make an account", invite: "By invite: a server's invite link is needed", closed: "Closed: nobody may make an account" };

class AboutPage extends View {
  render() {
    const { route, user } = this.client.store;
    if (route.page === "help") return this.replaceChildren(this.#help());
    if (user?.is_admin) return void this.#admin();
    this.replaceChildren(h("div", { class: "empty" }, h("h1", {}, "For administrators"), h("p", {}, "This page shows how the instance is set up. Your account does not look after it."),
      h("a", { class: "button", href: routePath({ page: "home" }) }, "Back to the chat")));
  }

  #help() {
    const key = (/** @type {string} */ keys, /** @type {string} */ what) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what));
    return h("div", { class: "sheet-page" },
      h("section", {}, h("h3", {}, "Getting started"),
        h("p", {}, "A server is a place for a group of people; its channels are the rooms in it. The plus below the servers makes a new one."),
        h("p", {}, "To bring somebody in, choose “Invite people” beside the server's name and send the link. It shows them where it leads before they make an account."),
        h("p", {}, "To write to one person alone, choose their name beside a message.")),
      h("section", {}, h("h3", {}, "Keys"), h("dl", {}, key("Enter", "Send"), key("Shift + Enter", "New line"), key("↑", "Edit your last message, when nothing is written"), key("Esc", "Leave the editor or a dialog"))),
      h("section", {}, h("h3", {}, "For programs"), h("p", {}, "The same interface that this page uses is open to yours: ",
        h("a", { href: new URL("api/rest/openapi.json", base).href, target: "_blank" }, "REST"), " and ", h("a", { href: new URL("help/gateway", base).href, target: "_blank" }, "gateway"), ".")));
  }

  async #admin() {
    const page = h("div", { class: "sheet-page" });
    this.replaceChildren(page);
    try {
      /** @type {import("../../types.js").Instance} */
      const instance = await this.client.api.public("instance");
      const fact = (/** @type {string} */ name, /** @type {string} */ value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
      page.append(h("section", {}, h("h3", {}, "This instance"), h("dl", {}, fact("Name", instance.name), fact("Version", instance.version),
        fact("New accounts", REGISTRATION[instance.registration]))),
      h("section", {}, h("h3", {}, "Changing it"), h("p", {}, "These are set where the server is started; ", h("code", {}, "chatd help"), " lists every option, and ",
        h("code", {}, "chatd user"), " looks after accounts.")));
    } catch (error) {
      page.append(h("p", { class: "problem", role: "alert" }, error instanceof Error ? error.message : String(error)));
    }
  }
}

customElements.define("about-page", AboutPage);
