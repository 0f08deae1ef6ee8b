/** The questions the client asks: their words, and what their answers do. */
import { base, inviteCode } from "./route.js";

/**
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").Dialog} Dialog
 */

/** The link made in this visit per server: opening the dialog again must not use up invites. @type {Map<string, string>} */
const links = new Map();

/** @param {Client} client @returns {Dialog} */
export function createServer(client) {
  return {
    title: "Create a server", text: "A place for your friends, your club or your family. It starts with one channel.", action: "Create server",
    fields: [{ name: "name", label: "Name", placeholder: "The Book Club", maxLength: 100 }],
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
    title: "Join a server", text: "Paste the invite link that somebody sent you.", action: "Continue",
    fields: [{ name: "link", label: "Invite link", placeholder: new URL("invite/…", base).href }],
    run: async ({ link }) => client.go({ page: "invite", code: inviteCode(link) }),
  };
}

/** @param {Client} client @param {string} serverId @returns {Dialog} */
export function createChannel(client, serverId) {
  return {
    title: "Create a channel", action: "Create channel",
    fields: [
      { name: "name", label: "Name", placeholder: "photos", maxLength: 100 },
      { name: "topic", label: "Topic", hint: "What belongs here.", maxLength: 1024, optional: true },
    ],
    run: async ({ name, topic }) => {
      const channel = await client.api.request("POST", `servers/${serverId}/channels`, { name, ...(topic && { topic }) });
      await client.store.until(() => client.store.channels.has(channel.channel_id));
      client.go({ page: "channel", server: serverId, channel: channel.channel_id });
    },
  };
}

/** Makes the link, then shows it. @param {Client} client @param {string} serverId @returns {Promise<Dialog>} */
export async function invitePeople(client, serverId) {
  let link = links.get(serverId);
  if (!link) {
    const invite = await client.api.request("POST", `servers/${serverId}/invites`, {});
    link = new URL(invite.url, new URL(".", base)).href;
    links.set(serverId, link);
  }
  return {
    title: `Invite people to ${client.store.servers.get(serverId)?.name ?? "the server"}`,
    text: "Send this link to whoever should join. It works for 7 days, for everybody who has it.", action: "Done",
    fields: [{ name: "link", label: "Invite link", value: link, copy: true }],
  };
}

/** @param {() => Promise<void>} remove @returns {Dialog} */
export function deleteMessage(remove) {
  return { title: "Delete this message?", text: "It goes for everybody, and does not come back.", action: "Delete", danger: true, run: remove };
}

/** @param {unknown} error @returns {Dialog} */
export function failed(error) {
  return { title: "That did not work", text: error instanceof Error ? error.message : String(error), action: "Close" };
}
