/** What a page has to do with the pushes that its browser gets. */
import { compareIds } from "../state/messages.js";
import { wants } from "../state/notify.js";
import { h, load } from "./dom.js";
import { OP } from "./ops.js";
import { isOn, Push } from "./push.js";
import { parseRoute } from "./route.js";
import { remembered } from "./storage.js";
import { registered, workers } from "./worker.js";

/** @typedef {import("../types.js").Client} Client */

/** Follows the worker: goes where a notification leads, and takes back what was read here. @param {Client} client */
export function installPush(client) {
  const all = workers();
  if (!all) return;
  all.addEventListener("message", ({ data, ports }) => {
    if (typeof data?.open !== "string" || !client.store.user) return;
    const url = new URL(data.open, location.href);
    if (url.origin !== location.origin) return;
    client.go(parseRoute(url.pathname));
    ports[0]?.postMessage(true);
  });
  all.startMessages();
  client.store.listen((op, d) => {
    if (op === OP.READ_UPDATE && isOn()) withdraw(d);
    if (op === OP.CONNECTED && isOn()) tidy(client);
  });
  if (isOn()) tidy(client);
  new Push(client).mend().catch(() => {}); // The next page tries again.
  installHint(client);
}

/** Says once that one may be told of answers: when there is somebody to answer. @param {Client} client */
function installHint(client) {
  const { store } = client;
  if (remembered("push") || remembered("push_hint")) return;
  const stop = store.listen(async (op, message) => {
    if (op !== OP.MESSAGE_CREATE || (message.author.user_id !== store.user?.user_id && !wants(message, store))) return;
    stop();
    try {
      const { state } = await new Push(client).look();
      if (state !== "off" || remembered("push_hint")) return;
      await load("push-hint");
      document.querySelector("chat-shell > main > .banner")?.after(h("push-hint", { client }));
    } catch {
      // Another time.
    }
  });
}

/** Takes away what was read, or went out of sight, while nobody could tell this browser. @param {Client} client */
async function tidy({ store }) {
  const shown = await (await registered())?.getNotifications() ?? [];
  if (!store.ready) return;
  for (const notice of shown) {
    const [name, channel = ""] = notice.tag.split(" ");
    const message = notice.data?.message;
    if (name !== "chatd" || !message) continue;
    const isOver = !store.channels.has(channel) || compareIds(message, store.reads.get(channel)?.message_id ?? "0") <= 0;
    if (isOver) notice.close();
  }
}

/** Takes away what is shown of a channel up to a message. @param {{channel_id: string, message_id: string}} read */
async function withdraw({ channel_id: channel, message_id: last }) {
  const shown = await (await registered())?.getNotifications({ tag: `chatd ${channel}` }) ?? [];
  for (const notice of shown) if (BigInt(notice.data?.message ?? 0) <= BigInt(last)) notice.close();
}
