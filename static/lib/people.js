/** Words and questions about people. */
import { OP } from "./ops.js";
import { t } from "./words.js";

/**
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").Dialog} Dialog
 * @typedef {import("../types.js").Member} Member
 */

/** Opens the conversation with somebody, an old one or a new one. @param {Client} client @param {string} userId */
export async function writeTo(client, userId) {
  const channel = await client.api.request("POST", "users/@me/dm-channels", { recipient_id: userId });
  await client.store.until(() => client.store.channels.has(channel.channel_id));
  client.go({ page: "channel", server: null, channel: channel.channel_id });
}

/** @param {Client} client @param {Member} member @param {string} name @returns {Dialog} */
export function changeNickname(client, member, name) {
  const { server_id: server, user } = member;
  const self = user.user_id === client.store.user?.user_id;
  return {
    title: self ? t("people.nickname_own") : t("people.nickname_of", { name }), action: t("people.save"),
    fields: [{ name: "nickname", label: t("people.nickname"), value: member.nickname ?? "", maxLength: 32, optional: true,
      placeholder: user.display_name || user.username, hint: t("people.nickname_hint") }],
    run: async ({ nickname }) => {
      const path = `servers/${server}/members/${self ? "@me" : user.user_id}`;
      const changed = await client.api.request("PATCH", path, { nickname: nickname || null });
      client.store.apply(OP.SERVER_MEMBER_UPDATE, changed);
    },
  };
}

/** @param {Client} client @param {Member} member @param {string} name @param {() => void} done @returns {Dialog} */
export function kick(client, { server_id: server, user }, name, done) {
  return {
    title: t("people.kick_title", { name }), text: t("people.kick_text"), action: t("people.kick"), danger: true,
    run: async () => {
      await client.api.request("DELETE", `servers/${server}/members/${user.user_id}`);
      done();
    },
  };
}

/** @param {Client} client @param {Member} member @param {string} name @param {() => void} done @returns {Dialog} */
export function ban(client, { server_id: server, user }, name, done) {
  return {
    title: t("people.ban_title", { name }), text: t("people.ban_text"), action: t("people.ban"), danger: true,
    fields: [{ name: "reason", label: t("people.ban_reason"), hint: t("people.ban_hint"), maxLength: 512, optional: true }],
    run: async ({ reason }) => {
      await client.api.request("PUT", `servers/${server}/bans/${user.user_id}`, reason ? { reason } : {});
      done();
    },
  };
}
