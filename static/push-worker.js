/**
 * The service worker: shows what comes by push while no page is open, and nothing else. It has no handler for what is
 * fetched and keeps nothing, so the client always comes from the server. It stands beside the page, at an address that
 * stays; browsers ask for a newer one by themselves.
 */

const worker = /** @type {any} */ (self);
const scope = worker.registration.scope;
const picture = (/** @type {string} */ name) => new URL(`assets/{{version}}/icons/${name}`, scope).href;

/** What it says by itself, by the browser's language: what the user chose in the client is not to be read from here. */
const WORDS = {
  en: { news: "Something new for you", test: "Notifications reach this device.", read: "Read on another device" },
  de: { news: "Es gibt etwas Neues für dich", test: "Mitteilungen erreichen dieses Gerät.", read: "Auf einem anderen Gerät gelesen" },
};
const words = WORDS[/** @type {"en" | "de"} */ ((navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => tag in WORDS) ?? "en")];

/** Safari ends a subscription after three pushes that showed nothing; the others forgive a few. */
const mustShow = /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);
/** What Chromium shows if it finds that too little was shown. */
const REPROACH = "user_visible_auto_notification";
const ANSWER_MS = 2_000;

/** The notifications of a channel replace each other. @param {string} channelId */
const tagOf = (channelId) => `chatd ${channelId}`;

/** An address of the client, or its first page. @param {unknown} path */
function ours(path) {
  const url = new URL(typeof path === "string" ? path : "", scope);
  return url.href.startsWith(scope) ? url.href : scope;
}

/** When a message was written: its ID says so. @param {unknown} id */
function writtenAt(id) {
  return typeof id === "string" && /^\d{1,19}$/.test(id) ? Number(BigInt(id) >> 20n) + 1_735_689_600_000 : Date.now();
}

/** The number on the program's icon, where there is one. @param {unknown} count */
async function badge(count) {
  try {
    await (Number(count) > 0 ? worker.navigator.setAppBadge?.(Number(count)) : worker.navigator.clearAppBadge?.());
  } catch {
    // It is not installed.
  }
}

/** @param {any} letter */
async function show(letter) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const test = letter.kind === "test";
  await worker.registration.showNotification(letter.title || "chatd", {
    body: letter.body || (test ? words.test : words.news),
    tag: test ? "chatd test" : tagOf(letter.channel_id),
    renotify: true,
    // Whoever has a page before their eyes hears that.
    silent: !test && windows.some((/** @type {any} */ page) => page.focused),
    icon: letter.icon ? new URL(letter.icon, scope).href : picture("app-192.png"),
    badge: picture("badge-96.png"),
    timestamp: test ? Date.now() : writtenAt(letter.message_id),
    data: { url: ours(letter.url), message: letter.message_id },
  });
}

/** Takes away what is shown of a channel up to a message. @param {any} letter */
async function withdraw({ channel_id: channel, message_id: last }) {
  const shown = await worker.registration.getNotifications({ tag: tagOf(channel) });
  const upTo = /^\d{1,19}$/.test(last) ? BigInt(last) : 0n;
  for (const notice of shown) if (BigInt(notice.data?.message ?? 0) <= upTo) notice.close();
  if (!mustShow) return;
  await worker.registration.showNotification("chatd", { body: words.read, tag: "chatd read", silent: true });
  for (const notice of await worker.registration.getNotifications({ tag: "chatd read" })) notice.close();
}

/** @param {any} event */
async function pushed(event) {
  /** @type {any} */ let letter;
  try {
    letter = event.data.json();
  } catch {
    letter = null;
  }
  if (typeof letter !== "object" || letter === null) letter = { kind: "message", channel_id: "" };
  await (letter.kind === "read" ? withdraw(letter) : show(letter));
  for (const notice of await worker.registration.getNotifications({ tag: REPROACH })) notice.close();
  if ("unread_mentions" in letter) await badge(letter.unread_mentions);
}

/** Asks a page to go there; resolves to whether it does. @param {any} page @param {string} url @returns {Promise<boolean>} */
function sendThere(page, url) {
  return new Promise((done) => {
    const { port1: mine, port2: its } = new MessageChannel();
    mine.onmessage = () => done(true);
    setTimeout(() => done(false), ANSWER_MS);
    page.postMessage({ open: url }, [its]);
  });
}

/** @param {any} event */
async function clicked(event) {
  event.notification.close();
  const url = ours(event.notification.data?.url);
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  // The one that was looked at last comes first.
  for (const page of pages.filter((/** @type {any} */ one) => one.url.startsWith(scope))) {
    const there = sendThere(page, url);
    await page.focus().catch(() => {});
    if (await there) return;
  }
  await worker.clients.openWindow(url);
}

/** @param {string} method @param {string} path @param {any} [body] @param {string} [token] */
async function ask(method, path, body, token) {
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(new URL(`api/rest/${path}`, scope), {
    method, headers, body: body && JSON.stringify(body), credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
}

/**
 * The browser's subscription has ended: makes another, and tells the server. If that does not work the next page that is
 * opened does it.
 * @param {any} event
 */
async function changed(event) {
  const key = event.oldSubscription?.options?.applicationServerKey ?? (await ask("GET", "instance")).push?.public_key;
  if (!key) return;
  const made = event.newSubscription ?? await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  // Pages renew their tokens under this lock: two at once would end the session.
  const { access_token: token } = await navigator.locks.request("chatd-refresh", () => ask("POST", "auth/refresh"));
  await ask("POST", "users/@me/push-subscriptions", { endpoint, keys }, token);
}

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(pushed(event)));
worker.addEventListener("notificationclick", (/** @type {any} */ event) => event.waitUntil(clicked(event)));
worker.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => event.waitUntil(changed(event).catch(() => {})));
