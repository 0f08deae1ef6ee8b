/** Messages in a list beside the timeline: found ones, pinned ones. Each is a link to its place. */
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";
import { routePath } from "./route.js";
import { fullText, plain, timeText } from "./text.js";
import { t } from "./words.js";
import { stretches } from "../state/search.js";

/** @typedef {import("../state/store.js").Store} Store */

/**
 * Who wrote it, where and when; below that what was found.
 * @param {Store} store @param {import("../types.js").Found} message
 * @param {boolean} place whether to say the channel
 */
export function resultLink(store, message, place) {
  const user = store.users.get(message.author.user_id) ?? message.author;
  const name = user.display_name || user.username;
  const channel = store.channels.get(message.channel_id);
  const time = new Date(message.timestamp);
  const count = message.attachments.length;
  const href = routePath({ page: "channel", server: channel?.server_id ?? null, channel: message.channel_id, message: message.message_id });
  return h("a", { href, class: "result" },
    place && channel && h("span", { class: "place" }, icon(channel.server_id ? "hash" : "message"),
      h("span", { dir: "auto" }, store.channelName(channel)), h("span", { class: "sr-only" }, ": ")),
    h("span", { class: "by" }, avatar(user.user_id, name, user.avatar_url),
      h("span", { class: "name", dir: "auto" }, name), h("span", { class: "sr-only" }, ", "),
      h("time", { dateTime: message.timestamp, title: fullText(time) }, timeText(time))),
    h("span", { class: "text", dir: "auto" }, ...words(store, message)),
    count > 0 && h("span", { class: "files" }, icon("link"), t("search.files", { count })));
}

/** What was written; of what was found, the part around it. @param {Store} store @param {import("../types.js").Found} message */
function words(store, message) {
  if (!message.highlight) return [plain(store, { ...message, attachments: [] })];
  const server = store.servers.get(store.channels.get(message.channel_id)?.server_id ?? "");
  const name = (/** @type {string} */ sign, /** @type {string} */ id) => {
    if (sign === "@") return `@${store.name(id)}`;
    if (sign === "#") return `#${store.channels.get(id)?.name ?? "…"}`;
    return `@${server?.roles.find((role) => role.role_id === id)?.name ?? "…"}`;
  };
  return stretches(message.content, message.highlight, name).map(({ text, marked }) => (marked ? h("mark", {}, text) : text));
}

/**
 * Arrows walk the links of a list.
 * @param {KeyboardEvent} event @param {Element} list @param {() => void} [before] focuses what stands above the first
 */
export function walkResults(event, list, before) {
  const links = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("a.result, button.more")]);
  const at = links.indexOf(/** @type {HTMLElement} */ (event.target));
  if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0) before?.();
  else links[Math.min(to, links.length - 1)].focus();
}
