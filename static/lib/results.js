/** Messages in a list beside the timeline: found ones, pinned ones. Each has a link to its place. */
import { misleadingLink } from "./dialogs.js";
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";
import { parse } from "./markdown.js";
import { markRanges, render } from "./render.js";
import { routePath } from "./route.js";
import { fullText, markupWords, plain, resolver, timeText } from "./text.js";
import { t } from "./words.js";

const DESCRIBED = 300; // so much of a message is read out with its link

/**
 * @typedef {import("../state/store.js").Store} Store
 * @typedef {import("../types.js").Found} Found
 */

/**
 * Who wrote it, where and when; below that what was written, with what was found in it set off. The link covers all of
 * it, but for links and spoilers in the text.
 * @param {Store} store @param {Found} message @param {boolean} place whether to say the channel
 * @returns {HTMLElement}
 */
export function resultCard(store, message, place) {
  const { channel_id: channelId, message_id: id } = message;
  const user = store.users.get(message.author.user_id) ?? message.author;
  const name = user.display_name || user.username;
  const channel = store.channels.get(channelId);
  const time = new Date(message.timestamp);
  const blocked = store.blocked.has(message.author.user_id);
  const count = blocked ? 0 : message.attachments.length;
  const href = routePath({ page: "channel", server: channel?.server_id ?? null, channel: channelId, message: id });
  const told = blocked ? t("message.quote_blocked") : [...plain(store, { ...message, attachments: [] })].slice(0, DESCRIBED).join("");
  return h("article", { class: "found" },
    h("a", { href, class: "result", "aria-describedby": `found-${id}` },
      place && channel && h("span", { class: "place" }, icon(channel.server_id ? "hash" : "message"),
        h("span", { dir: "auto" }, store.channelName(channel)), h("span", { class: "sr-only" }, ": ")),
      h("span", { class: "by" }, avatar(user.user_id, name, user.avatar_url),
        h("span", { class: "name", dir: "auto" }, name), h("span", { class: "sr-only" }, ", "),
        h("time", { dateTime: message.timestamp, title: fullText(time) }, timeText(time)))),
    blocked ? h("p", { class: "text" }, h("i", {}, told)) : h("div", { class: "text content", dir: "auto" }, ...words(store, message)),
    count > 0 && h("span", { class: "files" }, icon("link"), t("search.files", { count })),
    h("span", { id: `found-${id}`, hidden: true }, told));
}

/** @param {Store} store @param {Found} message */
function words(store, { channel_id: channel, content, highlight = [], mention_everyone: everyone }) {
  const resolve = resolver(store, store.channels.get(channel)?.server_id ?? null);
  const warn = (/** @type {string} */ url, /** @type {Event} */ event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("dialog", { detail: misleadingLink(url) }));
  };
  // A channel's name leads nowhere here: one way out of a result is enough.
  const names = { ...resolve, channel: (/** @type {string} */ id) => store.channels.get(id)?.name ?? null };
  return render(parse(content), { resolve: names, everyone, marks: markRanges(content, highlight), warn, words: markupWords() });
}

/** Shows of long texts the part around what was found; once they are in the page. @param {Iterable<Element>} cards */
export function showFound(cards) {
  for (const card of cards) {
    const text = card.querySelector(".text");
    if (!text || text.scrollHeight <= text.clientHeight + 1) continue;
    const mark = text.querySelector("mark");
    const above = mark ? mark.getBoundingClientRect().top - text.getBoundingClientRect().top : 0;
    text.scrollTop = above - text.clientHeight / 2;
    text.classList.toggle("from", text.scrollTop > 1);
    text.classList.toggle("on", text.scrollTop + text.clientHeight < text.scrollHeight - 1);
  }
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
