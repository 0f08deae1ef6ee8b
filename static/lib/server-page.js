/** What the pages of a server's settings have in common. */
import { h, View } from "./dom.js";
import { problemText } from "./words.js";

export class ServerPage extends View {
  serverId = "";
  problem = h("p", { class: "problem", role: "alert" });

  /** @param {string} topic */
  wants(topic) {
    return topic === "servers" || topic === "channels" || topic === "users";
  }

  /** The server as it is known now. The page goes with it. */
  get server() {
    return /** @type {import("../types.js").FullServer} */ (this.client.store.servers.get(this.serverId));
  }

  /** @param {string} permission */
  may(permission) {
    return Boolean(this.server) && this.client.store.can(this.server, permission);
  }

  /** The path of something of the server's. @param {string} rest */
  path(rest) {
    return `servers/${this.serverId}/${rest}`;
  }

  /** Does something, and says so if it fails. @template T @param {() => Promise<T>} work @returns {Promise<T | undefined>} */
  async attempt(work) {
    this.problem.textContent = "";
    try {
      return await work();
    } catch (error) {
      this.problem.textContent = problemText(error);
    }
  }
}
