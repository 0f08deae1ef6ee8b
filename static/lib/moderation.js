/** What is asked before something is done to a server, or to somebody in it. */
import { nameOf } from "../state/authority.js";
import { sendBecause } from "./send.js";
import { t } from "./words.js";

/**
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").Dialog} Dialog
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").FullServer} FullServer
 */

const HOUR = 3600;

const reason = () => ({ name: "reason", label: t("members.reason"), hint: t("members.reason_hint"), maxLength: 512, optional: true });

/** @param {Client} client @param {Member} member @returns {Dialog} */
export function kickMember(client, member) {
  return {
    title: t("members.kick_title", { name: nameOf(member) }),
    text: t("members.kick_text"),
    action: t("members.kick"),
    danger: true,
    fields: [reason()],
    run: async (values) => {
      await sendBecause(client.api, "DELETE", `servers/${member.server_id}/members/${member.user.user_id}`, values.reason);
    },
  };
}

/** @param {Client} client @param {Member} member @returns {Dialog} */
export function banMember(client, member) {
  return {
    title: t("members.ban_title", { name: nameOf(member) }),
    text: t("members.ban_text"),
    action: t("members.ban"),
    danger: true,
    fields: [
      reason(),
      {
        name: "seconds",
        label: t("members.delete_messages"),
        optional: true,
        choices: [
          ["0", t("members.delete_none")],
          [String(HOUR), t("members.delete_hour")],
          [String(24 * HOUR), t("members.delete_day")],
          [String(7 * 24 * HOUR), t("members.delete_week")],
        ],
      },
    ],
    run: async (values) => {
      await client.api.request("PUT", `servers/${member.server_id}/bans/${member.user.user_id}`, {
        ...(values.reason && { reason: values.reason }),
        delete_message_seconds: Number(values.seconds),
      });
    },
  };
}

/** @param {Client} client @param {Member} member @returns {Dialog} */
export function renameMember(client, member) {
  const self = member.user.user_id === client.store.user?.user_id;
  return {
    title: t("members.nickname_title", { name: member.user.display_name || member.user.username }),
    text: t("members.nickname_text"),
    action: t("dialog.save"),
    fields: [
      {
        name: "nickname",
        label: t("members.nickname"),
        value: member.nickname ?? "",
        maxLength: 32,
        optional: true,
        placeholder: member.user.username,
      },
    ],
    run: async ({ nickname }) => {
      await client.api.request("PATCH", `servers/${member.server_id}/members/${self ? "@me" : member.user.user_id}`, {
        nickname: nickname || null,
      });
    },
  };
}

/** @param {Client} client @param {FullServer} server @param {Member} member @returns {Dialog} */
export function handOver(client, server, member) {
  return {
    title: t("members.hand_over_title", { name: nameOf(member) }),
    text: t("members.hand_over_text"),
    action: t("members.hand_over"),
    danger: true,
    fields: [typed(server.name)],
    run: async (values) => {
      mustBe(values, server.name);
      await client.api.request("PATCH", `servers/${server.server_id}`, { owner_id: member.user.user_id });
    },
  };
}

/** @param {Client} client @param {FullServer} server @returns {Dialog} */
export function deleteServer(client, server) {
  return {
    title: t("server.delete_title", { name: server.name }),
    text: t("server.delete_text"),
    action: t("server.delete"),
    danger: true,
    fields: [typed(server.name)],
    run: async (values) => {
      mustBe(values, server.name);
      await client.api.request("DELETE", `servers/${server.server_id}`);
    },
  };
}

/** @param {Client} client @param {FullServer} server @returns {Dialog} */
export function leaveServer(client, server) {
  return {
    title: t("server.leave_title", { name: server.name }),
    text: t("server.leave_text"),
    action: t("server.leave"),
    danger: true,
    run: async () => {
      await client.api.request("DELETE", `servers/${server.server_id}/members/@me`);
    },
  };
}

/** What cannot be taken back is not done by one click. @param {string} name */
function typed(name) {
  return { name: "name", label: t("server.type_name"), placeholder: name };
}

/** @param {Record<string, string>} values @param {string} name */
function mustBe(values, name) {
  if (values.name !== name.trim()) throw new Error(t("server.other_name"));
}
