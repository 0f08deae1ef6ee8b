/** The questions before an administrator does something to an account, and what their answers do. */
import { base } from "./route.js";
import { fullText } from "./text.js";
import { t } from "./words.js";

/**
 * @typedef {import("../types.js").AdminUser} AdminUser
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").Dialog} Dialog
 */

/** @param {AdminUser} user */
export function personName({ username, display_name: name }) {
  return name || username;
}

/** @param {AdminUser} user */
const path = ({ user_id: id }) => `admin/users/${id}`;

/** Changes an account. @param {Client} client @param {AdminUser} user @param {object} change @param {(user: AdminUser) => void} done */
async function patch(client, user, change, done) {
  done(await client.api.request("PATCH", path(user), change));
}

/** @param {Client} client @param {AdminUser} user @param {(user: AdminUser) => void} done @returns {Dialog} */
export function disable(client, user, done) {
  return { title: t("admin.disable_title", { name: personName(user) }), text: t("admin.disable_text"), action: t("admin.disable"), danger: true,
    run: () => patch(client, user, { disabled: true }, done) };
}

/** @param {Client} client @param {AdminUser} user @param {(user: AdminUser) => void} done @returns {Dialog} */
export function enable(client, user, done) {
  return { title: t("admin.enable_title", { name: personName(user) }), text: t("admin.enable_text"), action: t("admin.enable"),
    run: () => patch(client, user, { disabled: false }, done) };
}

/** @param {Client} client @param {AdminUser} user @param {(user: AdminUser) => void} done @returns {Dialog} */
export function makeAdmin(client, user, done) {
  return { title: t("admin.make_title", { name: personName(user) }), text: t("admin.make_text"), action: t("admin.make"),
    run: () => patch(client, user, { is_admin: true }, done) };
}

/** @param {Client} client @param {AdminUser} user @param {(user: AdminUser) => void} done @returns {Dialog} */
export function unmakeAdmin(client, user, done) {
  const self = user.user_id === client.store.user?.user_id;
  return { title: self ? t("admin.unmake_self_title") : t("admin.unmake_title", { name: personName(user) }),
    text: t(self ? "admin.unmake_self_text" : "admin.unmake_text"), action: t("admin.unmake"), danger: true,
    run: () => patch(client, user, { is_admin: false }, done) };
}

/** @param {Client} client @param {AdminUser} user @param {(user: AdminUser) => void} done @returns {Dialog} */
export function signOutEverywhere(client, user, done) {
  return { title: t("admin.sign_out_title", { name: personName(user) }), text: t("admin.sign_out_text"), action: t("admin.sign_out"), danger: true,
    run: async () => {
      await client.api.request("POST", `${path(user)}/sign-out`);
      done(await client.api.request("GET", path(user)));
    } };
}

/** A link by which somebody who lost their password chooses a new one; it is shown this once. @param {Client} client @param {AdminUser} user @returns {Dialog} */
export function resetLink(client, user) {
  const name = personName(user);
  return { title: t("admin.reset_title", { name }), text: t("admin.reset_text"), action: t("admin.reset_make"),
    run: async () => {
      const { url, expires_at: end } = await client.api.request("POST", `${path(user)}/reset-link`);
      return { title: t("admin.reset_done", { name }), text: t("admin.reset_done_text", { name, time: fullText(new Date(end)) }), action: t("dialog.close"),
        fields: [{ name: "link", label: t("admin.reset_link"), value: new URL(url, base).href, copy: true }] };
    } };
}
