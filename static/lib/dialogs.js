/** The questions the client asks: their words, and what their answers do. */
import { privateFromStart } from "../state/overrides.js";
import { base, inviteCode } from "./route.js";
import { problemText, t } from "./words.js";

/**
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").Dialog} Dialog
 */

/** @param {Client} client @returns {Dialog} */
export function createServer(client) {
  return {
    title: t("servers.create"),
    text: t("servers.create_text"),
    action: t("servers.create_action"),
    fields: [{ name: "name", label: t("server.name"), placeholder: t("servers.name_example"), maxLength: 100 }],
    run: async ({ name }) => {
      const server = await client.api.request("POST", "servers", { name });
      await client.store.until(() => client.store.servers.has(server.server_id));
      client.openServer(server.server_id);
    },
  };
}

/** @param {Client} client @returns {Dialog} */
export function joinServer(client) {
  return {
    title: t("servers.join"),
    text: t("servers.join_text"),
    action: t("servers.continue"),
    fields: [{ name: "link", label: t("invite.link"), placeholder: new URL("invite/…", base).href }],
    run: async ({ link }) => client.go({ page: "invite", code: inviteCode(link) }),
  };
}

/**
 * @param {Client} client @param {string} serverId
 * @param {(channelId: string) => void} [done] instead of going to the channel
 * @returns {Dialog}
 */
export function createChannel(client, serverId, done) {
  const server = client.store.servers.get(serverId);
  const categories = client.store.channelsOf(serverId).filter((channel) => channel.type === "category");
  const closed = server ? privateFromStart(server) : null;
  return {
    title: t("channels.create"),
    action: t("channels.create_action"),
    fields: [
      { name: "name", label: t("server.name"), placeholder: t("channels.name_example"), maxLength: 100 },
      { name: "topic", label: t("channels.topic"), hint: t("channels.topic_hint"), maxLength: 1024, optional: true },
      ...(categories.length
        ? [
            {
              name: "parent",
              label: t("channels.category"),
              optional: true,
              choices: /** @type {[string, string][]} */ ([
                ["", t("channels.no_category")],
                ...categories.map((one) => [one.channel_id, one.name]),
              ]),
            },
          ]
        : []),
      ...(closed
        ? [
            {
              name: "access",
              label: t("channels.access"),
              optional: true,
              choices: /** @type {[string, string][]} */ ([
                ["", t("channels.open_to_all")],
                ["private", t("channels.private")],
              ]),
            },
          ]
        : []),
    ],
    run: async ({ name, topic, parent, access }) => {
      const channel = await client.api.request("POST", `servers/${serverId}/channels`, {
        name,
        ...(topic && { topic }),
        ...(parent && { parent_id: parent }),
        ...(access && closed && { overrides: closed }),
      });
      await client.store.until(() => client.store.channels.has(channel.channel_id));
      if (done) done(channel.channel_id);
      else client.go({ page: "channel", server: serverId, channel: channel.channel_id });
    },
  };
}

/** @param {Client} client @param {string} serverId @returns {Dialog} */
export function createCategory(client, serverId) {
  return {
    title: t("channels.create_category"),
    text: t("channels.category_text"),
    action: t("channels.create_category_action"),
    fields: [{ name: "name", label: t("server.name"), placeholder: t("channels.category_example"), maxLength: 100 }],
    run: async ({ name }) => {
      await client.api.request("POST", `servers/${serverId}/channels`, { name, type: "category" });
    },
  };
}

/** What to open for a link to send around. @param {string} serverId */
export function invitePeople(serverId) {
  return { tag: "invite-dialog", serverId };
}

/** @param {() => Promise<void>} remove @returns {Dialog} */
export function deleteMessage(remove) {
  return { title: t("message.delete_title"), text: t("message.delete_text"), action: t("message.delete"), danger: true, run: remove };
}

/** @param {number} count of messages @param {() => Promise<void>} leave @returns {Dialog} */
export function leaveUnsent(count, leave) {
  return { title: t("outbox.leave_title", { count }), text: t("outbox.leave_text"), action: t("outbox.leave"), danger: true, run: leave };
}

/** @param {unknown} error @returns {Dialog} */
export function failed(error) {
  return { title: t("dialog.failed"), text: problemText(error), action: t("dialog.close") };
}

/** A link whose text names another place than it leads to. @param {string} url @returns {Dialog} */
export function misleadingLink(url) {
  return {
    title: t("message.link_title"),
    text: t("message.link_text", { url }),
    action: t("message.link_go"),
    run: async () => {
      open(url, "_blank", "noopener,noreferrer");
    },
  };
}
